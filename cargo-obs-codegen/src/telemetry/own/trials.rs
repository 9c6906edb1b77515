//! Trials of an alert that a document declares: courses of events that bring its expression over its threshold and back, and when it must
//! fire in them. Each changed threshold, comparison, window or `for` must be noticed by one of them, else there are none.

mod courses;
mod mutants;
mod values;

use super::evaluate::{Edges, Labels, Series, World, compare};
use crate::telemetry::alert::Shown;
use crate::telemetry::catalogue::Catalogue;
use crate::telemetry::promql::{selector, series};
use crate::telemetry::trial::{Fires, NO_DATA, Trial, Wave};
use obs_schema::names::family::UP;
use promql_parser::parser::{Expr, VectorSelector};
use std::collections::BTreeSet;
use values::wave;

/// How a value is held against a threshold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Comparison {
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Comparison {
    pub(crate) fn op(self) -> &'static str {
        match self {
            Comparison::Above => ">",
            Comparison::AtLeast => ">=",
            Comparison::Below => "<",
            Comparison::AtMost => "<=",
        }
    }

    fn opposite(self) -> &'static str {
        match self {
            Comparison::Above | Comparison::AtLeast => "<",
            Comparison::Below | Comparison::AtMost => ">",
        }
    }

    fn is_over(self) -> bool {
        matches!(self, Comparison::Above | Comparison::AtLeast)
    }
}

/// What must hold, and for how long.
#[derive(Clone, Copy)]
pub(crate) struct Condition<'a> {
    pub(crate) expr: &'a Expr,
    /// Nothing when the expression says it all.
    pub(crate) threshold: Option<(Comparison, f64)>,
    /// Seconds.
    pub(crate) hold: u64,
    pub(crate) shown: Shown,
}

/// A course, as series.
struct Course {
    name: &'static str,
    series: Vec<Series>,
    /// Where its phases end.
    ends: Vec<usize>,
}

/// What the expression gives at each step.
type Raw = Vec<Option<(Labels, f64)>>;

/// What the alert does at each step: nothing, or it fires.
type Told = Vec<Option<(Labels, String, f64)>>;

/// Steps that trials may have, the longest first, in seconds.
const STEPS: [u64; 4] = [300, 60, 30, 15];

/// Longer steps are for windows of hours.
const LONG: u64 = 6 * 3_600;

/// Trials that hold the condition in place; or why there are none.
pub(crate) fn derive(
    catalogue: &Catalogue,
    condition: &Condition<'_>,
) -> Result<Vec<Trial>, String> {
    let mut windows = BTreeSet::new();
    if !collect(condition.expr, &mut windows) {
        return Err("it has a subquery, an offset, or a function we do not evaluate".to_owned());
    }
    if windows.len() > 1 {
        return Err("its windows differ".to_owned());
    }
    let window = windows.first().copied();
    let hold = condition.hold;
    let fits = |step: &&u64| {
        hold.is_multiple_of(**step)
            && hold / **step >= 2
            && window.is_none_or(|window| window.is_multiple_of(**step) && window / **step >= 4)
            && (**step <= 60 || window.is_some_and(|window| window >= LONG))
    };
    let mut why =
        "its window and `for` are no multiples of 15 seconds, or less than a minute".to_owned();
    // Where long steps tell too little, shorter ones may do.
    for step in STEPS.iter().filter(fits) {
        let maker = Maker {
            catalogue,
            condition,
            step: *step,
            window: window.map_or(0, |window| (window / step) as usize),
            hold: (hold / step) as usize,
        };
        match maker.courses().and_then(|courses| maker.trials(&courses)) {
            Ok(trials) => return Ok(trials),
            Err(reason) => why = reason,
        }
    }
    Err(why)
}

/// Windows of an expression; false when it has what no trial is made for.
fn collect(expr: &Expr, windows: &mut BTreeSet<u64>) -> bool {
    let plain = |of: &VectorSelector| of.offset.is_none() && of.at.is_none() && of.name.is_some();
    match expr {
        Expr::Paren(paren) => collect(&paren.expr, windows),
        Expr::Unary(unary) => collect(&unary.expr, windows),
        Expr::Aggregate(aggregate) => collect(&aggregate.expr, windows),
        Expr::Binary(binary) => collect(&binary.lhs, windows) && collect(&binary.rhs, windows),
        Expr::Call(call) => call.args.args.iter().all(|of| collect(of, windows)),
        Expr::VectorSelector(of) => plain(of),
        Expr::MatrixSelector(of) => {
            windows.insert(of.range.as_secs());
            plain(&of.vs) && of.range.subsec_nanos() == 0
        }
        Expr::NumberLiteral(_) => true,
        Expr::Subquery(_) | Expr::StringLiteral(_) | Expr::Extension(_) => false,
    }
}

struct Maker<'a> {
    catalogue: &'a Catalogue,
    condition: &'a Condition<'a>,
    /// Seconds of a step.
    step: u64,
    /// Steps of the window; none without one.
    window: usize,
    /// Steps of `for`.
    hold: usize,
}

