//! `*.dashboards.yaml`: dashboards of a team's own, as a document.
//!
//! ```yaml
//! dashboards:
//!   - title: Payments
//!     description: What comes in.
//!     tags: [money]
//!     variables:
//!       - { name: method, label: Method, family: payments_captured_total, by: method, many: true }
//!     panels:
//!       - row: Money
//!       - title: Captured
//!         description: What was captured, by method.
//!         family: payments_amount_eur      # its kind says what is asked
//!         by: [method]
//!         where: { method: $method }
//!         quantiles: [0.5, 0.9]
//!         unit: currencyEUR
//!         bad_from: 500
//!       - title: Share of cards
//!         description: How many pay by card.
//!         kind: number                     # lines, number or table
//!         unit: percentunit
//!         queries:
//!           - expr: sum(rate(payments_captured_total{job=~"$job",method="CARD"}[$__rate_interval])) / sum(rate(payments_captured_total{job=~"$job"}[$__rate_interval]))
//!             legend: cards
//! ```

use super::document::query;
use crate::lint::document::Query;
use crate::telemetry::catalogue::Catalogue;
use crate::telemetry::dashboard::{
    COLUMNS, Dashboard, Draft, Kind, Layout, Variable, dashboard, job, measured, pick_by, unit_of,
};
use obs_model::draft::Located;
use obs_model::keys::value::{
    ascending, boolean, list, listed, missing, number, object, required, text, texts, unknown_key,
    whole, word,
};
use obs_schema::diag::{Diagnostic, Diagnostics, nearest};
use obs_schema::node::Node;
use obs_schema::source::Loc;

const OF_DASHBOARD: [&str; 5] = ["title", "description", "tags", "variables", "panels"];

const OF_PANEL: [&str; 13] = [
    "row",
    "title",
    "description",
    "kind",
    "unit",
    "width",
    "family",
    "by",
    "where",
    "quantiles",
    "queries",
    "bad_from",
    "good_from",
];

const KINDS: [(&str, Kind); 3] = [
    ("lines", Kind::Lines),
    ("number", Kind::Number),
    ("table", Kind::Table),
];

/// Units that Grafana knows.
const UNITS: [(&str, &str); 18] = [
    ("short", "short"),
    ("none", "none"),
    ("percent", "percent"),
    ("percentunit", "percentunit"),
    ("cps", "cps"),
    ("reqps", "reqps"),
    ("ops", "ops"),
    ("ms", "ms"),
    ("s", "s"),
    ("m", "m"),
    ("h", "h"),
    ("d", "d"),
    ("bytes", "bytes"),
    ("Bps", "Bps"),
    ("celsius", "celsius"),
    ("currencyEUR", "currencyEUR"),
    ("currencyGBP", "currencyGBP"),
    ("currencyUSD", "currencyUSD"),
];

/// What the reader knows of the world.
pub(super) struct Facts<'a> {
    pub(super) catalogue: &'a Catalogue,
    /// The document.
    pub(super) from: &'a [String],
    /// Queries that are still to be checked.
    pub(super) queries: Vec<Query>,
}

/// Reads a document.
pub(super) fn read(
    cx: &mut Diagnostics,
    node: &Node,
    facts: &mut Facts<'_>,
) -> Vec<(Dashboard, Loc)> {
    let help = "write `dashboards:` and a list of dashboards";
    let members = object(cx, "a document of dashboards", node, help).unwrap_or_default();
    let mut out = Vec::new();
    for member in members {
        if member.name == "dashboards" {
            let help = "write a list of dashboards";
            let items = list(cx, "`dashboards`", &member.value, help).unwrap_or_default();
            out.extend(items.iter().filter_map(|item| one(cx, item, facts)));
        } else {
            unknown_key(cx, member, "in a document of dashboards", &["dashboards"]);
        }
    }
    if node.as_object().is_some() && node.get("dashboards").is_none() {
        missing(cx, node, "`dashboards`", "list the dashboards");
    }
    out
}

