//! `#[event(schema = "specs/x.avsc")]`: a struct written by hand, held against the spec it is meant to follow.
//!
//! The spec is the truth: names on the wire, keys, order and defaults are its own. What is checked is that the struct
//! has its fields, each of the type the build script would have generated. Types of the user's own are held against
//! the schema by the compiler, which knows theirs.

use super::Door;
use super::container::{Container, FieldSpec};
use super::item::Item;
use super::ty::{Foreign, Kind, Ty};
use super::understand::{Agreement, Basis, itself, type_of};
use crate::draft::Draft;
use crate::emit::{logical_name, wrapper};
use crate::model::{self, Shape, Type, TypeId, TypeKind};
use crate::resolve::{field_ident, type_ident};
use crate::spec;
use obs_schema::avro;
use obs_schema::diag::{Diagnostic, Diagnostics, nearest};
use obs_schema::node::{Node, parse_json_with_comments};
use obs_schema::source::{FileId, Loc, SourceMap};

/// Reads the file and holds the struct against it.
pub(super) fn basis(
    cx: &mut Diagnostics,
    item: &Item,
    door: &Door<'_>,
    container: &Container,
    (path, loc): &(String, Loc),
    fields: &mut [FieldSpec],
    sources: &mut SourceMap,
) -> Option<Basis> {
    keys_belong_into_the_spec(cx, container, fields);
    let file = match (door.read)(path) {
        Ok(file) => file,
        Err(reason) => {
            let message = format!("`{path}` cannot be read: {reason}");
            cx.push(
                Diagnostic::error("unreadable-schema", *loc, message)
                    .help("write the path from the folder of Cargo.toml"),
            );
            return None;
        }
    };
    let id = sources.add(path.clone(), file.text);
    let set = read(cx, sources, id, path, *loc)?;
    let named = root(cx, &set, item, container, path, *loc)?;
    let mut draft = Draft::default();
    spec::avro::lower(cx, sources, &set, &mut draft);
    let ty = type_of(&draft, &set, named)?;
    draft.events.retain(|event| event.ty == ty);
    // A struct that is derived is an event, whether or not somebody else refers to it.
    draft
        .events
        .iter_mut()
        .for_each(|event| event.referenced = false);
    let mut compare = Compare {
        cx,
        set: &set,
        foreign: Foreign::default(),
        agreements: Vec::new(),
        idents: Vec::new(),
        path,
        place: container.name.value.loc,
        own: (ty, item.name.to_string()),
    };
    let mut kind = draft.types.get(ty.0 as usize)?.kind.clone();
    compare.record(&draft, &mut kind, named, item, fields);
    let (foreign, agreements, idents) = (compare.foreign, compare.agreements, compare.idents);
    draft.types[ty.0 as usize].kind = kind;
    let (parts, files) = (Vec::new(), vec![file.path]);
    Some(Basis {
        set,
        named,
        id: ty,
        draft,
        foreign,
        idents,
        parts,
        agreements,
        files,
    })
}

/// What the attributes say beside the spec would be said twice, and one day differently.
fn keys_belong_into_the_spec(cx: &mut Diagnostics, container: &Container, fields: &[FieldSpec]) {
    let all = std::iter::once(&container.keys).chain(fields.iter().map(|field| &field.keys));
    for member in all.flat_map(|keys| keys.as_object().unwrap_or_default()) {
        let message = format!(
            "`{}` belongs into the spec that `schema` names",
            member.name
        );
        cx.push(
            Diagnostic::error("misplaced-key", member.name_loc, message)
                .help("write it under `x-obs` there"),
        );
    }
}

fn read(
    cx: &mut Diagnostics,
    sources: &SourceMap,
    file: FileId,
    path: &str,
    loc: Loc,
) -> Option<avro::Set> {
    let foreign = |what: &str| {
        let message = format!(
            "`{path}` is {what}, and a struct can follow a schema in Avro's JSON form only"
        );
        Diagnostic::error("unsupported-schema", loc, message)
            .help("let `obs_codegen::build` make the type, and bring it in with `include_events!`")
    };
    if path.ends_with(".avdl") {
        cx.push(foreign("an IDL file"));
        return None;
    }
    let node = parse_json_with_comments(cx, file, &sources.get(file)?.text)?;
    if is_json_schema(&node) {
        cx.push(foreign("a JSON Schema"));
        return None;
    }
    let content = avro::Content::Node(&node);
    let before = cx.as_slice().len();
    let set = avro::read_set(cx, sources, &[avro::Input { file, content }]);
    // A spec with errors is not held against anything.
    let broken = cx.as_slice()[before..]
        .iter()
        .any(|found| found.severity == obs_schema::diag::Severity::Error);
    (!broken).then_some(set)
}

fn is_json_schema(node: &Node) -> bool {
    ["$schema", "properties", "$defs"]
        .iter()
        .any(|key| node.get(key).is_some())
}

