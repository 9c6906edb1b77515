//! The Model: what is true. Every name is chosen, every type known, every default filled in.
//!
//! Every back end (Rust, lock, `show`, later dashboards and drift) reads this and nothing else.
//! Places are kept for messages; they take no part in comparing models, which goes through the lock text.

pub mod feed;
pub mod metrics;
pub mod slo;
#[cfg(feature = "specs")]
pub mod typedness;

pub use slo::Slo;

use crate::draft::{EventKeys, FieldKeys};
use obs_schema::json::{Json, Number};
use obs_schema::source::{FileId, Loc};
use obs_schema::table::Table;

/// Everything one run knows.
#[derive(Debug, Default)]
pub struct Model {
    /// Every generated type, in a deterministic order.
    pub types: Vec<TypeDef>,
    /// Every event: one entry a version, sorted by event type, then version.
    pub events: Vec<Event>,
    /// Families of things that are no event.
    pub metric_sets: Vec<metrics::MetricSet>,
    /// Roots that are no events and that only the schema itself can check: that schema, as one self-contained document.
    pub schemas: Table<TypeId, String>,
}

/// The index of a type in its [`Model`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TypeId(pub u32);

impl obs_schema::table::Numbered for TypeId {
    fn number(self) -> u128 {
        self.0.number()
    }
}

impl Model {
    /// The type behind an id.
    #[must_use]
    pub fn get(&self, id: TypeId) -> &TypeDef {
        &self.types[id.0 as usize]
    }
}

/// A name in Rust: where it lives and what it is called there.
///
/// Segments and names are valid identifiers as they stand (raw `r#` included), chosen once, in resolve.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RustName {
    /// Modules from the root of the generated code.
    pub module: Vec<String>,
    /// The identifier.
    pub ident: String,
}

/// A generated type.
#[derive(Clone, Debug)]
pub struct TypeDef {
    /// Its name in Rust.
    pub name: RustName,
    /// Its name in the schema: an Avro full name, or file and pointer for JSON Schema.
    pub wire_name: String,
    /// Its documentation, as written.
    pub doc: Option<String>,
    /// Why it should no longer be used.
    pub deprecated: Option<String>,
    /// Which dialect it came from, and with it which codecs it has.
    pub dialect: Dialect,
    /// What it is.
    pub kind: TypeKind,
    /// The file that owns it: its Rust goes into that file's artifact.
    pub file: FileId,
    /// Where it is defined.
    pub loc: Loc,
    /// A field or branch below it is `pii` or `secret`.
    pub sensitive: bool,
    /// The user's own path to use instead (`extern_type`); nothing is generated then.
    pub extern_path: Option<String>,
    /// Attributes injected from `obs.toml`, each `#[…]` in full.
    pub attributes: Vec<String>,
}

/// Where a type was described.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Dialect {
    /// An Avro schema: binary and JSON codecs.
    Avro,
    /// A JSON Schema: JSON codec.
    JsonSchema,
    /// A derive: both codecs.
    Rust,
}

/// The kinds of generated type.
#[derive(Clone, Debug)]
pub enum TypeKind {
    /// A struct.
    Record(Record),
    /// An enum of symbols.
    Enum(Enum),
    /// An enum of branches.
    Union(Union),
    /// A byte array.
    Fixed {
        /// The size.
        size: usize,
    },
    /// A tuple struct around a type: a root that is no record, or a named alias with assertions of its own.
    Newtype(Type),
}

/// A struct.
#[derive(Clone, Debug)]
pub struct Record {
    /// The fields in the order of the schema, which for Avro is the order on the wire.
    pub fields: Vec<Field>,
    /// What happens to members no field is called after (JSON only; Avro records are `Refuse`).
    pub unknown: Unknown,
    /// The identifier of the field that keeps unknown members, when `unknown` is `Keep`.
    pub unknown_ident: String,
    /// Assertions about the object as a whole.
    pub assertions: Vec<Assertion>,
}

/// What happens to unknown members of a JSON object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unknown {
    /// An error when decoding: the spec is closed.
    Refuse,
    /// Read over.
    Skip,
    /// Kept in a map from name to this type, and written back.
    Keep(Box<Type>),
}

