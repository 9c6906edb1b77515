//! From the tree to a form that is quick to ask: what a root reaches, by kind of instance.

use super::{Validator, ValidatorOptions};
use crate::json::{Json, Number};
use crate::json_schema::cycles;
use crate::json_schema::pattern::Pattern;
use crate::json_schema::tree::{
    Body, Dialect, Entry, InstanceType, Keywords, Schema, SchemaId, Set,
};
use crate::table::{self, Numbered, Table};

/// A compiled schema. Others are named by their index.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    /// JSON pointer in its file.
    pub(super) pointer: String,
    /// The resource it belongs to, for the dynamic scope.
    pub(super) resource: SchemaId,
    /// It applies itself again further down, so its verdicts are worth remembering.
    pub(super) recursive: bool,
    pub(super) body: CompiledBody,
}

#[derive(Clone, Debug)]
pub(super) enum CompiledBody {
    Bool(bool),
    Rules(Box<Rules>),
}

/// What a schema asserts.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub(super) types: Types,
    pub(super) const_: Option<Json>,
    pub(super) enum_: Option<Vec<Json>>,
    pub(super) number: Option<NumberRules>,
    pub(super) string: Option<StringRules>,
    pub(super) array: Option<ArrayRules>,
    pub(super) object: Option<ObjectRules>,
    pub(super) in_place: Vec<InPlace>,
    pub(super) unevaluated_items: Option<usize>,
    pub(super) unevaluated_properties: Option<usize>,
}

impl Rules {
    /// All schemas it applies, in place or further down.
    fn applied(&self) -> Vec<usize> {
        let mut out: Vec<usize> = Vec::new();
        out.extend(self.unevaluated_items);
        out.extend(self.unevaluated_properties);
        if let Some(array) = &self.array {
            out.extend_from_slice(&array.prefix);
            out.extend(array.items);
            if let Some(contains) = &array.contains {
                out.push(contains.schema);
            }
        }
        if let Some(object) = &self.object {
            for (_, at) in &object.properties {
                out.push(*at);
            }
            for (_, at) in &object.dependent_schemas {
                out.push(*at);
            }
            for (_, at) in &object.patterns {
                out.push(*at);
            }
            out.extend(object.additional);
            out.extend(object.names);
        }
        for applicator in &self.in_place {
            match applicator {
                InPlace::Ref(at) | InPlace::DynamicRef(at, ..) | InPlace::Not(at) => out.push(*at),
                InPlace::AllOf(list) | InPlace::AnyOf(list) | InPlace::OneOf(list) => {
                    out.extend_from_slice(list);
                }
                InPlace::If { test, then, else_ } => {
                    out.push(*test);
                    out.extend(*then);
                    out.extend(*else_);
                }
            }
        }
        out
    }
}

/// A set of kinds; the empty one allows all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Types(u8);

impl Types {
    fn of(types: &[InstanceType], nullable: bool) -> Types {
        let mut bits = 0;
        for ty in types {
            bits |= Types::bit(*ty);
        }
        Types(if nullable && bits != 0 {
            bits | Types::bit(InstanceType::Null)
        } else {
            bits
        })
    }

    const fn bit(ty: InstanceType) -> u8 {
        1 << ty as u8
    }

    pub(super) fn allow(self, instance: &Json) -> bool {
        let has = |ty: InstanceType| self.0 & Types::bit(ty) != 0;
        self.0 == 0
            || match instance {
                Json::Null => has(InstanceType::Null),
                Json::Bool(_) => has(InstanceType::Boolean),
                Json::Number(number) => {
                    has(InstanceType::Number) || has(InstanceType::Integer) && number.is_integer()
                }
                Json::String(_) => has(InstanceType::String),
                Json::Array(_) => has(InstanceType::Array),
                Json::Object(_) => has(InstanceType::Object),
            }
    }
}

#[derive(Clone, Debug)]
pub(super) struct NumberRules {
    pub(super) minimum: Option<Number>,
    pub(super) maximum: Option<Number>,
    pub(super) exclusive_minimum: Option<Number>,
    pub(super) exclusive_maximum: Option<Number>,
    pub(super) multiple_of: Option<Number>,
}

