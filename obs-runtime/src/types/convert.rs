//! Logical types as the types of other crates, each behind a feature of the crate's name.
//!
//! A conversion that can lose or overflow is a `TryFrom`; every other one is a `From`.

#[cfg(feature = "chrono")]
mod chrono;
#[cfg(feature = "rust_decimal")]
mod rust_decimal;
#[cfg(feature = "schemars")]
mod schemars;
#[cfg(feature = "time")]
mod time;
#[cfg(feature = "uuid")]
mod uuid;

#[cfg(feature = "serde")]
mod serde {
    //! `Serialize` and `Deserialize`: a logical type is to serde what it is in JSON on its own.

    use crate::types::*;

    crate::__serde!(BigDecimal);
    crate::__serde!(Date);
    crate::__serde!(Decimal);
    crate::__serde!(Duration);
    crate::__serde!(LocalTimestampMicros);
    crate::__serde!(LocalTimestampMillis);
    crate::__serde!(LocalTimestampNanos);
    crate::__serde!(TimeMicros);
    crate::__serde!(TimeMillis);
    crate::__serde!(TimestampMicros);
    crate::__serde!(TimestampMillis);
    crate::__serde!(TimestampNanos);
    crate::__serde!(Uuid);

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn logical_types_are_what_they_are_in_json() {
            for (value, text) in [
                (serde_json::to_value(TimestampMicros(7)), "7"),
                (serde_json::to_value(Date(1)), "1"),
                (serde_json::to_value(Decimal::new(125, 1)), "\"12.5\""),
                (
                    serde_json::to_value(Uuid([0; 16])),
                    "\"00000000-0000-0000-0000-000000000000\"",
                ),
                (
                    serde_json::to_value(Duration {
                        months: 1,
                        days: 0,
                        millis: 0,
                    }),
                    "\"P1M\"",
                ),
            ] {
                assert_eq!(value.unwrap().to_string(), text);
            }
            assert_eq!(
                serde_json::from_str::<Decimal>("12.50").unwrap(),
                Decimal::new(125, 1)
            );
            assert_eq!(
                serde_json::from_str::<Date>("\"1970-01-02\"").unwrap(),
                Date(1)
            );
            assert!(serde_json::from_str::<Uuid>("\"x\"").is_err());
            let tree: crate::Json =
                serde_json::from_str(r#"{"a":[1,18446744073709551615,0.5,null,true,"x"]}"#)
                    .unwrap();
            assert_eq!(serde_json::to_string(&tree).unwrap(), tree.to_string());
        }
    }
}