/// A field of a struct.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its identifier in Rust.
    pub ident: String,
    /// Its name on the wire.
    pub wire: String,
    /// Names it was known by.
    pub aliases: Vec<String>,
    /// Its type. An optional JSON member has the type it has when present.
    pub ty: Type,
    /// May the member be absent? (`Option` around the type then; always false for Avro.)
    pub optional: bool,
    /// Its default, as the schema writes it.
    pub default: Option<Json>,
    /// Its documentation.
    pub doc: Option<String>,
    /// Why it should no longer be used.
    pub deprecated: Option<String>,
    /// Its `x-obs` keys, filled in.
    pub obs: FieldObs,
    /// The same keys as written, with their places: for rules that point at one.
    pub keys: FieldKeys,
    /// Attributes injected from `obs.toml`.
    pub attributes: Vec<String>,
    /// Where it is written.
    pub loc: Loc,
}

/// The `x-obs` keys of a field.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FieldObs {
    /// The message key.
    pub key: bool,
    /// A span attribute of this name.
    pub attr: Option<String>,
    /// A metric label.
    pub label: Option<Label>,
    /// A key of the log line.
    pub log: bool,
    /// Personal data, and how it may appear in telemetry.
    pub pii: Option<Redaction>,
    /// Never leaves but in the payload.
    pub secret: bool,
    /// The tenant.
    pub tenant: bool,
    /// The correlation id.
    pub correlation: bool,
}

/// A closed set of label values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The label's name, snake case.
    pub name: String,
    /// Its values; the last one is `other` when the set is clamped.
    pub values: Vec<String>,
    /// Strings beyond `values` become `other`.
    pub clamped: bool,
}

/// How personal data may appear in telemetry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Redaction {
    /// Not at all.
    Drop,
    /// As asterisks.
    Mask,
    /// As a keyed hash.
    Hash,
    /// Cut short.
    Truncate,
}

/// An enum of symbols.
#[derive(Clone, Debug)]
pub struct Enum {
    /// The symbols in the order of the schema.
    pub symbols: Vec<Symbol>,
    /// The symbol unknown ones become. Without one the enum has an `Unrecognised` variant.
    pub default: Option<usize>,
}

/// A symbol.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// The variant.
    pub ident: String,
    /// The text on the wire.
    pub wire: String,
}

/// An enum of branches.
#[derive(Clone, Debug)]
pub struct Union {
    /// The branches, null left out (that is `Shape::Option` around the union).
    pub branches: Vec<Branch>,
}

/// A branch of a union.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Branch {
    /// The variant.
    pub ident: String,
    /// Its name on the wire in Avro's JSON form: `string`, `acme.Money`, …; a word for messages in JSON Schema.
    pub wire: String,
    /// Its index on the wire (Avro).
    pub index: usize,
    /// Its type.
    pub ty: Type,
    /// JSON Schema: a member whose constant value tells this branch from the others, when there is one.
    pub tag: Option<(String, Json)>,
}

/// A type in a position.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Type {
    /// What it looks like in Rust.
    pub shape: Shape,
    /// Wrapped in `Pii` or `Secret`.
    pub sensitive: Option<Sensitivity>,
    /// Behind a `Box`, to end a cycle or because the settings ask.
    pub boxed: bool,
    /// What must hold of it beyond its shape (JSON Schema).
    pub assertions: Vec<Assertion>,
}

impl Type {
    /// A plain type of a shape.
    #[must_use]
    pub fn plain(shape: Shape) -> Type {
        Type {
            shape,
            sensitive: None,
            boxed: false,
            assertions: Vec::new(),
        }
    }
}

/// The wrapper of sensitive data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Sensitivity {
    /// `Pii<T>`
    Pii,
    /// `Secret<T>`
    Secret,
}

/// The Rust type of a position.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shape {
    /// `()`
    Null,
    /// `bool`
    Bool,
    /// `i32`
    I32,
    /// `i64`
    I64,
    /// `u64`, where a JSON Schema has a minimum of zero or more and no room in `i64`.
    U64,
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `Vec<u8>`
    Bytes,
    /// `String`
    String,
    /// `Vec<T>`
    Array(Box<Type>),
    /// `BTreeMap<String, T>`, or the map of the settings.
    Map(Box<Type>),
    /// A fixed run of values: JSON Schema's `prefixItems` with nothing after them.
    Tuple(Vec<Type>),
    /// `Option<T>`: null or a value.
    Option {
        /// The value's type. A [`Union`] of several branches writes its own index.
        inner: Box<Type>,
        /// The index of null in the Avro union (0 for JSON Schema).
        null_index: usize,
    },
    /// A type of the model.
    Named(TypeId),
    /// A logical type, in its own wrapper.
    Logical(Logical),
    /// Any JSON value, checked by `validate`.
    Json,
    /// A Rust type by path, from a derive or `extern_type`.
    Rust(String),
}

