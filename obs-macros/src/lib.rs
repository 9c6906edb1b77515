//! The doors of `#[derive(Event)]`, `#[observed]` and their like, documented in `obs-runtime`.
//!
//! Tokens in, one call, tokens out. What a derive may know of the world beside its tokens is gathered here: the file
//! that `schema = "…"` names, and what the build script exported of `obs.toml`.

#![allow(
    clippy::useless_conversion,
    reason = "the tokens are of proc-macro2 where something else in the same build wants them so"
)]

use obs_model::derive::{self, Door, SchemaFile};
use proc_macro::TokenStream;
use std::path::Path;

/// Makes a struct an event. See `obs_runtime::Event`.
#[proc_macro_derive(Event, attributes(event))]
pub fn event(item: TokenStream) -> TokenStream {
    derive::event(item.into(), &door()).into()
}

/// Makes a struct a part of events. See `obs_runtime::EventPart`.
#[proc_macro_derive(EventPart, attributes(event))]
pub fn event_part(item: TokenStream) -> TokenStream {
    derive::event_part(item.into(), &door()).into()
}

/// Makes an enum a closed set of words. See `obs_runtime::Label`.
#[proc_macro_derive(Label, attributes(label))]
pub fn label(item: TokenStream) -> TokenStream {
    derive::label(item.into(), &door()).into()
}

/// Makes a struct a set of metrics. See `obs_runtime::MetricSet`.
#[proc_macro_derive(MetricSet, attributes(metrics, metric))]
pub fn metric_set(item: TokenStream) -> TokenStream {
    derive::metric_set(item.into()).into()
}

/// Says what telemetry calls an error. See `obs_runtime::TypedError`.
#[proc_macro_derive(ErrorType, attributes(error_type))]
pub fn error_type(item: TokenStream) -> TokenStream {
    derive::error_type(item.into()).into()
}

/// Puts a function under a span and metrics. See `obs_runtime::observed`.
#[proc_macro_attribute]
pub fn observed(args: TokenStream, item: TokenStream) -> TokenStream {
    derive::observed(args.into(), item.into(), cfg!(not(feature = "off"))).into()
}

/// Makes a function a handler of events. See `obs_runtime::handler`.
#[proc_macro_attribute]
pub fn handler(args: TokenStream, item: TokenStream) -> TokenStream {
    derive::handler(args.into(), item.into()).into()
}

fn door() -> Door<'static> {
    Door {
        read: &read,
        defaults: variable("OBS_DEFAULTS"),
        events: variable("OBS_EVENTS"),
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the door")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Reads a file by its path from the package's folder; an editor may run macros from anywhere else.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
fn read(path: &str) -> Result<SchemaFile, String> {
    let root = variable("CARGO_MANIFEST_DIR").unwrap_or_default();
    let whole = Path::new(&root).join(path);
    match std::fs::read_to_string(&whole) {
        Ok(text) => Ok(SchemaFile {
            path: whole.display().to_string(),
            text,
        }),
        Err(error) => Err(error.to_string()),
    }
}
