//! What a function has given: whether that is a failure, and what the failure is called.
//!
//! The macro does not know types, only their tokens: `anyhow::Result<T>` and `Fallible` may be a `Result` or not.
//! So it is the compiler that chooses, by the method of the first of these wrappers that has one for the type.

use std::any::type_name;
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::ops::Deref;

use super::Ending;
use crate::ErrorType;
use crate::clock;
use crate::metric::Outcome;
use crate::span::Failure;

/// Whether a call has failed, and with what.
#[derive(Debug)]
pub struct Verdict<'r> {
    pub(super) failed: Option<Failed>,
    /// What the error says; nothing unless it was asked for.
    pub(super) text: Option<Text<'r>>,
    /// What errors of this type may be called, as far as that is known.
    pub(super) names: &'static [&'static str],
}

impl<'r> Verdict<'r> {
    /// It has not, as far as anyone knows.
    pub const FINE: Verdict<'static> = Verdict {
        failed: None,
        text: None,
        names: &[],
    };

    /// The same of a function whose errors may be called so.
    pub(super) const fn fine(names: &'static [&'static str]) -> Verdict<'static> {
        Verdict {
            names,
            ..Verdict::FINE
        }
    }

    /// The end of a call that has just given this.
    pub(super) fn ending(&self) -> Ending<'_> {
        match self.failed {
            None => Ending::fine(clock::look()),
            Some(failed) => Ending {
                error: self.text,
                ..Ending::new(Outcome::Error, failed.failure(self.text.as_ref()))
            },
        }
    }

    /// The same with what the error says.
    #[must_use]
    pub fn saying(mut self, text: Option<Text<'r>>) -> Verdict<'r> {
        self.text = text;
        self
    }
}

/// An error that knows what telemetry calls it: the `error.type` of spans and log lines, and the `error_type` of
/// metrics, of functions that are [`observed`](macro@crate::observed) and give it.
///
/// Derived, a variant is called by its name in snake case, and a struct by its own.
///
/// ```
/// use obs_runtime::{ErrorType, TypedError};
///
/// #[derive(Debug, ErrorType)]
/// enum PayError {
///     CardDeclined,
///     #[error_type(name = "timeout")]
///     TooLate { after_ms: u64 },
///     #[error_type(transparent)]
///     Bank(BankError),
/// }
///
/// #[derive(Debug, ErrorType)]
/// #[error_type(name = "unavailable")]
/// struct BankError;
///
/// assert_eq!(PayError::CardDeclined.error_type(), "card_declined");
/// assert_eq!(PayError::TooLate { after_ms: 7 }.error_type(), "timeout");
/// assert_eq!(PayError::Bank(BankError).error_type(), "unavailable");
/// assert_eq!(PayError::TYPES, ["card_declined", "timeout"]);
/// ```
///
/// | key | where | meaning |
/// |---|---|---|
/// | `name = "…"` | on a variant or a struct | what it is called |
/// | `transparent` | on a variant or a struct with an error in parentheses | as what is inside is called |
/// | `rename_all = "…"` | on an enum | another spelling of the variants |
/// | `crate = "…"` | on the item | the path of this crate, when it has another name |
///
/// # `anyhow::Error` and boxes
///
/// What is in a `Box<dyn Error>` is known at run time only, so it is `_OTHER`, and an `anyhow::Error` is just that. An
/// error around it can look inside:
///
/// ```
/// use obs_runtime::TypedError;
///
/// struct AppError(Box<dyn std::error::Error>);
///
/// impl TypedError for AppError {
///     const TYPES: &'static [&'static str] = &["parse", "io"];
///
///     fn error_type(&self) -> &'static str {
///         match &self.0 {
///             inner if inner.is::<std::num::ParseIntError>() => "parse",
///             inner if inner.is::<std::io::Error>() => "io",
///             _ => "_OTHER",
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not know what telemetry calls it",
    label = "this is no error with a name",
    note = "put `#[derive(ErrorType)]` on it"
)]
pub trait TypedError {
    /// What errors of this type may be called, as far as it is known here: their series are there from the first
    /// call on. An operation tells sixteen apart.
    const TYPES: &'static [&'static str];

    /// What this one is called.
    fn error_type(&self) -> &'static str;
}

/// A failure, as telemetry calls it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed {
    error_type: &'static str,
    exception: &'static str,
}

impl Failed {
    /// The same with what the error says.
    pub(super) fn failure<'t>(self, text: Option<&'t Text<'_>>) -> Failure<'t> {
        Failure {
            error_type: self.error_type,
            exception: self.exception,
            message: text.map(|text| text as _),
        }
    }
}

/// A value in one of the ways to show it.
#[derive(Clone, Copy)]
pub enum Text<'r> {
    /// As it is shown to people.
    Display(&'r dyn fmt::Display),
    /// As it is shown to programmers.
    Debug(&'r dyn fmt::Debug),
    /// An error and its reasons, one behind the other.
    Chain(&'r (dyn Error + 'static)),
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Text::Display(value) => value.fmt(f),
            Text::Debug(value) => value.fmt(f),
            Text::Chain(error) => {
                write!(f, "{error}")?;
                let mut reason = error.source();
                while let Some(error) = reason {
                    write!(f, ": {error}")?;
                    reason = error.source();
                }
                Ok(())
            }
        }
    }
}

/// Nothing of the value: whoever debugs telemetry need not see it.
impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text")
    }
}

/// What can be shown to people.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `Display`, by which it would be shown",
    label = "this is to be shown",
    note = "show its `Debug`: `?value`, `err(Debug)`, `ret(Debug)`; or implement `Display` for it"
)]
pub trait Displays {
    /// It, shown.
    fn text(&self) -> Text<'_>;
}

