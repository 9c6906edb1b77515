//! Questions about types that several rules ask.

use super::Facts;
use crate::model::{Event, Field, Logical, Shape, Type, TypeKind};

/// What telemetry can do with a value of a type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sort {
    /// True or false.
    Bool,
    /// One of known symbols.
    Symbols,
    /// A number.
    Number,
    /// A point or a length of time.
    Time,
    /// Any text, identifier or run of bytes.
    Text,
    /// A list, with what it holds.
    List,
    /// A record, a map, a union, any JSON.
    Composite,
    /// A type of the user's own, which rustc checks.
    Foreign,
}

impl Sort {
    /// One plain value.
    pub(super) fn is_scalar(self) -> bool {
        !matches!(self, Sort::List | Sort::Composite)
    }

    /// A set of values known beforehand.
    pub(super) fn is_closed(self) -> bool {
        matches!(self, Sort::Bool | Sort::Symbols | Sort::Foreign)
    }

    /// In words, with an article.
    pub(super) fn words(self) -> &'static str {
        match self {
            Sort::Bool => "a boolean",
            Sort::Symbols => "an enum",
            Sort::Number => "a number",
            Sort::Time => "a time",
            Sort::Text => "any text",
            Sort::List => "a list",
            Sort::Composite => "a composite value",
            Sort::Foreign => "a type of your own",
        }
    }
}

/// The type without the options around it.
pub(super) fn bare(mut ty: &Type) -> &Type {
    while let Shape::Option { inner, .. } = &ty.shape {
        ty = inner;
    }
    ty
}

impl Facts<'_> {
    pub(super) fn sort(&self, ty: &Type) -> Sort {
        match &bare(ty).shape {
            Shape::Bool => Sort::Bool,
            Shape::I32 | Shape::I64 | Shape::U64 | Shape::F32 | Shape::F64 => Sort::Number,
            Shape::Bytes | Shape::String => Sort::Text,
            Shape::Array(_) => Sort::List,
            Shape::Logical(logical) => match logical {
                Logical::Decimal { .. } | Logical::BigDecimal => Sort::Number,
                Logical::Uuid { .. } => Sort::Text,
                _ => Sort::Time,
            },
            Shape::Named(id) => match &self.model.get(*id).kind {
                TypeKind::Enum(_) => Sort::Symbols,
                TypeKind::Fixed { .. } => Sort::Text,
                // An alias of itself would go round for ever.
                TypeKind::Newtype(inner) if !matches!(bare(inner).shape, Shape::Named(_)) => {
                    self.sort(inner)
                }
                TypeKind::Newtype(_) | TypeKind::Record(_) | TypeKind::Union(_) => Sort::Composite,
            },
            Shape::Rust(_) => Sort::Foreign,
            Shape::Null | Shape::Map(_) | Shape::Tuple(_) | Shape::Option { .. } | Shape::Json => {
                Sort::Composite
            }
        }
    }

    /// A number that is no whole one, which identifies nothing.
    pub(super) fn is_float(&self, ty: &Type) -> bool {
        matches!(
            bare(ty).shape,
            Shape::F32 | Shape::F64 | Shape::Logical(Logical::Decimal { .. } | Logical::BigDecimal)
        )
    }

    /// What a list holds.
    pub(super) fn item<'a>(&self, ty: &'a Type) -> Option<&'a Type> {
        match &bare(ty).shape {
            Shape::Array(item) => Some(item),
            _ => None,
        }
    }

    /// The symbols of a closed type; none when it is a type of the user's own.
    pub(super) fn symbols(&self, ty: &Type) -> Vec<&str> {
        match &bare(ty).shape {
            Shape::Bool => vec!["false", "true"],
            Shape::Named(id) => match &self.model.get(*id).kind {
                TypeKind::Enum(enum_) => enum_.symbols.iter().map(|s| s.wire.as_str()).collect(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// A field of an event by its name on the wire; dots lead into nested records.
    pub(super) fn field<'f>(&'f self, event: &Event, path: &str) -> Option<&'f Field> {
        let mut ty = event.ty;
        let mut parts = path.split('.').peekable();
        loop {
            let part = parts.next()?;
            let TypeKind::Record(record) = &self.model.get(ty).kind else {
                return None;
            };
            let field = record.fields.iter().find(|field| field.wire == part)?;
            if parts.peek().is_none() {
                return Some(field);
            }
            let Shape::Named(inner) = &bare(&field.ty).shape else {
                return None;
            };
            ty = *inner;
        }
    }
}

/// A field marked as sensitive, with the word of the mark and its place.
pub(super) fn sensitive(field: &Field) -> Option<(&'static str, obs_schema::source::Loc)> {
    let secret = field.keys.secret.map(|loc| ("secret", loc));
    secret.or(field.keys.pii.as_ref().map(|pii| ("pii", pii.loc)))
}

/// The name a field's label will have.
pub(super) fn label_name(field: &Field) -> Option<&str> {
    field.keys.label.as_ref()?;
    field.obs.label.as_ref().map(|label| label.name.as_str())
}
