//! A sample of an event: a payload that its schema takes, for those who read about it.
//!
//! Examples of the schema come first. What has none gets values that are tried one after the other, and what the schema
//! does not take in the end is not shown. Nothing of it was ever anybody's; what is sensitive is shown as stars all the same.

mod pattern;

use crate::data;
use obs_model::model::{Assertion, Event, Field, Logical, Model, Shape, Type, TypeKind};
use obs_schema::json::{Json, Number};

/// How far into types within types samples go.
const DEPTH: usize = 8;

/// A payload as text, a field a line.
pub(crate) fn of(model: &Model, event: &Event) -> Option<String> {
    let faults = |json: &Json| {
        let found = data::violations(event, json);
        found.map_or(usize::MAX, |found| found.len())
    };
    let schema = Json::parse(event.schema.as_bytes()).ok()?;
    let whole = first_example(&schema);
    if let Some(whole) = whole.filter(|whole| faults(whole) == 0) {
        return Some(text(whole));
    }
    let TypeKind::Record(record) = &model.get(event.ty).kind else {
        let all = of_type(model, &Type::plain(Shape::Named(event.ty)), DEPTH);
        return all.iter().find(|json| faults(json) == 0).map(text);
    };
    let properties = schema.get("properties");
    let mut members: Vec<(String, Json)> = Vec::new();
    let mut tried: Vec<Vec<Json>> = Vec::new();
    for field in &record.fields {
        let described = properties.and_then(|all| all.get(&field.wire));
        let example = described.and_then(first_example).cloned();
        let all: Vec<Json> = example.into_iter().chain(values(model, field)).collect();
        members.push((field.wire.clone(), all.first().cloned()?));
        tried.push(all);
    }
    // One field after the other takes the value with which the least is wrong.
    let mut least = faults(&Json::Object(members.clone()));
    for (at, all) in tried.into_iter().enumerate() {
        for value in all {
            if least == 0 {
                break;
            }
            let before = std::mem::replace(&mut members[at].1, value);
            let found = faults(&Json::Object(members.clone()));
            if found < least {
                least = found;
            } else {
                members[at].1 = before;
            }
        }
    }
    (least == 0).then(|| text(&Json::Object(members)))
}

fn first_example(schema: &Json) -> Option<&Json> {
    schema.get("examples")?.as_array()?.first()
}

/// A line for each member.
fn text(json: &Json) -> String {
    let one = |json: &Json| {
        let mut out = String::new();
        json.write(&mut out);
        out
    };
    let Some(members) = json.as_object() else {
        return one(json);
    };
    let members = members
        .iter()
        .map(|(name, value)| format!("  {}: {}", one(&Json::String(name.clone())), one(value)));
    format!("{{\n{}\n}}", members.collect::<Vec<_>>().join(",\n"))
}

/// What a field may be worth, the likeliest first.
fn values(model: &Model, field: &Field) -> Vec<Json> {
    let mut all = Vec::new();
    let name = field.wire.to_lowercase();
    let is_text = matches!(inner(&field.ty).shape, Shape::String);
    if is_text && (field.obs.pii.is_some() || field.obs.secret) {
        all.push(words("***"));
    }
    if is_text && name.contains("mail") {
        all.push(words("somebody@example.com"));
    } else if let Some(of) = name
        .strip_suffix("id")
        .filter(|of| is_text && !of.is_empty())
    {
        all.push(words(&format!("{}-1", of.trim_end_matches(['_', '-']))));
    }
    all.extend(of_type(model, &field.ty, DEPTH));
    all
}

fn inner(ty: &Type) -> &Type {
    match &ty.shape {
        Shape::Option { inner: ty, .. } => inner(ty),
        _ => ty,
    }
}

fn words(text: &str) -> Json {
    Json::String(text.to_owned())
}

fn numbers(all: &[&str]) -> Vec<Json> {
    let all = all.iter().filter_map(|text| Number::parse(text));
    all.map(Json::Number).collect()
}

fn texts(all: &[&str]) -> Vec<Json> {
    all.iter().map(|text| words(text)).collect()
}

