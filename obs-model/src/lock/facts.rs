//! The facts of a Model.

use super::push_word;
use crate::model::metrics::{Family, LabelOf, MetricSet};
use crate::model::{
    Assertion, CheckedBy, Dialect, Encoding, Envelope, Event, Field, Label, Level, Logical, Model,
    Record, Redaction, Sensitivity, Shape, Type, TypeDef, TypeId, TypeKind, Unknown, UpcastHow,
};
use std::collections::BTreeMap;

/// Facts about one subject in the making.
struct Facts<'a> {
    model: &'a Model,
    names: &'a [String],
    out: &'a mut BTreeMap<Vec<String>, String>,
    subject: Vec<String>,
}

/// Everything that is true of a Model and concerns more than the generated Rust.
pub(super) fn of(model: &Model) -> BTreeMap<Vec<String>, String> {
    let names = names(model);
    let mut out = BTreeMap::new();
    for event in &model.events {
        let subject = vec![
            "event".to_owned(),
            event.event_type.clone(),
            event.version.to_string(),
        ];
        self::event(
            &mut Facts {
                model,
                names: &names,
                out: &mut out,
                subject,
            },
            event,
        );
    }
    for family in model
        .metric_sets
        .iter()
        .flat_map(|set| set.families.iter().map(move |family| (set, family)))
    {
        let (set, family) = family;
        let subject = vec!["metric".to_owned(), family.name.clone()];
        self::family(
            &mut Facts {
                model,
                names: &names,
                out: &mut out,
                subject,
            },
            set,
            family,
        );
    }
    for (at, ty) in model.types.iter().enumerate() {
        let subject = vec!["type".to_owned(), names[at].clone()];
        type_def(
            &mut Facts {
                model,
                names: &names,
                out: &mut out,
                subject,
            },
            ty,
        );
    }
    out
}

/// The name of each type. Versions of an event often share their schema's name; then the older ones add the
/// module they live in.
fn names(model: &Model) -> Vec<String> {
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, ty) in model.types.iter().enumerate() {
        by_name.entry(&ty.wire_name).or_default().push(at);
    }
    let mut names: Vec<String> = model.types.iter().map(|ty| ty.wire_name.clone()).collect();
    for mut group in by_name.into_values().filter(|group| group.len() > 1) {
        group.sort_by_key(|at| {
            let name = &model.types[*at].name;
            (name.module.len(), name)
        });
        for (nth, at) in group.into_iter().enumerate().skip(1) {
            let module = model.types[at]
                .name
                .module
                .last()
                .map_or("", String::as_str);
            let name = format!("{}@{module}", names[at]);
            names[at] = if names.contains(&name) {
                format!("{name}-{nth}")
            } else {
                name
            };
        }
    }
    names
}

impl Facts<'_> {
    fn say(&mut self, path: &[&str], value: impl Into<String>) {
        let words = self
            .subject
            .iter()
            .cloned()
            .chain(path.iter().map(|word| (*word).to_owned()));
        let value = value.into();
        let value = if value.contains(char::is_control) {
            quoted(&value)
        } else {
            value
        };
        self.out.insert(words.collect(), value);
    }

    fn maybe(&mut self, path: &[&str], value: Option<&String>) {
        if let Some(value) = value {
            self.say(path, value.clone());
        }
    }

    /// A fact that is stated when it is so.
    fn flag(&mut self, path: &[&str], value: bool) {
        if value {
            self.say(path, "true");
        }
    }

    fn name(&self, id: TypeId) -> &str {
        &self.names[id.0 as usize]
    }
}

/// A family of a set: what dashboards and alerts would miss.
fn family(facts: &mut Facts<'_>, set: &MetricSet, family: &Family) {
    facts.say(&["kind"], family.kind.word());
    if !family.unit.is_empty() {
        facts.say(&["unit"], &family.unit);
    }
    for label in &family.labels {
        let values = match label.of {
            LabelOf::Declared(at) => {
                let words = set.labels[at].values.iter();
                words
                    .map(|(word, _)| quoted(word))
                    .collect::<Vec<_>>()
                    .join(" ")
            }
            LabelOf::Bool => "false true".to_owned(),
            LabelOf::Words => "any".to_owned(),
        };
        facts.say(&["label", &label.name], values);
    }
    let numbers = |numbers: &[f64]| {
        let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        texts.join(" ")
    };
    if let Some(buckets) = &family.buckets {
        facts.say(&["buckets"], numbers(buckets));
    }
    if let Some(quantiles) = &family.quantiles {
        facts.say(&["quantiles"], numbers(quantiles));
    }
    if let Some(window) = family.window_s {
        facts.say(&["window"], duration(window.saturating_mul(1_000_000_000)));
    }
}

