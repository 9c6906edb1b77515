//! Events: which roots are events, and what their keys mean once defaults and overlays are in.

use super::{Overlays, names, version};
use crate::draft::{DraftEvent, EventKeys, Located};
use crate::keys;
use crate::model::{
    CheckedBy, Dialect, Encoding, Envelope, Event, EventLog, Field, Label, Level, Model, Shape,
    Type, TypeKind, Version,
};
use crate::spec::annotate;
use obs_schema::diag::{Diagnostic, Diagnostics, nearest};
use obs_schema::node::{Member, Node};
use obs_schema::table::{self, Table};

/// Default threshold above which a span is kept.
const SLOW_NS: u64 = 250_000_000;

/// Turns candidates into events.
pub(super) fn resolve(
    cx: &mut Diagnostics,
    model: &mut Model,
    drafts: Vec<DraftEvent>,
    overlays: &Overlays,
) {
    let mut events = Vec::new();
    let mut used: Table<&str, ()> = Table::default();
    for draft in drafts {
        let name = draft.name.rsplit('.').next().unwrap_or(&draft.name);
        let by_name = names::event_type_of(&version::without(name));
        let mut event_type = draft
            .keys
            .event
            .as_ref()
            .map_or(by_name, |event| event.value.clone());
        // The schema's full name tells apart what is called the same in two namespaces.
        let said_of = |name: &str| overlays.events.iter().find(|(known, _)| known == name);
        let overlay = said_of(&draft.name).or_else(|| said_of(&event_type));
        if draft.referenced && draft.keys.loc.is_none() && overlay.is_none() {
            if draft.checked_by == CheckedBy::Schema {
                model.schemas.insert(draft.ty, draft.schema);
            }
            continue;
        }
        let mut keys = draft.keys.clone().or(&overlays.defaults);
        if let Some((name, overlay)) = overlay {
            used.insert(name, ());
            keys::overlay_event(cx, &mut keys, &overlay.value);
            if let Some(event) = &keys.event {
                event_type.clone_from(&event.value);
            }
            if let Some(fields) = overlay.value.get("fields").and_then(Node::as_object) {
                overlay_fields(cx, model, &draft, fields);
            }
        }
        events.push(event(draft, event_type, keys));
    }
    for (name, overlay) in &overlays.events {
        if used.contains(name.as_str()) {
            continue;
        }
        let help = write_instead(
            name,
            events.iter().map(|event: &Event| event.event_type.as_str()),
        );
        let help =
            help.unwrap_or_else(|| "remove the section, or add the spec it is about".to_owned());
        cx.push(
            Diagnostic::error(
                "unknown-event",
                overlay.loc,
                format!("no spec describes `{name}`"),
            )
            .help(help),
        );
    }
    table::sort(&mut events, |a, b| {
        (&a.event_type, a.version, a.loc).cmp(&(&b.event_type, b.version, b.loc))
    });
    for at in 0..events.len() {
        events[at].newest = events
            .get(at + 1)
            .is_none_or(|next| next.event_type != events[at].event_type);
    }
    model.events = events;
    labels(model);
}

fn write_instead<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(name, known).map(|near| format!("write `{near}`"))
}

fn event(draft: DraftEvent, event_type: String, keys: EventKeys) -> Event {
    let version = value(&keys.version)
        .or_else(|| version::in_path(&draft.stem))
        .unwrap_or(Version {
            major: 1,
            minor: 0,
            patch: 0,
        });
    let log = value(&keys.log).unwrap_or((Some(Level::Info), 1.0));
    let own = match draft.dialect {
        Dialect::Avro => Encoding::Avro,
        Dialect::JsonSchema | Dialect::Rust => Encoding::Json,
    };
    Event {
        ty: draft.ty,
        topic: value(&keys.topic).unwrap_or_else(|| format!("{event_type}.v{}", version.major)),
        subject: value(&keys.subject).unwrap_or_else(|| format!("{event_type}-value")),
        event_type,
        version,
        newest: false,
        owner: value(&keys.owner),
        domain: value(&keys.domain),
        service: value(&keys.service),
        tags: value(&keys.tags).unwrap_or_default(),
        runbook: value(&keys.runbook),
        encoding: value(&keys.encoding).unwrap_or(own),
        envelope: value(&keys.envelope).unwrap_or(Envelope::Obs),
        log: EventLog {
            level: log.0,
            sample: log.1,
        },
        slow_ns: value(&keys.slow_ns).unwrap_or(SLOW_NS),
        slos: keys.slos.iter().map(|slo| slo.value.clone()).collect(),
        min_rate: value(&keys.min_rate),
        compatibility: value(&keys.compatibility).unwrap_or_else(|| "BACKWARD".to_owned()),
        max_series: value(&keys.max_series),
        metrics: keys.metrics.iter().map(|feed| feed.value.clone()).collect(),
        feeds: Vec::new(),
        times: Vec::new(),
        audit: value(&keys.audit).unwrap_or(false),
        deprecated: value(&keys.deprecated),
        dialect: draft.dialect,
        schema: draft.schema,
        rabin: draft.rabin,
        sha256: draft.sha256,
        checked_by: draft.checked_by,
        upcast: None,
        keys,
        file: draft.file,
        loc: draft.loc,
    }
}

