//! Borrowed twins: `UserRegisteredRef<'a>`, decoded from Avro without copying text and bytes.
//!
//! A twin has the fields of its type; text is `&'a str`, bytes are `&'a [u8]`, a map is a list of pairs as they
//! stand, and types that hold neither are used as they are. Only records and unions of Avro have one, and only
//! where something is borrowed.

mod read;

use super::paths::{Scope, bare, wrapper};
use super::printer::Code;
use super::value::Value;
use crate::model::{
    Dialect, Model, Record, RustName, Shape, Type, TypeDef, TypeId, TypeKind, Union,
};
use crate::settings::Settings;
use obs_schema::table::Table;

/// The names of all twins, by the type they belong to.
pub(crate) struct Twins(Vec<Option<RustName>>);

impl Twins {
    /// Works out which types can have one: those that lead to text or bytes. Nobody has one unless they are wanted.
    pub(crate) fn of(model: &Model, settings: &Settings) -> Twins {
        let mut twins = Twins(vec![None; model.types.len()]);
        if !settings.borrowed || !settings.avro {
            return twins;
        }
        let mut taken: Table<String, ()> = Table::default();
        let path = |name: &RustName| format!("{}::{}", name.module.join("::"), name.ident);
        for ty in &model.types {
            taken.insert(path(&ty.name), ());
        }
        loop {
            let mut changed = false;
            for (at, ty) in model.types.iter().enumerate() {
                if twins.0[at].is_none() && twins.definition(ty) {
                    let mut name = ty.name.clone();
                    name.ident = format!("{}Ref", bare(&name.ident));
                    while taken.insert(path(&name), ()).is_some() {
                        name.ident.push('_');
                    }
                    twins.0[at] = Some(name);
                    changed = true;
                }
            }
            if !changed {
                return twins;
            }
        }
    }

    fn definition(&self, ty: &TypeDef) -> bool {
        ty.dialect == Dialect::Avro
            && ty.extern_path.is_none()
            && match &ty.kind {
                TypeKind::Record(record) => {
                    record.fields.iter().any(|field| self.borrows(&field.ty))
                }
                TypeKind::Union(union) => {
                    union.branches.iter().any(|branch| self.borrows(&branch.ty))
                }
                TypeKind::Enum(_) | TypeKind::Fixed { .. } | TypeKind::Newtype(_) => false,
            }
    }

    /// Whether a value in a position borrows from the bytes.
    fn borrows(&self, ty: &Type) -> bool {
        match &ty.shape {
            Shape::String | Shape::Bytes | Shape::Map(_) => true,
            Shape::Array(inner) | Shape::Option { inner, .. } => self.borrows(inner),
            Shape::Named(id) => self.get(*id).is_some(),
            _ => false,
        }
    }

    pub(crate) fn get(&self, id: TypeId) -> Option<&RustName> {
        self.0[id.0 as usize].as_ref()
    }
}

/// The twin of a type, when it has one.
pub(crate) fn twin(code: &mut Code, scope: &Scope<'_>, id: TypeId, ty: &TypeDef) {
    let Some(name) = scope.traits.twins.get(id) else {
        return;
    };
    let derives = if scope.traits.eq(id) { ", Eq" } else { "" };
    code.blank();
    code.line(format_args!(
        "/// [`{}`], borrowed from the bytes it was decoded from.",
        ty.name.ident
    ));
    code.line(format_args!("#[derive(Clone, Debug, PartialEq{derives})]"));
    match &ty.kind {
        TypeKind::Record(record) => self::record(code, scope, id, ty, name, record),
        TypeKind::Union(union) => self::union(code, scope, ty, name, union),
        TypeKind::Enum(_) | TypeKind::Fixed { .. } | TypeKind::Newtype(_) => {}
    }
}

fn record(
    code: &mut Code,
    scope: &Scope<'_>,
    id: TypeId,
    ty: &TypeDef,
    name: &RustName,
    record: &Record,
) {
    let (obs, ident) = (scope.obs, &name.ident);
    code.open(format_args!("pub struct {ident}<'a>"));
    for field in &record.fields {
        if let Some(doc) = &field.doc {
            code.doc(doc);
        }
        code.line(format_args!(
            "pub {}: {},",
            field.ident,
            type_text(scope, &field.ty)
        ));
    }
    code.close();
    code.blank();
    code.open(format_args!("impl<'a> {ident}<'a>"));
    read::decode(code, scope);
    read::record(code, scope, record, scope.traits.recursive(id));
    code.blank();
    to_owned(code, ty, |code| {
        code.open(format_args!("{}", ty.name.ident));
        for field in &record.fields {
            let text = owned(
                scope,
                &field.ty,
                &Value::place(format!("self.{}", field.ident)),
            );
            code.line(format_args!("{}: {text},", field.ident));
        }
        code.close();
    });
    code.close();
    convert(code, obs, ty, ident);
}

