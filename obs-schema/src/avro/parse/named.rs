//! Definitions: records with their fields, enums and fixed.

use crate::table::Table;

use super::logical::{self, Base};
use super::schema::{is_reserved, plain, properties, renamed, type_loc};
use super::{Reader, names};
use crate::avro::tree::PRIMITIVES;
use crate::avro::{Field, FullName, Kind, Named, NamedKind, Order};
use crate::diag::{Diagnostic, nearest};
use crate::json::Number;
use crate::node::{Member, Node, Value};
use crate::source::Loc;

/// The attributes of a definition, whatever it defines.
#[derive(Default)]
struct Attributes<'n> {
    name: Option<&'n Member>,
    namespace: Option<&'n Node>,
    doc: Option<&'n Node>,
    aliases: Option<&'n Node>,
    fields: Option<&'n Member>,
    symbols: Option<&'n Member>,
    size: Option<&'n Member>,
    default: Option<&'n Node>,
    logical: bool,
}

impl<'n> Attributes<'n> {
    fn of(members: &'n [Member]) -> Attributes<'n> {
        let mut all = Attributes::default();
        for member in members {
            match member.name.as_str() {
                "name" => all.name = Some(member),
                "namespace" => all.namespace = Some(&member.value),
                "doc" => all.doc = Some(&member.value),
                "aliases" => all.aliases = Some(&member.value),
                "fields" => all.fields = Some(member),
                "symbols" => all.symbols = Some(member),
                "size" => all.size = Some(member),
                "default" => all.default = Some(&member.value),
                "logicalType" => all.logical = true,
                _ => {}
            }
        }
        all
    }
}

impl Reader<'_> {
    /// Reads a definition and gives the type that stands in its place.
    pub(super) fn define(
        &mut self,
        node: &Node,
        members: &[Member],
        keyword: &str,
        namespace: &str,
    ) -> Kind {
        let what = if keyword == "error" {
            "record"
        } else {
            keyword
        };
        let attributes = Attributes::of(members);
        let (name, name_loc) = self.name_of(node, &attributes, what, namespace);
        let reserved = self.reserve(&name, name_loc);
        let size = if keyword == "fixed" {
            self.size(node, attributes.size)
        } else {
            0
        };
        let kind = match keyword {
            "fixed" => NamedKind::Fixed { size },
            "enum" => self.enum_(node, &attributes),
            _ => NamedKind::Record {
                fields: self.fields(node, attributes.fields, &name.namespace),
                error: keyword == "error",
            },
        };
        let logical = if attributes.logical {
            let base = if keyword == "fixed" {
                Base::Fixed(size)
            } else {
                Base::Other
            };
            logical::read(self.cx, base, members)
        } else {
            None
        };
        let doc = self.doc(attributes.doc);
        let mut aliases = Vec::new();
        for alias in self.aliases(attributes.aliases) {
            aliases.push(names::qualify(&alias, &name.namespace));
        }
        let reserved_key = if keyword == "enum" {
            is_reserved_on_enum
        } else {
            is_reserved
        };
        let props = properties(members, logical.is_some(), reserved_key);
        let loc = node.loc;
        let file = self.file;
        let named = Named {
            name,
            name_loc,
            loc,
            file,
            aliases,
            doc,
            kind,
            logical,
            props,
            broken: false,
        };
        match reserved {
            Ok(id) => {
                self.set.named[id.0 as usize] = named;
                Kind::Named(id)
            }
            Err(first) => {
                self.repeated.push((named, first));
                Kind::Named(first)
            }
        }
    }

