//! Objects: structs with their fields, maps, and what happens to members nobody names.

use super::Decision;
use super::alternatives::{Alternative, is_weak};
use super::kinds::Kinds;
use super::lowering::{Job, Lowered, Lowering};
use super::names::Place;
use super::schemas::Schemas;
use super::view::{Group, Key, MemberRules, Via, View};
use crate::draft::FieldKeys;
use crate::keys;
use crate::model::{Assertion, Field, Record, Shape, Type, TypeId, TypeKind, Unknown};
use crate::spec::annotate;
use obs_schema::diag::{Diagnostic, nearest};
use obs_schema::json_schema::{Keywords, SchemaId};
use obs_schema::source::Loc;
use std::collections::BTreeSet;

/// What may stand beside the members that are named.
enum Rest {
    /// Nothing.
    Shut,
    /// Anything.
    Open,
    /// Whatever one of these allows.
    Any(Vec<Key>),
}

/// A member to be.
struct Name {
    name: String,
    loc: Loc,
    /// Only a branch that a struct covers speaks of it.
    joined: bool,
}

impl<'a> Lowering<'a> {
    /// The type of an object: a struct, or a map where it has no members of its own.
    pub(super) fn object(
        &mut self,
        alternative: &Alternative<'a>,
        place: &Place,
        is_whole: bool,
    ) -> Lowered {
        let view = &alternative.view;
        let is_root = is_whole && self.names.is_root(place.node);
        let named = view
            .parts
            .iter()
            .any(|(_, part)| !part.properties.is_empty() || !part.required.is_empty());
        let (rest, exact) = self.rest(alternative);
        if named || is_root || matches!(rest, Rest::Shut) || !alternative.joins.is_empty() {
            if let Some(id) = self.records.get(&alternative.key) {
                return Lowered::exact(Shape::Named(*id));
            }
            let id = self.reserve(place);
            self.records.insert(alternative.key.clone(), id);
            self.jobs.push_back(Job::Record(
                id,
                Box::new(alternative.clone()),
                place.clone(),
            ));
            return Lowered::exact(Shape::Named(id));
        }
        self.decide(place.node, Decision::Map);
        let value = self.rest_type(rest, place).unwrap_or_else(Lowered::json);
        let shape = Shape::Map(Box::new(value.ty));
        let ty = Type {
            assertions: assertions(view),
            ..Type::plain(shape)
        };
        Lowered {
            ty,
            exact: exact && value.exact && !view.unsaid.meets(Kinds::OBJECT),
        }
    }

    /// Fills in a struct.
    pub(super) fn record(&mut self, id: TypeId, alternative: &Alternative<'a>, place: &Place) {
        let view = &alternative.view;
        let (rest, mut exact) = self.rest(alternative);
        exact &= !view.unsaid.meets(Kinds::OBJECT);
        let shut = matches!(rest, Rest::Shut);
        let mut fields = Vec::new();
        for name in self.members(alternative) {
            if name.joined && shut {
                continue;
            }
            if let Some((field, field_exact)) = self.member(alternative, &name, shut, place) {
                exact &= field_exact;
                fields.push(field);
            }
        }
        let joined_shut = alternative.joins.iter().any(|group| self.all_shut(*group));
        self.decide(
            place.node,
            if shut || joined_shut {
                Decision::Record
            } else {
                Decision::OpenRecord
            },
        );
        if view.parts.len() > 1 {
            self.decide(place.node, Decision::MergedAllOf);
        }
        for group in &alternative.joins {
            let choice = matches!(group.via, Via::OneOf | Via::AnyOf);
            self.decide(
                place.node,
                if choice {
                    Decision::MergedOneOfIntoBase
                } else {
                    Decision::MergedConditions
                },
            );
        }
        let unknown = match rest {
            Rest::Shut => Unknown::Refuse,
            _ if joined_shut => Unknown::Refuse,
            Rest::Open if self.settings.keep_unknown => {
                Unknown::Keep(Box::new(Type::plain(Shape::Json)))
            }
            Rest::Open => Unknown::Skip,
            rest => match self.rest_type(rest, place) {
                Some(lowered) => {
                    exact &= lowered.exact;
                    Unknown::Keep(Box::new(lowered.ty))
                }
                None => Unknown::Skip,
            },
        };
        let record = Record {
            fields,
            unknown,
            unknown_ident: String::new(),
            assertions: assertions(view),
        };
        self.fill(id, TypeKind::Record(record), exact);
    }

