//! Counters and their like, typed by their labels.
//!
//! They are handles to a family that stays: cheap to copy and to keep, and usable from every thread.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::family::{Family, FamilyInfo, Kind, Numbers, Refusal, family};
use super::labels::Labels;
use crate::lane::lock;

/// What may stand in a [`MetricSet`](super::MetricSet). Implemented here only.
pub trait Instrument: Sized + private::Sealed {
    /// What its family holds.
    const KIND: Kind;
    /// The values of its labels.
    const SETS: &'static [&'static [&'static str]];

    /// The instrument of a family.
    #[doc(hidden)]
    fn of(about: &FamilyInfo) -> Self;
}

mod private {
    /// Keeps others from implementing a trait.
    pub trait Sealed {}

    /// A number as an atomic holds it.
    pub trait Bits: Copy {
        fn to_bits(self) -> u64;
        fn plus(bits: u64, by: Self) -> u64;
    }
}

use private::{Bits, Sealed};

/// What counters count: `u64`, or `f64` where the amounts are no whole numbers.
pub trait Amount: Copy + Sealed {
    #[doc(hidden)]
    const KIND: Kind;
    #[doc(hidden)]
    const ONE: Self;
    #[doc(hidden)]
    fn count(self, family: &Series);
}

/// What gauges hold: `i64`, or `f64`.
pub trait Level: Copy + Sealed + Bits {
    #[doc(hidden)]
    const KIND: Kind;
    #[doc(hidden)]
    const ONE: Self;
    #[doc(hidden)]
    const MINUS_ONE: Self;
    #[doc(hidden)]
    fn is_number(self) -> bool;
}

impl Sealed for u64 {}
impl Sealed for i64 {}
impl Sealed for f64 {}

impl Amount for u64 {
    const KIND: Kind = Kind::Counter;
    const ONE: u64 = 1;

    #[inline]
    fn count(self, series: &Series) {
        series.family.count(series.at, self);
    }
}

impl Amount for f64 {
    const KIND: Kind = Kind::FloatCounter;
    const ONE: f64 = 1.0;

    #[inline]
    fn count(self, series: &Series) {
        series.family.count_float(series.at, self);
    }
}

impl Bits for i64 {
    fn to_bits(self) -> u64 {
        self.cast_unsigned()
    }

    fn plus(bits: u64, by: i64) -> u64 {
        bits.wrapping_add_signed(by)
    }
}

impl Bits for f64 {
    fn to_bits(self) -> u64 {
        f64::to_bits(self)
    }

    fn plus(bits: u64, by: f64) -> u64 {
        f64::to_bits(f64::from_bits(bits) + by)
    }
}

impl Level for i64 {
    const KIND: Kind = Kind::Gauge;
    const ONE: i64 = 1;
    const MINUS_ONE: i64 = -1;

    fn is_number(self) -> bool {
        true
    }
}

impl Level for f64 {
    const KIND: Kind = Kind::FloatGauge;
    const ONE: f64 = 1.0;
    const MINUS_ONE: f64 = -1.0;

    fn is_number(self) -> bool {
        self.is_finite()
    }
}

/// A series of a family.
#[derive(Clone, Copy)]
pub struct Series {
    family: &'static Family,
    at: usize,
}

impl Series {
    #[inline]
    fn with(self, labels: &impl Labels) -> Series {
        Series {
            at: self.family.at(labels.index()),
            ..self
        }
    }
}

impl fmt::Debug for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(self.family.about.name)
            .field(&self.at)
            .finish()
    }
}

/// An instrument whose series are told apart by labels: `at` gives the series of one combination.
macro_rules! instrument {
    ($(#[$doc:meta])* $name:ident, $series:ident $(, $number:ident: $bound:ident = $usual:ty)?; $kind:expr) => {
        $(#[$doc])*
        pub struct $name<L = () $(, $number = $usual)?> {
            series: $series $(<$number>)?,
            labels: PhantomData<fn(L)>,
        }

        impl<L: Labels $(, $number: $bound)?> $name<L $(, $number)?> {
            /// The series of these labels. It may be kept.
            #[inline]
            #[must_use]
            pub fn at(&self, labels: L) -> $series $(<$number>)? {
                let mut series = self.series;
                series.series = series.series.with(&labels);
                series
            }
        }

        /// Without labels there is one series, and this is it.
        impl $(<$number: $bound>)? Deref for $name<() $(, $number)?> {
            type Target = $series $(<$number>)?;

            #[inline]
            fn deref(&self) -> &Self::Target {
                &self.series
            }
        }

        impl<L $(, $number: $bound)?> Sealed for $name<L $(, $number)?> {}

        impl<L: Labels $(, $number: $bound)?> Instrument for $name<L $(, $number)?> {
            const KIND: Kind = $kind;
            const SETS: &'static [&'static [&'static str]] = L::SETS;

            fn of(about: &FamilyInfo) -> Self {
                let series = Series { family: family(about), at: 0 };
                $name {
                    series: $series { series $(, number: PhantomData::<fn($number)>)? },
                    labels: PhantomData,
                }
            }
        }

        impl<L $(, $number)?> Clone for $name<L $(, $number)?> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<L $(, $number)?> Copy for $name<L $(, $number)?> {}

        impl<L $(, $number)?> fmt::Debug for $name<L $(, $number)?> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.series.series.family.about.name)
            }
        }

        #[doc = concat!("A series of a [`", stringify!($name), "`].")]
        pub struct $series $(<$number = $usual>)? {
            series: Series,
            $(number: PhantomData<fn($number)>,)?
        }

        impl $(<$number>)? Clone for $series $(<$number>)? {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl $(<$number>)? Copy for $series $(<$number>)? {}

        impl $(<$number>)? fmt::Debug for $series $(<$number>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.series.fmt(f)
            }
        }
    };
}

