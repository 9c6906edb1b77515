//! Parts of events: types a derive mentions and cannot look into.
//!
//! A macro sees one item. What a field of another type looks like on the wire, that type tells through [`EventPart`],
//! and the compiler puts the schemas together: the schema of an event with parts is a constant like any other.

use crate::codec::{AvroCodec, JsonCodec};
use crate::sensitive::{Pii, Secret};
use crate::types;
use crate::validate::{Checker, Validate};
use obs_schema::wire::{DecodeError, avro, json};

/// A type that can stand in a field of a derived event.
///
/// `#[derive(EventPart)]` implements it for structs, `#[derive(Label)]` for enums.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of an event",
    label = "what this looks like on the wire is not known",
    note = "put `#[derive(EventPart)]` on a struct, or `#[derive(Label)]` on an enum without fields"
)]
pub trait EventPart: AvroCodec + JsonCodec + Validate {
    /// What it looks like on the wire.
    const SCHEMA: &'static PartSchema;

    /// A derive reaches everything through this one trait, so that a type without it is reported once.
    #[doc(hidden)]
    fn __write_avro(&self, w: &mut avro::Writer) {
        self.write_avro(w);
    }

    #[doc(hidden)]
    fn __read_avro(r: &mut avro::Reader<'_>) -> Result<Self, DecodeError> {
        Self::read_avro(r)
    }

    #[doc(hidden)]
    fn __write_json(&self, w: &mut json::Writer) {
        self.write_json(w);
    }

    #[doc(hidden)]
    fn __read_json(r: &mut json::Reader<'_>) -> Result<Self, DecodeError> {
        Self::read_json(r)
    }

    #[doc(hidden)]
    fn __check(&self, cx: &mut Checker) {
        self.check(cx);
    }
}

/// The schema of a part, in pieces.
#[derive(Clone, Copy, Debug)]
pub struct PartSchema {
    /// The full name of a named type; empty for others, which may be written out as often as they are met.
    pub name: &'static str,
    /// The whole schema.
    pub full: &'static [Piece],
    /// Its canonical form, which fingerprints are of.
    pub canonical: &'static [Piece],
}