    /// The full name of a definition. One without a name gets an empty one, and an error.
    fn name_of(
        &mut self,
        node: &Node,
        attributes: &Attributes<'_>,
        what: &str,
        namespace: &str,
    ) -> (FullName, Loc) {
        let namespace = match attributes.namespace.map(|node| (node, &node.value)) {
            Some((node, Value::String(own))) => {
                names::check_namespace(self.cx, own, node.loc);
                own
            }
            None | Some((_, Value::Null)) => namespace,
            Some((node, _)) => {
                self.cx.push(
                    Diagnostic::error(
                        "invalid-namespace",
                        node.loc,
                        format!("`namespace` is {}", node.kind()),
                    )
                    .help("write names joined by dots, or \"\" for none"),
                );
                namespace
            }
        };
        let Some(member) = attributes.name else {
            let loc = type_loc(node);
            self.cx.push(
                Diagnostic::error("missing-name", loc, format!("this {what} has no `name`"))
                    .help("add a `name`: definitions are told apart by it"),
            );
            return (names::qualify("", namespace), loc);
        };
        let loc = member.value.loc;
        let Some(name) = member.value.as_str() else {
            self.cx.push(
                Diagnostic::error(
                    "invalid-name",
                    loc,
                    format!("`name` is {}", member.value.kind()),
                )
                .help("write a name in quotes"),
            );
            return (names::qualify("", namespace), loc);
        };
        let full = names::qualify(name, namespace);
        if name.len() > full.name.len() {
            names::check_namespace(self.cx, &full.namespace, loc);
        }
        names::check(self.cx, "type name", &full.name, loc);
        if PRIMITIVES.contains(&full.name.as_str()) {
            let message = format!("`{}` is the name of a primitive type", full.name);
            self.cx.push(if full.namespace.is_empty() {
                Diagnostic::error("invalid-name", loc, message).help("choose another name")
            } else {
                Diagnostic::warning("name-not-portable", loc, message)
                    .help("choose another name, or always refer to it with its namespace")
            });
        }
        (full, loc)
    }

    fn fields(&mut self, node: &Node, member: Option<&Member>, namespace: &str) -> Vec<Field> {
        let Some(member) = member else {
            let complaint = Diagnostic::error(
                "missing-fields",
                type_loc(node),
                "this record has no `fields`",
            );
            let add = "add `\"fields\": []` with a name and a type each";
            self.cx
                .push(renamed(complaint, node, "fields", "properties", add));
            return Vec::new();
        };
        let Some(items) = member.value.as_array() else {
            self.cx.push(
                Diagnostic::error(
                    "missing-fields",
                    member.value.loc,
                    format!("`fields` is {}", member.value.kind()),
                )
                .help("write a list of fields"),
            );
            return Vec::new();
        };
        let mut fields = Vec::with_capacity(items.len());
        let mut seen: Table<&str, Loc> = Table::default();
        for item in items {
            let Some(field) = self.field(item, namespace) else {
                continue;
            };
            if let Some(name) = item.get("name").and_then(Node::as_str)
                && let Some(first) = seen.insert(name, field.name_loc)
            {
                self.cx.push(
                    Diagnostic::error(
                        "duplicate-field",
                        field.name_loc,
                        format!("field `{name}` is declared twice"),
                    )
                    .other(first, "first declared here")
                    .help("rename one of them, or remove the second"),
                );
                continue;
            }
            fields.push(field);
        }
        fields
    }

    /// Reads a field of a record, or a parameter of a message.
    pub(super) fn field(&mut self, node: &Node, namespace: &str) -> Option<Field> {
        let Some(members) = node.as_object() else {
            self.cx.push(
                Diagnostic::error(
                    "invalid-field",
                    node.loc,
                    format!("a field is {} where an object should be", node.kind()),
                )
                .help("write an object with `name` and `type`"),
            );
            return None;
        };
        let mut name = None;
        let mut ty = None;
        let (mut doc, mut default, mut aliases, mut order, mut logical) =
            (None, None, None, None, None);
        for member in members {
            let value = &member.value;
            match member.name.as_str() {
                "name" => name = Some(value),
                "type" => ty = Some(value),
                "doc" => doc = Some(value),
                "default" => default = Some(value),
                "aliases" => aliases = Some(value),
                "order" => order = Some(value),
                "logicalType" => logical = Some(member),
                _ => {}
            }
        }
        let (name, name_loc) = self.field_name(node, name);
        let of = if name.is_empty() {
            String::new()
        } else {
            format!(" `{name}`")
        };
        let ty = match ty {
            Some(ty) => match unnested(ty, node) {
                Some(complaint) => {
                    self.cx.push(complaint);
                    plain(Kind::Null, ty.loc)
                }
                None => self.schema(ty, namespace),
            },
            None => {
                self.cx.push(
                    Diagnostic::error("missing-type", name_loc, format!("field{of} has no `type`"))
                        .help("add a `type`"),
                );
                plain(Kind::Null, node.loc)
            }
        };
        if let Some(member) = logical.filter(|_| ty.logical.is_none()) {
            self.cx.push(
                Diagnostic::warning(
                    "misplaced-logical-type",
                    member.name_loc,
                    format!("`logicalType` stands beside the type of field{of}, not in it, and is ignored"),
                )
                .help("move it into the type: `\"type\": {\"type\": …, \"logicalType\": …}`"),
            );
        }
        Some(Field {
            name,
            name_loc,
            loc: node.loc,
            doc: self.doc(doc),
            ty,
            default: default.cloned(),
            aliases: self.aliases(aliases),
            order: self.order(order),
            props: properties(members, false, |key| {
                matches!(
                    key,
                    "name" | "type" | "doc" | "default" | "aliases" | "order"
                )
            }),
        })
    }

