//! Series that bring an expression to a value: which counters grow how fast, and which gauges stand where.
//!
//! This goes backwards through the expression. Whether it arrived is seen by evaluating what came of it, so a shape that is not
//! understood gives no wrong test, but none.

use super::evaluate::{Labels, all_match, compare};
use crate::telemetry::catalogue::{Catalogue, Family};
use obs_schema::names::label;
use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{BinaryExpr, Expr, MatrixSelector, VectorSelector};
use std::collections::BTreeMap;

/// How much there is of everything, where only a share of it matters: so many a second, or so much.
const ALL: f64 = 100.0;

/// What words open labels have in trials.
const WORDS: [(&str, &str); 5] = [
    (label::SOURCE, "shop"),
    (label::CONSUMER, "mailer"),
    ("job", "shop"),
    ("instance", "shop-1:9464"),
    (label::BUS, "kafka"),
];

/// A series, and what it does.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Driven {
    pub(super) name: String,
    pub(super) labels: Labels,
    /// It grows so much a second, and does not just stand there.
    pub(super) grows: bool,
    pub(super) amount: f64,
}

/// What has been found so far.
pub(super) struct Driver<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) driven: Vec<Driven>,
    /// Labels that selectors ask for, by family, so that other series can have other values.
    asked: BTreeMap<String, Vec<Matcher>>,
}

