//! Enums of branches.
//!
//! Avro names the branch: `{"acme.Money": {…}}`. A JSON Schema does not, so the branch is found by the kind of the
//! value, by a member that is constant in each branch, or else by trying one after the other.

use super::{json_text, read, write};
use crate::emit::paths::Scope;
use crate::emit::printer::{Code, lit};
use crate::emit::value::Value;
use crate::model::{Branch, Dialect, Shape, Type, TypeId, TypeKind, Union};
use obs_schema::json::Json;

/// `{"branch": value}`; an only branch stands plainly.
pub(super) fn write_tagged(code: &mut Code, scope: &Scope<'_>, union: &Union) {
    if union.branches.len() == 1 {
        return write_plain(code, scope, union);
    }
    code.open(format_args!("match self"));
    for branch in &union.branches {
        let binding = binding(branch);
        code.open(format_args!("Self::{}({binding}) =>", branch.ident));
        let head = lit(&format!("{{{}:", json_text(&branch.wire)));
        let text = write::value(scope, &branch.ty, &Value::reference("x"));
        code.line(format_args!("w.raw({head});"));
        code.line(format_args!("{text};"));
        code.raw("w.raw(\"}\");");
        code.close();
    }
    code.close();
}

/// `{"branch": value}`; an only branch may stand plainly.
pub(super) fn read_tagged(code: &mut Code, scope: &Scope<'_>, union: &Union) {
    let obs = scope.obs;
    if let [only] = union.branches.as_slice() {
        return match read::tag(scope, Dialect::Avro, &only.ty) {
            Some(tag) => {
                let read = read::each(scope, Dialect::Avro, &only.ty);
                let ident = &only.ident;
                code.line(format_args!(
                    "r.plain({}, {read}).map(Self::{ident})",
                    lit(&tag)
                ));
            }
            None => code.raw(&reader(scope, Dialect::Avro, only)),
        };
    }
    code.enter(format_args!("r.tagged(|r, tag| match tag {{"));
    for branch in &union.branches {
        let read = reader(scope, Dialect::Avro, branch);
        code.line(format_args!("{} => {read},", lit(&branch.wire)));
    }
    code.line(format_args!(
        "_ => {obs}::Err(r.fail({obs}::DecodeErrorKind::NoBranch)),"
    ));
    code.leave("})");
}

/// The value alone.
pub(super) fn write_plain(code: &mut Code, scope: &Scope<'_>, union: &Union) {
    code.open(format_args!("match self"));
    for branch in &union.branches {
        let text = write::value(scope, &branch.ty, &Value::reference("x"));
        code.line(format_args!(
            "Self::{}({}) => {text},",
            branch.ident,
            binding(branch)
        ));
    }
    code.close();
}

/// The value alone: by kind as far as kinds differ, then by tag, then by trying.
pub(super) fn read_plain(code: &mut Code, scope: &Scope<'_>, id: TypeId, union: &Union) {
    // A branch that is the union itself adds nothing that the other branches cannot be.
    let kinds: Vec<Kinds> = union
        .branches
        .iter()
        .map(|branch| Kinds::of(scope, &branch.ty, &mut vec![id]))
        .collect();
    // Kinds that lead to the same branches share an arm.
    let mut arms: Vec<(Vec<&str>, Vec<&Branch>)> = Vec::new();
    for (at, name) in Kinds::NAMES.iter().enumerate() {
        let branches: Vec<&Branch> = union
            .branches
            .iter()
            .zip(&kinds)
            .filter(|(_, kinds)| kinds.0 & (1 << at) != 0)
            .map(|(branch, _)| branch)
            .collect();
        if branches.is_empty() {
            continue;
        }
        let same = |other: &&mut (Vec<&str>, Vec<&Branch>)| {
            other
                .1
                .iter()
                .map(|branch| &branch.ident)
                .eq(branches.iter().map(|branch| &branch.ident))
        };
        match arms.iter_mut().find(same) {
            Some(arm) => arm.0.push(name),
            None => arms.push((vec![name], branches)),
        }
    }
    let obs = scope.obs;
    if let [(_, branches)] = arms.as_slice() {
        return one_of(code, scope, "", branches, "");
    }
    code.open(format_args!("match r.peek_kind()?"));
    let known: usize = arms.iter().map(|(names, _)| names.len()).sum();
    // Where every kind leads somewhere, the arm of most kinds comes last and lists none of them.
    arms.sort_by_key(|(names, _)| names.len());
    let last = (known == Kinds::NAMES.len()).then_some(arms.len() - 1);
    for (at, (names, branches)) in arms.iter().enumerate() {
        if last == Some(at) {
            one_of(code, scope, "_ => ", branches, ",");
            break;
        }
        let names: Vec<String> = names
            .iter()
            .map(|name| format!("{obs}::json::Kind::{name}"))
            .collect();
        one_of(
            code,
            scope,
            &format!("{} => ", names.join(" | ")),
            branches,
            ",",
        );
    }
    if last.is_none() {
        code.line(format_args!(
            "_ => {obs}::Err(r.fail({obs}::DecodeErrorKind::NoBranch)),"
        ));
    }
    code.close();
}