    fn field_name(&mut self, node: &Node, name: Option<&Node>) -> (String, Loc) {
        match name.map(|name| (name, &name.value)) {
            Some((node, Value::String(name))) => {
                names::check(self.cx, "field name", name, node.loc);
                (name.clone(), node.loc)
            }
            Some((node, _)) => {
                self.cx.push(
                    Diagnostic::error(
                        "invalid-name",
                        node.loc,
                        format!("`name` is {}", node.kind()),
                    )
                    .help("write a name in quotes"),
                );
                (String::new(), node.loc)
            }
            None => {
                self.cx.push(
                    Diagnostic::error("missing-name", node.loc, "this field has no `name`")
                        .help("add a `name`"),
                );
                (String::new(), node.loc)
            }
        }
    }

    fn order(&mut self, node: Option<&Node>) -> Order {
        const ORDERS: [&str; 3] = ["ascending", "descending", "ignore"];
        let Some(node) = node else {
            return Order::Ascending;
        };
        let word = node.as_str().map(str::to_ascii_lowercase);
        match word.as_deref() {
            Some("ascending") => Order::Ascending,
            Some("descending") => Order::Descending,
            Some("ignore") => Order::Ignore,
            _ => {
                let help = match word.as_deref().and_then(|word| nearest(word, ORDERS)) {
                    Some(meant) => format!("write `{meant}`"),
                    None => "write `ascending`, `descending` or `ignore`".to_owned(),
                };
                let message = format!("`{}` is no order of sorting", node.to_json());
                self.cx
                    .push(Diagnostic::error("invalid-order", node.loc, message).help(help));
                Order::Ascending
            }
        }
    }

    fn enum_(&mut self, node: &Node, attributes: &Attributes<'_>) -> NamedKind {
        let written = attributes
            .symbols
            .and_then(|member| Some((&member.value, member.value.as_array()?)));
        let Some((written, list)) = written else {
            let (loc, message) = match attributes.symbols {
                Some(member) => (
                    member.value.loc,
                    format!("`symbols` is {}", member.value.kind()),
                ),
                None => (type_loc(node), "this enum has no `symbols`".to_owned()),
            };
            let complaint = Diagnostic::error("missing-symbols", loc, message);
            let add = "add `\"symbols\"` with a list of names";
            self.cx.push(match attributes.symbols {
                Some(_) => complaint.help(add),
                None => renamed(complaint, node, "symbols", "values", add),
            });
            return NamedKind::Enum {
                symbols: Vec::new(),
                default: None,
            };
        };
        let mut symbols: Vec<String> = Vec::with_capacity(list.len());
        let mut seen: Table<&str, (usize, Loc)> = Table::default();
        for item in list {
            let Some(symbol) = item.as_str() else {
                self.cx.push(
                    Diagnostic::error(
                        "invalid-name",
                        item.loc,
                        format!("a symbol is {}", item.kind()),
                    )
                    .help("write a name in quotes"),
                );
                continue;
            };
            names::check(self.cx, "symbol", symbol, item.loc);
            if let Some((_, first)) = seen.get(symbol) {
                self.cx.push(
                    Diagnostic::error(
                        "duplicate-symbol",
                        item.loc,
                        format!("symbol `{symbol}` is listed twice"),
                    )
                    .other(*first, "first listed here")
                    .help("remove one of the two"),
                );
                continue;
            }
            seen.insert(symbol, (symbols.len(), item.loc));
            symbols.push(symbol.to_owned());
        }
        if list.is_empty() {
            self.cx.push(
                Diagnostic::warning(
                    "empty-enum",
                    written.loc,
                    "this enum has no symbols, so no value fits it",
                )
                .help("list the symbols a value may have"),
            );
        }
        let default = attributes.default.and_then(|node| {
            let found = node.as_str().and_then(|symbol| seen.get(symbol));
            if found.is_none() {
                let meant = node
                    .as_str()
                    .and_then(|word| nearest(word, symbols.iter().map(String::as_str)));
                self.cx.push(
                    Diagnostic::error(
                        "invalid-enum-default",
                        node.loc,
                        format!("the default `{}` is none of the symbols", node.to_json()),
                    )
                    .help(match meant {
                        Some(meant) => format!("write `{meant}`"),
                        None => "add it to `symbols`, or name one of them".to_owned(),
                    }),
                );
            }
            found.map(|(index, _)| *index)
        });
        NamedKind::Enum { symbols, default }
    }

