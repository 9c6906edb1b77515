//! Which traces are kept from their start on.
//!
//! The decision falls where a trace begins, from the bits of its id alone, so that every program comes to the same one.
//! What it turns down may still leave at its end: see [`crate::span`].

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use crate::context::SpanContext;
use crate::ids::TraceId;

/// Every trace.
const ALL: u64 = 1 << 63;

/// Traces whose bits are below are kept.
static BELOW: AtomicU64 = AtomicU64::new(ALL);

/// Whether the bits decide even where a parent has decided.
static ALONE: AtomicBool = AtomicBool::new(false);

/// Whether what the bits turn down may leave all the same.
static RESCUES: AtomicBool = AtomicBool::new(true);

/// Which traces are kept from their start on.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sampling {
    /// The share of traces, from 0 to 1.
    pub ratio: f64,
    /// Whether a span follows the decision of its parent, when it has one.
    pub follows_parent: bool,
    /// Whether what fails, is slow or is audited leaves all the same.
    pub rescues: bool,
}

impl Default for Sampling {
    fn default() -> Sampling {
        Sampling {
            ratio: 1.0,
            follows_parent: true,
            rescues: true,
        }
    }
}

impl Sampling {
    /// The sampling that `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` ask for: whoever builds the settings
    /// brings the environment. `None` when nothing is asked for, or something that is not known.
    #[must_use]
    pub fn from_names(lookup: impl Fn(&str) -> Option<String>) -> Option<Sampling> {
        let name = lookup("OTEL_TRACES_SAMPLER")?;
        // An argument that is no share is ignored, as the specification has it.
        let share = || {
            lookup("OTEL_TRACES_SAMPLER_ARG")
                .and_then(|text| text.trim().parse::<f64>().ok())
                .filter(|share| (0.0..=1.0).contains(share))
                .unwrap_or(1.0)
        };
        let (plain, follows_parent) = match name.trim().strip_prefix("parentbased_") {
            Some(rest) => (rest, true),
            None => (name.trim(), false),
        };
        let ratio = match plain {
            "always_on" => 1.0,
            "always_off" => 0.0,
            "traceidratio" => share(),
            _ => return None,
        };
        Some(Sampling {
            ratio,
            follows_parent,
            ..Sampling::default()
        })
    }

    /// Makes it the one of the program.
    pub(crate) fn install(self) {
        BELOW.store(bound(self.ratio), Relaxed);
        ALONE.store(!self.follows_parent, Relaxed);
        RESCUES.store(self.rescues, Relaxed);
    }
}

/// The share as a bound of 63 bits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the cast of a float saturates, and a power of two is exact"
)]
fn bound(ratio: f64) -> u64 {
    if ratio >= 1.0 {
        return ALL;
    }
    (ratio * ALL as f64) as u64
}

/// Whether a span that begins here, of this trace, is kept.
#[inline]
pub(crate) fn head(parent: Option<&SpanContext>, trace: TraceId) -> bool {
    match parent {
        Some(parent) if !ALONE.load(Relaxed) => parent.sampled,
        _ => below(trace, BELOW.load(Relaxed)),
    }
}

/// Whether a span that nobody sampled may leave all the same.
#[inline]
pub(crate) fn rescues() -> bool {
    RESCUES.load(Relaxed)
}

/// The same bits as the SDKs of OpenTelemetry look at.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
fn below(trace: TraceId, bound: u64) -> bool {
    (trace.get() as u64) >> 1 < bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_keeps_its_share() {
        for (ratio, least, most) in [
            (0.0, 0, 0),
            (0.1, 900, 1_100),
            (0.5, 4_800, 5_200),
            (1.0, 10_000, 10_000),
            (f64::NAN, 0, 0),
        ] {
            let bound = bound(ratio);
            // Evenly spread, so that the test is the same each time.
            let step = u128::from(u64::MAX / 10_000);
            let kept = (1..=10_000)
                .filter_map(|index| TraceId::new(index * step))
                .filter(|trace| below(*trace, bound))
                .count();
            assert!((least..=most).contains(&kept), "{ratio}: {kept}");
        }
    }

    #[test]
    fn the_names_of_the_specification_are_known() {
        let ask = |sampler: &str, argument: Option<&str>| {
            Sampling::from_names(|name| match name {
                "OTEL_TRACES_SAMPLER" => Some(sampler.to_owned()),
                "OTEL_TRACES_SAMPLER_ARG" => argument.map(str::to_owned),
                _ => None,
            })
            .map(|sampling| (sampling.ratio, sampling.follows_parent))
        };
        for (sampler, argument, expected) in [
            ("always_on", None, Some((1.0, false))),
            ("always_off", Some("1"), Some((0.0, false))),
            ("traceidratio", Some("0.25"), Some((0.25, false))),
            ("traceidratio", Some("1.25"), Some((1.0, false))),
            ("traceidratio", Some("much"), Some((1.0, false))),
            ("parentbased_always_on", None, Some((1.0, true))),
            ("parentbased_always_off", None, Some((0.0, true))),
            ("parentbased_traceidratio", Some(" 0.1 "), Some((0.1, true))),
            ("jaeger_remote", None, None),
            ("", None, None),
        ] {
            assert_eq!(ask(sampler, argument), expected, "{sampler}");
        }
        assert_eq!(Sampling::from_names(|_| None), None);
    }
}