fn event(facts: &mut Facts<'_>, event: &Event) {
    let payload = facts.name(event.ty).to_owned();
    facts.say(&["payload"], payload);
    facts.say(&["topic"], &event.topic);
    facts.say(&["subject"], &event.subject);
    facts.maybe(&["owner"], event.owner.as_ref());
    facts.maybe(&["domain"], event.domain.as_ref());
    facts.maybe(&["service"], event.service.as_ref());
    facts.maybe(&["runbook"], event.runbook.as_ref());
    for tag in &event.tags {
        facts.say(&["tag", tag], "true");
    }
    facts.say(
        &["encoding"],
        match event.encoding {
            Encoding::Json => "json",
            Encoding::Avro => "avro",
        },
    );
    facts.say(
        &["envelope"],
        match event.envelope {
            Envelope::Obs => "obs",
            Envelope::CloudEvents => "cloudevents",
            Envelope::None => "none",
        },
    );
    match event.log.level {
        Some(level) => {
            facts.say(&["log", "level"], level_text(level));
            facts.say(&["log", "sample"], event.log.sample.to_string());
        }
        None => facts.say(&["log", "level"], "off"),
    }
    facts.say(&["slow"], duration(event.slow_ns));
    for (at, slo) in event.slos.iter().enumerate() {
        let mut value = slo.target.to_string();
        if let Some(under) = slo.under_ns {
            value += &format!(" under {}", duration(under.value));
        }
        if let Some(window) = slo.window_s {
            value += &format!(" over {}", duration(window.saturating_mul(1_000_000_000)));
        }
        // One objective may be stated twice, with different thresholds.
        let same = event.slos[..at]
            .iter()
            .filter(|other| other.objective == slo.objective)
            .count();
        match same {
            0 => facts.say(&["slo", &slo.objective], value),
            same => facts.say(&["slo", &slo.objective, &(same + 1).to_string()], value),
        }
    }
    if let Some((count, window)) = event.min_rate {
        facts.say(
            &["min_rate"],
            format!(
                "{count} per {}",
                duration(window.saturating_mul(1_000_000_000))
            ),
        );
    }
    facts.say(&["compatibility"], &event.compatibility);
    if let Some(series) = event.max_series {
        facts.say(&["max_series"], series.to_string());
    }
    for metric in &event.metrics {
        facts.say(
            &["metric", &metric.name],
            format!("{} {}", metric.kind, metric.said),
        );
    }
    facts.flag(&["audit"], event.audit);
    if let Some(deprecated) = &event.deprecated {
        facts.say(&["deprecated"], "true");
        facts.maybe(&["deprecated", "since"], deprecated.since.as_ref());
        facts.maybe(&["deprecated", "sunset"], deprecated.sunset.as_ref());
        facts.maybe(&["deprecated", "use"], deprecated.replacement.as_ref());
    }
    facts.say(&["fingerprint"], format!("{:016x}", event.rabin));
    facts.say(
        &["checked_by"],
        match event.checked_by {
            CheckedBy::Nothing => "nothing",
            CheckedBy::Code => "code",
            CheckedBy::Schema => "schema",
        },
    );
    if let Some(upcast) = &event.upcast {
        let from = facts
            .model
            .events
            .get(upcast.from)
            .map_or_else(String::new, |from| from.version.to_string());
        let how = match &upcast.how {
            UpcastHow::Derived => "derived",
            UpcastHow::ByHand { .. } => "by hand",
        };
        facts.say(&["upcast", &from], how);
    }
}

fn type_def(facts: &mut Facts<'_>, ty: &TypeDef) {
    facts.maybe(&["deprecated"], ty.deprecated.as_ref());
    match &ty.kind {
        TypeKind::Record(record) => self::record(facts, ty, record),
        TypeKind::Enum(symbols) => {
            facts.say(&["kind"], "enum");
            facts.say(
                &["symbols"],
                words(symbols.symbols.iter().map(|symbol| symbol.wire.as_str())),
            );
            if let Some(symbol) = symbols.default.and_then(|at| symbols.symbols.get(at)) {
                facts.say(&["default"], &symbol.wire);
            }
        }
        TypeKind::Union(union) => {
            facts.say(&["kind"], "union");
            for branch in &union.branches {
                let index = branch.index.to_string();
                let path: [&str; 2] = [
                    "branch",
                    if ty.dialect == Dialect::JsonSchema {
                        &branch.wire
                    } else {
                        &index
                    },
                ];
                position(facts, &path, &branch.ty);
                if let Some((member, value)) = &branch.tag {
                    facts.say(&[path[0], path[1], "tag", member], value.to_string());
                }
            }
        }
        TypeKind::Fixed { size } => facts.say(&["kind"], format!("fixed {size}")),
        TypeKind::Newtype(inner) => {
            facts.say(&["kind"], "newtype");
            position(facts, &["value"], inner);
        }
    }
}

