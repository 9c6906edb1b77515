//! Families that events feed: labels with all their values, what is counted, and what is remembered for others.

use super::events::complete;
use super::names;
use crate::keys::parse_duration;
use crate::model::feed::{Conditions, Feed, FeedLabel, FeedValue, LabelBy, Operand, Times, Word};
use crate::model::metrics::FamilyKind;
use crate::model::{Event, Field, Label, MetricFeed, Model, Shape, Type, TypeKind};
use obs_schema::json::Json;
use obs_schema::table;

/// Resolves the families of every event.
pub(super) fn resolve(model: &mut Model) {
    let mut asked = Vec::new();
    for at in 0..model.events.len() {
        let mut feeds = Vec::new();
        for feed in &model.events[at].metrics {
            feeds.extend(self::feed(model, &model.events[at], feed));
        }
        let event = &mut model.events[at];
        event.feeds = feeds;
        event.times = self::asked(event);
        for times in &event.times {
            asked.push(times.clone());
        }
    }
    for event in &mut model.events {
        for times in &asked {
            if times.event == event.event_type {
                event.times.push(times.clone());
            }
        }
        table::sort(&mut event.times, |a, b| a.cmp(b));
        event.times.dedup();
    }
}

/// The times of others that the families of an event are counted from.
fn asked(event: &Event) -> Vec<Times> {
    let mut all = Vec::new();
    for feed in &event.feeds {
        let (FeedValue::Difference(operands) | FeedValue::Quotient(operands)) = &feed.value else {
            continue;
        };
        for operand in operands {
            if let Operand::Last(times) = operand {
                all.push(times.clone());
            }
        }
    }
    all
}

fn feed(model: &Model, event: &Event, feed: &MetricFeed) -> Option<Feed> {
    let said = &feed.said;
    let text = |name: &str| {
        said.get(name)
            .and_then(Json::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (_, kind, _) = FamilyKind::ALL
        .into_iter()
        .find(|(word, ..)| *word == feed.kind)?;
    let value = match (said.get("entities"), said.get("age")) {
        (Some(said), _) => entities(said)?,
        (_, Some(said)) => age(said)?,
        _ => value(event, said.get("value"))?,
    };
    let whole = match &value {
        FeedValue::Number(number) => number.fract() == 0.0,
        FeedValue::Field(path) => field(model, event, path).is_some_and(|field| {
            matches!(bare(&field.ty).shape, Shape::I32 | Shape::I64 | Shape::U64)
        }),
        FeedValue::Entities { .. } => true,
        FeedValue::Difference(_) | FeedValue::Quotient(_) | FeedValue::Age { .. } => false,
    };
    let items = said
        .get("labels")
        .and_then(Json::as_array)
        .unwrap_or_default();
    let mut labels = Vec::new();
    for item in items {
        labels.push(label(model, event, item)?);
    }
    // So that whoever feeds the family finds the same series.
    table::sort(&mut labels, |a: &FeedLabel, b| {
        a.label.name.cmp(&b.label.name)
    });
    Some(Feed {
        name: feed.name.clone(),
        kind,
        float: !whole,
        help: text("help"),
        unit: text("unit"),
        value,
        when: said.get("when").map(conditions).unwrap_or_default(),
        labels,
        buckets: numbers(said.get("buckets")),
        quantiles: numbers(said.get("quantiles")),
    })
}

fn path(text: &str) -> Vec<String> {
    text.split('.').map(str::to_owned).collect()
}

fn numbers(said: Option<&Json>) -> Option<Vec<f64>> {
    let items = said?.as_array()?;
    Some(items.iter().filter_map(number).collect())
}

fn number(said: &Json) -> Option<f64> {
    match said {
        Json::Number(number) => Some(number.as_f64()),
        _ => None,
    }
}

fn words(said: &Json) -> Vec<Word> {
    let one = std::slice::from_ref(said);
    let words = said.as_array().unwrap_or(one).iter();
    words
        .filter_map(|word| match word {
            Json::Bool(value) => Some(Word::Bool(*value)),
            Json::String(text) => Some(Word::Text(text.clone())),
            _ => None,
        })
        .collect()
}

/// None when it is always so.
fn conditions(said: &Json) -> Conditions {
    let fields = said.as_object().unwrap_or_default().iter();
    fields
        .map(|(field, values)| (path(field), words(values)))
        .collect()
}

/// Entities or ages that are remembered at most, unless the family says otherwise.
const USUAL_MAX: u64 = 100_000;

fn key_and_max(said: &Json) -> Option<(Vec<String>, u64)> {
    let max = said.get("max").and_then(number).unwrap_or(USUAL_MAX as f64);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number between one and ten millions, or the spec was refused"
    )]
    let max = max as u64;
    Some((path(said.get("key")?.as_str()?), max))
}