fn one(cx: &mut Diagnostics, node: &Node, facts: &mut Facts<'_>) -> Option<(Dashboard, Loc)> {
    let members = object(
        cx,
        "a dashboard",
        node,
        "write `title`, `description` and `panels`",
    )?;
    let (mut title, mut description, mut tags) = (None, None, Vec::new());
    let mut variables = vec![job()];
    let mut layout = Layout::default();
    // Panels may name variables that stand below them.
    for item in node
        .get("variables")
        .and_then(Node::as_array)
        .unwrap_or_default()
    {
        variables.extend(variable(cx, item, facts));
    }
    for member in members {
        let value = &member.value;
        match member.name.as_str() {
            "title" => title = text(cx, "`title`", value),
            "description" => description = text(cx, "`description`", value),
            "tags" => {
                let said = texts(cx, "`tags`", value).unwrap_or_default();
                tags.extend(said.into_iter().map(|tag| tag.value));
            }
            "variables" => drop(list(cx, "`variables`", value, "write a list of variables")),
            "panels" => {
                let items = list(cx, "`panels`", value, "write a list of panels");
                for item in items.unwrap_or_default() {
                    panel(cx, item, facts, &variables, &mut layout);
                }
            }
            _ => unknown_key(cx, member, "of a dashboard", &OF_DASHBOARD),
        }
    }
    required(
        cx,
        node,
        &[
            ("title", "give the dashboard a title"),
            ("description", "say in one line what it shows"),
            ("panels", "list its panels"),
        ],
    );
    let Located { value: title, loc } = title?;
    let name: String = title.to_lowercase();
    let description = description?.value;
    let done = dashboard(&name, &title, &description, variables, layout, facts.from);
    Some((done.tagged(tags), loc))
}

fn variable(cx: &mut Diagnostics, node: &Node, facts: &mut Facts<'_>) -> Option<Variable> {
    let help = "write `{ name: method, family: payments_total, by: method }`";
    let members = object(cx, "a variable", node, help)?;
    let (mut name, mut label, mut family, mut by, mut many) = (None, None, None, None, false);
    for member in members {
        let value = &member.value;
        match member.name.as_str() {
            "name" => name = text(cx, "`name`", value),
            "label" => label = text(cx, "`label`", value),
            "family" => family = text(cx, "`family`", value),
            "by" => by = text(cx, "`by`", value),
            "many" => many = boolean(cx, "`many`", value).unwrap_or_default(),
            _ => {
                let known = ["name", "label", "family", "by", "many"];
                unknown_key(cx, member, "of a variable", &known);
            }
        }
    }
    required(
        cx,
        node,
        &[
            ("name", "name the variable: `name: method`"),
            ("family", "say which family has the label"),
            ("by", "say which label it chooses by"),
        ],
    );
    let (name, family, by) = (name?, family?, by?);
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.value.chars().all(plain) || ["job", "metrics"].contains(&name.value.as_str()) {
        let message = format!("`{}` is no name for a variable", name.value);
        let finding = Diagnostic::error("reserved-label", name.loc, message);
        cx.push(finding.help("write letters, digits and underscores, and not `job` or `metrics`"));
        return None;
    }
    facts.queries.push(Query {
        text: format!("count by ({}) ({})", by.value, family.value),
        loc: node.loc,
    });
    Some(Variable {
        label: label
            .map_or_else(|| name.value.clone(), |label| label.value)
            .into(),
        name: name.value.into(),
        query: format!("label_values({}, {})", family.value, by.value),
        many,
    })
}

