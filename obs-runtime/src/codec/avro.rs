//! Avro for the types everybody has.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::sync::Arc;

use obs_schema::json::Json;
use obs_schema::wire::avro::{Reader, Writer};
use obs_schema::wire::{DecodeError, DecodeErrorKind, EncodeErrorKind};

use super::AvroCodec;
use crate::sensitive::{Pii, Secret};

/// Writes a field that may be refused, so that the refusal names it.
#[inline]
pub fn avro_at<T: AvroCodec>(field: &'static str, value: &T, w: &mut Writer) {
    w.at(field, |w| value.write_avro(w));
}

/// The types that are one word of Avro.
macro_rules! word {
    ($($ty:ty: $word:ident),* $(,)?) => {$(
        impl AvroCodec for $ty {
            #[inline]
            fn write_avro(&self, w: &mut Writer) {
                w.$word(*self);
            }

            #[inline]
            fn read_avro(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                r.$word()
            }
        }
    )*};
}

word!(bool: bool, i32: int, i64: long, f32: float, f64: double);

/// The integers that travel as a larger one.
macro_rules! integer {
    ($($ty:ident as $wire:ident),* $(,)?) => {$(
        impl AvroCodec for $ty {
            #[inline]
            fn write_avro(&self, w: &mut Writer) {
                match $wire::try_from(*self) {
                    Ok(value) => value.write_avro(w),
                    Err(_) => w.refuse(EncodeErrorKind::OutOfRange(stringify!($wire)), ""),
                }
            }

            #[inline]
            fn read_avro(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let value = $wire::read_avro(r)?;
                $ty::try_from(value).map_err(|_| r.fail(DecodeErrorKind::OutOfRange(stringify!($ty))))
            }
        }
    )*};
}

// `u8` is left out on purpose: a `Vec<u8>` is bytes, and as a list of numbers it would be something else.
integer!(i8 as i32, i16 as i32, u16 as i32, u32 as i64, u64 as i64);

/// The types that are text.
macro_rules! text {
    ($($ty:ty),* $(,)?) => {$(
        impl AvroCodec for $ty {
            #[inline]
            fn write_avro(&self, w: &mut Writer) {
                w.string(self);
            }

            #[inline]
            fn read_avro(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                r.string().map(Into::into)
            }
        }
    )*};
}

text!(String, Box<str>, Arc<str>, Cow<'static, str>);

/// Null.
impl AvroCodec for () {
    fn write_avro(&self, w: &mut Writer) {
        w.null();
    }

    fn read_avro(r: &mut Reader<'_>) -> Result<(), DecodeError> {
        r.null()
    }
}

/// A fixed.
impl<const N: usize> AvroCodec for [u8; N] {
    fn write_avro(&self, w: &mut Writer) {
        w.fixed(self);
    }

    fn read_avro(r: &mut Reader<'_>) -> Result<[u8; N], DecodeError> {
        r.fixed()
    }
}

/// A string that holds JSON text, for Avro has no type that holds any value.
impl AvroCodec for Json {
    fn write_avro(&self, w: &mut Writer) {
        w.string(&self.to_string());
    }

    fn read_avro(r: &mut Reader<'_>) -> Result<Json, DecodeError> {
        let text = r.str_ref()?;
        Json::parse(text.as_bytes()).map_err(|error| r.fail(error.kind().clone()))
    }
}

/// A union of null and the value, in this order.
#[diagnostic::do_not_recommend]
impl<T: AvroCodec> AvroCodec for Option<T> {
    #[inline]
    fn write_avro(&self, w: &mut Writer) {
        match self {
            None => w.index(0),
            Some(value) => {
                w.index(1);
                value.write_avro(w);
            }
        }
    }

    #[inline]
    fn read_avro(r: &mut Reader<'_>) -> Result<Option<T>, DecodeError> {
        Ok(match r.index(2)? {
            0 => None,
            _ => Some(T::read_avro(r)?),
        })
    }
}

#[diagnostic::do_not_recommend]
impl<T: AvroCodec> AvroCodec for Vec<T> {
    fn write_avro(&self, w: &mut Writer) {
        w.array(self, |w, item| item.write_avro(w));
    }

    fn read_avro(r: &mut Reader<'_>) -> Result<Vec<T>, DecodeError> {
        r.nested(|r| r.array(T::read_avro))
    }
}

#[diagnostic::do_not_recommend]
impl<T: AvroCodec> AvroCodec for BTreeMap<String, T> {
    fn write_avro(&self, w: &mut Writer) {
        w.map(self.iter(), |w, value| value.write_avro(w));
    }

    fn read_avro(r: &mut Reader<'_>) -> Result<BTreeMap<String, T>, DecodeError> {
        r.nested(|r| r.map(T::read_avro))
    }
}

#[diagnostic::do_not_recommend]
impl<T: AvroCodec, S: BuildHasher + Default> AvroCodec for HashMap<String, T, S> {
    fn write_avro(&self, w: &mut Writer) {
        w.map(self.iter(), |w, value| value.write_avro(w));
    }

    fn read_avro(r: &mut Reader<'_>) -> Result<HashMap<String, T, S>, DecodeError> {
        r.nested(|r| r.map(T::read_avro))
    }
}

/// The wrappers that say something about a value and nothing about its encoding.
macro_rules! transparent {
    ($($wrapper:ident: $value:ident => $inside:expr),* $(,)?) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: AvroCodec> AvroCodec for $wrapper<T> {
            #[inline]
            fn write_avro(&self, w: &mut Writer) {
                let $value = self;
                $inside.write_avro(w);
            }

            #[inline]
            fn read_avro(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                T::read_avro(r).map($wrapper::new)
            }
        }
    )*};
}

transparent!(Box: value => **value, Pii: value => value.expose(), Secret: value => value.expose());