impl<'a> Driver<'a> {
    pub(super) fn new(catalogue: &'a Catalogue) -> Driver<'a> {
        Driver {
            catalogue,
            driven: Vec::new(),
            asked: BTreeMap::new(),
        }
    }

    /// Makes an expression have a value; nothing when that is not understood.
    pub(super) fn to(&mut self, expr: &Expr, value: f64) -> Option<()> {
        match expr {
            Expr::Paren(paren) => self.to(&paren.expr, value),
            Expr::Unary(unary) => self.to(&unary.expr, -value),
            Expr::Aggregate(aggregate) => {
                let op = aggregate.op.to_string();
                let keeps = ["sum", "avg", "min", "max"].contains(&op.as_str());
                keeps.then_some(())?;
                self.to(&aggregate.expr, value)
            }
            Expr::VectorSelector(selector) => self.stand(selector, false, value),
            Expr::Binary(binary) => self.binary(binary, value),
            Expr::Call(call) => match (call.func.name, call.args.args.as_slice()) {
                ("rate", [of]) => self.stand(&matrix(of)?.vs, true, value),
                ("increase", [of]) => {
                    let of = matrix(of)?;
                    self.stand(&of.vs, true, value / of.range.as_secs_f64())
                }
                ("avg_over_time" | "max_over_time" | "min_over_time", [of]) => {
                    self.stand(&matrix(of)?.vs, false, value)
                }
                ("histogram_quantile", [share, of]) => {
                    let Expr::NumberLiteral(share) = &**share else {
                        return None;
                    };
                    self.buckets(share.val, of, value)
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn binary(&mut self, binary: &BinaryExpr, value: f64) -> Option<()> {
        let op = binary.op.to_string();
        let (left, right) = (&*binary.lhs, &*binary.rhs);
        match (number(left), number(right)) {
            (None, Some(constant)) => match op.as_str() {
                "*" => self.to(left, value / constant),
                "/" => self.to(left, value * constant),
                "+" => self.to(left, value - constant),
                "-" => self.to(left, value + constant),
                op if compare(op, value, constant)? => self.to(left, value),
                _ => None,
            },
            (Some(constant), None) => match op.as_str() {
                "*" => self.to(right, value / constant),
                "+" => self.to(right, value - constant),
                "-" => self.to(right, constant - value),
                _ => None,
            },
            (None, None) => match op.as_str() {
                "/" => {
                    self.to(left, value * ALL)?;
                    self.to(right, ALL)
                }
                "+" => match (self.known(left), self.known(right)) {
                    (Some(known), _) => self.to(right, value - known),
                    (None, Some(known)) => self.to(left, value - known),
                    (None, None) => {
                        self.to(left, value)?;
                        self.to(right, 0.0)
                    }
                },
                "-" => {
                    self.to(left, value.max(ALL))?;
                    self.to(right, value.max(ALL) - value)
                }
                "or" => self.to(left, value),
                _ => None,
            },
            (Some(_), Some(_)) => None,
        }
    }

    /// What a part gives already; nothing while it is open.
    fn known(&self, expr: &Expr) -> Option<f64> {
        match expr {
            Expr::Paren(paren) => self.known(&paren.expr),
            Expr::Aggregate(aggregate) => self.known(&aggregate.expr),
            Expr::VectorSelector(selector) => self.sum(selector),
            Expr::Call(call) => {
                let of = matrix(call.args.args.first()?)?;
                let sum = self.sum(&of.vs)?;
                match call.func.name {
                    "rate" => Some(sum),
                    "increase" => Some(sum * of.range.as_secs_f64()),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn sum(&self, selector: &VectorSelector) -> Option<f64> {
        let name = selector.name.as_deref()?;
        let mut meant = self
            .driven
            .iter()
            .filter(|driven| driven.name == name && all_match(&selector.matchers, &driven.labels));
        let first = meant.next()?.amount;
        Some(meant.fold(first, |sum, driven| sum + driven.amount))
    }

    /// A series that a selector means gets what is missing.
    fn stand(&mut self, selector: &VectorSelector, grows: bool, amount: f64) -> Option<()> {
        let there = self.sum(selector);
        let missing = amount - there.unwrap_or(0.0);
        if grows && missing < -1e-9 {
            return None;
        }
        if there.is_some() && missing.abs() < 1e-9 {
            return Some(());
        }
        let labels = self.labels(selector)?;
        let name = selector.name.clone()?;
        let known = self
            .driven
            .iter()
            .any(|driven| driven.name == name && driven.labels == labels);
        if known {
            return None;
        }
        self.driven.push(Driven {
            name,
            labels,
            grows,
            amount: missing,
        });
        Some(())
    }

    /// Labels that a selector means, and no selector before it.
    fn labels(&mut self, selector: &VectorSelector) -> Option<Labels> {
        let name = selector.name.clone()?;
        let matchers = &selector.matchers.matchers;
        let family = self.catalogue.find(&name).map(|found| found.family);
        let mut labels = Labels::new();
        let before = self.asked.entry(name).or_default();
        let own = family.and_then(|family| family.labels.as_ref());
        let names = own.into_iter().flatten().map(|(name, _)| name.as_str());
        let origin = ["job", "instance"];
        let names = names.chain(matchers.iter().map(|matcher| matcher.name.as_str()));
        for name in names.chain(origin) {
            if labels.contains_key(name) {
                continue;
            }
            let asked: Vec<&Matcher> = matchers.iter().filter(|one| one.name == name).collect();
            let others: Vec<&Matcher> = before.iter().filter(|one| one.name == name).collect();
            let candidates = candidates(family, name, &asked);
            let fits = |value: &&String| asked.iter().all(|one| one.is_match(value));
            let is_free = |value: &&String| !others.iter().any(|one| one.is_match(value));
            let free = candidates.iter().filter(fits).find(is_free);
            let value = free.or_else(|| candidates.iter().find(fits))?;
            // A label that must be empty is not there.
            if !value.is_empty() {
                labels.insert(name.to_owned(), value.clone());
            }
        }
        before.extend(matchers.iter().cloned());
        Some(labels)
    }

    /// All observations in one bucket, so that the quantile lies just there.
    fn buckets(&mut self, share: f64, of: &Expr, value: f64) -> Option<()> {
        let selector = rated(of)?;
        let (from, all) = (value * 0.5, ALL);
        let to = from + (value - from) / share;
        let name = selector.name.clone()?;
        let labels = self.labels(selector)?;
        if value <= 0.0 || labels.contains_key(label::LE) {
            return None;
        }
        for (le, amount) in [
            (from.to_string(), 0.0),
            (to.to_string(), all),
            ("+Inf".to_owned(), all),
        ] {
            let mut labels = labels.clone();
            labels.insert(label::LE.to_owned(), le);
            self.driven.push(Driven {
                name: name.clone(),
                labels,
                grows: true,
                amount,
            });
        }
        Some(())
    }
}

/// Values a label may have in trials: those of its closed set, and words, for open ones.
fn candidates(family: Option<&Family>, name: &str, asked: &[&Matcher]) -> Vec<String> {
    let closed = family
        .and_then(|family| family.labels.as_ref()?.get(name)?.as_ref())
        .filter(|closed| !closed.is_empty());
    let plain = asked.iter().filter(|one| one.op == MatchOp::Equal);
    let plain = plain.map(|one| one.value.clone());
    let parts = asked
        .iter()
        .filter(|one| matches!(one.op, MatchOp::Re(_)))
        .flat_map(|one| one.value.split('|').map(str::to_owned));
    let mut all: Vec<String> = plain.chain(parts).collect();
    match closed {
        Some(closed) => all.extend(closed.iter().cloned()),
        None => {
            let word = WORDS.iter().find(|(known, _)| *known == name);
            all.extend(word.map(|(_, word)| (*word).to_owned()));
            all.extend(["some", "other", "third"].map(str::to_owned));
        }
    }
    all
}

fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Paren(paren) => number(&paren.expr),
        Expr::NumberLiteral(number) => Some(number.val),
        Expr::Unary(unary) => Some(-number(&unary.expr)?),
        _ => None,
    }
}

fn matrix(expr: &Expr) -> Option<&MatrixSelector> {
    match expr {
        Expr::MatrixSelector(matrix) => Some(matrix),
        _ => None,
    }
}

/// The buckets below sums and a rate.
fn rated(expr: &Expr) -> Option<&VectorSelector> {
    match expr {
        Expr::Paren(paren) => rated(&paren.expr),
        Expr::Aggregate(aggregate) => rated(&aggregate.expr),
        Expr::Call(call) if ["rate", "increase"].contains(&call.func.name) => {
            Some(&matrix(call.args.args.first()?)?.vs)
        }
        _ => None,
    }
}