    /// The members a struct has a field for, in the order of the schema.
    fn members(&self, alternative: &Alternative<'a>) -> Vec<Name> {
        let mut out: Vec<Name> = Vec::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for (_, part) in &alternative.view.parts {
            for entry in &part.properties {
                if seen.insert(entry.name.clone()) {
                    out.push(Name {
                        name: entry.name.clone(),
                        loc: entry.name_loc,
                        joined: false,
                    });
                }
            }
        }
        for (id, part) in &alternative.view.parts {
            for name in &part.required {
                if seen.insert(name.clone()) {
                    let loc = part
                        .place("required")
                        .unwrap_or(self.schemas.set.get(*id).loc);
                    out.push(Name {
                        name: name.clone(),
                        loc,
                        joined: false,
                    });
                }
            }
        }
        for group in &alternative.joins {
            self.joined_members(*group, 0, &mut |name, loc| {
                if seen.insert(name.to_owned()) {
                    out.push(Name {
                        name: name.to_owned(),
                        loc,
                        joined: true,
                    });
                }
            });
        }
        out
    }

    /// The members that the branches of a group describe.
    fn joined_members(&self, group: Group, depth: usize, visit: &mut dyn FnMut(&str, Loc)) {
        if depth > 6 {
            return;
        }
        for branch in self.schemas.branches(group) {
            let view = View::of(&self.schemas, &Key::new(&self.schemas, branch));
            for (_, part) in &view.parts {
                for entry in &part.properties {
                    if !self.schemas.forbids(entry.schema) {
                        visit(&entry.name, entry.name_loc);
                    }
                }
            }
            for group in view.groups {
                self.joined_members(group, depth + 1, visit);
            }
        }
    }

    /// A field, and whether its type says all there is to say. Nothing for a member that can never be there.
    fn member(
        &mut self,
        alternative: &Alternative<'a>,
        name: &Name,
        shut: bool,
        place: &Place,
    ) -> Option<(Field, bool)> {
        let view = &alternative.view;
        let rules = view.member(&self.schemas, &name.name);
        let required = view.requires(&name.name) || self.all_require(alternative, &name.name);
        let mut key = Key::new(&self.schemas, rules.schemas.iter().copied());
        let mut own = View::of(&self.schemas, &key);
        let mut exact = !rules.unsure;
        let mut never = false;
        if rules.shut_out || own.kinds.is_empty() {
            if !required && shut {
                self.decide(place.node, Decision::ImpossibleProperty);
                if !rules.schemas.iter().all(|id| self.schemas.forbids(*id)) {
                    self.impossible(view, name, "can never be there");
                }
                return None;
            }
            never = !required;
            if required {
                exact = false;
                self.impossible(
                    view,
                    name,
                    "is both required and forbidden, so that no object is valid",
                );
                let possible = rules
                    .schemas
                    .iter()
                    .copied()
                    .filter(|id| !self.schemas.forbids(*id));
                key = Key::new(&self.schemas, possible);
                own = View::of(&self.schemas, &key);
            }
        }
        let node = rules
            .schemas
            .iter()
            .copied()
            .find(|id| !self.schemas.forbids(*id));
        let below = place.below(&name.name, Some(node.unwrap_or(place.node)));
        let lowered = if never {
            self.decide(below.node, Decision::ImpossibleProperty);
            let assertions = vec![Assertion::Enum(Vec::new())];
            Lowered {
                ty: Type {
                    assertions,
                    ..Type::plain(Shape::Json)
                },
                exact: true,
            }
        } else if !alternative.joins.is_empty() && is_weak(&self.schemas, &own) {
            let (keys, node) = self.joined_keys(alternative, &name.name, &rules);
            let below = place.below(&name.name, node.or(Some(below.node)));
            self.any_of(keys, &below)
        } else {
            if node.is_none() {
                self.decide(place.node, Decision::UndescribedProperty);
            }
            self.ty(key, &below)
        };
        exact &= lowered.exact;
        Some((self.field(name, &rules, lowered.ty, required), exact))
    }

