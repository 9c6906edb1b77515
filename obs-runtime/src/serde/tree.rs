//! Values to and from the data model of serde.
//!
//! A value goes through [`Json`], so that every format of serde sees the same members, nulls and branches, and
//! whatever the codec refuses is refused here. Whoever counts nanoseconds calls `encode_json`.

use std::fmt;
use std::marker::PhantomData;

use ::serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use ::serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};
use obs_schema::json::{Json, Number};
use obs_schema::wire::json::Writer;

use crate::JsonCodec;

/// Serializes a value as what it is in JSON.
pub fn serialize<T: JsonCodec, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = Vec::new();
    value.encode_json(&mut text).map_err(S::Error::custom)?;
    let json = Json::parse(&text).map_err(S::Error::custom)?;
    Tree(&json).serialize(serializer)
}

/// Deserializes a value from what it is in JSON.
pub fn deserialize<'de, T: JsonCodec, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    use ::serde::de::Error;
    let json = deserializer.deserialize_any(Build(PhantomData))?;
    let mut writer = Writer::new();
    writer.json(&json);
    let text = writer.finish().map_err(D::Error::custom)?;
    T::decode_json(&text).map_err(D::Error::custom)
}

struct Tree<'a>(&'a Json);

impl Serialize for Tree<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(value) => serializer.serialize_bool(*value),
            Json::Number(Number::Int(value)) => serializer.serialize_i64(*value),
            Json::Number(Number::UInt(value)) => serializer.serialize_u64(*value),
            Json::Number(Number::Float(value)) => serializer.serialize_f64(*value),
            // No format of serde has numbers without bounds.
            Json::Number(number @ Number::Big(_)) => serializer.serialize_f64(number.as_f64()),
            Json::String(text) => serializer.serialize_str(text),
            Json::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Tree(item))?;
                }
                list.end()
            }
            Json::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, &Tree(value))?;
                }
                map.end()
            }
        }
    }
}

/// Builds a tree from whatever the format finds.
struct Build<'de>(PhantomData<&'de ()>);

struct Built(Json);

impl<'de> Deserialize<'de> for Built {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Built, D::Error> {
        deserializer.deserialize_any(Build(PhantomData)).map(Built)
    }
}

impl<'de> Visitor<'de> for Build<'de> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_none<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(Number::Int(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        let number = i64::try_from(value).map_or(Number::UInt(value), Number::Int);
        Ok(Json::Number(number))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(Number::Float(value)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(Built(item)) = list.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some((name, Built(value))) = map.next_entry::<String, Built>()? {
            members.push((name, value));
        }
        Ok(Json::object(members))
    }
}
