//! Families that events feed when they are published.

use super::family::{self, Family, Refusal};
use super::keys::{self, Known, Times};
use crate::clock::{Moment, SECOND};
use crate::context::SpanContext;
use crate::event::{Descriptor, Key};
use crate::types::{
    BigDecimal, Date, Decimal, Duration, LocalTimestampMicros, LocalTimestampMillis,
    LocalTimestampNanos, TimeMicros, TimeMillis, TimestampMicros, TimestampMillis, TimestampNanos,
};

/// The families of an event that is being published, for generated code.
#[derive(Debug)]
pub struct Feeds<'a> {
    pub(super) families: &'a [&'static Family],
    pub(super) times: &'a [&'static Times],
    /// When the event was published.
    pub(super) at: Moment,
    pub(super) exemplar: Option<(SpanContext, Moment)>,
}

impl Feeds<'_> {
    /// Counts or measures in a series of a family.
    pub fn feed(&self, family: usize, series: usize, value: f64) {
        if let Some(family) = self.families.get(family) {
            family.feed(family.at(series), value, self.exemplar);
        }
    }

    /// An entity comes into the state that a family counts.
    pub fn enter(&self, family: usize, series: usize, key: &Key<'_>) {
        if let (Some(family), Some(key)) = (self.families.get(family), keys::hash(key)) {
            family.enter(key, self.known(family.at(series)));
        }
    }

    /// An entity leaves it.
    pub fn leave(&self, family: usize, key: &Key<'_>) {
        if let (Some(family), Some(key)) = (self.families.get(family), keys::hash(key)) {
            family.leave(key);
        }
    }

    /// An event of a key whose age a family tells.
    pub fn hear(&self, family: usize, series: usize, key: &Key<'_>) {
        if let (Some(family), Some(key)) = (self.families.get(family), keys::hash(key)) {
            family.hear(key, self.known(family.at(series)));
        }
    }

    fn known(&self, series: usize) -> Known {
        Known {
            series,
            at: self.at.unix_nanos(),
        }
    }

    /// This is the last event of its key.
    pub fn mark(&self, times: usize, key: &Key<'_>) {
        if let (Some(times), Some(key)) = (self.times.get(times), keys::hash(key)) {
            times.mark(key, self.at.unix_nanos());
        }
    }

    /// When the last event of this key was published, in seconds since 1970. That there is none is counted.
    #[must_use]
    pub fn last(&self, times: usize, key: &Key<'_>) -> Option<f64> {
        let times = self.times.get(times)?;
        let last = keys::hash(key).and_then(|key| times.last(key));
        if last.is_none() {
            Refusal::Unmatched.count();
        }
        last.map(seconds)
    }

    /// When this one was published.
    #[must_use]
    pub fn now(&self) -> f64 {
        seconds(self.at.unix_nanos())
    }
}

/// Seconds of this century are exact to a quarter of a microsecond.
fn seconds(nanos: u64) -> f64 {
    nanos as f64 / SECOND as f64
}

/// The times that an event marks or asks for, which others do too.
pub(crate) fn times(about: &'static Descriptor) -> Box<[&'static Times]> {
    let mut all = Vec::with_capacity(about.times.len());
    for times in about.times {
        all.push(keys::times(times));
    }
    all.into()
}

/// The same for a test of its own, which may have some of them already.
pub(crate) fn times_apart(
    about: &'static Descriptor,
    known: &[&'static Times],
) -> Box<[&'static Times]> {
    let mut all: Vec<&'static Times> = Vec::with_capacity(about.times.len());
    for times in about.times {
        let same = known.iter().find(|known| known.about == *times);
        all.push(match same {
            Some(same) => same,
            None => Box::leak(Box::new(Times::new(*times))),
        });
    }
    all.into()
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
