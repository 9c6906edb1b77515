//! Events and trees of JSON to and from the values of apache-avro.

use std::fmt;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use obs_schema::json::{Json, Number};
use obs_schema::wire::{DecodeError, DecodeErrorKind, EncodeError};

use crate::codec::AvroCodec;
use crate::event::Event;
use crate::types::Duration;

/// The schema of an event, as apache-avro reads it.
///
/// # Errors
///
/// apache-avro has no such schema: it does not know records of errors, for instance.
pub fn schema<E: Event + AvroCodec>() -> Result<Schema, InteropError> {
    Schema::parse_str(E::DESCRIPTOR.schema).map_err(theirs)
}

/// A value as apache-avro has it under a schema; an event's own is given by [`schema`].
///
/// # Errors
///
/// The value cannot be encoded, or apache-avro does not read what was.
pub fn to_value<T: AvroCodec>(value: &T, schema: &Schema) -> Result<Value, InteropError> {
    let mut bytes = Vec::new();
    value
        .encode_avro(&mut bytes)
        .map_err(InteropError::Encode)?;
    let reader = GenericDatumReader::builder(schema)
        .build()
        .map_err(theirs)?;
    let mut rest = bytes.as_slice();
    let value = reader.read_value(&mut rest).map_err(theirs)?;
    if rest.is_empty() {
        return Ok(value);
    }
    let at = bytes.len() - rest.len();
    let error = DecodeError::new(DecodeErrorKind::TrailingBytes, at);
    Err(InteropError::Decode(error))
}

/// A value from what apache-avro has under a schema.
///
/// # Errors
///
/// apache-avro does not write the value, or what it wrote is no such value.
pub fn from_value<T: AvroCodec>(value: Value, schema: &Schema) -> Result<T, InteropError> {
    let writer = GenericDatumWriter::builder(schema)
        .build()
        .map_err(theirs)?;
    let bytes = writer.write_value_to_vec(value).map_err(theirs)?;
    T::decode_avro(&bytes).map_err(InteropError::Decode)
}

/// A tree of JSON without a schema: integers are longs, objects are maps, and a number beyond both is text.
#[must_use]
pub fn of_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Boolean(*value),
        Json::Number(Number::Int(value)) => Value::Long(*value),
        Json::Number(Number::Float(value)) => Value::Double(*value),
        Json::Number(number) => Value::String(number.to_string()),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::Array(items.iter().map(of_json).collect()),
        Json::Object(members) => Value::Map(
            members
                .iter()
                .map(|(name, value)| (name.clone(), of_json(value)))
                .collect(),
        ),
    }
}

/// A value as a tree of JSON: the branch of a union stands plainly, a symbol is its text, bytes are characters from
/// U+0000 to U+00FF, dates and times are numbers, and maps are sorted. What is no number of JSON is null.
#[must_use]
pub fn to_json(value: &Value) -> Json {
    let characters =
        |bytes: &[u8]| Json::String(bytes.iter().map(|byte| char::from(*byte)).collect());
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => Json::from(*value),
        Value::Int(value) | Value::Date(value) | Value::TimeMillis(value) => {
            Json::from(i64::from(*value))
        }
        Value::Long(value)
        | Value::TimeMicros(value)
        | Value::TimestampMillis(value)
        | Value::TimestampMicros(value)
        | Value::TimestampNanos(value)
        | Value::LocalTimestampMillis(value)
        | Value::LocalTimestampMicros(value)
        | Value::LocalTimestampNanos(value) => Json::from(*value),
        Value::Float(value) => Json::from(f64::from(*value)),
        Value::Double(value) => Json::from(*value),
        Value::Bytes(bytes) | Value::Fixed(_, bytes) => characters(bytes),
        Value::String(text) | Value::Enum(_, text) => Json::from(text.as_str()),
        Value::Union(_, value) => to_json(value),
        Value::Array(items) => Json::Array(items.iter().map(to_json).collect()),
        Value::Map(entries) => {
            let mut members: Vec<_> = entries
                .iter()
                .map(|(name, value)| (name.clone(), to_json(value)))
                .collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Json::Object(members)
        }
        Value::Record(fields) => Json::object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), to_json(value)))
                .collect(),
        ),
        // Their decimals do not tell their scale.
        Value::Decimal(value) => characters(&Vec::try_from(value).unwrap_or_default()),
        Value::BigDecimal(value) => Json::String(value.to_string()),
        Value::Duration(value) => {
            let [months, days, millis] = [
                value.months().into(),
                value.days().into(),
                value.millis().into(),
            ];
            Json::String(
                Duration {
                    months,
                    days,
                    millis,
                }
                .to_string(),
            )
        }
        Value::Uuid(id) => Json::String(id.to_string()),
    }
}

