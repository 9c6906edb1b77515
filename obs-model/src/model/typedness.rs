//! How much of what schemas describe has a type in Rust: a figure for reports.

use super::{Shape, Type, TypeDef, TypeKind};

/// Positions of properties, and those that have a static type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Typedness {
    /// Members of structs.
    pub positions: usize,
    /// Those that are something else than any JSON value, or a list or map of any.
    pub typed: usize,
}

impl Typedness {
    /// Counts over some definitions.
    pub fn of<'a>(types: impl IntoIterator<Item = &'a TypeDef>) -> Typedness {
        let mut out = Typedness::default();
        for def in types {
            let TypeKind::Record(record) = &def.kind else {
                continue;
            };
            out.positions += record.fields.len();
            let typed = record.fields.iter().filter(|field| is_typed(&field.ty));
            out.typed += typed.count();
        }
        out
    }
}

fn is_typed(ty: &Type) -> bool {
    match &ty.shape {
        Shape::Json => false,
        Shape::Option { inner, .. } | Shape::Array(inner) | Shape::Map(inner) => is_typed(inner),
        _ => true,
    }
}
