//! `#[derive(ErrorType)]`: what telemetry calls an error.

use super::attr;
use super::container::{Case, case};
use super::item::{self, Attr, Item, Kind};
use super::output::{ALLOW, place};
use super::spans::{Spans, compile_errors};
use super::tokens::{Span, TokenStream};
use super::ty;
use crate::diag::compile_error;
use crate::keys;
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::source::Loc;
use obs_schema::table::Table;

/// Keys on the item and on a variant.
const OF_ENUM: [&str; 2] = ["rename_all", "crate"];
const OF_STRUCT: [&str; 3] = ["name", "transparent", "crate"];
const OF_VARIANT: [&str; 2] = ["name", "transparent"];

pub(super) fn derive(tokens: TokenStream) -> TokenStream {
    let mut spans = Spans::default();
    let Some(item) = item::parse(tokens, &mut spans) else {
        return TokenStream::new();
    };
    let mut cx = Diagnostics::default();
    let mut said = Said::default();
    said.item(&mut cx, &mut spans, &item);
    let at = item.name.span();
    let found = cx.into_sorted();
    let mut out = compile_errors(&found, &spans, at, compile_error::message);
    out.extend(said.implementation(&item, at));
    out
}

/// What the attributes say.
#[derive(Default)]
struct Said {
    krate: Option<String>,
    /// The words, each once.
    words: Vec<String>,
    /// One arm a variant: its pattern, what it is called unless what is inside knows, and its place.
    arms: Vec<(String, Option<String>, Span)>,
}

impl Said {
    fn item(&mut self, cx: &mut Diagnostics, spans: &mut Spans, item: &Item) {
        let own = Named::default().read(cx, spans, item, &item.attrs, item.loc, &item.kind);
        self.krate = own.krate.clone();
        match &item.kind {
            Kind::Enum(variants) => {
                for variant in variants {
                    let mut named = Named::default();
                    named.variant(cx, spans, &variant.attrs, variant.loc);
                    if named.transparent.is_some() && !variant.tuple {
                        only_one(cx, named.transparent.take());
                    }
                    let usual = own.case.unwrap_or(Case::Snake);
                    let name = usual.apply(&item::bare(&variant.name));
                    let (ident, at) = (&variant.name, variant.name.span());
                    match named.transparent {
                        Some(_) => self
                            .arms
                            .push((format!("Self::{ident}(inner, ..)"), None, at)),
                        None => {
                            let name = named.name.unwrap_or(name);
                            self.arm(format!("Self::{ident} {{ .. }}"), name, at);
                        }
                    }
                }
            }
            Kind::Tuple if own.transparent.is_some() => {
                let pattern = "Self(inner, ..)".to_owned();
                self.arms.push((pattern, None, item.name.span()));
            }
            Kind::Named(_) | Kind::Tuple | Kind::Unit => {
                only_one(cx, own.transparent);
                let name = Case::Snake.apply(&item::bare(&item.name));
                self.arm("_".to_owned(), own.name.unwrap_or(name), item.name.span());
            }
            Kind::Union => {
                let message =
                    "`#[derive(ErrorType)]` is not for unions, which do not know what they hold";
                cx.push(
                    Diagnostic::error("unsupported-item", item.loc, message).help("use an enum"),
                );
            }
        }
    }

    fn arm(&mut self, pattern: String, name: String, at: Span) {
        if !self.words.contains(&name) {
            self.words.push(name.clone());
        }
        self.arms.push((pattern, Some(name), at));
    }

