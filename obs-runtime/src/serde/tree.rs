//! Values to and from the data model of serde.
//!
//! A value goes through [`Json`], so that every format of serde sees the same members, nulls and branches, and
//! whatever the codec refuses is refused here. Whoever counts nanoseconds calls `encode_json`.

use ::serde::de::{Deserialize, Deserializer};
use ::serde::ser::{Error as _, Serialize, Serializer};
use obs_schema::json::Json;
use obs_schema::wire::json::Writer;

use crate::JsonCodec;

/// Serializes a value as what it is in JSON.
pub fn serialize<T: JsonCodec, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = Vec::new();
    value.encode_json(&mut text).map_err(S::Error::custom)?;
    let json = Json::parse(&text).map_err(S::Error::custom)?;
    json.serialize(serializer)
}

/// Deserializes a value from what it is in JSON.
pub fn deserialize<'de, T: JsonCodec, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    use ::serde::de::Error;
    let json = Json::deserialize(deserializer)?;
    let mut writer = Writer::new();
    writer.json(&json);
    let text = writer.finish().map_err(D::Error::custom)?;
    T::decode_json(&text).map_err(D::Error::custom)
}