/// A piece of a schema's text.
#[derive(Clone, Copy, Debug)]
pub enum Piece {
    /// Text as it stands.
    Text(&'static str),
    /// The schema of another part; its name, when it has been met before.
    Part(&'static PartSchema),
}

/// The longest canonical form that is held against a spec.
const MOST_BYTES: usize = 1 << 15;

/// Named parts one event may hold.
const MOST_PARTS: usize = 256;

impl PartSchema {
    /// A schema that says nothing, for types that are in error anyway.
    pub const BLANK: PartSchema = PartSchema {
        name: "",
        full: &[],
        canonical: &[],
    };

    /// The schema of a type without a name.
    const fn plain(pieces: &'static [Piece]) -> PartSchema {
        PartSchema {
            name: "",
            full: pieces,
            canonical: pieces,
        }
    }

    /// How long the text is.
    #[must_use]
    pub const fn length(&self, canonical: bool) -> usize {
        let mut text = Text::<0>::new();
        text.part(self, canonical);
        text.length
    }

    /// The text, of exactly that length.
    #[must_use]
    pub const fn render<const LENGTH: usize>(&self, canonical: bool) -> [u8; LENGTH] {
        let mut text = Text::<LENGTH>::new();
        text.part(self, canonical);
        text.bytes
    }
}

impl PartSchema {
    /// Holds a part against the canonical form that a spec gives it.
    ///
    /// # Panics
    ///
    /// With the message, when it is another; a derive has that happen while compiling.
    #[track_caller]
    pub const fn follows(&self, canonical: &str, message: &'static str) {
        let mut text = Text::<MOST_BYTES>::new();
        text.part(self, true);
        let fits = text.length <= MOST_BYTES;
        if !fits || !same(self::text(text.bytes.split_at(text.length).0), canonical) {
            panic!("{}", message);
        }
    }
}

/// Text in the making. What does not fit is counted and forgotten, so that the same walk measures and writes.
struct Text<const ROOM: usize> {
    bytes: [u8; ROOM],
    length: usize,
    /// Names of the parts that have been written in full.
    known: [&'static str; MOST_PARTS],
    count: usize,
}

impl<const ROOM: usize> Text<ROOM> {
    const fn new() -> Text<ROOM> {
        Text {
            bytes: [0; ROOM],
            length: 0,
            known: [""; MOST_PARTS],
            count: 0,
        }
    }

    const fn part(&mut self, part: &PartSchema, canonical: bool) {
        if !part.name.is_empty() {
            let mut at = 0;
            while at < self.count {
                if same(self.known[at], part.name) {
                    self.push("\"");
                    self.push(part.name);
                    self.push("\"");
                    return;
                }
                at += 1;
            }
            assert!(
                self.count < MOST_PARTS,
                "an event may hold 256 different parts"
            );
            self.known[self.count] = part.name;
            self.count += 1;
        }
        let mut pieces = if canonical { part.canonical } else { part.full };
        while let [piece, rest @ ..] = pieces {
            match piece {
                Piece::Text(text) => self.push(text),
                Piece::Part(part) => self.part(part, canonical),
            }
            pieces = rest;
        }
    }

    const fn push(&mut self, text: &str) {
        let mut bytes = text.as_bytes();
        while let [byte, rest @ ..] = bytes {
            if self.length < ROOM {
                self.bytes[self.length] = *byte;
            }
            self.length += 1;
            bytes = rest;
        }
    }
}

const fn same(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while let ([first, rest_of_a @ ..], [second, rest_of_b @ ..]) = (a, b) {
        if *first != *second {
            return false;
        }
        (a, b) = (rest_of_a, rest_of_b);
    }
    a.is_empty() && b.is_empty()
}

/// The rendered bytes as text.
#[must_use]
pub const fn text(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("pieces of text are text"),
    }
}

macro_rules! plain {
    ($($ty:ty: $schema:literal),* $(,)?) => {$(
        impl EventPart for $ty {
            const SCHEMA: &'static PartSchema = &PartSchema::plain(&[Piece::Text($schema)]);
        }
    )*};
}

plain! {
    (): "\"null\"",
    bool: "\"boolean\"",
    i8: "\"int\"",
    i16: "\"int\"",
    i32: "\"int\"",
    i64: "\"long\"",
    u16: "\"int\"",
    u32: "\"long\"",
    u64: "\"long\"",
    f32: "\"float\"",
    f64: "\"double\"",
    String: "\"string\"",
}

/// Logical types: fingerprints are of the canonical form, which does not know them.
macro_rules! logical {
    ($($ty:ident: $on:literal $name:literal),* $(,)?) => {$(
        impl EventPart for types::$ty {
            const SCHEMA: &'static PartSchema = &PartSchema {
                name: "",
                full: &[Piece::Text(concat!(
                    "{\"type\":\"", $on, "\",\"logicalType\":\"", $name, "\"}"
                ))],
                canonical: &[Piece::Text(concat!("\"", $on, "\""))],
            };
        }
    )*};
}

logical! {
    BigDecimal: "bytes" "big-decimal",
    Uuid: "string" "uuid",
    Date: "int" "date",
    TimeMillis: "int" "time-millis",
    TimeMicros: "long" "time-micros",
    TimestampMillis: "long" "timestamp-millis",
    TimestampMicros: "long" "timestamp-micros",
    TimestampNanos: "long" "timestamp-nanos",
    LocalTimestampMillis: "long" "local-timestamp-millis",
    LocalTimestampMicros: "long" "local-timestamp-micros",
    LocalTimestampNanos: "long" "local-timestamp-nanos",
}

impl EventPart for types::Duration {
    const SCHEMA: &'static PartSchema = &PartSchema {
        name: "Duration",
        full: &[Piece::Text(
            "{\"type\":\"fixed\",\"name\":\"Duration\",\"namespace\":\"\",\"size\":12,\"logicalType\":\"duration\"}",
        )],
        canonical: &[Piece::Text(
            "{\"name\":\"Duration\",\"type\":\"fixed\",\"size\":12}",
        )],
    };
}

/// The wire knows nothing of boxes and wrappers.
macro_rules! transparent {
    ($($wrapper:ident),*) => {$(
        impl<T: EventPart> EventPart for $wrapper<T> {
            const SCHEMA: &'static PartSchema = T::SCHEMA;
        }
    )*};
}

transparent!(Box, Pii, Secret);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_met_again_is_a_name() {
        const MONEY: &PartSchema = &PartSchema {
            name: "acme.Money",
            full: &[Piece::Text("{\"name\":\"acme.Money\",\"doc\":\"€\"}")],
            canonical: &[Piece::Text("{\"name\":\"acme.Money\"}")],
        };
        const LIST: &PartSchema =
            &PartSchema::plain(&[Piece::Text("["), Piece::Part(MONEY), Piece::Text("]")]);
        const ALL: PartSchema = PartSchema {
            name: "Order",
            full: &[
                Piece::Part(MONEY),
                Piece::Text(","),
                Piece::Part(LIST),
                Piece::Text(","),
                Piece::Part(LIST),
            ],
            canonical: &[
                Piece::Part(LIST),
                Piece::Part(<Box<u32> as EventPart>::SCHEMA),
            ],
        };
        const LENGTH: usize = ALL.length(false);
        const FULL: [u8; LENGTH] = ALL.render(false);
        assert_eq!(
            text(&FULL),
            "{\"name\":\"acme.Money\",\"doc\":\"€\"},[\"acme.Money\"],[\"acme.Money\"]"
        );
        const CANONICAL: [u8; ALL.length(true)] = ALL.render(true);
        assert_eq!(text(&CANONICAL), "[{\"name\":\"acme.Money\"}]\"long\"");
    }
}
