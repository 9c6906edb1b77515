//! Counters that should grow.

use super::super::promql::{duration, increase, series, sum};
use super::super::trial::{IDLE, NO_DATA, Wave};
use super::{Condition, MINUTE, NIGHT, ORIGIN, Part, fires, no_data, trial};
use obs_schema::names::family::UP;

/// A week, in seconds.
const WEEK: u64 = 7 * 86_400;

/// Fewer than so many within a window, and more than none.
pub(crate) fn too_few(part: Part<'_>, by: &[&'static str], few: u64, window: u64) -> Condition {
    let expr = format!(
        "{} > 0 < {few}",
        sum(by, &increase(&part.selector(), window))
    );
    let (step, w, d) = steps(window);
    let hold = d * step;
    let most = few as f64;
    let usual = |n| Wave::default().ramp(0.0, 2.0 * most / w as f64, n);
    let then = 2.0 * most / w as f64 * (2 * w) as f64;
    // Twice as many as needed, and then three fifths: the window falls below after five sevenths of it.
    let low = 0.6 * most;
    let drops = usual(2 * w + 1).ramp(then + low / w as f64, low / w as f64, 2 * w + 2 * d);
    let late = w * 5 / 7 + 1;
    let soon = (w - 1) * 5 / 7;
    let at = 2 * w;
    // All that is needed at one step in each window: exactly as many as needed, whenever one looks.
    let mut sawtooth = Wave::default();
    for turn in 0..6 {
        sawtooth = sawtooth.hold(most * f64::from(turn), w);
    }
    let trials = vec![
        trial(
            "three fifths of what is expected",
            step,
            vec![(part.one(), drops)],
            vec![
                (at, None),
                (at + soon + d, None),
                (at + late + d, fires(&part, by, low)),
            ],
        ),
        trial(
            "just what is expected",
            step,
            vec![(part.one(), sawtooth)],
            vec![(2 * w + d, None), (5 * w, None)],
        ),
        trial(
            "nothing at all, which is another alert",
            step,
            vec![(part.one(), Wave::default().hold(9.0, 4 * w))],
            vec![(4 * w - 1, None)],
        ),
        trial(
            "the counter starts again",
            step,
            vec![(
                part.one(),
                usual(2 * w).ramp(0.0, 2.0 * most / w as f64, 2 * w),
            )],
            vec![(2 * w + d, None), (3 * w + d, None)],
        ),
        no_data(2 * w),
    ];
    Condition { expr, hold, trials }
}

/// None within a window.
pub(crate) fn none_within(part: Part<'_>, by: &[&'static str], window: u64) -> Condition {
    let expr = format!("{} == 0", sum(by, &increase(&part.selector(), window)));
    let (step, w, d) = steps(window);
    let at = 2 * w;
    let stops = Wave::default()
        .ramp(0.0, 1.0, at + 1)
        .hold(at as f64, 3 * w + 2 * d);
    let fire = || fires(&part, by, 0.0);
    let trials = vec![
        trial(
            "it stops",
            step,
            vec![(part.one(), stops)],
            vec![
                (at, None),
                (at + w - 2 + d, None),
                (at + w + d, fire()),
                (at + 3 * w + d, fire()),
            ],
        ),
        trial(
            "one in each window",
            step,
            vec![(
                part.one(),
                (0..6).fold(Wave::default(), |wave, turn| {
                    wave.hold(f64::from(turn), w - 1)
                }),
            )],
            vec![(2 * w + d, None), (5 * w, None)],
        ),
        trial(
            "the counter starts again, and counts",
            step,
            vec![(
                part.one(),
                Wave::default().hold(50.0, w).ramp(1.0, 1.0, 3 * w),
            )],
            vec![(w + d, None), (3 * w, None)],
        ),
        trial(
            "it comes back",
            step,
            vec![(
                part.one(),
                Wave::default().hold(5.0, 3 * w).ramp(6.0, 1.0, 2 * w),
            )],
            vec![(3 * w - 1, fire()), (3 * w + 1, None)],
        ),
        no_data(2 * w),
    ];
    Condition {
        expr,
        hold: d * step,
        trials,
    }
}

