//! From the alternatives of a position to one type.

use super::Decision;
use super::alternatives::{Alternative, Alternatives};
use super::kinds::Kinds;
use super::lowering::{Lowered, Lowering};
use super::names::{Place, word};
use super::schemas::{Schemas, speaks_of_size, speaks_of_text};
use super::view::{Key, View};
use crate::model::{Assertion, Branch, Shape, Type, TypeKind, Union};
use obs_schema::diag::Diagnostic;
use obs_schema::json::Json;
use obs_schema::json_schema::SchemaId;

/// A branch of a union to be.
struct Part {
    word: String,
    lowered: Lowered,
    tag: Option<(String, Json)>,
}

impl<'a> Lowering<'a> {
    pub(super) fn combine(
        &mut self,
        keys: &[Key],
        mut all: Alternatives<'a>,
        place: &Place,
    ) -> Lowered {
        // Whole roots and parts of `allOf` aside, what speaks of properties without saying `type` allows other values too.
        let narrow = matches!(keys, [key] if self.is_root(key));
        let mut or_other = false;
        for alternative in &mut all.list {
            or_other |= self.imply(place.node, alternative, narrow) && !narrow;
        }
        if all.list.is_empty() {
            return self.never(place.node);
        }
        let exact_if_open = all.list.iter().all(|one| one.view.unsaid.is_empty()) && !all.loose;
        let several = all.list.len() > 1;
        if all.list.iter().any(|one| one.view.kinds == Kinds::ALL) {
            // Types beside "anything" are worth having where they are structs, or where the choice is not the author's.
            let ours = keys.len() > 1;
            let typed = |one: &Alternative<'_>| {
                one.view.kinds != Kinds::ALL && (ours || one.view.describes_members())
            };
            all.list.retain(typed);
            if all.list.is_empty() {
                let exact = exact_if_open && !(all.exclusive && several);
                self.decide(place.node, Decision::Any);
                return Lowered {
                    exact,
                    ..Lowered::json()
                };
            }
            or_other = true;
        }
        self.typed(keys, &all, place, or_other)
    }

    /// What speaks of properties means objects, and so on. Says whether that was needed.
    fn imply(&mut self, node: SchemaId, alternative: &mut Alternative<'a>, narrow: bool) -> bool {
        if alternative.view.kinds != Kinds::ALL {
            return false;
        }
        let kinds = implied(&self.schemas, &alternative.view);
        if kinds.is_empty() {
            return false;
        }
        alternative.view.kinds = kinds;
        for (kind, decision, words) in [
            (
                Kinds::OBJECT,
                Decision::ImpliedObject,
                ("properties", "object"),
            ),
            (Kinds::ARRAY, Decision::ImpliedArray, ("items", "array")),
            (Kinds::STRING, Decision::ImpliedScalar, ("text", "string")),
            (Kinds::NUMBER, Decision::ImpliedScalar, ("size", "number")),
        ] {
            if kinds.meets(kind) {
                self.decide(node, decision);
                if !narrow {
                    self.implied_type(node, words.0, words.1);
                }
            }
        }
        true
    }

    fn implied_type(&mut self, node: SchemaId, subject: &str, ty: &str) {
        if self.in_doubt(node) {
            return;
        }
        let schema = self.schemas.set.get(node);
        let message = format!(
            "`{}` speaks of {subject} and does not say `type`, so anything else is allowed too",
            schema.pointer
        );
        self.cx.push(
            Diagnostic::warning("implied-type", schema.loc, message)
                .help(format!("add `\"type\": \"{ty}\"`")),
        );
    }

    /// Nothing is valid here.
    fn never(&mut self, node: SchemaId) -> Lowered {
        self.decide(node, Decision::Never);
        let ty = Type {
            assertions: vec![Assertion::Enum(Vec::new())],
            ..Type::plain(Shape::Json)
        };
        Lowered { ty, exact: true }
    }

    fn typed(
        &mut self,
        keys: &[Key],
        all: &Alternatives<'a>,
        place: &Place,
        or_other: bool,
    ) -> Lowered {
        let of = |kinds: Kinds| -> Vec<&Alternative<'a>> {
            all.list
                .iter()
                .filter(|one| one.view.kinds.meets(kinds))
                .collect()
        };
        let (nulls, bools, numbers, strings, arrays, mut objects) = (
            of(Kinds::NULL),
            of(Kinds::BOOL),
            of(Kinds::NUMBER),
            of(Kinds::STRING),
            of(Kinds::ARRAY),
            of(Kinds::OBJECT),
        );
        let slots = [&bools, &numbers, &strings]
            .iter()
            .filter(|list| !list.is_empty())
            .count()
            + arrays.len()
            + objects.len()
            + usize::from(or_other);
        let alone = slots == 1;
        // A root that is more than its struct leaves the name to the whole.
        let shared = !alone || (!nulls.is_empty() && self.names.is_root(place.node));
        let at = |word: &str| {
            if shared {
                place.below(word, None)
            } else {
                place.clone()
            }
        };

        let mut overlap = nulls.len() > 1;
        let mut parts: Vec<Part> = Vec::new();
        let mut exact = !all.loose && !or_other;
        for (kinds, list) in [
            (Kinds::NULL, &nulls),
            (Kinds::BOOL, &bools),
            (Kinds::NUMBER, &numbers),
            (Kinds::STRING, &strings),
        ] {
            exact &= list.iter().all(|one| !one.view.unsaid.meets(kinds));
        }
        for (name, list) in [
            ("boolean", &bools),
            ("number", &numbers),
            ("string", &strings),
        ] {
            if list.is_empty() {
                continue;
            }
            let scalar = match name {
                "boolean" => self.boolean(place.node, list),
                "number" => self.number(place.node, list),
                _ => self.string(place.node, list, &at("string")),
            };
            overlap |= scalar.overlap;
            let whole =
                scalar.lowered.ty.shape == Shape::I64 || scalar.lowered.ty.shape == Shape::U64;
            let name = if whole { "integer" } else { name };
            let lowered = match list.as_slice() {
                [only] => self.branch_guarded(all, only, scalar.lowered),
                _ => scalar.lowered,
            };
            parts.push(Part {
                word: name.to_owned(),
                lowered,
                tag: None,
            });
        }

        let mut array_parts: Vec<Part> = Vec::new();
        for one in &arrays {
            let name = self.word(one, place, "array");
            let lowered = self.array(one, &at(&name));
            let lowered = self.branch_guarded(all, one, lowered);
            if array_parts.iter().all(|part| part.lowered.ty != lowered.ty) {
                array_parts.push(Part {
                    word: name,
                    lowered,
                    tag: None,
                });
            }
        }
        overlap |= arrays.len() > 1;
        if array_parts.len() < arrays.len() {
            self.decide(place.node, Decision::MergedBranches);
        }

        let tag = tag_of(&self.schemas, &objects);
        if tag.is_none() {
            // The one that asks for more is tried before the one that asks for less.
            objects.sort_by_key(|one| std::cmp::Reverse(asked(one)));
            overlap |= objects.len() > 1;
        }
        let mut object_parts: Vec<Part> = Vec::new();
        for one in &objects {
            let value = tag
                .as_ref()
                .and_then(|name| constant(&self.schemas, &one.view, name));
            let name = match &value {
                Some(Json::String(text)) if !text.is_empty() => text.clone(),
                _ => self.word(one, place, "object"),
            };
            // The name of the position goes to the whole.
            let below = match self.own_place(&one.key) {
                Some(own) if !shared || own.node != place.node => own,
                _ => at(&name),
            };
            let lowered = self.object(one, &below, !shared);
            let lowered = self.branch_guarded(all, one, lowered);
            if object_parts
                .iter()
                .all(|part| part.lowered.ty != lowered.ty)
            {
                let tag = tag.clone().zip(value);
                object_parts.push(Part {
                    word: name,
                    lowered,
                    tag,
                });
            }
        }
        if object_parts.len() < objects.len() {
            self.decide(place.node, Decision::MergedBranches);
        }
        let tried = array_parts.len() > 1 || object_parts.len() > 1 && tag.is_none();
        let by_tag = object_parts.len() > 1 && tag.is_some();
        parts.extend(array_parts);
        parts.extend(object_parts);
        if or_other {
            let node = place.node;
            parts.push(Part {
                word: "other".to_owned(),
                lowered: Lowered::json(),
                tag: None,
            });
            self.decide(node, Decision::TypedOrOther);
        }
        exact &= parts.iter().all(|part| part.lowered.exact) && !tried;
        exact &= !(all.exclusive && overlap);

        let nullable = !nulls.is_empty();
        let mut lowered = match parts.len() {
            0 => {
                self.decide(place.node, Decision::Null);
                return Lowered {
                    exact,
                    ..Lowered::exact(Shape::Null)
                };
            }
            1 => match parts.pop() {
                Some(part) => Lowered {
                    exact,
                    ..part.lowered
                },
                None => Lowered::json(),
            },
            _ => {
                self.decide(
                    place.node,
                    match () {
                        () if tried => Decision::UnionTried,
                        () if by_tag => Decision::UnionByTag,
                        () => Decision::UnionByKind,
                    },
                );
                let id = match self.asked_for(keys).filter(|_| !nullable) {
                    Some(id) => id,
                    None if nullable && self.names.is_root(place.node) => {
                        self.reserve(&place.below("value", None))
                    }
                    None => self.reserve(place),
                };
                self.fill(id, TypeKind::Union(union(parts)), exact);
                Lowered {
                    exact,
                    ..Lowered::exact(Shape::Named(id))
                }
            }
        };
        if nullable {
            self.decide(place.node, Decision::Nullable);
            let inner = Box::new(lowered.ty);
            lowered.ty = Type::plain(Shape::Option {
                inner,
                null_index: 0,
            });
        }
        lowered
    }

    fn word(&self, one: &Alternative<'_>, place: &Place, kind: &str) -> String {
        let whole = one.key.schemas == [place.node];
        let word = word(&self.schemas, &one.key.schemas).filter(|_| !whole);
        word.unwrap_or_else(|| kind.to_owned())
    }

    /// A branch may be marked sensitive itself. What the position is marked with concerns the whole and is added there.
    fn branch_guarded(
        &mut self,
        all: &Alternatives<'_>,
        one: &Alternative<'_>,
        lowered: Lowered,
    ) -> Lowered {
        match one.key.schemas.last() {
            Some(last) if all.list.len() > 1 => self.guarded(&[*last], lowered),
            _ => lowered,
        }
    }
}