impl Maker<'_> {
    /// What the expression gives at each step.
    fn raw(&self, course: &Course, edges: Edges, stretch: f64) -> Result<Raw, String> {
        let world = World {
            series: &course.series,
            step: self.step,
            edges,
            stretch,
        };
        let steps = course.series.first().map_or(0, |one| one.values.len());
        let one = |at: usize| {
            let mut found = world
                .vector(self.condition.expr, at)
                .ok_or("it has a function or an operator we do not evaluate")?;
            if found.len() > 1 {
                return Err("it gives several series at once".to_owned());
            }
            Ok(found.pop())
        };
        (0..steps).map(one).collect()
    }

    fn holds(&self, value: Option<f64>) -> bool {
        match (self.condition.threshold, value) {
            (Some((comparison, threshold)), Some(value)) => {
                compare(comparison.op(), value, threshold) == Some(true)
            }
            (None, Some(_)) => true,
            (_, None) => false,
        }
    }

    /// When it fires, by a comparison and a `for` in seconds.
    fn told(&self, raw: &Raw, threshold: Option<(&str, f64)>, hold: u64) -> Told {
        let mut since: Option<usize> = None;
        let told = raw.iter().enumerate().map(|(at, sample)| {
            let kept = sample.as_ref().filter(|(_, value)| match threshold {
                Some((op, threshold)) => compare(op, *value, threshold) == Some(true),
                None => true,
            });
            let Some((labels, value)) = kept else {
                since = None;
                return None;
            };
            let from = *since.get_or_insert(at);
            let text = self.condition.shown.show(*value);
            ((at - from) as u64 * self.step >= hold).then(|| (labels.clone(), text, *value))
        });
        told.collect()
    }

    fn trials(&self, courses: &[Course]) -> Result<Vec<Trial>, String> {
        let hold = self.condition.hold;
        let threshold = self.condition.threshold;
        let own = threshold.map(|(comparison, value)| (comparison.op(), value));
        let mut trials = Vec::new();
        let mut alive = self.mutants();
        let mut fired = false;
        for course in courses {
            let raw = self.raw(course, Edges::Closed, 1.0)?;
            let told = self.told(&raw, own, hold);
            let other = if self.window == 0 {
                told.clone()
            } else {
                self.told(&self.raw(course, Edges::LeftOpen, 1.0)?, own, hold)
            };
            let checks = checks(&told, &other, &course.ends);
            fired |= checks.iter().any(|at| told[*at].is_some());
            let mut stretched: Vec<(f64, Raw)> = Vec::new();
            for mutant in &alive {
                let known = stretched
                    .iter()
                    .any(|(by, _)| by.total_cmp(&mutant.stretch).is_eq());
                if !known {
                    let raw = self.raw(course, Edges::Closed, mutant.stretch)?;
                    stretched.push((mutant.stretch, raw));
                }
            }
            alive.retain(|mutant| {
                let raw = stretched
                    .iter()
                    .find(|(by, _)| by.total_cmp(&mutant.stretch).is_eq());
                let Some((_, raw)) = raw else { return true };
                let changed = self.told(raw, mutant.threshold, mutant.hold);
                let same = |at: &usize| {
                    let text = |told: &Told| told[*at].as_ref().map(|(_, text, _)| text.clone());
                    text(&told) == text(&changed)
                };
                checks.iter().all(same)
            });
            trials.push(self.trial(course, &checks, &told));
        }
        if !fired {
            return Err("nothing that we let happen makes it fire".to_owned());
        }
        if let Some(mutant) = alive.first() {
            return Err(format!(
                "none of our trials would notice that {}",
                mutant.what
            ));
        }
        let up = series(&UP, "", &[("job", "shop"), ("instance", "shop-1:9464")]);
        let steps = self.hold as u64;
        let told = trials.first().and_then(|trial| {
            let mut fires = trial.checks.iter().filter_map(|(_, fires)| fires.clone());
            fires.next().filter(|_| threshold.is_none())
        });
        trials.push(Trial {
            name: NO_DATA.into(),
            step: self.step,
            inputs: vec![(up, Wave::default().hold(1.0, steps + 2))],
            checks: vec![(steps + 1, told)],
            looks: Vec::new(),
        });
        Ok(trials)
    }

    fn trial(&self, course: &Course, checks: &[usize], told: &Told) -> Trial {
        let inputs = course.series.iter().map(|series| {
            let labels = series
                .labels
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()));
            (selector(&series.name, labels), wave(&series.values))
        });
        let check = |at: &usize| {
            let fires = told[*at].as_ref().map(|(labels, _, value)| Fires {
                labels: labels
                    .iter()
                    .map(|(name, value)| (name.clone().into(), value.clone()))
                    .collect(),
                value: *value,
            });
            (*at as u64, fires)
        };
        Trial {
            name: course.name.into(),
            step: self.step,
            inputs: inputs.collect(),
            checks: checks.iter().map(check).collect(),
            looks: Vec::new(),
        }
    }
}

/// Steps to look at: the ends of phases, and the first and the last of each stretch of silence or alarm, where both ways to look say
/// the same.
fn checks(told: &Told, other: &Told, ends: &[usize]) -> Vec<usize> {
    let agrees = |at: usize| {
        let text = |told: &Told| told[at].as_ref().map(|(_, text, _)| text.clone());
        text(told) == text(other)
    };
    let ends = ends.iter().copied().filter(|at| agrees(*at));
    let mut out: Vec<usize> = ends.collect();
    let mut from = 0;
    while from < told.len() {
        let fires = told[from].is_some();
        let more = told[from..].iter().position(|now| now.is_some() != fires);
        let end = more.map_or(told.len(), |more| from + more);
        let mut agreed = (from..end).filter(|at| agrees(*at));
        let first = agreed.next();
        out.extend(first.filter(|_| from > 0));
        out.extend(agreed.next_back().or(first));
        from = end;
    }
    out.sort_unstable();
    out.dedup();
    out
}
