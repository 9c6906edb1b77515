//! Avro trees to a Draft.
//!
//! A named type becomes one Rust type however many files repeat it, as long as they say the same.
//! Files that say different things under one name are versions of an event, or each keeps its own in a module named after the file.

use super::annotate;
use crate::draft::{Draft, DraftEvent};
use crate::model::{
    Branch, CheckedBy, Dialect, Enum, Field, Logical, Record, RustName, Shape, Symbol, Type,
    TypeDef, TypeId, TypeKind, Union, Unknown,
};
use crate::resolve::version;
use obs_schema::avro::{self, Kind, NamedId, NamedKind};
use obs_schema::diag::{Diagnostic, Diagnostics, Places};
use obs_schema::source::{FileId, Loc, SourceMap};
use obs_schema::table::{self, Numbered, Table};

/// Adds what the documents of a set describe.
pub fn lower(cx: &mut Diagnostics, sources: &SourceMap, set: &avro::Set, draft: &mut Draft) {
    let mut lowering = Lowering {
        errors: Places::of_errors(cx),
        cx,
        sources,
        set,
        draft,
        types: Table::default(),
        mentioned: Table::default(),
        used_by_roots: Table::default(),
    };
    lowering.place_names();
    lowering.find_references();
    for document in &set.documents {
        for id in &document.defines {
            lowering.define(*id);
        }
    }
    for document in &set.documents {
        lowering.document(document);
    }
}

struct Lowering<'a> {
    /// Where errors stand that have been found before.
    errors: Places,
    cx: &'a mut Diagnostics,
    sources: &'a SourceMap,
    set: &'a avro::Set,
    draft: &'a mut Draft,
    types: Table<u128, Option<TypeId>>,
    /// Named types, and the records whose fields mention them.
    mentioned: Table<u128, Vec<NamedId>>,
    /// Named types that the root of a file holds in a list or a map.
    used_by_roots: Table<u128, ()>,
}

