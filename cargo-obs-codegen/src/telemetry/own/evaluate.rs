//! As much PromQL as trials need: an expression over a few series whose values are known at each step.
//!
//! What this does not know, it says so, and nothing is derived from it. Prometheus leaves out the oldest sample of a range from version 3
//! on, so both ways are worked out, and only what both agree on is put into a test.

mod functions;

use promql_parser::label::Matchers;
use promql_parser::parser::{
    AggregateExpr, BinaryExpr, Call, Expr, LabelModifier, VectorMatchCardinality, VectorSelector,
};
use std::collections::BTreeMap;

/// Labels with their values.
pub(super) type Labels = BTreeMap<String, String>;

/// A series with a value for each step; nothing where it is not there.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) labels: Labels,
    pub(super) values: Vec<Option<f64>>,
}

impl Series {
    /// Whether a selector means it.
    pub(super) fn is_meant(&self, name: &str, matchers: &Matchers) -> bool {
        self.name == name && all_match(matchers, &self.labels)
    }
}

/// Whether labels fit all matchers.
pub(super) fn all_match(matchers: &Matchers, labels: &Labels) -> bool {
    matchers
        .matchers
        .iter()
        .all(|matcher| matcher.is_match(labels.get(&matcher.name).map_or("", String::as_str)))
}

/// Which samples a range has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Edges {
    /// That at its beginning too, as Prometheus 2 has it.
    Closed,
    /// Those after its beginning, as Prometheus 3 has it.
    LeftOpen,
}

/// Series, and how they are looked at.
#[derive(Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) series: &'a [Series],
    /// Seconds between values.
    pub(super) step: u64,
    pub(super) edges: Edges,
    /// How many times as long as written windows are.
    pub(super) stretch: f64,
}

/// A series at a moment.
pub(super) type Sample = (Labels, f64);

/// What an expression gives.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Scalar(f64),
    Vector(Vec<Sample>),
}