/// Logical types with a wrapper of their own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Logical {
    /// `Decimal` on bytes, or on a fixed of so many bytes.
    Decimal {
        /// Digits in all.
        precision: u32,
        /// Digits after the point.
        scale: u32,
        /// The fixed's size, if it is one.
        fixed: Option<usize>,
    },
    /// `BigDecimal`
    BigDecimal,
    /// `Uuid`, as text or as 16 bytes.
    Uuid {
        /// A fixed of 16.
        fixed: bool,
    },
    /// `Date`
    Date,
    /// `TimeMillis`
    TimeMillis,
    /// `TimeMicros`
    TimeMicros,
    /// `TimestampMillis`
    TimestampMillis,
    /// `TimestampMicros`
    TimestampMicros,
    /// `TimestampNanos`
    TimestampNanos,
    /// `LocalTimestampMillis`
    LocalTimestampMillis,
    /// `LocalTimestampMicros`
    LocalTimestampMicros,
    /// `LocalTimestampNanos`
    LocalTimestampNanos,
    /// `Duration`
    Duration,
}

/// Something simple that must hold of a value. What is not simple is left to the interpreter: see [`Event::checked_by`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Assertion {
    /// `minLength`, in characters.
    MinLength(u64),
    /// `maxLength`, in characters.
    MaxLength(u64),
    /// `pattern`
    Pattern(String),
    /// `format`, one we know.
    Format(String),
    /// `minimum`
    Minimum(Number),
    /// `maximum`
    Maximum(Number),
    /// `exclusiveMinimum`
    ExclusiveMinimum(Number),
    /// `exclusiveMaximum`
    ExclusiveMaximum(Number),
    /// `multipleOf`
    MultipleOf(Number),
    /// `minItems`
    MinItems(u64),
    /// `maxItems`
    MaxItems(u64),
    /// `uniqueItems`
    UniqueItems,
    /// `minProperties`
    MinProperties(u64),
    /// `maxProperties`
    MaxProperties(u64),
    /// `const`
    Const(Json),
    /// `enum`
    Enum(Vec<Json>),
}

/// One version of an event.
#[derive(Debug)]
pub struct Event {
    /// Its payload.
    pub ty: TypeId,
    /// Dotted lower case: `user.registered`.
    pub event_type: String,
    /// `major.minor.patch`
    pub version: Version,
    /// This is the newest version in the folder: it has the plain name.
    pub newest: bool,
    /// Where it goes.
    pub topic: String,
    /// The registry subject.
    pub subject: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where it belongs.
    pub domain: Option<String>,
    /// The service that publishes it.
    pub service: Option<String>,
    /// Free words.
    pub tags: Vec<String>,
    /// Where its runbook is.
    pub runbook: Option<String>,
    /// The body's encoding.
    pub encoding: Encoding,
    /// The envelope around the body.
    pub envelope: Envelope,
    /// Its log lines.
    pub log: EventLog,
    /// A span slower than this is kept, in nanoseconds.
    pub slow_ns: u64,
    /// Objectives.
    pub slos: Vec<Slo>,
    /// `min_rate`, as written, checked: at least so many per window of seconds.
    pub min_rate: Option<(u64, u64)>,
    /// Declared compatibility mode.
    pub compatibility: String,
    /// Cardinality budget.
    pub max_series: Option<u64>,
    /// Further families this event feeds.
    pub metrics: Vec<MetricFeed>,
    /// The same resolved.
    pub feeds: Vec<feed::Feed>,
    /// Its own times that others ask for, and those of others that it asks for.
    pub times: Vec<feed::Times>,
    /// Never sampled, never dropped.
    pub audit: bool,
    /// `{since, sunset, use}`
    pub deprecated: Option<Deprecation>,
    /// The dialect of its spec.
    pub dialect: Dialect,
    /// The schema as one self-contained document: parsed again, it means the same.
    pub schema: String,
    /// CRC-64-AVRO of the canonical form (Avro); of the compact, key-sorted text otherwise.
    pub rabin: u64,
    /// SHA-256 of the same text.
    pub sha256: [u8; 32],
    /// How `validate` finds what the shape allows and the schema does not.
    pub checked_by: CheckedBy,
    /// How values of the version before become values of this one.
    pub upcast: Option<Upcast>,
    /// The `x-obs` keys as written, with their places: for rules that point at one.
    pub keys: EventKeys,
    /// Its spec file.
    pub file: FileId,
    /// Where it is defined.
    pub loc: Loc,
}