#[derive(Clone, Debug)]
pub(super) struct StringRules {
    pub(super) min_length: Option<u64>,
    pub(super) max_length: Option<u64>,
    pub(super) pattern: Option<Pattern>,
    pub(super) format: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct ArrayRules {
    pub(super) min_items: Option<u64>,
    pub(super) max_items: Option<u64>,
    pub(super) unique_items: bool,
    pub(super) prefix: Vec<usize>,
    /// What the prefix is called in this dialect.
    pub(super) prefix_name: &'static str,
    pub(super) items: Option<usize>,
    pub(super) items_name: &'static str,
    pub(super) contains: Option<Contains>,
}

#[derive(Clone, Debug)]
pub(super) struct Contains {
    pub(super) schema: usize,
    pub(super) min: Option<u64>,
    pub(super) max: Option<u64>,
    /// From 2020-12 on, what matches counts as evaluated.
    pub(super) evaluates: bool,
}

#[derive(Clone, Debug)]
pub(super) struct ObjectRules {
    pub(super) min_properties: Option<u64>,
    pub(super) max_properties: Option<u64>,
    pub(super) required: Vec<String>,
    pub(super) dependent_required: Vec<(String, Vec<String>)>,
    /// Sorted by name.
    pub(super) properties: Vec<(String, usize)>,
    pub(super) patterns: Vec<(Pattern, usize)>,
    pub(super) additional: Option<usize>,
    pub(super) names: Option<usize>,
    pub(super) dependent_schemas: Vec<(String, usize)>,
}

impl ObjectRules {
    pub(super) fn property(&self, name: &str) -> Option<usize> {
        let at = self
            .properties
            .binary_search_by(|(known, _)| known.as_str().cmp(name))
            .ok()?;
        Some(self.properties[at].1)
    }

    /// Whether members have to be looked at one by one.
    pub(super) fn looks_at_members(&self) -> bool {
        !self.properties.is_empty()
            || !self.patterns.is_empty()
            || self.additional.is_some()
            || self.names.is_some()
    }
}

/// What applies to the instance itself.
#[derive(Clone, Debug)]
pub(super) enum InPlace {
    Ref(usize),
    /// The target in the text, and the anchor to look for in the dynamic scope, if it is dynamic at all.
    DynamicRef(usize, Option<String>, &'static str),
    AllOf(Vec<usize>),
    AnyOf(Vec<usize>),
    OneOf(Vec<usize>),
    Not(usize),
    If {
        test: usize,
        then: Option<usize>,
        else_: Option<usize>,
    },
}

/// Compiles what a root reaches.
pub(super) fn compile(set: &Set, root: SchemaId, options: ValidatorOptions) -> Validator {
    let mut compiler = Compiler {
        set,
        options,
        index: Table::default(),
        waiting: Vec::new(),
        patterns: Table::default(),
    };
    let mut out = Validator {
        schemas: Vec::new(),
        dynamic: Vec::new(),
    };
    compiler.index(root);
    let mut done = 0;
    while let Some(&id) = compiler.waiting.get(done) {
        done += 1;
        let compiled = compiler.schema(set.get(id));
        out.schemas.push(compiled);
    }
    for (anchor, id) in &set.dynamic_anchors {
        if let Some(at) = compiler.index.get(&id.number()) {
            out.dynamic.push((anchor.clone(), *at));
        }
    }
    if out.dynamic.is_empty() {
        mark_recursive(&mut out.schemas);
    } else {
        // Whoever comes by may lead a dynamic reference anywhere.
        for schema in &mut out.schemas {
            schema.recursive = true;
        }
    }
    out
}

fn mark_recursive(schemas: &mut [Compiled]) {
    let mut edges: Vec<Vec<usize>> = Vec::with_capacity(schemas.len());
    for schema in schemas.iter() {
        edges.push(match &schema.body {
            CompiledBody::Bool(_) => Vec::new(),
            CompiledBody::Rules(rules) => rules.applied(),
        });
    }
    let component = cycles::components(&edges);
    for (at, edges) in edges.iter().enumerate() {
        schemas[at].recursive = edges.iter().any(|to| component[*to] == component[at]);
    }
}

struct Compiler<'s> {
    set: &'s Set,
    options: ValidatorOptions,
    index: Table<u128, usize>,
    /// Everything that has an index, in that order.
    waiting: Vec<SchemaId>,
    patterns: Table<&'s str, Option<Pattern>>,
}

impl<'s> Compiler<'s> {
    /// The index of a schema, which will be compiled when its turn comes.
    fn index(&mut self, id: SchemaId) -> usize {
        if let Some(at) = self.index.get(&id.number()) {
            return *at;
        }
        let at = self.waiting.len();
        self.index.insert(id.number(), at);
        self.waiting.push(id);
        at
    }