    fn field(&mut self, name: &Name, rules: &MemberRules, ty: Type, required: bool) -> Field {
        let keys = self.field_keys(&rules.schemas);
        let own: Vec<&Keywords> = rules
            .schemas
            .iter()
            .filter_map(|id| self.schemas.keywords(*id))
            .collect();
        Field {
            ident: name.name.clone(),
            wire: name.name.clone(),
            aliases: Vec::new(),
            ty: annotate::guard(ty, &keys),
            optional: !required,
            default: own
                .iter()
                .find_map(|part| part.default.as_ref())
                .map(|node| node.to_json()),
            doc: own.iter().find_map(|part| doc(part)),
            deprecated: own
                .iter()
                .find(|part| part.deprecated)
                .map(|part| deprecation(part)),
            obs: annotate::field_obs(&keys),
            keys,
            attributes: Vec::new(),
            loc: name.loc,
        }
    }

    /// What holds of a member in each branch of the first group that speaks of it.
    fn joined_keys(
        &self,
        alternative: &Alternative<'a>,
        name: &str,
        rules: &MemberRules,
    ) -> (Vec<Key>, Option<SchemaId>) {
        for group in &alternative.joins {
            let mut keys = Vec::new();
            let mut node = None;
            for branch in self.schemas.branches(*group) {
                let view = View::of(&self.schemas, &Key::new(&self.schemas, branch));
                let more = view.member(&self.schemas, name);
                if more.shut_out {
                    continue; // in this branch the member is not there
                }
                node = node.or(more.schemas.first().copied());
                let both = rules.schemas.iter().chain(&more.schemas).copied();
                keys.push(Key::new(&self.schemas, both));
            }
            if node.is_some() && !keys.is_empty() {
                return (keys, node);
            }
        }
        (
            vec![Key::new(&self.schemas, rules.schemas.iter().copied())],
            None,
        )
    }

    /// Whether every branch of some choice asks for a member.
    fn all_require(&self, alternative: &Alternative<'a>, name: &str) -> bool {
        alternative.joins.iter().any(|group| {
            let branches = self.schemas.branches(*group);
            matches!(group.via, Via::OneOf | Via::AnyOf)
                && branches.iter().all(|branch| {
                    let key = Key::new(&self.schemas, branch.iter().copied());
                    View::of(&self.schemas, &key).requires(name)
                })
        })
    }

    /// Whether every branch of a choice shuts out members it does not name.
    fn all_shut(&self, group: Group) -> bool {
        let branches = self.schemas.branches(group);
        matches!(group.via, Via::OneOf | Via::AnyOf)
            && branches.iter().all(|branch| {
                let key = Key::new(&self.schemas, branch.iter().copied());
                let view = View::of(&self.schemas, &key);
                view.groups.is_empty() && shuts(&self.schemas, &view)
            })
    }

    /// What may stand beside the named members, and whether that is all that is said about it.
    fn rest(&self, alternative: &Alternative<'a>) -> (Rest, bool) {
        let view = &alternative.view;
        let schemas = &self.schemas;
        if shuts(schemas, view) {
            return (Rest::Shut, true);
        }
        let mut exact = true;
        let mut common: Vec<SchemaId> = Vec::new();
        let mut patterned: Option<Vec<Option<SchemaId>>> = None;
        for (id, part) in &view.parts {
            let rest = schemas.strict(part.additional_properties);
            if part.pattern_properties.is_empty() {
                common.extend(rest);
            } else if patterned.is_some() {
                exact = false; // one list of patterns is enough to be sound
            } else {
                let all = part
                    .pattern_properties
                    .iter()
                    .find(|entry| matches_all(&entry.name));
                exact &= all.is_some() && part.pattern_properties.len() == 1;
                patterned = Some(match all {
                    Some(entry) => vec![Some(entry.schema)],
                    None => {
                        let each = part
                            .pattern_properties
                            .iter()
                            .map(|entry| Some(entry.schema));
                        let shut = rest.is_some_and(|rest| schemas.forbids(rest));
                        each.chain((!shut).then_some(rest)).collect()
                    }
                });
            }
            if let Some(rest) = schemas.strict(part.unevaluated_properties) {
                match self.unevaluated(alternative, *id, rest) {
                    Some(Rest::Shut) => return (Rest::Shut, exact),
                    Some(Rest::Any(_)) => common.push(rest),
                    Some(Rest::Open) => {}
                    None => exact = false,
                }
            }
        }
        match patterned {
            Some(list) => {
                let each = list
                    .into_iter()
                    .map(|one| Key::new(schemas, common.iter().copied().chain(one)));
                (Rest::Any(each.collect()), exact)
            }
            None if common.is_empty() => (Rest::Open, exact),
            None => (Rest::Any(vec![Key::new(schemas, common)]), exact),
        }
    }