/// A panel, or a heading over those that follow.
fn panel(
    cx: &mut Diagnostics,
    node: &Node,
    facts: &mut Facts<'_>,
    variables: &[Variable],
    layout: &mut Layout,
) {
    let help = "write `title`, `description`, and `family` or `queries`";
    let Some(members) = object(cx, "a panel", node, help) else {
        return;
    };
    if let Some(row) = node.get("row") {
        if let Some(title) = text(cx, "`row`", row) {
            layout.row(&title.value);
        }
        for member in members.iter().filter(|member| member.name != "row") {
            let message = format!("a row has no `{}`", member.name);
            let finding = Diagnostic::error("misplaced-key", member.name_loc, message);
            cx.push(finding.help("write the panel as an item of its own"));
        }
        return;
    }
    let (mut title, mut description, mut family) = (None, None, None);
    let (mut kind, mut unit, mut width) = (Kind::Lines, None, None);
    let (mut bad, mut good) = (None, None);
    let (mut by, mut quantiles, mut queries) = (Vec::new(), Vec::new(), Vec::new());
    let mut matching = Vec::new();
    for member in members {
        let value = &member.value;
        match member.name.as_str() {
            "title" => title = text(cx, "`title`", value),
            "description" => description = text(cx, "`description`", value),
            "kind" => kind = word(cx, "`kind`", value, &KINDS).map_or(kind, |kind| kind.value),
            "unit" => unit = word(cx, "`unit`", value, &UNITS),
            "width" => width = whole(cx, "`width`", value, 1..=COLUMNS),
            "family" => family = text(cx, "`family`", value),
            "by" => by = texts(cx, "`by`", value).unwrap_or_default(),
            "where" => matching = wanted(cx, value, variables),
            "quantiles" => {
                let range = "a number above 0 and below 1";
                let said = ascending(cx, "`quantiles`", value, range, |q| q > 0.0 && q < 1.0);
                quantiles = said.unwrap_or_default();
            }
            "queries" => {
                let items = list(cx, "`queries`", value, "write a list of queries");
                let items = items.unwrap_or_default().iter();
                queries.extend(items.filter_map(|item| asked(cx, item, facts)));
            }
            "bad_from" => bad = number(cx, "`bad_from`", value, "a finite number", |_| true),
            "good_from" => good = number(cx, "`good_from`", value, "a finite number", |_| true),
            _ => unknown_key(cx, member, "of a panel", &OF_PANEL),
        }
    }
    required(
        cx,
        node,
        &[
            ("title", "give the panel a title"),
            ("description", "say in one line what it shows"),
        ],
    );
    if node.get("family").is_none() && node.get("queries").is_none() {
        missing(cx, node, "`family`", "name a family, or write `queries`");
    }
    let found = family.and_then(|family| found(cx, family, facts));
    let (Some(title), Some(description)) = (title, description) else {
        return;
    };
    let unit = unit.map_or_else(
        || {
            found
                .as_ref()
                .map_or("short", |(_, family)| unit_of(&family.unit))
        },
        |unit| unit.value,
    );
    let mut draft = Draft::new(kind, title.value, unit, description.value);
    if let Some((name, family)) = found {
        let by: Vec<&str> = by.iter().map(|label| label.value.as_str()).collect();
        let select = |ending: &str| {
            let matching = matching
                .iter()
                .map(|(name, op, value): &(String, &str, String)| (&**name, *op, &**value));
            pick_by(&name.value, ending, matching)
        };
        // Whatever kind it is, its labels are asked for as they stand here.
        let by_all = if by.is_empty() {
            "job".to_owned()
        } else {
            by.join(", ")
        };
        facts.queries.push(Query {
            text: format!("count by ({by_all}) ({})", select(family.probe)),
            loc: node.loc,
        });
        draft = measured(draft, family.kind, &by, &quantiles, &select);
    }
    for (expr, legend) in queries {
        draft = draft.query(expr, legend);
    }
    if let Some(width) = width {
        draft.width = width.value;
    }
    if let Some(good) = good {
        draft = draft.good_from(good.value);
    }
    if let Some(bad) = bad {
        draft = draft.bad_from(bad.value);
    }
    layout.add(draft);
}