    /// Beside an error it is there too, so that nobody misses it.
    fn implementation(&self, item: &Item, at: Span) -> TokenStream {
        let krate = self.krate.as_deref().unwrap_or("::obs_runtime");
        let obs = format!("{krate}::__private::v1");
        let list =
            |items: &[TokenStream]| items.iter().map(ty::text).collect::<Vec<_>>().join(", ");
        let generics = &item.generics;
        let (params, args) = match generics.params.is_empty() {
            true => (String::new(), String::new()),
            false => (
                format!("<{}>", list(&generics.params)),
                format!("<{}>", list(&generics.args)),
            ),
        };
        let bounds = generics.bounds.to_string();
        let bounds = match bounds.trim().is_empty() {
            true => bounds,
            false => format!("where {bounds}"),
        };
        let mut arms = TokenStream::new();
        for (pattern, name, at) in &self.arms {
            let gives = match name {
                Some(name) => format!("{name:?}"),
                None => format!("{obs}::TypedError::error_type(inner)"),
            };
            let text = format!("{pattern} => {gives},");
            arms.extend(place(&text, *at, &Table::default(), &Table::default()));
        }
        let mut pieces = Table::default();
        pieces.insert("__ObsArms".to_owned(), arms);
        let text = format!(
            "{ALLOW} const _: () = {{ #[automatically_derived] impl{params} {obs}::TypedError for {name}{args} {bounds} {{ \
             const TYPES: &'static [&'static ::core::primitive::str] = &{words:?}; \
             fn error_type(&self) -> &'static ::core::primitive::str {{ match *self {{ __ObsArms }} }} }} }};",
            name = item.name,
            words = self.words,
        );
        let text = match self.arms.is_empty() {
            true => text.replace("__ObsArms", "_ => \"_OTHER\""),
            false => text.replace("match *self", "match self"),
        };
        place(&text, at, &pieces, &Table::default())
    }
}

/// What an attribute says.
#[derive(Default)]
struct Named {
    name: Option<String>,
    transparent: Option<Loc>,
    case: Option<Case>,
    krate: Option<String>,
}

impl Named {
    /// What stands on the item.
    fn read(
        mut self,
        cx: &mut Diagnostics,
        spans: &mut Spans,
        item: &Item,
        attrs: &[Attr],
        loc: Loc,
        kind: &Kind,
    ) -> Named {
        let is_enum = matches!(kind, Kind::Enum(_));
        let known: &[&str] = if is_enum { &OF_ENUM } else { &OF_STRUCT };
        let node = attr::read(cx, spans, attrs, "error_type", loc);
        for member in node.as_object().unwrap_or_default() {
            match member.name.as_str() {
                "crate" => {
                    self.krate = keys::text(cx, "`crate`", &member.value).map(|it| it.value);
                }
                "rename_all" if is_enum => self.case = case(cx, &member.value),
                name if known.contains(&name) => self.key(cx, member),
                _ => keys::unknown_key(cx, member, &format!("on `{}`", item.name), known),
            }
        }
        self
    }

    /// What stands on a variant.
    fn variant(&mut self, cx: &mut Diagnostics, spans: &mut Spans, attrs: &[Attr], loc: Loc) {
        let node = attr::read(cx, spans, attrs, "error_type", loc);
        for member in node.as_object().unwrap_or_default() {
            match OF_VARIANT.contains(&member.name.as_str()) {
                true => self.key(cx, member),
                false => keys::unknown_key(cx, member, "on a variant", &OF_VARIANT),
            }
        }
    }

    fn key(&mut self, cx: &mut Diagnostics, member: &obs_schema::node::Member) {
        if member.name == "name" {
            self.name = keys::text(cx, "`name`", &member.value).map(|it| it.value);
        } else if keys::boolean(cx, "`transparent`", &member.value) == Some(true) {
            self.transparent = Some(member.name_loc);
        }
    }
}

/// `transparent` stands where nothing is inside that could know.
fn only_one(cx: &mut Diagnostics, at: Option<Loc>) {
    if let Some(loc) = at {
        let message =
            "`transparent` is for an error in parentheses: nothing else knows what it is called";
        let help = "write `Name(Inner)`, or give it a name: `name = \"…\"`";
        cx.push(Diagnostic::error("misplaced-key", loc, message).help(help));
    }
}
