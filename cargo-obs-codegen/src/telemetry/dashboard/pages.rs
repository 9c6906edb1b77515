//! Which dashboards there are, and what stands on each.

mod business;
mod flow;
mod objectives;

use business::{business, fed};
pub(crate) use business::{measured, unit_of};
use flow::{consumers, schemas, telemetry};
use objectives::{budget, recorded, slo, slos};

use super::super::catalogue::own_labels;
use super::super::promql::{Pair, series, sum};
use super::super::slo::Objective;
use super::super::subject::Subject;
use super::super::tell_apart;
use super::{Dashboard, Draft, Kind, Layout, Link, Variable, hashed, uid};
use obs_model::model::Model;
use obs_schema::names::family::{self as families, Family};
use obs_schema::names::label;

/// What should never happen is bad as soon as it does.
const ANY: f64 = 0.001;

/// Which processes are looked at.
const JOB: &str = "job=~\"$job\"";

/// What dashboards are made from.
pub(crate) struct Facts<'a> {
    /// The Model.
    pub(crate) model: &'a Model,
    /// Its events.
    pub(crate) subjects: &'a [Subject<'a>],
    /// All specs.
    pub(crate) from: &'a [String],
    /// The specs of an event.
    pub(crate) of: &'a dyn Fn(&Subject<'_>) -> Vec<String>,
}

/// A family with the processes that are looked at, and what else is asked for.
fn pick(family: &str, ending: &str, matching: &[Pair<'_>]) -> String {
    let equal = matching.iter().map(|(name, value)| (*name, "=", *value));
    pick_by(family, ending, equal)
}

/// The same by comparisons of labels.
pub(crate) fn pick_by<'a>(
    family: &str,
    ending: &str,
    matching: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
) -> String {
    let mut labels = vec![JOB.to_owned()];
    labels.extend(matching.into_iter().map(|(name, op, value)| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        format!("{name}{op}\"{value}\"")
    }));
    format!("{family}{ending}{{{}}}", labels.join(", "))
}

