//! The message key of an event, as generated code makes it.

use crate::events::Known;
use crate::package::Failure;
use obs_codegen::fs;
use obs_model::model::{Logical, Model, Shape, Type, TypeKind};
use obs_runtime::types::Uuid;
use obs_runtime::{Key, redact};
use obs_schema::json::{Json, Number};

/// The key of a value that the schema allows.
pub(super) fn of(known: &Known<'_>, json: &Json) -> Result<Key<'static>, Failure> {
    let TypeKind::Record(record) = &known.model.get(known.event.ty).kind else {
        return Ok(Key::None);
    };
    let Some(field) = record.fields.iter().find(|field| field.obs.key) else {
        return Ok(Key::None);
    };
    let Some(value) = json.get(&field.wire) else {
        return Ok(Key::None);
    };
    let key = shaped(known.model, &field.ty, value).ok_or_else(|| {
        format!(
            "it cannot be told here what `{}` is as a message key\nhelp: name the key with `--key`",
            field.wire
        )
    })?;
    if key == Key::None || !known.key_is_sensitive() {
        return Ok(key);
    }
    let hash_key = fs::variable("OBS_HASH_KEY").ok_or_else(|| {
        format!(
            "`{}` is sensitive, so the message key is its hash under the key of your programs\nhelp: give that in OBS_HASH_KEY, or name the message key with `--key`",
            field.wire
        )
    })?;
    redact::set_hash_key(hash_key);
    Ok(key.hashed())
}

/// None if what a value is as text is not known here.
fn shaped(model: &Model, ty: &Type, value: &Json) -> Option<Key<'static>> {
    Some(match (&ty.shape, value) {
        (Shape::Option { .. }, Json::Null) => Key::None,
        (Shape::Option { inner, .. }, value) => shaped(model, inner, value)?,
        (Shape::Named(id), value) => {
            let def = model.get(*id);
            match &def.kind {
                _ if def.extern_path.is_some() => return None,
                TypeKind::Enum(_) => Key::from(value.as_str()?.to_owned()),
                TypeKind::Fixed { .. } => bytes(value.as_str()?)?,
                TypeKind::Newtype(inner) => shaped(model, inner, value)?,
                TypeKind::Record(_) | TypeKind::Union(_) => Key::None,
            }
        }
        (Shape::String, Json::String(text)) => Key::from(text.clone()),
        (Shape::Bytes, Json::String(text)) => bytes(text)?,
        (Shape::Bool, Json::Bool(value)) => Key::from(value),
        (Shape::I32 | Shape::I64 | Shape::U64, Json::Number(Number::UInt(value))) => {
            Key::from(value)
        }
        (Shape::I32 | Shape::I64 | Shape::U64, Json::Number(number)) => {
            Key::from(&number.as_i64()?)
        }
        (Shape::Logical(Logical::Uuid { fixed: false }), Json::String(text)) => {
            Key::from(&text.parse::<Uuid>().ok()?)
        }
        (Shape::Logical(_) | Shape::Rust(_), _) => return None,
        _ => Key::None,
    })
}

/// Bytes as JSON has them: each is the character of its number.
fn bytes(text: &str) -> Option<Key<'static>> {
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
    Some(Key::Bytes(bytes?.into()))
}