fn record(facts: &mut Facts<'_>, ty: &TypeDef, record: &Record) {
    facts.say(&["kind"], "record");
    // The order of an Avro record is its encoding; members of JSON have none.
    if ty.dialect != Dialect::JsonSchema {
        facts.say(
            &["fields"],
            words(record.fields.iter().map(|field| field.wire.as_str())),
        );
    }
    for field in &record.fields {
        self::field(facts, field);
    }
    match &record.unknown {
        Unknown::Refuse => {}
        Unknown::Skip => facts.say(&["unknown"], "skipped"),
        Unknown::Keep(ty) => position(facts, &["unknown"], ty),
    }
    for assertion in &record.assertions {
        let (rule, value) = self::assertion(assertion);
        facts.say(&[rule], value);
    }
}

fn field(facts: &mut Facts<'_>, field: &Field) {
    let name = field.wire.as_str();
    position(facts, &["field", name], &field.ty);
    facts.flag(&["field", name, "optional"], field.optional);
    if let Some(default) = &field.default {
        facts.say(&["field", name, "default"], default.to_string());
    }
    if !field.aliases.is_empty() {
        facts.say(
            &["field", name, "aliases"],
            words(field.aliases.iter().map(String::as_str)),
        );
    }
    facts.maybe(&["field", name, "deprecated"], field.deprecated.as_ref());
    let obs = &field.obs;
    facts.flag(&["field", name, "key"], obs.key);
    facts.maybe(&["field", name, "attr"], obs.attr.as_ref());
    if let Some(label) = &obs.label {
        facts.say(&["field", name, "label"], label_text(label));
    }
    facts.flag(&["field", name, "log"], obs.log);
    if let Some(redaction) = obs.pii {
        facts.say(
            &["field", name, "pii"],
            match redaction {
                Redaction::Drop => "drop",
                Redaction::Mask => "mask",
                Redaction::Hash => "hash",
                Redaction::Truncate => "truncate",
            },
        );
    }
    facts.flag(&["field", name, "secret"], obs.secret);
    facts.flag(&["field", name, "tenant"], obs.tenant);
    facts.flag(&["field", name, "correlation"], obs.correlation);
}

/// `plan: FREE TEAM …`; the last value stands for all others when the set is clamped.
fn label_text(label: &Label) -> String {
    let values = words(label.values.iter().map(String::as_str));
    let clamped = if label.clamped { "clamped " } else { "" };
    format!("{} {clamped}{values}", label.name)
}

/// The type of a position, and what is asserted of it and of what it holds.
fn position(facts: &mut Facts<'_>, path: &[&str], ty: &Type) {
    let text = type_text(facts, ty);
    facts.say(path, text);
    assertions(facts, path, ty);
}

fn assertions(facts: &mut Facts<'_>, path: &[&str], ty: &Type) {
    for assertion in &ty.assertions {
        let (rule, value) = self::assertion(assertion);
        facts.say(&[path, &[rule]].concat(), value);
    }
    match &ty.shape {
        Shape::Array(inner) => assertions(facts, &[path, &["items"]].concat(), inner),
        Shape::Map(inner) => assertions(facts, &[path, &["values"]].concat(), inner),
        Shape::Option { inner, .. } => assertions(facts, path, inner),
        Shape::Tuple(items) => {
            for (at, item) in items.iter().enumerate() {
                assertions(facts, &[path, &["items", &at.to_string()]].concat(), item);
            }
        }
        _ => {}
    }
}

fn assertion(assertion: &Assertion) -> (&'static str, String) {
    match assertion {
        Assertion::MinLength(value) => ("minLength", value.to_string()),
        Assertion::MaxLength(value) => ("maxLength", value.to_string()),
        Assertion::Pattern(value) => ("pattern", value.clone()),
        Assertion::Format(value) => ("format", value.clone()),
        Assertion::Minimum(value) => ("minimum", value.to_string()),
        Assertion::Maximum(value) => ("maximum", value.to_string()),
        Assertion::ExclusiveMinimum(value) => ("exclusiveMinimum", value.to_string()),
        Assertion::ExclusiveMaximum(value) => ("exclusiveMaximum", value.to_string()),
        Assertion::MultipleOf(value) => ("multipleOf", value.to_string()),
        Assertion::MinItems(value) => ("minItems", value.to_string()),
        Assertion::MaxItems(value) => ("maxItems", value.to_string()),
        Assertion::UniqueItems => ("uniqueItems", "true".to_owned()),
        Assertion::MinProperties(value) => ("minProperties", value.to_string()),
        Assertion::MaxProperties(value) => ("maxProperties", value.to_string()),
        Assertion::Const(value) => ("const", value.to_string()),
        Assertion::Enum(values) => (
            "enum",
            obs_schema::json::Json::Array(values.clone()).to_string(),
        ),
    }
}

