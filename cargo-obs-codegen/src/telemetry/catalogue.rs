//! Every family that these services expose, with what its labels may be: ours, those that events feed, and those of sets.

use super::rule::Group;
use obs_model::model::metrics::{FamilyKind, LabelOf};
use obs_model::model::{Event, Label, Model, TypeKind};
use obs_schema::names::family::{self, Family as Own, Kind as OwnKind};
use obs_schema::names::{ERROR_TYPES, LEVELS, OUTCOMES, SIGNALS, label};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a family holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
    Summary,
    Info,
    /// What a rule records.
    Recorded,
}

impl Kind {
    /// `counter`
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
            Kind::Summary => "summary",
            Kind::Info => "info",
            Kind::Recorded => "recorded",
        }
    }
}

/// The values of a label; nothing when only those who run the service know.
pub(crate) type Values = Option<BTreeSet<String>>;

/// A family.
#[derive(Clone, Debug)]
pub(crate) struct Family {
    /// What it holds.
    pub(crate) kind: Kind,
    /// The unit of its values.
    pub(crate) unit: String,
    /// What it tells.
    pub(crate) help: String,
    /// Its labels; nothing when they are not known.
    pub(crate) labels: Option<BTreeMap<String, Values>>,
    /// Series that one combination of labels makes.
    pub(crate) each: u64,
    /// How many combinations the labels make that events bring, which do not come with each other at will.
    pub(crate) of_events: Option<u64>,
    /// The event that feeds it.
    pub(crate) event: Option<String>,
}

/// All families, by name.
#[derive(Clone, Default, Debug)]
pub(crate) struct Catalogue {
    /// The families.
    pub(crate) families: BTreeMap<String, Family>,
}

/// What a name in a query means.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'a> {
    /// The family.
    pub(crate) family: &'a Family,
    /// What the name has behind that of the family: `_bucket`, `_sum`, `_count` or nothing.
    pub(crate) ending: &'static str,
}

impl Catalogue {
    /// The families of a Model.
    pub(crate) fn of(model: &Model) -> Catalogue {
        let mut out = Catalogue::default();
        for own in family::FAMILIES.iter().chain(family::OF_SCRAPES) {
            out.families.insert(own.name.to_owned(), ours(model, own));
        }
        for event in &model.events {
            for feed in &event.feeds {
                let labels = feed.labels.iter().map(|by| {
                    let closed = !by.label.values.is_empty();
                    let values = closed.then(|| by.label.values.iter().cloned().collect());
                    (by.label.name.clone(), values)
                });
                let buckets = feed.buckets.as_ref().map(Vec::len);
                let fed = Family {
                    kind: kind(feed.kind),
                    unit: feed.unit.clone(),
                    help: feed.help.clone(),
                    labels: Some(labels.collect()),
                    each: each(kind(feed.kind), buckets),
                    of_events: None,
                    event: Some(event.event_type.clone()),
                };
                out.families.entry(feed.name.clone()).or_insert(fed);
            }
        }
        for set in &model.metric_sets {
            for family in &set.families {
                let labels = family.labels.iter().map(|label| {
                    let values = match label.of {
                        LabelOf::Declared(at) => {
                            let values = &set.labels[at].values;
                            let words = values.iter().map(|(word, _)| word.clone());
                            (!values.is_empty()).then(|| words.collect())
                        }
                        LabelOf::Bool => Some(truth()),
                        LabelOf::Words => None,
                    };
                    (label.name.clone(), values)
                });
                let counted = Family {
                    kind: kind(family.kind),
                    unit: family.unit.clone(),
                    help: family.help.clone(),
                    labels: Some(labels.collect()),
                    each: each(kind(family.kind), family.buckets.as_ref().map(Vec::len)),
                    of_events: None,
                    event: None,
                };
                out.families.entry(family.name.clone()).or_insert(counted);
            }
        }
        out
    }

    /// Adds what rules record.
    pub(crate) fn record<'a>(&mut self, groups: impl IntoIterator<Item = &'a Group>) {
        for rule in groups.into_iter().flat_map(|group| &group.rules) {
            if let Some(name) = &rule.record {
                self.recorded(name);
            }
        }
    }

    /// Adds a name that some rule records, under labels of its own.
    pub(crate) fn recorded(&mut self, name: &str) {
        let family = Family {
            kind: Kind::Recorded,
            unit: String::new(),
            help: String::new(),
            labels: None,
            each: 1,
            of_events: None,
            event: None,
        };
        self.families.entry(name.to_owned()).or_insert(family);
    }

    /// What a name means.
    pub(crate) fn find(&self, name: &str) -> Option<Found<'_>> {
        if let Some(family) = self.families.get(name) {
            return Some(Found { family, ending: "" });
        }
        ["_bucket", "_sum", "_count"]
            .into_iter()
            .find_map(|ending| {
                let family = self.families.get(name.strip_suffix(ending)?)?;
                let has = match family.kind {
                    Kind::Histogram => true,
                    Kind::Summary => ending != "_bucket",
                    _ => false,
                };
                has.then_some(Found { family, ending })
            })
    }
}

fn truth() -> BTreeSet<String> {
    ["false", "true"].map(str::to_owned).into()
}

