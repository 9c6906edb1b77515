//! Random bodies of a schema, the same on every machine.

use obs_schema::avro::{Kind, Logical, NamedKind, Set, Type};

/// A body.
pub fn sample(set: &Set, ty: &Type, seed: u64) -> Vec<u8> {
    let mut source = Source {
        set,
        state: 0x9e37_79b9_7f4a_7c15 ^ (seed + 1),
        out: Vec::new(),
    };
    source.value(ty, 0);
    source.out
}

struct Source<'a> {
    set: &'a Set,
    state: u64,
    out: Vec<u8>,
}

impl Source<'_> {
    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % bound.max(1) as u64) as usize
    }

    fn long(&mut self, value: i64) {
        let mut rest = ((value << 1) ^ (value >> 63)) as u64;
        while rest >= 0x80 {
            self.out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.out.push(rest as u8);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.long(bytes.len() as i64);
        self.out.extend_from_slice(bytes);
    }

    /// A positive number of few digits, big-endian, in as few bytes as hold it and its sign.
    fn decimal(&mut self, precision: u32) -> Vec<u8> {
        let value = 1 + self.below(10_usize.pow(precision.min(6)) - 1) as u32;
        let bytes = value.to_be_bytes();
        let first = bytes.iter().position(|byte| *byte > 0).unwrap_or(3);
        let first = first - usize::from(first > 0 && bytes[first] > 0x7f);
        bytes[first..].to_vec()
    }

    fn text(&mut self) {
        let length = 4 + self.below(20);
        self.long(length as i64);
        for _ in 0..length {
            let letter = b"abcdefghijklmnopqrstuvwxyz-0123456789"[self.below(37)];
            self.out.push(letter);
        }
    }

    fn value(&mut self, ty: &Type, depth: usize) {
        let set = self.set;
        match &ty.kind {
            Kind::Null => {}
            Kind::Boolean => {
                let bit = self.below(2) as u8;
                self.out.push(bit);
            }
            Kind::Int => {
                let value = self.below(1 << 20) as i64;
                self.long(value);
            }
            Kind::Long => {
                let value = self.below(1 << 42) as i64;
                self.long(value);
            }
            Kind::Float => {
                let value = self.below(100_000) as f32 / 8.0;
                self.out.extend_from_slice(&value.to_le_bytes());
            }
            Kind::Double => {
                let value = self.below(100_000_000) as f64 / 1024.0;
                self.out.extend_from_slice(&value.to_le_bytes());
            }
            Kind::Bytes => match ty.logical {
                // A decimal in its shortest form, as every writer has it.
                Some(Logical::Decimal { precision, .. }) => {
                    let bytes = self.decimal(precision);
                    self.bytes(&bytes);
                }
                Some(Logical::BigDecimal) => {
                    let unscaled = self.decimal(6);
                    let length = unscaled.len() as i64;
                    self.long(length + 2);
                    self.bytes(&unscaled);
                    self.long(2);
                }
                _ => {
                    let length = 8 + self.below(16);
                    let bytes: Vec<u8> = (0..length).map(|_| 1 + self.below(100) as u8).collect();
                    self.bytes(&bytes);
                }
            },
            Kind::String if ty.logical == Some(Logical::Uuid) => {
                self.long(36);
                self.out
                    .extend_from_slice(b"0193a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b");
            }
            Kind::String => self.text(),
            Kind::Array(items) => {
                let count = if depth > 4 { 0 } else { 1 + self.below(3) };
                self.block(count, |source| source.value(items, depth + 1));
            }
            Kind::Map(values) => {
                let count = if depth > 4 { 0 } else { 1 + self.below(3) };
                let mut at = 0u8;
                self.block(count, |source| {
                    // Keys in order, so that sorted maps write the same bytes.
                    source.long(6);
                    source.out.extend_from_slice(b"key-00");
                    if let Some(last) = source.out.last_mut() {
                        *last += at;
                    }
                    at += 1;
                    source.value(values, depth + 1);
                });
            }
            Kind::Union(branches) => {
                let null = branches
                    .iter()
                    .position(|branch| matches!(branch.kind, Kind::Null));
                let pick = match null {
                    Some(null) if depth > 4 => null,
                    _ => self.below(branches.len()),
                };
                self.long(pick as i64);
                self.value(&branches[pick], depth + 1);
            }
            Kind::Named(id) => match &set.get(*id).kind {
                NamedKind::Record { fields, .. } => fields
                    .iter()
                    .for_each(|field| self.value(&field.ty, depth + 1)),
                NamedKind::Enum { symbols, .. } => {
                    let index = self.below(symbols.len()) as i64;
                    self.long(index);
                }
                NamedKind::Fixed { size } => {
                    let size = *size as usize;
                    let mut bytes = vec![0; size];
                    if let Some(Logical::Decimal { precision, .. }) = set.get(*id).logical {
                        let number = self.decimal(precision);
                        let start = size.saturating_sub(number.len());
                        bytes[start..].copy_from_slice(&number);
                    } else {
                        bytes
                            .iter_mut()
                            .for_each(|byte| *byte = self.below(100) as u8);
                    }
                    self.out.extend_from_slice(&bytes);
                }
            },
        }
    }

    fn block(&mut self, count: usize, mut item: impl FnMut(&mut Self)) {
        if count > 0 {
            self.long(count as i64);
            (0..count).for_each(|_| item(self));
        }
        self.long(0);
    }
}