/// A type in a few words. Boxes are Rust's business and left out.
fn type_text(facts: &Facts<'_>, ty: &Type) -> String {
    let text = shape_text(facts, &ty.shape);
    match ty.sensitive {
        Some(Sensitivity::Pii) => format!("pii {text}"),
        Some(Sensitivity::Secret) => format!("secret {text}"),
        None => text,
    }
}

fn shape_text(facts: &Facts<'_>, shape: &Shape) -> String {
    match shape {
        Shape::Null => "null".to_owned(),
        Shape::Bool => "bool".to_owned(),
        Shape::I32 => "i32".to_owned(),
        Shape::I64 => "i64".to_owned(),
        Shape::U64 => "u64".to_owned(),
        Shape::F32 => "f32".to_owned(),
        Shape::F64 => "f64".to_owned(),
        Shape::Bytes => "bytes".to_owned(),
        Shape::String => "string".to_owned(),
        Shape::Array(item) => format!("array<{}>", type_text(facts, item)),
        Shape::Map(value) => format!("map<{}>", type_text(facts, value)),
        Shape::Tuple(items) => {
            let items: Vec<String> = items.iter().map(|item| type_text(facts, item)).collect();
            format!("tuple<{}>", items.join(", "))
        }
        // Where null stands in an Avro union is part of the encoding; first is the rule.
        Shape::Option {
            inner,
            null_index: 0,
        } => format!("nullable<{}>", type_text(facts, inner)),
        Shape::Option { inner, null_index } => format!(
            "nullable<{}, null at {null_index}>",
            type_text(facts, inner)
        ),
        Shape::Named(id) => facts.name(*id).to_owned(),
        Shape::Logical(logical) => logical_text(*logical),
        Shape::Json => "json".to_owned(),
        Shape::Rust(path) => format!("rust {path}"),
    }
}

fn logical_text(logical: Logical) -> String {
    match logical {
        Logical::Decimal {
            precision,
            scale,
            fixed: None,
        } => format!("decimal({precision}, {scale})"),
        Logical::Decimal {
            precision,
            scale,
            fixed: Some(size),
        } => {
            format!("decimal({precision}, {scale}) in {size} bytes")
        }
        Logical::BigDecimal => "big-decimal".to_owned(),
        Logical::Uuid { fixed: true } => "uuid in 16 bytes".to_owned(),
        Logical::Uuid { fixed: false } => "uuid".to_owned(),
        Logical::Date => "date".to_owned(),
        Logical::TimeMillis => "time-millis".to_owned(),
        Logical::TimeMicros => "time-micros".to_owned(),
        Logical::TimestampMillis => "timestamp-millis".to_owned(),
        Logical::TimestampMicros => "timestamp-micros".to_owned(),
        Logical::TimestampNanos => "timestamp-nanos".to_owned(),
        Logical::LocalTimestampMillis => "local-timestamp-millis".to_owned(),
        Logical::LocalTimestampMicros => "local-timestamp-micros".to_owned(),
        Logical::LocalTimestampNanos => "local-timestamp-nanos".to_owned(),
        Logical::Duration => "duration".to_owned(),
    }
}

fn level_text(level: Level) -> &'static str {
    match level {
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    }
}

/// Words separated by spaces, quoted where they must be.
fn words<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for item in items {
        if !out.is_empty() {
            out.push(' ');
        }
        push_word(&mut out, item);
    }
    out
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    obs_schema::json::write_string(&mut out, text);
    out
}

/// Nanoseconds in the largest unit that leaves no rest.
fn duration(ns: u64) -> String {
    const UNITS: [(u64, &str); 7] = [
        (86_400_000_000_000, "d"),
        (3_600_000_000_000, "h"),
        (60_000_000_000, "m"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "us"),
        (1, "ns"),
    ];
    let (size, unit) = UNITS
        .into_iter()
        .find(|(size, _)| ns != 0 && ns.is_multiple_of(*size))
        .unwrap_or((1, "ns"));
    format!("{}{unit}", ns / size)
}