fn union(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef, name: &RustName, union: &Union) {
    let (obs, ident) = (scope.obs, &name.ident);
    code.open(format_args!("pub enum {ident}<'a>"));
    for branch in &union.branches {
        code.line(format_args!(
            "{}({}),",
            branch.ident,
            type_text(scope, &branch.ty)
        ));
    }
    code.close();
    code.blank();
    code.open(format_args!("impl<'a> {ident}<'a>"));
    read::decode(code, scope);
    read::union(code, scope, union);
    code.blank();
    to_owned(code, ty, |code| {
        code.open(format_args!("match self"));
        for branch in &union.branches {
            let text = owned(scope, &branch.ty, &Value::reference("x"));
            let variant = format!("{}::{}", ty.name.ident, branch.ident);
            code.line(format_args!(
                "Self::{}(x) => {variant}({text}),",
                branch.ident
            ));
        }
        code.close();
    });
    code.close();
    convert(code, obs, ty, ident);
}

fn to_owned(code: &mut Code, ty: &TypeDef, body: impl FnOnce(&mut Code)) {
    code.raw("/// The same with memory of its own.");
    code.raw("#[must_use]");
    code.open(format_args!("pub fn to_owned(&self) -> {}", ty.name.ident));
    body(code);
    code.close();
}

fn convert(code: &mut Code, obs: &str, ty: &TypeDef, ident: &str) {
    let owned = &ty.name.ident;
    code.blank();
    code.raw("#[automatically_derived]");
    code.open(format_args!("impl {obs}::From<{ident}<'_>> for {owned}"));
    code.open(format_args!("fn from(value: {ident}<'_>) -> Self"));
    code.raw("value.to_owned()");
    code.close();
    code.close();
}

/// The type of a twin's field.
fn type_text(scope: &Scope<'_>, ty: &Type) -> String {
    let obs = scope.obs;
    let mut text = match &ty.shape {
        Shape::String => "&'a str".to_owned(),
        Shape::Bytes => "&'a [u8]".to_owned(),
        Shape::Array(item) => format!("{obs}::Vec<{}>", type_text(scope, item)),
        Shape::Map(entry) => format!("{obs}::Vec<(&'a str, {})>", type_text(scope, entry)),
        Shape::Option { inner, .. } => format!("{obs}::Option<{}>", type_text(scope, inner)),
        Shape::Named(id) => match scope.traits.twins.get(*id) {
            Some(name) => format!("{}<'a>", scope.name_text(name)),
            None => scope.named_text(*id),
        },
        other => scope.shape_text(other),
    };
    if let Some(sensitivity) = ty.sensitive {
        text = format!("{obs}::{}<{text}>", wrapper(sensitivity));
    }
    if ty.boxed {
        text = format!("{obs}::Box<{text}>");
    }
    text
}

/// An expression that copies a value of a twin into memory of its own.
fn owned(scope: &Scope<'_>, ty: &Type, value: &Value) -> String {
    let obs = scope.obs;
    let bare = value.bare(ty);
    let x = Value::reference("x");
    let mut text = match &ty.shape {
        Shape::Null | Shape::Bool | Shape::I32 | Shape::I64 | Shape::F32 | Shape::F64 => {
            bare.copied()
        }
        Shape::String => format!("{obs}::String::from({})", bare.copied()),
        Shape::Bytes => format!("{obs}::Vec::from({})", bare.copied()),
        Shape::Array(item) if scope.traits.twins.borrows(item) => {
            format!(
                "{obs}::owned_list({}, |x| {})",
                bare.borrowed(),
                owned(scope, item, &x)
            )
        }
        Shape::Map(entry) => {
            format!(
                "{obs}::owned_map({}, |x| {})",
                bare.borrowed(),
                owned(scope, entry, &x)
            )
        }
        Shape::Option { inner, .. } if scope.traits.twins.borrows(inner) => {
            format!(
                "{}.as_ref().map(|x| {})",
                bare.receiver(),
                owned(scope, inner, &x)
            )
        }
        Shape::Named(id) => match scope.traits.twins.get(*id) {
            // Said in full: on a box the method would be the box's.
            Some(name) => format!("{}::to_owned({})", scope.name_text(name), bare.borrowed()),
            None => format!("{obs}::Clone::clone({})", bare.borrowed()),
        },
        _ => format!("{obs}::Clone::clone({})", bare.borrowed()),
    };
    if let Some(sensitivity) = ty.sensitive {
        text = format!("{obs}::{}::new({text})", wrapper(sensitivity));
    }
    if ty.boxed {
        text = format!("{obs}::Box::new({text})");
    }
    text
}

#[cfg(test)]
mod tests;
