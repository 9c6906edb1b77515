//! The expression with what it was compiled to.

use super::class::Class;
use super::parse::{self, Parsed};
use super::program::{self, Compiled};
use super::{Invalid, automaton, backtrack, simple};
use std::sync::{Arc, OnceLock};

/// A compiled expression. Clones share it.
#[derive(Clone, Debug)]
pub struct Pattern(Arc<Engine>);

#[derive(Debug)]
struct Engine {
    classes: Vec<Class>,
    parsed: Parsed,
    simple: Option<simple::Simple>,
    /// Made when first needed: many expressions are only checked for being one.
    compiled: OnceLock<Compiled>,
    strict: bool,
}

impl Pattern {
    /// Reads an expression: strictly, and if it is none that way, as lenient readers do.
    ///
    /// # Errors
    ///
    /// The expression is not well formed either way, or too large to be unrolled.
    pub fn new(text: &str) -> Result<Pattern, Invalid> {
        let strict = parse::parse(text, false);
        let is_strict = strict.is_ok();
        // The stricter reading has the better reason, unless only the other got to the point.
        let mut parsed = strict.or_else(|reason| parse::parse(text, true).map_err(|_| reason))?;
        let simple = simple::Simple::of(&parsed);
        if simple.is_none() && program::is_too_large(&parsed.ast) {
            return Err(Invalid {
                at: 1,
                reason: "this repeats too often to be followed",
            });
        }
        let classes = std::mem::take(&mut parsed.classes);
        let compiled = OnceLock::new();
        Ok(Pattern(Arc::new(Engine {
            classes,
            parsed,
            simple,
            compiled,
            strict: is_strict,
        })))
    }

    /// Whether it is an expression of ECMA-262 with the `u` flag, and not only of something like it.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.0.strict
    }

    /// Whether it has forms of other languages, such as `\A` or `(?i)`, that validators read differently or refuse.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        self.0.parsed.foreign
    }

    /// Whether the expression matches somewhere in a text.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        let Engine {
            classes,
            parsed,
            simple,
            compiled,
            ..
        } = &*self.0;
        if let Some(simple) = simple {
            return simple.is_match(classes, text);
        }
        let compiled = compiled.get_or_init(|| program::compile(parsed, parsed.back_references));
        if parsed.back_references {
            backtrack::is_match(compiled, classes, text)
        } else {
            automaton::is_match(compiled, classes, text)
        }
    }
}
