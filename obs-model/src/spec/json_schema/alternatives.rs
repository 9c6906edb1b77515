//! The choices of a position: which branches become alternatives, which only add conditions, which one struct covers.

use super::kinds::Kinds;
use super::schemas::Schemas;
use super::view::{Group, Key, Via, View};
use obs_schema::json_schema::SchemaId;

/// So many alternatives with parts of their own may come from one position; more are covered by one struct.
const MAX_STRUCTURED: usize = 48;

/// So many alternatives of any kind.
const MAX_ALTERNATIVES: usize = 4096;

/// Choices nest this deep.
const MAX_DEPTH: usize = 48;

/// One way a value may be valid.
#[derive(Clone)]
pub(super) struct Alternative<'s> {
    /// Its name.
    pub(super) key: Key,
    /// What it says, without open choices.
    pub(super) view: View<'s>,
    /// Choices that a struct covers by making optional what their branches add.
    pub(super) joins: Vec<Group>,
    /// A branch of `anyOf` was taken: others may hold as well.
    pub(super) any_of: bool,
}

/// All ways.
pub(super) struct Alternatives<'s> {
    pub(super) list: Vec<Alternative<'s>>,
    /// Exactly one of them may hold.
    pub(super) exclusive: bool,
    /// Two branches of a `oneOf` are the same, or something was cut short: the list says less than the schema.
    pub(super) loose: bool,
    /// Branches were left out of the shape because they only add conditions.
    pub(super) dropped: bool,
}

/// What becomes of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    /// Its branches become alternatives.
    Expand,
    /// Its branches only add conditions.
    Drop,
    /// What its branches add becomes optional.
    Join,
}

/// Finds the alternatives of a position.
///
/// A root that describes members keeps one struct, since an event's fields must be found in one place.
pub(super) fn of<'s>(schemas: &Schemas<'s>, key: &Key, root: bool) -> Alternatives<'s> {
    let mut expansion = Expansion {
        schemas,
        root,
        open: Vec::new(),
        out: Alternatives {
            list: Vec::new(),
            exclusive: false,
            loose: false,
            dropped: false,
        },
    };
    expansion.expand(key.clone(), 1, false);
    expansion.out
}

struct Expansion<'a, 's> {
    schemas: &'a Schemas<'s>,
    root: bool,
    open: Vec<Key>,
    out: Alternatives<'s>,
}

