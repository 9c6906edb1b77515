//! The tree itself. Plain data: parsing fills it, everything else reads it.

use crate::node::{Member, Node};
use crate::source::{FileId, Loc};

/// All Avro documents of a run, linked: every reference points at a definition.
#[derive(Clone, Debug, Default)]
pub struct Set {
    /// Every named type of every document.
    pub named: Vec<Named>,
    /// The documents, in the order their files were added.
    pub documents: Vec<Document>,
}

/// The index of a named type in its [`Set`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NamedId(pub u32);

impl crate::table::Numbered for NamedId {
    fn number(self) -> u128 {
        self.0.number()
    }
}

impl Set {
    /// The named type behind an id.
    #[must_use]
    pub fn get(&self, id: NamedId) -> &Named {
        &self.named[id.0 as usize]
    }

    /// Everything that some named types are made of, themselves included, each once, in the order of first use.
    #[must_use]
    pub fn reachable(&self, from: &[NamedId]) -> Vec<NamedId> {
        let mut seen = vec![false; self.named.len()];
        let mut found = Vec::new();
        let mut todo = from.to_vec();
        todo.reverse();
        while let Some(id) = todo.pop() {
            if std::mem::replace(&mut seen[id.0 as usize], true) {
                continue;
            }
            found.push(id);
            if let NamedKind::Record { fields, .. } = &self.get(id).kind {
                let before = todo.len();
                for field in fields {
                    field.ty.each_named(&mut |id| todo.push(id));
                }
                todo[before..].reverse();
            }
        }
        found
    }
}

impl Type {
    /// Calls with every named type this type mentions; what those are made of is not looked at.
    pub fn each_named(&self, found: &mut dyn FnMut(NamedId)) {
        match &self.kind {
            Kind::Array(inner) | Kind::Map(inner) => inner.each_named(found),
            Kind::Union(branches) => {
                for branch in branches {
                    branch.each_named(found);
                }
            }
            Kind::Named(id) => found(*id),
            _ => {}
        }
    }
}

/// One file.
#[derive(Clone, Debug)]
pub struct Document {
    /// Where it came from.
    pub file: FileId,
    /// The schema the file stands for. A protocol or an IDL file without `schema` has none.
    pub root: Option<Type>,
    /// What the file defines, in the order of definition.
    pub defines: Vec<NamedId>,
    /// The protocol, for `.avpr` and IDL protocols.
    pub protocol: Option<Protocol>,
    /// Nobody asked for the file; an IDL file imports it.
    pub imported: bool,
    /// An error stands in this file, or its root needs a type that has one.
    pub broken: bool,
}

/// What a protocol says beside its types.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// Its full name.
    pub name: FullName,
    /// The place of the name.
    pub name_loc: Loc,
    /// Its documentation.
    pub doc: Option<String>,
    /// Custom properties (`x-obs` among them).
    pub props: Vec<Member>,
}

/// A name with its namespace; the namespace is empty for the null namespace.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FullName {
    /// Dotted, or empty.
    pub namespace: String,
    /// The last part.
    pub name: String,
}

impl std::fmt::Display for FullName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}.{}", self.namespace, self.name)
        }
    }
}

/// A type in a position.
#[derive(Clone, Debug)]
pub struct Type {
    /// Where it is written.
    pub loc: Loc,
    /// What it is.
    pub kind: Kind,
    /// A logical type, when it is valid for the kind; an invalid one is ignored with a warning.
    pub logical: Option<Logical>,
    /// Custom properties of this occurrence (`x-obs` among them).
    pub props: Vec<Member>,
}

/// The kinds of type.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Nothing.
    Null,
    /// A truth value.
    Boolean,
    /// 32 bits.
    Int,
    /// 64 bits.
    Long,
    /// A single float.
    Float,
    /// A double float.
    Double,
    /// Bytes.
    Bytes,
    /// Text.
    String,
    /// A list.
    Array(Box<Type>),
    /// Text to values.
    Map(Box<Type>),
    /// One of several, in the order of their indices.
    Union(Vec<Type>),
    /// A record, enum or fixed, defined here or elsewhere.
    Named(NamedId),
}

/// The names of the primitive types, which no definition may take.
pub(super) const PRIMITIVES: [&str; 8] = [
    "boolean", "bytes", "double", "float", "int", "long", "null", "string",
];

