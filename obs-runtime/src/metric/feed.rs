//! Families that events feed when they are published.

use super::family::{self, Family};
use crate::clock::Moment;
use crate::context::SpanContext;
use crate::event::Descriptor;
use crate::types::{
    BigDecimal, Date, Decimal, Duration, LocalTimestampMicros, LocalTimestampMillis,
    LocalTimestampNanos, TimeMicros, TimeMillis, TimestampMicros, TimestampMillis, TimestampNanos,
};

/// The families of an event that is being published, for generated code.
#[derive(Debug)]
pub struct Feeds<'a> {
    pub(super) families: &'a [&'static Family],
    pub(super) exemplar: Option<(SpanContext, Moment)>,
}

impl Feeds<'_> {
    /// Counts or measures in a series of a family.
    pub fn feed(&self, family: usize, series: usize, value: f64) {
        if let Some(family) = self.families.get(family) {
            family.feed(family.at(series), value, self.exemplar);
        }
    }
}

/// The families of an event, which others may feed too.
pub(crate) fn families(about: &'static Descriptor) -> Box<[&'static Family]> {
    let mut families = Vec::with_capacity(about.feeds.len());
    for feed in about.feeds {
        families.push(family::family(feed));
    }
    families.into()
}

/// The families of an event for a test of its own, which may have some of them already.
///
/// They stay, since handles to families do.
pub(crate) fn apart(
    about: &'static Descriptor,
    known: &[&'static Family],
) -> Box<[&'static Family]> {
    let mut families: Vec<&'static Family> = Vec::with_capacity(about.feeds.len());
    for feed in about.feeds {
        let same = known.iter().find(|known| known.is(feed));
        families.push(match same {
            Some(same) => same,
            None => Box::leak(Box::new(Family::new(*feed))),
        });
    }
    families.into()
}

/// What a value is as a number; of times, in seconds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number, so no family can be fed with it",
    note = "name a field that is a number or a time, or leave `value` out of a counter"
)]
pub trait Measure {
    /// The number.
    fn measure(&self) -> f64;
}

/// See [`Measure`].
#[must_use]
pub fn measure(value: &impl Measure) -> f64 {
    value.measure()
}

/// Between which bounds a number falls; a bound belongs to what is below it.
#[must_use]
pub fn bounded(bounds: &[f64], value: f64) -> usize {
    bounds.iter().map(|bound| usize::from(value > *bound)).sum()
}

macro_rules! measures {
    ($($ty:ty: |$value:ident| $number:expr),* $(,)?) => {$(
        impl Measure for $ty {
            fn measure(&self) -> f64 {
                let $value = self;
                $number
            }
        }
    )*};
}

measures! {
    i8: |v| f64::from(*v),
    i16: |v| f64::from(*v),
    i32: |v| f64::from(*v),
    i64: |v| *v as f64,
    u8: |v| f64::from(*v),
    u16: |v| f64::from(*v),
    u32: |v| f64::from(*v),
    u64: |v| *v as f64,
    f32: |v| f64::from(*v),
    f64: |v| *v,
    // No number of a decimal is further from its text than the nearest float.
    Decimal: |v| v.to_string().parse().unwrap_or(f64::NAN),
    BigDecimal: |v| v.0.measure(),
    Date: |v| f64::from(v.0) * 86_400.0,
    TimeMillis: |v| v.0 as f64 / 1e3,
    TimeMicros: |v| v.0 as f64 / 1e6,
    TimestampMillis: |v| v.0 as f64 / 1e3,
    TimestampMicros: |v| v.0 as f64 / 1e6,
    TimestampNanos: |v| v.0 as f64 / 1e9,
    LocalTimestampMillis: |v| v.0 as f64 / 1e3,
    LocalTimestampMicros: |v| v.0 as f64 / 1e6,
    LocalTimestampNanos: |v| v.0 as f64 / 1e9,
    // As Avro has it, a month is no length of time; thirty days are near enough to measure.
    Duration: |v| (f64::from(v.months) * 30.0 + f64::from(v.days)) * 86_400.0 + f64::from(v.millis) / 1e3,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbers() {
        assert_eq!(measure(&-3_i8), -3.0);
        assert_eq!(measure(&TimestampMillis(1_500)), 1.5);
        assert_eq!(measure(&"12.50".parse::<Decimal>().unwrap()), 12.5);
        let month = Duration {
            months: 1,
            days: 1,
            millis: 500,
        };
        assert_eq!(measure(&month), 31.0 * 86_400.0 + 0.5);
    }

    #[test]
    fn a_bound_belongs_to_what_is_below_it() {
        for (value, at) in [(-1.0, 0), (1.0, 0), (1.5, 1), (7.0, 1), (8.0, 2)] {
            assert_eq!(bounded(&[1.0, 7.0], value), at);
        }
    }
}
