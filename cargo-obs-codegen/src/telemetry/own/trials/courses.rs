//! What happens in trials: the expression goes over its threshold and back, stays just within, stands still, starts again.

use super::super::drive::{Driven, Driver};
use super::super::evaluate::{Edges, Series};
use super::values::plain;
use super::{Comparison, Course, Maker};
use promql_parser::parser::Expr;

/// A part of a course.
#[derive(Clone, Copy)]
enum Phase {
    /// The expression has a value.
    Level(f64),
    /// Nothing grows.
    Idle,
    /// Nothing is there.
    Gone,
}

/// Why there are no series.
const UNKNOWN: &str = "its shape is none that we have series for";

/// Steps of a night.
const NIGHT: usize = 480;

impl Maker<'_> {
    /// Series of phases that follow each other.
    fn course(&self, name: &'static str, phases: &[(Phase, usize)]) -> Result<Course, String> {
        let mut driven: Vec<Driven> = Vec::new();
        let mut levels: Vec<Vec<Driven>> = Vec::new();
        for (phase, _) in phases {
            let mut driver = Driver::new(self.catalogue);
            let level = match phase {
                Phase::Level(level) => *level,
                Phase::Idle | Phase::Gone => 0.0,
            };
            if let Phase::Level(_) = phase {
                driver.to(self.condition.expr, level).ok_or(UNKNOWN)?;
            }
            for one in &driver.driven {
                let is_new = !driven
                    .iter()
                    .any(|known| known.name == one.name && known.labels == one.labels);
                if is_new {
                    driven.push(one.clone());
                }
            }
            levels.push(driver.driven);
        }
        let series = driven.iter().map(|one| {
            let mut values = Vec::new();
            let mut value = 0.0;
            for ((phase, steps), level) in phases.iter().zip(&levels) {
                let own = level
                    .iter()
                    .find(|known| known.name == one.name && known.labels == one.labels);
                let amount = own.map(|own| own.amount);
                for _ in 0..*steps {
                    if let Phase::Gone = phase {
                        values.push(None);
                        continue;
                    }
                    if one.grows {
                        value += plain(amount.unwrap_or(0.0) * self.step as f64);
                    } else if let Some(amount) = amount {
                        value = amount;
                    }
                    values.push(Some(value));
                }
            }
            Series {
                name: one.name.clone(),
                labels: one.labels.clone(),
                values,
            }
        });
        let mut end = 0;
        let ends = phases.iter().map(|(_, steps)| {
            end += steps;
            end - 1
        });
        Ok(Course {
            name,
            series: series.collect(),
            ends: ends.collect(),
        })
    }

    pub(super) fn courses(&self) -> Result<Vec<Course>, String> {
        let (w, d) = (self.window, self.hold);
        let Some((comparison, threshold)) = self.condition.threshold else {
            return self.absence();
        };
        let size = if threshold == 0.0 {
            1.0
        } else {
            threshold.abs()
        };
        let sign = if comparison.is_over() { 1.0 } else { -1.0 };
        // What is beyond the threshold is less than twice as far, and what is within it is nearly there; shares stay shares.
        let share = |level: f64| {
            if threshold < 1.0 && level > 1.0 {
                f64::midpoint(threshold, 1.0)
            } else {
                level
            }
        };
        let beyond = if threshold == 0.0 {
            sign
        } else {
            share(threshold + sign * 0.2 * size)
        };
        let within = share(threshold - sign * 0.02 * size);
        let far = threshold - sign * 3.0 * size * (w.max(1) as f64);
        let mut courses = Vec::new();
        if !self.growing(within.abs().max(1e-3))? {
            let is_usual = threshold > 0.0 || comparison == Comparison::Above && threshold == 0.0;
            let calm = if comparison.is_over() && is_usual {
                0.0
            } else {
                threshold - sign * size
            };
            let course = |name, level| {
                let calm = Phase::Level(calm);
                let lead = w + 10;
                let phases = [
                    (calm, lead),
                    (Phase::Level(level), w + 2 * d + 3),
                    (calm, w + d + 3),
                ];
                self.course(name, &phases)
            };
            courses.push(course("beyond the threshold, until it is over", beyond)?);
            if threshold != 0.0 {
                courses.push(course("just within the threshold", within)?);
            }
            courses.push(course("at the threshold", threshold)?);
            courses.push(self.course("a quiet night", &[(Phase::Level(calm), NIGHT)])?);
            return Ok(courses);
        }
        let level = if comparison.is_over() { beyond } else { far };
        let idle = self.idle(level)?;
        let wakes = self.raw(&idle, Edges::Closed, 1.0)?;
        let wakes = wakes
            .last()
            .is_some_and(|last| self.holds(last.as_ref().map(|(_, value)| *value)));
        let long = w + 2 * d + 3;
        if wakes {
            // It fires when nothing happens: all is well while much does, and then it stops.
            let busy = Phase::Level(far);
            courses.push(self.course(
                "it stops, and comes back",
                &[(busy, 2 * w + 2), (Phase::Idle, long + w), (busy, 2 * w)],
            )?);
            if threshold != 0.0 {
                courses.push(self.course(
                    "just beyond the threshold",
                    &[(Phase::Level(threshold * 0.98), 3 * w + d)],
                )?);
            }
            if threshold != 0.0 {
                courses.push(self.course(
                    "just within the threshold",
                    &[(Phase::Level(within), 3 * w + d)],
                )?);
            }
        } else {
            let course = |name, level| {
                let phases = [
                    (Phase::Idle, w + 2),
                    (Phase::Level(level), long),
                    (Phase::Idle, 2 * w + 2),
                ];
                self.course(name, &phases)
            };
            courses.push(course("beyond the threshold, until it is over", beyond)?);
            if threshold != 0.0 {
                courses.push(course("just within the threshold", within)?);
            }
        }
        courses.push(Course {
            name: "a quiet night",
            ..idle
        });
        courses.push(self.again(if wakes { far } else { within.max(0.0) })?);
        Ok(courses)
    }

    /// Whether what drives the expression grows; it must be one or the other.
    fn growing(&self, level: f64) -> Result<bool, String> {
        let mut driver = Driver::new(self.catalogue);
        driver.to(self.condition.expr, level).ok_or(UNKNOWN)?;
        let grows = driver.driven.iter().filter(|one| one.grows).count();
        if grows != 0 && grows != driver.driven.len() {
            return Err("it mixes counters with gauges".to_owned());
        }
        Ok(grows != 0)
    }

    /// All counters stand still.
    fn idle(&self, level: f64) -> Result<Course, String> {
        let mut course = self.course("", &[(Phase::Level(level), 1), (Phase::Idle, NIGHT - 1)])?;
        for series in &mut course.series {
            series.values.fill(Some(7.0));
        }
        Ok(course)
    }

    /// A process starts again, and its counters with it.
    fn again(&self, level: f64) -> Result<Course, String> {
        let lead = 2 * self.window + 2;
        let phases = [(Phase::Level(level), lead + self.window + 2 * self.hold)];
        let mut course = self.course("the counter starts again", &phases)?;
        for series in &mut course.series {
            let fresh = series.values.clone();
            for (at, value) in series.values.iter_mut().enumerate() {
                // Before, it had counted for long.
                *value = match at.checked_sub(lead) {
                    None => value.map(|value| value + 1_000_000.0),
                    Some(since) => fresh.get(since).copied().flatten(),
                };
            }
        }
        Ok(course)
    }

    /// What fires when something is not there.
    fn absence(&self) -> Result<Vec<Course>, String> {
        let none = || "it is no comparison, and no `absent` of one family".to_owned();
        let Expr::Call(call) = self.condition.expr else {
            return Err(none());
        };
        let (true, Some(of)) = (call.func.name == "absent", call.args.args.first()) else {
            return Err(none());
        };
        let mut driver = Driver::new(self.catalogue);
        driver.to(of, 3.0).ok_or_else(none)?;
        let there = |phases: &[(Phase, usize)]| -> Vec<Series> {
            let value = |phase: &Phase| match phase {
                Phase::Gone | Phase::Idle => None,
                Phase::Level(level) => Some(*level),
            };
            let values = phases.iter();
            let values: Vec<_> = values
                .flat_map(|(phase, steps)| std::iter::repeat_n(value(phase), *steps))
                .collect();
            let series = driver.driven.iter().map(|one| Series {
                name: one.name.clone(),
                labels: one.labels.clone(),
                values: values.clone(),
            });
            series.collect()
        };
        let there_is = Phase::Level(3.0);
        Ok(vec![
            Course {
                name: "it is there, and then no more",
                series: there(&[(there_is, 10), (Phase::Gone, 2 * self.hold + 3)]),
                ends: Vec::new(),
            },
            Course {
                name: "a quiet night",
                series: there(&[(there_is, NIGHT)]),
                ends: Vec::new(),
            },
        ])
    }
}