impl Lowering<'_> {
    /// Hands out a type for every definition before any is lowered, so that references need no order.
    fn place_names(&mut self) {
        let mut by_name: Table<&avro::FullName, (&avro::FullName, Vec<NamedId>)> = Table::default();
        for (id, named) in (0..).map(NamedId).zip(&self.set.named) {
            let of_name = by_name.get_or(&named.name, || (&named.name, Vec::new()));
            of_name.1.push(id);
        }
        let mut by_name = by_name.into_values();
        table::sort(&mut by_name, |(a, _), (b, _)| a.cmp(b));
        for (_, mut ids) in by_name {
            // The newest file has the plain name; what says the same shares its type.
            let version = |id: NamedId| self.version_of(self.set.get(id).file);
            table::sort(&mut ids, |a, b| version(*b).cmp(&version(*a)));
            let mut placed: Vec<(String, Option<TypeId>)> = Vec::new();
            for id in ids.iter().copied() {
                if self.stands_for_itself(id) {
                    self.types.insert(id.number(), None);
                    continue;
                }
                let text = if ids.len() > 1 {
                    avro::full_text::named(self.set, id)
                } else {
                    String::new()
                };
                if let Some((_, ty)) = placed.iter().find(|(other, _)| *other == text) {
                    self.types.insert(id.number(), *ty);
                    continue;
                }
                let ty = self.reserve(id, !placed.is_empty());
                placed.push((text, Some(ty)));
                self.types.insert(id.number(), Some(ty));
            }
        }
    }

    /// A fixed with a logical type has a Rust type already.
    fn stands_for_itself(&self, id: NamedId) -> bool {
        let named = self.set.get(id);
        matches!(named.kind, NamedKind::Fixed { .. }) && named.logical.is_some()
    }

    fn reserve(&mut self, id: NamedId, aside: bool) -> TypeId {
        let named = self.set.get(id);
        let mut module: Vec<String> = match named.name.namespace.as_str() {
            "" => Vec::new(),
            namespace => namespace.split('.').map(str::to_owned).collect(),
        };
        if aside {
            let stem = stem(self.sources, named.file);
            let numbers: Vec<String> = self
                .version_of(named.file)
                .iter()
                .map(u32::to_string)
                .collect();
            let base = version::without(&stem);
            module.push(if numbers.is_empty() {
                base
            } else {
                format!("{base}_v{}", numbers.join("_"))
            });
        }
        let def = TypeDef {
            name: RustName {
                module,
                ident: named.name.name.clone(),
            },
            wire_name: named.name.to_string(),
            doc: named.doc.clone(),
            deprecated: None,
            dialect: Dialect::Avro,
            kind: TypeKind::Fixed { size: 0 },
            file: named.file,
            loc: named.name_loc,
            sensitive: false,
            extern_path: None,
            attributes: Vec::new(),
        };
        self.push(def)
    }

    fn push(&mut self, def: TypeDef) -> TypeId {
        let id = TypeId(u32::try_from(self.draft.types.len()).unwrap_or(u32::MAX));
        self.draft.types.push(def);
        id
    }

    fn version_of(&self, file: FileId) -> Vec<u32> {
        let path = self.sources.path(file);
        let written = self
            .set
            .named
            .iter()
            .filter(|named| named.file == file)
            .find_map(|named| {
                let keys = &named
                    .props
                    .iter()
                    .find(|prop| prop.name == annotate::KEY)?
                    .value;
                Some(version::numbers_in(&format!(
                    "v{}",
                    keys.get("version")?.as_str()?
                )))
            });
        written
            .filter(|numbers| !numbers.is_empty())
            .unwrap_or_else(|| version::numbers_in(path))
    }

    /// Who mentions whom. A root that is a list or a map uses what it holds; the branches of a root union stand for
    /// themselves.
    fn find_references(&mut self) {
        let set = self.set;
        for (at, named) in set.named.iter().enumerate() {
            let NamedKind::Record { fields, .. } = &named.kind else {
                continue;
            };
            let by = NamedId(u32::try_from(at).unwrap_or(u32::MAX));
            for field in fields {
                let mentioned = &mut self.mentioned;
                field
                    .ty
                    .each_named(&mut |id| mentioned.get_or(id.number(), Vec::new).push(by));
            }
        }
        for document in &set.documents {
            let root = document.root.as_ref();
            if let Some(Kind::Array(inner) | Kind::Map(inner)) = root.map(|root| &root.kind) {
                let used = &mut self.used_by_roots;
                inner.each_named(&mut |id| {
                    used.insert(id.number(), ());
                });
            }
        }
    }

    /// Somebody uses the type who is no part of it: a tree that holds trees is still the root.
    fn referenced(&self, id: NamedId) -> bool {
        if self.used_by_roots.contains(&id.number()) {
            return true;
        }
        let Some(by) = self.mentioned.get(&id.number()) else {
            return false;
        };
        let parts = self.set.reachable(&[id]);
        by.iter().any(|by| !parts.contains(by))
    }

    /// Fills in a reserved type.
    fn define(&mut self, id: NamedId) {
        let Some(Some(ty)) = self.types.get(&id.number()).copied() else {
            return;
        };
        let set = self.set;
        let named = set.get(id);
        if self.draft.types[ty.0 as usize].loc != named.name_loc {
            return; // another file's definition, which says the same
        }
        let kind = match &named.kind {
            NamedKind::Fixed { size } => TypeKind::Fixed { size: *size },
            NamedKind::Enum { symbols, default } => TypeKind::Enum(Enum {
                symbols: symbols
                    .iter()
                    .map(|s| Symbol {
                        ident: s.clone(),
                        wire: s.clone(),
                    })
                    .collect(),
                default: *default,
            }),
            NamedKind::Record { fields, .. } => {
                let owner = self.draft.types[ty.0 as usize].name.clone();
                let fields = fields
                    .iter()
                    .map(|field| self.field(&owner, named.file, field))
                    .collect();
                TypeKind::Record(Record {
                    fields,
                    unknown: Unknown::Refuse,
                    unknown_ident: String::new(),
                    assertions: Vec::new(),
                })
            }
        };
        self.draft.types[ty.0 as usize].kind = kind;
    }

    fn field(&mut self, owner: &RustName, file: FileId, field: &avro::Field) -> Field {
        let keys = annotate::field(self.cx, &field.props);
        let place = Place {
            module: owner.module.clone(),
            hint: format!("{}_{}", owner.ident, field.name),
            file,
        };
        let ty = annotate::guard(self.ty(&field.ty, &place), &keys);
        Field {
            ident: field.name.clone(),
            wire: field.name.clone(),
            aliases: field.aliases.clone(),
            ty,
            optional: false,
            default: field.default.as_ref().map(obs_schema::node::Node::to_json),
            doc: field.doc.clone(),
            deprecated: deprecation(&field.props),
            obs: annotate::field_obs(&keys),
            keys,
            attributes: Vec::new(),
            loc: field.name_loc,
        }
    }

    fn ty(&mut self, ty: &avro::Type, place: &Place) -> Type {
        let plain = Type::plain(match &ty.kind {
            Kind::Null if self.is_spoilt(ty) => super::spoilt(),
            Kind::Null => Shape::Null,
            Kind::Boolean => Shape::Bool,
            Kind::Int => logical(ty.logical, None).unwrap_or(Shape::I32),
            Kind::Long => logical(ty.logical, None).unwrap_or(Shape::I64),
            Kind::Float => Shape::F32,
            Kind::Double => Shape::F64,
            Kind::Bytes => logical(ty.logical, None).unwrap_or(Shape::Bytes),
            Kind::String => logical(ty.logical, None).unwrap_or(Shape::String),
            Kind::Array(items) => Shape::Array(Box::new(self.ty(items, &place.below("item")))),
            Kind::Map(values) => Shape::Map(Box::new(self.ty(values, &place.below("value")))),
            Kind::Union(branches) => self.union(branches, ty.loc, place),
            Kind::Named(id) => self.named(*id),
        });
        if ty.props.iter().any(|prop| prop.name == annotate::KEY)
            && !matches!(ty.kind, Kind::Named(_))
        {
            let keys = annotate::field(self.cx, &ty.props);
            return annotate::guard(plain, &keys);
        }
        plain
    }

    /// Whether a type stands for one that could not be read or found.
    fn is_spoilt(&self, ty: &avro::Type) -> bool {
        matches!(ty.kind, Kind::Null) && self.errors.within(ty.loc)
    }

    fn named(&self, id: NamedId) -> Shape {
        match self.types.get(&id.number()) {
            Some(Some(ty)) => Shape::Named(*ty),
            _ => {
                let named = self.set.get(id);
                let NamedKind::Fixed { size } = named.kind else {
                    return Shape::Json;
                };
                logical(named.logical, Some(size)).unwrap_or(Shape::Bytes)
            }
        }
    }

    fn union(&mut self, branches: &[avro::Type], loc: Loc, place: &Place) -> Shape {
        let null = branches
            .iter()
            .position(|branch| matches!(branch.kind, Kind::Null) && !self.is_spoilt(branch));
        let values: Vec<_> = branches
            .iter()
            .enumerate()
            .filter(|(at, _)| Some(*at) != null)
            .collect();
        match (null, values.as_slice()) {
            (Some(null_index), [(_, only)]) => {
                let inner = Box::new(self.ty(only, place));
                Shape::Option { inner, null_index }
            }
            (Some(null_index), [_, _, ..]) => {
                let inner = Box::new(Type::plain(self.branches(&values, loc, place)));
                Shape::Option { inner, null_index }
            }
            // One branch, null alone included, still writes its index.
            _ => {
                let all: Vec<_> = branches.iter().enumerate().collect();
                self.branches(&all, loc, place)
            }
        }
    }

    fn branches(&mut self, branches: &[(usize, &avro::Type)], loc: Loc, place: &Place) -> Shape {
        let branches = branches
            .iter()
            .map(|(index, branch)| {
                let wire = branch_name(self.set, branch);
                let ident = branch_word(self.set, branch);
                let ty = self.ty(branch, &place.below(&ident));
                Branch {
                    ident,
                    wire,
                    index: *index,
                    ty,
                    tag: None,
                }
            })
            .collect();
        Shape::Named(self.push(TypeDef {
            name: RustName {
                module: place.module.clone(),
                ident: place.hint.clone(),
            },
            wire_name: place.hint.clone(),
            doc: None,
            deprecated: None,
            dialect: Dialect::Avro,
            kind: TypeKind::Union(Union { branches }),
            file: place.file,
            loc,
            sensitive: false,
            extern_path: None,
            attributes: Vec::new(),
        }))
    }

    /// The roots of a file: what may be an event.
    fn document(&mut self, document: &avro::Document) {
        let set = self.set;
        let candidates: Vec<NamedId> = match document.root.as_ref().map(|root| &root.kind) {
            Some(Kind::Named(id)) => vec![*id],
            Some(Kind::Union(branches)) => branches
                .iter()
                .filter_map(|b| {
                    if let Kind::Named(id) = b.kind {
                        Some(id)
                    } else {
                        None
                    }
                })
                .collect(),
            Some(_) => Vec::new(),
            None => document.defines.clone(),
        };
        let only = candidates.len() == 1;
        for id in candidates {
            let named = set.get(id);
            if named.file != document.file
                || !matches!(named.kind, NamedKind::Record { error: false, .. })
            {
                continue;
            }
            self.event(document, id, only);
        }
        if let Some(root) = &document.root
            && !matches!(root.kind, Kind::Named(_))
        {
            self.root(document, root);
        }
    }

    fn event(&mut self, document: &avro::Document, id: NamedId, only: bool) {
        let named = self.set.get(id);
        let Some(Some(ty)) = self.types.get(&id.number()).copied() else {
            return;
        };
        if self.draft.types[ty.0 as usize].loc != named.name_loc {
            let first = self.draft.types[ty.0 as usize].loc;
            if only {
                self.cx.push(
                    Diagnostic::warning(
                        "repeated-schema",
                        named.name_loc,
                        format!(
                            "`{}` is described by two files that say the same",
                            named.name
                        ),
                    )
                    .other(first, "described here too")
                    .help("remove one of the files"),
                );
            }
            return;
        }
        let keys = annotate::event(self.cx, &named.props);
        let schema = avro::full_text::named(self.set, id);
        let canonical = avro::canonical::named(self.set, id);
        self.draft.events.push(DraftEvent {
            ty,
            name: named.name.to_string(),
            stem: if only {
                stem(self.sources, document.file)
            } else {
                String::new()
            },
            keys,
            referenced: self.referenced(id),
            dialect: Dialect::Avro,
            rabin: obs_schema::avro::fingerprint::rabin(canonical.as_bytes()),
            sha256: obs_schema::avro::fingerprint::sha256(canonical.as_bytes()),
            schema,
            checked_by: CheckedBy::Nothing,
            file: document.file,
            loc: named.name_loc,
        });
    }

    /// A root that is no named type: a union, a list, a primitive.
    fn root(&mut self, document: &avro::Document, root: &avro::Type) {
        let ident = version::without(&stem(self.sources, document.file));
        let place = Place {
            module: Vec::new(),
            hint: ident.clone(),
            file: document.file,
        };
        let ty = self.ty(root, &place);
        if let (Shape::Named(_), Kind::Union(_)) = (&ty.shape, &root.kind) {
            return; // the union's own type is the root
        }
        self.push(TypeDef {
            name: RustName {
                module: Vec::new(),
                ident: ident.clone(),
            },
            wire_name: ident,
            doc: None,
            deprecated: None,
            dialect: Dialect::Avro,
            kind: TypeKind::Newtype(ty),
            file: document.file,
            loc: root.loc,
            sensitive: false,
            extern_path: None,
            attributes: Vec::new(),
        });
    }
}