    fn index_all(&mut self, ids: &[SchemaId]) -> Vec<usize> {
        let mut indices = Vec::with_capacity(ids.len());
        for id in ids {
            indices.push(self.index(*id));
        }
        indices
    }

    fn option(&mut self, id: Option<SchemaId>) -> Option<usize> {
        Some(self.index(id?))
    }

    fn entries(&mut self, entries: &[Entry]) -> Vec<(String, usize)> {
        let mut indices = Vec::with_capacity(entries.len());
        for entry in entries {
            indices.push((entry.name.clone(), self.index(entry.schema)));
        }
        indices
    }

    fn schema(&mut self, schema: &'s Schema) -> Compiled {
        // Every resource is compiled with its dynamic anchors: who looks for them is known only when running.
        let all = &self.set.dynamic_anchors;
        let from = all.partition_point(|((root, _), _)| *root < schema.resource);
        for ((root, _), id) in &all[from..] {
            if *root != schema.resource {
                break;
            }
            self.index(*id);
        }
        let body = match &schema.body {
            Body::Bool(value) => CompiledBody::Bool(*value),
            Body::Keywords(keywords) => CompiledBody::Rules(Box::new(self.rules(schema, keywords))),
        };
        Compiled {
            pointer: schema.pointer.clone(),
            resource: schema.resource,
            recursive: false,
            body,
        }
    }

    fn rules(&mut self, schema: &'s Schema, keywords: &'s Keywords) -> Rules {
        let mut rules = Rules {
            in_place: self.references(keywords),
            ..Rules::default()
        };
        let alone = schema.dialect.ref_stands_alone() && !self.options.ref_siblings;
        if alone && keywords.place("$ref").is_some() {
            return rules;
        }
        rules.types = Types::of(&keywords.types, keywords.nullable);
        rules.const_ = keywords.const_.clone();
        rules.enum_ = keywords.enum_.clone();
        rules.number = number(keywords);
        rules.string = self.string(keywords);
        rules.array = self.array(schema, keywords);
        rules.object = self.object(keywords);
        self.applicators(keywords, &mut rules.in_place);
        rules.unevaluated_items = self.option(keywords.unevaluated_items);
        rules.unevaluated_properties = self.option(keywords.unevaluated_properties);
        rules
    }

    fn references(&mut self, keywords: &Keywords) -> Vec<InPlace> {
        let mut out = Vec::new();
        if let Some(target) = keywords.ref_ {
            out.push(InPlace::Ref(self.index(target)));
        }
        if let Some((target, name)) = &keywords.dynamic_ref {
            // Only a target that is itself a dynamic anchor of this name makes the reference dynamic.
            let dynamic = match &self.set.get(*target).body {
                Body::Keywords(target) => target.dynamic_anchor.as_ref() == Some(name),
                Body::Bool(_) => false,
            };
            let keyword = if keywords.place("$recursiveRef").is_some() {
                "$recursiveRef"
            } else {
                "$dynamicRef"
            };
            out.push(InPlace::DynamicRef(
                self.index(*target),
                dynamic.then(|| name.clone()),
                keyword,
            ));
        }
        out
    }

    fn applicators(&mut self, keywords: &Keywords, out: &mut Vec<InPlace>) {
        if !keywords.all_of.is_empty() {
            out.push(InPlace::AllOf(self.index_all(&keywords.all_of)));
        }
        if !keywords.any_of.is_empty() {
            out.push(InPlace::AnyOf(self.index_all(&keywords.any_of)));
        }
        if !keywords.one_of.is_empty() {
            out.push(InPlace::OneOf(self.index_all(&keywords.one_of)));
        }
        if let Some(not) = keywords.not {
            out.push(InPlace::Not(self.index(not)));
        }
        if let Some(test) = keywords.if_ {
            let test = self.index(test);
            let (then, else_) = (self.option(keywords.then), self.option(keywords.else_));
            out.push(InPlace::If { test, then, else_ });
        }
    }

