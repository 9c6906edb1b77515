//! What an author wrote, whichever the door: located, holes allowed, names not yet chosen.
//!
//! The types of a [`Draft`] use the Model's own structures, with two differences that `resolve` ends:
//! every identifier in them is still a *suggestion* (the wire name, or a word for a type that has none),
//! and nothing is boxed. Facts an author may leave out are `Option`s in [`EventKeys`] and [`FieldKeys`].

use crate::model::metrics::MetricSet;
use crate::model::{CheckedBy, Dialect, Level, Redaction, TypeDef, TypeId, Version};
use obs_schema::source::{FileId, Loc};

/// Everything the doors understood.
#[derive(Debug, Default)]
pub struct Draft {
    /// Families of things that are no event.
    pub metric_sets: Vec<MetricSet>,
    /// All types; `TypeDef::name` holds the suggested modules (namespace parts) and the suggested identifier.
    pub types: Vec<TypeDef>,
    /// All candidates for events.
    pub events: Vec<DraftEvent>,
}

/// A root type that may be an event, with what is written about it.
#[derive(Debug)]
pub struct DraftEvent {
    /// The payload.
    pub ty: TypeId,
    /// The name the schema gives it: `acme.user.UserRegistered`, or a title.
    pub name: String,
    /// The file's name without folders and endings, for a version such as `user-registered.v2.0.0`.
    pub stem: String,
    /// The `x-obs` object of the event.
    pub keys: EventKeys,
    /// Somebody refers to the type, or it is no struct: without keys of its own it is a part, not an event.
    pub referenced: bool,
    /// The dialect of its spec.
    pub dialect: Dialect,
    /// The schema as one self-contained document.
    pub schema: String,
    /// CRC-64-AVRO.
    pub rabin: u64,
    /// SHA-256.
    pub sha256: [u8; 32],
    /// How far generated code can check it.
    pub checked_by: CheckedBy,
    /// Its spec file.
    pub file: FileId,
    /// Where its name is written.
    pub loc: Loc,
}

/// A value and where it is written.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where.
    pub loc: Loc,
}

/// `x-obs` on an event: what is written, nothing filled in.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct EventKeys {
    /// The whole object, when there is one.
    pub loc: Option<Loc>,
    /// `event`
    pub event: Option<Located<String>>,
    /// `version`
    pub version: Option<Located<Version>>,
    /// `topic`
    pub topic: Option<Located<String>>,
    /// `subject`
    pub subject: Option<Located<String>>,
    /// `owner`
    pub owner: Option<Located<String>>,
    /// `domain`
    pub domain: Option<Located<String>>,
    /// `service`
    pub service: Option<Located<String>>,
    /// `tags`
    pub tags: Option<Located<Vec<String>>>,
    /// `runbook`
    pub runbook: Option<Located<String>>,
    /// `encoding`
    pub encoding: Option<Located<crate::model::Encoding>>,
    /// `envelope`
    pub envelope: Option<Located<crate::model::Envelope>>,
    /// `log`: level (`None` is `false`) and sample.
    pub log: Option<Located<(Option<Level>, f64)>>,
    /// `slow`, in nanoseconds.
    pub slow_ns: Option<Located<u64>>,
    /// `slo`
    pub slos: Vec<Located<crate::model::Slo>>,
    /// `min_rate`: at least so many per window of seconds.
    pub min_rate: Option<Located<(u64, u64)>>,
    /// `compatibility`
    pub compatibility: Option<Located<String>>,
    /// `max_series`
    pub max_series: Option<Located<u64>>,
    /// `metrics`
    pub metrics: Vec<Located<crate::model::MetricFeed>>,
    /// `audit`
    pub audit: Option<Located<bool>>,
    /// `deprecated`
    pub deprecated: Option<Located<crate::model::Deprecation>>,
    /// `allow`: lints this event may break, by name.
    pub allow: Vec<Located<String>>,
}

impl EventKeys {
    /// These keys, and the defaults for what they leave out.
    #[must_use]
    pub fn or(self, defaults: &EventKeys) -> EventKeys {
        EventKeys {
            loc: self.loc,
            event: self.event.or_else(|| defaults.event.clone()),
            version: self.version.or(defaults.version),
            topic: self.topic.or_else(|| defaults.topic.clone()),
            subject: self.subject.or_else(|| defaults.subject.clone()),
            owner: self.owner.or_else(|| defaults.owner.clone()),
            domain: self.domain.or_else(|| defaults.domain.clone()),
            service: self.service.or_else(|| defaults.service.clone()),
            tags: self.tags.or_else(|| defaults.tags.clone()),
            runbook: self.runbook.or_else(|| defaults.runbook.clone()),
            encoding: self.encoding.or(defaults.encoding),
            envelope: self.envelope.or(defaults.envelope),
            log: self.log.or(defaults.log),
            slow_ns: self.slow_ns.or(defaults.slow_ns),
            slos: if self.slos.is_empty() {
                defaults.slos.clone()
            } else {
                self.slos
            },
            min_rate: self.min_rate.or(defaults.min_rate),
            compatibility: self
                .compatibility
                .or_else(|| defaults.compatibility.clone()),
            max_series: self.max_series.or(defaults.max_series),
            metrics: if self.metrics.is_empty() {
                defaults.metrics.clone()
            } else {
                self.metrics
            },
            audit: self.audit.or(defaults.audit),
            deprecated: self.deprecated.or_else(|| defaults.deprecated.clone()),
            allow: if self.allow.is_empty() {
                defaults.allow.clone()
            } else {
                self.allow
            },
        }
    }
}

/// `x-obs` on a field: what is written, nothing filled in.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FieldKeys {
    /// The whole object, when there is one.
    pub loc: Option<Loc>,
    /// `key: true`
    pub key: Option<Loc>,
    /// `attr`
    pub attr: Option<Located<String>>,
    /// `label`: `true`, or `{top: […]}` for a clamped string, with an optional `name`; `top` may also stand beside it.
    pub label: Option<Located<LabelKey>>,
    /// `log: true`
    pub log: Option<Loc>,
    /// `pii`
    pub pii: Option<Located<Redaction>>,
    /// `secret: true`
    pub secret: Option<Loc>,
    /// `tenant: true`
    pub tenant: Option<Loc>,
    /// `correlation: true`
    pub correlation: Option<Loc>,
}

/// What `label` says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LabelKey {
    /// Another name than the field's own in snake case.
    pub name: Option<String>,
    /// The values of a string label; the rest becomes `other`.
    pub top: Vec<String>,
}