fn per_second(family: &str, by: &[&str], matching: &[Pair<'_>]) -> String {
    let rate = format!("rate({}[$__rate_interval])", pick(family, "", matching));
    if by.is_empty() {
        format!("sum({rate})")
    } else {
        sum(by, &rate)
    }
}

fn quantile(share: f64, family: &str, by: &[&str], matching: &[Pair<'_>]) -> String {
    quantile_of(share, by, &pick(family, "_bucket", matching))
}

fn quantile_of(share: f64, by: &[&str], buckets: &str) -> String {
    let by = [&[label::LE], by].concat();
    let rate = format!("rate({buckets}[$__rate_interval])");
    format!("histogram_quantile({share}, {})", sum(&by, &rate))
}

/// Failures as a share of all attempts.
fn failing(by: &[&str], matching: &[Pair<'_>]) -> String {
    let bad = per_second(families::EVENT_PUBLISH_ERRORS_TOTAL.name, by, matching);
    let good = per_second(families::EVENT_PUBLISHED_TOTAL.name, by, matching);
    format!("{bad} / (({good} + {bad}) > 0)")
}

/// `{{a}} {{b}}`
fn legend(by: &[&str]) -> String {
    let labels: Vec<String> = by.iter().map(|label| format!("{{{{{label}}}}}")).collect();
    labels.join(" ")
}

fn lines_by(
    title: &str,
    unit: &'static str,
    what: &str,
    family: &Family,
    by: &[&str],
    matching: &[Pair<'_>],
) -> Draft {
    Draft::new(Kind::Lines, title, unit, what)
        .query(per_second(family.name, by, matching), legend(by))
}

pub(crate) fn job() -> Variable {
    Variable {
        name: "job".into(),
        label: "Service".into(),
        query: format!("label_values({}, {})", families::UP.name, label::JOB),
        many: true,
    }
}

pub(crate) fn dashboard(
    name: &str,
    title: &str,
    description: &str,
    variables: Vec<Variable>,
    layout: Layout,
    from: &[String],
) -> Dashboard {
    Dashboard {
        uid: uid(name),
        title: title.to_owned(),
        description: description.to_owned(),
        tags: vec!["obs".to_owned()],
        variables,
        panels: layout.panels,
        links: Vec::new(),
        from: from.to_vec(),
    }
}

/// All dashboards. Each leads to the ones that are about everything.
pub(crate) fn all(facts: &Facts<'_>, own: Vec<Dashboard>) -> Vec<Dashboard> {
    let objectives: Vec<Objective<'_>> = facts.subjects.iter().flat_map(Objective::all).collect();
    let mut all = vec![overview(facts, &objectives), events(facts), event(facts)];
    all.push(schemas(facts));
    if !objectives.is_empty() {
        all.push(slos(facts, &objectives));
        all.push(slo(facts, &objectives));
    }
    if facts.subjects.iter().any(Subject::is_consumed) {
        all.push(consumers(facts));
    }
    all.extend(business(facts));
    all.push(telemetry(facts));
    all.extend(own);
    let links: Vec<(String, String)> = all
        .iter()
        .map(|dashboard| (dashboard.title.clone(), dashboard.uid.clone()))
        .collect();
    all.extend(
        facts
            .subjects
            .iter()
            .map(|subject| event_page(facts, subject)),
    );
    let of_events = all.len() - facts.subjects.len();
    tell_apart(
        all[of_events..].iter_mut().map(|page| &mut page.uid),
        |at| hashed(&page_of(&facts.subjects[at])),
    );
    for dashboard in &mut all {
        let others = links.iter().filter(|(_, uid)| *uid != dashboard.uid);
        let link = |(title, uid): &(String, String)| Link {
            title: title.clone(),
            uid: uid.clone(),
        };
        dashboard.links = others.map(link).collect();
    }
    all
}

fn overview(facts: &Facts<'_>, objectives: &[Objective<'_>]) -> Dashboard {
    let mut layout = Layout::default();
    let published = families::EVENT_PUBLISHED_TOTAL.name;
    layout.add(
        Draft::new(
            Kind::Number,
            "Published",
            "cps",
            "Events published a second, all together.",
        )
        .query(per_second(published, &[], &[]), "published"),
    );
    layout.add(
        Draft::new(
            Kind::Number,
            "Failing",
            "percentunit",
            "The share of attempts to publish that fails.",
        )
        .query(failing(&[], &[]), "failing")
        .bad_from(0.01),
    );
    layout.add(
        Draft::new(
            Kind::Number,
            "Processes up",
            "short",
            "Processes whose last scrape succeeded.",
        )
        .query(format!("sum({})", pick(families::UP.name, "", &[])), "up")
        .good_from(1.0),
    );
    let firing = series(&families::ALERTS, "", &[(label::ALERTSTATE, "firing")]);
    layout.add(
        Draft::new(Kind::Number, "Alerts", "short", "Alerts that fire now.")
            .query(format!("count({firing}) or vector(0)"), "firing")
            .bad_from(1.0),
    );
    if !objectives.is_empty() {
        layout.row("Objectives");
        layout.add(
            Draft::new(
                Kind::Table,
                "Error budgets",
                "percentunit",
                "What is left of each budget. At nothing the promise is broken.",
            )
            .query(
                recorded(objectives, "error_budget_remaining", ""),
                "{{slo}}",
            )
            .good_from(0.0),
        );
    }
    layout.row("Events");
    let by = [label::EVENT_TYPE];
    layout.add(lines_by(
        "Published by event",
        "cps",
        "Events published a second.",
        &families::EVENT_PUBLISHED_TOTAL,
        &by,
        &[],
    ));
    layout.add(
        Draft::new(
            Kind::Lines,
            "Failing by event",
            "percentunit",
            "The share of attempts to publish that fails.",
        )
        .query(failing(&by, &[]), legend(&by))
        .bad_from(0.05),
    );
    layout.row("Functions");
    let operations = [label::OPERATION];
    layout.add(lines_by(
        "Failing functions",
        "cps",
        "Calls of observed functions that fail, a second.",
        &families::OPERATION_ERRORS_TOTAL,
        &[label::OPERATION, label::ERROR_TYPE],
        &[],
    ));
    layout.add(
        Draft::new(
            Kind::Lines,
            "Slow functions",
            "s",
            "How long one call in a hundred takes at least.",
        )
        .query(
            quantile(
                0.99,
                families::OPERATION_DURATION_SECONDS.name,
                &operations,
                &[],
            ),
            legend(&operations),
        )
        .with_exemplars(),
    );
    let running = pick(families::OPERATIONS_IN_FLIGHT.name, "", &[]);
    layout.add(
        Draft::new(
            Kind::Lines,
            "Running functions",
            "short",
            "Calls of observed functions that have not ended.",
        )
        .query(sum(&operations, &running), legend(&operations)),
    );
    layout.row("Processes");
    let build = [
        label::JOB,
        label::SOURCE,
        label::VERSION,
        label::REVISION,
        label::OBS_VERSION,
    ];
    let info = pick(families::BUILD_INFO.name, "", &[]);
    layout.add(
        Draft::new(
            Kind::Table,
            "What runs",
            "short",
            "How many processes run which build.",
        )
        .query(
            format!("count by ({}) ({info})", build.join(", ")),
            legend(&build),
        ),
    );
    dashboard(
        "overview",
        "Overview",
        "How all is doing, at a glance.",
        vec![job()],
        layout,
        facts.from,
    )
}

fn events(facts: &Facts<'_>) -> Dashboard {
    let mut layout = Layout::default();
    let by = [label::EVENT_TYPE, label::SOURCE];
    layout.add(
        Draft::new(
            Kind::Table,
            "Published",
            "cps",
            "Each event of each source: how many a second.",
        )
        .query(
            per_second(families::EVENT_PUBLISHED_TOTAL.name, &by, &[]),
            legend(&by),
        ),
    );
    layout.add(
        Draft::new(
            Kind::Table,
            "Failing",
            "percentunit",
            "Each event of each source: the share of attempts that fails.",
        )
        .query(failing(&by, &[]), legend(&by))
        .bad_from(0.05),
    );
    layout.add(
        Draft::new(
            Kind::Lines,
            "Slow publishing",
            "s",
            "How long one publish in a hundred takes at least.",
        )
        .query(
            quantile(
                0.99,
                families::EVENT_PUBLISH_DURATION_SECONDS.name,
                &by,
                &[],
            ),
            legend(&by),
        )
        .with_exemplars(),
    );
    layout.add(lines_by(
        "Failures by kind",
        "cps",
        "Failures to publish a second.",
        &families::EVENT_PUBLISH_ERRORS_TOTAL,
        &[label::EVENT_TYPE, label::ERROR_TYPE],
        &[],
    ));
    let size = [label::EVENT_TYPE];
    layout.add(
        Draft::new(
            Kind::Lines,
            "Large bodies",
            "bytes",
            "How large one body in a hundred is at least.",
        )
        .query(
            quantile(0.99, families::EVENT_PAYLOAD_BYTES.name, &size, &[]),
            legend(&size),
        ),
    );
    let full = [label::BUS];
    let depth = pick(families::BUS_QUEUE_DEPTH.name, "", &[]);
    let capacity = pick(families::BUS_QUEUE_CAPACITY.name, "", &[]);
    layout.add(
        Draft::new(
            Kind::Lines,
            "Full buses",
            "percentunit",
            "How much of its room a bus has taken.",
        )
        .query(
            format!("{} / ({} > 0)", sum(&full, &depth), sum(&full, &capacity)),
            legend(&full),
        )
        .bad_from(0.8),
    );
    dashboard(
        "events",
        "Events",
        "All events side by side.",
        vec![job()],
        layout,
        facts.from,
    )
}

/// The panels about one event, whichever is chosen.
fn about_event(layout: &mut Layout, matching: &[Pair<'_>], under: Option<f64>) {
    let versions = [label::EVENT_VERSION, label::SOURCE];
    let kinds = [label::SOURCE, label::ERROR_TYPE];
    let source = [label::SOURCE];
    layout.add(lines_by(
        "Published",
        "cps",
        "Events published a second, by version and source.",
        &families::EVENT_PUBLISHED_TOTAL,
        &versions,
        matching,
    ));
    layout.add(
        lines_by(
            "Failures",
            "cps",
            "Failures to publish a second, by kind.",
            &families::EVENT_PUBLISH_ERRORS_TOTAL,
            &kinds,
            matching,
        )
        .bad_from(ANY),
    );
    let duration = families::EVENT_PUBLISH_DURATION_SECONDS.name;
    let mut slow = Draft::new(
        Kind::Lines,
        "Publishing takes",
        "s",
        "How long one publish in two, and one in a hundred, takes at least. Points lead to traces.",
    );
    for (share, name) in [(0.5, "half"), (0.99, "one in a hundred")] {
        slow = slow.query(
            quantile(share, duration, &source, matching),
            format!("{{{{source}}}} {name}"),
        );
    }
    if let Some(under) = under {
        slow = slow.bad_from(under);
    }
    layout.add(slow.with_exemplars());
    let size = quantile(
        0.99,
        families::EVENT_PAYLOAD_BYTES.name,
        &[label::EVENT_TYPE],
        matching,
    );
    layout.add(
        Draft::new(
            Kind::Lines,
            "Large bodies",
            "bytes",
            "How large one body in a hundred is at least.",
        )
        .query(size, "one in a hundred"),
    );
}

fn event(facts: &Facts<'_>) -> Dashboard {
    let mut layout = Layout::default();
    about_event(&mut layout, &[(label::EVENT_TYPE, "$event")], None);
    let variable = Variable {
        name: "event".into(),
        label: "Event".into(),
        query: format!(
            "label_values({}, {})",
            families::EVENT_PUBLISHED_TOTAL.name,
            label::EVENT_TYPE
        ),
        many: false,
    };
    dashboard(
        "event",
        "Event",
        "One event, whichever you choose.",
        vec![job(), variable],
        layout,
        facts.from,
    )
}

fn page_of(subject: &Subject<'_>) -> String {
    format!("event-{}", subject.name())
}

fn event_page(facts: &Facts<'_>, subject: &Subject<'_>) -> Dashboard {
    let mut layout = Layout::default();
    let matching = [(label::EVENT_TYPE, subject.name())];
    let latency = subject
        .slos()
        .iter()
        .find(|slo| slo.objective == "publish-latency");
    let under = latency.and_then(|slo| slo.under_ns.as_ref());
    about_event(
        &mut layout,
        &matching,
        under.map(|under| under.value as f64 / 1e9),
    );
    let labels = own_labels(facts.model, subject.newest);
    if !labels.is_empty() {
        layout.row("By what it says");
        for label in labels {
            layout.add(lines_by(
                &format!("By {}", label.name),
                "cps",
                &format!("Events published a second, by {}.", label.name),
                &families::EVENT_PUBLISHED_TOTAL,
                &[&label.name],
                &matching,
            ));
        }
    }
    let objectives = Objective::all(subject);
    if !objectives.is_empty() {
        layout.row("Objectives");
        for objective in &objectives {
            layout.add(budget(objective));
        }
    }
    if !subject.newest.feeds.is_empty() {
        layout.row("What it feeds");
        for feed in &subject.newest.feeds {
            layout.add(fed(feed));
        }
    }
    let doc = facts.model.get(subject.newest.ty).doc.clone();
    let from = (facts.of)(subject);
    dashboard(
        &page_of(subject),
        subject.name(),
        doc.as_deref().unwrap_or("An event."),
        vec![job()],
        layout,
        &from,
    )
}
