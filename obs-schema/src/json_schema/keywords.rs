//! From the members of a schema object to [`Keywords`]: one spelling for all dialects.
//!
//! A value of the wrong kind is reported at its key and the keyword left out, as if it had not been written.

use super::pattern::Pattern;
use super::read::{Pending, Reader, RefKind, Scope, TYPES};
use super::tree::{Dialect, Entry, InstanceType, Keywords, SchemaId};
use super::uri::push_segment;
use super::words::{self, Group, Known, Word};
use crate::diag::{self, Diagnostic, Severity};
use crate::json::Number;
use crate::node::{Member, Node, Value, list_to_json};
use crate::source::Loc;
use crate::table::joined;

/// Keywords whose meaning depends on another one, so that they wait for the end.
#[derive(Default)]
struct Waiting<'n> {
    /// `items`, unless it is an array.
    items: Option<SchemaId>,
    /// `items` as an array.
    tuple: Option<Vec<SchemaId>>,
    additional_items: Option<SchemaId>,
    /// The boolean form of draft-04.
    exclusive_minimum: Option<bool>,
    exclusive_maximum: Option<bool>,
    unknown: Vec<&'n Member>,
}

impl<'n> Reader<'_, 'n> {
    /// Reads the members of a schema object.
    pub(super) fn keywords(
        &mut self,
        id: SchemaId,
        members: &'n [Member],
        scope: Scope,
    ) -> Keywords {
        let mut out = Keywords {
            format_asserted: scope.rules.format_asserted,
            ..Keywords::default()
        };
        out.places.reserve(members.len());
        let mut waiting = Waiting::default();
        for member in members {
            let Some(known) = words::find(&member.name) else {
                waiting.unknown.push(member);
                continue;
            };
            if self.means_nothing(known, member, scope) {
                out.other.push(member.clone());
                continue;
            }
            out.places.push((known.name, member.name_loc));
            self.keyword(id, known, member, scope, &mut out, &mut waiting);
        }
        for member in &waiting.unknown {
            self.unknown(member, &out);
            out.other.push((*member).clone());
        }
        finish(&mut out, waiting);
        out
    }

    /// Whether a keyword has no meaning in the dialect the document declares.
    fn means_nothing(&mut self, known: &Known, member: &Member, scope: Scope) -> bool {
        let rules = scope.rules;
        if known.group == Group::Validation && !rules.validation {
            return true;
        }
        if known.is_in(rules.dialect) {
            return false;
        }
        match known.word {
            // An ordinary word everywhere but in draft-04.
            Word::LegacyId => return true,
            // The old spelling of `items: […]` is understood wherever that is.
            Word::AdditionalItems => return false,
            _ => {}
        }
        if rules.declared {
            let dialect = rules.dialect.as_str();
            let message = format!(
                "`{}` means nothing in {dialect}, so it is ignored",
                known.name
            );
            self.cx.push(
                Diagnostic::warning("ignored-keyword", member.name_loc, message)
                    .help("declare a newer dialect in `$schema`, or remove the keyword"),
            );
        }
        rules.declared
    }

    /// A keyword we do not know is legal; one that looks like a slip of the pen deserves a word.
    fn unknown(&mut self, member: &Member, known: &Keywords) {
        if let Some(meant) = words::meant(&member.name)
            && known.place(meant).is_none()
        {
            let message = format!("`{}` is no keyword of JSON Schema", member.name);
            self.cx.push(
                Diagnostic::warning("unknown-keyword", member.name_loc, message)
                    .help(format!("write `{meant}`, or begin the name with `x-`")),
            );
        }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one line for each keyword reads best in one table"
    )]
    fn keyword(
        &mut self,
        id: SchemaId,
        known: &'static Known,
        member: &'n Member,
        scope: Scope,
        out: &mut Keywords,
        waiting: &mut Waiting<'n>,
    ) {
        let value = &member.value;
        match known.word {
            Word::Schema
            | Word::Id
            | Word::LegacyId
            | Word::Anchor
            | Word::Comment
            | Word::Vocabulary => {}
            Word::RecursiveAnchor => {
                if self.flag(known, member) == Some(true) {
                    out.dynamic_anchor = Some(String::new());
                }
            }
            Word::DynamicAnchor => out.dynamic_anchor = self.text(known, member),
            Word::Ref => self.reference(id, known, member, RefKind::Static),
            Word::DynamicRef => self.reference(id, known, member, RefKind::Dynamic),
            Word::RecursiveRef => self.reference(id, known, member, RefKind::Recursive),
            Word::Type => out.types = self.types(known, member),
            Word::Enum => {
                out.enum_ = self.list(known, member).map(list_to_json);
            }
            Word::Const => out.const_ = Some(value.to_json()),
            Word::AllOf => out.all_of = self.schemas(id, known, member, scope),
            Word::AnyOf => out.any_of = self.schemas(id, known, member, scope),
            Word::OneOf => out.one_of = self.schemas(id, known, member, scope),
            Word::Not => out.not = Some(self.subschema(id, member, scope)),
            Word::If => out.if_ = Some(self.subschema(id, member, scope)),
            Word::Then => out.then = Some(self.subschema(id, member, scope)),
            Word::Else => out.else_ = Some(self.subschema(id, member, scope)),
            Word::DependentSchemas => out
                .dependent_schemas
                .append(&mut self.entries(id, known, member, scope)),
            Word::DependentRequired => self.dependent_required(known, member, out),
            Word::Dependencies => self.dependencies(id, known, member, scope, out),
            Word::Properties => out.properties = self.entries(id, known, member, scope),
            Word::PatternProperties => {
                out.pattern_properties = self.entries(id, known, member, scope);
                for entry in &out.pattern_properties {
                    self.pattern(&entry.name, entry.name_loc);
                }
            }
            Word::AdditionalProperties => {
                out.additional_properties = Some(self.subschema(id, member, scope))
            }
            Word::UnevaluatedProperties => {
                out.unevaluated_properties = Some(self.subschema(id, member, scope))
            }
            Word::PropertyNames => out.property_names = Some(self.subschema(id, member, scope)),
            Word::Required => out.required = self.required(known, member),
            Word::MinProperties => out.min_properties = self.count(known, member),
            Word::MaxProperties => out.max_properties = self.count(known, member),
            Word::PrefixItems => out.prefix_items = self.schemas(id, known, member, scope),
            Word::Items => match &value.value {
                Value::Array(_) => waiting.tuple = Some(self.schemas(id, known, member, scope)),
                _ => waiting.items = Some(self.subschema(id, member, scope)),
            },
            Word::AdditionalItems => {
                waiting.additional_items = Some(self.subschema(id, member, scope))
            }
            Word::UnevaluatedItems => {
                out.unevaluated_items = Some(self.subschema(id, member, scope))
            }
            Word::Contains => out.contains = Some(self.subschema(id, member, scope)),
            Word::MinContains => out.min_contains = self.count(known, member),
            Word::MaxContains => out.max_contains = self.count(known, member),
            Word::MinItems => out.min_items = self.count(known, member),
            Word::MaxItems => out.max_items = self.count(known, member),
            Word::UniqueItems => out.unique_items = self.flag(known, member).unwrap_or(false),
            Word::MinLength => out.min_length = self.count(known, member),
            Word::MaxLength => out.max_length = self.count(known, member),
            Word::Pattern => {
                out.pattern = self.text(known, member);
                if let Some(pattern) = &out.pattern {
                    self.pattern(pattern, member.value.loc);
                }
            }
            Word::Format => out.format = self.text(known, member),
            Word::Minimum => out.minimum = self.number(known, member),
            Word::Maximum => out.maximum = self.number(known, member),
            Word::ExclusiveMinimum => match value.as_bool() {
                Some(flag) => waiting.exclusive_minimum = Some(flag),
                None => out.exclusive_minimum = self.number(known, member),
            },
            Word::ExclusiveMaximum => match value.as_bool() {
                Some(flag) => waiting.exclusive_maximum = Some(flag),
                None => out.exclusive_maximum = self.number(known, member),
            },
            Word::MultipleOf => {
                out.multiple_of = self.number(known, member);
                if out
                    .multiple_of
                    .as_ref()
                    .is_some_and(|number| number.as_f64() <= 0.0)
                {
                    out.multiple_of = None;
                    self.wrong(known, member, "a number above zero");
                }
            }
            Word::Title => out.title = self.text(known, member),
            Word::Description => out.description = self.text(known, member),
            Word::Default => out.default = Some(value.clone()),
            // Some give the reason instead of `true`.
            Word::Deprecated => {
                out.deprecated =
                    value.as_str().is_some() || self.flag(known, member).unwrap_or(false);
            }
            Word::ReadOnly => out.read_only = self.flag(known, member).unwrap_or(false),
            Word::WriteOnly => out.write_only = self.flag(known, member).unwrap_or(false),
            Word::Nullable => out.nullable = self.flag(known, member).unwrap_or(false),
            Word::Defs | Word::Definitions => {
                out.defs.append(&mut self.entries(id, known, member, scope));
            }
        }
    }

    /// A value of the wrong kind. It weighs as much as what is lost with it.
    fn wrong(&mut self, known: &Known, member: &Member, expected: &str) {
        let severity = if known.group == Group::Annotation {
            Severity::Warning
        } else {
            Severity::Error
        };
        let found = match &member.value.value {
            Value::Number(number) => format!("`{number}`"),
            _ => member.value.kind().to_owned(),
        };
        let message = format!("`{}` is {found}, not {expected}", known.name);
        self.cx.push(Diagnostic {
            severity,
            ..Diagnostic::error("invalid-keyword", member.name_loc, message)
                .other(member.value.loc, "this value")
                .help(format!("write {expected}, or remove the keyword"))
        });
    }

    fn flag(&mut self, known: &Known, member: &Member) -> Option<bool> {
        let value = member.value.as_bool();
        if value.is_none() {
            self.wrong(known, member, "`true` or `false`");
        }
        value
    }

    fn text(&mut self, known: &Known, member: &Member) -> Option<String> {
        let value = member.value.as_str();
        if value.is_none() {
            self.wrong(known, member, "a string");
        }
        value.map(str::to_owned)
    }

    fn number(&mut self, known: &Known, member: &Member) -> Option<Number> {
        let value = member.value.as_number();
        if value.is_none() {
            self.wrong(known, member, "a number");
        }
        value.cloned()
    }

    /// A size or a length. What no memory could hold is as good as the largest number.
    fn count(&mut self, known: &Known, member: &Member) -> Option<u64> {
        let value = member.value.as_number().and_then(|number| match number {
            Number::Int(value) => u64::try_from(*value).ok(),
            Number::UInt(value) => Some(*value),
            other if other.is_integer() && other.as_f64() >= 0.0 => Some(
                other
                    .as_i64()
                    .and_then(|value| u64::try_from(value).ok())
                    .unwrap_or(u64::MAX),
            ),
            _ => None,
        });
        if value.is_none() {
            self.wrong(known, member, "a whole number from zero up");
        }
        value
    }

    fn list(&mut self, known: &Known, member: &'n Member) -> Option<&'n [Node]> {
        let value = member.value.as_array();
        if value.is_none() {
            self.wrong(known, member, "an array");
        }
        value
    }

    /// A list of names; elements that are no strings are reported and left out.
    fn names(&mut self, known: &Known, member: &'n Member) -> Vec<String> {
        let Some(list) = member.value.as_array() else {
            self.wrong(known, member, "an array of strings");
            return Vec::new();
        };
        let mut out = Vec::with_capacity(list.len());
        for item in list {
            match item.as_str() {
                Some(name) => out.push(name.to_owned()),
                None => self.complain(
                    "invalid-keyword",
                    item.loc,
                    format!(
                        "an element of `{}` is {}, not a string",
                        known.name,
                        item.kind()
                    ),
                    "write the name of a property",
                ),
            }
        }
        out
    }

    fn required(&mut self, known: &Known, member: &'n Member) -> Vec<String> {
        if member.value.as_bool().is_some() {
            let message = "`required` as a boolean is draft-03, so it is ignored";
            self.cx.push(
                Diagnostic::warning("invalid-keyword", member.name_loc, message)
                    .help("list the names of required properties in the object's own `required`"),
            );
            return Vec::new();
        }
        self.names(known, member)
    }

    fn types(&mut self, known: &Known, member: &'n Member) -> Vec<InstanceType> {
        let one = std::slice::from_ref(&member.value);
        let list = match &member.value.value {
            Value::String(_) => one,
            Value::Array(items) => items,
            _ => {
                self.wrong(known, member, "the name of a type, or an array of names");
                return Vec::new();
            }
        };
        let mut out = Vec::with_capacity(list.len());
        let mut any = false;
        for item in list {
            let Some(name) = item.as_str() else {
                let message = format!("an element of `type` is {}, not a string", item.kind());
                self.complain(
                    "invalid-keyword",
                    item.loc,
                    message,
                    "write the name of a type",
                );
                any = true;
                continue;
            };
            match instance_type(name) {
                Some(ty) if !out.contains(&ty) => out.push(ty),
                Some(_) => {}
                None => {
                    any = true;
                    self.no_type(item, name);
                }
            }
        }
        // Half a list would forbid what the other half allows.
        if any {
            out.clear();
        }
        out
    }

    fn no_type(&mut self, item: &Node, name: &str) {
        if name == "any" {
            let message = "`any` is a type of draft-03, so any value is allowed here";
            self.cx.push(
                Diagnostic::warning("invalid-keyword", item.loc, message)
                    .help("leave `type` out to allow any value"),
            );
            return;
        }
        let help = match diag::nearest(name, TYPES) {
            Some(meant) => format!("write `{meant}`"),
            None => format!("write one of `{}`", joined(&TYPES, "`, `")),
        };
        let message = format!("`{name}` is no type of JSON Schema");
        self.cx
            .push(Diagnostic::error("invalid-keyword", item.loc, message).help(help));
    }

    fn reference(&mut self, schema: SchemaId, known: &Known, member: &'n Member, kind: RefKind) {
        match member.value.as_str() {
            Some(text) => self.pending.push(Pending {
                schema,
                kind,
                text,
                loc: member.value.loc,
            }),
            None => self.wrong(known, member, "a string"),
        }
    }

    fn pointer_below(&self, parent: SchemaId, segment: &str) -> String {
        let above = &self.set.get(parent).pointer;
        let mut pointer = String::with_capacity(above.len() + segment.len() + 8);
        pointer.push_str(above);
        push_segment(&mut pointer, segment);
        pointer
    }

    fn subschema(&mut self, parent: SchemaId, member: &'n Member, scope: Scope) -> SchemaId {
        let pointer = self.pointer_below(parent, &member.name);
        self.schema(&member.value, pointer, deeper(scope))
    }

    fn schemas(
        &mut self,
        parent: SchemaId,
        known: &Known,
        member: &'n Member,
        scope: Scope,
    ) -> Vec<SchemaId> {
        let Some(list) = member.value.as_array() else {
            self.wrong(known, member, "an array of schemas");
            return Vec::new();
        };
        let above = self.pointer_below(parent, &member.name);
        let mut schemas = Vec::with_capacity(list.len());
        for (at, node) in list.iter().enumerate() {
            schemas.push(self.schema(node, format!("{above}/{at}"), deeper(scope)));
        }
        schemas
    }

    fn entries(
        &mut self,
        parent: SchemaId,
        known: &Known,
        member: &'n Member,
        scope: Scope,
    ) -> Vec<Entry> {
        let Some(members) = member.value.as_object() else {
            self.wrong(known, member, "an object of schemas");
            return Vec::new();
        };
        let above = self.pointer_below(parent, &member.name);
        let mut entries = Vec::with_capacity(members.len());
        for member in members {
            entries.push(self.entry(&above, member, scope));
        }
        entries
    }

    fn entry(&mut self, above: &str, member: &'n Member, scope: Scope) -> Entry {
        let mut pointer = String::with_capacity(above.len() + member.name.len() + 1);
        pointer.push_str(above);
        push_segment(&mut pointer, &member.name);
        let schema = self.schema(&member.value, pointer, deeper(scope));
        Entry {
            name: member.name.clone(),
            name_loc: member.name_loc,
            schema,
        }
    }

    fn dependent_required(&mut self, known: &Known, member: &'n Member, out: &mut Keywords) {
        let Some(members) = member.value.as_object() else {
            self.wrong(known, member, "an object of arrays of strings");
            return;
        };
        for member in members {
            let names = self.names(known, member);
            out.dependent_required.push((member.name.clone(), names));
        }
    }

    /// draft-07's `dependencies`: an array of names, one name (draft-03), or a schema.
    fn dependencies(
        &mut self,
        id: SchemaId,
        known: &Known,
        member: &'n Member,
        scope: Scope,
        out: &mut Keywords,
    ) {
        let Some(members) = member.value.as_object() else {
            self.wrong(known, member, "an object of arrays or schemas");
            return;
        };
        let above = self.pointer_below(id, &member.name);
        for member in members {
            match &member.value.value {
                Value::Array(_) => {
                    let names = self.names(known, member);
                    out.dependent_required.push((member.name.clone(), names));
                }
                Value::String(name) => out
                    .dependent_required
                    .push((member.name.clone(), vec![name.clone()])),
                _ => {
                    let entry = self.entry(&above, member, scope);
                    out.dependent_schemas.push(entry);
                }
            }
        }
    }
}