fn each(kind: Kind, buckets: Option<usize>) -> u64 {
    let usual = obs_schema::names::DURATION_BOUNDS_NS.len();
    match kind {
        Kind::Histogram => buckets.unwrap_or(usual) as u64 + 3,
        Kind::Summary => 6,
        _ => 1,
    }
}

pub(crate) fn kind(kind: FamilyKind) -> Kind {
    match kind {
        FamilyKind::Counter => Kind::Counter,
        FamilyKind::Gauge => Kind::Gauge,
        FamilyKind::Histogram => Kind::Histogram,
        FamilyKind::Summary => Kind::Summary,
        FamilyKind::Info => Kind::Info,
    }
}

fn ours(model: &Model, own: &Own) -> Family {
    let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
    let mut labels: BTreeMap<String, Values> = own
        .labels
        .iter()
        .map(|name| {
            let values = match *name {
                label::EVENT_TYPE => Some(each_event(model, |event| event.event_type.clone())),
                label::EVENT_VERSION => Some(each_event(model, |event| event.version.to_string())),
                label::TOPIC if own.name.starts_with("event_") => {
                    Some(each_event(model, |event| event.topic.clone()))
                }
                label::ERROR_TYPE if own.name.starts_with("event_") => words(ERROR_TYPES),
                label::SIGNAL => words(SIGNALS),
                label::LEVEL => words(LEVELS),
                label::OUTCOME => words(OUTCOMES),
                _ => None,
            };
            ((*name).to_owned(), values)
        })
        .collect();
    if own.name == family::EVENT_PUBLISHED_TOTAL.name {
        for label in model
            .events
            .iter()
            .flat_map(|event| own_labels(model, event))
        {
            let values = labels.entry(label.name.clone()).or_default();
            let values = values.get_or_insert_default();
            values.extend(label.values.iter().cloned());
        }
    }
    let has = |label| own.labels.contains(&label);
    let of_events = if own.name == family::EVENT_PUBLISHED_TOTAL.name {
        let series = |event: &Event| -> u64 {
            let labels = own_labels(model, event).into_iter();
            labels
                .map(|label| label.values.len().max(1) as u64)
                .product()
        };
        Some(model.events.iter().map(series).sum())
    } else if has(label::EVENT_TYPE) && has(label::EVENT_VERSION) {
        Some(model.events.len() as u64)
    } else {
        None
    };
    let kind = match own.kind {
        OwnKind::Counter => Kind::Counter,
        OwnKind::Gauge => Kind::Gauge,
        OwnKind::Histogram => Kind::Histogram,
        OwnKind::Info => Kind::Info,
    };
    let sizes = own.name == family::EVENT_PAYLOAD_BYTES.name;
    Family {
        kind,
        unit: own.unit.to_owned(),
        help: own.help.to_owned(),
        labels: Some(labels),
        each: each(
            kind,
            sizes.then_some(obs_schema::names::PAYLOAD_BOUNDS.len()),
        ),
        of_events,
        event: None,
    }
}

fn each_event(model: &Model, what: impl Fn(&Event) -> String) -> BTreeSet<String> {
    model.events.iter().map(what).collect()
}

/// The labels that an event brings.
pub(crate) fn own_labels<'a>(model: &'a Model, event: &Event) -> Vec<&'a Label> {
    let TypeKind::Record(record) = &model.get(event.ty).kind else {
        return Vec::new();
    };
    let labels = record.fields.iter();
    labels
        .filter_map(|field| field.obs.label.as_ref())
        .collect()
}

/// A family as a page shows it.
#[derive(Serialize, Debug)]
pub(crate) struct Row<'a> {
    name: &'a str,
    kind: &'static str,
    unit: &'a str,
    help: &'a str,
    labels: String,
    series: String,
    event: Option<&'a str>,
}

impl Catalogue {
    /// The families as pages show them, by name.
    pub(crate) fn rows(&self) -> Vec<Row<'_>> {
        let rows = self.families.iter().map(|(name, family)| Row {
            name,
            kind: family.kind.word(),
            unit: &family.unit,
            help: &family.help,
            labels: family.labelled(),
            series: family.worst(),
            event: family.event.as_deref(),
        });
        rows.collect()
    }
}

impl Family {
    /// Its labels, with how many values each has.
    fn labelled(&self) -> String {
        let labels = self.labels.iter().flatten();
        let shown = labels.map(|(name, values)| match values {
            Some(values) => format!("{name} ({})", values.len()),
            None => format!("{name} (open)"),
        });
        shown.collect::<Vec<_>>().join(", ")
    }

    /// The most series that one process makes of it: exact where all labels are closed, and by the open ones otherwise.
    fn worst(&self) -> String {
        let mut all = self.each.saturating_mul(self.of_events.unwrap_or(1));
        let mut open = Vec::new();
        for (name, values) in self.labels.iter().flatten() {
            let counted = [label::ERROR_TYPE, label::OUTCOME, label::SIGNAL];
            match values {
                Some(_) if self.of_events.is_some() && !counted.contains(&name.as_str()) => {}
                Some(values) => all = all.saturating_mul(values.len().max(1) as u64),
                None => open.push(name.as_str()),
            }
        }
        if open.is_empty() {
            return all.to_string();
        }
        format!("{all} for each {}", open.join(" and "))
    }
}
