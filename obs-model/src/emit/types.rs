//! The types themselves: structs, enums of symbols, enums of branches, byte arrays, tuple structs.

use super::construct;
use super::paths::{Scope, unrecognised};
use super::printer::{Code, lit};
use crate::model::{Enum, Record, Shape, Type, TypeDef, TypeId, TypeKind, Union, Unknown};

/// The definition of a type with the implementations that belong to its shape.
pub(crate) fn define(code: &mut Code, scope: &Scope<'_>, id: TypeId, ty: &TypeDef) {
    match &ty.kind {
        TypeKind::Record(record) => self::record(code, scope, id, ty, record),
        TypeKind::Enum(symbols) => enum_(code, scope, ty, symbols),
        TypeKind::Union(union) => self::union(code, scope, id, ty, union),
        TypeKind::Fixed { size } => fixed(code, scope, ty, *size),
        TypeKind::Newtype(inner) => newtype(code, scope, id, ty, inner),
    }
}

/// Documentation, deprecation, derives, and whatever the settings inject.
fn head(code: &mut Code, ty: &TypeDef, derives: &[&str]) {
    code.blank();
    if let Some(doc) = &ty.doc {
        code.doc(doc);
    }
    deprecated(code, ty.deprecated.as_deref());
    code.line(format_args!("#[derive({})]", derives.join(", ")));
    for attribute in &ty.attributes {
        code.raw(attribute);
    }
}

fn deprecated(code: &mut Code, note: Option<&str>) {
    match note {
        Some("") => code.raw("#[deprecated]"),
        Some(note) => code.line(format_args!("#[deprecated(note = {})]", lit(note))),
        None => {}
    }
}

