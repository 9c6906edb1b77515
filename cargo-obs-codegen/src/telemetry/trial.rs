//! Unit tests of rules as data: what the series do, and what must be firing when.

use super::promql::duration;
use super::rule::Word;
use serde::Serialize;
use std::collections::BTreeMap;

/// The values of a series, one a step, in promtool's notation.
#[derive(Clone, Default, Debug)]
pub(crate) struct Wave {
    text: String,
}

impl Wave {
    fn part(mut self, text: &str) -> Wave {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(text);
        self
    }

    /// A value for so many steps.
    pub(crate) fn hold(self, value: f64, steps: u64) -> Wave {
        self.ramp(value, 0.0, steps)
    }

    /// A value, then so much more at each step; so many values in all.
    pub(crate) fn ramp(self, from: f64, by: f64, steps: u64) -> Wave {
        match steps {
            0 => self,
            1 => self.part(&from.to_string()),
            _ => {
                let sign = if by < 0.0 { '-' } else { '+' };
                self.part(&format!("{from}{sign}{}x{}", by.abs(), steps - 1))
            }
        }
    }

    /// A series that is not there for so many steps.
    pub(crate) fn none(steps: u64) -> Wave {
        Wave::default().part(&format!("_x{steps}"))
    }

    /// From zero on so much more at each step.
    pub(crate) fn ramp_on(self, by: f64, steps: u64) -> Wave {
        self.ramp(0.0, by, steps + 1)
    }

    /// One after the other.
    pub(crate) fn then(self, other: &Wave) -> Wave {
        self.part(&other.text)
    }

    /// Values as somebody wrote them.
    pub(crate) fn written(text: &str) -> Wave {
        Wave::default().part(text)
    }

    /// The series ends.
    pub(crate) fn gone(self) -> Wave {
        self.part("stale")
    }
}

/// An alert that fires: the labels of its expression, and its value.
#[derive(Clone, Debug)]
pub(crate) struct Fires {
    /// Labels of the expression.
    pub(crate) labels: Vec<(Word, String)>,
    /// Its value.
    pub(crate) value: f64,
}

/// Nothing happens.
pub(crate) const IDLE: &str = "an idle night";

/// There is nothing to look at.
pub(crate) const NO_DATA: &str = "no data";

/// Courses that all alerts of a file go through together.
const SHARED: [&str; 2] = [IDLE, NO_DATA];

/// What is to be found in series that rules record.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// At which step.
    pub(crate) at: u64,
    /// A query.
    pub(crate) expr: String,
    /// How many series it gives.
    pub(crate) count: usize,
}

impl Look {
    /// A series is worth about so much.
    pub(crate) fn about(at: u64, series: &str, value: f64) -> Look {
        // Ranges have a sample more or less, which depends on who evaluates; twice or half of it is far away.
        let (low, high) = if value < 0.0 { (1.3, 0.8) } else { (0.8, 1.3) };
        let (low, high) = (low * value, high * value);
        Look {
            at,
            expr: format!("count({series} > {low} < {high})"),
            count: 1,
        }
    }

    /// A series is there, and exactly zero.
    pub(crate) fn zero(at: u64, series: &str) -> Look {
        Look {
            at,
            expr: format!("count({series} == 0)"),
            count: 1,
        }
    }

    /// A series is not there.
    pub(crate) fn nothing(at: u64, series: &str) -> Look {
        Look {
            at,
            expr: format!("count({series})"),
            count: 0,
        }
    }
}

/// A course of events, and when the alert fires in it.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    /// What happens.
    pub(crate) name: Word,
    /// Seconds between values.
    pub(crate) step: u64,
    /// The series.
    pub(crate) inputs: Vec<(String, Wave)>,
    /// At which step it does or does not fire.
    pub(crate) checks: Vec<(u64, Option<Fires>)>,
    /// What rules have recorded by then.
    pub(crate) looks: Vec<Look>,
}

/// What promtool is to find.
#[derive(Serialize, Clone, Debug)]
pub(crate) struct Expected {
    /// All labels of the alert.
    pub(crate) labels: BTreeMap<Word, String>,
    /// All its annotations.
    pub(crate) annotations: BTreeMap<&'static str, String>,
}

/// A test of promtool's.
#[derive(Serialize, Clone, Debug)]
pub(crate) struct TestGroup {
    name: String,
    interval: String,
    inputs: Vec<Input>,
    alerts: Vec<AlertCheck>,
    exprs: Vec<ExprCheck>,
}

#[derive(Serialize, Clone, Debug)]
struct Input {
    series: String,
    values: String,
}

#[derive(Serialize, Clone, Debug)]
struct AlertCheck {
    at: String,
    alert: Word,
    expected: Vec<Expected>,
}

#[derive(Serialize, Clone, PartialEq, Debug)]
struct ExprCheck {
    at: String,
    expr: String,
    found: usize,
}

impl Trial {
    /// The same, where rules record besides.
    pub(crate) fn looking(mut self, looks: impl IntoIterator<Item = Look>) -> Trial {
        self.looks.extend(looks);
        self
    }

    /// As promtool reads it, without any alert.
    pub(crate) fn recorded(&self) -> TestGroup {
        self.group(&"".into(), "", |_| Expected {
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
        })
    }

    /// As promtool reads it.
    pub(crate) fn group(
        &self,
        alert: &Word,
        about: &str,
        expected: impl Fn(&Fires) -> Expected,
    ) -> TestGroup {
        let check = |(step, fires): &(u64, Option<Fires>)| AlertCheck {
            at: duration(step * self.step),
            alert: alert.clone(),
            expected: fires.iter().map(&expected).collect(),
        };
        let look = |look: &Look| ExprCheck {
            at: duration(look.at * self.step),
            expr: look.expr.clone(),
            found: look.count,
        };
        TestGroup {
            exprs: self.looks.iter().map(look).collect(),
            name: if SHARED.contains(&&*self.name) || alert.is_empty() {
                self.name.clone().into_owned()
            } else {
                format!("{alert}{about}: {}", self.name)
            },
            interval: duration(self.step),
            inputs: inputs(&self.inputs),
            alerts: self.checks.iter().map(check).collect(),
        }
    }
}

fn inputs(all: &[(String, Wave)]) -> Vec<Input> {
    let input = |(series, wave): &(String, Wave)| Input {
        series: series.clone(),
        values: wave.text.clone(),
    };
    all.iter().map(input).collect()
}

impl TestGroup {
    /// Tests of the same course become one.
    pub(crate) fn merge(all: impl IntoIterator<Item = TestGroup>) -> Vec<TestGroup> {
        let mut merged: Vec<TestGroup> = Vec::new();
        for test in all {
            match merged.iter_mut().find(|known| known.name == test.name) {
                Some(known) => {
                    let known_series: Vec<&str> = known
                        .inputs
                        .iter()
                        .map(|input| input.series.as_str())
                        .collect();
                    let fresh = |input: &Input| !known_series.contains(&input.series.as_str());
                    let fresh: Vec<Input> = test.inputs.into_iter().filter(fresh).collect();
                    known.inputs.extend(fresh);
                    known.alerts.extend(test.alerts);
                    for look in test.exprs {
                        if !known.exprs.contains(&look) {
                            known.exprs.push(look);
                        }
                    }
                }
                None => merged.push(test),
            }
        }
        merged
    }
}