impl World<'_> {
    /// The value at a step; nothing when the expression has something that is not known here.
    pub(super) fn at(&self, expr: &Expr, at: usize) -> Option<Value> {
        match expr {
            Expr::Paren(paren) => self.at(&paren.expr, at),
            Expr::NumberLiteral(number) => Some(Value::Scalar(number.val)),
            Expr::Unary(unary) => Some(match self.at(&unary.expr, at)? {
                Value::Scalar(value) => Value::Scalar(-value),
                Value::Vector(samples) => Value::Vector(each(samples, |value| -value)),
            }),
            Expr::VectorSelector(selector) => self.instant(selector, at).map(Value::Vector),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate, at).map(Value::Vector),
            Expr::Binary(binary) => self.binary(binary, at),
            Expr::Call(call) => self.call(call, at),
            Expr::MatrixSelector(_)
            | Expr::Subquery(_)
            | Expr::StringLiteral(_)
            | Expr::Extension(_) => None,
        }
    }

    /// The same where it is a vector.
    pub(super) fn vector(&self, expr: &Expr, at: usize) -> Option<Vec<Sample>> {
        match self.at(expr, at)? {
            Value::Vector(samples) => Some(samples),
            Value::Scalar(_) => None,
        }
    }

    fn meant(&self, selector: &VectorSelector) -> Option<impl Iterator<Item = &Series>> {
        let plain = selector.offset.is_none()
            && selector.at.is_none()
            && selector.matchers.or_matchers.is_empty();
        let name = selector.name.as_ref().filter(|_| plain)?.clone();
        let matchers = selector.matchers.clone();
        let series = self.series.iter();
        Some(series.filter(move |series| series.is_meant(&name, &matchers)))
    }

    fn instant(&self, selector: &VectorSelector, at: usize) -> Option<Vec<Sample>> {
        let found = self.meant(selector)?.filter_map(|series| {
            let value = *series.values.get(at)?;
            Some((series.labels.clone(), value?))
        });
        Some(found.collect())
    }

    fn aggregate(&self, aggregate: &AggregateExpr, at: usize) -> Option<Vec<Sample>> {
        if aggregate.param.is_some() {
            return None;
        }
        let mut groups: BTreeMap<Labels, Vec<f64>> = BTreeMap::new();
        for (mut labels, value) in self.vector(&aggregate.expr, at)? {
            match &aggregate.modifier {
                Some(LabelModifier::Include(by)) => {
                    labels.retain(|name, _| by.labels.contains(name));
                }
                Some(LabelModifier::Exclude(without)) => {
                    labels.retain(|name, _| !without.labels.contains(name));
                }
                None => labels.clear(),
            }
            groups.entry(labels).or_default().push(value);
        }
        let op = aggregate.op.to_string();
        let one = |values: &[f64]| {
            let sum: f64 = values.iter().sum();
            let best = |better: fn(f64, f64) -> f64| values.iter().copied().reduce(better);
            match op.as_str() {
                "sum" => Some(sum),
                "avg" => Some(sum / values.len() as f64),
                "min" => best(f64::min),
                "max" => best(f64::max),
                "count" => Some(values.len() as f64),
                _ => None,
            }
        };
        groups
            .into_iter()
            .map(|(labels, values)| Some((labels, one(&values)?)))
            .collect()
    }

    fn binary(&self, binary: &BinaryExpr, at: usize) -> Option<Value> {
        let op = binary.op.to_string();
        let (left, right) = (self.at(&binary.lhs, at)?, self.at(&binary.rhs, at)?);
        let truth = binary
            .modifier
            .as_ref()
            .is_some_and(|modifier| modifier.return_bool);
        // What a comparison keeps is its left side; a number on the left means the right one.
        let one = |left: f64, right: f64, kept: f64| -> Option<Option<f64>> {
            let holds = compare(&op, left, right);
            Some(match holds {
                Some(holds) if truth => Some(f64::from(u8::from(holds))),
                Some(holds) => holds.then_some(kept),
                None => Some(compute(&op, left, right)?),
            })
        };
        let vector = |samples: Vec<Sample>, of: &dyn Fn(f64) -> Option<Option<f64>>| {
            let mut out = Vec::new();
            for (labels, value) in samples {
                out.extend(of(value)?.map(|value| (labels, value)));
            }
            Some(Value::Vector(out))
        };
        match (left, right) {
            (Value::Scalar(left), Value::Scalar(right)) => {
                one(left, right, left)?.map(Value::Scalar)
            }
            (Value::Vector(samples), Value::Scalar(right)) => {
                vector(samples, &|left| one(left, right, left))
            }
            (Value::Scalar(left), Value::Vector(samples)) => {
                vector(samples, &|right| one(left, right, right))
            }
            (Value::Vector(left), Value::Vector(right)) => {
                matched(binary, &op, left, &right, &one).map(Value::Vector)
            }
        }
    }

    fn call(&self, call: &Call, at: usize) -> Option<Value> {
        let arguments: Vec<&Expr> = call.args.args.iter().map(|argument| &**argument).collect();
        match (call.func.name, arguments.as_slice()) {
            ("time", []) => Some(Value::Scalar((at as u64 * self.step) as f64)),
            ("vector", [of]) => match self.at(of, at)? {
                Value::Scalar(value) => Some(Value::Vector(vec![(Labels::new(), value)])),
                Value::Vector(_) => None,
            },
            ("abs", [of]) => Some(Value::Vector(each(self.vector(of, at)?, f64::abs))),
            ("absent", [of]) => self.absent(of, at).map(Value::Vector),
            ("histogram_quantile", [share, of]) => {
                let Value::Scalar(share) = self.at(share, at)? else {
                    return None;
                };
                let buckets = self.vector(of, at)?;
                Some(Value::Vector(functions::quantile(share, buckets)?))
            }
            (name, [of]) => {
                let Expr::MatrixSelector(matrix) = of else {
                    return None;
                };
                let window = matrix.range.as_secs_f64() * self.stretch;
                let mut out = Vec::new();
                for series in self.meant(&matrix.vs)? {
                    let samples = self.range(series, at, window);
                    let end = at as f64 * self.step as f64;
                    let value = functions::over(name, &samples, end, window, self.edges)?;
                    out.extend(value.map(|value| (series.labels.clone(), value)));
                }
                Some(Value::Vector(out))
            }
            _ => None,
        }
    }

    fn absent(&self, of: &Expr, at: usize) -> Option<Vec<Sample>> {
        if !self.vector(of, at)?.is_empty() {
            return Some(Vec::new());
        }
        let mut labels = Labels::new();
        if let Expr::VectorSelector(selector) = of {
            for matcher in &selector.matchers.matchers {
                if matcher.op == promql_parser::label::MatchOp::Equal {
                    labels.insert(matcher.name.clone(), matcher.value.clone());
                }
            }
        }
        Some(vec![(labels, 1.0)])
    }

    /// The samples of a window that ends at a step, with their times.
    fn range(&self, series: &Series, at: usize, window: f64) -> Vec<(f64, f64)> {
        let time = |at: usize| at as f64 * self.step as f64;
        let from = time(at) - window;
        let is_inside = |time: f64| match self.edges {
            Edges::Closed => time >= from,
            Edges::LeftOpen => time > from,
        };
        let first = at.saturating_sub((window / self.step as f64).ceil() as usize);
        let values = (first..=at).filter(|at| is_inside(time(*at)));
        values
            .filter_map(|at| Some((time(at), (*series.values.get(at)?)?)))
            .collect()
    }
}

fn each(samples: Vec<Sample>, of: impl Fn(f64) -> f64) -> Vec<Sample> {
    let samples = samples.into_iter();
    samples.map(|(labels, value)| (labels, of(value))).collect()
}