#[diagnostic::do_not_recommend]
impl<T: fmt::Display> Displays for T {
    fn text(&self) -> Text<'_> {
        Text::Display(self)
    }
}

/// What can be shown to programmers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `Debug`, by which it would be shown",
    label = "this is to be shown",
    note = "put `#[derive(Debug)]` on it, or show its `Display`: `%value`, `err`, `ret(Display)`"
)]
pub trait Debugs {
    /// It, shown.
    fn text(&self) -> Text<'_>;
}

#[diagnostic::do_not_recommend]
impl<T: fmt::Debug> Debugs for T {
    fn text(&self) -> Text<'_> {
        Text::Debug(self)
    }
}

/// A value as it is shown to people.
pub fn display<T: Displays>(value: Option<&T>) -> Option<Text<'_>> {
    value.map(Displays::text)
}

/// A value as it is shown to programmers.
pub fn debug<T: Debugs>(value: Option<&T>) -> Option<Text<'_>> {
    value.map(Debugs::text)
}

/// What a function has given, of whatever type.
#[derive(Debug)]
pub struct Ended<'r, R>(Second<'r, R>);

/// What has not been found there.
#[derive(Debug)]
pub struct Second<'r, R>(Third<'r, R>);

/// What has not been found there either.
#[derive(Debug)]
pub struct Third<'r, R>(Anything<'r, R>);

/// What is left.
#[derive(Debug)]
pub struct Anything<'r, R>(&'r R);

/// Looks at what a function has given.
#[inline]
pub fn ended<R>(value: &R) -> Ended<'_, R> {
    Ended(Second(Third(Anything(value))))
}

macro_rules! look_on {
    ($($from:ident to $to:ident,)*) => {$(
        impl<'r, R> Deref for $from<'r, R> {
            type Target = $to<'r, R>;

            #[inline]
            fn deref(&self) -> &$to<'r, R> {
                &self.0
            }
        }
    )*};
}

look_on! {
    Ended to Second,
    Second to Third,
    Third to Anything,
}

impl<'r, T, E> Second<'r, Result<T, E>> {
    /// An error is a failure.
    #[inline]
    #[must_use]
    pub fn verdict(&self) -> Verdict<'r> {
        match self.0.0.0 {
            Ok(_) => Verdict::FINE,
            Err(_) => failed(type_name::<E>()),
        }
    }

    /// The error.
    #[inline]
    #[must_use]
    pub fn error(&self) -> Option<&'r E> {
        self.0.0.0.as_ref().err()
    }

    /// What was wanted.
    #[inline]
    #[must_use]
    pub fn value(&self) -> Option<&'r T> {
        self.0.0.0.as_ref().ok()
    }
}

impl<'r, T, E: TypedError> Ended<'r, Result<T, E>> {
    /// An error is a failure, and says itself what it is called.
    #[inline]
    #[must_use]
    pub fn verdict(&self) -> Verdict<'r> {
        let failed = self.error().map(|error| Failed {
            error_type: error.error_type(),
            exception: type_name::<E>(),
        });
        Verdict {
            failed,
            text: None,
            names: E::TYPES,
        }
    }
}

impl<'r, T, E: Error + 'static> Ended<'r, Result<T, E>> {
    /// The error with its reasons.
    #[must_use]
    pub fn chain(&self) -> Option<Text<'r>> {
        self.error().map(|error| Text::Chain(error))
    }
}

/// `Box<dyn Error>` is no `Error` itself, and `anyhow::Error` is none either.
impl<'r, T, E: AsRef<dyn Error>> Second<'r, Result<T, E>> {
    /// The error with its reasons.
    #[must_use]
    pub fn chain(&self) -> Option<Text<'r>> {
        self.error().map(|error| Text::Chain(error.as_ref()))
    }
}

impl<'r, T, E: AsRef<dyn Error + Send + Sync>> Third<'r, Result<T, E>> {
    /// The error with its reasons.
    #[must_use]
    pub fn chain(&self) -> Option<Text<'r>> {
        let error = self.0.0.as_ref().err();
        error.map(|error| Text::Chain(error.as_ref()))
    }
}

/// What may have an error in it.
#[diagnostic::on_unimplemented(
    message = "`err` is for functions that give a `Result`, and this one gives `{Self}`",
    label = "this is no `Result`",
    note = "take `err` away, or give a `Result`"
)]
pub trait Fails {}

impl<T, E> Fails for Result<T, E> {}

/// What may have an error in it that is one for the standard library too.
#[diagnostic::on_unimplemented(
    message = "`err(chain)` is for functions that give a `Result` with a `std::error::Error`, and this one gives `{Self}`",
    label = "this has no error with reasons",
    note = "implement `std::error::Error` for the error, or use `err` or `err(Debug)`"
)]
pub trait FailsWithReasons {}

impl<R> Anything<'_, R> {
    /// It is no failure.
    #[inline]
    #[must_use]
    pub fn verdict(&self) -> Verdict<'static> {
        Verdict::FINE
    }

    /// There is none.
    #[must_use]
    pub fn error(&self) -> Option<&'static Infallible>
    where
        R: Fails,
    {
        None
    }

    /// There is none.
    #[must_use]
    pub fn chain(&self) -> Option<Text<'static>>
    where
        R: FailsWithReasons,
    {
        None
    }
}

impl<'r, R> Anything<'r, R> {
    /// It, as a whole.
    #[inline]
    #[must_use]
    pub fn value(&self) -> Option<&'r R> {
        Some(self.0)
    }
}

#[cold]
fn failed(of: &'static str) -> Verdict<'static> {
    Verdict {
        failed: Some(Failed {
            error_type: error_type(of),
            exception: of,
        }),
        ..Verdict::FINE
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
