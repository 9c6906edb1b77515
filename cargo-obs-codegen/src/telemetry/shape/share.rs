//! Shares: so many of so many.

use super::super::promql::{rate, sum};
use super::super::trial::{IDLE, Trial, Wave};
use super::{Attempts, Condition, MINUTE, NIGHT, Part, fires, no_data, trial};

/// What a share is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// Good and bad together.
    Both,
    /// The good ones.
    Good,
}

/// A share of more than so many per cent within a window.
pub(crate) struct Share<'a> {
    pub(crate) bad: Part<'a>,
    pub(crate) good: Part<'a>,
    pub(crate) of: Of,
    /// The threshold in per cent.
    pub(crate) percent: u64,
    pub(crate) window: u64,
    pub(crate) hold: u64,
    /// Only where there is traffic.
    pub(crate) many: Option<u64>,
}

impl Share<'_> {
    /// The condition.
    pub(crate) fn over(&self, by: &[&'static str]) -> Condition {
        let (bad, good) = (&self.bad, &self.good);
        let speed = |part: &Part<'_>| sum(by, &rate(&part.selector(), self.window));
        let total = match self.of {
            Of::Both => format!("{}\n    + {}", speed(good), speed(bad)),
            Of::Good => speed(good),
        };
        let threshold = self.percent as f64 / 100.0;
        // Where nothing is good, whatever is bad is more than any share of it.
        let total = match self.of {
            Of::Both => format!("(\n    {total}\n    > 0\n  )"),
            Of::Good => total,
        };
        let mut expr = format!("(\n  {}\n  /\n  {total}\n) > {threshold}", speed(bad));
        let attempts = Attempts {
            good: *good,
            bad: *bad,
            few: self.many.unwrap_or_default(),
        };
        if self.many.is_some() {
            expr += &format!(
                "\nand\n  (\n    {}\n  ) >= {}",
                attempts.expr(by),
                attempts.few
            );
        }
        Condition {
            expr,
            hold: self.hold,
            trials: self.trials(by),
        }
    }

    fn trials(&self, by: &[&'static str]) -> Vec<Trial> {
        let (w, d) = (self.window / MINUTE, self.hold / MINUTE);
        // Rates are quotients of what is never quite exact, so the threshold itself is nowhere to stand.
        let all = 6_000.0;
        let share = |percent: f64| match self.of {
            Of::Both => (all * percent / 100.0, all * (1.0 - percent / 100.0)),
            Of::Good => (all * percent / 100.0, all),
        };
        let threshold = self.percent as f64;
        let above = threshold * 1.2;
        let at = w + 2;
        let bad = |by: f64| {
            Wave::default()
                .hold(0.0, at)
                .ramp(0.0, by, 2 * w + 2 * d)
                .hold(by * (2 * w + 2 * d - 1) as f64, 2 * w)
        };
        let good = |by: f64| Wave::default().ramp(0.0, by, at + 4 * w + 2 * d);
        let course = |name, (b, g): (f64, f64), checks| {
            let inputs = vec![(self.bad.one(), bad(b)), (self.good.one(), good(g))];
            trial(name, MINUTE, inputs, checks)
        };
        // After k steps the window holds k of its w parts of what is bad, and all of what is good: so many of them are the threshold.
        let (p, a) = (threshold / 100.0, above / 100.0);
        let crossed = match self.of {
            Of::Both => p * (1.0 - a) / (a * (1.0 - p)),
            Of::Good => p / a,
        };
        let soon = ((w - 1) as f64 * crossed) as u64 + 1;
        let from = at;
        let end = at + 2 * w + 2 * d - 1;
        let fire = || fires(&self.bad, by, above / 100.0);
        let mut trials = vec![
            course(
                "above the threshold, until it is over",
                share(above),
                vec![
                    (from, None),
                    (from + soon + d - 1, None),
                    (from + w + d, fire()),
                    (end, fire()),
                    (end + w, None),
                ],
            ),
            course(
                "just below the threshold",
                share(threshold * 0.98),
                vec![(from + w + d, None), (end, None)],
            ),
            trial(
                IDLE,
                MINUTE,
                vec![
                    (self.bad.one(), Wave::default().hold(7.0, NIGHT)),
                    (self.good.one(), Wave::default().hold(7.0, NIGHT)),
                ],
                vec![(NIGHT / 2, None), (NIGHT - 1, None)],
            ),
            trial(
                "the counter starts again",
                MINUTE,
                vec![
                    (
                        self.bad.one(),
                        Wave::default().hold(100_000.0, at).hold(0.0, w + 2 * d),
                    ),
                    (self.good.one(), good(all)),
                ],
                vec![(at + d, None), (at + w + d, None)],
            ),
            no_data(from + w + d),
        ];
        if self.of == Of::Good {
            trials.push(trial(
                "nothing is good, and some is bad",
                MINUTE,
                vec![
                    (self.bad.one(), good(1.0)),
                    (
                        self.good.one(),
                        Wave::default().hold(7.0, at + 4 * w + 2 * d),
                    ),
                ],
                vec![(d, None), (w + d, fires(&self.bad, by, f64::INFINITY))],
            ));
        }
        if let Some(many) = self.many {
            let seldom = |name, by: f64, checks| {
                let inputs = vec![
                    (self.bad.one(), Wave::default().ramp(0.0, by, 240)),
                    (self.good.one(), Wave::default().hold(0.0, 240)),
                ];
                trial(name, MINUTE, inputs, checks)
            };
            let enough = many as f64 / 60.0;
            let fire = || {
                fires(
                    &self.bad,
                    by,
                    if self.of == Of::Both {
                        1.0
                    } else {
                        f64::INFINITY
                    },
                )
            };
            trials.push(seldom(
                "nearly no traffic, all of it bad",
                enough / 2.0,
                vec![(120, None), (239, None)],
            ));
            trials.push(seldom(
                "just enough traffic, all of it bad",
                enough,
                vec![(40, None), (239, fire())],
            ));
        }
        trials
    }
}
