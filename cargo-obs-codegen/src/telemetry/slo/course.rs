//! Trials of the alerts of objectives. Their series begin with a whole window in which all is well.

use super::super::promql::{duration, series};
use super::super::trial::{Fires, IDLE, Look, NO_DATA, Trial, Wave};
use super::indicator::Count;
use super::{Indicator, Objective};
use obs_model::model::slo::Burn;
use obs_schema::names::family::UP;

/// How often rules are evaluated while a trial lasts: long windows need long trials.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Pace {
    /// Every minute, for hours.
    Fast,
    /// Every five minutes, for a day.
    Slow,
    /// Every quarter of an hour, for a week.
    Days,
    /// Every hour, for a period and a half.
    Period,
}

impl Pace {
    /// All of them, with the ending of the file.
    pub(crate) const ALL: [(Pace, &'static str); 4] = [
        (Pace::Fast, ""),
        (Pace::Slow, "-hours"),
        (Pace::Days, "-days"),
        (Pace::Period, "-period"),
    ];

    /// Seconds between evaluations.
    pub(crate) fn seconds(self) -> u64 {
        match self {
            Pace::Fast => 60,
            Pace::Slow => 300,
            Pace::Days => 900,
            Pace::Period => 3_600,
        }
    }
}

/// Samples come every minute, for rates over five.
const MINUTE: u64 = 60;

/// A second's traffic: so much that every share is a whole number.
const TRAFFIC: f64 = 1_000_000.0;

/// Minutes of one kind: how much was bad of how much, a second.
#[derive(Clone, Copy)]
struct Phase {
    minutes: u64,
    bad: f64,
    total: f64,
}

fn phase(minutes: u64, bad: f64, total: f64) -> Phase {
    Phase {
        minutes,
        bad,
        total,
    }
}

/// The series of phases that follow each other. Values begin at zero; each phase begins with the last value before it.
fn inputs(of: &Indicator<'_>, phases: &[Phase]) -> Vec<(String, Wave)> {
    let course = |part: Count<'_>| {
        let mut value = 0.0;
        let mut wave = Wave::default().hold(0.0, 1);
        for phase in phases {
            let by = part(phase.bad, phase.total) * 60.0;
            wave = wave.ramp(value + by, by, phase.minutes);
            value += by * phase.minutes as f64;
        }
        wave
    };
    let level = |high: f64| {
        let mut wave = Wave::default().hold(0.0, 1);
        for phase in phases {
            // Time is either good or bad.
            let is_bad = phase.bad > 0.5 * phase.total;
            wave = wave.hold(if is_bad { high } else { 0.0 }, phase.minutes);
        }
        wave
    };
    of.inputs(&course, &level)
}

/// What an alert that fires says of itself: nothing but what its objective is about.
fn fires(objective: &Objective<'_>) -> Option<Fires> {
    let kept = objective.indicator.kept().into_iter();
    let labels = kept
        .map(|(name, value)| (name.into(), value.to_owned()))
        .collect();
    Some(Fires { labels, value: 0.0 })
}

fn trial(
    name: &'static str,
    inputs: Vec<(String, Wave)>,
    checks: Vec<(u64, Option<Fires>)>,
) -> Trial {
    Trial {
        name: name.into(),
        step: MINUTE,
        inputs,
        checks,
        looks: Vec::new(),
    }
}

fn no_data(minutes: u64) -> Trial {
    let other = vec![(series(&UP, "", &[]), Wave::default().hold(1.0, minutes + 1))];
    trial(NO_DATA, other, vec![(minutes, None)])
}