instrument! {
    /// Something that only grows.
    ///
    /// Each thread counts in cells of its own, so threads do not wait for each other.
    Counter, CounterSeries, N: Amount = u64; N::KIND
}

impl<N: Amount> CounterSeries<N> {
    /// One more.
    #[inline]
    pub fn inc(&self) {
        self.add(N::ONE);
    }

    /// So many more. An amount that is negative or no number is refused, and counted as such.
    #[inline]
    pub fn add(&self, by: N) {
        if cfg!(not(feature = "off-metrics")) {
            by.count(&self.series);
        }
    }
}

instrument! {
    /// Something that grows and shrinks.
    Gauge, GaugeSeries, N: Level = i64; N::KIND
}

impl<N: Level> GaugeSeries<N> {
    /// This is what it is now. What is no number is refused, and counted as such.
    #[inline]
    pub fn set(&self, to: N) {
        if let Some(number) = self.number(to) {
            number.store(to.to_bits(), Relaxed);
        }
    }

    /// So much more.
    #[inline]
    pub fn add(&self, by: N) {
        if let Some(number) = self.number(by) {
            // It always gives a new value, so it ends when nobody comes in between.
            let _ = number.fetch_update(Relaxed, Relaxed, |bits| Some(N::plus(bits, by)));
        }
    }

    /// One more.
    #[inline]
    pub fn inc(&self) {
        self.add(N::ONE);
    }

    /// One less.
    #[inline]
    pub fn dec(&self) {
        self.add(N::MINUS_ONE);
    }

    fn number(&self, value: N) -> Option<&'static AtomicU64> {
        if cfg!(feature = "off-metrics") {
            return None;
        }
        if !value.is_number() {
            Refusal::Value.count();
            return None;
        }
        self.series.family.gauge(self.series.at)
    }
}

instrument! {
    /// How many values fell between which bounds.
    Histogram, HistogramSeries; Kind::Histogram
}

instrument! {
    /// Quantiles of the values of late, at most one per cent off.
    ///
    /// What is older than the window is forgotten in steps of a fifth of it, when somebody looks.
    Summary, SummarySeries; Kind::Summary
}

macro_rules! observing {
    ($($series:ident),*) => {$(
        impl $series {
            /// Measures. What is no number is refused, and counted as such.
            #[inline]
            pub fn observe(&self, value: f64) {
                if cfg!(not(feature = "off-metrics")) {
                    self.series.family.observe(self.series.at, value);
                }
            }

            /// Measures a duration, in seconds.
            #[inline]
            pub fn observe_duration(&self, took: Duration) {
                self.observe(took.as_secs_f64());
            }
        }
    )*};
}

observing!(HistogramSeries, SummarySeries);

/// Words that describe something, as labels of one series that is always 1.
///
/// Until they are set there is no series.
#[derive(Clone, Copy)]
pub struct Info<const N: usize> {
    family: &'static Family,
}

impl<const N: usize> Info<N> {
    /// These are the words, in the order of the labels.
    pub fn set(&self, words: [&str; N]) {
        if let Numbers::Info(kept) = &self.family.numbers {
            *lock(kept) = words.map(str::to_owned).to_vec();
        }
    }
}

impl<const N: usize> Sealed for Info<N> {}

impl<const N: usize> Instrument for Info<N> {
    const KIND: Kind = Kind::Info;
    const SETS: &'static [&'static [&'static str]] = &[&[] as &[&str]; N];

    fn of(about: &FamilyInfo) -> Self {
        Info {
            family: family(about),
        }
    }
}

impl<const N: usize> fmt::Debug for Info<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.family.about.name)
    }
}
