//! Gauges, and processes that are up or not.

use super::super::promql::{duration, series, sum};
use super::super::trial::{IDLE, Wave};
use super::{Condition, MINUTE, NIGHT, Part, fires, no_data, trial};
use obs_schema::names::family::UP;

/// A gauge over a threshold.
pub(crate) fn gauge_over(part: Part<'_>, by: &[&'static str], over: f64, hold: u64) -> Condition {
    let d = hold / MINUTE;
    let at = 10;
    let much = over * 1.25;
    let rises = |to: f64| Wave::default().hold(0.0, at).hold(to, 2 * d).hold(0.0, 5);
    let fire = || fires(&part, by, much);
    Condition {
        expr: format!("max by ({}) ({}) > {over}", by.join(", "), part.selector()),
        hold,
        trials: vec![
            trial(
                "above the threshold, until it is over",
                MINUTE,
                vec![(part.one(), rises(much))],
                vec![
                    (at - 1, None),
                    (at + d - 1, None),
                    (at + d, fire()),
                    (at + 2 * d - 1, fire()),
                    (at + 2 * d, None),
                ],
            ),
            trial(
                "at the threshold",
                MINUTE,
                vec![(part.one(), rises(over))],
                vec![(at + d, None), (at + 2 * d - 1, None)],
            ),
            trial(
                IDLE,
                MINUTE,
                vec![(part.one(), Wave::default().hold(0.0, NIGHT))],
                vec![(d, None), (NIGHT - 1, None)],
            ),
            no_data(at + d),
        ],
    }
}

/// A gauge that is over a threshold and grows all through a window.
pub(crate) fn growing(
    part: Part<'_>,
    by: &[&'static str],
    over: u64,
    window: u64,
    hold: u64,
) -> Condition {
    let (w, d) = (window / MINUTE, hold / MINUTE);
    let selector = part.selector();
    let expr = format!(
        "{} > {over}\nand\n  {} > 0",
        sum(by, &selector),
        sum(by, &format!("deriv({selector}[{}])", duration(window)))
    );
    let most = over as f64;
    let at = w + 2;
    // It is flat at the threshold, and then one more at each step.
    let grows = Wave::default()
        .hold(most, at)
        .ramp(most + 1.0, 1.0, d + w)
        .hold(most + (d + w) as f64, 3 * w);
    let last = at + d + w - 1;
    let value = |step: u64| fires(&part, by, most + (step - at + 1) as f64);
    Condition {
        expr,
        hold,
        trials: vec![
            trial(
                "it grows, until it does not",
                MINUTE,
                vec![(part.one(), grows)],
                vec![
                    (at - 1, None),
                    (at + d - 1, None),
                    (at + d, value(at + d)),
                    (last, value(last)),
                    (last + w - 3, value(last)),
                    (last + w + 1, None),
                ],
            ),
            trial(
                "it grows up to the threshold",
                MINUTE,
                vec![(
                    part.one(),
                    Wave::default().ramp(most - (d + w) as f64, 1.0, d + w + 1),
                )],
                vec![(d + w, None)],
            ),
            trial(
                "it shrinks",
                MINUTE,
                vec![(
                    part.one(),
                    Wave::default().ramp(3.0 * most, -1.0, d + 3 * w),
                )],
                vec![(d + w, None), (d + 2 * w, None)],
            ),
            trial(
                "it is high and stays",
                MINUTE,
                vec![(part.one(), Wave::default().hold(3.0 * most, NIGHT))],
                vec![(w + d, None), (NIGHT - 1, None)],
            ),
            trial(
                "it is empty all night",
                MINUTE,
                vec![(part.one(), Wave::default().hold(0.0, NIGHT))],
                vec![(NIGHT - 1, None)],
            ),
            no_data(at + d),
        ],
    }
}

/// No process of a job can be reached.
pub(crate) fn down(by: &[&'static str], hold: u64) -> Condition {
    let part = Part {
        family: &UP,
        matching: &[],
        sample: &[],
    };
    let other = series(&UP, "", &[("job", "shop"), ("instance", "shop-2:9464")]);
    let d = hold / MINUTE;
    let at = 10;
    let falls = |to: f64| Wave::default().hold(1.0, at).hold(to, 2 * d).hold(1.0, 2);
    let fire = || fires(&part, by, 0.0);
    Condition {
        expr: format!("{} == 0", sum(by, &part.selector())),
        hold,
        trials: vec![
            trial(
                "all processes are away, until one is back",
                MINUTE,
                vec![(part.one(), falls(0.0)), (other.clone(), falls(0.0))],
                vec![
                    (at - 1, None),
                    (at + d - 1, None),
                    (at + d, fire()),
                    (at + 2 * d, None),
                ],
            ),
            trial(
                "one of two is away",
                MINUTE,
                vec![(part.one(), falls(0.0)), (other, falls(1.0))],
                vec![(at + d, None)],
            ),
            trial(
                IDLE,
                MINUTE,
                vec![(part.one(), Wave::default().hold(1.0, NIGHT))],
                vec![(NIGHT - 1, None)],
            ),
        ],
    }
}
