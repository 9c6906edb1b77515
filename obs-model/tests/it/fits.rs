//! What generated code would do with a value, worked out from the Draft: decode it, encode it again, check it.

use obs_model::draft::Draft;
use obs_model::model::{Assertion, Branch, CheckedBy, Shape, Type, TypeId, TypeKind, Unknown};
use obs_schema::json::{Json, Number};
use obs_schema::json_schema::pattern::Pattern;
use obs_schema::json_schema::{Validator, ValidatorOptions, format, number};
use std::collections::BTreeSet;

/// A Draft to ask about values.
pub(crate) struct Fits<'a> {
    draft: &'a Draft,
}

/// What came of a value.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It has no place in the type.
    Refused(#[expect(dead_code, reason = "shown when a test fails")] String),
    /// It decodes, but not to what it was.
    Changed(#[expect(dead_code, reason = "shown when a test fails")] Json),
    /// It decodes, encodes to the same, and breaks a rule.
    Invalid,
    /// It is taken.
    Valid,
}

/// Kinds as generated code sees them before it reads.
const KINDS: [&str; 6] = ["null", "boolean", "number", "string", "array", "object"];

impl<'a> Fits<'a> {
    pub(crate) fn new(draft: &'a Draft) -> Fits<'a> {
        Fits { draft }
    }

    /// What generated code would say about a value of an event's or a part's root.
    pub(crate) fn judge(&self, root: TypeId, value: &Json) -> Verdict {
        let ty = Type::plain(Shape::Named(root));
        let again = match self.decode(&ty, value) {
            Ok(again) => again,
            Err(why) => return Verdict::Refused(why),
        };
        if again != *value {
            return Verdict::Changed(again);
        }
        let event = self.draft.events.iter().find(|event| event.ty == root);
        let valid = match event.map(|event| event.checked_by) {
            Some(CheckedBy::Schema) => {
                let text = &event.expect("just looked at").schema;
                match Validator::from_text(text, ValidatorOptions::default()) {
                    Ok(validator) => validator.is_valid(&again),
                    Err(errors) => {
                        return Verdict::Refused(format!("the bundle is broken: {errors:?}"));
                    }
                }
            }
            Some(CheckedBy::Nothing) => true,
            Some(CheckedBy::Code) | None => self.check(&ty, &again),
        };
        if valid {
            Verdict::Valid
        } else {
            Verdict::Invalid
        }
    }

    fn decode(&self, ty: &Type, value: &Json) -> Result<Json, String> {
        let wrong = |expected: &str| Err(format!("expected {expected}, found {}", value.kind()));
        match (&ty.shape, value) {
            (Shape::Json, _) => Ok(value.clone()),
            (Shape::Null, Json::Null)
            | (Shape::Bool, Json::Bool(_))
            | (Shape::String, Json::String(_)) => Ok(value.clone()),
            (Shape::Option { .. }, Json::Null) => Ok(Json::Null),
            (Shape::Option { inner, .. }, _) => self.decode(inner, value),
            (Shape::I64, Json::Number(number)) => match number.as_i64() {
                Some(whole) => Ok(Json::Number(Number::Int(whole))),
                None => wrong("a whole number"),
            },
            (Shape::U64, Json::Number(number)) => match (number, number.as_i64()) {
                (Number::UInt(_), _) => Ok(value.clone()),
                (_, Some(whole)) if whole >= 0 => Ok(Json::Number(Number::Int(whole))),
                _ => wrong("a positive whole number"),
            },
            (Shape::F64, Json::Number(number)) => Ok(Json::Number(Number::Float(number.as_f64()))),
            (Shape::Array(item), Json::Array(items)) => {
                let items: Result<Vec<Json>, String> =
                    items.iter().map(|value| self.decode(item, value)).collect();
                Ok(Json::Array(items?))
            }
            (Shape::Tuple(types), Json::Array(items)) if types.len() == items.len() => {
                let each = types.iter().zip(items);
                let items: Result<Vec<Json>, String> =
                    each.map(|(ty, value)| self.decode(ty, value)).collect();
                Ok(Json::Array(items?))
            }
            (Shape::Map(item), Json::Object(members)) => {
                let members: Result<Vec<(String, Json)>, String> = members
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), self.decode(item, value)?)))
                    .collect();
                Ok(Json::Object(members?))
            }
            (Shape::Named(id), _) => self.decode_named(*id, value),
            (shape, _) => wrong(&format!("{shape:?}")),
        }
    }

    fn decode_named(&self, id: TypeId, value: &Json) -> Result<Json, String> {
        match (&self.draft.types[id.0 as usize].kind, value) {
            (TypeKind::Newtype(inner), _) => self.decode(inner, value),
            (TypeKind::Enum(_), Json::String(_)) => Ok(value.clone()),
            (TypeKind::Union(union), _) => self.decode_union(&union.branches, value),
            (TypeKind::Record(record), Json::Object(members)) => {
                let mut out = Vec::new();
                for field in &record.fields {
                    match value.get(&field.wire) {
                        Some(value) => {
                            let at = |why| format!("{}: {why}", field.wire);
                            out.push((
                                field.wire.clone(),
                                self.decode(&field.ty, value).map_err(at)?,
                            ));
                        }
                        None if field.optional => {}
                        None => return Err(format!("member `{}` is missing", field.wire)),
                    }
                }
                for (name, value) in members {
                    if record.fields.iter().any(|field| field.wire == *name) {
                        continue;
                    }
                    match &record.unknown {
                        Unknown::Refuse => return Err(format!("member `{name}` is unknown")),
                        Unknown::Skip => {}
                        Unknown::Keep(ty) => out.push((name.clone(), self.decode(ty, value)?)),
                    }
                }
                Ok(Json::Object(out))
            }
            (kind, _) => {
                let kind = match kind {
                    TypeKind::Record(_) => "an object",
                    _ => "a string",
                };
                Err(format!("expected {kind}, found {}", value.kind()))
            }
        }
    }

    /// The branch of a value: the only one of its kind, the one its tag names, the first that takes it.
    fn branch<'b>(&self, branches: &'b [Branch], value: &Json) -> Option<&'b Branch> {
        let kind = KINDS
            .iter()
            .position(|kind| *kind == value.kind())
            .unwrap_or(0);
        let mut fitting: Vec<&Branch> = branches.iter().collect();
        fitting.retain(|branch| self.kinds(&branch.ty, &mut BTreeSet::new()) & (1 << kind) != 0);
        if let [only] = fitting.as_slice() {
            return Some(only);
        }
        let name = fitting.first()?.tag.as_ref().map(|(name, _)| name.clone());
        let tagged = fitting
            .iter()
            .all(|branch| branch.tag.as_ref().map(|(name, _)| name) == name.as_ref());
        if let (true, Some(name)) = (tagged, name) {
            let by_tag = |branch: &&&Branch| {
                branch
                    .tag
                    .as_ref()
                    .is_some_and(|(_, tag)| value.get(&name) == Some(tag))
            };
            if let Some(branch) = fitting.iter().find(by_tag) {
                return Some(branch);
            }
        }
        let reads = |branch: &&&Branch| self.decode(&branch.ty, value).is_ok();
        let right = |branch: &&&Branch| reads(branch) && self.check(&branch.ty, value);
        fitting
            .iter()
            .find(right)
            .or_else(|| fitting.iter().find(reads))
            .copied()
    }

    fn decode_union(&self, branches: &[Branch], value: &Json) -> Result<Json, String> {
        match self.branch(branches, value) {
            Some(branch) => self
                .decode(&branch.ty, value)
                .map_err(|why| format!("{}: {why}", branch.wire)),
            None => Err(format!("no branch takes {}", value.kind())),
        }
    }

    fn kinds(&self, ty: &Type, seen: &mut BTreeSet<TypeId>) -> u8 {
        match &ty.shape {
            Shape::Null => 1,
            Shape::Bool => 2,
            Shape::I64 | Shape::U64 | Shape::F64 => 4,
            Shape::String => 8,
            Shape::Array(_) | Shape::Tuple(_) => 16,
            Shape::Map(_) => 32,
            Shape::Option { inner, .. } => 1 | self.kinds(inner, seen),
            Shape::Named(id) if !seen.insert(*id) => 0,
            Shape::Named(id) => match &self.draft.types[id.0 as usize].kind {
                TypeKind::Record(_) => 32,
                TypeKind::Enum(_) => 8,
                TypeKind::Newtype(inner) => self.kinds(inner, seen),
                TypeKind::Union(union) => union
                    .branches
                    .iter()
                    .fold(0, |all, branch| all | self.kinds(&branch.ty, seen)),
                TypeKind::Fixed { .. } => 8,
            },
            _ => 63,
        }
    }

    fn check(&self, ty: &Type, value: &Json) -> bool {
        if value.kind() == "null" && matches!(ty.shape, Shape::Option { .. }) {
            return true;
        }
        ty.assertions
            .iter()
            .all(|assertion| holds(assertion, value))
            && match (&ty.shape, value) {
                (Shape::Option { inner, .. }, _) => self.check(inner, value),
                (Shape::Array(item), Json::Array(items)) => {
                    items.iter().all(|value| self.check(item, value))
                }
                (Shape::Tuple(types), Json::Array(items)) => types
                    .iter()
                    .zip(items)
                    .all(|(ty, value)| self.check(ty, value)),
                (Shape::Map(item), Json::Object(members)) => {
                    members.iter().all(|(_, value)| self.check(item, value))
                }
                (Shape::Named(id), _) => self.check_named(*id, value),
                _ => true,
            }
    }

    fn check_named(&self, id: TypeId, value: &Json) -> bool {
        match &self.draft.types[id.0 as usize].kind {
            TypeKind::Newtype(inner) => self.check(inner, value),
            TypeKind::Enum(enum_) => enum_
                .symbols
                .iter()
                .any(|symbol| Some(symbol.wire.as_str()) == value.as_str()),
            TypeKind::Union(union) => self
                .branch(&union.branches, value)
                .is_some_and(|branch| self.check(&branch.ty, value)),
            TypeKind::Record(record) => {
                let members = value.as_object().unwrap_or_default();
                record
                    .assertions
                    .iter()
                    .all(|assertion| holds(assertion, value))
                    && members.iter().all(|(name, value)| {
                        match record.fields.iter().find(|field| field.wire == *name) {
                            Some(field) => self.check(&field.ty, value),
                            None => match &record.unknown {
                                Unknown::Keep(ty) => self.check(ty, value),
                                _ => true,
                            },
                        }
                    })
            }
            TypeKind::Fixed { .. } => true,
        }
    }
}

