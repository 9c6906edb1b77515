//! The Avro schema a struct or an enum stands for, as a located tree whose places are tokens.

use super::container::{Container, FieldSpec, VariantSpec, member, text_member};
use super::tokens::TokenStream;
use super::ty::{Foreign, Kind, Ty, text};
use crate::model::{Logical, Shape};
use obs_schema::json::Number;
use obs_schema::node::{Member, Node, Value};
use obs_schema::source::Loc;
use obs_schema::table::Table;

/// Stands in the schema where a type of the user's own will be, until the compiler knows it.
const STAND_IN: &str = "ObsPart";

/// The user's own types, in the order of their first mention.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) types: Vec<TokenStream>,
    texts: Vec<String>,
    /// Named types that were defined on the way: a second mention is a reference.
    defined: Table<String, ()>,
}

impl Parts {
    /// The number of a type; the same for each mention.
    fn index(&mut self, tokens: &TokenStream) -> usize {
        let written = text(tokens);
        if let Some(at) = self.texts.iter().position(|text| *text == written) {
            return at;
        }
        self.types.push(tokens.clone());
        self.texts.push(written);
        self.types.len() - 1
    }

    /// A named type in full at its first mention, by name after that.
    fn once(&mut self, name: String, loc: Loc, members: Vec<Member>) -> Node {
        if self.defined.insert(name.clone(), ()).is_some() {
            return string(&name, loc);
        }
        let mut all = vec![
            text_member("type", "fixed".to_owned(), loc),
            text_member("name", name, loc),
        ];
        all.push(text_member("namespace", String::new(), loc));
        all.extend(members);
        object(all, loc)
    }
}

/// The record of a struct.
pub(super) fn record(
    container: &Container,
    fields: &[FieldSpec],
    parts: &mut Parts,
    own: &str,
) -> Node {
    let loc = container.name.value.loc;
    let mut all = vec![
        text_member("type", "record".to_owned(), loc),
        container.name.clone(),
    ];
    all.extend(container.members.iter().cloned());
    annotate(&mut all, &container.keys);
    let fields = fields
        .iter()
        .map(|field| self::field(container, field, parts, own))
        .collect();
    all.push(member(
        "fields",
        Node {
            loc,
            value: Value::Array(fields),
        },
    ));
    object(all, loc)
}

fn field(container: &Container, field: &FieldSpec, parts: &mut Parts, own: &str) -> Node {
    let loc = field.name.value.loc;
    let mut writer = Writer {
        container,
        parts,
        own,
    };
    let mut ty = writer.ty(&field.ty);
    let mut all = vec![field.name.clone()];
    let absent = field.default.clone().or_else(|| {
        let optional = matches!(field.ty.kind, Kind::Option(_));
        optional.then_some(Node {
            loc,
            value: Value::Null,
        })
    });
    if field.null_last()
        && let Value::Array(branches) = &mut ty.value
    {
        // A default belongs to the first branch of a union.
        branches.reverse();
    }
    all.push(member("type", ty));
    all.extend(absent.map(|default| member("default", default)));
    all.extend(field.members.iter().cloned());
    annotate(&mut all, &field.keys);
    object(all, loc)
}

impl FieldSpec {
    /// An option whose default is a value writes null as its second branch.
    pub(super) fn null_last(&self) -> bool {
        let default = self
            .default
            .as_ref()
            .is_some_and(|default| !matches!(default.value, Value::Null));
        default && matches!(self.ty.kind, Kind::Option(_))
    }
}

struct Writer<'a> {
    container: &'a Container,
    parts: &'a mut Parts,
    /// The struct's own name: a type that mentions itself is a reference.
    own: &'a str,
}