/// The trials of a burn alert.
pub(crate) fn trials(objective: &Objective<'_>, burn: &Burn, factor: f64) -> (Pace, Vec<Trial>) {
    let of = &objective.indicator;
    let pace = match burn.long {
        0..=3_600 => Pace::Fast,
        _ if burn.pages => Pace::Slow,
        _ => Pace::Days,
    };
    let every = pace.seconds() / MINUTE;
    let threshold = objective.slo.threshold(factor);
    let (long, short) = (burn.long / MINUTE, burn.short / MINUTE);
    let hold = burn.hold / MINUTE;
    let fire = || fires(objective);
    let is_time = matches!(of, Indicator::Time { .. });
    // How many times the threshold the share of failures is: some four and a half, so that the long window is over it between two
    // evaluations, and the short one is once and not twice over it at one of the last evaluations.
    let counts = long / every;
    let times = counts as f64 / ((counts as f64 / 4.5).floor() + 0.5);
    let times = times.min(1.0 / threshold);
    let times = if is_time { 1.0 / threshold } else { times };
    // Whole numbers add up to what they add up to in promtool; a counter that falls by a hair has started again.
    let bad = (times * threshold * TRAFFIC).min(TRAFFIC).round();
    let crossed = ((counts as f64 / times).floor() as u64 + 1) * every;
    let lead = long + every;
    let lead = lead.div_ceil(every) * every;
    let after = (hold + long / 2).div_ceil(every) * every;
    let end = lead + crossed + after;
    // Sums have a part more than quotients of counters have.
    let parts = short / every + u64::from(burn.short > super::DIRECT);
    let still = ((short / every) as f64 * (1.0 - 1.4 / times)).max(0.0) as u64 * every;
    let over = ((parts as f64 * (1.0 - 1.0 / times)) as u64 + 1) * every;
    let well = |minutes| phase(minutes, 0.0, TRAFFIC);
    let outage = [
        well(lead),
        phase(crossed + after, bad, TRAFFIC),
        well(over + every),
    ];
    let mut checks = vec![(lead, None)];
    if !is_time {
        checks.push((lead + crossed + hold - every, None));
    }
    let play = if is_time { 3 * every } else { 0 };
    checks.push((lead + crossed + hold + play, fire()));
    checks.push((end + if is_time { 0 } else { still }, fire()));
    checks.push((end + over, None));
    // Half of a window after it began, half of the window is bad: neither of twice nor of half of the window.
    let share = bad / TRAFFIC;
    let half = |window: u64| {
        let minutes = (window / 2).div_ceil(every) * every;
        // Whether a gauge is high is seen when it is looked at, and not in between.
        let part = minutes as f64 - if is_time { 0.5 } else { 0.0 };
        (lead + minutes, share * part / window as f64)
    };
    let ratio = |window: u64| objective.mine(&objective.sli("ratio", window));
    let mut looks = Vec::new();
    for (window, minutes) in [(burn.short, short), (burn.long, long)] {
        let (at, value) = half(minutes);
        looks.push(Look::about(at, &ratio(window), value));
    }
    let fastest = objective.slo.burns().map(|(burn, _)| burn.long).next();
    if fastest == Some(burn.long) {
        let (at, value) = half(long);
        let burning = objective.mine(&objective.burning());
        looks.push(Look::about(at, &burning, value / objective.slo.budget()));
    }
    let mut all = vec![
        trial(
            "above the threshold, until it is over",
            inputs(of, &outage),
            checks,
        )
        .looking(looks),
    ];
    if fastest == Some(burn.long) {
        all.push(begins(objective));
    }
    if pace == Pace::Fast {
        all.push(trial(
            "nothing fails, and all starts again",
            {
                let first = inputs(of, &[well(lead)]).into_iter();
                let second = inputs(of, &[well(lead)]).into_iter();
                first
                    .zip(second)
                    .map(|((name, before), (_, behind))| (name, before.then(&behind)))
                    .collect()
            },
            vec![
                (lead, None),
                (lead + 2 * every, None),
                (lead + hold + every, None),
            ],
        ));
    }
    if !is_time {
        // Rates are quotients of what is never quite exact, so the threshold itself is nowhere to stand.
        let at = (threshold * TRAFFIC * 0.98).round();
        all.push(trial(
            "just below the threshold",
            inputs(of, &[phase(3 * hold, at, TRAFFIC)]),
            vec![(2 * hold, None), (3 * hold, None)],
        ));
    }
    if burn.pages && !is_time {
        // All fails, but hardly anybody tries.
        for (name, counts, gap, expected) in [
            ("two stray failures in a quiet hour", [0.0, 2.0], 0, None),
            ("three failures in a quiet hour", [0.0, 3.0], 0, fire()),
            (
                "two failures, and two of late",
                [2.0, 2.0],
                long * 3 / 5,
                fire(),
            ),
            (
                "two failures, and two long after",
                [2.0, 2.0],
                long * 6 / 5,
                None,
            ),
        ] {
            // A power of two, so that their number is exact.
            let failing = (hold + 3 * every).next_power_of_two();
            let at = (lead + failing + gap + failing + hold).div_ceil(every) * every;
            let fail = |count: f64| {
                let rate = count / 60.0 / failing as f64;
                phase(failing, rate, rate)
            };
            let quiet = |minutes| phase(minutes, 0.0, 0.0);
            let phases = [
                quiet(lead),
                fail(counts[0]),
                quiet(gap),
                fail(counts[1]),
                quiet(hold + every),
            ];
            all.push(trial(name, inputs(of, &phases), vec![(at, expected)]));
        }
    }
    if pace == Pace::Fast && matches!(of, Indicator::Counted { .. }) {
        let mut series = inputs(of, &outage);
        // The first of the two is of failures: it is not there before the first of them.
        if let Some((_, wave)) = series.first_mut() {
            *wave = Wave::none(lead + 1).ramp_on(bad * 60.0, crossed + after);
        }
        // Before them, nothing was bad of all there was.
        let none = direct(objective).map(|window| Look::zero(lead, &ratio(window)));
        let total = objective.mine(&objective.sli("total", super::BASE));
        all.push(
            trial(
                "the first failures ever",
                series,
                vec![(lead, None), (end, fire())],
            )
            .looking(none)
            .looking([Look::about(lead, &total, TRAFFIC)]),
        );
    }
    let nothing = [burn.short, burn.long].map(|window| Look::nothing(480, &ratio(window)));
    all.push(
        trial(IDLE, inputs(of, &[phase(480, 0.0, 0.0)]), vec![(480, None)])
            .looking(nothing.into_iter().filter(|_| !is_time)),
    );
    all.push(no_data(120));
    (pace, all)
}

