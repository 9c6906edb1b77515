//! Families that events feed: labels with all their values, and what is counted.
//!
//! Left out are those whose value needs more than the event at hand: entities in a state, ages, and times of two events.

use super::events::complete;
use super::names;
use crate::model::feed::{Feed, FeedLabel, FeedValue, LabelBy, Word};
use crate::model::metrics::FamilyKind;
use crate::model::{Event, Field, Label, MetricFeed, Model, Shape, Type, TypeKind};
use obs_schema::json::Json;

/// Resolves the families of every event.
pub(super) fn resolve(model: &mut Model) {
    let feeds: Vec<Vec<Feed>> = model
        .events
        .iter()
        .map(|event| {
            event
                .metrics
                .iter()
                .filter_map(|feed| self::feed(model, event, feed))
                .collect()
        })
        .collect();
    for (event, feeds) in model.events.iter_mut().zip(feeds) {
        event.feeds = feeds;
    }
}

fn feed(model: &Model, event: &Event, feed: &MetricFeed) -> Option<Feed> {
    let said = &feed.said;
    if said.get("entities").is_some() || said.get("age").is_some() {
        return None;
    }
    let text = |name: &str| {
        said.get(name)
            .and_then(Json::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (_, kind, _) = FamilyKind::ALL
        .into_iter()
        .find(|(word, ..)| *word == feed.kind)?;
    let value = value(said.get("value"))?;
    let whole = match &value {
        FeedValue::Number(number) => number.fract() == 0.0,
        FeedValue::Field(path) => field(model, event, path).is_some_and(|field| {
            matches!(bare(&field.ty).shape, Shape::I32 | Shape::I64 | Shape::U64)
        }),
        FeedValue::Difference(_) | FeedValue::Quotient(_) => false,
    };
    let items = said
        .get("labels")
        .and_then(Json::as_array)
        .unwrap_or_default();
    let labels = items.iter().map(|item| label(model, event, item));
    let mut labels = labels.collect::<Option<Vec<FeedLabel>>>()?;
    // So that whoever feeds the family finds the same series.
    labels.sort_by(|a, b| a.label.name.cmp(&b.label.name));
    let when = said
        .get("when")
        .and_then(Json::as_object)
        .unwrap_or_default();
    Some(Feed {
        name: feed.name.clone(),
        kind,
        float: !whole,
        help: text("help"),
        unit: text("unit"),
        value,
        when: when
            .iter()
            .map(|(field, values)| (path(field), words(values)))
            .collect(),
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

fn value(said: Option<&Json>) -> Option<FeedValue> {
    let operands = |said: &Json| match said.as_array()? {
        [Json::String(first), Json::String(second)] => Some([path(first), path(second)]),
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
