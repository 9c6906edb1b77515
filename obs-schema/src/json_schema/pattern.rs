//! Regular expressions of ECMA-262, as `pattern` and `patternProperties` use them.
//!
//! The engine is our own, for one reason: a pattern is asked about text that strangers send. Engines for the whole
//! of ECMA-262 backtrack, and `^(a+)+$` then takes longer than the universe for forty letters. This one follows
//! all states of an automaton at once and so takes time proportional to the text, looks around included.
//! Only back references need backtracking; it stops after a fixed number of steps, and what has not matched by
//! then does not match.
//!
//! Characters are code points. Nothing but the answer "matches somewhere" is asked, so captures exist only for
//! back references.

mod automaton;
mod backtrack;
mod characters;
mod class;
mod engine;
mod parse;
mod program;
mod simple;
#[cfg(test)]
mod tests;
pub(super) mod unicode;

pub use engine::Pattern;

/// Why an expression is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Invalid {
    /// The character where reading stopped, counted from one.
    pub at: usize,
    /// A short clause.
    pub reason: &'static str,
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (at character {})", self.reason, self.at)
    }
}

impl std::error::Error for Invalid {}
