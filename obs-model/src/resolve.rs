//! From the Draft to the Model: every name chosen, every cycle boxed, every default filled in.
//!
//! Emitters and templates never invent a name; whatever is called something is called so here.

mod boxes;
mod events;
mod feeds;
mod names;
#[cfg(feature = "specs")]
mod upcasts;
pub mod version;

pub use names::{event_type_of, field_ident, module_ident, type_ident, variant_ident};

use crate::draft::{Draft, EventKeys, Located};
use crate::model::{Model, Shape, Type, TypeKind, Unknown};
use crate::settings::Settings;
use obs_schema::diag::Diagnostics;
use obs_schema::node::Node;

/// What `obs.toml` says about events from outside their specs.
#[derive(Clone, Debug, Default)]
pub struct Overlays {
    /// `[defaults]`: for whatever an event leaves out.
    pub defaults: EventKeys,
    /// `[events."user.registered"]`, by event type: a table of event keys, and of field keys under `fields`. They win over the spec's.
    pub events: Vec<(String, Located<Node>)>,
}

/// Resolves a Draft.
pub fn run(cx: &mut Diagnostics, draft: Draft, settings: &Settings, overlays: &Overlays) -> Model {
    let Draft {
        metric_sets,
        types,
        events,
    } = draft;
    let mut model = Model {
        types,
        metric_sets,
        ..Model::default()
    };
    names::choose(cx, &mut model, settings);
    events::resolve(cx, &mut model, events, overlays);
    feeds::resolve(&mut model);
    boxes::place(&mut model, settings);
    spread_sensitivity(&mut model);
    #[cfg(feature = "specs")]
    upcasts::resolve(cx, &mut model);
    model
}

/// A type is sensitive when anything below it is: such types get no serde derives and redacted telemetry.
fn spread_sensitivity(model: &mut Model) {
    loop {
        let mut changed = false;
        for at in 0..model.types.len() {
            if model.types[at].sensitive {
                continue;
            }
            let mut found = false;
            each_type(&model.types[at].kind, &mut |ty| {
                found |= ty.sensitive.is_some()
                    || matches!(ty.shape, Shape::Named(id) if model.types[id.0 as usize].sensitive);
            });
            model.types[at].sensitive = found;
            changed |= found;
        }
        if !changed {
            return;
        }
    }
}

/// Visits every type written in a definition, containers before what they hold.
pub fn each_type<'a>(kind: &'a TypeKind, visit: &mut dyn FnMut(&'a Type)) {
    match kind {
        TypeKind::Record(record) => {
            record
                .fields
                .iter()
                .for_each(|field| walk(&field.ty, visit));
            if let Unknown::Keep(ty) = &record.unknown {
                walk(ty, visit);
            }
        }
        TypeKind::Union(union) => union
            .branches
            .iter()
            .for_each(|branch| walk(&branch.ty, visit)),
        TypeKind::Newtype(ty) => walk(ty, visit),
        TypeKind::Enum(_) | TypeKind::Fixed { .. } => {}
    }
}

/// Visits a type and what it holds.
pub fn walk<'a>(ty: &'a Type, visit: &mut dyn FnMut(&'a Type)) {
    visit(ty);
    match &ty.shape {
        Shape::Array(inner) | Shape::Map(inner) | Shape::Option { inner, .. } => walk(inner, visit),
        Shape::Tuple(items) => items.iter().for_each(|item| walk(item, visit)),
        _ => {}
    }
}
