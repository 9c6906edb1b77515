//! What a schema asks for beyond the shape: every violation at once, each with its place and its rule.
//!
//! A violation never holds the value. Where it is, and which rule it breaks, is enough to find it, and may be
//! logged.

mod checker;
mod schema;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use obs_schema::json::Json;

use crate::sensitive::{Pii, Secret};
pub use checker::Checker;
pub use schema::{Pattern, SchemaDoc};

/// A value that can be checked against its schema.
///
/// Generated code implements it; for most types there is nothing to check.
///
/// ```
/// use obs_runtime::{Checker, Validate};
///
/// struct Order { sku: String }
///
/// impl Validate for Order {
///     fn check(&self, cx: &mut Checker) {
///         cx.at("sku", |cx| cx.min_length(&self.sku, 1));
///     }
/// }
///
/// let violations = Order { sku: String::new() }.validate().unwrap_err();
/// assert_eq!(violations.to_string(), "`/sku` breaks `minLength`");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be checked against a schema",
    label = "this type cannot be a field of an event",
    note = "a type of your own needs `impl obs_runtime::Validate`; the body of `check` may be empty"
)]
pub trait Validate {
    /// Reports every rule that does not hold. For most types there is nothing to check.
    fn check(&self, cx: &mut Checker) {
        let _ = cx;
    }

    /// Every violation, or none.
    fn validate(&self) -> Result<(), Violations> {
        let mut checker = Checker::new();
        self.check(&mut checker);
        checker.finish()
    }
}

/// One rule that does not hold.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Violation {
    /// Where, as a JSON pointer from the root of the payload.
    pub pointer: String,
    /// What, in the schema's words: `minLength`, `required`, `unrecognised`.
    pub rule: Cow<'static, str>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() {
            "the payload"
        } else {
            &self.pointer
        };
        let quote = if self.pointer.is_empty() { "" } else { "`" };
        write!(f, "{quote}{place}{quote} breaks `{}`", self.rule)
    }
}

/// Everything that is wrong with a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violations {
    list: Vec<Violation>,
    more: usize,
}

impl Violations {
    /// The violations, in the order of the payload. There is at least one.
    #[must_use]
    pub fn as_slice(&self) -> &[Violation] {
        &self.list
    }

    /// How many more there are than are listed: a hostile payload may break a rule a million times.
    #[must_use]
    pub fn more(&self) -> usize {
        self.more
    }

    /// The violations, one by one.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.list.iter()
    }

    /// Whether one of the violations is a symbol that came from a newer schema. Such a value is never published.
    #[must_use]
    pub fn unrecognised(&self) -> bool {
        self.list
            .iter()
            .any(|violation| violation.rule == Checker::UNRECOGNISED)
    }
}

impl<'v> IntoIterator for &'v Violations {
    type Item = &'v Violation;
    type IntoIter = std::slice::Iter<'v, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, violation) in self.list.iter().enumerate() {
            if at > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{violation}")?;
        }
        if self.more > 0 {
            write!(f, "; and {} more", self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}

/// Types of which every value is right.
macro_rules! anything {
    ($($ty:ty),* $(,)?) => {$(
        impl $crate::Validate for $ty {
            #[inline]
            fn check(&self, _: &mut $crate::Checker) {}
        }
    )*};
}

anything!(
    (),
    bool,
    i8,
    i16,
    i32,
    i64,
    u8,
    u16,
    u32,
    u64,
    f32,
    f64,
    String,
    Box<str>,
    Arc<str>,
    Cow<'static, str>,
    Json
);

pub(crate) use anything;

impl<const N: usize> Validate for [u8; N] {
    #[inline]
    fn check(&self, _: &mut Checker) {}
}

#[diagnostic::do_not_recommend]
impl<T: Validate> Validate for Option<T> {
    #[inline]
    fn check(&self, cx: &mut Checker) {
        if let Some(value) = self {
            value.check(cx);
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: Validate> Validate for Vec<T> {
    fn check(&self, cx: &mut Checker) {
        cx.each(self, |cx, item| item.check(cx));
    }
}

#[diagnostic::do_not_recommend]
impl<T: Validate> Validate for BTreeMap<String, T> {
    fn check(&self, cx: &mut Checker) {
        cx.entries(self, |cx, value| value.check(cx));
    }
}

#[diagnostic::do_not_recommend]
impl<T: Validate, S> Validate for HashMap<String, T, S> {
    fn check(&self, cx: &mut Checker) {
        cx.entries(self, |cx, value| value.check(cx));
    }
}

#[diagnostic::do_not_recommend]
impl<T: Validate> Validate for Box<T> {
    #[inline]
    fn check(&self, cx: &mut Checker) {
        (**self).check(cx);
    }
}

#[diagnostic::do_not_recommend]
impl<T: Validate> Validate for Pii<T> {
    #[inline]
    fn check(&self, cx: &mut Checker) {
        self.expose().check(cx);
    }
}

#[diagnostic::do_not_recommend]
impl<T: Validate> Validate for Secret<T> {
    #[inline]
    fn check(&self, cx: &mut Checker) {
        self.expose().check(cx);
    }
}
