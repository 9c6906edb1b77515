//! Bytes to [`Json`].

use crate::avro::Type;
use crate::avro::depth::Depth;
use crate::avro::view::{Schema, View};
use crate::json::{Json, Number};
use crate::wire::avro::{Reader, Symbol};
use crate::wire::{DecodeError, DecodeErrorKind};

use super::{Options, Unions, sole_branch};

type Result<T> = std::result::Result<T, DecodeError>;

pub(super) fn run(schema: Schema<'_>, bytes: &[u8], options: &Options) -> Result<Json> {
    let mut reader = Reader::with_limits(bytes, options.limits);
    if options.resolved {
        reader = reader.resolved();
    }
    let mut decoder = Decoder {
        schema,
        unions: options.unions,
        reader,
    };
    let value = decoder.value(schema.view(), Depth::new(options.limits))?;
    decoder.reader.finish()?;
    Ok(value)
}

struct Decoder<'s, 'a> {
    schema: Schema<'s>,
    unions: Unions,
    reader: Reader<'a>,
}

impl<'s> Decoder<'s, '_> {
    fn value(&mut self, view: View<'s>, depth: Depth) -> Result<Json> {
        let reader = &mut self.reader;
        Ok(match view {
            View::Null => Json::Null,
            View::Boolean => Json::Bool(reader.bool()?),
            View::Int => Json::Number(Number::Int(reader.int()?.into())),
            View::Long => Json::Number(Number::Int(reader.long()?)),
            View::Float => {
                let value = reader.float()?;
                self.finite(shortest(value))?
            }
            View::Double => {
                let value = reader.double()?;
                self.finite(value)?
            }
            View::Bytes(_) => latin1(reader.bytes_ref()?),
            View::String => Json::String(reader.string()?),
            View::Fixed(_, size) => latin1(reader.fixed_ref(size)?),
            View::Enum(_, symbols, _) => match reader.symbol(symbols.len())? {
                Symbol::Index(index) => Json::String(symbols[index].clone()),
                Symbol::Unrecognised(text) => Json::String(text),
            },
            View::Array(items) => {
                let depth = self.below(depth, false)?;
                let mut out = Vec::new();
                self.blocks(|decoder, index| {
                    out.push(
                        decoder
                            .of(items, depth)
                            .map_err(|error| error.within_item(index))?,
                    );
                    Ok(())
                })?;
                Json::Array(out)
            }
            View::Map(values) => {
                let depth = self.below(depth, false)?;
                let mut out: Vec<(String, Json)> = Vec::new();
                self.blocks(|decoder, index| {
                    let key = decoder.reader.string()?;
                    let value = decoder
                        .of(values, depth)
                        .map_err(|error| error.within_item(index))?;
                    out.push((key, value));
                    Ok(())
                })?;
                Json::Object(last_of_each(out))
            }
            View::Union(branches) => {
                let depth = self.below(depth, false)?;
                let index = self.reader.index(branches.len())?;
                let branch = View::of(self.schema.set(), &branches[index]);
                let value = self.value(branch, depth)?;
                self.in_union(branches, branch, value)
            }
            View::Record(_, fields) => {
                let depth = self.below(depth, true)?;
                // A record may take no bytes at all and still grow into a large object.
                self.reader.charge(1 + fields.len())?;
                let mut members = Vec::with_capacity(fields.len());
                for field in fields {
                    let value = self
                        .of(&field.ty, depth)
                        .map_err(|error| error.within_named(&field.name))?;
                    members.push((field.name.clone(), value));
                }
                Json::Object(members)
            }
        })
    }

    fn of(&mut self, ty: &'s Type, depth: Depth) -> Result<Json> {
        self.value(View::of(self.schema.set(), ty), depth)
    }

    fn below(&self, depth: Depth, record: bool) -> Result<Depth> {
        depth
            .below(record)
            .ok_or_else(|| self.reader.fail(DecodeErrorKind::TooDeep))
    }

    fn blocks(&mut self, mut element: impl FnMut(&mut Self, usize) -> Result<()>) -> Result<()> {
        let mut index = 0;
        loop {
            let count = self.reader.block()?;
            if count == 0 {
                return Ok(());
            }
            for _ in 0..count {
                element(self, index)?;
                index += 1;
            }
        }
    }

    fn in_union(&self, branches: &[Type], branch: View<'s>, value: Json) -> Json {
        let tagged = match self.unions {
            Unions::Plain => sole_branch(branches).is_none(),
            Unions::Tagged => true,
            Unions::Untagged => false,
        };
        if tagged && !matches!(branch, View::Null) {
            Json::Object(vec![(
                branch.branch_name(self.schema.set()).to_string(),
                value,
            )])
        } else {
            value
        }
    }

    fn finite(&self, value: f64) -> Result<Json> {
        if value.is_finite() {
            Ok(Json::Number(Number::Float(value)))
        } else {
            Err(DecodeError::refused(
                "JSON has no NaN and no infinity",
                self.reader.position(),
            ))
        }
    }
}

/// The double that prints as the float does, with the fewest digits, and still becomes that float again.
#[expect(
    clippy::cast_possible_truncation,
    reason = "whether it comes back is what is asked"
)]
fn shortest(value: f32) -> f64 {
    let exact = f64::from(value);
    if !value.is_finite() {
        return exact;
    }
    match zmij::Buffer::new().format_finite(value).parse::<f64>() {
        Ok(short) if (short as f32).to_bits() == value.to_bits() => short,
        _ => exact,
    }
}

fn latin1(bytes: &[u8]) -> Json {
    Json::String(bytes.iter().map(|byte| char::from(*byte)).collect())
}

/// Repeated keys keep the first place and the last value, as [`Json`] promises.
fn last_of_each(members: Vec<(String, Json)>) -> Vec<(String, Json)> {
    let mut places = std::collections::HashMap::with_capacity(members.len());
    let distinct = members
        .iter()
        .all(|(key, _)| places.insert(key.as_str(), ()).is_none());
    if distinct {
        return members;
    }
    let mut places = std::collections::HashMap::new();
    let mut out: Vec<(String, Json)> = Vec::new();
    for (key, value) in members {
        match places.get(&key) {
            Some(&place) => {
                let slot: &mut (String, Json) = &mut out[place];
                slot.1 = value;
            }
            None => {
                places.insert(key.clone(), out.len());
                out.push((key, value));
            }
        }
    }
    out
}