fn union(parts: Vec<Part>) -> Union {
    let branches = parts.into_iter().enumerate().map(|(index, part)| Branch {
        ident: part.word.clone(),
        wire: part.word,
        index,
        ty: part.lowered.ty,
        tag: part.tag,
    });
    Union {
        branches: branches.collect(),
    }
}

/// The kinds a view that names none speaks of.
pub(super) fn implied(schemas: &Schemas<'_>, view: &View<'_>) -> Kinds {
    let mut kinds = Kinds::NONE;
    let parts = || view.parts.iter().map(|part| part.1);
    let of_objects = |part: &obs_schema::json_schema::Keywords| {
        part.min_properties.is_some()
            || part.max_properties.is_some()
            || schemas.strict(part.unevaluated_properties).is_some()
    };
    if view.speaks_of_objects(schemas) || parts().any(of_objects) {
        kinds = kinds.or(Kinds::OBJECT);
    }
    let of_arrays = |part: &obs_schema::json_schema::Keywords| {
        part.min_items.is_some() || part.max_items.is_some() || part.unique_items
    };
    if view.speaks_of_arrays(schemas) || parts().any(of_arrays) {
        kinds = kinds.or(Kinds::ARRAY);
    }
    if parts().any(speaks_of_text) {
        kinds = kinds.or(Kinds::STRING);
    }
    if parts().any(speaks_of_size) {
        kinds = kinds.or(Kinds::NUMBER);
    }
    kinds
}