/// The derives that are sound for a type that holds values.
fn derives(scope: &Scope<'_>, id: TypeId) -> Vec<&'static str> {
    let mut derives = vec!["Clone", "Debug", "PartialEq"];
    if scope.traits.eq(id) {
        derives.push("Eq");
    }
    if scope.traits.hash(id) {
        derives.push("Hash");
    }
    derives
}

fn record(code: &mut Code, scope: &Scope<'_>, id: TypeId, ty: &TypeDef, record: &Record) {
    head(code, ty, &derives(scope, id));
    code.open(format_args!("pub struct {}", ty.name.ident));
    for field in &record.fields {
        if let Some(doc) = &field.doc {
            code.doc(doc);
        }
        deprecated(code, field.deprecated.as_deref());
        for attribute in &field.attributes {
            code.raw(attribute);
        }
        code.line(format_args!(
            "pub {}: {},",
            field.ident,
            scope.field_text(field)
        ));
    }
    if let Unknown::Keep(value) = &record.unknown {
        code.raw("/// Members that the schema does not name; they are written back as they came.");
        let map = scope.shape_text(&Shape::Map(value.clone()));
        code.line(format_args!("pub {}: {map},", record.unknown_ident));
    }
    code.close();
    construct::record(code, scope, ty, record);
}

fn enum_(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef, symbols: &Enum) {
    let obs = scope.obs;
    let ident = &ty.name.ident;
    let closed = symbols.default.is_some();
    let open = unrecognised(symbols);
    let mut derives = vec!["Clone"];
    if closed {
        derives.push("Copy");
    }
    derives.extend(["Debug", "PartialEq", "Eq", "Hash", "PartialOrd", "Ord"]);
    if closed {
        derives.push("Default");
    }
    head(code, ty, &derives);
    code.open(format_args!("pub enum {ident}"));
    for (at, symbol) in symbols.symbols.iter().enumerate() {
        if symbols.default == Some(at) {
            code.raw("#[default]");
        }
        code.line(format_args!("{},", symbol.ident));
    }
    if !closed {
        code.raw("/// A symbol of a newer schema: it can be looked at, and publishing refuses it.");
        code.line(format_args!("{open}({obs}::Box<str>),"));
    }
    code.close();

    code.blank();
    code.open(format_args!("impl {ident}"));
    let idents: Vec<String> = symbols
        .symbols
        .iter()
        .map(|symbol| format!("Self::{}", symbol.ident))
        .collect();
    code.raw("/// Every symbol, in the order of the schema.");
    code.list("pub const ALL: &'static [Self] = &[", &idents, "];");
    code.blank();
    code.raw("/// The symbol as written on the wire.");
    code.raw("#[must_use]");
    if closed {
        code.open(format_args!("pub const fn as_str(self) -> &'static str"));
    } else {
        code.open(format_args!("pub fn as_str(&self) -> &str"));
    }
    code.open(format_args!("match self"));
    for symbol in &symbols.symbols {
        code.line(format_args!(
            "Self::{} => {},",
            symbol.ident,
            lit(&symbol.wire)
        ));
    }
    if !closed {
        code.line(format_args!("Self::{open}(symbol) => symbol,"));
    }
    code.close();
    code.close();
    code.blank();
    code.raw("/// Its place in `ALL`, which is its index on the wire.");
    code.raw("#[must_use]");
    if closed {
        code.open(format_args!("pub const fn index(self) -> usize"));
        code.raw("self as usize");
        code.close();
    } else {
        code.open(format_args!(
            "pub const fn index(&self) -> {obs}::Option<usize>"
        ));
        code.enter(format_args!("{obs}::Some(match self {{"));
        for (at, symbol) in symbols.symbols.iter().enumerate() {
            code.line(format_args!("Self::{} => {at},", symbol.ident));
        }
        code.line(format_args!("Self::{open}(_) => return {obs}::None,"));
        code.leave("})");
        code.close();
    }
    code.blank();
    code.raw("/// The symbol with this text on the wire.");
    code.raw("#[must_use]");
    code.open(format_args!(
        "pub fn from_symbol(symbol: &str) -> {obs}::Option<Self>"
    ));
    code.enter(format_args!("{obs}::Some(match symbol {{"));
    for symbol in &symbols.symbols {
        code.line(format_args!(
            "{} => Self::{},",
            lit(&symbol.wire),
            symbol.ident
        ));
    }
    code.line(format_args!("_ => return {obs}::None,"));
    code.leave("})");
    code.close();
    code.close();
    symbol_traits(code, scope, ident);
}

/// `Display`, `FromStr` and `TryFrom<&str>` of an enum of symbols.
fn symbol_traits(code: &mut Code, scope: &Scope<'_>, ident: &str) {
    let obs = scope.obs;
    code.blank();
    code.raw("#[automatically_derived]");
    code.open(format_args!("impl ::std::fmt::Display for {ident}"));
    code.open(format_args!(
        "fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result"
    ));
    code.raw("f.pad(self.as_str())");
    code.close();
    code.close();
    code.blank();
    code.raw("#[automatically_derived]");
    code.open(format_args!("impl ::std::str::FromStr for {ident}"));
    code.line(format_args!("type Err = {obs}::UnknownSymbol;"));
    code.open(format_args!(
        "fn from_str(symbol: &str) -> {obs}::Result<Self, {obs}::UnknownSymbol>"
    ));
    code.line(format_args!(
        "Self::from_symbol(symbol).ok_or({obs}::UnknownSymbol)"
    ));
    code.close();
    code.close();
    code.blank();
    code.raw("#[automatically_derived]");
    code.open(format_args!(
        "impl ::std::convert::TryFrom<&str> for {ident}"
    ));
    code.line(format_args!("type Error = {obs}::UnknownSymbol;"));
    code.open(format_args!(
        "fn try_from(symbol: &str) -> {obs}::Result<Self, {obs}::UnknownSymbol>"
    ));
    code.line(format_args!(
        "Self::from_symbol(symbol).ok_or({obs}::UnknownSymbol)"
    ));
    code.close();
    code.close();
}

fn union(code: &mut Code, scope: &Scope<'_>, id: TypeId, ty: &TypeDef, union: &Union) {
    head(code, ty, &derives(scope, id));
    code.open(format_args!("pub enum {}", ty.name.ident));
    for branch in &union.branches {
        code.line(format_args!(
            "{}({}),",
            branch.ident,
            scope.type_text(&branch.ty)
        ));
    }
    code.close();

    // A conversion says which branch is meant; where two branches look alike in Rust it cannot.
    let texts: Vec<String> = union
        .branches
        .iter()
        .map(|branch| from_text(scope, id, &branch.ty))
        .collect();
    for (branch, text) in union.branches.iter().zip(&texts) {
        if text.is_empty() || texts.iter().filter(|other| *other == text).count() > 1 {
            continue;
        }
        let boxed = branch.ty.boxed && branch.ty.sensitive.is_none();
        let value = if boxed {
            format!("{}::Box::new(value)", scope.obs)
        } else {
            "value".to_owned()
        };
        from(
            code,
            scope,
            &ty.name.ident,
            text,
            &format!("Self::{}({value})", branch.ident),
        );
    }
}

/// What a branch is converted from: its type without the box. Empty when nothing is known of the type.
fn from_text(scope: &Scope<'_>, union: TypeId, ty: &Type) -> String {
    let unknown = |shape: &Shape| match shape {
        Shape::Rust(_) => true,
        Shape::Named(id) => *id == union || scope.model.get(*id).extern_path.is_some(),
        _ => false,
    };
    if !super::traits::every_shape(ty, &mut |shape| !unknown(shape)) {
        return String::new();
    }
    let mut ty = Type {
        boxed: ty.boxed && ty.sensitive.is_some(),
        ..ty.clone()
    };
    scope.traits.shared.rename(&mut ty);
    scope.type_text(&ty)
}

fn from(code: &mut Code, scope: &Scope<'_>, ident: &str, source: &str, value: &str) {
    code.blank();
    code.raw("#[automatically_derived]");
    code.open(format_args!(
        "impl {}::From<{source}> for {ident}",
        scope.obs
    ));
    code.open(format_args!("fn from(value: {source}) -> Self"));
    code.raw(value);
    code.close();
    code.close();
}

fn fixed(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef, size: usize) {
    let derives = [
        "Clone",
        "Copy",
        "Debug",
        "PartialEq",
        "Eq",
        "Hash",
        "PartialOrd",
        "Ord",
    ];
    head(code, ty, &derives);
    code.line(format_args!(
        "pub struct {}(pub [u8; {size}]);",
        ty.name.ident
    ));
    from(
        code,
        scope,
        &ty.name.ident,
        &format!("[u8; {size}]"),
        "Self(value)",
    );
}

fn newtype(code: &mut Code, scope: &Scope<'_>, id: TypeId, ty: &TypeDef, inner: &Type) {
    head(code, ty, &derives(scope, id));
    let text = scope.type_text(inner);
    code.line(format_args!("pub struct {}(pub {text});", ty.name.ident));
    if !from_text(scope, id, inner).is_empty() {
        from(code, scope, &ty.name.ident, &text, "Self(value)");
    }
}
