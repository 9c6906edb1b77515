//! `serde`, as an option: what a value is in our own JSON, it is to serde.

#[cfg(feature = "serde")]
mod tree;

#[cfg(feature = "serde")]
pub use tree::{deserialize, serialize};

/// `Serialize` and `Deserialize` for a type with a JSON codec.
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __serde {
    ($ty:ident) => {
        #[automatically_derived]
        impl $crate::__private::v1::through_serde::Serialize for $ty {
            fn serialize<S: $crate::__private::v1::through_serde::Serializer>(
                &self,
                serializer: S,
            ) -> $crate::__private::v1::Result<S::Ok, S::Error> {
                $crate::__private::v1::through_serde::serialize(self, serializer)
            }
        }

        #[automatically_derived]
        impl<'de> $crate::__private::v1::through_serde::Deserialize<'de> for $ty {
            fn deserialize<D: $crate::__private::v1::through_serde::Deserializer<'de>>(
                deserializer: D,
            ) -> $crate::__private::v1::Result<Self, D::Error> {
                $crate::__private::v1::through_serde::deserialize(deserializer)
            }
        }
    };
}

/// The settings of a build ask for serde, and the runtime does not know it.
#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __serde {
    ($ty:ident) => {
        ::core::compile_error!(
            "the settings ask for serde: switch on the feature `serde` of `obs-runtime`"
        );
    };
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use crate::JsonCodec;
    use obs_schema::wire::DecodeError;
    use obs_schema::wire::json::{Reader, Writer};

    #[derive(Debug, PartialEq)]
    struct Order {
        note: Option<Option<String>>,
        amount: f64,
    }

    impl JsonCodec for Order {
        fn write_json(&self, w: &mut Writer) {
            w.raw("{");
            let mut first = true;
            if let Some(note) = &self.note {
                w.key(&mut first, "\"note\":");
                w.option(note, |w, note| w.string(note));
            }
            w.key(&mut first, "\"amount\":");
            w.f64(self.amount);
            w.raw("}");
        }

        fn read_json(r: &mut Reader<'_>) -> Result<Order, DecodeError> {
            let (mut note, mut amount) = (None, None);
            r.object(|r, name| {
                match name {
                    "note" => note = Some(r.option(|r| r.string())?),
                    "amount" => amount = Some(r.f64()?),
                    _ => return Err(r.unknown_member(name)),
                }
                Ok(())
            })?;
            Ok(Order {
                note,
                amount: r.required(amount, "amount")?,
            })
        }
    }

    crate::__serde!(Order);

    #[test]
    fn a_value_is_to_serde_what_it_is_in_json() {
        for text in [
            "{\"amount\":1.5}",
            "{\"note\":null,\"amount\":2.0}",
            "{\"note\":\"é\\n\",\"amount\":1e30}",
        ] {
            let order = Order::decode_json(text.as_bytes()).unwrap();
            let tree = serde_json::to_value(&order).unwrap();
            assert_eq!(
                tree,
                serde_json::from_str::<serde_json::Value>(text).unwrap()
            );
            assert_eq!(serde_json::from_value::<Order>(tree).unwrap(), order);
        }
        let endless = Order {
            note: None,
            amount: f64::NAN,
        };
        assert!(serde_json::to_value(&endless).is_err());
        let error = serde_json::from_str::<Order>("{\"amount\":1,\"x\":2}").unwrap_err();
        assert!(error.to_string().contains("`x`"), "{error}");
    }
}
