//! How values of one schema become values of another: resolution, compiled once per writer and reader.
//!
//! A [`Plan`] turns the bytes a writer wrote into the bytes the reader's schema would have. Generated decoders read
//! those, so they know one schema only, and old messages need no value tree in between. Parts of a message that look
//! the same under both schemas are copied as they stand; a plan without any other part is an
//! [identity](Plan::is_identity).
//!
//! The rules are the specification's, as Java reads them where it leaves a choice:
//!
//! - Numbers widen: int to long, float, double; long to float, double; float to double. Strings and bytes are each
//!   other.
//! - Records, enums and fixed match by unqualified name, or when an alias of the reader's is the writer's full name.
//! - A field of the reader takes the writer's field of its name, else of one of its aliases, else its default.
//!   An alias does not take a field that another field of the reader has the name of.
//! - In a union of the reader's, the branch of the same type comes first (a full name or alias before an unqualified
//!   name), then the first one by widening; only branches that can read every value count. A union of the writer's is
//!   resolved branch by branch.
//! - A symbol the reader does not have becomes the enum's default. Without a default the schemas are incompatible;
//!   [`Plan::lenient`] passes the symbol through.
//! - Decimals match when their scales do; everything else about logical types is ignored.

mod check;
mod compile;
mod matching;
mod run;

#[cfg(test)]
mod tests;

use super::view::Schema;
use crate::wire::{DecodeError, Limits};

/// What turns a writer's bytes into a reader's.
///
/// ```
/// use obs_schema::avro::{Plan, Schema, read_text};
///
/// let writer = read_text(r#"{"type":"record","name":"Order","fields":[
///     {"name":"sum","type":"int"}]}"#).unwrap();
/// let reader = read_text(r#"{"type":"record","name":"Order","fields":[
///     {"name":"total","type":"double","aliases":["sum"]},
///     {"name":"note","type":["null","string"],"default":null}]}"#).unwrap();
/// let plan = Plan::compile(
///     Schema::of_set(&writer).unwrap(),
///     Schema::of_set(&reader).unwrap(),
/// ).unwrap();
/// let mut bytes = Vec::new();
/// plan.run(b"\x02", &mut bytes).unwrap();
/// assert_eq!(bytes, b"\0\0\0\0\0\0\xf0\x3f\0");
/// ```
#[derive(Clone, Debug)]
pub struct Plan {
    root: Step,
    records: Vec<Record>,
    /// What it takes to pass over the writer's records.
    skips: Vec<Box<[Skip]>>,
    passes_symbols: bool,
}

impl Plan {
    /// Compiles a plan under which every value of the writer's has one of the reader's, or tells everything that
    /// stands in the way: the verdict of Java's `SchemaCompatibility`, save that decimals of different scales are
    /// incompatible here.
    pub fn compile(writer: Schema<'_>, reader: Schema<'_>) -> Result<Plan, Vec<Incompatibility>> {
        let verdicts = check::Verdicts::of(writer, reader);
        if verdicts.strict() {
            Ok(compile::run(writer, reader, &verdicts))
        } else {
            Err(verdicts.report())
        }
    }

    /// Compiles a plan under which at least some values can be read, for consumers that would rather see what can be
    /// seen: an incompatibility that [only some values](Incompatibility::some_values) have is met when it is met.
    ///
    /// A branch of a union that the reader lacks is an error of [`Plan::run`]. A symbol that the reader lacks is
    /// passed through as index -1 and the symbol's text, which a
    /// [`resolved`](crate::wire::avro::Reader::resolved) reader takes.
    pub fn lenient(writer: Schema<'_>, reader: Schema<'_>) -> Result<Plan, Vec<Incompatibility>> {
        let verdicts = check::Verdicts::of(writer, reader);
        if verdicts.lenient() {
            Ok(compile::run(writer, reader, &verdicts))
        } else {
            Err(verdicts.report())
        }
    }

    /// The reader's bytes are the writer's, so there is nothing to run.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        matches!(self.root, Step::Copy(_))
    }

    /// Some enum may come out as index -1 and a text.
    #[must_use]
    pub fn passes_symbols(&self) -> bool {
        self.passes_symbols
    }

    /// Appends the reader's bytes for one value of the writer's. After an error `out` is as it was.
    pub fn run(&self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
        self.run_within(bytes, out, Limits::DEFAULT)
    }

    /// As [`Plan::run`], with bounds of the caller's. They hold for the input and for the output.
    pub fn run_within(
        &self,
        bytes: &[u8],
        out: &mut Vec<u8>,
        limits: Limits,
    ) -> Result<(), DecodeError> {
        run::run(self, bytes, out, limits)
    }
}