fn entities(said: &Json) -> Option<FeedValue> {
    let (key, max) = key_and_max(said)?;
    Some(FeedValue::Entities {
        key,
        enter: said.get("enter").map(conditions),
        leave: said.get("leave").map(conditions),
        max,
    })
}

fn age(said: &Json) -> Option<FeedValue> {
    let (key, max) = key_and_max(said)?;
    let every = said.get("every").and_then(Json::as_str);
    Some(FeedValue::Age {
        key,
        every_ns: every.and_then(parse_duration).unwrap_or_default(),
        max,
    })
}

fn operand(event: &Event, said: &Json, key: Option<&Json>) -> Option<Operand> {
    if let Some(field) = said.as_str() {
        return Some(Operand::Field(path(field)));
    }
    let other = said.get("event")?.as_str()?;
    if other == event.event_type {
        return Some(Operand::Now);
    }
    Some(Operand::Last(Times {
        event: other.to_owned(),
        key: path(key?.as_str()?),
    }))
}

fn value(event: &Event, said: Option<&Json>) -> Option<FeedValue> {
    let key = said.and_then(|said| said.get("key"));
    let operands = |said: &Json| match said.as_array()? {
        [first, second] => Some([operand(event, first, key)?, operand(event, second, key)?]),
        _ => None,
    };
    match said {
        None => Some(FeedValue::Number(1.0)),
        Some(Json::String(field)) => Some(FeedValue::Field(path(field))),
        Some(Json::Number(number)) => Some(FeedValue::Number(number.as_f64())),
        Some(said) => match (said.get("difference"), said.get("quotient")) {
            (Some(said), _) => operands(said).map(FeedValue::Difference),
            (_, Some(said)) => operands(said).map(FeedValue::Quotient),
            _ => None,
        },
    }
}

fn label(model: &Model, event: &Event, said: &Json) -> Option<FeedLabel> {
    let wire = said.as_str().or_else(|| said.get("field")?.as_str())?;
    let path = path(wire);
    let field = field(model, event, &path)?;
    let mut label = Label {
        name: String::new(),
        values: Vec::new(),
        clamped: false,
    };
    let by = if let Some(bounds) = numbers(said.get("bounds")) {
        label.values = bounds.iter().map(ToString::to_string).collect();
        label.values.push("+Inf".to_owned());
        LabelBy::Bounds(bounds)
    } else if matches!(said.get("each"), Some(Json::Bool(true))) {
        let Shape::Array(item) = &bare(&field.ty).shape else {
            return None;
        };
        let item = Field {
            ty: (**item).clone(),
            optional: false,
            ..field.clone()
        };
        label = complete(model, &item, label);
        LabelBy::Each
    } else {
        label = match &field.obs.label {
            Some(own) => own.clone(),
            None => complete(model, field, label),
        };
        LabelBy::Value
    };
    let name = said.get("name").and_then(Json::as_str);
    label.name = match name {
        Some(name) => name.to_owned(),
        None if label.name.is_empty() || path.len() > 1 => names::field_ident(&path.join("_"))
            .trim_start_matches("r#")
            .to_owned(),
        None => label.name,
    };
    Some(FeedLabel { path, label, by })
}

/// The type without the options around it.
fn bare(mut ty: &Type) -> &Type {
    while let Shape::Option { inner, .. } = &ty.shape {
        ty = inner;
    }
    ty
}

/// A field of an event by its path on the wire.
fn field<'m>(model: &'m Model, event: &Event, path: &[String]) -> Option<&'m Field> {
    let (last, records) = path.split_last()?;
    let member = |ty, wire: &String| {
        let TypeKind::Record(record) = &model.get(ty).kind else {
            return None;
        };
        record.fields.iter().find(|field| field.wire == *wire)
    };
    let mut ty = event.ty;
    for wire in records {
        let Shape::Named(inner) = &bare(&member(ty, wire)?.ty).shape else {
            return None;
        };
        ty = *inner;
    }
    member(ty, last)
}