/// What is counted begins: there was nothing before, neither good nor bad.
fn begins(objective: &Objective<'_>) -> Trial {
    let of = &objective.indicator;
    let is_time = matches!(of, Indicator::Time { .. });
    let window = super::BASE / MINUTE;
    let (lead, minutes) = (3 * window, window.div_ceil(2));
    let (bad, total) = if is_time {
        (1.0, 1.0)
    } else {
        (TRAFFIC / 4.0, TRAFFIC)
    };
    let mine = |what| objective.mine(&objective.sli(what, super::BASE));
    let half = minutes as f64 - if is_time { 0.5 } else { 0.0 };
    let part = half / window as f64;
    let at = lead + minutes;
    trial(
        "it begins",
        inputs(of, &[phase(lead, 0.0, 0.0), phase(minutes, bad, total)]),
        Vec::new(),
    )
    .looking([
        Look::about(at, &mine("bad"), bad * part),
        // There is always time.
        Look::about(at, &mine("total"), if is_time { 1.0 } else { total * part }),
    ])
    .looking(direct(objective).filter(|_| !is_time).map(|window| {
        let ratio = objective.mine(&objective.sli("ratio", window));
        Look::about(at, &ratio, bad / total)
    }))
}

/// The windows whose ratios are worked out from the counters themselves.
fn direct(objective: &Objective<'_>) -> impl Iterator<Item = u64> {
    let windows = objective.windows().into_iter();
    windows.filter(|window| *window <= super::DIRECT)
}

