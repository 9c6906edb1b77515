//! The rules: what a Model may not say, although every single key of it is well.
//!
//! A rule is a file. Its module comment is the user's page (what, why, an example, what to do instead), which
//! `explain CODE` prints; its function looks and complains; its line in [`RULES`] switches it on.
//! Rules only look: they change nothing, and none of them needs another to have run.

mod duplicate_attr;
mod duplicate_event;
mod duplicate_label;
mod duplicate_slo;
mod feed_filter;
mod feed_key;
mod feed_label;
mod feed_value;
mod max_series;
mod metric_mismatch;
mod metric_name;
mod missing_owner;
mod needless_top;
mod nested_mark;
mod open_label;
mod pii_and_secret;
mod pii_drop;
mod reserved_attr;
mod reserved_label;
mod reserved_metric;
mod secret_telemetry;
mod sensitive_key;
mod sensitive_label;
mod several_keys;
mod slo_bucket;
mod slo_under;
mod slo_unreachable;
mod sunset_passed;
mod topic_name;
mod unfit_mark;
mod unknown_field;
mod version_file_name;

mod allow;
mod pages;
#[cfg(any(feature = "derive", feature = "specs"))]
mod sets;
mod shape;

use crate::model::{Event, Field, Model, Record, TypeDef, TypeId, TypeKind};
use obs_schema::diag::Diagnostics;
use obs_schema::source::SourceMap;
use obs_schema::table::{Numbered, Table};

#[cfg(any(feature = "derive", feature = "specs"))]
pub(crate) use metric_name::fault as metric_fault;
pub use pages::{codes, explain};
#[cfg(feature = "derive")]
pub(crate) use reserved_attr::is_free;

/// A rule.
pub struct Rule {
    /// The code of its complaints, which is the name of its file.
    pub code: &'static str,
    look: Look,
}

