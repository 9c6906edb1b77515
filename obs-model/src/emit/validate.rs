//! `impl Validate` for every kind of type: what the schema asks for beyond the shape, as plain comparisons.
//!
//! A violation names a place and a rule, never the value; the checker puts pointers together only when there is
//! one to tell. Types with nothing to check say so by an empty implementation, and nobody calls it.

// Only a JSON Schema asserts anything beyond the shape.
#[cfg(feature = "specs")]
mod assertion;

use super::paths::Scope;
use super::paths::unrecognised;
use super::printer::{Code, lit};
use super::value::Value;
use crate::model::{
    CheckedBy, Dialect, Enum, Logical, Model, Record, Shape, Type, TypeDef, TypeId, TypeKind,
    Union, Unknown,
};

/// Which types of a Model have anything to check, worked out over the whole of it, recursion included.
pub(crate) struct Checks {
    needed: Vec<bool>,
    /// The types that only the schema itself can check: payloads of events, and roots that are none.
    by_schema: Vec<bool>,
}

impl Checks {
    /// Works out all types: begin with what has assertions of its own, then follow references until nothing changes.
    pub(crate) fn of(model: &Model) -> Checks {
        let mut checks = Checks {
            needed: vec![false; model.types.len()],
            by_schema: vec![false; model.types.len()],
        };
        for event in &model.events {
            if event.checked_by == CheckedBy::Schema {
                checks.by_schema[event.ty.0 as usize] = true;
            }
        }
        for id in model.schemas.keys() {
            checks.by_schema[id.0 as usize] = true;
        }
        loop {
            let mut changed = false;
            for (at, ty) in model.types.iter().enumerate() {
                if !checks.needed[at] && (checks.by_schema[at] || checks.definition(ty)) {
                    checks.needed[at] = true;
                    changed = true;
                }
            }
            if !changed {
                return checks;
            }
        }
    }

    fn definition(&self, ty: &TypeDef) -> bool {
        if ty.extern_path.is_some() {
            return true;
        }
        match &ty.kind {
            TypeKind::Record(record) => {
                let unknown = matches!(&record.unknown, Unknown::Keep(kept) if self.position(kept));
                unknown
                    || !record.assertions.is_empty()
                    || record.fields.iter().any(|field| self.position(&field.ty))
            }
            TypeKind::Enum(symbols) => symbols.default.is_none() && ty.dialect != Dialect::Rust,
            TypeKind::Union(union) => union
                .branches
                .iter()
                .any(|branch| self.position(&branch.ty)),
            TypeKind::Newtype(inner) => self.position(inner),
            TypeKind::Fixed { .. } => false,
        }
    }

    /// Whether a value in a position has anything to check.
    fn position(&self, ty: &Type) -> bool {
        !ty.assertions.is_empty() || self.shape(&ty.shape)
    }

    fn shape(&self, shape: &Shape) -> bool {
        match shape {
            Shape::Array(inner) | Shape::Map(inner) | Shape::Option { inner, .. } => {
                self.position(inner)
            }
            Shape::Tuple(items) => items.iter().any(|item| self.position(item)),
            Shape::Named(id) => self.needed[id.0 as usize],
            Shape::Rust(_) | Shape::Logical(Logical::Decimal { .. }) => true,
            _ => false,
        }
    }
}

/// The implementation for a type.
pub(crate) fn validate(code: &mut Code, scope: &Scope<'_>, id: TypeId, ty: &TypeDef) {
    implement(code, scope, id, ty, |code| match &ty.kind {
        TypeKind::Record(record) => self::record(code, scope, record),
        TypeKind::Enum(symbols) => enum_(code, symbols),
        TypeKind::Union(union) => self::union(code, scope, union),
        TypeKind::Newtype(inner) => value(code, scope, inner, &Value::place("self.0")),
        // Any bytes will do.
        TypeKind::Fixed { .. } => {}
    });
}

/// For a struct.
fn record(code: &mut Code, scope: &Scope<'_>, record: &Record) {
    for field in &record.fields {
        if !scope.traits.checks.position(&field.ty) {
            continue;
        }
        let place = Value::place(format!("self.{}", field.ident));
        let head = format!("cx.at({}, |cx| ", lit(&field.wire));
        if field.optional {
            code.open(format_args!(
                "if let {}::Some(x) = {}",
                scope.obs,
                place.borrowed()
            ));
            step(code, &head, |code| {
                value(code, scope, &field.ty, &Value::reference("x"))
            });
            code.close();
        } else if let Some(inner) = plain_option(&field.ty) {
            code.open(format_args!(
                "if let {}::Some(x) = {}",
                scope.obs,
                place.borrowed()
            ));
            step(code, &head, |code| {
                value(code, scope, inner, &Value::reference("x"))
            });
            code.close();
        } else {
            step(code, &head, |code| value(code, scope, &field.ty, &place));
        }
    }
    if let Unknown::Keep(kept) = &record.unknown
        && scope.traits.checks.position(kept)
    {
        let head = format!("cx.entries(&self.{}, |cx, x| ", record.unknown_ident);
        step(code, &head, |code| {
            value(code, scope, kept, &Value::reference("x"))
        });
    }
    #[cfg(feature = "specs")]
    assertion::of_record(code, scope, record);
}

