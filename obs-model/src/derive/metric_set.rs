//! `#[derive(MetricSet)]`: a struct of instruments.

use super::attr;
use super::item::{self, Cursor, Field, Item, Kind};
use super::output::{ALLOW, place};
use super::spans::{Spans, compile_errors};
use super::tokens::{TokenStream, TokenTree};
use super::ty::Foreign;
use crate::diag::compile_error;
use crate::draft::Located;
use crate::emit;
use crate::keys::{self, FamilyKeys};
use crate::model::RustName;
use crate::model::metrics::{
    Family, FamilyKind, FamilyLabel, LabelOf, MOST_SERIES, MetricSet, USUAL_BUDGET,
};
use crate::resolve::field_ident;
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::source::FileId;
use obs_schema::table::Table;

/// Keys on the struct.
const OF_STRUCT: [&str; 3] = ["prefix", "max_series", "crate"];

pub(super) fn derive(tokens: TokenStream) -> TokenStream {
    let mut spans = Spans::default();
    let Some(item) = item::parse(tokens, &mut spans) else {
        return TokenStream::new();
    };
    let mut cx = Diagnostics::default();
    let container = container(&mut cx, &mut spans, &item);
    let obs = format!("{}::__private::v1", container.krate);
    let mut types = Table::default();
    let set = understand(&mut cx, &mut spans, &item, &container, &mut types);
    let broken = cx.has_errors();
    let found = cx.into_sorted();
    let at = item.name.span();
    if let (Some(set), false) = (set, broken) {
        let text = format!(
            "{ALLOW}\nconst _: () = {{\n{}}};\n",
            emit::metric_set(&set, &obs)
        );
        return place(&text, at, &types, &Table::default());
    }
    let mut out = compile_errors(&found, &spans, at, compile_error::message);
    if item.generics.loc.is_none() {
        let name = &item.name;
        let stub = format!(
            "#[automatically_derived] impl {obs}::MetricSet for {name} {{ \
             const FAMILIES: &'static [{obs}::FamilyInfo] = &[]; \
             fn get() -> &'static Self {{ ::core::panic!() }} }}"
        );
        out.extend(place(&stub, at, &Table::default(), &Table::default()));
    }
    out
}

/// What stands on the struct.
struct Container {
    prefix: String,
    max_series: u64,
    krate: String,
}

fn container(cx: &mut Diagnostics, spans: &mut Spans, item: &Item) -> Container {
    let node = attr::read(cx, spans, &item.attrs, "metrics", item.loc);
    let mut out = Container {
        prefix: String::new(),
        max_series: USUAL_BUDGET,
        krate: "::obs_runtime".to_owned(),
    };
    for member in node.as_object().unwrap_or_default() {
        let value = &member.value;
        match member.name.as_str() {
            "prefix" => {
                if let Some(prefix) = keys::family_name(cx, "`prefix`", value) {
                    out.prefix = prefix.value;
                }
            }
            "max_series" => {
                if let Some(most) = keys::whole(cx, "`max_series`", value, 1..=MOST_SERIES) {
                    out.max_series = most.value;
                }
            }
            "crate" => {
                if let Some(path) = keys::text(cx, "`crate`", value) {
                    out.krate = path.value;
                }
            }
            _ => keys::unknown_key(cx, member, "on a set of metrics", &OF_STRUCT),
        }
    }
    out
}

fn understand(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    item: &Item,
    container: &Container,
    types: &mut Table<String, TokenStream>,
) -> Option<MetricSet> {
    let mut refuse = |loc, message: &str, help: &str| {
        cx.push(Diagnostic::error("unsupported-item", loc, message).help(help));
    };
    if let Some(loc) = item.generics.loc {
        let message =
            "`#[derive(MetricSet)]` is for types without parameters: there is one set in a program";
        refuse(loc, message, "write the types out");
        return None;
    }
    let Kind::Named(fields) = &item.kind else {
        let message = "`#[derive(MetricSet)]` needs a struct whose fields have names";
        refuse(item.loc, message, "write `struct Name { field: Counter }`");
        return None;
    };
    let mut families = Vec::new();
    for field in fields {
        let ty = Foreign::placeholder(types.len());
        types.insert(ty.clone(), field.ty.clone());
        families.extend(family(cx, spans, field, ty, &container.prefix));
    }
    keys::check_names(cx, &families);
    Some(MetricSet {
        name: RustName {
            module: Vec::new(),
            ident: item.name.to_string(),
        },
        doc: None,
        labels: Vec::new(),
        families,
        max_series: container.max_series,
        file: FileId::TOKENS,
        loc: item.loc,
    })
}

