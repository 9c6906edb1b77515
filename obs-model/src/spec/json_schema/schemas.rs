//! Questions about single schemas: where a reference leads, what has branches, what says anything at all.

use super::kinds::Kinds;
use super::view::{Group, Via};
use obs_schema::json_schema::pattern::Pattern;
use obs_schema::json_schema::{Body, Keywords, SchemaId, Set};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The schemas of a run, with the expressions of `patternProperties` compiled once.
pub(super) struct Schemas<'s> {
    pub(super) set: &'s Set,
    patterns: RefCell<BTreeMap<String, Option<Pattern>>>,
}

impl<'s> Schemas<'s> {
    pub(super) fn new(set: &'s Set) -> Schemas<'s> {
        Schemas {
            set,
            patterns: RefCell::default(),
        }
    }

    pub(super) fn keywords(&self, id: SchemaId) -> Option<&'s Keywords> {
        match &self.set.get(id).body {
            Body::Keywords(keywords) => Some(keywords),
            Body::Bool(_) => None,
        }
    }

    /// Whether a pattern matches a name; nothing when it is no pattern.
    pub(super) fn matches(&self, pattern: &str, name: &str) -> Option<bool> {
        let mut patterns = self.patterns.borrow_mut();
        if !patterns.contains_key(pattern) {
            let compiled = Pattern::new(pattern).ok();
            patterns.insert(pattern.to_owned(), compiled);
        }
        patterns
            .get(pattern)?
            .as_ref()
            .map(|pattern| pattern.is_match(name))
    }

    /// The schemas that hold together with the given ones: references and `allOf` followed, bases first, each once.
    ///
    /// Schemas whose keywords mean nothing beside their reference are among them only for the sake of annotations.
    pub(super) fn spread(&self, schemas: &[SchemaId], annotations: bool) -> Vec<SchemaId> {
        enum Step {
            Enter(SchemaId),
            Leave(SchemaId),
        }
        let mut out = Vec::new();
        let mut seen = BTreeSet::new();
        // A stack of our own: a chain of references may be longer than the program's.
        let mut steps: Vec<Step> = schemas.iter().rev().map(|id| Step::Enter(*id)).collect();
        while let Some(step) = steps.pop() {
            let id = match step {
                Step::Leave(id) => {
                    out.push(id);
                    continue;
                }
                Step::Enter(id) if seen.insert(id) => id,
                Step::Enter(_) => continue,
            };
            let Some(keywords) = self.keywords(id) else {
                out.push(id);
                continue;
            };
            if let Some(target) = self.lone_reference(id) {
                if annotations {
                    steps.push(Step::Leave(id));
                }
                steps.push(Step::Enter(target));
                continue;
            }
            steps.push(Step::Leave(id));
            steps.extend(keywords.all_of.iter().rev().map(|id| Step::Enter(*id)));
            steps.extend(self.dynamic_target(keywords).map(Step::Enter));
            steps.extend(keywords.ref_.map(Step::Enter));
        }
        out
    }

    /// The target of a reference whose siblings mean nothing, as in draft-07.
    pub(super) fn lone_reference(&self, id: SchemaId) -> Option<SchemaId> {
        let alone = self.set.get(id).dialect.ref_stands_alone();
        self.keywords(id)?.ref_.filter(|_| alone)
    }

    /// The one schema a dynamic reference can mean. Nothing when several schemas answer to the name.
    pub(super) fn dynamic_target(&self, keywords: &Keywords) -> Option<SchemaId> {
        let (target, name) = keywords.dynamic_ref.as_ref()?;
        let candidates = self
            .set
            .dynamic_anchors
            .iter()
            .filter(|((_, anchor), _)| anchor == name);
        (candidates.count() <= 1).then_some(*target)
    }

    /// The schema a schema merely points to, or itself.
    pub(super) fn behind(&self, mut id: SchemaId) -> SchemaId {
        // References cannot go round in place; the bound is for sets made by hand.
        for _ in 0..256 {
            let Some(keywords) = self.keywords(id) else {
                return id;
            };
            let next = match self.lone_reference(id) {
                Some(target) => Some(target),
                None if self.says_something(keywords) || groups(id, keywords).next().is_some() => {
                    None
                }
                None => match (
                    keywords.ref_,
                    keywords.all_of.as_slice(),
                    &keywords.dynamic_ref,
                ) {
                    (Some(target), [], None) => Some(target),
                    (None, [only], None) => Some(*only),
                    _ => None,
                },
            };
            match next {
                Some(next) => id = next,
                None => return id,
            }
        }
        id
    }

    /// Brings schemas that hold together into one form: aliases followed, what says nothing left out, each once.
    pub(super) fn canonical(&self, schemas: impl IntoIterator<Item = SchemaId>) -> Vec<SchemaId> {
        let mut out: Vec<SchemaId> = Vec::new();
        for id in schemas {
            let id = self.behind(id);
            if !self.says_nothing(id) && !out.contains(&id) {
                out.push(id);
            }
        }
        out
    }