/// Whether a comparison holds; nothing when it is none.
pub(super) fn compare(op: &str, left: f64, right: f64) -> Option<bool> {
    #[expect(clippy::float_cmp, reason = "it is what was asked")]
    Some(match op {
        ">" => left > right,
        ">=" => left >= right,
        "<" => left < right,
        "<=" => left <= right,
        "==" => left == right,
        "!=" => left != right,
        _ => return None,
    })
}

fn compute(op: &str, left: f64, right: f64) -> Option<f64> {
    Some(match op {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" => left / right,
        _ => return None,
    })
}

/// Two vectors, sample by sample.
fn matched(
    binary: &BinaryExpr,
    op: &str,
    left: Vec<Sample>,
    right: &[Sample],
    one: &dyn Fn(f64, f64, f64) -> Option<Option<f64>>,
) -> Option<Vec<Sample>> {
    let modifier = binary.modifier.as_ref();
    let matching = modifier.and_then(|modifier| modifier.matching.as_ref());
    let key = |labels: &Labels| -> Labels {
        let mut key = labels.clone();
        match matching {
            Some(LabelModifier::Include(on)) => key.retain(|name, _| on.labels.contains(name)),
            Some(LabelModifier::Exclude(not)) => key.retain(|name, _| !not.labels.contains(name)),
            None => {}
        }
        key
    };
    let partner = |labels: &Labels| {
        let wanted = key(labels);
        right.iter().find(|(other, _)| key(other) == wanted)
    };
    let is_alone = |(labels, _): &Sample| partner(labels).is_none();
    Some(match op {
        "and" => left.into_iter().filter(|one| !is_alone(one)).collect(),
        "unless" => left.into_iter().filter(is_alone).collect(),
        "or" => {
            let known: Vec<Labels> = left.iter().map(|(labels, _)| key(labels)).collect();
            let more = right
                .iter()
                .filter(|(labels, _)| !known.contains(&key(labels)));
            left.into_iter().chain(more.cloned()).collect()
        }
        _ => {
            let many = modifier
                .is_some_and(|modifier| !matches!(modifier.card, VectorMatchCardinality::OneToOne));
            if many {
                return None;
            }
            let mut out = Vec::new();
            for (labels, value) in left {
                let Some((_, other)) = partner(&labels) else {
                    continue;
                };
                if let Some(value) = one(value, *other, value)? {
                    out.push((key(&labels), value));
                }
            }
            out
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use promql_parser::parser;

    /// A counter that grows by one a minute from the tenth minute on, one that grew once, and a gauge.
    fn series() -> Vec<Series> {
        let minutes = 0..40_u32;
        let named = |name: &str, word: &str, of: &dyn Fn(u32) -> f64| Series {
            name: name.to_owned(),
            labels: [("kind".to_owned(), word.to_owned())].into(),
            values: minutes.clone().map(|at| Some(of(at))).collect(),
        };
        vec![
            named("grows_total", "a", &|at| f64::from(at.saturating_sub(9))),
            named("grows_total", "b", &|at| if at < 20 { 0.0 } else { 4.0 }),
            named("level", "a", &|at| f64::from(at % 7)),
        ]
    }

    /// What promtool of Prometheus 2.42 says of the same series.
    #[test]
    fn values_are_those_of_prometheus() {
        let series = series();
        for (query, at, expected) in [
            ("sum(increase(grows_total[10m]))", 25, Some(14.0)),
            ("sum(increase(grows_total{kind=\"b\"}[10m]))", 29, Some(4.0)),
            ("sum(increase(grows_total{kind=\"b\"}[10m]))", 30, Some(0.0)),
            (
                "sum(rate(grows_total{kind=~\"a|c\"}[5m]))",
                12,
                Some(3.0 / 300.0),
            ),
            ("max by (kind) (level) * 2 > 11", 13, Some(12.0)),
            ("max by (kind) (level) * 2 > 12", 13, None),
            ("avg_over_time(level[6m])", 13, Some(3.0)),
            ("max_over_time(level[3m]) - min(level)", 13, None),
            ("max(max_over_time(level[3m])) - min(level)", 14, Some(6.0)),
            ("level{kind=\"b\"}", 14, None),
            ("absent(level{kind=\"b\"})", 14, Some(1.0)),
            ("level and on (kind) grows_total > 3", 13, Some(6.0)),
            ("level unless on (kind) grows_total > 3", 13, None),
        ] {
            let expr = parser::parse(query).unwrap();
            let world = World {
                series: &series,
                step: 60,
                edges: Edges::Closed,
                stretch: 1.0,
            };
            let value = world.vector(&expr, at).unwrap();
            let value = value.first().map(|(_, value)| *value);
            let fits = match (value, expected) {
                (Some(value), Some(expected)) => (value - expected).abs() < 1e-9,
                (value, expected) => value.is_none() && expected.is_none(),
            };
            assert!(fits, "{query} at {at}: {value:?}");
        }
    }
}