/// Where an unnamed type stands, for the name it gets.
struct Place {
    module: Vec<String>,
    hint: String,
    file: FileId,
}

impl Place {
    fn below(&self, word: &str) -> Place {
        Place {
            module: self.module.clone(),
            hint: format!("{}_{word}", self.hint),
            file: self.file,
        }
    }
}

/// The file's name without folders and endings.
pub(crate) fn stem(sources: &SourceMap, file: FileId) -> String {
    let path = sources.path(file);
    let name = path.rsplit('/').next().unwrap_or(path);
    for ending in [".schema.json", ".schema.yaml", ".schema.yml"] {
        if let Some(stem) = name.strip_suffix(ending) {
            return stem.to_owned();
        }
    }
    name.rsplit_once('.')
        .map_or(name, |(stem, _)| stem)
        .to_owned()
}

fn logical(logical: Option<avro::Logical>, fixed: Option<usize>) -> Option<Shape> {
    Some(Shape::Logical(match logical? {
        avro::Logical::Decimal { precision, scale } => Logical::Decimal {
            precision,
            scale,
            fixed,
        },
        avro::Logical::BigDecimal => Logical::BigDecimal,
        avro::Logical::Uuid => Logical::Uuid {
            fixed: fixed.is_some(),
        },
        avro::Logical::Date => Logical::Date,
        avro::Logical::TimeMillis => Logical::TimeMillis,
        avro::Logical::TimeMicros => Logical::TimeMicros,
        avro::Logical::TimestampMillis => Logical::TimestampMillis,
        avro::Logical::TimestampMicros => Logical::TimestampMicros,
        avro::Logical::TimestampNanos => Logical::TimestampNanos,
        avro::Logical::LocalTimestampMillis => Logical::LocalTimestampMillis,
        avro::Logical::LocalTimestampMicros => Logical::LocalTimestampMicros,
        avro::Logical::LocalTimestampNanos => Logical::LocalTimestampNanos,
        avro::Logical::Duration => Logical::Duration,
    }))
}

