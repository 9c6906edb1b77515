//! What a function has given: whether that is a failure, and what the failure is called.
//!
//! The macro does not know types, only their tokens: `anyhow::Result<T>` and `Fallible` may be a `Result` or not.
//! So it is the compiler that chooses, by the method of the first of these wrappers that has one for the type.

use std::any::type_name;
use std::fmt;
use std::ops::Deref;

use crate::ErrorType;

/// Whether a call has failed, and with what.
#[derive(Debug)]
pub struct Verdict<'r> {
    pub(super) failed: Option<Failed<'r>>,
}

impl Verdict<'_> {
    /// It has not, as far as anyone knows.
    pub const FINE: Verdict<'static> = Verdict { failed: None };
}

#[derive(Debug)]
pub(super) struct Failed<'r> {
    pub(super) error_type: &'static str,
    pub(super) exception: &'static str,
    /// Nothing is said unless it was asked for.
    pub(super) text: Option<Text<'r>>,
}

/// What an error says of itself.
pub(super) struct Text<'r>(&'r dyn fmt::Display);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text")
    }
}

/// What a function has given, of whatever type.
#[derive(Debug)]
pub struct Ended<'r, R>(Anything<'r, R>);

/// What is no `Result`.
#[derive(Debug)]
pub struct Anything<'r, R>(&'r R);

/// Looks at what a function has given.
#[inline]
pub fn ended<R>(value: &R) -> Ended<'_, R> {
    Ended(Anything(value))
}

impl<'r, T, E> Ended<'r, Result<T, E>> {
    /// An error is a failure.
    #[inline]
    #[must_use]
    pub fn verdict(&self) -> Verdict<'r> {
        match self.0.0 {
            Ok(_) => Verdict::FINE,
            Err(_) => failed(type_name::<E>()),
        }
    }
}

impl<'r, R> Deref for Ended<'r, R> {
    type Target = Anything<'r, R>;

    #[inline]
    fn deref(&self) -> &Anything<'r, R> {
        &self.0
    }
}

impl<R> Anything<'_, R> {
    /// It is no failure.
    #[inline]
    #[must_use]
    pub fn verdict(&self) -> Verdict<'static> {
        Verdict::FINE
    }
}

#[cold]
fn failed(of: &'static str) -> Verdict<'static> {
    Verdict {
        failed: Some(Failed {
            error_type: error_type(of),
            exception: of,
            text: None,
        }),
    }
}

/// The name of an error by the path of its type: `core::num::error::ParseIntError` is `ParseIntError`. One that is
/// called just `Error` keeps its path, and boxes and texts have no name.
fn error_type(path: &'static str) -> &'static str {
    let named = path.split('<').next().unwrap_or(path);
    let last = named.rsplit("::").next().unwrap_or(named);
    match last {
        _ if !named.starts_with(|first: char| first.is_alphabetic() || first == '_') => {
            ErrorType::Other.as_str()
        }
        "Box" | "Arc" | "Rc" | "String" => ErrorType::Other.as_str(),
        "Error" => named,
        last => last,
    }
}

/// What nobody ever calls: it only says which type an async block gives.
#[must_use]
pub fn never<R>() -> R {
    unreachable!("it stands behind `if false`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_called_by_their_types() {
        fn check<E>(expected: &str) {
            assert_eq!(error_type(type_name::<E>()), expected);
        }
        check::<std::num::ParseIntError>("ParseIntError");
        check::<std::sync::PoisonError<Vec<u8>>>("PoisonError");
        check::<std::io::Error>("std::io::error::Error");
        check::<std::fmt::Error>("core::fmt::Error");
        check::<Box<dyn std::error::Error + Send + Sync>>("_OTHER");
        check::<&dyn std::error::Error>("_OTHER");
        check::<&str>("_OTHER");
        check::<String>("_OTHER");
        check::<()>("_OTHER");
        check::<u32>("u32");
    }

    #[test]
    fn the_compiler_chooses() {
        type Fallible = Result<u8, std::fmt::Error>;
        let bad: Fallible = Err(std::fmt::Error);
        let good: Fallible = Ok(1);
        let failed = ended(&bad).verdict().failed.map(|failed| failed.error_type);
        assert_eq!(failed, Some("core::fmt::Error"));
        assert!(ended(&good).verdict().failed.is_none());
        assert!(ended(&7).verdict().failed.is_none());
        assert!(ended(&Some("x")).verdict().failed.is_none());
    }
}
