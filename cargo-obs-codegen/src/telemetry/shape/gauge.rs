//! Gauges.

use super::super::promql::{duration, sum};
use super::super::trial::{IDLE, Wave};
use super::{Condition, MINUTE, NIGHT, Part, fires, no_data, trial};

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

/// More than so many per cent of the room there is are taken.
pub(crate) fn nearly_full(
    taken: Part<'_>,
    room: Part<'_>,
    by: &[&'static str],
    percent: u64,
    hold: u64,
) -> Condition {
    let d = hold / MINUTE;
    let at = 10;
    let over = percent as f64 / 100.0;
    let much = over * 1.1;
    // A power of two, so that shares are what they are.
    let all = 4_096.0;
    let course = |name, room_there: f64, share: f64, checks| {
        let rises = Wave::default().hold(0.0, at).hold(share * all, 2 * d);
        let inputs = vec![
            (taken.one(), rises.hold(0.0, 5)),
            (room.one(), Wave::default().hold(room_there, at + 2 * d + 5)),
        ];
        trial(name, MINUTE, inputs, checks)
    };
    let fire = || fires(&taken, by, much);
    Condition {
        expr: format!(
            "{}\n/\n(\n  {}\n  > 0\n) > {over}",
            sum(by, &taken.selector()),
            sum(by, &room.selector())
        ),
        hold,
        trials: vec![
            course(
                "above the threshold, until it is over",
                all,
                much,
                vec![
                    (at - 1, None),
                    (at + d - 1, None),
                    (at + d, fire()),
                    (at + 2 * d - 1, fire()),
                    (at + 2 * d, None),
                ],
            ),
            course(
                "below the threshold",
                all,
                over * 0.9,
                vec![(at + d, None), (at + 2 * d - 1, None)],
            ),
            course(
                "there are no bounds",
                0.0,
                much,
                vec![(at + d, None), (at + 2 * d - 1, None)],
            ),
            trial(
                IDLE,
                MINUTE,
                vec![
                    (taken.one(), Wave::default().hold(0.0, NIGHT)),
                    (room.one(), Wave::default().hold(all, NIGHT)),
                ],
                vec![(NIGHT / 2, None), (NIGHT - 1, None)],
            ),
            no_data(at + d),
        ],
    }
}