impl Kind {
    /// The kind as the specification writes it; nothing for a type with a name of its own.
    #[must_use]
    pub fn word(&self) -> Option<&'static str> {
        Some(match self {
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Int => "int",
            Kind::Long => "long",
            Kind::Float => "float",
            Kind::Double => "double",
            Kind::Bytes => "bytes",
            Kind::String => "string",
            Kind::Array(_) => "array",
            Kind::Map(_) => "map",
            Kind::Union(_) => "union",
            Kind::Named(_) => return None,
        })
    }
}

/// Logical types of Avro 1.12.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Logical {
    /// On bytes or fixed.
    Decimal {
        /// Digits in all.
        precision: u32,
        /// Digits after the point.
        scale: u32,
    },
    /// On bytes: carries its own scale.
    BigDecimal,
    /// On string or a fixed of 16.
    Uuid,
    /// Days, on int.
    Date,
    /// On int.
    TimeMillis,
    /// On long.
    TimeMicros,
    /// On long.
    TimestampMillis,
    /// On long.
    TimestampMicros,
    /// On long.
    TimestampNanos,
    /// On long.
    LocalTimestampMillis,
    /// On long.
    LocalTimestampMicros,
    /// On long.
    LocalTimestampNanos,
    /// Months, days, milliseconds; on a fixed of 12.
    Duration,
}

impl Logical {
    /// Its name in a schema.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Logical::Decimal { .. } => "decimal",
            Logical::BigDecimal => "big-decimal",
            Logical::Uuid => "uuid",
            Logical::Date => "date",
            Logical::TimeMillis => "time-millis",
            Logical::TimeMicros => "time-micros",
            Logical::TimestampMillis => "timestamp-millis",
            Logical::TimestampMicros => "timestamp-micros",
            Logical::TimestampNanos => "timestamp-nanos",
            Logical::LocalTimestampMillis => "local-timestamp-millis",
            Logical::LocalTimestampMicros => "local-timestamp-micros",
            Logical::LocalTimestampNanos => "local-timestamp-nanos",
            Logical::Duration => "duration",
        }
    }
}

/// A record, enum or fixed.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its full name.
    pub name: FullName,
    /// The place of the name.
    pub name_loc: Loc,
    /// The place of the whole definition.
    pub loc: Loc,
    /// The file that defines it.
    pub file: FileId,
    /// Full names it was known by.
    pub aliases: Vec<FullName>,
    /// Its documentation.
    pub doc: Option<String>,
    /// What it is.
    pub kind: NamedKind,
    /// A logical type on a fixed.
    pub logical: Option<Logical>,
    /// Custom properties (`x-obs` among them).
    pub props: Vec<Member>,
    /// An error stands in it or in something it refers to: nothing should be generated from it.
    pub broken: bool,
}

/// The place of a symbol among others.
#[cfg(feature = "wire")]
pub(super) fn place_of(symbol: &str, symbols: &[String]) -> Option<usize> {
    for (place, known) in symbols.iter().enumerate() {
        if known == symbol {
            return Some(place);
        }
    }
    None
}

/// The kinds of named type.
#[derive(Clone, Debug)]
pub enum NamedKind {
    /// Fields in order.
    Record {
        /// The fields.
        fields: Vec<Field>,
        /// Written `"type": "error"`.
        error: bool,
    },
    /// Symbols in order.
    Enum {
        /// The symbols.
        symbols: Vec<String>,
        /// The symbol that unknown ones become: an index into `symbols`.
        default: Option<usize>,
    },
    /// So many bytes.
    Fixed {
        /// The size.
        size: usize,
    },
}

/// A field of a record.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name on the wire.
    pub name: String,
    /// The place of the name.
    pub name_loc: Loc,
    /// The place of the whole field.
    pub loc: Loc,
    /// Its documentation.
    pub doc: Option<String>,
    /// Its type.
    pub ty: Type,
    /// Its default, checked against the type (any branch of a union will do).
    ///
    /// Numbers are numbers of the right kind, save that a float or double may be the text
    /// `NaN`, `Infinity` or `-Infinity`, which JSON cannot write otherwise. In somebody else's schema, read with
    /// [`read_text`](super::read_text), a symbol may be unknown and bytes of the wrong number.
    pub default: Option<Node>,
    /// Names it was known by.
    pub aliases: Vec<String>,
    /// How it sorts.
    pub order: Order,
    /// Custom properties (`x-obs` among them).
    pub props: Vec<Member>,
}

/// How a field takes part in sorting.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    /// Smallest first.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
    /// Not at all.
    Ignore,
}