/// How `validate` works.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CheckedBy {
    /// There is nothing beyond the shape.
    Nothing,
    /// Generated code from the assertions of the types.
    Code,
    /// The schema itself, interpreted over the encoded value: `if`, `not`, `unevaluated*` and the like.
    Schema,
}

/// How an older version becomes this one.
#[derive(PartialEq, Eq, Debug)]
pub struct Upcast {
    /// The index of the older version in [`Model::events`].
    pub from: usize,
    /// Derived, or left to the user with the reasons why.
    pub how: UpcastHow,
}

/// Derived or not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UpcastHow {
    /// By the rules of schema resolution.
    Derived,
    /// The user implements a generated trait; each reason names a field and its place in the spec.
    ByHand {
        /// Why it could not be derived.
        reasons: Vec<String>,
    },
}

/// `major.minor.patch`
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version {
    /// Breaking.
    pub major: u32,
    /// Growing.
    pub minor: u32,
    /// Neither.
    pub patch: u32,
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The body's encoding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Encoding {
    /// JSON
    Json,
    /// Avro binary.
    Avro,
}

/// The envelope around the body.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Envelope {
    /// Ours.
    Obs,
    /// CloudEvents 1.0.
    CloudEvents,
    /// None.
    None,
}

/// An event's log lines.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct EventLog {
    /// `None` when switched off.
    pub level: Option<Level>,
    /// The share of lines that is written.
    pub sample: f64,
}

/// A log level.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// `TRACE`
    Trace,
    /// `DEBUG`
    Debug,
    /// `INFO`
    Info,
    /// `WARN`
    Warn,
    /// `ERROR`
    Error,
}

/// `deprecated` on an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deprecation {
    /// The version or date since when.
    pub since: Option<String>,
    /// The date from which `check` fails, `YYYY-MM-DD`.
    pub sunset: Option<String>,
    /// What to use instead.
    pub replacement: Option<String>,
}

/// A family that an event feeds (contract §6), as written and checked for shape.
#[derive(Clone, PartialEq, Debug)]
pub struct MetricFeed {
    /// The family's name.
    pub name: String,
    /// The place of the name.
    pub name_loc: Loc,
    /// `counter`, `gauge`, `histogram`, `summary` or `info`.
    pub kind: String,
    /// Everything it says, with sorted keys.
    pub said: Json,
    /// Series that one combination of labels makes: a histogram has one a bucket, and more.
    pub series: u64,
    /// The fields of the event it reads, each with its place.
    pub fields: Vec<FeedField>,
    /// The events whose times it reads.
    pub events: Vec<crate::draft::Located<String>>,
    /// Lints it may break, by name.
    pub allow: Vec<crate::draft::Located<String>>,
}

/// A field that a family reads.
#[derive(Clone, PartialEq, Debug)]
pub struct FeedField {
    /// Its name on the wire; dots lead into nested records.
    pub field: String,
    /// What it is read for.
    pub role: FeedRole,
    /// Where it is named.
    pub loc: Loc,
}

/// What a family reads a field for.
#[derive(Clone, PartialEq, Debug)]
pub enum FeedRole {
    /// Its number is the value, or an operand of it.
    Value,
    /// It tells entities, or two events that belong together, apart.
    Key,
    /// It has to have one of these values, each with its place.
    When {
        /// Symbols and truth values.
        values: Vec<(Json, Loc)>,
    },
    /// It labels the series.
    Label {
        /// Another name than the field's own in snake case.
        name: Option<String>,
        /// Numbers are put into buckets, between so many bounds.
        bounds: Option<u64>,
        /// Every element of a list counts.
        each: bool,
    },
}
