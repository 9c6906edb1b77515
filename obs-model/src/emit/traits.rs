//! Which standard traits a type can soundly derive: worked out over the whole Model, recursion included.

#[cfg(feature = "specs")]
use super::borrowed::Twins;
#[cfg(feature = "specs")]
use super::shared::Shared;
use super::validate::Checks;
use crate::model::{Logical, Model, Shape, Type, TypeDef, TypeId, TypeKind, Unknown};
use crate::settings::{MapType, Settings};

/// What is known of every type of a Model.
pub(crate) struct Traits {
    types: Vec<Known>,
    map: MapType,
    /// Which types have anything to validate.
    pub(crate) checks: Checks,
    /// Which types have a borrowed twin.
    #[cfg(feature = "specs")]
    pub(crate) twins: Twins,
    /// Which unions are said before.
    #[cfg(feature = "specs")]
    pub(crate) shared: Shared,
}

/// What is known of one type.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Known {
    /// `Eq` holds: no floats, nothing of which we know nothing.
    eq: bool,
    /// `Hash` holds: `Eq`, and no map without an order.
    hash: bool,
    /// Writing never refuses a value: no open enums, no numbers that must fit.
    writes: bool,
    /// No way leads from the type back to itself.
    finite: bool,
}

impl Traits {
    /// Works out all types: assume the best, then take back until nothing changes, which is right for cycles.
    pub(crate) fn of(model: &Model, settings: &Settings) -> Traits {
        let best = Known {
            eq: true,
            hash: true,
            writes: true,
            finite: true,
        };
        let mut traits = Traits {
            types: vec![best; model.types.len()],
            map: settings.map,
            checks: Checks::of(model),
            #[cfg(feature = "specs")]
            twins: Twins::of(model, settings),
            #[cfg(feature = "specs")]
            shared: Shared::of(model),
        };
        loop {
            let mut changed = false;
            for (at, ty) in model.types.iter().enumerate() {
                let before = traits.types[at];
                let eq = before.eq && every_part(ty, &mut |part| traits.type_eq(part));
                let hash = before.hash && eq && every_part(ty, &mut |part| traits.type_hash(part));
                let open = matches!(&ty.kind, TypeKind::Enum(symbols) if symbols.default.is_none());
                let writes = before.writes
                    && !open
                    && every_part(ty, &mut |part| !traits.type_refuses(part));
                let now = Known {
                    eq,
                    hash,
                    writes,
                    finite: true,
                };
                changed |= now != before;
                traits.types[at] = now;
            }
            if !changed {
                break;
            }
        }
        for (at, cyclic) in cyclic(model).into_iter().enumerate() {
            traits.types[at].finite = !cyclic;
        }
        traits
    }

    fn known(&self, id: TypeId) -> Known {
        self.types[id.0 as usize]
    }

    /// `Eq` for a type of the Model.
    pub(crate) fn eq(&self, id: TypeId) -> bool {
        self.known(id).eq
    }

    /// `Hash` for a type of the Model.
    pub(crate) fn hash(&self, id: TypeId) -> bool {
        self.known(id).hash
    }

    /// Whether no value of a type of the Model is refused when it is written.
    pub(crate) fn writes(&self, id: TypeId) -> bool {
        self.known(id).writes
    }

    /// Whether a type contains itself, over however many steps.
    pub(crate) fn recursive(&self, id: TypeId) -> bool {
        !self.known(id).finite
    }

    /// Whether writing a value may be refused.
    pub(crate) fn type_refuses(&self, ty: &Type) -> bool {
        !every_shape(ty, &mut |shape| match shape {
            Shape::Rust(_) | Shape::Json | Shape::Tuple(_) | Shape::U64 => false,
            Shape::Logical(Logical::Decimal { .. }) => false,
            Shape::Named(id) => self.known(*id).writes,
            _ => true,
        })
    }

    /// `Eq` for a type in a position.
    pub(crate) fn type_eq(&self, ty: &Type) -> bool {
        every_shape(ty, &mut |shape| match shape {
            Shape::F32 | Shape::F64 | Shape::Rust(_) => false,
            Shape::Named(id) => self.known(*id).eq,
            _ => true,
        })
    }

    /// `Hash` for a type in a position.
    pub(crate) fn type_hash(&self, ty: &Type) -> bool {
        every_shape(ty, &mut |shape| match shape {
            Shape::F32 | Shape::F64 | Shape::Rust(_) | Shape::Json => false,
            Shape::Map(_) => self.map == MapType::BTreeMap,
            Shape::Named(id) => self.known(*id).hash,
            _ => true,
        })
    }
}

/// For every type, whether it lies on a cycle. Tarjan's algorithm with a stack of its own: schemas may chain
/// thousands of types.
fn cyclic(model: &Model) -> Vec<bool> {
    let count = model.types.len();
    let edges: Vec<Vec<usize>> = model
        .types
        .iter()
        .enumerate()
        .map(|(at, ty)| {
            let mut targets = Vec::new();
            every_part(ty, &mut |part| {
                every_shape(part, &mut |shape| {
                    match shape {
                        // Nobody knows what a user's own type holds: it may lead back here.
                        Shape::Rust(_) => targets.push(at),
                        Shape::Named(id) if model.get(*id).extern_path.is_some() => {
                            targets.push(at)
                        }
                        Shape::Named(id) => targets.push(id.0 as usize),
                        _ => {}
                    }
                    true
                })
            });
            targets
        })
        .collect();
    let mut cyclic = vec![false; count];
    let mut order = vec![usize::MAX; count];
    let mut low = vec![0; count];
    let mut open = vec![false; count];
    let mut component = Vec::new();
    let mut next = 0;
    for root in 0..count {
        if order[root] != usize::MAX {
            continue;
        }
        let mut work = vec![(root, 0)];
        while let Some((at, edge)) = work.pop() {
            if edge == 0 {
                order[at] = next;
                low[at] = next;
                next += 1;
                open[at] = true;
                component.push(at);
            } else {
                let child = edges[at][edge - 1];
                if open[child] {
                    low[at] = low[at].min(low[child]);
                }
            }
            match edges[at].get(edge) {
                Some(&child) => {
                    work.push((at, edge + 1));
                    if order[child] == usize::MAX {
                        work.push((child, 0));
                    } else if open[child] {
                        low[at] = low[at].min(order[child]);
                    }
                }
                None if low[at] == order[at] => {
                    let start = component
                        .iter()
                        .rposition(|member| *member == at)
                        .unwrap_or(0);
                    let alone = component.len() - start == 1;
                    for member in component.drain(start..) {
                        open[member] = false;
                        cyclic[member] = !alone || edges[member].contains(&member);
                    }
                }
                None => {}
            }
        }
    }
    cyclic
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