/// What is asked of a family.
struct Asked {
    kind: crate::telemetry::catalogue::Kind,
    unit: String,
    /// The ending of a series that it has.
    probe: &'static str,
}

fn found(
    cx: &mut Diagnostics,
    name: Located<String>,
    facts: &Facts<'_>,
) -> Option<(Located<String>, Asked)> {
    let families = &facts.catalogue.families;
    let Some(family) = families.get(&name.value) else {
        let near = nearest(&name.value, families.keys().map(String::as_str));
        let help = near.map_or_else(
            || "see `docs/metrics.md` for what there is, or write `queries`".to_owned(),
            |near| format!("write `{near}`"),
        );
        let message = format!("nothing exposes or records `{}`", name.value);
        cx.push(Diagnostic::error("unknown-metric", name.loc, message).help(help));
        return None;
    };
    let is_histogram = family.kind == crate::telemetry::catalogue::Kind::Histogram;
    let asked = Asked {
        kind: family.kind,
        unit: family.unit.clone(),
        probe: if is_histogram { "_bucket" } else { "" },
    };
    Some((name, asked))
}

/// Labels and what they must be; a variable of several values is a pattern.
fn wanted(
    cx: &mut Diagnostics,
    node: &Node,
    variables: &[Variable],
) -> Vec<(String, &'static str, String)> {
    let members = object(cx, "`where`", node, "write `label: value`").unwrap_or_default();
    let mut out = Vec::new();
    for member in members {
        let Some(value) = text(cx, "the value of a label", &member.value) else {
            continue;
        };
        let mut op = "=";
        if let Some(name) = value.value.strip_prefix('$') {
            let Some(variable) = variables.iter().find(|variable| variable.name == name) else {
                let known = || variables.iter().map(|variable| &*variable.name);
                let help = nearest(name, known()).map_or_else(
                    || format!("declare it in `variables`, or use {}", listed(known())),
                    |near| format!("write `${near}`"),
                );
                let message = format!("the dashboard has no variable `{name}`");
                let finding = Diagnostic::error("unknown-placeholder", value.loc, message);
                cx.push(finding.help(help));
                continue;
            };
            if variable.many {
                op = "=~";
            }
        }
        out.push((member.name.clone(), op, value.value));
    }
    out
}

/// A query as it is written, with what its lines are called.
fn asked(cx: &mut Diagnostics, node: &Node, facts: &mut Facts<'_>) -> Option<(String, String)> {
    let members = object(cx, "a query", node, "write `expr` and `legend`")?;
    let (mut expr, mut legend) = (None, String::new());
    for member in members {
        let value = &member.value;
        match member.name.as_str() {
            "expr" => expr = query(cx, value),
            "legend" => {
                legend = text(cx, "`legend`", value).map_or(legend, |legend| legend.value);
            }
            _ => unknown_key(cx, member, "of a query", &["expr", "legend"]),
        }
    }
    required(cx, node, &[("expr", "write PromQL")]);
    let expr = expr?;
    let windows = ["rate(", "increase("].map(|of| expr.value.matches(of).count());
    let fitting = expr.value.matches("[$__rate_interval]").count();
    if windows.iter().sum::<usize>() > fitting {
        let message = "a rate on a dashboard has a window of its own";
        let finding = Diagnostic::error("fixed-window", expr.loc, message);
        cx.push(
            finding.help("write `[$__rate_interval]`, which follows the range that is looked at"),
        );
    }
    let is_recorded = expr.value.contains(':') && !expr.value.contains("rate(");
    if !is_recorded && !expr.value.contains("job=~\"$job\"") {
        let message = "the query does not follow the choice of services";
        let finding = Diagnostic::error("all-services", expr.loc, message);
        cx.push(finding.help("add `job=~\"$job\"` to what is selected"));
    }
    facts.queries.push(Query {
        text: expr.value.clone(),
        loc: expr.loc,
    });
    Some((expr.value, legend))
}
