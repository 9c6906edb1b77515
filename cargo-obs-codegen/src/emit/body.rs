//! The payload as generated code writes it.

use crate::events::Known;
use crate::package::Failure;
use obs_model::model::{Dialect, Model, Record, Shape, Type, TypeDef, TypeKind, Unknown};
use obs_runtime::event::Encoding;
use obs_schema::avro::dynamic::{self, Options};
use obs_schema::json::{Json, Number};

/// A sound value in the form that generated code gives it, and its bytes.
pub(super) fn encode(known: &Known<'_>, json: &Json) -> Result<(Json, Vec<u8>), Failure> {
    let json = in_order(known.model, known.model.get(known.event.ty), json);
    if known.event.dialect != Dialect::Avro {
        let text = json.to_string().into_bytes();
        return Ok((json, text));
    }
    let schema = known.avro().ok_or("the schema cannot be read by itself")?;
    let mut bytes = Vec::new();
    dynamic::encode(schema, &json, &Options::default(), &mut bytes)?;
    // Now defaults are there.
    let json = dynamic::decode(schema, &bytes, &Options::default())?;
    if known.about.encoding == Encoding::Json {
        bytes = json.to_string().into_bytes();
    }
    Ok((json, bytes))
}

/// A value with the members of records in the order of their fields, behind them others and those of maps by name, and
/// integers as such.
fn in_order(model: &Model, def: &TypeDef, value: &Json) -> Json {
    match (&def.kind, value) {
        (TypeKind::Record(record), Json::Object(members)) => {
            let known = |name: &str| record.fields.iter().any(|field| field.wire == name);
            let mut ordered: Vec<(String, Json)> = Vec::with_capacity(members.len());
            for field in &record.fields {
                if let Some(value) = value.get(&field.wire) {
                    ordered.push((field.wire.clone(), typed(model, &field.ty, value)));
                }
            }
            let others = members.iter().filter(|(name, _)| !known(name));
            let mut others: Vec<(String, Json)> = others
                .filter_map(|(name, value)| Some((name.clone(), other(model, record, value)?)))
                .collect();
            others.sort_by(|(a, _), (b, _)| a.cmp(b));
            ordered.extend(others);
            Json::Object(ordered)
        }
        (TypeKind::Newtype(inner), value) => typed(model, inner, value),
        // In the JSON of Avro the branch has its name around it.
        (TypeKind::Union(union), Json::Object(members))
            if members.len() == 1 && def.dialect == Dialect::Avro =>
        {
            let (name, value) = &members[0];
            let branch = union.branches.iter().find(|branch| branch.wire == *name);
            let value = branch.map_or_else(|| value.clone(), |it| typed(model, &it.ty, value));
            Json::Object(vec![(name.clone(), value)])
        }
        (TypeKind::Union(union), value) => {
            let tagged = union.branches.iter().find(|branch| {
                let tag = branch.tag.as_ref();
                tag.is_some_and(|(name, is)| {
                    value.get(name).map(ToString::to_string) == Some(is.to_string())
                })
            });
            tagged.map_or_else(|| value.clone(), |branch| typed(model, &branch.ty, value))
        }
        _ => value.clone(),
    }
}

/// A member that no field is called after; none where they are read over.
fn other(model: &Model, record: &Record, value: &Json) -> Option<Json> {
    match &record.unknown {
        Unknown::Keep(ty) => Some(typed(model, ty, value)),
        Unknown::Refuse | Unknown::Skip => None,
    }
}

fn typed(model: &Model, ty: &Type, value: &Json) -> Json {
    match (&ty.shape, value) {
        (Shape::Named(id), value) => in_order(model, model.get(*id), value),
        (Shape::Option { inner, .. }, value) => typed(model, inner, value),
        (Shape::Array(inner), Json::Array(items)) => {
            Json::Array(items.iter().map(|item| typed(model, inner, item)).collect())
        }
        (Shape::Tuple(types), Json::Array(items)) => {
            let pairs = types.iter().zip(items);
            Json::Array(pairs.map(|(ty, item)| typed(model, ty, item)).collect())
        }
        (Shape::Map(inner), Json::Object(members)) => {
            let each = members.iter();
            let mut members: Vec<(String, Json)> = each
                .map(|(name, value)| (name.clone(), typed(model, inner, value)))
                .collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            Json::Object(members)
        }
        (Shape::I32 | Shape::I64 | Shape::U64, Json::Number(number)) => number
            .as_i64()
            .map_or_else(|| value.clone(), |whole| Json::Number(Number::Int(whole))),
        (Shape::F32 | Shape::F64, Json::Number(number)) => {
            Json::Number(Number::Float(number.as_f64()))
        }
        _ => value.clone(),
    }
}