    /// An expression that does not compile was reported when it was read, and asserts nothing.
    fn pattern(&mut self, text: &'s str) -> Option<Pattern> {
        let compiled = self.patterns.get_or(text, || Pattern::new(text).ok());
        compiled.clone()
    }

    fn string(&mut self, keywords: &'s Keywords) -> Option<StringRules> {
        let asserted = self.options.formats || keywords.format_asserted;
        let rules = StringRules {
            min_length: keywords.min_length,
            max_length: keywords.max_length,
            pattern: match &keywords.pattern {
                Some(text) => self.pattern(text),
                None => None,
            },
            format: if asserted {
                keywords.format.clone()
            } else {
                None
            },
        };
        let any = rules.min_length.is_some()
            || rules.max_length.is_some()
            || rules.pattern.is_some()
            || rules.format.is_some();
        any.then_some(rules)
    }

    fn array(&mut self, schema: &Schema, keywords: &Keywords) -> Option<ArrayRules> {
        let tuple = keywords.place("prefixItems").is_none();
        let contains = keywords.contains.map(|contains| Contains {
            schema: self.index(contains),
            min: keywords.min_contains,
            max: keywords.max_contains,
            evaluates: schema.dialect == Dialect::Draft202012,
        });
        let rules = ArrayRules {
            min_items: keywords.min_items,
            max_items: keywords.max_items,
            unique_items: keywords.unique_items,
            prefix: self.index_all(&keywords.prefix_items),
            prefix_name: if tuple { "items" } else { "prefixItems" },
            items: self.option(keywords.items),
            items_name: if tuple && !keywords.prefix_items.is_empty() {
                "additionalItems"
            } else {
                "items"
            },
            contains,
        };
        let any = rules.min_items.is_some()
            || rules.max_items.is_some()
            || rules.unique_items
            || !rules.prefix.is_empty()
            || rules.items.is_some()
            || rules.contains.is_some();
        any.then_some(rules)
    }

    fn object(&mut self, keywords: &'s Keywords) -> Option<ObjectRules> {
        let mut sorted = self.entries(&keywords.properties);
        table::sort(&mut sorted, Ord::cmp);
        // The first of a name counts.
        let mut properties: Vec<(String, usize)> = Vec::with_capacity(sorted.len());
        for property in sorted {
            if properties.last().is_none_or(|last| last.0 != property.0) {
                properties.push(property);
            }
        }
        let mut patterns = Vec::with_capacity(keywords.pattern_properties.len());
        for entry in &keywords.pattern_properties {
            let schema = self.index(entry.schema);
            if let Some(pattern) = self.pattern(&entry.name) {
                patterns.push((pattern, schema));
            }
        }
        let rules = ObjectRules {
            min_properties: keywords.min_properties,
            max_properties: keywords.max_properties,
            required: keywords.required.clone(),
            dependent_required: keywords.dependent_required.clone(),
            properties,
            patterns,
            additional: self.option(keywords.additional_properties),
            names: self.option(keywords.property_names),
            dependent_schemas: self.entries(&keywords.dependent_schemas),
        };
        let any = rules.min_properties.is_some()
            || rules.max_properties.is_some()
            || !rules.required.is_empty()
            || !rules.dependent_required.is_empty()
            || !rules.dependent_schemas.is_empty()
            || rules.looks_at_members();
        any.then_some(rules)
    }
}

fn number(keywords: &Keywords) -> Option<NumberRules> {
    let rules = NumberRules {
        minimum: keywords.minimum.clone(),
        maximum: keywords.maximum.clone(),
        exclusive_minimum: keywords.exclusive_minimum.clone(),
        exclusive_maximum: keywords.exclusive_maximum.clone(),
        multiple_of: keywords.multiple_of.clone(),
    };
    let any = rules.minimum.is_some()
        || rules.maximum.is_some()
        || rules.exclusive_minimum.is_some()
        || rules.exclusive_maximum.is_some()
        || rules.multiple_of.is_some();
    any.then_some(rules)
}
