//! Sets of families for things that are no event.

use super::RustName;
use crate::draft::Located;
use obs_schema::source::{FileId, Loc};

/// Series that a set may make unless it says otherwise.
pub const USUAL_BUDGET: u64 = 10_000;
/// Series that a set may ask for.
pub const MOST_SERIES: u64 = 10_000_000;

/// Families of things that are no event, as a struct of instruments.
#[derive(Debug)]
pub struct MetricSet {
    /// Its name in Rust.
    pub name: RustName,
    /// Its documentation.
    pub doc: Option<String>,
    /// The types of its labels. A derive's are the user's own.
    pub labels: Vec<LabelType>,
    /// Its families, in the order of the fields.
    pub families: Vec<Family>,
    /// Series it may make.
    pub max_series: u64,
    /// The file it is described in.
    pub file: FileId,
    /// Where it is described.
    pub loc: Loc,
}

/// A label of a document: an enum of words.
#[derive(PartialEq, Eq, Debug)]
pub struct LabelType {
    /// Its name as a label.
    pub name: String,
    /// The enum's name.
    pub ident: String,
    /// Its words, each with the variant it becomes. Without any it is a `bool`, and there is no enum.
    pub values: Vec<(String, String)>,
    /// Where it is declared.
    pub loc: Loc,
}

/// A family of a set.
#[derive(PartialEq, Debug)]
pub struct Family {
    /// The field in the struct.
    pub ident: String,
    /// The instrument's type, where a struct has it already.
    pub ty: Option<String>,
    /// What it holds.
    pub kind: FamilyKind,
    /// Its numbers are floats.
    pub float: bool,
    /// The family's name.
    pub name: String,
    /// What it tells.
    pub help: String,
    /// The unit of its values; or nothing.
    pub unit: String,
    /// Its labels.
    pub labels: Vec<FamilyLabel>,
    /// Bounds of a histogram, when they are not those of durations.
    pub buckets: Option<Vec<f64>>,
    /// Quantiles of a summary, when they are not the usual ones.
    pub quantiles: Option<Vec<f64>>,
    /// How long a summary remembers, in seconds.
    pub window_s: Option<u64>,
    /// Lints it may break, by name.
    pub allow: Vec<Located<String>>,
    /// Where it is described.
    pub loc: Loc,
    /// Where it is named.
    pub name_loc: Loc,
}

/// A label of a family.
#[derive(PartialEq, Eq, Debug)]
pub struct FamilyLabel {
    /// Its name.
    pub name: String,
    /// What it may be.
    pub of: LabelOf,
}

/// What a label may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LabelOf {
    /// One of [`MetricSet::labels`].
    Declared(usize),
    /// True or false.
    Bool,
    /// Any words, or what only the compiler knows.
    Words,
}

/// What a family holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FamilyKind {
    /// Something that only grows.
    Counter,
    /// Something that grows and shrinks.
    Gauge,
    /// How many values fell between which bounds.
    Histogram,
    /// Quantiles of the values of late.
    Summary,
    /// Words that describe something.
    Info,
}

impl FamilyKind {
    /// All of them, with the word and the type each is called by.
    pub const ALL: [(&'static str, FamilyKind, &'static str); 5] = [
        ("counter", FamilyKind::Counter, "Counter"),
        ("gauge", FamilyKind::Gauge, "Gauge"),
        ("histogram", FamilyKind::Histogram, "Histogram"),
        ("summary", FamilyKind::Summary, "Summary"),
        ("info", FamilyKind::Info, "Info"),
    ];

    /// `counter`
    #[must_use]
    pub fn word(self) -> &'static str {
        FamilyKind::ALL[self as usize].0
    }

    /// `Counter`
    #[must_use]
    pub fn ty(self) -> &'static str {
        FamilyKind::ALL[self as usize].2
    }

    /// What the names of its families end with.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            FamilyKind::Counter => "_total",
            FamilyKind::Info => "_info",
            FamilyKind::Gauge | FamilyKind::Histogram | FamilyKind::Summary => "",
        }
    }
}