fn value<T: Clone>(key: &Option<Located<T>>) -> Option<T> {
    key.as_ref().map(|key| key.value.clone())
}

/// Keys from outside on the fields of an event.
fn overlay_fields(
    cx: &mut Diagnostics,
    model: &mut Model,
    draft: &DraftEvent,
    overlays: &[Member],
) {
    let TypeKind::Record(record) = &mut model.types[draft.ty.0 as usize].kind else {
        return;
    };
    for Member {
        name,
        name_loc,
        value,
    } in overlays
    {
        if let Some(field) = record.fields.iter_mut().find(|field| field.wire == *name) {
            annotate_field(cx, field, value);
            continue;
        }
        let help = write_instead(name, record.fields.iter().map(|field| field.wire.as_str()));
        let help = help.unwrap_or_else(|| "name a field as it is called in the schema".to_owned());
        cx.push(
            Diagnostic::error(
                "unknown-field",
                *name_loc,
                format!("`{}` has no field `{name}`", draft.name),
            )
            .other(draft.loc, "the event is described here")
            .help(help),
        );
    }
}

fn annotate_field(cx: &mut Diagnostics, field: &mut Field, over: &Node) {
    keys::overlay_field(cx, &mut field.keys, over);
    field.obs = annotate::field_obs(&field.keys);
    let ty = std::mem::replace(&mut field.ty, Type::plain(Shape::Null));
    field.ty = annotate::guard(ty, &field.keys);
}

/// Completes labels: their names, and the values their types allow.
fn labels(model: &mut Model) {
    for at in 0..model.types.len() {
        let TypeKind::Record(record) = &model.types[at].kind else {
            continue;
        };
        let complete = |field: &Field| {
            field
                .obs
                .label
                .clone()
                .map(|label| complete(model, field, label))
        };
        let labels: Vec<Option<Label>> = record.fields.iter().map(complete).collect();
        let TypeKind::Record(record) = &mut model.types[at].kind else {
            continue;
        };
        for (field, label) in record.fields.iter_mut().zip(labels) {
            field.obs.label = label;
        }
    }
}

/// A label with all its values.
pub(super) fn complete(model: &Model, field: &Field, mut label: Label) -> Label {
    if label.name.is_empty() {
        label.name = names::field_ident(&field.wire)
            .trim_start_matches("r#")
            .to_owned();
    }
    let mut optional = field.optional;
    let mut ty = &field.ty;
    while let Shape::Option { inner, .. } = &ty.shape {
        optional = true;
        ty = inner;
    }
    match &ty.shape {
        Shape::Bool => label.values = vec!["false".to_owned(), "true".to_owned()],
        Shape::Named(id) => {
            if let TypeKind::Enum(enum_) = &model.get(*id).kind {
                label.values = enum_
                    .symbols
                    .iter()
                    .map(|symbol| symbol.wire.clone())
                    .collect();
                label.clamped = enum_.default.is_none();
            }
        }
        _ => {}
    }
    if label.values.is_empty() {
        return label; // not closed: the rule `open-label` says so
    }
    if optional {
        label.values.push("none".to_owned());
    }
    if label.clamped {
        label.values.push("other".to_owned());
    }
    label
}
