//! What applies to the instance itself: references, `allOf`, `anyOf`, `oneOf`, `not` and `if`.

use super::compile::{CompiledBody, InPlace};
use super::evaluate::{At, Path, Walk};
use super::seen::Seen;
use crate::json::Json;

impl Walk<'_> {
    pub(super) fn in_place(
        &mut self,
        at: At<'_>,
        applicator: &InPlace,
        instance: &Json,
        path: &Path<'_>,
        seen: Option<&mut Seen>,
    ) -> bool {
        match applicator {
            InPlace::Ref(target) => self.same_place(at, "$ref", *target, instance, path, seen),
            InPlace::DynamicRef(target, name, rule) => {
                let target = name
                    .as_ref()
                    .map_or(*target, |name| self.dynamic_target(*target, name));
                self.same_place(at, rule, target, instance, path, seen)
            }
            InPlace::AllOf(list) => self.all_of(at, list, instance, path, seen),
            InPlace::AnyOf(list) => self.any_of(at, list, instance, path, seen),
            InPlace::OneOf(list) => self.one_of(at, list, instance, path, seen),
            InPlace::Not(schema) => {
                !self.asks(*schema, instance, path, None) || self.fail(at, "not", path)
            }
            InPlace::If { test, then, else_ } => {
                let (rule, branch) = match self.branch(*test, instance, path, seen) {
                    (true, seen) => ("then", then.map(|then| (then, seen))),
                    (false, seen) => ("else", else_.map(|else_| (else_, seen))),
                };
                branch.is_none_or(|(schema, seen)| {
                    self.same_place(at, rule, schema, instance, path, seen)
                })
            }
        }
    }

    /// The outermost resource on the way here that claims the anchor.
    fn dynamic_target(&self, target: usize, name: &str) -> usize {
        let all = &self.validator.dynamic;
        let find = |resource| {
            let at = all.binary_search_by(|((root, known), _)| {
                (*root, known.as_str()).cmp(&(resource, name))
            });
            at.ok().map(|at| all[at].1)
        };
        let found = self.scopes.outermost(self.scope, find);
        found.unwrap_or(target)
    }

    /// A schema that must hold of the same instance. Its record may go straight to ours: if it fails, so do we.
    pub(super) fn same_place(
        &mut self,
        at: At<'_>,
        rule: &'static str,
        index: usize,
        instance: &Json,
        path: &Path<'_>,
        seen: Option<&mut Seen>,
    ) -> bool {
        match self.validator.schemas[index].body {
            CompiledBody::Bool(false) => self.fail(at, rule, path),
            _ => self.schema(index, instance, path, seen),
        }
    }

    /// A schema that may fail: its record counts only if it holds.
    fn branch<'s>(
        &mut self,
        index: usize,
        instance: &Json,
        path: &Path<'_>,
        seen: Option<&'s mut Seen>,
    ) -> (bool, Option<&'s mut Seen>) {
        match seen {
            None => (self.asks(index, instance, path, None), None),
            Some(seen) => {
                let mut own = Seen::default();
                let holds = self.asks(index, instance, path, Some(&mut own));
                if holds {
                    seen.merge(&own);
                }
                (holds, Some(seen))
            }
        }
    }

    fn all_of(
        &mut self,
        at: At<'_>,
        list: &[usize],
        instance: &Json,
        path: &Path<'_>,
        mut seen: Option<&mut Seen>,
    ) -> bool {
        let mut holds = true;
        for index in list {
            holds &= self.same_place(at, "allOf", *index, instance, path, seen.as_deref_mut());
            if !self.goes_on(holds) {
                return false;
            }
        }
        holds
    }

    fn any_of(
        &mut self,
        at: At<'_>,
        list: &[usize],
        instance: &Json,
        path: &Path<'_>,
        mut seen: Option<&mut Seen>,
    ) -> bool {
        let mut holds = false;
        for index in list {
            let (fits, back) = self.branch(*index, instance, path, seen);
            seen = back;
            holds |= fits;
            // Who keeps a record needs to hear every branch.
            if holds && seen.is_none() {
                return true;
            }
        }
        holds || self.fail(at, "anyOf", path)
    }

    fn one_of(
        &mut self,
        at: At<'_>,
        list: &[usize],
        instance: &Json,
        path: &Path<'_>,
        mut seen: Option<&mut Seen>,
    ) -> bool {
        let mut count = 0;
        for index in list {
            let (fits, back) = self.branch(*index, instance, path, seen);
            seen = back;
            count += usize::from(fits);
            if count > 1 {
                break;
            }
        }
        count == 1 || self.fail(at, "oneOf", path)
    }
}