/// One thing that keeps a reader from reading a writer's values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Incompatibility {
    /// What kind of thing.
    pub kind: IncompatibilityKind,
    /// A JSON pointer into the reader's schema, with every reference written out.
    ///
    /// Where the writer has a union and the reader does not, or both have one, the last number is the place of the
    /// writer's branch (this is where Java points).
    pub pointer: String,
    /// The reason in words.
    pub reason: String,
    /// Only some values are affected: those of a union branch, or with a symbol that the reader lacks.
    pub some_values: bool,
}

/// The kinds of incompatibility; they are Java's, and one of ours.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum IncompatibilityKind {
    /// Two types that do not match and do not widen.
    TypeMismatch,
    /// Two records, enums or fixed of different names.
    NameMismatch,
    /// Two fixed of different sizes.
    FixedSizeMismatch,
    /// Symbols of the writer's that the reader lacks, without a default.
    MissingEnumSymbols,
    /// A branch of the writer's that the reader's union lacks.
    MissingUnionBranch,
    /// A field of the reader's that the writer lacks, without a default.
    ReaderFieldMissingDefaultValue,
    /// Two decimals of different scales: the same bytes are another number.
    DecimalScaleMismatch,
}

impl IncompatibilityKind {
    /// As Java writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            IncompatibilityKind::TypeMismatch => "TYPE_MISMATCH",
            IncompatibilityKind::NameMismatch => "NAME_MISMATCH",
            IncompatibilityKind::FixedSizeMismatch => "FIXED_SIZE_MISMATCH",
            IncompatibilityKind::MissingEnumSymbols => "MISSING_ENUM_SYMBOLS",
            IncompatibilityKind::MissingUnionBranch => "MISSING_UNION_BRANCH",
            IncompatibilityKind::ReaderFieldMissingDefaultValue => {
                "READER_FIELD_MISSING_DEFAULT_VALUE"
            }
            IncompatibilityKind::DecimalScaleMismatch => "DECIMAL_SCALE_MISMATCH",
        }
    }
}

impl std::fmt::Display for Incompatibility {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`: {}", self.pointer, self.reason)
    }
}

/// What happens to a value.
#[derive(Clone, Debug)]
enum Step {
    /// It stays as it is.
    Copy(Skip),
    /// An int or long becomes a float.
    IntegerToFloat,
    /// An int or long becomes a double.
    IntegerToDouble,
    /// A float becomes a double.
    FloatToDouble,
    /// Each element changes.
    Array(Box<Step>),
    /// Each value changes.
    Map(Box<Step>),
    /// Each of the writer's symbols becomes one of the reader's.
    Symbol(Box<[Symbol]>),
    /// Each of the writer's branches changes in its own way.
    Branches(Box<[Step]>),
    /// It becomes this branch of the reader's union.
    Into(usize, Box<Step>),
    /// It is a record: an index into [`Plan::records`].
    Record(usize),
    /// The reader has no place for it.
    Refuse(&'static str),
}

#[derive(Clone, Debug)]
enum Symbol {
    /// The reader's index.
    Index(usize),
    /// None of the reader's.
    Text(Box<str>),
}

/// How a record changes: what to do with each of the writer's fields in turn.
#[derive(Clone, Debug, Default)]
struct Record {
    actions: Vec<Action>,
    /// The reader has the fields in another order: pieces of output, in the reader's.
    order: Option<Vec<Piece>>,
}

#[derive(Clone, Debug)]
enum Action {
    /// A field of the reader's gets its default.
    Put(Box<[u8]>),
    /// The reader does not have the field.
    Drop(Box<str>, Skip),
    /// The field changes.
    Field(Box<str>, Step),
}

#[derive(Clone, Debug)]
enum Piece {
    /// What this action wrote; there is one for each of the writer's fields.
    Written(usize),
    /// A default.
    Put(Box<[u8]>),
}

/// What it takes to pass over a value of the writer's.
#[derive(Clone, Debug)]
enum Skip {
    /// So many bytes.
    Fixed(usize),
    /// An integer.
    Varint,
    /// A length and so many bytes.
    Bytes,
    /// An enum of so many symbols.
    Index(usize),
    Array(Box<Skip>),
    Map(Box<Skip>),
    Union(Box<[Skip]>),
    /// An index into [`Plan::skips`].
    Record(usize),
}