/// The trials of the alert about a budget that is used up.
pub(crate) fn exhausted(objective: &Objective<'_>) -> Vec<Trial> {
    let of = &objective.indicator;
    let period = objective.slo.period() / MINUTE;
    let hour = 60;
    let budget = objective.slo.budget();
    let fire = || fires(objective);
    let day = 24 * hour;
    let well = |minutes| phase(minutes, 0.0, TRAFFIC);
    let first = ((period as f64 * budget * 1.5) as u64)
        .max(day)
        .div_ceil(hour)
        * hour;
    let over = (period + first) / hour * hour + 2 * hour;
    // Half of it lies behind the period.
    let half = period + first / hour / 2 * hour;
    let share = (period + first - half) as f64 / period as f64;
    let mine = |name: String| objective.mine(&name);
    let ratio = mine(objective.sli("ratio", objective.slo.period()));
    let burning = format!("burn_rate_{}", duration(objective.slo.period()));
    let burning = mine(objective.recorded(&burning));
    let remaining = mine(objective.recorded("error_budget_remaining"));
    let objective_of = mine(objective.recorded("objective"));
    let looks = [
        Look::about(half, &ratio, share),
        Look::about(half, &burning, share / budget),
        Look::about(half, &format!("(1 - {remaining})"), share / budget),
        Look::about(over, &remaining, 1.0),
        Look::about(over, &format!("(1 - {objective_of})"), budget),
        Look::about(
            over,
            &mine(objective.recorded("period_days")),
            objective.slo.period() as f64 / 86_400.0,
        ),
    ];
    let is_time = matches!(of, Indicator::Time { .. });
    let nothing = Look::nothing(24 * hour, &ratio);
    let mut all = vec![
        trial(
            "used up, until it lies behind the period",
            inputs(of, &[phase(first, TRAFFIC, TRAFFIC), well(period + day)]),
            vec![
                (3 * hour, None),
                (4 * hour, fire()),
                (period * 2 / 3 / hour * hour, fire()),
                (over, None),
            ],
        )
        .looking(looks),
        trial(
            IDLE,
            inputs(of, &[phase(24 * hour, 0.0, 0.0)]),
            vec![(24 * hour, None)],
        )
        .looking((!is_time).then_some(nothing)),
        no_data(6 * hour),
    ];
    if !matches!(of, Indicator::Time { .. }) {
        let at = budget * TRAFFIC;
        all.push(trial(
            "hardly more than all of it is used",
            inputs(of, &[phase(day, at * 1.02, TRAFFIC)]),
            vec![(day, fire())],
        ));
        all.push(trial(
            "nearly all of it is used",
            inputs(of, &[phase(day, at * 0.98, TRAFFIC)]),
            vec![(day, None)],
        ));
        let quiet = budget * TRAFFIC / 100.0;
        all.push(trial(
            "a quiet night of failures before a busy day",
            inputs(of, &[phase(8 * hour, quiet / 2.0, quiet), well(16 * hour)]),
            vec![(24 * hour, None)],
        ));
    }
    all
}

/// The trials of the alert about an objective that nobody tells of.
pub(crate) fn absent(objective: &Objective<'_>, hold: u64) -> Vec<Trial> {
    let of = &objective.indicator;
    let (at, hold) = (10, hold / MINUTE);
    let (name, value) = of.heartbeat_labels();
    let fire = || {
        Some(Fires {
            labels: vec![(name.to_owned().into(), value.to_owned())],
            value: 1.0,
        })
    };
    let up = vec![(series(&UP, "", &[]), Wave::default().hold(1.0, hold + 1))];
    let there = inputs(of, &[phase(at, 0.0, 1.0)]);
    let gone = there.into_iter().map(|(name, wave)| (name, wave.gone()));
    vec![
        trial(
            "it is told of, and then no more",
            gone.collect(),
            vec![(at, None), (at + hold, None), (at + 1 + hold, fire())],
        ),
        trial(
            "no process from the start",
            up,
            vec![(hold - 1, None), (hold, fire())],
        ),
        trial(
            "nothing happens, and it is told",
            inputs(of, &[phase(2 * hold, 0.0, 0.0)]),
            vec![(hold, None), (2 * hold, None)],
        ),
    ]
}
