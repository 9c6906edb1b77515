//! Service level objectives: what they leave for failures, and how fast it may be used up before somebody is told.

use crate::draft::Located;

/// A service level objective.
#[derive(Clone, PartialEq, Debug)]
pub struct Slo {
    /// `publish-success`, `publish-latency`, `process-success`, `process-latency` or `freshness`.
    pub objective: String,
    /// Per cent.
    pub target: f64,
    /// The latency or age threshold, in nanoseconds, with its place.
    pub under_ns: Option<Located<u64>>,
    /// The period, in seconds.
    pub window_s: Option<u64>,
}

/// A pair of windows in which a budget may burn too fast. The short one tells that it still does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Burn {
    /// The alert's name.
    pub alert: &'static str,
    /// The part of the budget that burns in the long window before somebody is told, in per cent.
    pub share: u64,
    /// The long window, in seconds.
    pub long: u64,
    /// The short window, in seconds.
    pub short: u64,
    /// How long it must burn, in seconds.
    pub hold: u64,
    /// Somebody gets up.
    pub pages: bool,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;

/// The period of an objective that names none: thirty days.
const PERIOD: u64 = 30 * DAY;

/// The pairs, the fastest first.
const BURNS: [Burn; 4] = [
    Burn {
        alert: "SLOBurnPageFast",
        share: 2,
        long: HOUR,
        short: 5 * MINUTE,
        hold: 2 * MINUTE,
        pages: true,
    },
    Burn {
        alert: "SLOBurnPageSlow",
        share: 5,
        long: 6 * HOUR,
        short: 30 * MINUTE,
        hold: 15 * MINUTE,
        pages: true,
    },
    Burn {
        alert: "SLOBurnTicketFast",
        share: 10,
        long: DAY,
        short: 2 * HOUR,
        hold: HOUR,
        pages: false,
    },
    Burn {
        alert: "SLOBurnTicketSlow",
        share: 10,
        long: 3 * DAY,
        short: 6 * HOUR,
        hold: 3 * HOUR,
        pages: false,
    },
];

impl Slo {
    /// The period, in seconds.
    #[must_use]
    pub fn period(&self) -> u64 {
        self.window_s.unwrap_or(PERIOD)
    }

    /// What may fail, as a share of all.
    #[must_use]
    pub fn budget(&self) -> f64 {
        plain((100.0 - self.target) / 100.0)
    }

    /// The pairs of windows that say something about this period, with how many times too fast the budget burns.
    ///
    /// A window of more than a third of the period would tell what the period itself tells. A pace that lasts for the period is no
    /// burning, however short the period, so no factor is less than one.
    pub fn burns(&self) -> impl Iterator<Item = (Burn, f64)> + use<> {
        let period = self.period();
        let fits = BURNS
            .into_iter()
            .filter(move |burn| burn.long * 3 <= period);
        fits.map(move |burn| {
            let factor = burn.share as f64 * period as f64 / (100.0 * burn.long as f64);
            (burn, plain(factor.max(1.0)))
        })
    }

    /// The share of failures from which a budget burns so many times too fast.
    #[must_use]
    pub fn threshold(&self, factor: f64) -> f64 {
        plain(factor * self.budget())
    }
}

/// The decimal number that was meant: what binary fractions add lies far behind.
fn plain(number: f64) -> f64 {
    format!("{number:.12}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_come_from_budget_and_period() {
        for (window_s, target, expected) in [
            (
                None,
                99.9,
                vec![(14.4, 0.0144), (6.0, 0.006), (3.0, 0.003), (1.0, 0.001)],
            ),
            (
                Some(28 * DAY),
                99.9,
                vec![(13.44, 0.01344), (5.6, 0.0056), (2.8, 0.0028), (1.0, 0.001)],
            ),
            (
                Some(7 * DAY),
                99.0,
                vec![(3.36, 0.0336), (1.4, 0.014), (1.0, 0.01)],
            ),
            (Some(2 * HOUR), 99.0, vec![]),
        ] {
            let slo = Slo {
                objective: "publish-success".to_owned(),
                target,
                under_ns: None,
                window_s,
            };
            let burns = slo
                .burns()
                .map(|(_, factor)| (factor, slo.threshold(factor)));
            assert_eq!(burns.collect::<Vec<_>>(), expected);
        }
    }
}