/// More than so many times what there was a week ago within a window, where there is traffic now and was some then.
pub(crate) fn surge(
    part: Part<'_>,
    by: &[&'static str],
    times: u64,
    many: u64,
    window: u64,
    hold: u64,
) -> Condition {
    let now = sum(by, &increase(&part.selector(), window));
    let (of, ago) = (duration(window), duration(WEEK));
    let then = format!("increase({}[{of}] offset {ago})", part.selector());
    let then = sum(by, &then);
    let expr = format!("{now}\n  > {times} * ({then} > 0)\nand\n  {now} >= {many}");
    // A week is long: values come seldom, and rules are evaluated no more often.
    let step = 30 * MINUTE;
    let (w, d, week) = (window / step, hold / step, WEEK / step);
    let long = 2 * (w + d);
    // Phases, of so many then and so many now in each window; in the days between there are more than then.
    let course = |name, phases: &[(f64, f64)], checks| {
        let (mut wave, mut value) = (Wave::default().hold(0.0, 1), 0.0);
        let mut go = |count: f64, steps: u64| {
            let each = count / w as f64;
            wave = std::mem::take(&mut wave).ramp(value + each, each, steps);
            value += each * steps as f64;
        };
        for (then, _) in phases {
            go(*then, long);
        }
        go(2.0 * phases[0].0, week - long * phases.len() as u64);
        for (_, now) in phases {
            go(*now, long);
        }
        trial(name, step, vec![(part.one(), wave)], checks)
    };
    let begins = |phase: u64| week + phase * long;
    let ends = |phase: u64| begins(phase + 1) - 1;
    let fire = |count: f64| fires(&part, by, count);
    let (times, many) = (times as f64, many as f64);
    let (usual, little) = (64.0 * many, many / 16.0);
    let much = 1.5 * times * usual;
    let trials = vec![
        course(
            "nearly as much as the threshold, more, and as usual",
            &[
                (usual, usual),
                (usual, 0.95 * times * usual),
                (usual, much),
                (usual, usual),
            ],
            vec![
                (ends(0), None),
                (ends(1), None),
                (begins(2) + d, None),
                (begins(2) + w + d, fire(much)),
                (ends(2), fire(much)),
                (begins(3) + w, None),
                (ends(3), None),
            ],
        ),
        course(
            "it begins, and it is many times as much of nearly nothing",
            &[
                (0.0, 0.0),
                (0.0, usual),
                (0.0, 0.0),
                (little, 12.0 * little),
                (little, 24.0 * little),
            ],
            vec![
                (ends(1), None),
                (ends(3), None),
                (ends(4), fire(24.0 * little)),
            ],
        ),
        trial(
            IDLE,
            MINUTE,
            vec![(part.one(), Wave::default().hold(7.0, NIGHT))],
            vec![(NIGHT - 1, None)],
        ),
        trial(
            "the counter starts again",
            MINUTE,
            vec![(part.one(), Wave::default().hold(1e6, 60).hold(0.0, 60))],
            vec![(119, None)],
        ),
        no_data(120),
    ];
    Condition { expr, hold, trials }
}

/// A window in steps: their length in seconds, how many, and how many the condition must hold, which is half of them, and four at least.
pub(super) fn steps(window: u64) -> (u64, u64, u64) {
    let long = window >= 6 * 3_600 && window.is_multiple_of(5 * MINUTE);
    let step = if long { 5 * MINUTE } else { MINUTE };
    let count = window / step;
    (step, count, (count / 2).max(4))
}

/// Nobody tells of it any more.
pub(crate) fn absent(part: Part<'_>, hold: u64) -> Condition {
    let d = hold / MINUTE;
    let at = 10;
    let ends = Wave::default().hold(3.0, at).gone();
    let labels: Vec<&'static str> = part
        .family
        .labels
        .iter()
        .copied()
        .filter(|label| part.matching.iter().any(|(name, _)| name == label))
        .collect();
    let fire = || fires(&part, &labels, 1.0);
    Condition {
        expr: format!("absent({})", part.selector()),
        hold,
        trials: vec![
            trial(
                "it is told of, and then no more",
                MINUTE,
                vec![(part.one(), ends)],
                vec![(at - 1, None), (at + d - 1, None), (at + d, fire())],
            ),
            trial(
                NO_DATA,
                MINUTE,
                vec![(series(&UP, "", &ORIGIN), Wave::default().hold(1.0, d + 1))],
                vec![(d - 1, None), (d, fire())],
            ),
            trial(
                IDLE,
                MINUTE,
                vec![(part.one(), Wave::default().hold(3.0, NIGHT))],
                vec![(d, None), (NIGHT - 1, None)],
            ),
            trial(
                "the counter starts again",
                MINUTE,
                vec![(part.one(), Wave::default().hold(3.0, at).hold(0.0, 2 * d))],
                vec![(at + d, None)],
            ),
        ],
    }
}
