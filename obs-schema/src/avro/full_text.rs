//! The whole of a schema as one text that stands for itself: nothing dropped, every definition inlined where it is
//! first met. It is what an event carries, and what a registry is given.
//!
//! Written from a list of what is still to be written, like the canonical form and for the same reason.

use crate::table::Table;

use crate::avro::tree::PRIMITIVES;
use crate::avro::{Field, FullName, Kind, Logical, Named, NamedId, NamedKind, Order, Set, Type};
use crate::json::write_string;
use crate::node::{Member, Node, Value};

/// The full text of a type.
#[must_use]
pub fn of(set: &Set, ty: &Type) -> String {
    let mut writer = Writer {
        set,
        out: String::new(),
        known: Table::default(),
        steps: Vec::new(),
    };
    writer.steps.push(Step::Type(ty, ""));
    writer.run()
}

/// The full text of a named type.
#[must_use]
pub fn named(set: &Set, id: NamedId) -> String {
    let mut writer = Writer {
        set,
        out: String::new(),
        known: Table::default(),
        steps: Vec::new(),
    };
    writer.named(set.get(id), &[], "");
    writer.run()
}

/// Something to write; the text is the namespace around it.
enum Step<'a> {
    Close(&'static str),
    Type(&'a Type, &'a str),
    Branches(&'a [Type], &'a str),
    Fields(&'a [Field], &'a str),
    /// What follows the type of a field.
    FieldEnd(&'a Field),
    /// What follows the items of an array or the values of a map.
    Props(&'a [Member]),
}

struct Writer<'a> {
    set: &'a Set,
    out: String,
    known: Table<&'a FullName, ()>,
    steps: Vec<Step<'a>>,
}

impl<'a> Writer<'a> {
    fn run(mut self) -> String {
        while let Some(step) = self.steps.pop() {
            match step {
                Step::Close(text) => self.out.push_str(text),
                Step::Type(ty, around) => self.ty(ty, around),
                Step::Branches(branches, around) => {
                    if let Some((first, rest)) = branches.split_first() {
                        if !rest.is_empty() {
                            self.steps.push(Step::Branches(rest, around));
                            self.steps.push(Step::Close(","));
                        }
                        self.ty(first, around);
                    }
                }
                Step::Fields(fields, around) => {
                    if let Some((first, rest)) = fields.split_first() {
                        if !rest.is_empty() {
                            self.steps.push(Step::Fields(rest, around));
                            self.steps.push(Step::Close(","));
                        }
                        self.field(first, around);
                    }
                }
                Step::FieldEnd(field) => self.field_end(field),
                Step::Props(props) => {
                    self.props(props);
                    self.out.push('}');
                }
            }
        }
        self.out
    }

    fn ty(&mut self, ty: &'a Type, around: &'a str) {
        let word = ty.kind.word().unwrap_or_default();
        match &ty.kind {
            Kind::Array(items) => return self.container(word, "items", items, ty, around),
            Kind::Map(values) => return self.container(word, "values", values, ty, around),
            Kind::Union(branches) => {
                self.out.push('[');
                self.steps.push(Step::Close("]"));
                self.steps.push(Step::Branches(branches, around));
                return;
            }
            Kind::Named(id) => {
                let set = self.set;
                return self.named(set.get(*id), &ty.props, around);
            }
            _ => {}
        }
        if ty.logical.is_none() && ty.props.is_empty() {
            self.string(word);
            return;
        }
        self.out.push_str("{\"type\":");
        self.string(word);
        self.logical(ty.logical);
        self.props(&ty.props);
        self.out.push('}');
    }

    fn container(&mut self, word: &str, key: &str, inner: &'a Type, ty: &'a Type, around: &'a str) {
        self.out.push_str("{\"type\":");
        self.string(word);
        self.key(key);
        self.steps.push(Step::Props(&ty.props));
        self.ty(inner, around);
    }

    /// A definition where it is first met, afterwards its name.
    fn named(&mut self, named: &'a Named, props: &'a [Member], around: &'a str) {
        let name = &named.name;
        if self.known.insert(name, ()).is_some() {
            // A name without dots means one in this namespace, and one of a primitive type means that.
            let short = name.namespace == around && !PRIMITIVES.contains(&name.name.as_str());
            let written = if short {
                name.name.clone()
            } else {
                name.to_string()
            };
            if props.is_empty() {
                self.string(&written);
            } else {
                self.out.push_str("{\"type\":");
                self.string(&written);
                self.props(props);
                self.out.push('}');
            }
            return;
        }
        let word = match &named.kind {
            NamedKind::Record { error: true, .. } => "error",
            NamedKind::Record { .. } => "record",
            NamedKind::Enum { .. } => "enum",
            NamedKind::Fixed { .. } => "fixed",
        };
        // Custom properties of the occurrence go around the definition, since they are not the definition's own.
        if !props.is_empty() {
            self.out.push_str("{\"type\":");
            self.steps.push(Step::Props(props));
        }
        self.out.push_str("{\"type\":");
        self.string(word);
        self.key("name");
        self.string(&name.name);
        if name.namespace != around {
            self.key("namespace");
            self.string(&name.namespace);
        }
        self.doc(named.doc.as_deref());
        if !named.aliases.is_empty() {
            self.key("aliases");
            self.strings(named.aliases.iter().map(|alias| {
                // An alias without dots is one in this namespace.
                if alias.namespace == name.namespace {
                    alias.name.clone()
                } else {
                    alias.to_string()
                }
            }));
        }
        self.logical(named.logical);
        self.props(&named.props);
        match &named.kind {
            NamedKind::Record { fields, .. } => {
                self.key("fields");
                self.out.push('[');
                self.steps.push(Step::Close("]}"));
                self.steps.push(Step::Fields(fields, &name.namespace));
            }
            NamedKind::Enum { symbols, default } => {
                self.key("symbols");
                self.strings(symbols.iter().cloned());
                if let Some(symbol) = default.and_then(|index| symbols.get(index)) {
                    self.key("default");
                    self.string(symbol);
                }
                self.out.push('}');
            }
            NamedKind::Fixed { size } => {
                self.key("size");
                self.out.push_str(itoa::Buffer::new().format(*size));
                self.out.push('}');
            }
        }
    }

    fn field(&mut self, field: &'a Field, around: &'a str) {
        self.out.push_str("{\"name\":");
        self.string(&field.name);
        self.doc(field.doc.as_deref());
        self.key("type");
        self.steps.push(Step::FieldEnd(field));
        self.steps.push(Step::Type(&field.ty, around));
    }

    fn field_end(&mut self, field: &Field) {
        if let Some(default) = &field.default {
            self.key("default");
            write_node(&mut self.out, default);
        }
        match field.order {
            Order::Ascending => {}
            Order::Descending => self.out.push_str(",\"order\":\"descending\""),
            Order::Ignore => self.out.push_str(",\"order\":\"ignore\""),
        }
        if !field.aliases.is_empty() {
            self.key("aliases");
            self.strings(field.aliases.iter().cloned());
        }
        self.props(&field.props);
        self.out.push('}');
    }

    fn logical(&mut self, logical: Option<Logical>) {
        let Some(logical) = logical else { return };
        self.key("logicalType");
        self.string(logical.name());
        if let Logical::Decimal { precision, scale } = logical {
            self.key("precision");
            self.out.push_str(itoa::Buffer::new().format(precision));
            if scale > 0 {
                self.key("scale");
                self.out.push_str(itoa::Buffer::new().format(scale));
            }
        }
    }

    fn doc(&mut self, doc: Option<&str>) {
        if let Some(doc) = doc {
            self.key("doc");
            self.string(doc);
        }
    }

    fn props(&mut self, props: &[Member]) {
        for member in props {
            self.key(&member.name);
            write_node(&mut self.out, &member.value);
        }
    }

    /// A comma and a key.
    fn key(&mut self, key: &str) {
        self.out.push(',');
        self.string(key);
        self.out.push(':');
    }

    fn string(&mut self, text: &str) {
        write_string(&mut self.out, text);
    }

    fn strings(&mut self, texts: impl Iterator<Item = String>) {
        self.out.push('[');
        for (at, text) in texts.enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            self.string(&text);
        }
        self.out.push(']');
    }
}

/// A JSON value as it was written. Its depth was bounded when it was read.
fn write_node(out: &mut String, node: &Node) {
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => write_string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_node(out, item);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (at, member) in members.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_string(out, &member.name);
                out.push(':');
                write_node(out, &member.value);
            }
            out.push('}');
        }
    }
}