    /// What `unevaluatedProperties` comes to where nothing conditional is involved. Nothing where something is.
    fn unevaluated(
        &self,
        alternative: &Alternative<'a>,
        id: SchemaId,
        rest: SchemaId,
    ) -> Option<Rest> {
        let view = &alternative.view;
        let simple = alternative.joins.is_empty()
            && !alternative.any_of
            && !view.unsaid.meets(Kinds::OBJECT);
        let mut below = self.schemas.spread(&[id], false);
        let chosen = &alternative.key.chosen;
        if !chosen.is_empty() && chosen.iter().all(|group| below.contains(&group.schema)) {
            // Branches that were taken belong to what was evaluated.
            below.extend(self.schemas.spread(&alternative.key.schemas, false));
        }
        let covers = view.parts.iter().all(|(part, _)| below.contains(part));
        let plain = view
            .parts
            .iter()
            .all(|(_, part)| part.pattern_properties.is_empty());
        if !simple || !covers || !plain {
            return None;
        }
        // Who judges every member, if only by saying `true`, has evaluated it.
        let judged = below.iter().any(|other| {
            self.schemas.keywords(*other).is_some_and(|other_part| {
                other_part.additional_properties.is_some()
                    || *other != id && other_part.unevaluated_properties.is_some()
            })
        });
        Some(match (judged, self.schemas.forbids(rest)) {
            (true, _) => Rest::Open,
            (false, true) => Rest::Shut,
            (false, false) => Rest::Any(Vec::new()),
        })
    }

    /// The type of members nobody names.
    fn rest_type(&mut self, rest: Rest, place: &Place) -> Option<Lowered> {
        let Rest::Any(keys) = rest else { return None };
        let node = keys.first().and_then(|key| key.schemas.last().copied());
        let below = place.below("value", node);
        let several = keys.len() > 1;
        let schemas: Vec<SchemaId> = keys.iter().flat_map(|key| key.schemas.clone()).collect();
        let lowered = self.any_of(keys, &below);
        Some(if several {
            lowered
        } else {
            self.guarded(&schemas, lowered)
        })
    }

    /// The `x-obs` keys that apply to a member: its own over those of what it refers to.
    pub(super) fn field_keys(&mut self, schemas: &[SchemaId]) -> FieldKeys {
        let mut out = FieldKeys::default();
        for id in self.schemas.spread(schemas, true) {
            if self.names.is_root(id) {
                continue; // those are keys of an event
            }
            let Some(keywords) = self.schemas.keywords(id) else {
                continue;
            };
            if let Some(member) = keywords
                .other
                .iter()
                .find(|member| member.name == annotate::KEY)
            {
                keys::overlay_field(self.cx, &mut out, &member.value);
            }
        }
        out
    }

    /// Wraps the type of an element or a branch as sensitive where its schema says so.
    pub(super) fn guarded(&mut self, schemas: &[SchemaId], lowered: Lowered) -> Lowered {
        let keys = self.field_keys(schemas);
        Lowered {
            ty: annotate::guard(lowered.ty, &keys),
            ..lowered
        }
    }

