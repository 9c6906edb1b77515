//! One query: is everything it names there, and is each kind of series asked what it can answer?

use super::document::Query;
use crate::telemetry::{Catalogue, Found, Kind};
use obs_schema::diag::{Diagnostic, Diagnostics, nearest};
use obs_schema::names::label;
use obs_schema::source::{Loc, SourceMap};
use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{self, AggregateExpr, Call, Expr, LabelModifier, VectorSelector};
use std::collections::BTreeSet;

/// Labels that come with where a process runs, not from the process.
const OF_TARGETS: [&str; 12] = [
    "job",
    "instance",
    "namespace",
    "pod",
    "container",
    "node",
    "cluster",
    "service",
    "environment",
    "env",
    "region",
    "zone",
];

/// Functions that make something of a counter.
const OF_COUNTERS: [&str; 3] = ["rate", "irate", "increase"];

/// Functions that make something of a gauge alone.
const OF_GAUGES: [&str; 4] = ["delta", "deriv", "idelta", "predict_linear"];

/// Functions and aggregations to which values do not matter.
const OF_ANYTHING: [&str; 10] = [
    "absent",
    "absent_over_time",
    "changes",
    "count",
    "count_over_time",
    "group",
    "present_over_time",
    "resets",
    "timestamp",
    "count_values",
];

/// What a selector stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside<'a> {
    Nothing,
    Rate(&'a str),
    GaugeFunction(&'a str),
    Anything,
}

struct Checker<'a> {
    cx: &'a mut Diagnostics,
    catalogue: &'a Catalogue,
    targets: &'a [String],
    /// The text of the place the query stands in, as it is in the file.
    raw: &'a str,
    loc: Loc,
}

/// Says what is wrong with a query.
pub(crate) fn check(
    cx: &mut Diagnostics,
    catalogue: &Catalogue,
    targets: &[String],
    sources: &SourceMap,
    query: &Query,
) {
    let text = sources.get(query.loc.file).map_or("", |file| &file.text);
    let raw = text
        .get(query.loc.start as usize..query.loc.end as usize)
        .unwrap_or_default();
    let mut checker = Checker {
        cx,
        catalogue,
        targets,
        raw,
        loc: query.loc,
    };
    match parser::parse(&without_variables(&query.text)) {
        Ok(expr) => checker.walk(&expr, Inside::Nothing),
        Err(error) => {
            let message = format!("this is no PromQL: {}", error.trim());
            let finding = Diagnostic::error("promql-syntax", query.loc, message);
            checker.cx.push(finding.help("correct the query"));
        }
    }
}

