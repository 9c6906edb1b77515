//! # A latency threshold between two buckets
//!
//! A histogram knows how many were below each of its bounds, and nothing about what lies between. An objective
//! "under 120 ms" cannot be counted when the bounds are 100 ms and 250 ms; it would be guessed.
//!
//! ```json
//! "slo": [{ "objective": "publish-latency", "target": 99, "under": "120ms" }]
//! ```
//!
//! Use one of 1 ms, 2.5 ms, 5 ms, 10 ms, 25 ms, 50 ms, 100 ms, 250 ms, 500 ms, 1 s, 2.5 s, 5 s and 10 s.

use super::Facts;
use crate::draft::Located;
use crate::model::Event;
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::names::DURATION_BOUNDS_NS;

pub(super) fn look(cx: &mut Diagnostics, _: &Facts<'_>, event: &Event) {
    for slo in &event.keys.slos {
        let Some(Located { value: under, loc }) = slo.value.under_ns else {
            continue;
        };
        if !slo.value.objective.ends_with("-latency") || DURATION_BOUNDS_NS.contains(&under) {
            continue;
        }
        let below = DURATION_BOUNDS_NS
            .iter()
            .rev()
            .find(|bound| **bound < under);
        let above = DURATION_BOUNDS_NS.iter().find(|bound| **bound > under);
        let help = match (below, above) {
            (Some(below), Some(above)) => {
                format!("write `{}` or `{}`", words(*below), words(*above))
            }
            (Some(one), None) | (None, Some(one)) => format!("write `{}`", words(*one)),
            (None, None) => continue,
        };
        let message = format!(
            "no bucket ends at {}, so `{}` cannot be counted",
            words(under),
            slo.value.objective
        );
        cx.push(Diagnostic::error("slo-bucket", loc, message).help(help));
    }
}

/// A length of time in its largest unit.
fn words(nanos: u64) -> String {
    let (scale, unit) = match nanos {
        0..1_000 => (1, "ns"),
        1_000..1_000_000 => (1_000, "us"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    let (whole, rest) = (nanos / scale, nanos % scale);
    if rest == 0 {
        return format!("{whole}{unit}");
    }
    let digits = scale.ilog10() as usize;
    format!(
        "{whole}.{}{unit}",
        format!("{rest:0digits$}").trim_end_matches('0')
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_in_words() {
        let check = |nanos, expected| assert_eq!(super::words(nanos), expected);
        check(2_500_000, "2.5ms");
        check(100_000_000, "100ms");
        check(1_050_000_000, "1.05s");
        check(7, "7ns");
    }
}
