//! The state of lowering: types already made, types still to fill, decisions, and what generated code could not check.

use super::alternatives::{self, Alternative};
use super::decision::{Choice, Decision};
use super::names::{Names, Place};
use super::schemas::Schemas;
use super::view::Key;
use crate::draft::Draft;
use crate::model::{Dialect, Enum, RustName, Shape, Symbol, Type, TypeDef, TypeId, TypeKind};
use crate::settings::Settings;
use obs_schema::diag::{Diagnostic, Diagnostics, Places, Severity};
use obs_schema::json::Json;
use obs_schema::json_schema::{SchemaId, Set};
use obs_schema::source::SourceMap;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Lists, maps and unions nest this deep in one type; what is deeper gets a name and its own turn.
const MAX_INLINE: usize = 24;

/// A symbol list longer than this makes no enum.
const MAX_SYMBOLS: usize = 1024;

/// A type, and whether its shape and assertions say all that its schema says.
#[derive(Clone, Debug)]
pub(super) struct Lowered {
    pub(super) ty: Type,
    pub(super) exact: bool,
}

impl Lowered {
    pub(super) fn exact(shape: Shape) -> Lowered {
        Lowered {
            ty: Type::plain(shape),
            exact: true,
        }
    }

    pub(super) fn json() -> Lowered {
        Lowered::exact(Shape::Json)
    }
}

/// What is known of a position.
enum Memo {
    /// It is being lowered; somebody inside may have asked for its name.
    Open(Place, Option<TypeId>),
    /// It has been.
    Done(Lowered),
}

/// A type whose definition waits.
pub(super) enum Job<'a> {
    /// A struct.
    Record(TypeId, Box<Alternative<'a>>, Place),
    /// Anything that is nested too deep for one go.
    Newtype(TypeId, Vec<Key>, Place),
}

