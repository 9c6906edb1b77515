//! From the tokens of a derive to trait implementations, through the same Model as a spec.
//!
//! The tokens are read by hand: rustc has parsed the item before it calls a derive, so there is no grammar left to get
//! wrong, and the seconds of build time that a parser costs are better spent elsewhere. A struct becomes the Avro
//! schema it stands for, as a located tree whose places are tokens; from there on it goes the way of every spec, and
//! a mistake has the same code and words.
//!
//! Nothing here touches the world: a door hands over the file that `schema = "…"` names and what `obs.toml` says.

mod attr;
mod container;
mod error_type;
mod file;
mod handler;
mod item;
mod literal;
mod metric_set;
mod observed;
mod output;
mod schema;
mod spans;
mod stub;
mod tokens;
mod ty;
mod understand;

#[cfg(test)]
mod tests;

use crate::model::Model;
use container::Role;
use item::{Item, Kind};
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::source::{Loc, SourceMap};
use spans::Spans;
use tokens::TokenStream;
use understand::Understood;

/// What a door knows and a macro's tokens do not say.
pub struct Door<'a> {
    /// Reads the file that `schema = "…"` names; an error says why it could not.
    pub read: &'a dyn Fn(&str) -> Result<SchemaFile, String>,
    /// `[defaults]` of `obs.toml` as JSON, which the build script exports.
    pub defaults: Option<String>,
    /// `[events]` of `obs.toml` as JSON.
    pub events: Option<String>,
}

/// A file that a derive names.
pub struct SchemaFile {
    /// Where it lies, for `include_str!`, by which cargo notices its changes.
    pub path: String,
    /// What it holds.
    pub text: String,
}

impl Door<'_> {
    /// A door to a world without files and settings.
    #[must_use]
    pub fn closed() -> Door<'static> {
        Door {
            read: &|_| Err("no file can be read here".to_owned()),
            defaults: None,
            events: None,
        }
    }
}

/// `#[derive(Event)]`
#[must_use]
pub fn event(tokens: TokenStream, door: &Door<'_>) -> TokenStream {
    derive(tokens, door, Role::Event)
}

/// `#[derive(EventPart)]`
#[must_use]
pub fn event_part(tokens: TokenStream, door: &Door<'_>) -> TokenStream {
    derive(tokens, door, Role::Part)
}

/// `#[derive(Label)]`
#[must_use]
pub fn label(tokens: TokenStream, door: &Door<'_>) -> TokenStream {
    derive(tokens, door, Role::Label)
}

/// `#[derive(MetricSet)]`
#[must_use]
pub fn metric_set(tokens: TokenStream) -> TokenStream {
    metric_set::derive(tokens)
}

/// `#[derive(ErrorType)]`
#[must_use]
pub fn error_type(tokens: TokenStream) -> TokenStream {
    error_type::derive(tokens)
}

/// `#[observed]`. Where it is not `on`, mistakes are told, and the item stays as it is.
#[must_use]
pub fn observed(args: TokenStream, item: TokenStream, on: bool) -> TokenStream {
    observed::expand(args, item, on)
}

/// `#[handler]`.
#[must_use]
pub fn handler(args: TokenStream, item: TokenStream) -> TokenStream {
    handler::expand(args, item)
}

/// The Model of an event with this item, as `#[derive(Event)]` sees it, and what is wrong with it.
///
/// For those who read sources instead of being called by rustc. Places are numbers of tokens.
#[must_use]
pub fn model(tokens: TokenStream, door: &Door<'_>) -> Option<(Model, Vec<Diagnostic>)> {
    let mut spans = Spans::default();
    let item = item::parse(tokens, &mut spans)?;
    let mut cx = Diagnostics::default();
    let mut sources = SourceMap::default();
    let understood = understand(&mut cx, &mut spans, &item, door, Role::Event, &mut sources);
    Some((
        understood
            .map(|understood| understood.model)
            .unwrap_or_default(),
        cx.into_sorted(),
    ))
}

fn derive(tokens: TokenStream, door: &Door<'_>, role: Role) -> TokenStream {
    let mut spans = Spans::default();
    let Some(item) = item::parse(tokens, &mut spans) else {
        return TokenStream::new();
    };
    let mut cx = Diagnostics::default();
    let mut sources = SourceMap::default();
    let understood = understand(&mut cx, &mut spans, &item, door, role, &mut sources);
    output::write(cx, &spans, &sources, &item, role, understood)
}

/// What a derive's item means, as far as it was understood, with what is wrong about it in `cx`.
fn understand(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    item: &Item,
    door: &Door<'_>,
    role: Role,
    sources: &mut SourceMap,
) -> Option<Understood> {
    shape_fits(cx, item, role)?;
    understand::understand(cx, spans, item, door, role, sources)
}

/// Refuses items a derive can do nothing with. Nothing else is said about them: the rest may be quite in order.
fn shape_fits(cx: &mut Diagnostics, item: &Item, role: Role) -> Option<()> {
    let name = match role {
        Role::Event => "Event",
        Role::Part => "EventPart",
        Role::Label => "Label",
    };
    let mut refuse = |loc: Loc, message: String, help: &str| {
        cx.push(Diagnostic::error("unsupported-item", loc, message).help(help));
    };
    if let Some(loc) = item.generics.loc {
        let message = format!(
            "`#[derive({name})]` is for types without parameters: a schema is one and the same for all"
        );
        refuse(loc, message, "write the types out, one struct for each");
        return None;
    }
    match (role, &item.kind) {
        (Role::Event | Role::Part, Kind::Named(_)) => Some(()),
        (Role::Event | Role::Part, Kind::Tuple) => {
            let message =
                format!("`#[derive({name})]` needs fields with names, which go on the wire");
            refuse(
                item.loc,
                message,
                "give the fields names: `struct Name { field: Type }`",
            );
            None
        }
        (Role::Event | Role::Part, Kind::Unit) => {
            let message = format!("`#[derive({name})]` needs a struct with fields");
            refuse(
                item.loc,
                message,
                "write `struct Name {}` when there is nothing to say but that it happened",
            );
            None
        }
        (Role::Event | Role::Part, Kind::Enum(_)) => {
            let message = format!("`#[derive({name})]` is for structs");
            refuse(
                item.loc,
                message,
                "use `#[derive(Label)]` for an enum of words, and a field of that type in the event",
            );
            None
        }
        (Role::Label, Kind::Enum(variants)) => {
            let carrying = variants.iter().filter(|variant| variant.carries);
            let mut fits = Some(());
            for variant in carrying {
                fits = None;
                let message = format!("`{}` carries fields, and a label is a word", variant.name);
                refuse(
                    variant.loc,
                    message,
                    "take the fields away, or make it a struct with `#[derive(EventPart)]`",
                );
            }
            if variants.is_empty() {
                refuse(
                    item.loc,
                    "a label without variants has no value".to_owned(),
                    "add a variant",
                );
                fits = None;
            }
            fits
        }
        (Role::Label, Kind::Named(_) | Kind::Tuple | Kind::Unit) => {
            refuse(
                item.loc,
                "`#[derive(Label)]` is for enums".to_owned(),
                "use `#[derive(EventPart)]` for a struct",
            );
            None
        }
        (_, Kind::Union) => {
            let message =
                format!("`#[derive({name})]` is not for unions, which do not know what they hold");
            refuse(item.loc, message, "use a struct");
            None
        }
    }
}
