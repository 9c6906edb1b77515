//! What attributes say: the keys derives have of their own, apart from the `x-obs` keys every door knows.

use super::attr;
use super::item::{self, Field, Item, Variant};
use super::spans::Spans;
use super::ty::{self, Kind, Ty};
use crate::emit::wrapper;
use crate::keys;
use crate::model::{Logical, Sensitivity, Shape};
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::node::{Member, Node, Value};
use obs_schema::source::Loc;

/// Keys of a derive on a struct, beside those of an event.
const OF_STRUCT: &[&str] = &["name", "namespace", "aliases", "rename_all", "crate"];
/// Keys of a derive on a field, beside those of a field.
const OF_FIELD: &[&str] = &["rename", "aliases", "default", "precision", "scale"];
/// Keys on an enum.
const OF_ENUM: &[&str] = &["name", "namespace", "aliases", "rename_all", "crate"];
/// Keys on a variant.
const OF_VARIANT: &[&str] = &["rename", "default"];
/// Keys on a field that only an event's own fields may have.
const OF_EVENT_FIELD: &[&str] = &[
    "key",
    "attr",
    "label",
    "top",
    "log",
    "tenant",
    "correlation",
];

/// Which derive it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// `#[derive(Event)]`
    Event,
    /// `#[derive(EventPart)]`
    Part,
    /// `#[derive(Label)]`
    Label,
}

impl Role {
    /// The helper attribute.
    pub(super) fn attribute(self) -> &'static str {
        match self {
            Role::Event | Role::Part => "event",
            Role::Label => "label",
        }
    }
}

/// What stands on the item.
pub(super) struct Container {
    /// The schema's name for it.
    pub(super) name: Member,
    /// Further members of the schema: namespace, aliases, documentation, `x-obs`.
    pub(super) members: Vec<Member>,
    /// How names of fields or variants are spelled on the wire.
    pub(super) case: Option<Case>,
    /// The path of the runtime.
    pub(super) krate: String,
    /// `schema = "specs/x.avsc"`
    pub(super) schema: Option<(String, Loc)>,
    /// The keys of an event.
    pub(super) keys: Node,
}

/// The spelling of names on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
}

const CASES: &[(&str, Case)] = &[
    ("lowercase", Case::Lower),
    ("UPPERCASE", Case::Upper),
    ("PascalCase", Case::Pascal),
    ("camelCase", Case::Camel),
    ("snake_case", Case::Snake),
    ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
];

impl Case {
    /// A Rust name in this spelling.
    pub(super) fn apply(self, name: &str) -> String {
        let mut words: Vec<String> = Vec::new();
        for part in name.split('_').filter(|part| !part.is_empty()) {
            let mut lower_before = false;
            for c in part.chars() {
                let starts = words.is_empty() || c.is_uppercase() && lower_before;
                match words.last_mut() {
                    Some(word) if !starts => word.extend(c.to_lowercase()),
                    _ => words.push(c.to_lowercase().collect()),
                }
                lower_before = !c.is_uppercase();
            }
            words.push(String::new());
        }
        words.retain(|word| !word.is_empty());
        let title = |word: &String| {
            let mut chars = word.chars();
            let first: String = chars
                .next()
                .into_iter()
                .flat_map(char::to_uppercase)
                .collect();
            first + chars.as_str()
        };
        match self {
            Case::Lower => words.concat(),
            Case::Upper => words.concat().to_uppercase(),
            Case::Pascal => words.iter().map(title).collect(),
            Case::Camel => {
                let mut words = words.into_iter();
                let first = words.next().unwrap_or_default();
                first + &words.map(|word| title(&word)).collect::<String>()
            }
            Case::Snake => words.join("_"),
            Case::ScreamingSnake => words.join("_").to_uppercase(),
        }
    }
}

/// The runtime, unless `crate` says otherwise.
const RUNTIME: &str = "::obs_runtime";

/// The path of the runtime, of an item that may be wrong otherwise.
pub(super) fn krate(item: &Item, role: Role) -> String {
    let (mut cx, mut spans) = (Diagnostics::default(), Spans::default());
    let node = attr::read(&mut cx, &mut spans, &item.attrs, role.attribute(), item.loc);
    let path = node.get("crate").and_then(Node::as_str);
    path.unwrap_or(RUNTIME).to_owned()
}

