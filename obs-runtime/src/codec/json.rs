//! JSON for the types everybody has.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::sync::Arc;

use obs_schema::json::Json;
use obs_schema::wire::json::{Reader, Writer};
use obs_schema::wire::{DecodeError, DecodeErrorKind};

use super::JsonCodec;
use crate::sensitive::{Pii, Secret};

/// Writes a member that may be refused, so that the refusal names it.
#[inline]
pub fn json_at<T: JsonCodec>(member: &'static str, value: &T, w: &mut Writer) {
    w.at(member, |w| value.write_json(w));
}

/// The same behind the member's name, as prepared text with what stands before it.
// Always, because the length of the name has to be known where it is copied.
#[inline(always)]
pub fn json_after<T: JsonCodec>(
    name: &'static str,
    member: &'static str,
    value: &T,
    w: &mut Writer,
) {
    w.raw(name);
    json_at(member, value, w);
}

/// The types that are one word of JSON.
macro_rules! word {
    ($($ty:ty: $word:ident),* $(,)?) => {$(
        impl JsonCodec for $ty {
            #[inline]
            fn write_json(&self, w: &mut Writer) {
                w.$word(*self);
            }

            #[inline]
            fn read_json(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                r.$word()
            }
        }
    )*};
}

word!(bool: bool, i32: i32, i64: i64, u64: u64, f32: f32, f64: f64);

/// The smaller integers.
macro_rules! integer {
    ($($ty:ident as $wire:ident),* $(,)?) => {$(
        impl JsonCodec for $ty {
            #[inline]
            fn write_json(&self, w: &mut Writer) {
                w.$wire($wire::from(*self));
            }

            #[inline]
            fn read_json(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let value = r.$wire()?;
                $ty::try_from(value).map_err(|_| r.fail(DecodeErrorKind::OutOfRange(stringify!($ty))))
            }
        }
    )*};
}

// `u8` is left out on purpose: a `Vec<u8>` is bytes, and as a list of numbers it would be something else.
integer!(i8 as i32, i16 as i32, u16 as i32, u32 as i64);

/// The types that are text.
macro_rules! text {
    ($($ty:ty),* $(,)?) => {$(
        impl JsonCodec for $ty {
            #[inline]
            fn write_json(&self, w: &mut Writer) {
                w.string(self);
            }

            #[inline]
            fn read_json(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                r.string().map(Into::into)
            }
        }
    )*};
}

text!(String, Box<str>, Arc<str>, Cow<'static, str>);

/// Null.
impl JsonCodec for () {
    fn write_json(&self, w: &mut Writer) {
        w.null();
    }

    fn read_json(r: &mut Reader<'_>) -> Result<(), DecodeError> {
        r.null()
    }
}

/// Bytes the way Avro writes them in JSON: each one a character.
impl<const N: usize> JsonCodec for [u8; N] {
    fn write_json(&self, w: &mut Writer) {
        w.bytes(self);
    }

    fn read_json(r: &mut Reader<'_>) -> Result<[u8; N], DecodeError> {
        r.fixed()
    }
}

impl JsonCodec for Json {
    fn write_json(&self, w: &mut Writer) {
        w.json(self);
    }

    fn read_json(r: &mut Reader<'_>) -> Result<Json, DecodeError> {
        r.json()
    }
}

/// Null or the value. Where a member may also be absent, the record around it knows.
#[diagnostic::do_not_recommend]
impl<T: JsonCodec> JsonCodec for Option<T> {
    #[inline]
    fn write_json(&self, w: &mut Writer) {
        match self {
            None => w.null(),
            Some(value) => value.write_json(w),
        }
    }

    #[inline]
    fn read_json(r: &mut Reader<'_>) -> Result<Option<T>, DecodeError> {
        r.option(T::read_json)
    }
}

#[diagnostic::do_not_recommend]
impl<T: JsonCodec> JsonCodec for Vec<T> {
    fn write_json(&self, w: &mut Writer) {
        w.array(self, |w, item| item.write_json(w));
    }

    fn read_json(r: &mut Reader<'_>) -> Result<Vec<T>, DecodeError> {
        r.array(T::read_json)
    }
}

#[diagnostic::do_not_recommend]
impl<T: JsonCodec> JsonCodec for BTreeMap<String, T> {
    fn write_json(&self, w: &mut Writer) {
        w.map(self, |w, value| value.write_json(w));
    }

    fn read_json(r: &mut Reader<'_>) -> Result<BTreeMap<String, T>, DecodeError> {
        r.map(T::read_json)
    }
}

#[diagnostic::do_not_recommend]
impl<T: JsonCodec, S: BuildHasher + Default> JsonCodec for HashMap<String, T, S> {
    fn write_json(&self, w: &mut Writer) {
        w.map(self, |w, value| value.write_json(w));
    }

    fn read_json(r: &mut Reader<'_>) -> Result<HashMap<String, T, S>, DecodeError> {
        r.map(T::read_json)
    }
}

/// The wrappers that say something about a value and nothing about its encoding.
macro_rules! transparent {
    ($($wrapper:ident: $value:ident => $inside:expr),* $(,)?) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: JsonCodec> JsonCodec for $wrapper<T> {
            #[inline]
            fn write_json(&self, w: &mut Writer) {
                let $value = self;
                $inside.write_json(w);
            }

            #[inline]
            fn read_json(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                T::read_json(r).map($wrapper::new)
            }
        }
    )*};
}

transparent!(Box: value => **value, Pii: value => value.expose(), Secret: value => value.expose());