fn holds(assertion: &Assertion, value: &Json) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let length = || value.as_str().map_or(0, |text| text.chars().count() as u64);
    let items = || value.as_array().map_or(0, |items| items.len() as u64);
    let members = || value.as_object().map_or(0, |members| members.len() as u64);
    let compared = |bound: &Number| match value {
        Json::Number(value) => number::compare(value, bound),
        _ => Equal,
    };
    match assertion {
        Assertion::MinLength(least) => length() >= *least,
        Assertion::MaxLength(most) => length() <= *most,
        Assertion::Pattern(text) => Pattern::new(text).map_or(true, |pattern| {
            pattern.is_match(value.as_str().unwrap_or(""))
        }),
        Assertion::Format(name) => format::check(name, value.as_str().unwrap_or("")) != Some(false),
        Assertion::Minimum(bound) => compared(bound) != Less,
        Assertion::Maximum(bound) => compared(bound) != Greater,
        Assertion::ExclusiveMinimum(bound) => compared(bound) == Greater,
        Assertion::ExclusiveMaximum(bound) => compared(bound) == Less,
        Assertion::MultipleOf(of) => match value {
            Json::Number(value) => number::is_multiple(value, of),
            _ => true,
        },
        Assertion::MinItems(least) => items() >= *least,
        Assertion::MaxItems(most) => items() <= *most,
        Assertion::UniqueItems => {
            let items = value.as_array().unwrap_or_default();
            items
                .iter()
                .enumerate()
                .all(|(at, item)| !items[..at].contains(item))
        }
        Assertion::MinProperties(least) => members() >= *least,
        Assertion::MaxProperties(most) => members() <= *most,
        Assertion::Const(expected) => value == expected,
        Assertion::Enum(allowed) => allowed.contains(value),
    }
}