/// What dashboards put in for a length of time becomes one.
fn without_variables(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut in_quotes = false;
    while let Some(c) = rest.chars().next() {
        let variable = rest.strip_prefix('$').filter(|_| !in_quotes);
        if let Some(name) = variable {
            let name = name.strip_prefix('{').unwrap_or(name);
            let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let behind = &name[end.unwrap_or(name.len())..];
            rest = behind.strip_prefix('}').unwrap_or(behind);
            out.push_str("5m");
            continue;
        }
        in_quotes ^= c == '"';
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

impl<'a> Checker<'a> {
    fn walk(&mut self, expr: &Expr, inside: Inside<'_>) {
        match expr {
            Expr::Paren(paren) => self.walk(&paren.expr, inside),
            Expr::Unary(unary) => self.walk(&unary.expr, inside),
            Expr::Subquery(subquery) => self.walk(&subquery.expr, Inside::Nothing),
            Expr::Binary(binary) => {
                self.walk(&binary.lhs, inside);
                self.walk(&binary.rhs, inside);
                let matching = binary
                    .modifier
                    .as_ref()
                    .and_then(|modifier| modifier.matching.as_ref());
                if let Some(modifier) = matching {
                    self.grouped(modifier, &[&binary.lhs, &binary.rhs]);
                }
            }
            Expr::Aggregate(aggregate) => self.aggregate(aggregate, inside),
            Expr::Call(call) => self.call(call, inside),
            Expr::VectorSelector(selector) => self.selector(selector, inside),
            Expr::MatrixSelector(selector) => self.selector(&selector.vs, inside),
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
        }
    }

    fn aggregate(&mut self, aggregate: &AggregateExpr, inside: Inside<'_>) {
        let op = aggregate.op.to_string();
        let inside = if OF_ANYTHING.contains(&op.as_str()) {
            Inside::Anything
        } else {
            inside
        };
        self.walk(&aggregate.expr, inside);
        if let Some(modifier) = &aggregate.modifier {
            self.grouped(modifier, &[&aggregate.expr]);
        }
    }

    fn call(&mut self, call: &Call, inside: Inside<'_>) {
        let name = call.func.name;
        if name == "histogram_quantile" {
            self.quantile(call);
        }
        let inside = if OF_COUNTERS.contains(&name) {
            Inside::Rate(name)
        } else if OF_GAUGES.contains(&name) {
            Inside::GaugeFunction(name)
        } else if OF_ANYTHING.contains(&name) {
            Inside::Anything
        } else {
            inside
        };
        for argument in &call.args.args {
            self.walk(argument, inside);
        }
    }

    /// `histogram_quantile(0.99, sum by (le, …) (rate(x_bucket[5m])))`
    fn quantile(&mut self, call: &Call) {
        let Some(argument) = call.args.args.get(1) else {
            return;
        };
        let mut expr: &Expr = argument;
        loop {
            match expr {
                Expr::Paren(paren) => expr = &paren.expr,
                Expr::Aggregate(aggregate) => {
                    let keeps = match &aggregate.modifier {
                        Some(LabelModifier::Include(by)) => {
                            by.labels.iter().any(|label| label == label::LE)
                        }
                        Some(LabelModifier::Exclude(without)) => {
                            without.labels.iter().all(|label| label != label::LE)
                        }
                        None => false,
                    };
                    if !keeps {
                        let loc = self.find("histogram_quantile");
                        let finding = Diagnostic::error(
                            "quantile-without-le",
                            loc,
                            "a quantile is asked of buckets whose bounds are summed away",
                        );
                        self.cx.push(finding.help("write `sum by (le, …)`"));
                    }
                    expr = &aggregate.expr;
                }
                Expr::Call(inner) => match inner.args.args.first() {
                    Some(argument) => expr = argument,
                    None => return,
                },
                Expr::MatrixSelector(selector) => return self.buckets(&selector.vs),
                Expr::VectorSelector(selector) => return self.buckets(selector),
                _ => return,
            }
        }
    }

    fn buckets(&mut self, selector: &VectorSelector) {
        let Some(name) = name_of(selector) else {
            return;
        };
        let Some(found) = self.catalogue.find(&name) else {
            return;
        };
        let fits = found.ending == "_bucket" || found.family.kind == Kind::Recorded;
        if !fits {
            let kind = found.family.kind;
            let message = format!("a quantile is asked of `{name}`, which has no buckets");
            let help = if kind == Kind::Histogram {
                let base = name.strip_suffix(found.ending).unwrap_or(&name);
                format!("write `{base}_bucket`")
            } else {
                format!("ask a histogram; this is a {}", kind.word())
            };
            let loc = self.find(&name);
            self.cx
                .push(Diagnostic::error("quantile-of-nothing", loc, message).help(help));
        }
    }

    fn selector(&mut self, selector: &VectorSelector, inside: Inside<'_>) {
        let Some(name) = name_of(selector) else {
            return;
        };
        let Some(found) = self.catalogue.find(&name) else {
            self.unknown(&name);
            return;
        };
        self.kind(&name, found, inside);
        let alternatives = selector.matchers.or_matchers.iter().flatten();
        for matcher in selector.matchers.matchers.iter().chain(alternatives) {
            self.matcher(&name, found, matcher);
        }
    }

    /// A name that is nearly one of ours, or begins as ours do, is a mistake; others belong to somebody else.
    fn unknown(&mut self, name: &str) {
        let known = self.catalogue.families.keys().map(String::as_str);
        let near = nearest(name, known);
        let first = |name: &str| name.split(['_', ':']).next().unwrap_or_default().to_owned();
        let ours: BTreeSet<String> = [
            "event",
            "obs",
            "operation",
            "operations",
            "sli",
            "slo",
            "bus",
        ]
        .map(str::to_owned)
        .into();
        if near.is_none() && !ours.contains(&first(name)) {
            return;
        }
        let help = near.map_or_else(
            || "see the catalogue of metrics for what there is".to_owned(),
            |near| format!("write `{near}`"),
        );
        let message = format!("nothing exposes or records `{name}`");
        let loc = self.find(name);
        self.cx
            .push(Diagnostic::error("unknown-metric", loc, message).help(help));
    }

    fn kind(&mut self, name: &str, found: Found<'_>, inside: Inside<'_>) {
        let kind = found.family.kind;
        let grows = kind == Kind::Counter || !found.ending.is_empty();
        let (code, message, help) = match inside {
            Inside::Rate(function) if !grows && kind == Kind::Histogram => (
                "rate-of-gauge",
                format!(
                    "`{name}` is a histogram, which has no series of its own name for `{function}`"
                ),
                format!("write `{name}_count`, `{name}_sum` or `{name}_bucket`"),
            ),
            Inside::Rate(function) if !grows => (
                "rate-of-gauge",
                format!(
                    "`{function}` takes each fall of `{name}`, a {}, for a restart",
                    kind.word()
                ),
                format!("write `deriv({name}[…])`, or leave `{function}` out"),
            ),
            Inside::GaugeFunction(function) if grows => (
                "counter-outside-rate",
                format!("`{function}` knows nothing of restarts, and `{name}` only grows"),
                format!("write `rate({name}[…])`"),
            ),
            Inside::Nothing if grows => (
                "counter-outside-rate",
                format!("`{name}` tells how much there was since the process began"),
                format!("write `rate({name}[5m])` or `increase({name}[1h])`"),
            ),
            _ => return,
        };
        let loc = self.find(name);
        self.cx
            .push(Diagnostic::error(code, loc, message).help(help));
    }

    fn matcher(&mut self, name: &str, found: Found<'_>, matcher: &Matcher) {
        let Some(labels) = &found.family.labels else {
            return;
        };
        let label = matcher.name.as_str();
        if label == "__name__" || self.is_of_target(label) || has_special(found, label) {
            return;
        }
        let Some(values) = labels.get(label) else {
            let known = labels.keys().map(String::as_str);
            self.unknown_label(label, &format!("`{name}`"), known.collect());
            return;
        };
        let Some(values) = values else { return };
        let asked: Vec<&str> = match &matcher.op {
            MatchOp::Equal | MatchOp::NotEqual => vec![&matcher.value],
            MatchOp::Re(_) | MatchOp::NotRe(_) => matcher.value.split('|').collect(),
        };
        let plain = |value: &&str| {
            let special = |c: char| {
                matches!(
                    c,
                    '.' | '*' | '+' | '?' | '(' | '[' | '\\' | '^' | '$' | '{'
                )
            };
            let is_pattern = !matches!(matcher.op, MatchOp::Equal | MatchOp::NotEqual);
            !(value.is_empty() || value.contains('$') || is_pattern && value.contains(special))
        };
        for value in asked.into_iter().filter(plain) {
            if values.contains(value) {
                continue;
            }
            let known: Vec<&str> = values.iter().map(String::as_str).collect();
            let help = nearest(value, known.iter().copied()).map_or_else(
                || format!("write one of {}", some(&known)),
                |near| format!("write `{near}`"),
            );
            let message = format!("label `{label}` of `{name}` is never `{value}`");
            let loc = self.find(value);
            self.cx
                .push(Diagnostic::error("unknown-label-value", loc, message).help(help));
        }
    }

    fn is_of_target(&self, label: &str) -> bool {
        OF_TARGETS.contains(&label) || self.targets.iter().any(|target| target == label)
    }

    fn unknown_label(&mut self, label: &str, of: &str, known: Vec<&str>) {
        let help = nearest(label, known.iter().copied()).map_or_else(
            || {
                format!(
                    "write one of {}, or name it with `--target-label`",
                    some(&known)
                )
            },
            |near| format!("write `{near}`"),
        );
        let loc = self.find(label);
        let message = format!("{of} has no label `{label}`");
        self.cx
            .push(Diagnostic::error("unknown-label", loc, message).help(help));
    }

    /// Labels to group or to match by must be those of something below.
    fn grouped(&mut self, modifier: &LabelModifier, below: &[&Expr]) {
        let mut known = BTreeSet::new();
        for expr in below {
            if !labels_below(self.catalogue, expr, &mut known) {
                return;
            }
        }
        for label in &modifier.labels().labels {
            // What has no bounds of buckets is told where a quantile is asked of it.
            let is_bound = label == label::LE;
            if !is_bound && !known.contains(label.as_str()) && !self.is_of_target(label) {
                self.unknown_label(
                    label,
                    "what is grouped",
                    known.iter().map(String::as_str).collect(),
                );
            }
        }
    }

    /// The place of a word, or of the whole query when the word is not spelt out.
    fn find(&self, word: &str) -> Loc {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
        let alone = |(at, _): &(usize, &str)| {
            let before = self.raw[..*at].chars().next_back();
            let behind = self.raw[at + word.len()..].chars().next();
            !before.is_some_and(is_part) && !behind.is_some_and(is_part)
        };
        match self.raw.match_indices(word).find(alone) {
            Some((at, _)) => {
                let start = self.loc.start as usize + at;
                Loc::new(self.loc.file, start, start + word.len())
            }
            None => self.loc,
        }
    }
}

fn name_of(selector: &VectorSelector) -> Option<String> {
    let named = selector.name.clone();
    named.or_else(|| {
        let mut matchers = selector.matchers.matchers.iter();
        let matcher =
            matchers.find(|matcher| matcher.name == "__name__" && matcher.op == MatchOp::Equal)?;
        Some(matcher.value.clone())
    })
}

/// Labels that a kind of series has whatever the family.
fn has_special(found: Found<'_>, label: &str) -> bool {
    label == label::LE && found.ending == "_bucket"
        || label == label::QUANTILE && found.family.kind == Kind::Summary
}

/// Collects the labels of the series below; false when some of them are not known.
fn labels_below(catalogue: &Catalogue, expr: &Expr, known: &mut BTreeSet<String>) -> bool {
    let of = |selector: &VectorSelector, known: &mut BTreeSet<String>| {
        let found = name_of(selector).and_then(|name| Some((catalogue.find(&name)?, name)));
        let Some((found, _)) = found else {
            return false;
        };
        let Some(labels) = &found.family.labels else {
            return false;
        };
        known.extend(labels.keys().cloned());
        for special in [label::LE, label::QUANTILE] {
            if has_special(found, special) {
                known.insert(special.to_owned());
            }
        }
        true
    };
    match expr {
        Expr::VectorSelector(selector) => of(selector, known),
        Expr::MatrixSelector(selector) => of(&selector.vs, known),
        Expr::Paren(paren) => labels_below(catalogue, &paren.expr, known),
        Expr::Unary(unary) => labels_below(catalogue, &unary.expr, known),
        Expr::Subquery(subquery) => labels_below(catalogue, &subquery.expr, known),
        Expr::Aggregate(aggregate) => labels_below(catalogue, &aggregate.expr, known),
        Expr::Binary(binary) => {
            labels_below(catalogue, &binary.lhs, known)
                && labels_below(catalogue, &binary.rhs, known)
        }
        // Functions may make labels.
        Expr::Call(call) if call.func.name.starts_with("label_") => false,
        Expr::Call(call) => call
            .args
            .args
            .iter()
            .all(|argument| labels_below(catalogue, argument, known)),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => true,
    }
}

/// A few of many words.
fn some(words: &[&str]) -> String {
    let shown: Vec<String> = words
        .iter()
        .take(8)
        .map(|word| format!("`{word}`"))
        .collect();
    let more = if words.len() > 8 { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}