/// The record the struct follows: the root, or the one of several that has its name.
fn root(
    cx: &mut Diagnostics,
    set: &avro::Set,
    item: &Item,
    container: &Container,
    path: &str,
    loc: Loc,
) -> Option<avro::NamedId> {
    let is_record =
        |id: &avro::NamedId| matches!(set.get(*id).kind, avro::NamedKind::Record { .. });
    let document = set.documents.first()?;
    if let Some(avro::Kind::Named(id)) = document.root.as_ref().map(|root| &root.kind)
        && is_record(id)
    {
        return Some(*id);
    }
    let records: Vec<avro::NamedId> = document.defines.iter().copied().filter(is_record).collect();
    let wanted = container.name.value.as_str().unwrap_or_default();
    let found = records.iter().find(|id| set.get(**id).name.name == wanted);
    if found.is_none() {
        let names = records.iter().map(|id| set.get(*id).name.name.as_str());
        let message = format!("`{path}` has no record called `{}`", item.name);
        let help = match records.is_empty() {
            true => "name a file that describes a record".to_owned(),
            false => format!("choose one: `name = …` with {}", crate::keys::listed(names)),
        };
        cx.push(Diagnostic::error("unsupported-schema", loc, message).help(help));
    }
    found.copied()
}

struct Compare<'a> {
    cx: &'a mut Diagnostics,
    set: &'a avro::Set,
    foreign: Foreign,
    agreements: Vec<Agreement>,
    /// The struct's identifiers, in the order of the spec.
    idents: Vec<String>,
    path: &'a str,
    /// The struct's name.
    place: Loc,
    /// The struct itself.
    own: (TypeId, String),
}

impl Compare<'_> {
    fn record(
        &mut self,
        draft: &Draft,
        kind: &mut TypeKind,
        named: avro::NamedId,
        item: &Item,
        fields: &mut [FieldSpec],
    ) {
        let set = self.set;
        let avro::NamedKind::Record {
            fields: written, ..
        } = &set.get(named).kind
        else {
            return;
        };
        let TypeKind::Record(record) = kind else {
            return;
        };
        let mut claimed = vec![false; fields.len()];
        let mut missing = Vec::new();
        for (field, written) in record.fields.iter_mut().zip(written) {
            let ident = field_ident(&field.wire);
            let fits = |spec: &FieldSpec| {
                spec.name.value.as_str() == Some(&field.wire) || spec.ident == ident
            };
            let Some(at) = fields.iter().position(fits) else {
                self.idents.push(ident);
                missing.push(&*field);
                continue;
            };
            claimed[at] = true;
            self.idents.push(fields[at].ident.clone());
            self.field(draft, field, &written.ty, &mut fields[at]);
        }
        let extra = fields.iter().zip(claimed).filter(|(_, claimed)| !claimed);
        for (spec, _) in extra {
            let message = format!("`{}` is no field of `{}`", spec.ident, self.path);
            let known = missing.iter().map(|field| field.wire.as_str());
            let near = nearest(&spec.ident, known).map(str::to_owned);
            let help = match &near {
                Some(near) => format!("call it `{}`", field_ident(near)),
                None => "remove it, or add it to the spec".to_owned(),
            };
            self.cx
                .push(Diagnostic::error("extra-field", spec.name.value.loc, message).help(help));
            // A misspelt field is one mistake, not one that is missing and one too many.
            missing.retain(|field| Some(&field.wire) != near.as_ref());
        }
        for field in missing {
            self.missing(draft, field, item);
        }
    }

    fn missing(&mut self, draft: &Draft, field: &model::Field, item: &Item) {
        let ident = field_ident(&field.wire);
        let message = format!(
            "`{}` has no field for `{}` of `{}`",
            item.name, field.wire, self.path
        );
        self.cx.push(
            Diagnostic::error("missing-field", self.place, message)
                .other(field.loc, "described here")
                .help(format!("add `{ident}: {}`", text(draft, &field.ty))),
        );
    }

    fn field(
        &mut self,
        draft: &Draft,
        field: &mut model::Field,
        written: &avro::Type,
        spec: &mut FieldSpec,
    ) {
        if spec.ty.kind == Kind::Refused {
            return;
        }
        let mut own = spec.ty.clone();
        if !self.agree(&field.ty, written, &mut own) {
            let expected = text(draft, &field.ty);
            let message = format!(
                "`{}` is `{expected}` in `{}`, not `{}`",
                field.wire,
                self.path,
                own.text()
            );
            self.cx.push(
                Diagnostic::error("field-type", spec.ty.loc, message)
                    .other(field.loc, "described here")
                    .help(format!("write `{expected}`")),
            );
            return;
        }
        let before = self.foreign.types.len();
        let mut ty = own.model(&mut self.foreign);
        // What the compiler will hold against the schema has got its identifier just now, in the same order.
        for (agreement, at) in self
            .agreements
            .iter_mut()
            .filter(|a| a.placeholder.is_empty())
            .zip(before..)
        {
            agreement.placeholder = Foreign::placeholder(at);
            agreement.message = format!("`{}` is something else in `{}`", field.wire, self.path);
        }
        null_index(&mut ty, &field.ty);
        itself(&mut ty, &self.foreign, self.own.0, &self.own.1);
        field.ty = ty;
    }

    /// Whether a type as written is the one the schema asks for. Boxes may stand anywhere.
    fn agree(&mut self, expected: &Type, written: &avro::Type, own: &mut Ty) -> bool {
        if let Kind::Boxed(inner) = &mut own.kind {
            return self.agree(expected, written, inner);
        }
        if let Some(wanted) = expected.sensitive {
            let Kind::Sensitive(sensitivity, inner) = &mut own.kind else {
                return false;
            };
            let plain = Type {
                sensitive: None,
                ..expected.clone()
            };
            return *sensitivity == wanted && self.agree(&plain, written, inner);
        }
        match (&expected.shape, &mut own.kind) {
            (
                Shape::Option {
                    inner: expected, ..
                },
                Kind::Option(own),
            ) => match value_branch(written) {
                Some(written) => self.agree(expected, written, own),
                // A union of several branches is a type of the user's own.
                None => self.own_type(expected, written, own),
            },
            (Shape::Array(expected), Kind::List(own)) => match &written.kind {
                avro::Kind::Array(written) => self.agree(expected, written, own),
                _ => false,
            },
            (Shape::Map(expected), Kind::Map(own)) => match &written.kind {
                avro::Kind::Map(written) => self.agree(expected, written, own),
                _ => false,
            },
            (Shape::Logical(expected), Kind::Plain(Shape::Logical(own))) => {
                let same = std::mem::discriminant(expected) == std::mem::discriminant(own);
                if same {
                    *own = *expected;
                }
                same
            }
            (expected, Kind::Plain(own)) => expected == own,
            (_, Kind::Foreign) => self.own_type(expected, written, own),
            _ => false,
        }
    }

    /// A type of the user's own: the compiler holds it against the schema.
    fn own_type(&mut self, expected: &Type, written: &avro::Type, own: &Ty) -> bool {
        if own.kind != Kind::Foreign {
            return false;
        }
        let itself = matches!(expected.shape, Shape::Named(id) if id == self.own.0);
        let canonical = if itself {
            String::new()
        } else {
            avro::canonical::of(self.set, written)
        };
        self.agreements.push(Agreement {
            placeholder: String::new(),
            canonical,
            message: String::new(),
        });
        true
    }
}

