//! The shapes that conditions of alerts have, each with the trials that hold it in place: one step to either side of its
//! threshold, its window and its `for`, and what must never fire it.
//!
//! Trials leave one step of play at the edges of windows, because Prometheus 3 leaves out the oldest sample of a range.

mod flow;
mod gauge;
mod process;
mod share;

pub(crate) use flow::{absent, none_within, surge, too_few};
pub(crate) use gauge::{gauge_over, growing, nearly_full};
pub(crate) use process::{always, down, vanished};
pub(crate) use share::{Of, Share};

use super::promql::{Pair, increase, series, sum};
use super::trial::{Fires, IDLE, NO_DATA, Trial, Wave};
use obs_schema::names::family::{Family, Kind, UP};

/// A condition with what shows it.
pub(crate) struct Condition {
    /// The expression.
    pub(crate) expr: String,
    /// How long it must hold, in seconds.
    pub(crate) hold: u64,
    /// The trials.
    pub(crate) trials: Vec<Trial>,
}

/// Steps of a minute.
const MINUTE: u64 = 60;

/// Eight hours of them.
const NIGHT: u64 = 480;

/// Where the series of trials come from.
const ORIGIN: [(&str, &str); 2] = [("job", "shop"), ("instance", "shop-1:9464")];

/// A part of a family, by labels, and one series of it for trials.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    /// The family.
    pub(crate) family: &'a Family,
    /// What is asked for.
    pub(crate) matching: &'a [Pair<'a>],
    /// Further labels of the series in trials.
    pub(crate) sample: &'a [Pair<'a>],
}

impl<'a> Part<'a> {
    /// What is asked for, as PromQL.
    pub(crate) fn selector(&self) -> String {
        series(self.family, self.ending(), self.matching)
    }

    /// The series in trials.
    pub(crate) fn one(&self) -> String {
        series(self.family, self.ending(), &self.labels())
    }

    /// Of a histogram, how many there were.
    fn ending(&self) -> &'static str {
        match self.family.kind {
            Kind::Histogram => "_count",
            Kind::Counter | Kind::Gauge | Kind::Info => "",
        }
    }

    fn labels(&self) -> Vec<Pair<'a>> {
        [self.matching, self.sample, &ORIGIN].concat()
    }

    /// What is left of its labels under `by`.
    fn grouped(&self, by: &[&'static str]) -> Vec<(&'static str, String)> {
        let labels = self.labels();
        let found = by.iter().filter_map(|wanted| {
            let (_, value) = labels.iter().find(|(name, _)| name == wanted)?;
            Some((*wanted, (*value).to_owned()))
        });
        found.collect()
    }
}

/// An alert fires with a value, and the labels left under `by`.
fn fires(part: &Part<'_>, by: &[&'static str], value: f64) -> Option<Fires> {
    Some(Fires {
        labels: part
            .grouped(by)
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect(),
        value,
    })
}

fn trial(
    name: &'static str,
    step: u64,
    inputs: Vec<(String, Wave)>,
    checks: Vec<(u64, Option<Fires>)>,
) -> Trial {
    Trial {
        name: name.into(),
        step,
        inputs,
        checks,
        looks: Vec::new(),
    }
}

/// There is nothing but another process.
fn no_data(at: u64) -> Trial {
    let other = vec![(series(&UP, "", &ORIGIN), Wave::default().hold(1.0, at + 1))];
    trial(NO_DATA, MINUTE, other, vec![(at, None)])
}

/// As much traffic as there must be, or as little as there may be, for a condition to count.
pub(crate) struct Attempts<'a> {
    /// Those that succeeded.
    pub(crate) good: Part<'a>,
    /// Those that failed.
    pub(crate) bad: Part<'a>,
    /// How many in an hour divide few from many.
    pub(crate) few: u64,
}

impl Attempts<'_> {
    fn expr(&self, by: &[&str]) -> String {
        let count = |part: &Part<'_>| sum(by, &increase(&part.selector(), 3_600));
        format!("{}\n    + {}", count(&self.good), count(&self.bad))
    }
}

/// More than so many within a window.
pub(crate) fn count_over(
    part: Part<'_>,
    by: &[&'static str],
    over: u64,
    window: u64,
    hold: u64,
    while_few: Option<&Attempts<'_>>,
) -> Condition {
    let mut expr = format!("{} > {over}", sum(by, &increase(&part.selector(), window)));
    if let Some(attempts) = while_few {
        expr += &format!(
            "\nand\n  (\n    {}\n  ) < {}",
            attempts.expr(by),
            attempts.few
        );
    }
    let (w, d) = (window / MINUTE, hold / MINUTE);
    // The value rises at the step `at`, and the window forgets it at `at + w`.
    let at = w + 2;
    let much = over + 1;
    let rises = |by: u64| Wave::default().hold(0.0, at).hold(by as f64, w + d + 5);
    let jump = |name, by: u64, good: u64, checks| {
        let mut inputs = vec![(part.one(), rises(by))];
        inputs.extend(while_few.map(|few| (few.good.one(), rises(good))));
        trial(name, MINUTE, inputs, checks)
    };
    let fire = || fires(&part, by, much as f64);
    let mut trials = vec![
        jump(
            "above the threshold, until the window has passed",
            much,
            0,
            vec![
                (at - 1, None),
                (at + d - 1, None),
                (at + d, fire()),
                (at + w - 2, fire()),
                (at + w, None),
            ],
        ),
        jump(
            "at the threshold",
            over,
            0,
            vec![(at + d, None), (at + w - 2, None)],
        ),
        {
            let mut inputs = vec![(part.one(), Wave::default().hold(7.0, NIGHT))];
            inputs.extend(while_few.map(|few| (few.good.one(), Wave::default().hold(7.0, NIGHT))));
            trial(
                IDLE,
                MINUTE,
                inputs,
                vec![(w, None), (NIGHT / 2, None), (NIGHT - 1, None)],
            )
        },
        {
            let wave = Wave::default().hold(1_000.0, at).hold(0.0, w + d + 5);
            let mut inputs = vec![(part.one(), wave)];
            inputs.extend(
                while_few.map(|few| (few.good.one(), Wave::default().hold(9.0, at + w + d + 5))),
            );
            trial(
                "the counter starts again",
                MINUTE,
                inputs,
                vec![(at + d, None), (at + w - 2, None)],
            )
        },
        {
            let wave = Wave::default()
                .hold(1_000.0, at)
                .hold(0.0, 1)
                .hold(much as f64, w + d + 5);
            let mut inputs = vec![(part.one(), wave)];
            inputs.extend(
                while_few.map(|few| (few.good.one(), Wave::default().hold(9.0, at + w + d + 5))),
            );
            trial(
                "the counter starts again, and counts",
                MINUTE,
                inputs,
                vec![(at + d, None), (at + 1 + d, fire())],
            )
        },
        no_data(at + d),
    ];
    if let Some(few) = while_few {
        let edge = few.few - much;
        trials.push(jump(
            "as much traffic as lets a ratio speak",
            much,
            edge,
            vec![(at + d, None), (at + w - 2, None)],
        ));
        trials.push(jump(
            "a little less traffic",
            much,
            edge - 1,
            vec![(at + d, fire())],
        ));
    }
    Condition { expr, hold, trials }
}
