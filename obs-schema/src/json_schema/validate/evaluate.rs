//! The evaluator: one walk over instance and schema together.
//!
//! A walk either collects every violation or only answers whether there is one; branches of `anyOf` and
//! the like are always walked the second way. What has been evaluated is tracked only below a schema that asks.

use super::compile::{
    ArrayRules, Compiled, CompiledBody, Contains, NumberRules, ObjectRules, Rules, StringRules,
};
use super::scope::{ScopeId, Scopes};
use super::seen::Seen;
use super::{Validator, Violation};
use crate::json::{Json, Number};
use crate::json_schema::{equal, format, number};
use crate::table::{Numbered, Table};
use std::cmp::Ordering;

/// Schemas may be entered this deep; an instance nested beyond reason is refused before it overflows the stack.
const MAX_DEPTH: usize = 512;

pub(super) fn all_violations(validator: &Validator, instance: &Json) -> Vec<Violation> {
    let mut walk = Walk::new(validator, true);
    walk.schema(0, instance, &Path::Root, None);
    walk.violations
}

pub(super) fn holds(validator: &Validator, instance: &Json) -> bool {
    let mut walk = Walk::new(validator, false);
    walk.schema(0, instance, &Path::Root, None) && !walk.given_up
}

/// The way from the root of the instance, on the stack, written out only when something does not hold.
pub(super) enum Path<'p> {
    Root,
    Key(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl Path<'_> {
    fn write(&self, out: &mut String) {
        match self {
            Path::Root => {}
            Path::Key(above, name) => {
                above.write(out);
                crate::json_schema::uri::push_segment(out, name);
            }
            Path::Index(above, at) => {
                above.write(out);
                out.push('/');
                out.push_str(itoa::Buffer::new().format(*at));
            }
        }
    }
}

/// Only what has parts is worth remembering verdicts of.
fn is_composite(instance: &Json) -> bool {
    matches!(instance, Json::Array(_) | Json::Object(_))
}

pub(super) struct Walk<'v> {
    pub(super) validator: &'v Validator,
    collect: bool,
    violations: Vec<Violation>,
    depth: usize,
    pub(super) scopes: Scopes,
    pub(super) scope: ScopeId,
    /// Verdicts of recursive schemas.
    /// Without them, a tree of `anyOf`s below `anyOf`s takes time exponential in the depth of the instance.
    known: Table<u128, Verdict>,
    /// The questions being answered, where dynamic references may come back to one.
    open: Vec<Asked>,
    /// No verdict is possible. What is told from then on is only the consequence of that.
    given_up: bool,
}

/// A schema, the address of an instance, which cannot move meanwhile, and the scope.
type Asked = (usize, usize, ScopeId);

/// Schemas and scopes are counted, so half as many bits do for each of them.
fn number((schema, instance, scope): Asked) -> u128 {
    (instance, schema << 32 | scope).number()
}

/// What a schema said of an instance.
#[derive(Clone, Copy)]
struct Verdict {
    holds: bool,
    /// What does not hold has been collected.
    collected: bool,
}

/// Where a rule is written.
#[derive(Clone, Copy)]
pub(super) struct At<'v> {
    schema: &'v Compiled,
}