    fn size(&mut self, node: &Node, member: Option<&Member>) -> usize {
        let Some(member) = member else {
            let complaint =
                Diagnostic::error("missing-size", type_loc(node), "this fixed has no `size`");
            let add = "add `\"size\"` with the number of bytes";
            self.cx
                .push(renamed(complaint, node, "size", "length", add));
            return 0;
        };
        let quoted = member.value.as_str().and_then(Number::parse);
        if quoted.is_some() {
            self.cx.push(
                Diagnostic::warning(
                    "invalid-size",
                    member.value.loc,
                    "`size` is a number in quotes",
                )
                .help("remove the quotes: most Avro tools refuse them"),
            );
        }
        let size = member
            .value
            .as_number()
            .or(quoted.as_ref())
            .and_then(Number::as_i64);
        // Java's limit, and more than anybody can want.
        match size.map(i32::try_from) {
            Some(Ok(size)) if size >= 0 => size.unsigned_abs() as usize,
            _ => {
                self.cx.push(
                    Diagnostic::error(
                        "invalid-size",
                        member.value.loc,
                        format!(
                            "`size` is `{}` where a number of bytes should be",
                            member.value.to_json()
                        ),
                    )
                    .help("write a whole number from 0 to 2147483647"),
                );
                0
            }
        }
    }

    pub(super) fn doc(&mut self, node: Option<&Node>) -> Option<String> {
        let node = node?;
        match &node.value {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            _ => {
                self.cx.push(
                    Diagnostic::warning(
                        "invalid-doc",
                        node.loc,
                        format!(
                            "`doc` is {} where a text should be, and is ignored",
                            node.kind()
                        ),
                    )
                    .help("write text in quotes"),
                );
                None
            }
        }
    }

    fn aliases(&mut self, node: Option<&Node>) -> Vec<String> {
        let Some(node) = node else { return Vec::new() };
        let mut complain = |node: &Node, message: String, help: &str| {
            self.cx
                .push(Diagnostic::error("invalid-alias", node.loc, message).help(help));
        };
        match &node.value {
            Value::Null => Vec::new(),
            Value::Array(items) => {
                let mut aliases = Vec::with_capacity(items.len());
                for item in items {
                    match item.as_str() {
                        Some(alias) => aliases.push(alias.to_owned()),
                        None => complain(
                            item,
                            format!("an alias is {} where a name should be", item.kind()),
                            "write a name in quotes",
                        ),
                    }
                }
                aliases
            }
            Value::String(one) => {
                complain(node, "`aliases` is a string".to_owned(), "put it in a list");
                vec![one.clone()]
            }
            _ => {
                complain(
                    node,
                    format!("`aliases` is {}", node.kind()),
                    "write a list of names",
                );
                Vec::new()
            }
        }
    }
}

/// The frequent slip of writing a type's attributes beside the field's own.
fn unnested(ty: &Node, field: &Node) -> Option<Diagnostic> {
    let keyword = ty.as_str()?;
    let body = match keyword {
        "array" => "items",
        "map" => "values",
        "enum" => "symbols",
        "record" | "error" => "fields",
        "fixed" => "size",
        _ => return None,
    };
    let member = field.member(body)?;
    Some(
        Diagnostic::error(
            "unnested-type",
            member.name_loc,
            format!("`{body}` stands beside the type of the field, not in it"),
        )
        .other(ty.loc, "the type")
        .help(format!(
            "write `\"type\": {{\"type\": \"{keyword}\", \"{body}\": …}}`"
        )),
    )
}

/// On an enum, `default` has a meaning as well.
fn is_reserved_on_enum(key: &str) -> bool {
    key == "default" || is_reserved(key)
}