/// For an enum of symbols.
fn enum_(code: &mut Code, symbols: &Enum) {
    code.open(format_args!(
        "if let Self::{}(_) = self",
        unrecognised(symbols)
    ));
    code.raw("cx.unrecognised();");
    code.close();
}

/// For an enum of branches: the active one.
fn union(code: &mut Code, scope: &Scope<'_>, union: &Union) {
    code.open(format_args!("match self"));
    let mut silent = false;
    for branch in &union.branches {
        if scope.traits.checks.position(&branch.ty) {
            code.open(format_args!("Self::{}(x) =>", branch.ident));
            value(code, scope, &branch.ty, &Value::reference("x"));
            code.close();
        } else {
            silent = true;
        }
    }
    if silent {
        code.raw("_ => {}");
    }
    code.close();
}

/// The `impl` around the body. Where only the schema itself can check a type, it is interpreted over the encoded
/// value; what cannot even be encoded (a symbol nobody knows) is left to the comparisons.
fn implement(
    code: &mut Code,
    scope: &Scope<'_>,
    id: TypeId,
    ty: &TypeDef,
    body: impl Fn(&mut Code),
) {
    let (obs, name) = (scope.obs, scope.name_text(&ty.name));
    code.blank();
    code.raw("#[automatically_derived]");
    code.open(format_args!("impl {obs}::Validate for {name}"));
    if !scope.traits.checks.needed[id.0 as usize] {
        return code.close();
    }
    code.open(format_args!("fn check(&self, cx: &mut {obs}::Checker)"));
    if scope.traits.checks.by_schema[id.0 as usize] {
        let text = match scope.model.schemas.get(&id) {
            Some(schema) => lit(schema),
            None => format!("<{name} as {obs}::Event>::DESCRIPTOR.schema"),
        };
        code.line(format_args!(
            "static SCHEMA: {obs}::SchemaDoc = {obs}::SchemaDoc::new({text});"
        ));
        let call = format!("cx.encoded(&SCHEMA, |w| {obs}::JsonCodec::write_json(self, w))");
        if scope.traits.checks.definition(ty) {
            code.open(format_args!("if !{call}"));
            body(code);
            code.close();
        } else {
            code.line(format_args!("{call};"));
        }
    } else {
        body(code);
    }
    code.close();
    code.close();
}

/// Statements that check a value where the checker stands.
fn value(code: &mut Code, scope: &Scope<'_>, ty: &Type, value: &Value) {
    let bare = value.bare(ty);
    #[cfg(feature = "specs")]
    assertion::of_type(code, scope, ty, &bare);
    let x = Value::reference("x");
    let checks = |ty: &Type| scope.traits.checks.position(ty);
    match &ty.shape {
        Shape::Option { inner, .. } if checks(inner) => {
            code.open(format_args!(
                "if let {}::Some(x) = {}",
                scope.obs,
                bare.borrowed()
            ));
            self::value(code, scope, inner, &x);
            code.close();
        }
        Shape::Array(item) if checks(item) => {
            let head = format!("cx.each({}, |cx, x| ", bare.borrowed());
            step(code, &head, |code| self::value(code, scope, item, &x));
        }
        Shape::Map(entry) if checks(entry) => {
            let head = format!("cx.entries({}, |cx, x| ", bare.borrowed());
            step(code, &head, |code| self::value(code, scope, entry, &x));
        }
        Shape::Tuple(items) => {
            for (at, item) in items.iter().enumerate().filter(|(_, item)| checks(item)) {
                let place = Value::place(format!("{}.{at}", bare.receiver()));
                let head = format!("cx.index({at}, |cx| ");
                step(code, &head, |code| self::value(code, scope, item, &place));
            }
        }
        Shape::Named(_) | Shape::Rust(_) if scope.traits.checks.shape(&ty.shape) => {
            code.line(format_args!(
                "{}({}, cx);",
                scope.codec(&ty.shape, "Validate", "check"),
                bare.borrowed()
            ));
        }
        // Writing refuses what has more digits than the schema allows; here it is told along with the rest.
        Shape::Logical(Logical::Decimal {
            precision, scale, ..
        }) => {
            let subject = bare.receiver();
            code.line(format_args!(
                "cx.must({subject}.fits({precision}, {scale}), \"precision\");"
            ));
        }
        _ => {}
    }
}

/// A closure one step further down: on one line when its body is one short statement.
fn step(code: &mut Code, head: &str, body: impl FnOnce(&mut Code)) {
    let mut inner = Code::new();
    body(&mut inner);
    let text = inner.finish();
    match text.strip_suffix(";\n") {
        Some(only) if !only.contains('\n') && head.len() + only.len() + 2 <= code.room() => {
            code.line(format_args!("{head}{only});"));
        }
        _ => {
            code.enter(format_args!("{head}{{"));
            code.paste(&text);
            code.leave("});");
        }
    }
}

/// The type inside an `Option` that says nothing of its own.
fn plain_option(ty: &Type) -> Option<&Type> {
    match &ty.shape {
        Shape::Option { inner, .. }
            if ty.assertions.is_empty() && ty.sensitive.is_none() && !ty.boxed =>
        {
            Some(inner)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