fn family(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    field: &Field,
    ty: String,
    prefix: &str,
) -> Option<Family> {
    let Some((kind, known)) = instrument(&field.ty) else {
        let loc = spans.at(item::span(&field.ty).unwrap_or(field.name.span()));
        let message = format!("`{}` is no instrument", item::bare(&field.name));
        let help = "use `Counter`, `Gauge`, `Histogram`, `Summary` or `Info`, under these names";
        cx.push(Diagnostic::error("unsupported-type", loc, message).help(help));
        return None;
    };
    let node = attr::read(cx, spans, &field.attrs, "metric", field.loc);
    let members = node.as_object().unwrap_or_default();
    let keys = keys::family_keys(cx, members, Some(kind), "on a family", &[]);
    let labels = labels(cx, spans, field, &keys, known);
    let doc = item::doc(&field.attrs).unwrap_or_default();
    // Its first paragraph, on one line.
    let doc = doc
        .split("\n\n")
        .next()
        .unwrap_or_default()
        .replace('\n', " ");
    let help = keys.help.unwrap_or(doc);
    if help.is_empty() {
        let message = format!("nothing says what `{}` tells", item::bare(&field.name));
        cx.push(
            Diagnostic::error("missing-key", field.loc, message)
                .help("write a documentation comment, or `help = \"…\"`"),
        );
    }
    let unit = keys.unit.unwrap_or_default();
    let (name, loc) = match keys.name {
        Some(name) => (name.value, name.loc),
        None => {
            let field_name = item::bare(&field.name);
            (keys::name_of(prefix, &field_name, &unit, kind), field.loc)
        }
    };
    Some(Family {
        ident: field.name.to_string(),
        ty: Some(ty),
        kind,
        float: false,
        name,
        help,
        unit,
        labels,
        buckets: keys.buckets,
        quantiles: keys.quantiles,
        window_s: keys.window_s,
        allow: Vec::new(),
        loc,
        name_loc: loc,
    })
}

/// The names of the labels: as listed, or after their types.
fn labels(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    field: &Field,
    keys: &FamilyKeys,
    known: Vec<Option<String>>,
) -> Vec<FamilyLabel> {
    let labels: Vec<Located<String>> = match &keys.labels {
        Some(labels) => labels.clone(),
        None => {
            let loc = spans.at(item::span(&field.ty).unwrap_or(field.name.span()));
            if known.contains(&None) {
                let message = format!("the labels of `{}` have no names", item::bare(&field.name));
                cx.push(
                    Diagnostic::error("missing-key", loc, message)
                        .help("name them, in their order: `labels = [\"…\"]`"),
                );
            }
            let names = known.into_iter().flatten();
            names.map(|value| Located { value, loc }).collect()
        }
    };
    keys::check_labels(cx, &labels);
    let label = |label: Located<String>| FamilyLabel {
        name: label.value,
        of: LabelOf::Words,
    };
    labels.into_iter().map(label).collect()
}

/// Which instrument a type is, with names for its labels, as far as their types tell.
fn instrument(ty: &TokenStream) -> Option<(FamilyKind, Vec<Option<String>>)> {
    let mut cursor = Cursor::new(ty.clone());
    let mut name = None;
    let mut labels = Vec::new();
    while let Some(token) = cursor.next() {
        match token {
            TokenTree::Ident(ident) => name = Some(ident.to_string()),
            TokenTree::Punct(punct) if punct.as_char() == '<' => {
                let first = cursor.until_comma();
                labels = label_names(first, name.as_deref() == Some("Info"));
                break;
            }
            _ => {}
        }
    }
    let (_, kind, _) = FamilyKind::ALL
        .into_iter()
        .find(|(_, _, ty)| name.as_deref() == Some(ty))?;
    Some((kind, labels))
}

/// Names for the labels of a first parameter: `Channel`, `(Channel, Plan)` or `()`; of an information only their number
/// is known.
fn label_names(parameter: TokenStream, info: bool) -> Vec<Option<String>> {
    let tokens: Vec<TokenTree> = parameter.into_iter().collect();
    if info {
        return vec![None];
    }
    if let Some(TokenTree::Group(group)) = tokens.first() {
        let mut cursor = Cursor::new(group.stream());
        let mut names = Vec::new();
        while cursor.peek().is_some() {
            names.push(label_name(cursor.until_comma()));
            cursor.punct(',');
        }
        return names;
    }
    vec![label_name(tokens.into_iter().collect())]
}

/// `PaymentMethod` is `payment_method`. What `bool` tells, its type does not say.
fn label_name(ty: TokenStream) -> Option<String> {
    let mut name = None;
    for token in ty {
        match token {
            TokenTree::Ident(ident) => name = Some(item::bare(&ident)),
            TokenTree::Punct(punct) if punct.as_char() == '<' => break,
            _ => {}
        }
    }
    name.filter(|name| name != "bool")
        .map(|name| field_ident(&name).trim_start_matches("r#").to_owned())
}
