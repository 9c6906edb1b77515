//! From an item to its Model: over the schema it stands for, or over the schema file it names.

use super::Door;
use super::container::{self, Container, FieldSpec, Role, VariantSpec};
use super::file;
use super::item::{Item, Kind};
use super::schema::{self, Parts, Piece};
use super::spans::Spans;
use super::tokens::TokenStream;
use super::ty::Foreign;
use crate::check;
use crate::draft::{Draft, Located};
use crate::keys;
use crate::model::{Dialect, Model, Shape, Type, TypeId, TypeKind};
use crate::resolve::{self, Overlays, version};
use crate::settings::Settings;
use crate::spec;
use obs_schema::avro;
use obs_schema::diag::Diagnostics;
use obs_schema::node::{Node, parse_json};
use obs_schema::source::{FileId, SourceMap};

/// What a derive's item means.
pub(super) struct Understood {
    /// The Model of this one type.
    pub(super) model: Model,
    /// The type in it.
    pub(super) id: TypeId,
    /// What its fields say of themselves.
    fields: Vec<FieldSpec>,
    /// The path of the runtime.
    pub(super) krate: String,
    /// Types of the user's own, under their identifiers in emitted text.
    pub(super) foreign: Foreign,
    /// Types whose schema the compiler will know.
    pub(super) parts: Vec<TokenStream>,
    /// The full name in the schema.
    pub(super) name: String,
    /// The schema's text, cut where parts stand in it.
    pub(super) full: Vec<Piece>,
    /// The canonical form, likewise.
    pub(super) canonical: Vec<Piece>,
    /// The symbols of a label.
    pub(super) symbols: Vec<String>,
    /// Types that have to look on the wire as a schema file says.
    pub(super) agreements: Vec<Agreement>,
    /// Files that cargo should watch.
    pub(super) files: Vec<String>,
}

/// A schema, the Draft made of it, and what the user's own types are in both.
pub(super) struct Basis {
    pub(super) set: avro::Set,
    /// The type of the item.
    pub(super) named: avro::NamedId,
    pub(super) id: TypeId,
    pub(super) draft: Draft,
    pub(super) foreign: Foreign,
    /// The identifiers of fields or variants, in the order of the schema.
    pub(super) idents: Vec<String>,
    /// Types in holes of the schema.
    pub(super) parts: Vec<TokenStream>,
    /// Types that have to look on the wire as the schema says.
    pub(super) agreements: Vec<Agreement>,
    /// Files that cargo should watch.
    pub(super) files: Vec<String>,
}

/// A type of the user's own, and what a schema file says in its place.
pub(super) struct Agreement {
    /// Its identifier in emitted text.
    pub(super) placeholder: String,
    /// The canonical form it has to have.
    pub(super) canonical: String,
    /// What to say when it has another.
    pub(super) message: String,
}

/// Reads attributes and types and goes the way of every spec.
pub(super) fn understand(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    item: &Item,
    door: &Door<'_>,
    role: Role,
    sources: &mut SourceMap,
) -> Option<Understood> {
    let container = container::container(cx, spans, item, role);
    let (mut fields, mut variants) = (Vec::new(), Vec::new());
    match &item.kind {
        Kind::Named(all) => {
            for field in all {
                fields.push(container::field(cx, spans, field, &container, role));
            }
        }
        Kind::Enum(all) => {
            for variant in all {
                variants.push(container::variant(cx, spans, variant, container.case));
            }
            container::one_default(cx, &variants);
        }
        Kind::Tuple | Kind::Unit | Kind::Union => return None,
    }
    let basis = match &container.schema {
        Some(schema) => file::basis(cx, item, door, &container, schema, &mut fields, sources),
        None => {
            for field in &mut fields {
                container::sensitive(cx, field);
            }
            own(cx, item, &container, &fields, &variants, role)
        }
    }?;

    let overlays = overlays(sources, door, &basis.draft);
    let mut model = resolve::run(cx, basis.draft, &Settings::default(), &overlays);
    if !basis.parts.is_empty() {
        // The schema has holes, which only the compiler can fill.
        for event in &mut model.events {
            event.schema.clear();
        }
    }
    own_names(&mut model, basis.id, item, basis.idents);
    let options = check::Options {
        sources: Some(sources),
        today: None,
    };
    check::run(cx, &model, &options);

    let symbols = variants
        .iter()
        .filter_map(|v| v.symbol.as_str().map(str::to_owned));
    Some(Understood {
        model,
        id: basis.id,
        krate: container.krate,
        fields,
        foreign: basis.foreign,
        parts: basis.parts,
        agreements: basis.agreements,
        name: basis.set.get(basis.named).name.to_string(),
        full: schema::pieces(&avro::full_text::named(&basis.set, basis.named)),
        canonical: schema::pieces(&avro::canonical::named(&basis.set, basis.named)),
        symbols: symbols.collect(),
        files: basis.files,
    })
}

