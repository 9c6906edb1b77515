//! `schemars`: the JSON Schema of what a logical type is in JSON on its own.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::sensitive::{Pii, Secret};
use crate::types::{
    BigDecimal, Date, Decimal, Duration, LocalTimestampMicros, LocalTimestampMillis,
    LocalTimestampNanos, TimeMicros, TimeMillis, TimestampMicros, TimestampMillis, TimestampNanos,
    Uuid,
};

macro_rules! schema {
    ($($ty:ident: $schema:tt),* $(,)?) => {$(
        impl JsonSchema for $ty {
            fn schema_name() -> Cow<'static, str> {
                stringify!($ty).into()
            }

            fn schema_id() -> Cow<'static, str> {
                concat!("obs_runtime::types::", stringify!($ty)).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

schema! {
    BigDecimal: { "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?(e-?[0-9]+)?$" },
    Date: { "type": "integer", "format": "int32", "description": "days after 1970-01-01" },
    Decimal: { "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?(e-?[0-9]+)?$" },
    Duration: { "type": "string", "pattern": "^P([0-9]+M)?([0-9]+D)?(T[0-9]+(\\.[0-9]+)?S)?$" },
    LocalTimestampMicros: { "type": "integer", "format": "int64", "description": "microseconds after 1970-01-01T00:00:00" },
    LocalTimestampMillis: { "type": "integer", "format": "int64", "description": "milliseconds after 1970-01-01T00:00:00" },
    LocalTimestampNanos: { "type": "integer", "format": "int64", "description": "nanoseconds after 1970-01-01T00:00:00" },
    TimeMicros: { "type": "integer", "format": "int64", "description": "microseconds after midnight" },
    TimeMillis: { "type": "integer", "format": "int32", "description": "milliseconds after midnight" },
    TimestampMicros: { "type": "integer", "format": "int64", "description": "microseconds after 1970-01-01T00:00:00Z" },
    TimestampMillis: { "type": "integer", "format": "int64", "description": "milliseconds after 1970-01-01T00:00:00Z" },
    TimestampNanos: { "type": "integer", "format": "int64", "description": "nanoseconds after 1970-01-01T00:00:00Z" },
    Uuid: { "type": "string", "format": "uuid" },
}

/// What is wrapped says what it is; the wrapper says nothing about its JSON.
macro_rules! transparent {
    ($($wrapper:ident),*) => {$(
        impl<T: JsonSchema> JsonSchema for $wrapper<T> {
            fn inline_schema() -> bool {
                T::inline_schema()
            }

            fn schema_name() -> Cow<'static, str> {
                T::schema_name()
            }

            fn schema_id() -> Cow<'static, str> {
                T::schema_id()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                T::json_schema(generator)
            }
        }
    )*};
}

transparent!(Pii, Secret);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Json, JsonCodec};

    fn takes<T: JsonSchema + JsonCodec>(value: &T) {
        use obs_schema::json_schema::{Validator, ValidatorOptions};
        let schema = schemars::schema_for!(T);
        let text = serde_json::to_string(&schema).unwrap();
        let mut json = Vec::new();
        value.encode_json(&mut json).unwrap();
        let validator = Validator::from_text(&text, ValidatorOptions::default()).unwrap();
        let found = validator.validate(&Json::parse(&json).unwrap());
        assert!(found.is_empty(), "{text}: {found:?}");
    }

    #[test]
    fn schemas_take_what_codecs_write() {
        takes(&Date(7));
        takes(&TimeMillis(7));
        takes(&TimestampMicros(-7));
        takes(&Decimal::new(-1_250, 2));
        takes(&Decimal::new(5, -7));
        takes(&BigDecimal(Decimal::new(5, 3)));
        takes(&Uuid([7; 16]));
        takes(&Duration {
            months: 1,
            days: 2,
            millis: 3,
        });
        takes(&Pii::new(Uuid([7; 16])));
        takes(&Secret::new("s".to_owned()));
        takes(&Json::from("anything"));
        takes(&Some(vec![Json::Null]));
    }
}
