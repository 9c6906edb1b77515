//! Which standard traits a type can soundly derive: worked out over the whole Model, recursion included.

use crate::model::{Model, Shape, Type, TypeDef, TypeKind, Unknown};
use crate::settings::{MapType, Settings};

/// What is known of every type of a Model.
pub(crate) struct Traits {
    /// `Eq` holds: no floats, nothing of which we know nothing.
    eq: Vec<bool>,
    /// `Hash` and `Ord` hold: `Eq`, and no map without an order.
    hash: Vec<bool>,
}

impl Traits {
    /// Works out all types: assume the best, then take back until nothing changes, which is right for cycles.
    pub(crate) fn of(model: &Model, settings: &Settings) -> Traits {
        let count = model.types.len();
        let mut traits = Traits {
            eq: vec![true; count],
            hash: vec![true; count],
        };
        loop {
            let mut changed = false;
            for (at, ty) in model.types.iter().enumerate() {
                let eq = traits.eq[at] && every_part(ty, &mut |part| traits.type_eq(part));
                let hash = traits.hash[at]
                    && eq
                    && every_part(ty, &mut |part| traits.type_hash(part, settings));
                changed |= eq != traits.eq[at] || hash != traits.hash[at];
                traits.eq[at] = eq;
                traits.hash[at] = hash;
            }
            if !changed {
                return traits;
            }
        }
    }

    /// `Eq` for a type in a position.
    pub(crate) fn type_eq(&self, ty: &Type) -> bool {
        every_shape(ty, &mut |shape| match shape {
            Shape::F32 | Shape::F64 | Shape::Rust(_) => false,
            Shape::Named(id) => self.eq[id.0 as usize],
            _ => true,
        })
    }

    /// `Hash` for a type in a position.
    pub(crate) fn type_hash(&self, ty: &Type, settings: &Settings) -> bool {
        every_shape(ty, &mut |shape| match shape {
            Shape::F32 | Shape::F64 | Shape::Rust(_) | Shape::Json => false,
            Shape::Map(_) => settings.map == MapType::BTreeMap,
            Shape::Named(id) => self.hash[id.0 as usize],
            _ => true,
        })
    }

    /// `Eq` for a type of the Model.
    pub(crate) fn eq(&self, at: usize) -> bool {
        self.eq[at]
    }

    /// `Hash` for a type of the Model.
    pub(crate) fn hash(&self, at: usize) -> bool {
        self.hash[at]
    }
}

/// Whether a statement holds for every shape in a position, the outer ones first.
pub(crate) fn every_shape(ty: &Type, holds: &mut impl FnMut(&Shape) -> bool) -> bool {
    if !holds(&ty.shape) {
        return false;
    }
    match &ty.shape {
        Shape::Array(inner) | Shape::Map(inner) | Shape::Option { inner, .. } => {
            every_shape(inner, holds)
        }
        Shape::Tuple(items) => {
            for item in items {
                if !every_shape(item, holds) {
                    return false;
                }
            }
            true
        }
        _ => true,
    }
}

/// Whether a statement holds for every type a definition is made of. A user's own type says nothing about itself.
pub(crate) fn every_part(ty: &TypeDef, holds: &mut impl FnMut(&Type) -> bool) -> bool {
    if ty.extern_path.is_some() {
        return false;
    }
    match &ty.kind {
        TypeKind::Record(record) => {
            let unknown = match &record.unknown {
                Unknown::Keep(value) => holds(&Type::plain(Shape::Map(value.clone()))),
                Unknown::Refuse | Unknown::Skip => true,
            };
            unknown && record.fields.iter().all(|field| holds(&field.ty))
        }
        TypeKind::Union(union) => union.branches.iter().all(|branch| holds(&branch.ty)),
        TypeKind::Newtype(inner) => holds(inner),
        TypeKind::Enum(_) | TypeKind::Fixed { .. } => true,
    }
}
