//! Unions of one file that say the same are one enum; every other place of it has its own name as an alias.
//!
//! Large schemas repeat a union at a hundred fields. Which place comes first is nobody's concern: each name stays what
//! it was when another field is added before it.

use super::paths::Scope;
use super::printer::Code;
use crate::model::{Branch, Model, Shape, Type, TypeDef, TypeId, TypeKind};
use obs_schema::table::{Numbered, Table};

/// Unions that are said before, with the place where.
#[derive(Default)]
pub(crate) struct Shared(Table<u128, TypeId>);

/// Unions met so far, by what is quick to compare: those of one file with as many branches.
type Met = Table<u128, Vec<(TypeId, Vec<Branch>)>>;

impl Shared {
    pub(crate) fn of(model: &Model) -> Shared {
        let events = super::roots(model);
        let mut shared = Shared::default();
        loop {
            let before = shared.0.len();
            let mut met = Met::default();
            for (id, ty) in (0..).map(TypeId).zip(&model.types) {
                let TypeKind::Union(union) = &ty.kind else {
                    continue;
                };
                let stands_alone = ty.extern_path.is_some()
                    || events.contains(&id.number())
                    || model.schemas.contains(&id)
                    || shared.0.contains(&id.number());
                if stands_alone {
                    continue;
                }
                let mut branches = union.branches.clone();
                for branch in &mut branches {
                    shared.rename(&mut branch.ty);
                }
                let others = met.get_or((ty.file, branches.len()).number(), Vec::new);
                let first = others
                    .iter()
                    .find(|(first, said)| *said == branches && alike(model.get(*first), ty));
                match first {
                    Some((first, _)) => drop(shared.0.insert(id.number(), *first)),
                    None => others.push((id, branches)),
                }
            }
            // Lists of unions are alike only once these are.
            if shared.0.len() == before {
                return shared;
            }
        }
    }

    /// The first type that says the same: the type itself, as a rule.
    fn first(&self, id: TypeId) -> TypeId {
        self.0
            .get(&id.number())
            .map_or(id, |first| self.first(*first))
    }

    /// Names every union in a type by its first place.
    pub(crate) fn rename(&self, ty: &mut Type) {
        match &mut ty.shape {
            Shape::Named(id) => *id = self.first(*id),
            Shape::Array(inner) | Shape::Map(inner) | Shape::Option { inner, .. } => {
                self.rename(inner);
            }
            Shape::Tuple(items) => items.iter_mut().for_each(|item| self.rename(item)),
            _ => {}
        }
    }
}

/// What stands beside the branches.
fn alike(a: &TypeDef, b: &TypeDef) -> bool {
    (&a.doc, &a.deprecated, a.dialect, &a.attributes)
        == (&b.doc, &b.deprecated, b.dialect, &b.attributes)
}

/// The alias of a union that is said before. False for every other type.
pub(crate) fn alias(code: &mut Code, scope: &Scope<'_>, id: TypeId, ty: &TypeDef) -> bool {
    let Some(first) = scope.traits.shared.0.get(&id.number()) else {
        return false;
    };
    code.blank();
    let target = scope.named_text(*first);
    code.line(format_args!("pub type {} = {target};", ty.name.ident));
    let twins = &scope.traits.twins;
    if let (Some(own), Some(of_first)) = (twins.get(id), twins.get(*first)) {
        let target = scope.name_text(of_first);
        code.line(format_args!("pub type {}<'a> = {target}<'a>;", own.ident));
    }
    true
}