/// The branch's name in Avro's JSON form.
fn branch_name(set: &avro::Set, ty: &avro::Type) -> String {
    match &ty.kind {
        Kind::Named(id) => set.get(*id).name.to_string(),
        other => other.word().unwrap_or_default().to_owned(),
    }
}

/// The word a branch's variant is called after.
fn branch_word(set: &avro::Set, ty: &avro::Type) -> String {
    let logical = match &ty.kind {
        Kind::Named(id) => return set.get(*id).name.name.clone(),
        _ => ty.logical,
    };
    match logical {
        Some(avro::Logical::Decimal { .. }) => "Decimal",
        Some(avro::Logical::BigDecimal) => "BigDecimal",
        Some(avro::Logical::Uuid) => "Uuid",
        Some(avro::Logical::Date) => "Date",
        Some(avro::Logical::TimeMillis | avro::Logical::TimeMicros) => "Time",
        Some(
            avro::Logical::TimestampMillis
            | avro::Logical::TimestampMicros
            | avro::Logical::TimestampNanos,
        ) => "Timestamp",
        Some(
            avro::Logical::LocalTimestampMillis
            | avro::Logical::LocalTimestampMicros
            | avro::Logical::LocalTimestampNanos,
        ) => "LocalTimestamp",
        Some(avro::Logical::Duration) => "Duration",
        None => ty.kind.word().unwrap_or_default(),
    }
    .to_owned()
}

/// A custom property `deprecated`, as a text or a plain `true`.
fn deprecation(props: &[obs_schema::node::Member]) -> Option<String> {
    let value = &props.iter().find(|prop| prop.name == "deprecated")?.value;
    match value.as_bool() {
        Some(false) => None,
        Some(true) => Some(String::new()),
        None => value.as_str().map(str::to_owned),
    }
}
