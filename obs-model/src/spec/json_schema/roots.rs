//! Documents: their root types, the events these may be, and how far generated code can check them.

use super::Choice;
use super::lowering::Lowering;
use super::names::Place;
use super::view::Key;
use crate::draft::DraftEvent;
use crate::model::{CheckedBy, Dialect, Shape, Type, TypeDef, TypeId, TypeKind, Unknown};
use crate::resolve::each_type;
use crate::spec::annotate;
use obs_schema::avro::fingerprint;
use obs_schema::json::Json;
use obs_schema::json_schema::{Body, Document, SchemaId, canonical_text};
use obs_schema::source::FileId;
use std::collections::{BTreeMap, BTreeSet};

/// Lowers every document.
pub(super) fn lower(mut lowering: Lowering<'_>, bundles: &BTreeMap<FileId, Json>) -> Vec<Choice> {
    let set = lowering.schemas.set;
    let mut roots: Vec<(usize, TypeId)> = Vec::new();
    let mut taken = BTreeSet::new();
    for (at, document) in set.documents.iter().enumerate() {
        let only_definitions = lowering
            .names
            .document(document.file)
            .is_some_and(|name| name.only_definitions);
        if only_definitions {
            lowering.definitions(document);
        } else {
            roots.push((at, lowering.root(document, &mut taken)));
        }
    }
    lowering.work();
    lowering.keep_for_assertions();
    let referenced = lowering.referenced();
    for (at, ty) in roots {
        let document = &set.documents[at];
        let bundle = bundles.get(&document.file).unwrap_or(&Json::Bool(true));
        lowering.event(document, ty, bundle, &referenced);
    }
    lowering.into_choices()
}

impl Lowering<'_> {
    /// A document whose root says nothing is a collection: everything it defines gets a type.
    fn definitions(&mut self, document: &Document) {
        let schemas = self.schemas.set;
        let Body::Keywords(keywords) = &schemas.get(document.root).body else {
            return;
        };
        for entry in &keywords.defs {
            let key = Key::new(&self.schemas, [entry.schema]);
            if let Some(place) = self.names.own_place(&self.schemas, entry.schema) {
                self.ty(key, &place);
            }
        }
    }

    /// The type of a document's root. Each document has one of its own.
    fn root(&mut self, document: &Document, taken: &mut BTreeSet<TypeId>) -> TypeId {
        let place = self
            .names
            .own_place(&self.schemas, document.root)
            .unwrap_or_else(|| Place {
                name: crate::model::RustName {
                    module: Vec::new(),
                    ident: "Root".to_owned(),
                },
                node: document.root,
                file: document.file,
            });
        let key = Key::new(&self.schemas, [document.root]);
        let lowered = self.ty(key, &place);
        if let (Shape::Named(id), true) = (
            &lowered.ty.shape,
            lowered.ty == Type::plain(lowered.ty.shape.clone()),
        ) {
            let owned = self.draft.types[id.0 as usize].file == document.file;
            if owned && taken.insert(*id) {
                return *id;
            }
        }
        if lowered.ty.shape == Shape::Json {
            self.untyped(
                document.root,
                "becomes a plain JSON value: it does not say what it describes",
            );
        }
        let id = self.reserve(&place);
        self.newtype(id, lowered);
        taken.insert(id);
        id
    }

    /// Roots that another document refers to.
    fn referenced(&self) -> BTreeSet<SchemaId> {
        let set = self.schemas.set;
        let roots: BTreeMap<SchemaId, _> = set
            .documents
            .iter()
            .map(|document| (document.root, document.file))
            .collect();
        let mut out = BTreeSet::new();
        for schema in &set.schemas {
            let Body::Keywords(keywords) = &schema.body else {
                continue;
            };
            let target = keywords
                .ref_
                .filter(|target| roots.get(target).is_some_and(|file| *file != schema.file));
            out.extend(target);
        }
        out
    }

    /// A candidate for an event. What is no struct is one only when it is called one.
    fn event(
        &mut self,
        document: &Document,
        ty: TypeId,
        bundle: &Json,
        referenced: &BTreeSet<SchemaId>,
    ) {
        let checked_by = self.checked_by(ty);
        if checked_by == CheckedBy::Schema {
            self.keep_everything(ty);
        }
        let Some(name) = self.names.document(document.file).cloned() else {
            return;
        };
        let other = self
            .schemas
            .keywords(document.root)
            .map(|keywords| &keywords.other);
        let keys = other
            .map(|other| annotate::event(self.cx, other))
            .unwrap_or_default();
        let is_record = matches!(self.draft.types[ty.0 as usize].kind, TypeKind::Record(_));
        let canonical = canonical_text(bundle);
        self.draft.events.push(DraftEvent {
            ty,
            name: name.event,
            stem: name.stem,
            keys,
            referenced: !is_record || referenced.contains(&document.root),
            dialect: Dialect::JsonSchema,
            schema: bundle.to_string(),
            rabin: fingerprint::rabin(canonical.as_bytes()),
            sha256: fingerprint::sha256(canonical.as_bytes()),
            checked_by,
            file: document.file,
            loc: self.schemas.set.get(document.root).loc,
        });
    }

    /// The types a type is made of, itself included.
    fn reachable(&self, root: TypeId) -> BTreeSet<TypeId> {
        let mut seen = BTreeSet::from([root]);
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            each_type(&self.draft.types[id.0 as usize].kind, &mut |ty| {
                if let Shape::Named(id) = ty.shape
                    && seen.insert(id)
                {
                    open.push(id);
                }
            });
        }
        seen
    }

    fn checked_by(&self, root: TypeId) -> CheckedBy {
        let types = self.reachable(root);
        if types.iter().any(|id| self.inexact.contains(id)) {
            return CheckedBy::Schema;
        }
        if types
            .iter()
            .any(|id| asserts(&self.draft.types[id.0 as usize]))
        {
            return CheckedBy::Code;
        }
        CheckedBy::Nothing
    }

    /// The interpreter must see the object as it was, unknown members included.
    fn keep_everything(&mut self, root: TypeId) {
        for id in self.reachable(root) {
            keep(&mut self.draft.types[id.0 as usize]);
        }
    }

    /// Who counts members must see them all.
    fn keep_for_assertions(&mut self) {
        for def in &mut self.draft.types {
            if matches!(&def.kind, TypeKind::Record(record) if !record.assertions.is_empty()) {
                keep(def);
            }
        }
    }
}

fn keep(def: &mut TypeDef) {
    if let TypeKind::Record(record) = &mut def.kind
        && record.unknown == Unknown::Skip
    {
        record.unknown = Unknown::Keep(Box::new(Type::plain(Shape::Json)));
    }
}

/// Whether a definition has anything to assert. Enums do: a symbol nobody knows decodes, and is not valid.
fn asserts(def: &TypeDef) -> bool {
    let mut found = matches!(&def.kind, TypeKind::Record(record) if !record.assertions.is_empty())
        || matches!(&def.kind, TypeKind::Enum(_));
    each_type(&def.kind, &mut |ty| found |= !ty.assertions.is_empty());
    found
}