/// Reads what stands on a struct or an enum.
pub(super) fn container(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    item: &Item,
    role: Role,
) -> Container {
    let node = attr::read(cx, spans, &item.attrs, role.attribute(), item.loc);
    let loc = spans.at(item.name.span());
    let (own, place): (Vec<&str>, &str) = match role {
        Role::Event => (
            OF_STRUCT
                .iter()
                .chain(&["schema"])
                .chain(keys::EVENT_KEYS)
                .copied()
                .collect(),
            "on an event",
        ),
        Role::Part => (OF_STRUCT.to_vec(), "on a part of an event"),
        Role::Label => (OF_ENUM.to_vec(), "on a label"),
    };
    let mut out = Container {
        name: text_member("name", item::bare(&item.name), loc),
        members: Vec::new(),
        case: None,
        krate: RUNTIME.to_owned(),
        schema: None,
        keys: Node {
            loc: node.loc,
            value: Value::Null,
        },
    };
    let mut rest = Vec::new();
    for member in members(node) {
        match member.name.as_str() {
            "name" => {
                if keys::text(cx, "`name`", &member.value).is_some() {
                    out.name = member;
                }
            }
            "namespace" | "aliases" => out.members.push(member),
            "rename_all" => out.case = case(cx, &member.value),
            "crate" => {
                if let Some(path) = keys::text(cx, "`crate`", &member.value) {
                    out.krate = path.value;
                }
            }
            "schema" if role == Role::Event => {
                out.schema =
                    keys::text(cx, "`schema`", &member.value).map(|path| (path.value, path.loc));
            }
            name if !own.contains(&name) => keys::unknown_key(cx, &member, place, &own),
            _ => rest.push(member),
        }
    }
    if let Some(doc) = item::doc(&item.attrs) {
        out.members.push(text_member("doc", doc, loc));
    }
    out.keys.value = Value::Object(rest);
    out
}

pub(super) fn case(cx: &mut Diagnostics, node: &Node) -> Option<Case> {
    keys::word(cx, "`rename_all`", node, CASES).map(|case| case.value)
}

/// What stands on a field.
pub(super) struct FieldSpec {
    /// Its name in Rust.
    pub(super) ident: String,
    /// Its name on the wire.
    pub(super) name: Member,
    pub(super) ty: Ty,
    /// Further members of the schema: aliases, documentation, `x-obs`.
    pub(super) members: Vec<Member>,
    pub(super) default: Option<Node>,
    /// Digits of a decimal: in all, and after the point.
    pub(super) digits: (Option<u64>, u64),
    /// `precision` stands there, right or wrong.
    pub(super) asked_digits: bool,
    pub(super) keys: Node,
}

/// Reads a field.
pub(super) fn field(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    field: &Field,
    container: &Container,
    role: Role,
) -> FieldSpec {
    let node = attr::read(cx, spans, &field.attrs, "event", field.loc);
    // Places are numbered as they are met, and complaints sorted by them: attributes, then the name, then the type.
    let loc = spans.at(field.name.span());
    let bare = item::bare(&field.name);
    let runtime = container.krate.rsplit(':').next().unwrap_or_default();
    let wire = container
        .case
        .map_or_else(|| bare.clone(), |case| case.apply(&bare));
    let mut out = FieldSpec {
        ident: field.name.to_string(),
        name: text_member("name", wire, loc),
        ty: ty::read(cx, spans, &field.ty, runtime),
        members: Vec::new(),
        default: None,
        digits: (None, 0),
        asked_digits: false,
        keys: Node {
            loc: node.loc,
            value: Value::Null,
        },
    };
    let mut asked_digits = false;
    let known: Vec<&str> = OF_FIELD.iter().chain(keys::FIELD_KEYS).copied().collect();
    let mut rest = Vec::new();
    for member in members(node) {
        match member.name.as_str() {
            "rename" => {
                if keys::text(cx, "`rename`", &member.value).is_some() {
                    out.name = Member {
                        name: "name".to_owned(),
                        ..member
                    };
                }
            }
            "aliases" => out.members.push(member),
            "default" => out.default = Some(member.value),
            "precision" => {
                asked_digits = true;
                out.digits.0 =
                    keys::whole(cx, "`precision`", &member.value, 1..=1000).map(|n| n.value);
            }
            "scale" => {
                out.digits.1 =
                    keys::whole(cx, "`scale`", &member.value, 0..=1000).map_or(0, |n| n.value);
            }
            name if !known.contains(&name) => keys::unknown_key(cx, &member, "on a field", &known),
            name if role == Role::Part && OF_EVENT_FIELD.contains(&name) => {
                let message =
                    format!("`{name}` belongs on a field of an event, and this is a part of one");
                cx.push(
                    Diagnostic::error("misplaced-key", member.name_loc, message)
                        .help("remove it, or put the value into a field of the event"),
                );
            }
            _ => rest.push(member),
        }
    }
    if let Some(doc) = item::doc(&field.attrs) {
        out.members.push(text_member("doc", doc, loc));
    }
    out.keys.value = Value::Object(rest);
    if let (Some(precision), scale) = out.digits {
        let small = |digits: u64| u32::try_from(digits).unwrap_or(0);
        out.ty.set_digits(small(precision), small(scale));
    }
    out.asked_digits = asked_digits;
    out
}