/// A value that did not make it from one side to the other. It never holds the value.
#[derive(Debug)]
#[non_exhaustive]
pub enum InteropError {
    /// We do not write it.
    Encode(EncodeError),
    /// We do not read what apache-avro wrote, or it did not read all that we wrote.
    Decode(DecodeError),
    /// apache-avro does not read or write it, and says why.
    ApacheAvro(Box<apache_avro::Error>),
}

fn theirs(error: apache_avro::Error) -> InteropError {
    InteropError::ApacheAvro(Box::new(error))
}

impl fmt::Display for InteropError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InteropError::Encode(error) => error.fmt(f),
            InteropError::Decode(error) => error.fmt(f),
            // Their message may show the value, and is left to `source`.
            InteropError::ApacheAvro(_) => {
                f.write_str("apache-avro refuses the value or its schema")
            }
        }
    }
}

impl std::error::Error for InteropError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            InteropError::Encode(error) => Some(error),
            InteropError::Decode(error) => Some(error),
            InteropError::ApacheAvro(error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{BigDecimal, Date, TimestampMicros, Uuid};
    use std::collections::BTreeMap;

    fn there_and_back<T: AvroCodec + PartialEq + fmt::Debug>(value: &T, schema: &str, json: &str) {
        let schema = Schema::parse_str(schema).unwrap();
        let theirs = to_value(value, &schema).unwrap();
        assert_eq!(to_json(&theirs).to_string(), json);
        assert_eq!(&from_value::<T>(theirs, &schema).unwrap(), value);
    }

    #[test]
    fn values_go_there_and_back() {
        there_and_back(&Some("a".to_owned()), r#"["null", "string"]"#, "\"a\"");
        there_and_back(
            &vec![1_i64, -1],
            r#"{"type": "array", "items": "long"}"#,
            "[1,-1]",
        );
        let map = BTreeMap::from([("b".to_owned(), 0.5), ("a".to_owned(), 1.0)]);
        there_and_back(
            &map,
            r#"{"type": "map", "values": "double"}"#,
            r#"{"a":1.0,"b":0.5}"#,
        );
        there_and_back(
            &[1_u8, 0xff],
            r#"{"type": "fixed", "name": "F", "size": 2}"#,
            "\"\\u0001ÿ\"",
        );
        there_and_back(&Date(7), r#"{"type": "int", "logicalType": "date"}"#, "7");
        there_and_back(
            &TimestampMicros(7),
            r#"{"type": "long", "logicalType": "timestamp-micros"}"#,
            "7",
        );
        let id = Uuid(*b"0123456789abcdef");
        there_and_back(
            &id,
            r#"{"type": "string", "logicalType": "uuid"}"#,
            &format!("\"{id}\""),
        );
        let span = Duration {
            months: 1,
            days: 2,
            millis: 3,
        };
        let schema =
            r#"{"type": {"type": "fixed", "name": "D", "size": 12}, "logicalType": "duration"}"#;
        there_and_back(&span, schema, "\"P1M2DT0.003S\"");
        let big = BigDecimal("12.5".parse().unwrap());
        there_and_back(
            &big,
            r#"{"type": "bytes", "logicalType": "big-decimal"}"#,
            "\"12.5\"",
        );
    }

    #[test]
    fn trees_are_values_without_a_schema() {
        let json = Json::parse(br#"{"a":[null,true,1,0.5,"x"],"b":{}}"#).unwrap();
        assert_eq!(to_json(&of_json(&json)), json);
        let big = Json::parse(b"18446744073709551615").unwrap();
        assert_eq!(
            of_json(&big),
            Value::String("18446744073709551615".to_owned())
        );
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let schema = Schema::parse_str("\"int\"").unwrap();
        assert!(matches!(
            to_value(&"text".to_owned(), &schema),
            Err(InteropError::Decode(_))
        ));
        assert!(matches!(
            from_value::<i32>(Value::Null, &schema),
            Err(InteropError::ApacheAvro(_))
        ));
        assert!(matches!(
            from_value::<bool>(Value::Int(7), &schema),
            Err(InteropError::Decode(_))
        ));
    }
}
