//! `impl Event`: the static facts of an event, and its key.

use super::feed;
use super::paths::Scope;
use super::printer::{Code, byte_lit, join, lit};
use super::telemetry;
use super::value::Value;
use crate::model::{
    Dialect, Encoding, Envelope, Event, Field, FieldObs, Level, Redaction, Shape, Type, TypeDef,
    TypeKind,
};
use std::fmt::Write as _;

/// The constant that holds the schema of an event with parts.
pub(crate) const PART: &str = "__OBS_PART";

/// The implementation for one version of an event, and the methods that need no trait in scope.
pub(crate) fn event(code: &mut Code, scope: &Scope<'_>, event: &Event, ty: &TypeDef) {
    let obs = scope.obs;
    let ident = &ty.name.ident;
    code.blank();
    code.raw("#[automatically_derived]");
    code.open(format_args!("impl {obs}::Event for {ident}"));
    descriptor(code, scope, event, ty);
    let body = match event.encoding {
        Encoding::Avro if scope.has_avro(ty) => "Avro",
        _ => "Json",
    };
    code.line(format_args!("type Body = {obs}::{body}Body;"));
    #[cfg(feature = "specs")]
    if !scope.derived {
        super::versions::older(code, scope, event.ty);
    }
    if let Some(field) = fields(ty).iter().find(|field| field.obs.key) {
        code.blank();
        code.open(format_args!("fn key(&self) -> {obs}::Key<'_>"));
        let place = Value::place(format!("self.{}", field.ident));
        let text = if field.optional {
            optional_key(scope, &field.ty, &place)
        } else {
            key(scope, &field.ty, &place)
        };
        code.raw(&text);
        code.close();
    }
    telemetry::methods(code, scope, &marked(ty));
    feed::method(code, scope, event);
    code.close();

    if let Some(budget) = event.max_series {
        // What the labels of a type of the user's own are, only the compiler knows.
        code.line(format_args!(
            "const _: () = {obs}::event_within_budget(<{ident} as {obs}::Event>::DESCRIPTOR, {budget});"
        ));
    }

    let words = [
        ("publisher", !scope.derived),
        ("avro", scope.has_avro(ty)),
        ("json", scope.has_json(ty)),
    ];
    let words = words.iter().filter(|(_, has)| *has).map(|(word, _)| word);
    code.line(format_args!(
        "{obs}::event!({ident}, {});",
        join(words, " ")
    ));
}

fn fields(ty: &TypeDef) -> &[Field] {
    match &ty.kind {
        TypeKind::Record(record) => &record.fields,
        _ => &[],
    }
}