impl<'s> Expansion<'_, 's> {
    fn expand(&mut self, key: Key, product: usize, any_of: bool) {
        if self.open.contains(&key) {
            return; // an alternative that is its own alternative adds nothing
        }
        let mut view = View::of(self.schemas, &key);
        let mut joins = Vec::new();
        let pure = view.parts.is_empty() && view.groups.len() == 1;
        for group in std::mem::take(&mut view.groups) {
            let branches = self.schemas.branches(group);
            match self.mode(&view, group, &branches, pure, product) {
                Mode::Drop => {
                    view.unsaid = Kinds::ALL;
                    self.out.dropped |= matches!(group.via, Via::OneOf | Via::AnyOf);
                }
                Mode::Join => {
                    self.narrow(&mut view, group, &branches);
                    view.unsaid = Kinds::ALL;
                    joins.push(group);
                }
                Mode::Expand => {
                    let any_of = any_of || group.via == Via::AnyOf;
                    self.open.push(key.clone());
                    self.branches(&key, group, &branches, pure, product, any_of);
                    self.open.pop();
                    return;
                }
            }
        }
        if view.kinds.is_empty() {
            return;
        }
        if self.out.list.len() >= MAX_ALTERNATIVES {
            self.out.loose = true;
        }
        self.out.list.push(Alternative {
            key,
            view,
            joins,
            any_of,
        });
    }

    /// Turns the branches of a group into alternatives.
    fn branches(
        &mut self,
        key: &Key,
        group: Group,
        branches: &[Vec<SchemaId>],
        pure: bool,
        product: usize,
        any_of: bool,
    ) {
        self.out.exclusive |= group.via == Via::OneOf && branches.len() > 1;
        let weight = branches
            .iter()
            .filter(|branch| self.is_structured(branch))
            .count()
            .max(1);
        let mut seen: Vec<Key> = Vec::new();
        for branch in branches {
            let child = if pure {
                Key::new(self.schemas, branch.iter().copied())
            } else {
                let both = key.schemas.iter().chain(branch).copied();
                let mut chosen = key.chosen.clone();
                chosen.push(group);
                Key {
                    chosen,
                    ..Key::new(self.schemas, both)
                }
            };
            if seen.contains(&child) {
                self.out.loose |= group.via == Via::OneOf;
                continue;
            }
            if seen.len() < 256 {
                seen.push(child.clone()); // beyond that, repetitions only cost time
            }
            self.expand(child, product * weight, any_of);
        }
    }

    fn mode(
        &self,
        view: &View<'s>,
        group: Group,
        branches: &[Vec<SchemaId>],
        pure: bool,
        product: usize,
    ) -> Mode {
        let kinds = if view.kinds == Kinds::ALL && view.speaks_of_objects(self.schemas) {
            Kinds::OBJECT
        } else {
            view.kinds
        };
        let adds = |branch: &Vec<SchemaId>| self.adds(view, kinds, branch, 0);
        if matches!(group.via, Via::If | Via::Dependent(_)) {
            let adds = kinds.meets(Kinds::OBJECT) && branches.iter().any(adds);
            return if adds { Mode::Join } else { Mode::Drop };
        }
        let structured = branches
            .iter()
            .filter(|branch| self.is_structured(branch))
            .count();
        let many = self.open.len() >= MAX_DEPTH
            || self.out.list.len() + branches.len() - structured > MAX_ALTERNATIVES
            || kinds.meets(Kinds::STRUCTURED) && product * structured > MAX_STRUCTURED;
        if many {
            return Mode::Join;
        }
        if pure || !kinds.meets(Kinds::STRUCTURED) {
            return Mode::Expand;
        }
        if !branches.iter().any(adds) {
            return Mode::Drop;
        }
        if self.root && self.open.is_empty() && view.describes_members() {
            return Mode::Join;
        }
        Mode::Expand
    }

    /// Whether a branch can be an object or an array.
    fn is_structured(&self, branch: &[SchemaId]) -> bool {
        let key = Key::new(self.schemas, branch.iter().copied());
        View::of(self.schemas, &key).kinds.meets(Kinds::STRUCTURED)
    }

    /// A joined group still leaves no more kinds than its branches do.
    fn narrow(&self, view: &mut View<'s>, group: Group, branches: &[Vec<SchemaId>]) {
        if matches!(group.via, Via::If | Via::Dependent(_)) {
            return;
        }
        let kinds = branches.iter().fold(Kinds::NONE, |all, branch| {
            let key = Key::new(self.schemas, branch.iter().copied());
            all.or(View::of(self.schemas, &key).kinds)
        });
        view.kinds = view.kinds.and(kinds);
    }

    /// Whether a branch describes more than the position does without it, so that leaving it out would lose types.
    fn adds(&self, base: &View<'s>, kinds: Kinds, branch: &[SchemaId], depth: usize) -> bool {
        if depth > 8 {
            return true;
        }
        let schemas = self.schemas;
        let view = View::of(schemas, &Key::new(schemas, branch.iter().copied()));
        if !view.kinds.covers(kinds) {
            return true;
        }
        if view.values.is_some() && !Kinds::STRUCTURED.covers(kinds) {
            return true;
        }
        for (id, part) in &view.parts {
            if base.parts.iter().any(|(other, _)| other == id) {
                continue;
            }
            let names = part.properties.iter();
            let mut entries = names.chain(&part.pattern_properties);
            if entries.any(|entry| self.adds_member(base, &entry.name, entry.schema)) {
                return true;
            }
            let rest = schemas.strict(part.additional_properties);
            if rest.is_some_and(|rest| !schemas.forbids(rest)) {
                return true;
            }
            let items = schemas.strict(part.items).is_some() || !part.prefix_items.is_empty();
            if kinds.meets(Kinds::ARRAY) && items {
                return true;
            }
        }
        view.groups.iter().any(|group| {
            let branches = schemas.branches(*group);
            branches
                .iter()
                .any(|branch| self.adds(base, kinds, branch, depth + 1))
        })
    }

    fn adds_member(&self, base: &View<'s>, name: &str, schema: SchemaId) -> bool {
        if self.schemas.forbids(schema) || self.schemas.says_nothing(schema) {
            return false;
        }
        let rules = base.member(self.schemas, name);
        if rules.shut_out {
            return false;
        }
        let before = View::of(self.schemas, &Key::new(self.schemas, rules.schemas));
        is_weak(self.schemas, &before) && {
            let after = View::of(self.schemas, &Key::new(self.schemas, [schema]));
            before.is_free() || is_strong(self.schemas, &after)
        }
    }
}

/// Whether a view leaves open what its objects and arrays are made of.
pub(super) fn is_weak(schemas: &Schemas<'_>, view: &View<'_>) -> bool {
    view.kinds.meets(Kinds::STRUCTURED) && view.groups.is_empty() && !is_strong(schemas, view)
}

/// Whether a view says what its objects or arrays are made of.
fn is_strong(schemas: &Schemas<'_>, view: &View<'_>) -> bool {
    view.speaks_of_objects(schemas) || view.speaks_of_arrays(schemas) || !view.groups.is_empty()
}