pub(super) struct Lowering<'a> {
    /// Errors that were found before.
    errors: Places,
    /// These, and keywords nobody knows.
    doubts: Places,
    pub(super) cx: &'a mut Diagnostics,
    pub(super) sources: &'a SourceMap,
    pub(super) schemas: Schemas<'a>,
    pub(super) settings: &'a Settings,
    pub(super) draft: &'a mut Draft,
    pub(super) names: Names,
    pub(super) choices: BTreeSet<(SchemaId, Decision)>,
    /// Types about which the schema says more than shape and assertions.
    pub(super) inexact: BTreeSet<TypeId>,
    pub(super) jobs: VecDeque<Job<'a>>,
    /// Structs by position.
    pub(super) records: BTreeMap<Key, TypeId>,
    enums: BTreeMap<Key, TypeId>,
    memo: BTreeMap<Vec<Key>, Memo>,
    wire_names: BTreeSet<String>,
    depth: usize,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(
        cx: &'a mut Diagnostics,
        sources: &'a SourceMap,
        set: &'a Set,
        settings: &'a Settings,
        draft: &'a mut Draft,
    ) -> Lowering<'a> {
        let schemas = Schemas::new(set);
        let names = Names::of(&schemas, sources);
        let doubtful = |found: &Diagnostic| {
            found.severity == Severity::Error || found.code == "unknown-keyword"
        };
        Lowering {
            errors: Places::of_errors(cx),
            doubts: Places::of(cx, doubtful),
            cx,
            sources,
            schemas,
            settings,
            draft,
            names,
            choices: BTreeSet::new(),
            inexact: BTreeSet::new(),
            jobs: VecDeque::new(),
            records: BTreeMap::new(),
            enums: BTreeMap::new(),
            memo: BTreeMap::new(),
            wire_names: BTreeSet::new(),
            depth: 0,
        }
    }

    /// The type of a position.
    pub(super) fn ty(&mut self, key: Key, place: &Place) -> Lowered {
        let lowered = self.any_of(vec![key], place);
        let node = self.schemas.set.get(place.node);
        if lowered.ty.shape == Shape::Json && self.errors.within(node.loc) {
            return Lowered::exact(crate::spec::spoilt());
        }
        lowered
    }

    /// Whether something in a schema is complained of already: what follows from the rest of it is an echo.
    pub(super) fn in_doubt(&self, node: SchemaId) -> bool {
        self.doubts.within(self.schemas.set.get(node).loc)
    }

    /// The type of a position where any of several things may hold.
    pub(super) fn any_of(&mut self, mut keys: Vec<Key>, place: &Place) -> Lowered {
        let mut seen = BTreeSet::new();
        keys.retain(|key| seen.insert(key.clone()));
        if keys.iter().any(Key::is_free) && keys.len() == 1 {
            self.decide(place.node, Decision::Any);
            return Lowered::json();
        }
        let place = self.proper_place(&keys, place);
        match self.memo.get(&keys) {
            Some(Memo::Done(lowered)) => return lowered.clone(),
            Some(Memo::Open(outer, None)) => {
                let outer = outer.clone();
                self.decide(outer.node, Decision::NamedForRecursion);
                let id = self.reserve(&outer);
                self.memo.insert(keys, Memo::Open(outer, Some(id)));
                return Lowered::exact(Shape::Named(id));
            }
            Some(Memo::Open(_, Some(id))) => return Lowered::exact(Shape::Named(*id)),
            None => {}
        }
        if self.depth >= MAX_INLINE {
            let id = self.reserve(&place);
            let lowered = Lowered::exact(Shape::Named(id));
            self.memo.insert(keys.clone(), Memo::Done(lowered.clone()));
            self.jobs.push_back(Job::Newtype(id, keys, place));
            return lowered;
        }
        self.memo
            .insert(keys.clone(), Memo::Open(place.clone(), None));
        self.depth += 1;
        let mut lowered = self.build(&keys, &place);
        self.depth -= 1;
        if let Some(Memo::Open(_, Some(id))) = self.memo.get(&keys) {
            let id = *id;
            if lowered.ty.shape != Shape::Named(id) {
                self.newtype(id, lowered);
                lowered = Lowered::exact(Shape::Named(id));
            }
        }
        self.memo.insert(keys, Memo::Done(lowered.clone()));
        lowered
    }

    /// The type of a position, not looking at what is known of it.
    pub(super) fn build(&mut self, keys: &[Key], place: &Place) -> Lowered {
        let root = matches!(keys, [key] if self.is_root(key));
        let mut all = alternatives::of(&self.schemas, &keys[0], root);
        for key in &keys[1..] {
            let more = alternatives::of(&self.schemas, key, false);
            all.list.extend(more.list);
            all.loose |= more.loose || more.exclusive || all.exclusive;
            all.dropped |= more.dropped;
            all.exclusive = false;
        }
        if all.dropped {
            self.decide(place.node, Decision::MergedOneOfIntoBase);
        }
        self.combine(keys, all, place)
    }

    /// A position of one schema with a name of its own is called by that name.
    fn proper_place(&self, keys: &[Key], place: &Place) -> Place {
        let own = match keys {
            [key] => self.own_place(key),
            _ => None,
        };
        own.unwrap_or_else(|| place.clone())
    }

    /// The place of a key that is a root or a definition.
    pub(super) fn own_place(&self, key: &Key) -> Option<Place> {
        match (key.schemas.as_slice(), key.chosen.as_slice()) {
            ([only], []) => self.names.own_place(&self.schemas, *only),
            _ => None,
        }
    }

    /// Whether a key is the root of a document.
    pub(super) fn is_root(&self, key: &Key) -> bool {
        match (key.schemas.as_slice(), key.chosen.as_slice()) {
            ([only], []) => self.names.is_root(*only),
            _ => false,
        }
    }

    /// The name that somebody inside a position asked for, if so.
    pub(super) fn asked_for(&self, keys: &[Key]) -> Option<TypeId> {
        match self.memo.get(keys) {
            Some(Memo::Open(_, id)) => *id,
            _ => None,
        }
    }

    /// A type whose kind follows.
    pub(super) fn reserve(&mut self, place: &Place) -> TypeId {
        self.define(place, TypeKind::Newtype(Type::plain(Shape::Json)))
    }

    pub(super) fn define(&mut self, place: &Place, kind: TypeKind) -> TypeId {
        let schema = self.schemas.set.get(place.node);
        let keywords = self.schemas.keywords(place.node);
        let def = TypeDef {
            name: RustName {
                ..place.name.clone()
            },
            wire_name: self.wire_name(place),
            doc: keywords.and_then(super::object::doc),
            deprecated: keywords
                .filter(|keywords| keywords.deprecated)
                .map(super::object::deprecation),
            dialect: Dialect::JsonSchema,
            kind,
            file: place.file,
            loc: schema.loc,
            sensitive: false,
            extern_path: None,
            attributes: Vec::new(),
        };
        let id = TypeId(u32::try_from(self.draft.types.len()).unwrap_or(u32::MAX));
        self.draft.types.push(def);
        id
    }

    /// File and pointer. Several types of one node are told apart by the words of their place; a root keeps the plain name.
    fn wire_name(&mut self, place: &Place) -> String {
        let schema = self.schemas.set.get(place.node);
        // What a root merely points to stands for the root.
        let is_root = self.names.is_root(place.node);
        let pointer = if is_root { "" } else { &schema.pointer };
        let plain = format!("{}#{pointer}", self.sources.path(schema.file));
        let own = self.names.own_place(&self.schemas, place.node);
        let is_own = own.is_none_or(|own| own.name == place.name);
        if is_own && self.wire_names.insert(plain.clone()) {
            return plain;
        }
        let mut number = 1u32;
        loop {
            let suffix = if number == 1 {
                String::new()
            } else {
                number.to_string()
            };
            let name = format!("{plain}~{}{suffix}", place.name.ident);
            if self.wire_names.insert(name.clone()) {
                return name;
            }
            number += 1;
        }
    }

    pub(super) fn fill(&mut self, id: TypeId, kind: TypeKind, exact: bool) {
        self.draft.types[id.0 as usize].kind = kind;
        if !exact {
            self.inexact.insert(id);
        }
    }

    pub(super) fn newtype(&mut self, id: TypeId, lowered: Lowered) {
        self.fill(id, TypeKind::Newtype(lowered.ty), lowered.exact);
    }

    /// An enum of strings: one type for one position.
    pub(super) fn symbols(
        &mut self,
        key: Option<&Key>,
        values: &[Json],
        place: &Place,
    ) -> Option<Type> {
        if values.len() > MAX_SYMBOLS {
            return None;
        }
        if let Some(id) = key.and_then(|key| self.enums.get(key)) {
            return Some(Type::plain(Shape::Named(*id)));
        }
        let texts = values.iter().filter_map(Json::as_str);
        let symbols = texts.map(|text| Symbol {
            ident: text.to_owned(),
            wire: text.to_owned(),
        });
        let kind = TypeKind::Enum(Enum {
            symbols: symbols.collect(),
            default: None,
        });
        let place = key
            .and_then(|key| self.own_place(key))
            .unwrap_or_else(|| place.clone());
        let id = self.define(&place, kind);
        if let Some(key) = key {
            self.enums.insert(key.clone(), id);
        }
        Some(Type::plain(Shape::Named(id)))
    }

    pub(super) fn decide(&mut self, node: SchemaId, decision: Decision) {
        self.choices.insert((node, decision));
    }

    /// Fills in every type that waits.
    pub(super) fn work(&mut self) {
        while let Some(job) = self.jobs.pop_front() {
            match job {
                Job::Record(id, alternative, place) => self.record(id, &alternative, &place),
                Job::Newtype(id, keys, place) => {
                    let lowered = self.build(&keys, &place);
                    self.newtype(id, lowered);
                }
            }
        }
    }

    /// The decisions, sorted by place.
    pub(super) fn into_choices(self) -> Vec<Choice> {
        let set = self.schemas.set;
        let mut choices: Vec<Choice> = self
            .choices
            .into_iter()
            .map(|(node, decision)| {
                let schema = set.get(node);
                let pointer = schema.pointer.clone();
                Choice {
                    file: schema.file,
                    pointer,
                    loc: schema.loc,
                    decision,
                }
            })
            .collect();
        choices.sort_by_key(|choice| (choice.loc, choice.decision));
        choices
    }
}
