//! Processes: those that say that something is not as it should be, those that are gone, and the one that must never be silent.

use super::super::promql::{duration, series, sum};
use super::super::trial::{Fires, IDLE, NO_DATA, Trial, Wave};
use super::flow::steps;
use super::{Condition, MINUTE, NIGHT, ORIGIN, Part, fires, no_data, trial};
use obs_schema::names::family::{Family, UP};
use obs_schema::names::label;

/// A gauge of processes is at zero: none of those told apart says that all is well.
pub(crate) fn down(family: &Family, by: &[&'static str], hold: u64) -> Condition {
    let part = Part {
        family,
        matching: &[],
        sample: &[],
    };
    let d = hold / MINUTE;
    let at = 10;
    let falls = |to: f64| Wave::default().hold(1.0, at).hold(to, 2 * d).hold(1.0, 2);
    let fire = || fires(&part, by, 0.0);
    let mut trials = vec![
        trial(
            "nobody is well, until somebody is",
            MINUTE,
            vec![(part.one(), falls(0.0))],
            vec![
                (at - 1, None),
                (at + d - 1, None),
                (at + d, fire()),
                (at + 2 * d, None),
            ],
        ),
        trial(
            IDLE,
            MINUTE,
            vec![(part.one(), Wave::default().hold(1.0, NIGHT))],
            vec![(NIGHT - 1, None)],
        ),
        no_data(at + d),
    ];
    if !by.contains(&label::INSTANCE) {
        let other = series(family, "", &[ORIGIN[0], (label::INSTANCE, "shop-2:9464")]);
        trials.push(trial(
            "one of two is away",
            MINUTE,
            vec![(part.one(), falls(0.0)), (other, falls(1.0))],
            vec![(at + d, None)],
        ));
    }
    Condition {
        expr: format!("{} == 0", sum(by, &part.selector())),
        hold,
        trials,
    }
}

/// Processes that were known within a window, and of which none is.
pub(crate) fn vanished(by: &[&'static str], window: u64, hold: u64) -> Condition {
    let part = Part {
        family: &UP,
        matching: &[],
        sample: &[],
    };
    let up = part.selector();
    let known = format!("count_over_time({up}[{}])", duration(window));
    let (step, w, _) = steps(window);
    let (at, d) = (20, hold / step);
    let there = |steps| Wave::default().hold(1.0, steps);
    let fire = |steps: u64| fires(&part, by, steps as f64);
    let other = series(&UP, "", &[ORIGIN[0], (label::INSTANCE, "shop-2:9464")]);
    Condition {
        expr: format!("{}\nunless\n{}", sum(by, &known), sum(by, &up)),
        hold,
        trials: vec![
            trial(
                "it is gone, until the window has passed",
                step,
                vec![(part.one(), there(at).gone())],
                vec![
                    (at - 1, None),
                    (at + d - 1, None),
                    (at + d, fire(at)),
                    (w - 2, fire(at)),
                    (at + w, None),
                ],
            ),
            trial(
                "another process takes its place",
                step,
                vec![(part.one(), there(at).gone()), (other, there(at + 4 * d))],
                vec![(at + d, None), (at + 3 * d, None)],
            ),
            trial(
                "it cannot be reached, which is another alert",
                step,
                vec![(part.one(), there(at).hold(0.0, 4 * d))],
                vec![(at + d, None), (at + 3 * d, None)],
            ),
            trial(
                "it was never there",
                step,
                vec![(
                    series(
                        &Family {
                            name: "something",
                            ..UP
                        },
                        "",
                        &[],
                    ),
                    there(4 * d),
                )],
                vec![(2 * d, None)],
            ),
        ],
    }
}

/// It fires whatever happens, so that its silence tells that nothing would.
pub(crate) fn always() -> Condition {
    let fires = || {
        Some(Fires {
            labels: Vec::new(),
            value: 1.0,
        })
    };
    let known = vec![(series(&UP, "", &ORIGIN), Wave::default().hold(1.0, NIGHT))];
    let trials: Vec<Trial> = vec![
        trial(
            "all is well",
            MINUTE,
            known,
            vec![(0, fires()), (NIGHT - 1, fires())],
        ),
        trial(
            NO_DATA,
            MINUTE,
            Vec::new(),
            vec![(0, fires()), (9, fires())],
        ),
    ];
    Condition {
        expr: "vector(1)".to_owned(),
        hold: 0,
        trials,
    }
}