fn descriptor(code: &mut Code, scope: &Scope<'_>, event: &Event, ty: &TypeDef) {
    let obs = scope.obs;
    code.enter(format_args!(
        "const DESCRIPTOR: &'static {obs}::Descriptor = {obs}::descriptor! {{"
    ));
    let (event_type, version) = (lit(&event.event_type), event.version.to_string());
    if event.schema.is_empty() {
        // A derive with parts: the compiler puts text and fingerprints together from what stands beside us.
        code.line(format_args!(
            "event_type: {event_type}, version: \"{version}\", part: {PART},"
        ));
    } else {
        let (rabin, sha256) = (event.rabin, &event.sha256);
        let mark = obs_schema::carried::bytes(&event.event_type, &version, rabin, sha256);
        code.line(format_args!("record: {},", byte_lit(&mark)));
        code.line(format_args!(
            "event_type: {event_type}, version: \"{version}\", rabin: {rabin:#018x},"
        ));
        let mut hex = String::with_capacity(64);
        for byte in sha256 {
            // Writing to a `String` cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        code.line(format_args!("// SHA-256: {hex}"));
        code.line(format_args!("sha256: *{},", byte_lit(sha256)));
        code.line(format_args!("schema: {},", lit(&event.schema)));
    }
    let dialect = match event.dialect {
        Dialect::Avro => "Avro",
        Dialect::JsonSchema => "JsonSchema",
        Dialect::Rust => "Rust",
    };
    let encoding = match event.encoding {
        Encoding::Json => "Json",
        Encoding::Avro => "Avro",
    };
    let mut facts = vec![
        format!("wire_name: {}", lit(&ty.wire_name)),
        format!("major: {}", event.version.major),
        format!("topic: {}", lit(&event.topic)),
        format!("subject: {}", lit(&event.subject)),
        format!("dialect: {obs}::Dialect::{dialect}"),
        format!("encoding: {obs}::Encoding::{encoding}"),
    ];
    match event.envelope {
        // The descriptor's own default.
        Envelope::Obs => {}
        Envelope::CloudEvents => facts.push(format!("envelope: {obs}::Envelope::CloudEvents")),
        Envelope::None => facts.push(format!("envelope: {obs}::Envelope::None")),
    }
    if scope.derived {
        facts.push("target: ::core::module_path!()".to_owned());
    } else if !ty.name.module.is_empty() {
        facts.push(format!("target: {}", lit(&ty.name.module.join("::"))));
    }
    match event.log.level {
        // The descriptor's own default.
        Some(Level::Info) if event.log.sample >= 1.0 => {}
        Some(level) => facts.push(format!(
            "log: {obs}::Some({obs}::LogLine {{ level: {obs}::Level::{level:?}, sample: {:?} }})",
            event.log.sample
        )),
        None => facts.push(format!("log: {obs}::None")),
    }
    // The descriptor's own default is 250 ms.
    if event.slow_ns != 250_000_000 {
        facts.push(format!("slow_ns: {}", event.slow_ns));
    }
    if event.audit {
        facts.push("audit: true".to_owned());
    }
    if let Some(owner) = &event.owner {
        facts.push(format!("owner: {obs}::Some({})", lit(owner)));
    }
    code.fill(&facts);
    let marked = marked(ty);
    if !marked.is_empty() {
        code.enter(format_args!("fields: &["));
        for field in marked {
            code.line(format_args!("{},", info(obs, field)));
        }
        code.leave("],");
    }
    feed::families(code, scope, event);
    feed::times(code, scope, event);
    code.leave("};");
}

/// The fields that telemetry or routing look at.
fn marked(ty: &TypeDef) -> Vec<&Field> {
    let plain = FieldObs::default();
    fields(ty)
        .iter()
        .filter(|field| field.obs != plain)
        .collect()
}

/// What they look at in one of them.
fn info(obs: &str, field: &Field) -> String {
    let keys = &field.obs;
    let mut parts = Vec::new();
    if let Some(attr) = &keys.attr {
        parts.push(format!("attr: {obs}::Some({})", lit(attr)));
    }
    if let Some(label) = &keys.label {
        let values: Vec<String> = label.values.iter().map(|value| lit(value)).collect();
        let values = match own_type(&field.ty) {
            // A type of the user's own knows its values, and a macro does not.
            Some(path) if values.is_empty() => format!("<{path} as {obs}::Label>::VALUES"),
            _ => format!("&[{}]", values.join(", ")),
        };
        // An absent value is among those that are known here; a type of the user's own does not know of it.
        let absent = label.values.is_empty() && optional(field);
        let absent = if absent { ", absent: true" } else { "" };
        parts.push(format!(
            "label: {obs}::Some({obs}::LabelInfo {{ name: {}, values: {values}, clamped: {}{absent}, \
             ..{obs}::LabelInfo::BLANK }})",
            lit(&label.name),
            label.clamped
        ));
    }
    if let Some(redaction) = keys.pii {
        let redaction = match redaction {
            Redaction::Drop => "Drop",
            Redaction::Mask => "Mask",
            Redaction::Hash => "Hash",
            Redaction::Truncate => "Truncate",
        };
        parts.push(format!("pii: {obs}::Some({obs}::Redaction::{redaction})"));
    }
    let flags = [
        ("log", keys.log),
        ("secret", keys.secret),
        ("key", keys.key),
        ("tenant", keys.tenant),
        ("correlation", keys.correlation),
    ];
    parts.extend(
        flags
            .iter()
            .filter(|(_, set)| *set)
            .map(|(name, _)| format!("{name}: true")),
    );
    format!(
        "{obs}::FieldInfo {{ wire: {}, {}, ..{obs}::FieldInfo::BLANK }}",
        lit(&field.wire),
        parts.join(", ")
    )
}

/// May the field be absent or null?
fn optional(field: &Field) -> bool {
    field.optional || matches!(field.ty.shape, Shape::Option { .. })
}

/// The user's own type in a position, options aside.
fn own_type(ty: &Type) -> Option<&str> {
    match &ty.shape {
        Shape::Rust(path) => Some(path),
        Shape::Option { inner, .. } => own_type(inner),
        _ => None,
    }
}

/// The message key of a value, as an expression.
pub(super) fn key(scope: &Scope<'_>, ty: &Type, at: &Value) -> String {
    if ty.sensitive.is_some() {
        // Nobody is to be recognised by the key of a message.
        return format!("{}.hashed()", shape_key(scope, ty, &at.bare(ty)));
    }
    shape_key(scope, ty, &at.bare(ty))
}

pub(super) fn optional_key(scope: &Scope<'_>, inner: &Type, at: &Value) -> String {
    let obs = scope.obs;
    let inner = key(scope, inner, &Value::reference("v"));
    format!(
        "{}.as_ref().map_or({obs}::Key::None, |v| {inner})",
        at.receiver()
    )
}

fn shape_key(scope: &Scope<'_>, ty: &Type, at: &Value) -> String {
    let obs = scope.obs;
    match &ty.shape {
        Shape::Named(id) => {
            let def = scope.model.get(*id);
            match &def.kind {
                _ if def.extern_path.is_some() => format!("{obs}::Key::from({})", at.borrowed()),
                TypeKind::Enum(_) => format!("{obs}::Key::from({}.as_str())", at.receiver()),
                TypeKind::Fixed { .. } => format!("{obs}::Key::from(&{}.0)", at.receiver()),
                TypeKind::Newtype(inner) => {
                    key(scope, inner, &Value::place(format!("{}.0", at.receiver())))
                }
                TypeKind::Record(_) | TypeKind::Union(_) => format!("{obs}::Key::None"),
            }
        }
        Shape::Logical(_) => format!(
            "{obs}::Key::from(::std::string::ToString::to_string({}))",
            at.borrowed()
        ),
        Shape::Option { inner, .. } => optional_key(scope, inner, at),
        Shape::Bool | Shape::I32 | Shape::I64 | Shape::U64 | Shape::String | Shape::Bytes => {
            format!("{obs}::Key::from({})", at.borrowed())
        }
        // The type is named, so that rustc can say which of them is no key.
        Shape::Rust(path) => {
            format!(
                "<{obs}::Key<'_> as {obs}::From<&{path}>>::from({})",
                at.borrowed()
            )
        }
        // The rules refuse other keys.
        Shape::Null
        | Shape::F32
        | Shape::F64
        | Shape::Array(_)
        | Shape::Map(_)
        | Shape::Tuple(_)
        | Shape::Json => {
            format!("{obs}::Key::None")
        }
    }
}
