//! A schema to work with: a type and the set it points into.

use super::tree::{Document, Field, FullName, Kind, Logical, Named, NamedId, NamedKind, Set, Type};

/// A type together with the set that its references point into.
///
/// This is what the dynamic codec and resolution plans work on.
#[derive(Clone, Copy, Debug)]
pub struct Schema<'s> {
    set: &'s Set,
    view: View<'s>,
}

impl<'s> Schema<'s> {
    /// The schema of a type that stands somewhere in the set.
    #[must_use]
    pub fn of_type(set: &'s Set, ty: &'s Type) -> Schema<'s> {
        Schema {
            set,
            view: View::of(set, ty),
        }
    }

    /// The schema of a record, enum or fixed.
    #[must_use]
    pub fn of_named(set: &'s Set, id: NamedId) -> Schema<'s> {
        Schema {
            set,
            view: View::named(set, id),
        }
    }

    /// The schema that a document stands for, if it stands for one.
    #[must_use]
    pub fn of_document(set: &'s Set, document: &'s Document) -> Option<Schema<'s>> {
        document
            .root
            .as_ref()
            .map(|root| Schema::of_type(set, root))
    }

    /// The schema of a set that was read from one text: the root of its first document that has one.
    #[must_use]
    pub fn of_set(set: &'s Set) -> Option<Schema<'s>> {
        set.documents
            .iter()
            .find_map(|document| Schema::of_document(set, document))
    }

    pub(super) fn set(self) -> &'s Set {
        self.set
    }

    pub(super) fn view(self) -> View<'s> {
        self.view
    }
}

/// What a type is, with references followed once.
#[derive(Clone, Copy, Debug)]
pub(super) enum View<'s> {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes(Option<Logical>),
    String,
    Array(&'s Type),
    Map(&'s Type),
    Union(&'s [Type]),
    Record(NamedId, &'s [Field]),
    Enum(NamedId, &'s [String], Option<usize>),
    Fixed(NamedId, usize),
}

impl<'s> View<'s> {
    pub(super) fn of(set: &'s Set, ty: &'s Type) -> View<'s> {
        match &ty.kind {
            Kind::Null => View::Null,
            Kind::Boolean => View::Boolean,
            Kind::Int => View::Int,
            Kind::Long => View::Long,
            Kind::Float => View::Float,
            Kind::Double => View::Double,
            Kind::Bytes => View::Bytes(ty.logical),
            Kind::String => View::String,
            Kind::Array(items) => View::Array(items),
            Kind::Map(values) => View::Map(values),
            Kind::Union(branches) => View::Union(branches),
            Kind::Named(id) => View::named(set, *id),
        }
    }

    pub(super) fn named(set: &'s Set, id: NamedId) -> View<'s> {
        match &set.get(id).kind {
            NamedKind::Record { fields, .. } => View::Record(id, fields),
            NamedKind::Enum { symbols, default } => View::Enum(id, symbols, *default),
            NamedKind::Fixed { size } => View::Fixed(id, *size),
        }
    }

    /// The definition behind a named type.
    pub(super) fn definition(self, set: &'s Set) -> Option<&'s Named> {
        match self {
            View::Record(id, _) | View::Enum(id, _, _) | View::Fixed(id, _) => Some(set.get(id)),
            _ => None,
        }
    }

    /// What the branch of a union is called in Avro's JSON encoding: the primitive's name or the full name.
    pub(super) fn branch_name(self, set: &'s Set) -> BranchName<'s> {
        match self.definition(set) {
            Some(named) => BranchName::Full(&named.name),
            None => BranchName::Plain(self.kind()),
        }
    }

    /// The kind as the specification writes it.
    pub(super) fn kind(self) -> &'static str {
        match self {
            View::Null => "null",
            View::Boolean => "boolean",
            View::Int => "int",
            View::Long => "long",
            View::Float => "float",
            View::Double => "double",
            View::Bytes(_) => "bytes",
            View::String => "string",
            View::Array(_) => "array",
            View::Map(_) => "map",
            View::Union(_) => "union",
            View::Record(..) => "record",
            View::Enum(..) => "enum",
            View::Fixed(..) => "fixed",
        }
    }
}

/// The name of a union branch, not yet put together.
#[derive(Clone, Copy, Debug)]
pub(super) enum BranchName<'s> {
    Plain(&'static str),
    Full(&'s FullName),
}

impl BranchName<'_> {
    /// Whether this is the name.
    pub(super) fn is(self, name: &str) -> bool {
        match self {
            BranchName::Plain(plain) => plain == name,
            BranchName::Full(full) if full.namespace.is_empty() => full.name == name,
            BranchName::Full(full) => name
                .strip_prefix(full.namespace.as_str())
                .and_then(|rest| rest.strip_prefix('.'))
                .is_some_and(|rest| rest == full.name),
        }
    }
}

impl std::fmt::Display for BranchName<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BranchName::Plain(plain) => f.write_str(plain),
            BranchName::Full(full) => full.fmt(f),
        }
    }
}
