//! The phases in order, from filled sources to the Model.

use crate::draft::Draft;
use crate::model::Model;
use crate::resolve::{self, Overlays};
use crate::settings::Settings;
use crate::spec;
use obs_schema::diag::Diagnostics;
use obs_schema::json::Json;
use obs_schema::node::Node;
use obs_schema::source::{FileId, SourceMap};
use obs_schema::{avro, json_schema};
use std::collections::BTreeMap;

/// What the doors hand over: linked trees of both dialects and what `obs.toml` says.
pub struct Input<'a> {
    /// The texts.
    pub sources: &'a SourceMap,
    /// Everything written in Avro.
    pub avro: &'a avro::Set,
    /// Everything written in JSON Schema.
    pub json_schema: &'a json_schema::Set,
    /// The documents of that, each with what it needs of the others.
    pub bundles: &'a BTreeMap<FileId, Json>,
    /// Documents of metrics.
    pub metrics: &'a [(FileId, Node)],
    /// How the output looks.
    pub settings: &'a Settings,
    /// What is said from outside.
    pub overlays: &'a Overlays,
}

/// Lowers and resolves. What is wrong is in `cx`; the Model holds what was understood.
pub fn model(cx: &mut Diagnostics, input: &Input<'_>) -> Model {
    let mut draft = Draft::default();
    spec::avro::lower(cx, input.sources, input.avro, &mut draft);
    spec::json_schema::lower(
        cx,
        input.sources,
        input.json_schema,
        input.bundles,
        input.settings,
        &mut draft,
    );
    spec::metrics::lower(cx, input.sources, input.metrics, &mut draft);
    resolve::run(cx, draft, input.settings, input.overlays)
}