/// Key and type have to agree on what is sensitive: the key speaks to telemetry, the type to the program.
/// Where a schema file says what a field is, the two are compared with that instead.
pub(super) fn sensitive(cx: &mut Diagnostics, field: &mut FieldSpec) {
    decimal(cx, field);
    let wire = field.name.value.as_str().unwrap_or_default().to_owned();
    let asked = |name: &str| {
        field
            .keys
            .member(name)
            .filter(|member| member.value.as_bool() != Some(false))
            .cloned()
    };
    let (pii, secret) = (asked("pii"), asked("secret"));
    let written = field.ty.sensitivity();
    let wanted = match (&pii, &secret) {
        (_, Some(secret)) => Some((Sensitivity::Secret, secret)),
        (Some(pii), None) => Some((Sensitivity::Pii, pii)),
        (None, None) => None,
    };
    match (wanted, written) {
        (Some((wanted, _)), Some((written, _))) if wanted == written => {}
        (Some((wanted, key)), _) if field.ty.kind != Kind::Refused => {
            let wrapper = wrapper(wanted);
            let message = format!("`{wire}` is `{}`, and its type is no `{wrapper}`", key.name);
            let bare = |ty: &Ty| match &ty.kind {
                Kind::Sensitive(_, inner) => inner.text(),
                _ => ty.text(),
            };
            let inner = match &field.ty.kind {
                Kind::Option(inner) => format!("Option<{wrapper}<{}>>", bare(inner)),
                _ => format!("{wrapper}<{}>", bare(&field.ty)),
            };
            cx.push(
                Diagnostic::error("sensitive-type", field.ty.loc, message)
                    .other(key.name_loc, "marked here")
                    .help(format!("write `{inner}`, from `obs_runtime`")),
            );
        }
        // The type alone says what it is; of personal data nothing is shown until somebody says how.
        (None, Some((written, loc))) => {
            let (name, value) = match written {
                Sensitivity::Pii => ("pii", Value::String("drop".to_owned())),
                Sensitivity::Secret => ("secret", Value::Bool(true)),
            };
            if let Value::Object(members) = &mut field.keys.value {
                let value = Node { loc, value };
                members.push(Member {
                    name: name.to_owned(),
                    name_loc: loc,
                    value,
                });
            }
        }
        _ => {}
    }
}

/// A decimal has its digits in the schema, and Rust's type does not know them.
fn decimal(cx: &mut Diagnostics, field: &FieldSpec) {
    let is_decimal = field
        .ty
        .has(&|kind| matches!(kind, Kind::Plain(Shape::Logical(Logical::Decimal { .. }))));
    let wire = field.name.value.as_str().unwrap_or_default();
    if is_decimal && !field.asked_digits {
        let message = format!("`{wire}` is a decimal and does not say how many digits it has");
        cx.push(
            Diagnostic::error("missing-precision", field.ty.loc, message)
                .help("add `precision` and `scale`: `#[event(precision = 9, scale = 2)]`"),
        );
    }
}

/// What stands on a variant.
pub(super) struct VariantSpec {
    pub(super) ident: String,
    /// The symbol on the wire.
    pub(super) symbol: Node,
    /// Unknown symbols become this one.
    pub(super) default: Option<Loc>,
}

/// Reads a variant.
pub(super) fn variant(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    variant: &Variant,
    case: Option<Case>,
) -> VariantSpec {
    let node = attr::read(cx, spans, &variant.attrs, "label", variant.loc);
    let bare = item::bare(&variant.name);
    let symbol = case.map_or_else(|| bare.clone(), |case| case.apply(&bare));
    let mut out = VariantSpec {
        ident: variant.name.to_string(),
        symbol: Node {
            loc: variant.loc,
            value: Value::String(symbol),
        },
        default: None,
    };
    for member in members(node) {
        match member.name.as_str() {
            "rename" => {
                if keys::text(cx, "`rename`", &member.value).is_some() {
                    out.symbol = member.value;
                }
            }
            "default" => {
                let marked = keys::boolean(cx, "`default`", &member.value) == Some(true);
                out.default = marked.then_some(member.name_loc);
            }
            _ => keys::unknown_key(cx, &member, "on a variant", OF_VARIANT),
        }
    }
    out
}

/// At most one variant takes in unknown symbols.
pub(super) fn one_default(cx: &mut Diagnostics, variants: &[VariantSpec]) {
    let mut marked = variants
        .iter()
        .filter_map(|variant| Some((variant, variant.default?)));
    let Some((first, at)) = marked.next() else {
        return;
    };
    for (variant, loc) in marked {
        let message = format!(
            "`{}` and `{}` are both the default",
            first.ident, variant.ident
        );
        cx.push(
            Diagnostic::error("duplicate-value", loc, message)
                .other(at, "first marked here")
                .help("keep one of them"),
        );
    }
}

pub(super) fn text_member(name: &str, text: String, loc: Loc) -> Member {
    member(
        name,
        Node {
            loc,
            value: Value::String(text),
        },
    )
}

pub(super) fn member(name: &str, value: Node) -> Member {
    Member {
        name: name.to_owned(),
        name_loc: value.loc,
        value,
    }
}

fn members(node: Node) -> Vec<Member> {
    match node.value {
        Value::Object(members) => members,
        _ => Vec::new(),
    }
}
