//! What must hold at one position: references followed, `allOf` spread out, choices listed.
//!
//! A [`Key`] names a position by the schemas that apply to it and the branches taken; a [`View`] is what they say together.
//! Nothing here looks below the position, so a view is always finite.

use super::kinds::Kinds;
use super::schemas::{self, Schemas};
use obs_schema::json::Json;
use obs_schema::json_schema::{Body, Keywords, SchemaId};
use std::collections::BTreeSet;

/// The schemas that hold at once at a position, and the choices already made among their branches.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct Key {
    /// In the order of their members.
    pub(super) schemas: Vec<SchemaId>,
    /// Groups of which a branch is among the schemas.
    pub(super) chosen: Vec<Group>,
}

impl Key {
    pub(super) fn new(schemas: &Schemas<'_>, ids: impl IntoIterator<Item = SchemaId>) -> Key {
        Key {
            schemas: schemas.canonical(ids),
            chosen: Vec::new(),
        }
    }

    /// Whether anything goes.
    pub(super) fn is_free(&self) -> bool {
        self.schemas.is_empty()
    }
}

/// A keyword with branches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Group {
    /// The schema it stands in.
    pub(super) schema: SchemaId,
    /// The keyword.
    pub(super) via: Via,
}

/// The keywords with branches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Via {
    /// `oneOf`
    OneOf,
    /// `anyOf`
    AnyOf,
    /// `if` with `then` and `else`.
    If,
    /// An entry of `dependentSchemas`.
    Dependent(usize),
}

/// What the schemas of a position say together.
#[derive(Clone)]
pub(super) struct View<'s> {
    /// Every schema with something to say, what is extended before what extends it.
    pub(super) parts: Vec<(SchemaId, &'s Keywords)>,
    /// Choices that are open.
    pub(super) groups: Vec<Group>,
    /// The kinds of instance that are left.
    pub(super) kinds: Kinds,
    /// The only values that are left, when the schemas list them.
    pub(super) values: Option<Vec<Json>>,
    /// Kinds about which the schemas say more than kinds, values and the plain keywords of the parts.
    pub(super) unsaid: Kinds,
}

/// What applies to one member of an object.
#[derive(Clone, Default, Debug)]
pub(super) struct MemberRules {
    /// The schemas that must hold of its value.
    pub(super) schemas: Vec<SchemaId>,
    /// A part closes the object, and the member is none of those it knows.
    pub(super) shut_out: bool,
    /// A pattern could not be compiled, so that it is unknown whether more applies.
    pub(super) unsure: bool,
}

impl<'s> View<'s> {
    /// Spreads out a position.
    pub(super) fn of(schemas: &Schemas<'s>, key: &Key) -> View<'s> {
        let mut view = View {
            parts: Vec::new(),
            groups: Vec::new(),
            kinds: Kinds::ALL,
            values: None,
            unsaid: Kinds::NONE,
        };
        for id in schemas.spread(&key.schemas, false) {
            match &schemas.set.get(id).body {
                Body::Bool(true) => {}
                Body::Bool(false) => view.kinds = Kinds::NONE,
                Body::Keywords(keywords) => view.add(schemas, id, keywords, &key.chosen),
            }
        }
        if let Some(values) = &mut view.values {
            let kinds = view.kinds;
            values.retain(|value| kinds.meets(Kinds::of(value)));
            let left = values
                .iter()
                .fold(Kinds::NONE, |all, value| all.or(Kinds::of(value)));
            view.kinds = left.and(kinds);
        }
        view
    }

    fn add(
        &mut self,
        schemas: &Schemas<'s>,
        id: SchemaId,
        keywords: &'s Keywords,
        chosen: &[Group],
    ) {
        self.groups
            .extend(schemas::groups(id, keywords).filter(|group| !chosen.contains(group)));
        if keywords.dynamic_ref.is_some() && schemas.dynamic_target(keywords).is_none() {
            self.unsaid = Kinds::ALL;
        }
        if !schemas.says_something(keywords) {
            return;
        }
        if schemas.forbids(id) {
            self.kinds = Kinds::NONE;
        }
        let mut kinds = Kinds::of_types(&keywords.types);
        if keywords.nullable && kinds != Kinds::ALL {
            kinds = kinds.or(Kinds::NULL);
        }
        self.kinds = self.kinds.and(kinds);
        let constant = keywords.const_.as_ref().map(std::slice::from_ref);
        for list in [keywords.enum_.as_deref(), constant].into_iter().flatten() {
            self.only(list);
        }
        self.unsaid = self.unsaid.or(schemas.unsaid(keywords));
        self.parts.push((id, keywords));
    }

    /// Only the values of a list are left.
    fn only(&mut self, list: &[Json]) {
        match &mut self.values {
            Some(values) => values.retain(|value| list.contains(value)),
            None => {
                let mut seen = BTreeSet::new();
                let fresh = list.iter().filter(|value| seen.insert(value.to_string()));
                self.values = Some(fresh.cloned().collect());
            }
        }
    }

    /// Whether nothing is asked of the value.
    pub(super) fn is_free(&self) -> bool {
        self.parts.is_empty()
            && self.groups.is_empty()
            && self.kinds == Kinds::ALL
            && self.unsaid.is_empty()
    }

    /// Whether a part speaks about objects and their members, whatever else it allows.
    pub(super) fn speaks_of_objects(&self, schemas: &Schemas<'_>) -> bool {
        self.parts.iter().any(|(_, part)| {
            !part.properties.is_empty()
                || !part.required.is_empty()
                || !part.pattern_properties.is_empty()
                || schemas.strict(part.additional_properties).is_some()
        })
    }

    /// Whether a part speaks about arrays and their items, whatever else it allows.
    pub(super) fn speaks_of_arrays(&self, schemas: &Schemas<'_>) -> bool {
        self.parts
            .iter()
            .any(|(_, part)| schemas.strict(part.items).is_some() || !part.prefix_items.is_empty())
    }

    /// Whether a part describes members by name.
    pub(super) fn describes_members(&self) -> bool {
        self.parts
            .iter()
            .any(|(_, part)| !part.properties.is_empty())
    }

    /// Whether the objects of this view must have a member.
    pub(super) fn requires(&self, name: &str) -> bool {
        self.parts
            .iter()
            .any(|(_, part)| part.required.iter().any(|required| required == name))
    }

    /// What applies to the member of a name.
    pub(super) fn member(&self, schemas: &Schemas<'_>, name: &str) -> MemberRules {
        let mut rules = MemberRules::default();
        for (_, part) in &self.parts {
            let mut known = false;
            if let Some(entry) = part.properties.iter().find(|entry| entry.name == name) {
                known = true;
                rules.schemas.push(entry.schema);
            }
            for entry in &part.pattern_properties {
                match schemas.matches(&entry.name, name) {
                    Some(true) => {
                        known = true;
                        rules.schemas.push(entry.schema);
                    }
                    Some(false) => {}
                    None => {
                        known = true;
                        rules.unsure = true;
                    }
                }
            }
            if let Some(rest) = part.additional_properties.filter(|_| !known) {
                rules.shut_out |= schemas.forbids(rest);
                rules.schemas.push(rest);
            }
        }
        rules
    }
}