/// The schema an item stands for by itself.
fn own(
    cx: &mut Diagnostics,
    item: &Item,
    container: &Container,
    fields: &[FieldSpec],
    variants: &[VariantSpec],
    role: Role,
) -> Option<Basis> {
    let mut parts = Parts::default();
    let name = item.name.to_string();
    let node = match role {
        Role::Event | Role::Part => schema::record(container, fields, &mut parts, &name),
        Role::Label => schema::enum_(container, variants),
    };
    let input = avro::Input {
        file: FileId::TOKENS,
        content: avro::Content::Node(&node),
    };
    let sources = SourceMap::default();
    let set = avro::read_set(cx, &sources, &[input]);
    let avro::Kind::Named(named) = set.documents.first()?.root.as_ref()?.kind else {
        return None;
    };
    let mut draft = Draft::default();
    spec::avro::lower(cx, &sources, &set, &mut draft);
    let id = type_of(&draft, &set, named)?;
    for def in &mut draft.types {
        def.dialect = Dialect::Rust;
    }
    draft
        .events
        .retain(|event| role == Role::Event && event.ty == id);
    for event in &mut draft.events {
        event.dialect = Dialect::Rust;
    }
    let mut foreign = Foreign::default();
    own_types(
        &mut draft.types[id.0 as usize].kind,
        fields,
        &mut foreign,
        id,
        &name,
    );
    let idents = fields.iter().map(|field| field.ident.clone());
    let idents = idents
        .chain(variants.iter().map(|variant| variant.ident.clone()))
        .collect();
    let (agreements, files) = (Vec::new(), Vec::new());
    let parts = parts.types;
    Some(Basis {
        set,
        named,
        id,
        draft,
        foreign,
        idents,
        parts,
        agreements,
        files,
    })
}

/// The type of a Draft that a named type of a schema became.
pub(super) fn type_of(draft: &Draft, set: &avro::Set, named: avro::NamedId) -> Option<TypeId> {
    let name = set.get(named).name.to_string();
    let at = draft.types.iter().position(|def| def.wire_name == name)?;
    Some(TypeId(u32::try_from(at).ok()?))
}

/// The types as the user wrote them, in place of what the schema says about them.
fn own_types(
    kind: &mut TypeKind,
    fields: &[FieldSpec],
    foreign: &mut Foreign,
    id: TypeId,
    own: &str,
) {
    let TypeKind::Record(record) = kind else {
        return;
    };
    for (field, spec) in record.fields.iter_mut().zip(fields) {
        let mut ty = spec.ty.model(foreign);
        if let (true, Shape::Option { null_index, .. }) = (spec.null_last(), &mut ty.shape) {
            *null_index = 1;
        }
        itself(&mut ty, foreign, id, own);
        field.ty = ty;
    }
}

/// A type that mentions itself is a type of the Model, so that readers count how deep it goes.
pub(super) fn itself(ty: &mut Type, foreign: &Foreign, id: TypeId, own: &str) {
    match &mut ty.shape {
        Shape::Array(inner) | Shape::Map(inner) | Shape::Option { inner, .. } => {
            itself(inner, foreign, id, own);
        }
        Shape::Rust(placeholder) => {
            let tokens = foreign.get(placeholder);
            if tokens.is_some_and(|text| text == own || text == "Self") {
                ty.shape = Shape::Named(id);
            }
        }
        _ => {}
    }
}

impl Understood {
    /// What only looks like a type of ours: a name such as `Uuid` or `Duration` may well be somebody else's. Through the
    /// trait, rustc says so once, at the field.
    pub(super) fn through_the_trait(&mut self) {
        let def = self.model.types.get_mut(self.id.0 as usize);
        let Some(TypeKind::Record(record)) = def.map(|def| &mut def.kind) else {
            return;
        };
        for field in &mut record.fields {
            // A key has its own way from a type of ours to text.
            if field.obs.key {
                continue;
            }
            for spec in &self.fields {
                if spec.ident == field.ident {
                    spec.ty.through_the_trait(&mut field.ty, &mut self.foreign);
                }
            }
        }
    }
}

/// The identifiers the user chose, in place of those that resolve would have.
fn own_names(model: &mut Model, id: TypeId, item: &Item, idents: Vec<String>) {
    let Some(def) = model.types.get_mut(id.0 as usize) else {
        return;
    };
    def.name.module.clear();
    def.name.ident = item.name.to_string();
    match &mut def.kind {
        TypeKind::Record(record) => {
            let fields = record.fields.iter_mut().map(|field| &mut field.ident);
            fields.zip(idents).for_each(|(ident, own)| *ident = own);
        }
        TypeKind::Enum(enum_) => {
            let symbols = enum_.symbols.iter_mut().map(|symbol| &mut symbol.ident);
            symbols.zip(idents).for_each(|(ident, own)| *ident = own);
        }
        _ => {}
    }
}

/// What `obs.toml` says, as the build script exports it. What is wrong in there, the build script has said.
fn overlays(sources: &mut SourceMap, door: &Door<'_>, draft: &Draft) -> Overlays {
    let mut out = Overlays::default();
    let mut read = |text: &Option<String>| {
        let text = text.as_ref()?;
        let file = sources.add("obs.toml", text.clone());
        parse_json(&mut Diagnostics::default(), file, text)
    };
    let (defaults, events) = (read(&door.defaults), read(&door.events));
    if let Some(node) = defaults {
        out.defaults = keys::event_keys(&mut Diagnostics::default(), &node);
        out.defaults.loc = None;
    }
    let Some(event) = draft.events.first() else {
        return out;
    };
    let name = event.name.rsplit('.').next().unwrap_or(&event.name);
    let by_name = resolve::event_type_of(&version::without(name));
    let event_type = event
        .keys
        .event
        .as_ref()
        .map_or(by_name, |event| event.value.clone());
    // Sections about other events are other people's business.
    if let Some(member) = events
        .as_ref()
        .and_then(|events| events.member(&event_type))
    {
        let located: Located<Node> = Located {
            value: member.value.clone(),
            loc: member.name_loc,
        };
        out.events.push((event_type, located));
    }
    out
}