    /// Whether a schema allows everything, as far as one can see at once.
    pub(super) fn says_nothing(&self, id: SchemaId) -> bool {
        match &self.set.get(id).body {
            Body::Bool(value) => *value,
            Body::Keywords(keywords) => {
                keywords.ref_.is_none()
                    && keywords.dynamic_ref.is_none()
                    && keywords.all_of.is_empty()
                    && !self.says_something(keywords)
                    && groups(id, keywords).next().is_none()
            }
        }
    }

    /// Whether a schema forbids everything, as far as one can see at once.
    pub(super) fn forbids(&self, id: SchemaId) -> bool {
        match &self.set.get(id).body {
            Body::Bool(value) => !value,
            Body::Keywords(keywords) => keywords.not.is_some_and(|not| self.says_nothing(not)),
        }
    }

    /// A subschema that is there and does not allow everything.
    pub(super) fn strict(&self, schema: Option<SchemaId>) -> Option<SchemaId> {
        schema.filter(|id| !self.says_nothing(*id))
    }

    /// Whether a schema's own keywords, its references and branches left aside, forbid anything.
    pub(super) fn says_something(&self, keywords: &Keywords) -> bool {
        !keywords.types.is_empty()
            || keywords.enum_.is_some()
            || keywords.const_.is_some()
            || keywords.not.is_some()
            || speaks_of_members(keywords)
            || self.strict(keywords.additional_properties).is_some()
            || self.strict(keywords.unevaluated_properties).is_some()
            || self.strict(keywords.property_names).is_some()
            || keywords.min_properties.is_some()
            || keywords.max_properties.is_some()
            || !keywords.prefix_items.is_empty()
            || self.strict(keywords.items).is_some()
            || self.strict(keywords.unevaluated_items).is_some()
            || keywords.contains.is_some()
            || keywords.min_items.is_some()
            || keywords.max_items.is_some()
            || keywords.unique_items
            || speaks_of_text(keywords)
            || speaks_of_size(keywords)
    }

    /// The kinds about which a schema says something that no type and no assertion carries.
    ///
    /// Members matched by patterns and unevaluated members are judged where records are made.
    pub(super) fn unsaid(&self, keywords: &Keywords) -> Kinds {
        if keywords.not.is_some() {
            return Kinds::ALL;
        }
        let mut kinds = Kinds::NONE;
        let names = self.strict(keywords.property_names).is_some();
        if names || !keywords.dependent_required.is_empty() {
            kinds = kinds.or(Kinds::OBJECT);
        }
        if keywords.contains.is_some() || self.strict(keywords.unevaluated_items).is_some() {
            kinds = kinds.or(Kinds::ARRAY);
        }
        kinds
    }

    /// The branches of a group: for each, the schemas that hold when it is taken.
    pub(super) fn branches(&self, group: Group) -> Vec<Vec<SchemaId>> {
        let Some(keywords) = self.keywords(group.schema) else {
            return Vec::new();
        };
        match group.via {
            Via::OneOf => keywords.one_of.iter().map(|id| vec![*id]).collect(),
            Via::AnyOf => keywords.any_of.iter().map(|id| vec![*id]).collect(),
            Via::If => vec![
                keywords.if_.into_iter().chain(keywords.then).collect(),
                keywords.else_.into_iter().collect(),
            ],
            Via::Dependent(at) => {
                let entry = keywords.dependent_schemas.get(at);
                vec![
                    entry.map(|entry| entry.schema).into_iter().collect(),
                    Vec::new(),
                ]
            }
        }
    }
}

/// The keywords of a schema that have branches.
pub(super) fn groups(id: SchemaId, keywords: &Keywords) -> impl Iterator<Item = Group> + use<> {
    let one_of = (!keywords.one_of.is_empty()).then_some(Via::OneOf);
    let any_of = (!keywords.any_of.is_empty()).then_some(Via::AnyOf);
    let has_condition =
        keywords.if_.is_some() && (keywords.then.is_some() || keywords.else_.is_some());
    let condition = has_condition.then_some(Via::If);
    let dependent = (0..keywords.dependent_schemas.len()).map(Via::Dependent);
    let all = one_of
        .into_iter()
        .chain(any_of)
        .chain(condition)
        .chain(dependent);
    all.map(move |via| Group { schema: id, via })
}

/// Whether a schema names members of objects.
fn speaks_of_members(keywords: &Keywords) -> bool {
    !keywords.properties.is_empty()
        || !keywords.pattern_properties.is_empty()
        || !keywords.required.is_empty()
        || !keywords.dependent_required.is_empty()
}

/// Whether a schema says something about strings.
pub(super) fn speaks_of_text(keywords: &Keywords) -> bool {
    keywords.min_length.is_some()
        || keywords.max_length.is_some()
        || keywords.pattern.is_some()
        || keywords.format.is_some()
}

/// Whether a schema says something about the size of numbers.
pub(super) fn speaks_of_size(keywords: &Keywords) -> bool {
    keywords.minimum.is_some()
        || keywords.maximum.is_some()
        || keywords.exclusive_minimum.is_some()
        || keywords.exclusive_maximum.is_some()
        || keywords.multiple_of.is_some()
}