impl Reader<'_, '_> {
    /// A pattern that is none is reported where it is written.
    fn pattern(&mut self, pattern: &str, loc: Loc) {
        match Pattern::new(pattern) {
            Ok(pattern) if !pattern.is_foreign() => {}
            Ok(_) => {
                let message = format!("`{pattern}` has forms that ECMA-262 does not know");
                self.cx.push(
                    Diagnostic::warning("foreign-pattern", loc, message)
                        .help("write `^` and `$` for the ends, and spell out flags: other validators refuse it as it is"),
                );
            }
            Err(reason) => {
                let message = format!("`{pattern}` is no regular expression of ECMA-262: {reason}");
                self.complain("invalid-pattern", loc, message, "correct the expression");
            }
        }
    }
}

fn deeper(scope: Scope) -> Scope {
    Scope {
        depth: scope.depth + 1,
        ..scope
    }
}

fn instance_type(name: &str) -> Option<InstanceType> {
    Some(match name {
        "null" => InstanceType::Null,
        "boolean" => InstanceType::Boolean,
        "integer" => InstanceType::Integer,
        "number" => InstanceType::Number,
        "string" => InstanceType::String,
        "array" => InstanceType::Array,
        "object" => InstanceType::Object,
        _ => return None,
    })
}

/// Brings the older spellings to the newest one.
fn finish(out: &mut Keywords, waiting: Waiting<'_>) {
    match waiting.tuple {
        Some(tuple) => {
            out.prefix_items = tuple;
            out.items = waiting.additional_items;
        }
        None => out.items = waiting.items,
    }
    if waiting.exclusive_minimum == Some(true) {
        out.exclusive_minimum = out.minimum.take();
    }
    if waiting.exclusive_maximum == Some(true) {
        out.exclusive_maximum = out.maximum.take();
    }
}

impl Dialect {
    /// In draft-07 and before, nothing beside `$ref` counts.
    #[must_use]
    pub fn ref_stands_alone(self) -> bool {
        self <= Dialect::Draft7
    }
}