/// The branch beside null, when there is one only.
fn value_branch(ty: &avro::Type) -> Option<&avro::Type> {
    let avro::Kind::Union(branches) = &ty.kind else {
        return None;
    };
    let mut values = branches
        .iter()
        .filter(|branch| !matches!(branch.kind, avro::Kind::Null));
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// Where null stands in unions is the schema's to say.
fn null_index(own: &mut Type, expected: &Type) {
    match (&mut own.shape, &expected.shape) {
        (
            Shape::Option {
                inner: own,
                null_index: index,
            },
            Shape::Option {
                inner,
                null_index: wanted,
            },
        ) => {
            *index = *wanted;
            null_index(own, inner);
        }
        (Shape::Array(own), Shape::Array(expected)) | (Shape::Map(own), Shape::Map(expected)) => {
            null_index(own, expected);
        }
        _ => {}
    }
}

/// A type as the user would write it.
fn text(draft: &Draft, ty: &Type) -> String {
    let shape = match &ty.shape {
        Shape::Null => "()".to_owned(),
        Shape::Bool => "bool".to_owned(),
        Shape::I32 => "i32".to_owned(),
        Shape::I64 => "i64".to_owned(),
        Shape::U64 => "u64".to_owned(),
        Shape::F32 => "f32".to_owned(),
        Shape::F64 => "f64".to_owned(),
        Shape::Bytes => "Vec<u8>".to_owned(),
        Shape::String => "String".to_owned(),
        Shape::Array(item) => format!("Vec<{}>", text(draft, item)),
        Shape::Map(value) => format!("BTreeMap<String, {}>", text(draft, value)),
        Shape::Option { inner, .. } => format!("Option<{}>", text(draft, inner)),
        Shape::Named(id) => draft
            .types
            .get(id.0 as usize)
            .map_or_else(|| "_".to_owned(), |def| type_ident(&def.name.ident)),
        Shape::Logical(logical) => logical_name(*logical).to_owned(),
        Shape::Tuple(_) | Shape::Json | Shape::Rust(_) => "_".to_owned(),
    };
    match ty.sensitive {
        Some(sensitivity) => format!("{}<{shape}>", wrapper(sensitivity)),
        None => shape,
    }
}
