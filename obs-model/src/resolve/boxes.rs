//! Where a `Box` goes: on the edges that close a cycle of types held by value, on what would make a value too large
//! to be moved about on a stack, and where the settings ask.

use crate::model::{Model, Shape, Type, TypeId, TypeKind};
use crate::settings::Settings;

/// A record or union of more bytes than this is held behind a `Box`: a value of deeply nested records would
/// otherwise take megabytes of stack on every move.
const LARGE: usize = 2048;

/// Places the boxes.
pub(super) fn place(model: &mut Model, settings: &Settings) {
    asked(model, settings);
    cycles(model);
    large(model);
}

fn cycles(model: &mut Model) {
    let edges: Vec<Vec<TypeId>> = model.types.iter().map(|def| held(&def.kind)).collect();
    let mut state = vec![State::New; edges.len()];
    for root in 0..edges.len() {
        if state[root] != State::New {
            continue;
        }
        state[root] = State::Open;
        // A stack of our own: a chain of types may be longer than the program's.
        let mut path = vec![(root, 0)];
        while let Some((at, next)) = path.last_mut() {
            let (from, edge) = (*at, *next);
            let Some(to) = edges[from].get(edge).map(|to| to.0 as usize) else {
                state[from] = State::Done;
                path.pop();
                continue;
            };
            *next += 1;
            match state[to] {
                State::New => {
                    state[to] = State::Open;
                    path.push((to, 0));
                }
                State::Open => each_held(&mut model.types[from].kind, &mut |ty| {
                    if matches!(ty.shape, Shape::Named(id) if id.0 as usize == to) {
                        ty.boxed = true;
                    }
                }),
                State::Done => {}
            }
        }
    }
}

/// Boxes what is large, smallest first: what a `Box` holds no longer counts for what is around it.
fn large(model: &mut Model) {
    let mut sizes: Vec<Option<usize>> = vec![None; model.types.len()];
    for root in 0..model.types.len() {
        // A stack of our own here too.
        let mut path = vec![root];
        while let Some(&at) = path.last() {
            let waiting = held(&model.types[at].kind)
                .into_iter()
                .map(|id| id.0 as usize)
                .find(|id| sizes[*id].is_none());
            if let Some(next) = waiting.filter(|_| sizes[at].is_none()) {
                path.push(next);
                continue;
            }
            path.pop();
            let known = |id: TypeId| sizes[id.0 as usize].unwrap_or(0);
            each_held(&mut model.types[at].kind, &mut |ty| {
                if matches!(ty.shape, Shape::Named(id) if known(id) > LARGE) {
                    ty.boxed = true;
                }
            });
            sizes[at] = Some(size_of(&model.types[at].kind, &known));
        }
    }
}

/// About how many bytes a value takes.
fn size_of(kind: &TypeKind, known: &dyn Fn(TypeId) -> usize) -> usize {
    match kind {
        TypeKind::Record(record) => {
            let fields = record
                .fields
                .iter()
                .map(|field| type_size(&field.ty, known));
            fields.fold(0, usize::saturating_add)
        }
        TypeKind::Union(union) => {
            let largest = union
                .branches
                .iter()
                .map(|branch| type_size(&branch.ty, known))
                .max();
            largest.unwrap_or(0).saturating_add(8)
        }
        TypeKind::Newtype(ty) => type_size(ty, known),
        TypeKind::Enum(_) => 16,
        TypeKind::Fixed { size } => *size,
    }
}

fn type_size(ty: &Type, known: &dyn Fn(TypeId) -> usize) -> usize {
    if ty.boxed {
        return 8;
    }
    match &ty.shape {
        Shape::Named(id) => known(*id),
        Shape::Option { inner, .. } => type_size(inner, known).saturating_add(8),
        Shape::Tuple(items) => items
            .iter()
            .map(|item| type_size(item, known))
            .fold(0, usize::saturating_add),
        _ => 24,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

/// The types a definition holds by value, in order.
fn held(kind: &TypeKind) -> Vec<TypeId> {
    let mut out = Vec::new();
    each_held(&mut kind.clone(), &mut |ty| {
        if let (Shape::Named(id), false) = (&ty.shape, ty.boxed) {
            out.push(*id);
        }
    });
    out
}

/// Visits the types a definition holds by value: not behind a list or a map, which are on the heap already.
fn each_held(kind: &mut TypeKind, visit: &mut dyn FnMut(&mut Type)) {
    match kind {
        TypeKind::Record(record) => record
            .fields
            .iter_mut()
            .for_each(|field| by_value(&mut field.ty, visit)),
        TypeKind::Union(union) => union
            .branches
            .iter_mut()
            .for_each(|branch| by_value(&mut branch.ty, visit)),
        TypeKind::Newtype(ty) => by_value(ty, visit),
        TypeKind::Enum(_) | TypeKind::Fixed { .. } => {}
    }
}

fn by_value(ty: &mut Type, visit: &mut dyn FnMut(&mut Type)) {
    visit(ty);
    if ty.boxed {
        return;
    }
    match &mut ty.shape {
        Shape::Option { inner, .. } => by_value(inner, visit),
        Shape::Tuple(items) => items.iter_mut().for_each(|item| by_value(item, visit)),
        _ => {}
    }
}

/// `boxed` of the settings.
fn asked(model: &mut Model, settings: &Settings) {
    for def in &mut model.types {
        let TypeKind::Record(record) = &mut def.kind else {
            continue;
        };
        for field in &mut record.fields {
            if settings
                .boxed
                .contains(&format!("{}.{}", def.wire_name, field.wire))
            {
                match &mut field.ty.shape {
                    Shape::Option { inner, .. } => inner.boxed = true,
                    _ => field.ty.boxed = true,
                }
            }
        }
    }
}