fn of_type(model: &Model, ty: &Type, depth: usize) -> Vec<Json> {
    let Some(depth) = depth.checked_sub(1) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for assertion in &ty.assertions {
        match assertion {
            Assertion::Const(value) => all.push(value.clone()),
            Assertion::Enum(values) => all.extend(values.first().cloned()),
            Assertion::Pattern(pattern) => all.extend(pattern::fitting(pattern).map(Json::String)),
            Assertion::Minimum(least) => all.push(Json::Number(least.clone())),
            Assertion::MinLength(length) => {
                let length = usize::try_from(*length).unwrap_or(usize::MAX).min(1_000);
                all.push(words(&"x".repeat(length)));
            }
            _ => {}
        }
    }
    all.extend(match &ty.shape {
        Shape::Null => vec![Json::Null],
        Shape::Bool => vec![Json::Bool(true), Json::Bool(false)],
        Shape::I32 | Shape::I64 | Shape::U64 => numbers(&["1", "10", "100", "1000", "0", "-1"]),
        Shape::F32 | Shape::F64 => numbers(&["12.5", "1", "0.5", "0", "100", "-1"]),
        Shape::String => texts(&[
            "text",
            "2026-05-04T10:20:30Z",
            "2026-05-04",
            "10:20:30Z",
            "0190a6f0-1c2d-7e3f-8a4b-5c6d7e8f9a0b",
            "somebody@example.com",
            "https://example.com/a",
            "example.com",
            "192.0.2.1",
            "2001:db8::1",
            "PT1H",
            "EUR",
            "DE",
            "12",
            "a",
            "A",
            "1",
        ]),
        Shape::Bytes => texts(&["AQID", ""]),
        Shape::Array(item) => {
            let items = of_type(model, item, depth);
            let one = items.first().map(|item| Json::Array(vec![item.clone()]));
            let two = items.get(..2).map(|two| Json::Array(two.to_vec()));
            one.into_iter()
                .chain(two)
                .chain([Json::Array(Vec::new())])
                .collect()
        }
        Shape::Map(value) => {
            let values = of_type(model, value, depth);
            let one = values
                .first()
                .map(|value| Json::Object(vec![("key".to_owned(), value.clone())]));
            one.into_iter().chain([Json::Object(Vec::new())]).collect()
        }
        Shape::Tuple(items) => {
            let each = items
                .iter()
                .map(|item| of_type(model, item, depth).into_iter().next());
            each.collect::<Option<Vec<Json>>>()
                .map(Json::Array)
                .into_iter()
                .collect()
        }
        Shape::Option { inner, .. } => {
            let inner = of_type(model, inner, depth).into_iter();
            inner.chain([Json::Null]).collect()
        }
        Shape::Named(id) => kinds(model, &model.get(*id).kind, depth),
        Shape::Logical(logical) => logical_values(*logical),
        Shape::Json | Shape::Rust(_) => [
            texts(&["text"]),
            numbers(&["1"]),
            vec![Json::Object(Vec::new())],
        ]
        .concat(),
    });
    all
}

fn kinds(model: &Model, kind: &TypeKind, depth: usize) -> Vec<Json> {
    match kind {
        TypeKind::Record(record) => {
            let member = |field: &Field| {
                let value = values_within(model, field, depth).into_iter().next()?;
                Some((field.wire.clone(), value))
            };
            let members: Option<Vec<_>> = record.fields.iter().map(member).collect();
            members.map(Json::Object).into_iter().collect()
        }
        TypeKind::Enum(symbols) => {
            let symbols = symbols.symbols.iter();
            symbols.map(|symbol| words(&symbol.wire)).collect()
        }
        TypeKind::Union(union) => {
            let branches = union.branches.iter();
            let each = branches.flat_map(|branch| {
                let plain = of_type(model, &branch.ty, depth).into_iter().next();
                let named = plain
                    .clone()
                    .map(|value| Json::Object(vec![(branch.wire.clone(), value)]));
                plain.into_iter().chain(named)
            });
            each.collect()
        }
        TypeKind::Fixed { size } => texts(&[&"AAAA".repeat(size / 3), &"\u{0}".repeat(*size)]),
        TypeKind::Newtype(ty) => of_type(model, ty, depth),
    }
}

/// Of a member of something within an event, one value is tried.
fn values_within(model: &Model, field: &Field, depth: usize) -> Vec<Json> {
    let is_hidden = field.obs.pii.is_some() || field.obs.secret;
    if is_hidden && matches!(inner(&field.ty).shape, Shape::String) {
        return vec![words("***")];
    }
    of_type(model, &field.ty, depth)
}

fn logical_values(logical: Logical) -> Vec<Json> {
    let (said, counted) = match logical {
        Logical::Decimal { .. } | Logical::BigDecimal => (&["12.50", "12.5", "1"][..], "12"),
        Logical::Uuid { .. } => (&["0190a6f0-1c2d-7e3f-8a4b-5c6d7e8f9a0b"][..], "0"),
        Logical::Date => (&["2026-05-04"][..], "20577"),
        Logical::TimeMillis => (&["10:20:30.000", "10:20:30"][..], "37230000"),
        Logical::TimeMicros => (&["10:20:30.000000", "10:20:30"][..], "37230000000"),
        Logical::TimestampMillis => (
            &["2026-05-04T10:20:30Z", "2026-05-04T10:20:30.000Z"][..],
            "1777890030000",
        ),
        Logical::TimestampMicros => (
            &["2026-05-04T10:20:30Z", "2026-05-04T10:20:30.000000Z"][..],
            "1777890030000000",
        ),
        Logical::TimestampNanos => (&["2026-05-04T10:20:30Z"][..], "1777890030000000000"),
        Logical::LocalTimestampMillis => (
            &["2026-05-04T10:20:30", "2026-05-04T10:20:30.000"][..],
            "1777890030000",
        ),
        Logical::LocalTimestampMicros => (
            &["2026-05-04T10:20:30", "2026-05-04T10:20:30.000000"][..],
            "1777890030000000",
        ),
        Logical::LocalTimestampNanos => (&["2026-05-04T10:20:30"][..], "1777890030000000000"),
        Logical::Duration => (&["P1M2DT3S", "PT1H"][..], "0"),
    };
    [texts(said), numbers(&[counted])].concat()
}
