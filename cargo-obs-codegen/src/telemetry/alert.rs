//! An alert, with the tests that show when it fires and when it does not.

use super::promql::duration;
use super::rule::{Rule, Severity, Word};
use super::trial::{Expected, TestGroup, Trial};
use std::collections::BTreeMap;

/// How the value of an expression is shown to people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shown {
    /// A whole number.
    Count,
    /// A number with two places.
    Number,
    /// A share, in per cent.
    Percent,
}

impl Shown {
    /// In the language of Prometheus' templates.
    fn template(self) -> &'static str {
        match self {
            Shown::Count => "{{ $value | printf \"%.0f\" }}",
            Shown::Number => "{{ $value | printf \"%.2f\" }}",
            Shown::Percent => "{{ $value | humanizePercentage }}",
        }
    }

    /// What that gives.
    pub(crate) fn show(self, value: f64) -> String {
        match self {
            Shown::Count => format!("{value:.0}"),
            Shown::Number => format!("{value:.2}"),
            Shown::Percent => format!("{}%", four_digits(value * 100.0)),
        }
    }
}

/// A number as `%.4g` prints one of these sizes.
fn four_digits(value: f64) -> String {
    let text = format!("{value:.3e}");
    let exponent: i32 = text
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or_default();
    let places = usize::try_from(3 - exponent).unwrap_or_default();
    let text = format!("{value:.places$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// An alert.
#[derive(Clone, Debug)]
pub(crate) struct Alert {
    /// Its name.
    pub(crate) name: Word,
    /// How much it matters.
    pub(crate) severity: Severity,
    /// What must hold.
    pub(crate) expr: String,
    /// For how long, in seconds; none when it fires at once.
    pub(crate) hold: u64,
    /// Labels beside those of the expression: whose it is and what about, with the same signs as the summary.
    pub(crate) labels: Vec<(Word, String)>,
    /// One line. `{source}` stands for the label `source`, `{value}` for the value, and `{{` for a brace: what is
    /// taken from a spec goes through [`literal`].
    pub(crate) summary: String,
    /// What happened and what it means, with the same signs.
    pub(crate) description: String,
    /// How `{value}` is shown.
    pub(crate) shown: Shown,
    /// Where its runbook is.
    pub(crate) runbook: String,
    /// Where its dashboard is.
    pub(crate) dashboard: String,
    /// When it fires, and when it does not.
    pub(crate) trials: Vec<Trial>,
}

impl Alert {
    /// The rule.
    pub(crate) fn rule(&self) -> Rule {
        let mut labels: BTreeMap<_, _> = self.labels.iter().cloned().collect();
        labels.insert("severity".into(), self.severity.as_str().to_owned());
        let said = |text: &str| template(text, self.shown);
        for value in labels.values_mut() {
            *value = said(value);
        }
        Rule {
            record: None,
            alert: Some(self.name.clone()),
            expr: self.expr.clone(),
            hold: (self.hold > 0).then(|| duration(self.hold)),
            labels,
            annotations: self.annotations(&said),
        }
    }

    fn annotations(&self, said: &dyn Fn(&str) -> String) -> BTreeMap<&'static str, String> {
        [
            ("summary", said(&self.summary)),
            ("description", said(&self.description)),
            ("runbook_url", said(&literal(&self.runbook))),
            ("dashboard_url", said(&literal(&self.dashboard))),
        ]
        .into()
    }

    /// Some of its tests, as promtool reads them.
    pub(crate) fn tests(&self, which: impl Fn(&Trial) -> bool) -> impl Iterator<Item = TestGroup> {
        let trials = self.trials.iter().filter(move |trial| which(trial));
        trials.map(|trial| {
            trial.group(&self.name, &self.about(), |fires| {
                let said = |text: &str| {
                    fill(text, "{", |name| match name {
                        "value" => self.shown.show(fires.value),
                        label => {
                            let own = fires.labels.iter().find(|(known, _)| *known == label);
                            own.map(|(_, value)| value.clone()).unwrap_or_default()
                        }
                    })
                };
                let mut labels: BTreeMap<Word, String> = fires.labels.iter().cloned().collect();
                for (name, value) in &self.labels {
                    labels.insert(name.clone(), said(value));
                }
                labels.insert("severity".into(), self.severity.as_str().to_owned());
                Expected {
                    labels,
                    annotations: self.annotations(&said),
                }
            })
        })
    }

    /// What one of its labels says whatever it fires with.
    pub(crate) fn always(&self, label: &str) -> Option<String> {
        let (_, text) = self.labels.iter().find(|(name, _)| name == label)?;
        let mut same = true;
        let value = fill(text, "{", |_| {
            same = false;
            String::new()
        });
        same.then_some(value)
    }

    /// What it is about, for the names of tests.
    fn about(&self) -> String {
        let label = ["slo", "event"]
            .iter()
            .find_map(|wanted| self.always(wanted));
        label
            .map(|label| format!(" of {label}"))
            .unwrap_or_default()
    }
}

/// A brace, in the language of Prometheus' templates.
const BRACE: &str = "{{\"{\"}}";

/// A text of an alert in the language of Prometheus' templates.
pub(super) fn template(text: &str, shown: Shown) -> String {
    fill(text, BRACE, |name| match name {
        "value" => shown.template().to_owned(),
        label => format!("{{{{ $labels.{label} }}}}"),
    })
}

/// Text that stands for itself.
pub(super) fn literal(text: &str) -> String {
    text.replace('{', "{{")
}

/// Replaces each `{name}`, and each `{{` by a brace.
pub(super) fn fill(text: &str, brace: &str, mut value: impl FnMut(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        out.push_str(before);
        if let Some(behind) = behind.strip_prefix('{') {
            out.push_str(brace);
            rest = behind;
        } else if let Some((name, behind)) = behind.split_once('}') {
            out.push_str(&value(name));
            rest = behind;
        } else {
            out.push_str(brace);
            rest = behind;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_spec_stands_for_itself() {
        let filled = |text: &str| fill(text, BRACE, |name| format!("<{name}>"));
        assert_eq!(filled("{source} of {team}"), "<source> of <team>");
        let text = literal("use {{x}} or {source}, {");
        let brace = BRACE;
        let expected = format!("use {brace}{brace}x}}}} or {brace}source}}, {brace}");
        assert_eq!(filled(&text), expected);
        assert_eq!(
            fill(&text, "{", |_| String::new()),
            "use {{x}} or {source}, {"
        );
    }

    #[test]
    fn values_as_prometheus_shows_them() {
        for (shown, value, text) in [
            (Shown::Count, 3.0, "3"),
            (Shown::Number, 0.256, "0.26"),
            (Shown::Percent, 0.06, "6%"),
            (Shown::Percent, 0.123_456, "12.35%"),
            (Shown::Percent, 1.2, "120%"),
            (Shown::Percent, 0.000_5, "0.05%"),
        ] {
            assert_eq!(shown.show(value), text);
        }
    }
}