/// One of several branches: the only one, the one with the right tag, or the first that takes the value.
fn one_of(code: &mut Code, scope: &Scope<'_>, lead: &str, branches: &[&Branch], tail: &str) {
    let obs = scope.obs;
    if let [only] = branches {
        let read = reader(scope, Dialect::JsonSchema, only);
        return code.line(format_args!("{lead}{read}{tail}"));
    }
    match common_tag(branches) {
        Some((member, values)) => {
            code.enter(format_args!("{lead}{obs}::by_tag(r, {}, &[", lit(member)));
            for (branch, value) in branches.iter().zip(values) {
                let read = reader(scope, Dialect::JsonSchema, branch);
                code.line(format_args!("({}, |r| {read}),", lit(value)));
            }
        }
        None => {
            code.enter(format_args!("{lead}{obs}::first_of(r, &["));
            for branch in branches {
                let read = reader(scope, Dialect::JsonSchema, branch);
                code.line(format_args!("|r| {read},"));
            }
        }
    }
    code.leave(&format!("]){tail}"));
}

/// The member whose text tells all branches apart, with its value in each.
pub(super) fn common_tag<'a>(branches: &[&'a Branch]) -> Option<(&'a str, Vec<&'a str>)> {
    let mut values: Vec<&str> = Vec::new();
    let member = &branches.first()?.tag.as_ref()?.0;
    for branch in branches {
        match &branch.tag {
            Some((name, Json::String(value)))
                if name == member && !values.contains(&value.as_str()) =>
            {
                values.push(value);
            }
            _ => return None,
        }
    }
    Some((member, values))
}

fn reader(scope: &Scope<'_>, dialect: Dialect, branch: &Branch) -> String {
    format!(
        "{}.map(Self::{})",
        read::value(scope, dialect, &branch.ty),
        branch.ident
    )
}

/// What the value of a branch is called.
fn binding(branch: &Branch) -> &'static str {
    if branch.ty.shape == Shape::Null {
        "_"
    } else {
        "x"
    }
}

/// The kinds of JSON value that a type can be, as bits in the order of [`Kinds::NAMES`].
#[derive(Clone, Copy)]
struct Kinds(u8);

impl Kinds {
    const NAMES: [&'static str; 6] = ["Null", "Bool", "Number", "String", "Array", "Object"];
    const NULL: Kinds = Kinds(1);
    const BOOL: Kinds = Kinds(2);
    const NUMBER: Kinds = Kinds(4);
    const STRING: Kinds = Kinds(8);
    const ARRAY: Kinds = Kinds(16);
    const OBJECT: Kinds = Kinds(32);
    const ANY: Kinds = Kinds(63);

    /// `seen` holds the types whose kinds are in the sum already, for those that contain themselves.
    fn of(scope: &Scope<'_>, ty: &Type, seen: &mut Vec<TypeId>) -> Kinds {
        match &ty.shape {
            Shape::Null => Kinds::NULL,
            Shape::Bool => Kinds::BOOL,
            Shape::I32 | Shape::I64 | Shape::U64 | Shape::F32 | Shape::F64 => Kinds::NUMBER,
            Shape::String | Shape::Bytes | Shape::Logical(_) => Kinds::STRING,
            Shape::Array(_) | Shape::Tuple(_) => Kinds::ARRAY,
            Shape::Map(_) => Kinds::OBJECT,
            Shape::Option { inner, .. } => Kinds::NULL.and(Kinds::of(scope, inner, seen)),
            Shape::Json | Shape::Rust(_) => Kinds::ANY,
            Shape::Named(id) => {
                let ty = scope.model.get(*id);
                if ty.extern_path.is_some() {
                    return Kinds::ANY;
                }
                if seen.contains(id) {
                    return Kinds(0);
                }
                seen.push(*id);
                match &ty.kind {
                    TypeKind::Record(_) => Kinds::OBJECT,
                    TypeKind::Enum(_) | TypeKind::Fixed { .. } => Kinds::STRING,
                    TypeKind::Newtype(inner) => Kinds::of(scope, inner, seen),
                    TypeKind::Union(union) => {
                        union.branches.iter().fold(Kinds(0), |all, branch| {
                            all.and(Kinds::of(scope, &branch.ty, seen))
                        })
                    }
                }
            }
        }
    }

    fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }
}
