//! Regular expressions of ECMA-262, as `pattern` and `patternProperties` use them.

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Pattern {
    #[cfg(feature = "pattern")]
    regex: regress::Regex,
}

impl Pattern {
    /// Whether the engine is compiled in, so that [`Pattern::is_match`] knows what it says.
    pub const ENGINE: bool = cfg!(feature = "pattern");

    /// Compiles an expression; the error says what is wrong with it.
    ///
    /// # Errors
    ///
    /// The expression is not well formed.
    #[cfg(feature = "pattern")]
    pub fn new(text: &str) -> Result<Pattern, String> {
        let regex = regress::Regex::with_flags(text, "u").or_else(|_| regress::Regex::new(text));
        regex
            .map(|regex| Pattern { regex })
            .map_err(|error| error.to_string())
    }

    /// Whether the expression matches somewhere in a text.
    #[cfg(feature = "pattern")]
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.find(text).is_some()
    }

    /// Without the engine every expression is taken to be well formed.
    ///
    /// # Errors
    ///
    /// None, without the engine.
    #[cfg(not(feature = "pattern"))]
    pub fn new(_: &str) -> Result<Pattern, String> {
        Ok(Pattern {})
    }

    /// Without the engine nobody can tell, and every text passes.
    #[cfg(not(feature = "pattern"))]
    #[must_use]
    pub fn is_match(&self, _: &str) -> bool {
        true
    }
}
