//! How one version of an event becomes the next: derived where schema resolution can, else left to the user with reasons.

use crate::model::{
    Dialect, Event, Model, Record, Shape, Type, TypeKind, Unknown, Upcast, UpcastHow,
};
use obs_schema::avro;
use obs_schema::diag::{Diagnostics, Places};
use std::collections::BTreeSet;

/// Fills in `Event::upcast` for every version that has one before it.
///
/// What a version with errors becomes is not judged: nobody is to write by hand what a misspelt type asks for.
pub(super) fn resolve(cx: &Diagnostics, model: &mut Model) {
    let errors = Places::of_errors(cx);
    for at in 1..model.events.len() {
        let (before, after) = (&model.events[at - 1], &model.events[at]);
        if before.event_type != after.event_type || before.version == after.version {
            continue;
        }
        let is_broken = [before, after]
            .iter()
            .any(|event| errors.in_file(event.file));
        let reasons = match (before.dialect, after.dialect) {
            _ if is_broken => Vec::new(),
            (Dialect::Avro, Dialect::Avro) => avro_reasons(before, after),
            (Dialect::JsonSchema, Dialect::JsonSchema) => {
                let mut compare = Compare {
                    model,
                    seen: BTreeSet::new(),
                    reasons: Vec::new(),
                };
                compare.definitions((before.ty.0, after.ty.0), "");
                compare.reasons
            }
            _ => vec!["the two versions are written in different dialects".to_owned()],
        };
        let how = if reasons.is_empty() {
            UpcastHow::Derived
        } else {
            UpcastHow::ByHand { reasons }
        };
        model.events[at].upcast = Some(Upcast { from: at - 1, how });
    }
}

/// What Avro's rules cannot resolve.
fn avro_reasons(before: &Event, after: &Event) -> Vec<String> {
    let (Ok(writer), Ok(reader)) = (
        avro::parse::read_text(&before.schema),
        avro::parse::read_text(&after.schema),
    ) else {
        return vec!["a version's schema cannot be read by itself".to_owned()];
    };
    let (Some(writer), Some(reader)) =
        (avro::Schema::of_set(&writer), avro::Schema::of_set(&reader))
    else {
        return vec!["a version's schema stands for nothing".to_owned()];
    };
    match avro::plan::Plan::compile(writer, reader) {
        Ok(_) => Vec::new(),
        Err(reasons) => reasons.iter().map(ToString::to_string).collect(),
    }
}

/// Finds what keeps JSON of the older version from being JSON of the newer.
struct Compare<'a> {
    model: &'a Model,
    seen: BTreeSet<(u32, u32)>,
    reasons: Vec<String>,
}

impl Compare<'_> {
    fn definitions(&mut self, pair: (u32, u32), path: &str) {
        if pair.0 == pair.1 || !self.seen.insert(pair) {
            return;
        }
        let model = self.model;
        match (
            &model.types[pair.0 as usize].kind,
            &model.types[pair.1 as usize].kind,
        ) {
            (TypeKind::Record(old), TypeKind::Record(new)) => self.records(old, new, path),
            (TypeKind::Enum(old), TypeKind::Enum(new)) => {
                for symbol in &old.symbols {
                    if !new.symbols.iter().any(|kept| kept.wire == symbol.wire) {
                        self.reasons.push(format!(
                            "`{path}` no longer has the symbol `{}`",
                            symbol.wire
                        ));
                    }
                }
            }
            (TypeKind::Newtype(old), TypeKind::Newtype(new)) => self.types(old, new, path),
            _ => self.reasons.push(format!("`{path}` has another shape")),
        }
    }

    fn records(&mut self, old: &Record, new: &Record, path: &str) {
        for field in &new.fields {
            let at = format!("{path}/{}", field.wire);
            match old
                .fields
                .iter()
                .find(|candidate| candidate.wire == field.wire)
            {
                Some(before) => {
                    if before.optional && !field.optional {
                        self.reasons.push(format!("`{at}` became required"));
                    }
                    self.types(&before.ty, &field.ty, &at);
                }
                None if !field.optional => self.reasons.push(format!("`{at}` is required and new")),
                None => {}
            }
        }
        if new.unknown == Unknown::Refuse {
            for field in &old.fields {
                if !new.fields.iter().any(|kept| kept.wire == field.wire) {
                    self.reasons.push(format!(
                        "`{path}/{}` was removed and the schema is closed",
                        field.wire
                    ));
                }
            }
        }
    }

    fn types(&mut self, old: &Type, new: &Type, path: &str) {
        match (&old.shape, &new.shape) {
            (Shape::Named(a), Shape::Named(b)) => self.definitions((a.0, b.0), path),
            (Shape::Array(a), Shape::Array(b)) | (Shape::Map(a), Shape::Map(b)) => {
                self.types(a, b, &format!("{path}/*"));
            }
            (Shape::Option { inner: a, .. }, Shape::Option { inner: b, .. }) => {
                self.types(a, b, path)
            }
            (_, Shape::Option { inner, .. }) => self.types(old, inner, path),
            (Shape::I64 | Shape::U64 | Shape::I32, Shape::F64) | (_, Shape::Json) => {}
            (a, b) if a == b => {}
            _ => self.reasons.push(format!("`{path}` has another type")),
        }
    }
}