/// How many members an alternative asks for.
fn asked(alternative: &Alternative<'_>) -> usize {
    let names = alternative
        .view
        .parts
        .iter()
        .flat_map(|(_, part)| &part.required);
    names.collect::<std::collections::BTreeSet<_>>().len()
}

/// The member whose constant tells object alternatives apart: required in each, with another value in each.
fn tag_of(schemas: &Schemas<'_>, objects: &[&Alternative<'_>]) -> Option<String> {
    let [first, others @ ..] = objects else {
        return None;
    };
    if others.is_empty() {
        return None;
    }
    let names = first
        .view
        .parts
        .iter()
        .flat_map(|(_, part)| &part.properties);
    let is_tag = |name: &str| {
        let mut seen: Vec<Json> = Vec::new();
        objects
            .iter()
            .all(|one| match constant(schemas, &one.view, name) {
                Some(value) if !seen.contains(&value) => {
                    seen.push(value);
                    true
                }
                _ => false,
            })
    };
    names
        .map(|entry| &entry.name)
        .find(|name| is_tag(name))
        .cloned()
}

/// The one text a required member may be.
fn constant(schemas: &Schemas<'_>, view: &View<'_>, name: &str) -> Option<Json> {
    if !view.requires(name) {
        return None;
    }
    let key = Key::new(schemas, view.member(schemas, name).schemas);
    let mut values = View::of(schemas, &key).values?;
    let value = values.pop().filter(|_| values.is_empty())?;
    matches!(value, Json::String(_)).then_some(value)
}