impl<'v> Walk<'v> {
    fn new(validator: &'v Validator, collect: bool) -> Walk<'v> {
        Walk {
            validator,
            collect,
            violations: Vec::new(),
            depth: 0,
            scopes: Scopes::default(),
            scope: 0,
            known: Table::default(),
            open: Vec::new(),
            given_up: false,
        }
    }

    /// Notes that a rule does not hold; always answers `false`.
    #[cold]
    pub(super) fn fail(&mut self, at: At<'_>, rule: &'static str, path: &Path<'_>) -> bool {
        if self.collect && !self.given_up {
            self.note(at, rule, path);
        }
        false
    }

    /// Ends the walk without a verdict, which no `not` may turn into a good one.
    #[cold]
    fn give_up(&mut self, at: At<'_>, path: &Path<'_>) -> bool {
        self.given_up = true;
        self.note(at, "depth", path);
        false
    }

    fn note(&mut self, at: At<'_>, rule: &'static str, path: &Path<'_>) {
        let mut pointer = String::new();
        path.write(&mut pointer);
        let schema = format!("{}/{rule}", at.schema.pointer);
        self.violations.push(Violation {
            pointer,
            rule,
            schema,
        });
    }

    /// Whether to go on after a result.
    pub(super) fn goes_on(&self, holds: bool) -> bool {
        holds || self.collect
    }

    /// Applies a schema by index.
    pub(super) fn schema(
        &mut self,
        index: usize,
        instance: &Json,
        path: &Path<'_>,
        seen: Option<&mut Seen>,
    ) -> bool {
        let schema = &self.validator.schemas[index];
        let at = At { schema };
        let rules = match &schema.body {
            CompiledBody::Bool(true) => return true,
            CompiledBody::Bool(false) => return self.fail(at, "false", path),
            CompiledBody::Rules(rules) => rules,
        };
        if self.given_up {
            return false;
        }
        let outer = self.scope;
        self.scope = self.scopes.enter(outer, schema.resource);
        let asked = (index, std::ptr::from_ref(instance).addr(), self.scope);
        let holds = match self.remembered(schema, asked, instance, seen.is_some()) {
            Some(holds) => holds,
            None if self.depth == MAX_DEPTH || self.is_open(asked) => self.give_up(at, path),
            None => {
                self.depth += 1;
                self.open.push(asked);
                let holds = if rules.unevaluated_items.is_some()
                    || rules.unevaluated_properties.is_some()
                {
                    self.rules_then_rest(at, rules, instance, path, seen)
                } else {
                    self.rules(at, rules, instance, path, seen)
                };
                self.open.pop();
                self.depth -= 1;
                if schema.recursive && is_composite(instance) {
                    let collected = self.collect;
                    self.known
                        .insert(number(asked), Verdict { holds, collected });
                }
                holds
            }
        };
        self.scope = outer;
        holds
    }

    /// What a recursive schema has already said. With a record to keep it has to be asked again.
    fn remembered(
        &self,
        schema: &Compiled,
        asked: Asked,
        instance: &Json,
        recording: bool,
    ) -> Option<bool> {
        if !schema.recursive || recording || !is_composite(instance) {
            return None;
        }
        let verdict = self.known.get(&number(asked))?;
        (verdict.holds || verdict.collected || !self.collect).then_some(verdict.holds)
    }

    /// Whether the same is being asked already. Only dynamic references can come back: other circles were cut
    /// when the schema was read.
    fn is_open(&self, asked: Asked) -> bool {
        if self.validator.dynamic.is_empty() {
            return false;
        }
        for open in self.open.iter().rev() {
            if open.1 != asked.1 {
                break;
            }
            if *open == asked {
                return true;
            }
        }
        false
    }

    /// Applies a subschema for a keyword, whose name a plain `false` then bears.
    fn apply(
        &mut self,
        at: At<'_>,
        rule: &'static str,
        index: usize,
        instance: &Json,
        path: &Path<'_>,
    ) -> bool {
        match self.validator.schemas[index].body {
            CompiledBody::Bool(true) => true,
            CompiledBody::Bool(false) => self.fail(at, rule, path),
            CompiledBody::Rules(_) => self.schema(index, instance, path, None),
        }
    }

    /// Asks a schema without collecting what it finds wrong.
    pub(super) fn asks(
        &mut self,
        index: usize,
        instance: &Json,
        path: &Path<'_>,
        seen: Option<&mut Seen>,
    ) -> bool {
        let collect = std::mem::replace(&mut self.collect, false);
        let holds = self.schema(index, instance, path, seen);
        self.collect = collect;
        holds
    }

    /// With `unevaluated*`: everything else first, with a record of what it evaluates.
    fn rules_then_rest(
        &mut self,
        at: At<'_>,
        rules: &Rules,
        instance: &Json,
        path: &Path<'_>,
        seen: Option<&mut Seen>,
    ) -> bool {
        let mut own = Seen::default();
        let mut holds = self.rules(at, rules, instance, path, Some(&mut own));
        if self.goes_on(holds) {
            holds &= self.rest(at, rules, instance, path, &mut own);
        }
        if let Some(seen) = seen {
            seen.merge(&own);
        }
        holds
    }

    fn rest(
        &mut self,
        at: At<'_>,
        rules: &Rules,
        instance: &Json,
        path: &Path<'_>,
        seen: &mut Seen,
    ) -> bool {
        let mut holds = true;
        match instance {
            Json::Array(items) => {
                let Some(schema) = rules.unevaluated_items else {
                    return true;
                };
                for (index, item) in items.iter().enumerate() {
                    if !seen.has(index) {
                        holds &= self.apply(
                            at,
                            "unevaluatedItems",
                            schema,
                            item,
                            &Path::Index(path, index),
                        );
                        if !self.goes_on(holds) {
                            return false;
                        }
                    }
                }
                seen.mark_all();
            }
            Json::Object(members) => {
                let Some(schema) = rules.unevaluated_properties else {
                    return true;
                };
                for (index, (name, value)) in members.iter().enumerate() {
                    if !seen.has(index) {
                        holds &= self.apply(
                            at,
                            "unevaluatedProperties",
                            schema,
                            value,
                            &Path::Key(path, name),
                        );
                        if !self.goes_on(holds) {
                            return false;
                        }
                    }
                }
                seen.mark_all();
            }
            _ => {}
        }
        holds
    }

    /// Everything but `unevaluated*`.
    fn rules(
        &mut self,
        at: At<'_>,
        rules: &Rules,
        instance: &Json,
        path: &Path<'_>,
        mut seen: Option<&mut Seen>,
    ) -> bool {
        let mut holds = self.value(at, rules, instance, path);
        if !self.goes_on(holds) {
            return false;
        }
        match instance {
            Json::Number(value) => {
                if let Some(rules) = &rules.number {
                    holds &= self.number(at, rules, value, path);
                }
            }
            Json::String(text) => {
                if let Some(rules) = &rules.string {
                    holds &= self.string(at, rules, text, path);
                }
            }
            Json::Array(items) => {
                if let Some(rules) = &rules.array {
                    holds &= self.array(at, rules, items, path, seen.as_deref_mut());
                }
            }
            Json::Object(members) => {
                if let Some(rules) = &rules.object {
                    holds &= self.object(at, rules, instance, members, path, seen.as_deref_mut());
                }
            }
            Json::Null | Json::Bool(_) => {}
        }
        for applicator in &rules.in_place {
            if !self.goes_on(holds) {
                return false;
            }
            holds &= self.in_place(at, applicator, instance, path, seen.as_deref_mut());
        }
        holds
    }

    /// `type`, `const` and `enum`.
    fn value(&mut self, at: At<'_>, rules: &Rules, instance: &Json, path: &Path<'_>) -> bool {
        let mut holds = true;
        if !rules.types.allow(instance) {
            holds = self.fail(at, "type", path);
        }
        if let Some(value) = &rules.const_
            && !equal::equal(value, instance)
        {
            holds = self.fail(at, "const", path);
        }
        if let Some(values) = &rules.enum_
            && !values.iter().any(|value| equal::equal(value, instance))
        {
            holds = self.fail(at, "enum", path);
        }
        holds
    }

    fn number(&mut self, at: At<'_>, rules: &NumberRules, value: &Number, path: &Path<'_>) -> bool {
        use Ordering::{Equal, Greater, Less};
        let bounds: [(&Option<Number>, &'static str, &[Ordering]); 4] = [
            (&rules.minimum, "minimum", &[Greater, Equal]),
            (&rules.maximum, "maximum", &[Less, Equal]),
            (&rules.exclusive_minimum, "exclusiveMinimum", &[Greater]),
            (&rules.exclusive_maximum, "exclusiveMaximum", &[Less]),
        ];
        let mut holds = true;
        for (bound, rule, allowed) in bounds {
            if let Some(bound) = bound
                && !allowed.contains(&number::compare(value, bound))
            {
                holds = self.fail(at, rule, path);
            }
        }
        if let Some(of) = &rules.multiple_of
            && !number::is_multiple(value, of)
        {
            holds = self.fail(at, "multipleOf", path);
        }
        holds
    }

    fn string(&mut self, at: At<'_>, rules: &StringRules, text: &str, path: &Path<'_>) -> bool {
        let mut holds = true;
        if rules.min_length.is_some() || rules.max_length.is_some() {
            let length = text.chars().count() as u64;
            if rules.min_length.is_some_and(|min| length < min) {
                holds = self.fail(at, "minLength", path);
            }
            if rules.max_length.is_some_and(|max| length > max) {
                holds = self.fail(at, "maxLength", path);
            }
        }
        if rules
            .pattern
            .as_ref()
            .is_some_and(|pattern| !pattern.is_match(text))
        {
            holds = self.fail(at, "pattern", path);
        }
        if rules
            .format
            .as_ref()
            .is_some_and(|name| format::check(name, text) == Some(false))
        {
            holds = self.fail(at, "format", path);
        }
        holds
    }

    fn array(
        &mut self,
        at: At<'_>,
        rules: &ArrayRules,
        items: &[Json],
        path: &Path<'_>,
        mut seen: Option<&mut Seen>,
    ) -> bool {
        let mut holds = true;
        if rules
            .min_items
            .is_some_and(|min| (items.len() as u64) < min)
        {
            holds = self.fail(at, "minItems", path);
        }
        if rules.max_items.is_some_and(|max| items.len() as u64 > max) {
            holds = self.fail(at, "maxItems", path);
        }
        if rules.unique_items && self.goes_on(holds) && !equal::all_unique(items) {
            holds = self.fail(at, "uniqueItems", path);
        }
        for (index, item) in items.iter().enumerate() {
            let (rule, schema) = match (rules.prefix.get(index), rules.items) {
                (Some(schema), _) => (rules.prefix_name, *schema),
                (None, Some(schema)) => (rules.items_name, schema),
                (None, None) => break,
            };
            if !self.goes_on(holds) {
                return false;
            }
            holds &= self.apply(at, rule, schema, item, &Path::Index(path, index));
        }
        if let Some(seen) = seen.as_deref_mut() {
            seen.mark_below(if rules.items.is_some() {
                items.len()
            } else {
                rules.prefix.len()
            });
        }
        if let Some(contains) = &rules.contains
            && self.goes_on(holds)
        {
            holds &= self.contains(at, contains, items, path, seen);
        }
        holds
    }

    fn contains(
        &mut self,
        at: At<'_>,
        contains: &Contains,
        items: &[Json],
        path: &Path<'_>,
        mut seen: Option<&mut Seen>,
    ) -> bool {
        let least = contains.min.unwrap_or(1);
        let enough = contains.max.map_or(least, |max| max.saturating_add(1));
        let mut count = 0u64;
        for (index, item) in items.iter().enumerate() {
            if seen.is_none() && count >= enough {
                break;
            }
            if self.asks(contains.schema, item, &Path::Index(path, index), None) {
                count += 1;
                if contains.evaluates
                    && let Some(seen) = seen.as_deref_mut()
                {
                    seen.mark(index);
                }
            }
        }
        if count < least {
            let rule = if contains.min.is_some() {
                "minContains"
            } else {
                "contains"
            };
            return self.fail(at, rule, path);
        }
        if contains.max.is_some_and(|max| count > max) {
            return self.fail(at, "maxContains", path);
        }
        true
    }

    fn object(
        &mut self,
        at: At<'_>,
        rules: &ObjectRules,
        instance: &Json,
        members: &[(String, Json)],
        path: &Path<'_>,
        mut seen: Option<&mut Seen>,
    ) -> bool {
        let has = |name: &str| members.iter().any(|(key, _)| key == name);
        let mut holds = true;
        if rules
            .min_properties
            .is_some_and(|min| (members.len() as u64) < min)
        {
            holds = self.fail(at, "minProperties", path);
        }
        if rules
            .max_properties
            .is_some_and(|max| members.len() as u64 > max)
        {
            holds = self.fail(at, "maxProperties", path);
        }
        for name in &rules.required {
            if !has(name) {
                holds = self.fail(at, "required", &Path::Key(path, name));
            }
        }
        for (name, needed) in &rules.dependent_required {
            if !has(name) {
                continue;
            }
            for name in needed {
                if !has(name) {
                    holds = self.fail(at, "dependentRequired", &Path::Key(path, name));
                }
            }
        }
        if rules.looks_at_members() {
            for (index, (name, value)) in members.iter().enumerate() {
                if !self.goes_on(holds) {
                    return false;
                }
                let (fits, known) = self.member(at, rules, name, value, path);
                holds &= fits;
                if known && let Some(seen) = seen.as_deref_mut() {
                    seen.mark(index);
                }
            }
        }
        for (name, schema) in &rules.dependent_schemas {
            if !has(name) {
                continue;
            }
            if !self.goes_on(holds) {
                return false;
            }
            holds &= self.same_place(
                at,
                "dependentSchemas",
                *schema,
                instance,
                path,
                seen.as_deref_mut(),
            );
        }
        holds
    }

    /// One member: whether it holds, and whether a keyword other than `propertyNames` looked at it.
    fn member(
        &mut self,
        at: At<'_>,
        rules: &ObjectRules,
        name: &str,
        value: &Json,
        path: &Path<'_>,
    ) -> (bool, bool) {
        let path = Path::Key(path, name);
        let mut holds = true;
        let mut known = false;
        if let Some(schema) = rules.property(name) {
            known = true;
            holds &= self.apply(at, "properties", schema, value, &path);
        }
        for (pattern, schema) in &rules.patterns {
            if pattern.is_match(name) {
                known = true;
                holds &= self.apply(at, "patternProperties", *schema, value, &path);
            }
        }
        if let (false, Some(schema)) = (known, rules.additional) {
            known = true;
            holds &= self.apply(at, "additionalProperties", schema, value, &path);
        }
        if let Some(schema) = rules.names {
            holds &= self.apply(
                at,
                "propertyNames",
                schema,
                &Json::String(name.to_owned()),
                &path,
            );
        }
        (holds, known)
    }
}