/// What a rule looks at.
enum Look {
    /// Everything at once.
    Model(fn(&mut Diagnostics, &Facts<'_>)),
    /// One event after the other.
    Event(fn(&mut Diagnostics, &Facts<'_>, &Event)),
    /// One record after the other.
    Record(fn(&mut Diagnostics, &Facts<'_>, TypeId, &Record)),
    /// One field after the other.
    Field(fn(&mut Diagnostics, &Facts<'_>, &Field)),
}

/// Every rule, by name.
pub const RULES: &[Rule] = &[
    Rule {
        code: "duplicate-attr",
        look: Look::Record(duplicate_attr::look),
    },
    Rule {
        code: "duplicate-event",
        look: Look::Model(duplicate_event::look),
    },
    Rule {
        code: "duplicate-label",
        look: Look::Record(duplicate_label::look),
    },
    Rule {
        code: "duplicate-slo",
        look: Look::Event(duplicate_slo::look),
    },
    Rule {
        code: "feed-filter",
        look: Look::Event(feed_filter::look),
    },
    Rule {
        code: "feed-key",
        look: Look::Event(feed_key::look),
    },
    Rule {
        code: "feed-label",
        look: Look::Event(feed_label::look),
    },
    Rule {
        code: "feed-value",
        look: Look::Event(feed_value::look),
    },
    Rule {
        code: "max-series",
        look: Look::Event(max_series::look),
    },
    Rule {
        code: "metric-mismatch",
        look: Look::Model(metric_mismatch::look),
    },
    Rule {
        code: "metric-name",
        look: Look::Event(metric_name::look),
    },
    Rule {
        code: "missing-owner",
        look: Look::Event(missing_owner::look),
    },
    Rule {
        code: "needless-top",
        look: Look::Field(needless_top::look),
    },
    Rule {
        code: "nested-mark",
        look: Look::Record(nested_mark::look),
    },
    Rule {
        code: "open-label",
        look: Look::Field(open_label::look),
    },
    Rule {
        code: "pii-and-secret",
        look: Look::Field(pii_and_secret::look),
    },
    Rule {
        code: "pii-drop",
        look: Look::Field(pii_drop::look),
    },
    Rule {
        code: "reserved-attr",
        look: Look::Field(reserved_attr::look),
    },
    Rule {
        code: "reserved-label",
        look: Look::Model(reserved_label::look),
    },
    Rule {
        code: "reserved-metric",
        look: Look::Event(reserved_metric::look),
    },
    Rule {
        code: "secret-telemetry",
        look: Look::Field(secret_telemetry::look),
    },
    Rule {
        code: "sensitive-key",
        look: Look::Field(sensitive_key::look),
    },
    Rule {
        code: "sensitive-label",
        look: Look::Model(sensitive_label::look),
    },
    Rule {
        code: "several-keys",
        look: Look::Record(several_keys::look),
    },
    Rule {
        code: "slo-bucket",
        look: Look::Event(slo_bucket::look),
    },
    Rule {
        code: "slo-under",
        look: Look::Event(slo_under::look),
    },
    Rule {
        code: "slo-unreachable",
        look: Look::Event(slo_unreachable::look),
    },
    Rule {
        code: "sunset-passed",
        look: Look::Event(sunset_passed::look),
    },
    Rule {
        code: "topic-name",
        look: Look::Event(topic_name::look),
    },
    Rule {
        code: "unfit-mark",
        look: Look::Field(unfit_mark::look),
    },
    Rule {
        code: "unknown-field",
        look: Look::Event(unknown_field::look),
    },
    Rule {
        code: "version-file-name",
        look: Look::Event(version_file_name::look),
    },
];

/// What rules may ask beside the Model.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The texts, for rules about file names.
    pub sources: Option<&'a SourceMap>,
    /// `YYYY-MM-DD`, for `sunset`. A build has none, because its outcome may not depend on a clock.
    pub today: Option<&'a str>,
}

/// Looks at everything with every rule.
pub fn run(cx: &mut Diagnostics, model: &Model, options: &Options<'_>) {
    let facts = Facts::new(model, options);
    let mut found = Diagnostics::default();
    for rule in RULES {
        match rule.look {
            Look::Model(look) => look(&mut found, &facts),
            Look::Event(look) => {
                model
                    .events
                    .iter()
                    .for_each(|event| look(&mut found, &facts, event));
            }
            Look::Record(look) => {
                facts
                    .records()
                    .for_each(|(id, record)| look(&mut found, &facts, id, record));
            }
            Look::Field(look) => {
                let fields = facts.records().flat_map(|(_, record)| &record.fields);
                fields.for_each(|field| look(&mut found, &facts, field));
            }
        }
    }
    #[cfg(any(feature = "derive", feature = "specs"))]
    sets::look(&mut found, &facts);
    cx.append(allow::apply(found, model));
}

/// The Model, with answers several rules ask for.
struct Facts<'a> {
    model: &'a Model,
    sources: Option<&'a SourceMap>,
    today: Option<&'a str>,
    payloads: Table<u128, ()>,
}

impl<'a> Facts<'a> {
    fn new(model: &'a Model, options: &Options<'a>) -> Facts<'a> {
        let mut payloads = Table::default();
        for event in &model.events {
            payloads.insert(event.ty.number(), ());
        }
        Facts {
            model,
            sources: options.sources,
            today: options.today,
            payloads,
        }
    }

    /// Every record that is generated.
    fn records(&self) -> impl Iterator<Item = (TypeId, &'a Record)> + use<'a> {
        let types: &'a [TypeDef] = &self.model.types;
        (0..)
            .map(TypeId)
            .zip(types)
            .filter_map(|(id, def)| match &def.kind {
                TypeKind::Record(record) => Some((id, record)),
                _ => None,
            })
    }

    /// The fields of an event.
    fn fields(&self, event: &Event) -> &'a [Field] {
        match &self.model.get(event.ty).kind {
            TypeKind::Record(record) => &record.fields,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests;