impl Writer<'_> {
    fn ty(&mut self, ty: &Ty) -> Node {
        let loc = ty.loc;
        match &ty.kind {
            Kind::Plain(shape) => self.shape(shape, loc),
            Kind::Narrow(name) => string(name, loc),
            Kind::List(item) => {
                let items = self.ty(item);
                object(
                    vec![
                        text_member("type", "array".to_owned(), loc),
                        member("items", items),
                    ],
                    loc,
                )
            }
            Kind::Map(value) => {
                let values = self.ty(value);
                object(
                    vec![
                        text_member("type", "map".to_owned(), loc),
                        member("values", values),
                    ],
                    loc,
                )
            }
            Kind::Option(inner) => {
                let branches = vec![string("null", loc), self.ty(inner)];
                Node {
                    loc,
                    value: Value::Array(branches),
                }
            }
            Kind::Boxed(inner) | Kind::Sensitive(_, inner) => self.ty(inner),
            Kind::Foreign
                if matches!(text(&ty.tokens).as_str(), "Self") || text(&ty.tokens) == self.own =>
            {
                let name = self.container.name.value.as_str().unwrap_or_default();
                string(name, loc)
            }
            Kind::Foreign | Kind::Refused => {
                let name = format!("{STAND_IN}{}", self.parts.index(&ty.tokens));
                self.parts.once(name, loc, vec![size(1, loc)])
            }
        }
    }

    fn shape(&mut self, shape: &Shape, loc: Loc) -> Node {
        let name = match shape {
            Shape::Null => "null",
            Shape::Bool => "boolean",
            Shape::I32 => "int",
            Shape::I64 | Shape::U64 => "long",
            Shape::F32 => "float",
            Shape::F64 => "double",
            Shape::Bytes => "bytes",
            Shape::Logical(logical) => return self.logical(*logical, loc),
            _ => "string",
        };
        string(name, loc)
    }

    fn logical(&mut self, logical: Logical, loc: Loc) -> Node {
        let number = |name: &str, value: u32| {
            member(
                name,
                Node {
                    loc,
                    value: Value::Number(Number::Int(i64::from(value))),
                },
            )
        };
        let mut extra = Vec::new();
        let (ty, name) = match logical {
            Logical::Decimal {
                precision, scale, ..
            } => {
                extra = vec![number("precision", precision), number("scale", scale)];
                ("bytes", "decimal")
            }
            Logical::BigDecimal => ("bytes", "big-decimal"),
            Logical::Uuid { .. } => ("string", "uuid"),
            Logical::Date => ("int", "date"),
            Logical::TimeMillis => ("int", "time-millis"),
            Logical::TimeMicros => ("long", "time-micros"),
            Logical::TimestampMillis => ("long", "timestamp-millis"),
            Logical::TimestampMicros => ("long", "timestamp-micros"),
            Logical::TimestampNanos => ("long", "timestamp-nanos"),
            Logical::LocalTimestampMillis => ("long", "local-timestamp-millis"),
            Logical::LocalTimestampMicros => ("long", "local-timestamp-micros"),
            Logical::LocalTimestampNanos => ("long", "local-timestamp-nanos"),
            Logical::Duration => {
                let logical = text_member("logicalType", "duration".to_owned(), loc);
                return self
                    .parts
                    .once("Duration".to_owned(), loc, vec![size(12, loc), logical]);
            }
        };
        let mut all = vec![text_member("type", ty.to_owned(), loc)];
        all.push(text_member("logicalType", name.to_owned(), loc));
        all.extend(extra);
        object(all, loc)
    }
}

/// The enum of a label.
pub(super) fn enum_(container: &Container, variants: &[VariantSpec]) -> Node {
    let loc = container.name.value.loc;
    let mut all = vec![
        text_member("type", "enum".to_owned(), loc),
        container.name.clone(),
    ];
    all.extend(container.members.iter().cloned());
    let symbols = variants
        .iter()
        .map(|variant| variant.symbol.clone())
        .collect();
    all.push(member(
        "symbols",
        Node {
            loc,
            value: Value::Array(symbols),
        },
    ));
    if let Some(default) = variants.iter().find(|variant| variant.default.is_some()) {
        all.push(member("default", default.symbol.clone()));
    }
    object(all, loc)
}

fn annotate(all: &mut Vec<Member>, keys: &Node) {
    if keys.as_object().is_some_and(|members| !members.is_empty()) {
        let loc = keys.loc;
        all.push(Member {
            name: "x-obs".to_owned(),
            name_loc: loc,
            value: keys.clone(),
        });
    }
}

fn size(size: i64, loc: Loc) -> Member {
    member(
        "size",
        Node {
            loc,
            value: Value::Number(Number::Int(size)),
        },
    )
}

fn string(text: &str, loc: Loc) -> Node {
    Node {
        loc,
        value: Value::String(text.to_owned()),
    }
}

fn object(members: Vec<Member>, loc: Loc) -> Node {
    Node {
        loc,
        value: Value::Object(members),
    }
}

/// A piece of a schema's text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    /// Text as it stands.
    Text(String),
    /// The schema of one of the [`Parts`].
    Part(usize),
}

/// Cuts a schema's text where parts stand in it.
pub(super) fn pieces(schema: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut done = 0;
    let mark = format!("\"{STAND_IN}");
    for (at, _) in schema.match_indices(&mark) {
        let rest = &schema[at + mark.len()..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (Ok(index), Some(b'"')) =
            (rest[..digits].parse(), rest.as_bytes().get(digits).copied())
        else {
            continue;
        };
        let (mut start, mut end) = (at, at + mark.len() + digits + 1);
        if schema[..at].ends_with("\"name\":") {
            // A definition is a flat object around the name.
            start = schema[..at].rfind('{').unwrap_or(at);
            end = schema[end..].find('}').map_or(end, |close| end + close + 1);
        }
        if start >= done {
            out.push(Piece::Text(schema[done..start].to_owned()));
            out.push(Piece::Part(index));
            done = end;
        }
    }
    out.push(Piece::Text(schema[done..].to_owned()));
    out.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
    out
}

/// The identifier of a part in emitted text.
pub(super) fn part_placeholder(index: usize) -> String {
    // The same as for types whose codec comes through the trait, in a range of their own.
    Foreign::placeholder(index).replace("Type", "Part")
}