    /// A member that one schema describes and another forbids: rarely what the author meant.
    fn impossible(&mut self, view: &View<'a>, name: &Name, what: &str) {
        if view.parts.iter().any(|(node, _)| self.in_doubt(*node)) {
            return;
        }
        let shutting = view.parts.iter().find_map(|(_, part)| {
            let rest = part
                .additional_properties
                .filter(|rest| self.schemas.forbids(*rest))?;
            (!part.properties.iter().any(|entry| entry.name == name.name)).then_some(rest)
        });
        let described: BTreeSet<&str> = view
            .parts
            .iter()
            .flat_map(|(_, part)| &part.properties)
            .map(|entry| entry.name.as_str())
            .collect();
        // A member that only `required` knows is misspelt more often than not.
        let near = if described.contains(name.name.as_str()) {
            None
        } else {
            nearest(&name.name, described)
        };
        let help = match near {
            Some(near) => format!("write `{near}`, or describe the member where `additionalProperties` is false"),
            None => "describe the member where `additionalProperties` is false, or say `unevaluatedProperties` where the schemas are combined".to_owned(),
        };
        let message = format!("`{}` {what}", name.name);
        let mut diagnostic = Diagnostic::warning("never-valid", name.loc, message).help(help);
        if let Some(id) = shutting {
            diagnostic = diagnostic.other(self.schemas.set.get(id).loc, "forbidden here");
        }
        self.cx.push(diagnostic);
    }

    /// A node that has no good type, and why.
    pub(super) fn untyped(&mut self, node: SchemaId, what: &str) {
        self.decide(node, Decision::DegradedToJson);
        let schema = self.schemas.set.get(node);
        let pointer = if schema.pointer.is_empty() {
            "the root"
        } else {
            &schema.pointer
        };
        self.cx.push(
            Diagnostic::warning("untyped-node", schema.loc, format!("`{pointer}` {what}"))
                .help("describe the value more closely, or leave it: `validate` still checks it"),
        );
    }
}

/// Whether a part shuts out every member that no part names.
fn shuts(schemas: &Schemas<'_>, view: &View<'_>) -> bool {
    view.parts.iter().any(|(_, part)| {
        part.pattern_properties.is_empty()
            && part
                .additional_properties
                .is_some_and(|rest| schemas.forbids(rest))
    })
}

/// Patterns that match every name.
fn matches_all(pattern: &str) -> bool {
    matches!(
        pattern,
        "" | "^" | ".*" | "^.*" | "^.*$" | "^(.*)$" | ".+" | "^.+$" | "^(.+)$" | "."
    )
}

/// What must hold of an object as a whole.
fn assertions(view: &View<'_>) -> Vec<Assertion> {
    let parts = || view.parts.iter().map(|part| part.1);
    let mut out = Vec::new();
    let least = parts().filter_map(|part| part.min_properties).max();
    out.extend(
        least
            .filter(|least| *least > 0)
            .map(Assertion::MinProperties),
    );
    out.extend(
        parts()
            .filter_map(|part| part.max_properties)
            .min()
            .map(Assertion::MaxProperties),
    );
    if let Some(values) = &view.values {
        let objects = values
            .iter()
            .filter(|value| Kinds::of(value) == Kinds::OBJECT);
        out.push(Assertion::Enum(objects.cloned().collect()));
    }
    out
}

/// What a schema says about itself.
pub(super) fn doc(keywords: &Keywords) -> Option<String> {
    let mut out = match (&keywords.title, &keywords.description) {
        (Some(title), Some(text)) if !text.contains(title.as_str()) => {
            format!("{}\n\n{}", title.trim(), text.trim())
        }
        (_, Some(text)) | (Some(text), None) => text.trim().to_owned(),
        (None, None) => String::new(),
    };
    for (is, note) in [
        (keywords.read_only, "Read-only."),
        (keywords.write_only, "Write-only."),
    ] {
        if is {
            if !out.is_empty() {
                out.push_str("\n\n");
            }
            out.push_str(note);
        }
    }
    (!out.is_empty()).then_some(out)
}

/// Why something should no longer be used: the schema language has no place for a reason.
pub(super) fn deprecation(keywords: &Keywords) -> String {
    let note = keywords.other.iter().find(|member| {
        matches!(
            member.name.as_str(),
            "deprecationMessage" | "x-deprecated" | "x-deprecation"
        )
    });
    note.and_then(|member| member.value.as_str())
        .unwrap_or_default()
        .to_owned()
}
