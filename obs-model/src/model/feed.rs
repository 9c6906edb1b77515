//! Families that an event feeds, resolved: which values count where.

use super::Label;
use super::metrics::FamilyKind;

/// A family that an event feeds when it is published.
#[derive(PartialEq, Debug)]
pub struct Feed {
    /// The family's name.
    pub name: String,
    /// What it holds.
    pub kind: FamilyKind,
    /// Its numbers are floats.
    pub float: bool,
    /// What it tells.
    pub help: String,
    /// The unit of its values; or nothing.
    pub unit: String,
    /// What is counted or measured.
    pub value: FeedValue,
    /// When it is fed at all.
    pub when: Conditions,
    /// The labels, by name.
    pub labels: Vec<FeedLabel>,
    /// Bounds of a histogram, when they are not those of durations.
    pub buckets: Option<Vec<f64>>,
    /// Quantiles of a summary, when they are not the usual ones.
    pub quantiles: Option<Vec<f64>>,
}

/// What a field is compared with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Word {
    /// A symbol, or one of the common values of a text.
    Text(String),
    /// A truth value.
    Bool(bool),
}

/// Conditions: a field, and the words or truth values it may have.
pub type Conditions = Vec<(Vec<String>, Vec<Word>)>;

/// What is counted or measured. Fields are named by their path on the wire.
#[derive(Clone, PartialEq, Debug)]
pub enum FeedValue {
    /// A number.
    Number(f64),
    /// A field.
    Field(Vec<String>),
    /// The first operand less the second; of times in seconds.
    Difference([Operand; 2]),
    /// The first operand by the second.
    Quotient([Operand; 2]),
    /// How many entities are in a state.
    Entities {
        /// The field that tells them apart.
        key: Vec<String>,
        /// What brings one into the state; `None`: not this event.
        enter: Option<Conditions>,
        /// What takes it out again; `None`: not this event.
        leave: Option<Conditions>,
        /// The most that are remembered.
        max: u64,
    },
    /// How long ago the last event of a key was.
    Age {
        /// The field that tells them apart.
        key: Vec<String>,
        /// Worked out anew no oftener than this, in nanoseconds.
        every_ns: u64,
        /// The most that are remembered.
        max: u64,
    },
}

/// A number that a value is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Operand {
    /// A field.
    Field(Vec<String>),
    /// The time of this event.
    Now,
    /// The time of the last event of another type that has the same in a field.
    Last(Times),
}

/// The times at which an event was published, by one of its fields.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Times {
    /// The event's type.
    pub event: String,
    /// The field.
    pub key: Vec<String>,
}

/// A label of such a family.
#[derive(Clone, PartialEq, Debug)]
pub struct FeedLabel {
    /// The field, by its path on the wire.
    pub path: Vec<String>,
    /// Name and values. Those of a user's own type are not known here.
    pub label: Label,
    /// How its values come about.
    pub by: LabelBy,
}

/// How the values of a label come about.
#[derive(Clone, PartialEq, Debug)]
pub enum LabelBy {
    /// They are those of the field.
    Value,
    /// A number falls between bounds.
    Bounds(Vec<f64>),
    /// Each element of a list counts.
    Each,
}
