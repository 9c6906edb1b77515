//! The whole compiler as one pure function: texts in, artifacts and diagnostics out.

use crate::load::{self, Specs};
use crate::obs_toml::ObsToml;
use obs_model::emit::{self, Artifacts, FailedFile};
use obs_model::model::Model;
use obs_model::pipeline;
use obs_model::{check, diag};
use obs_schema::diag::{Diagnostic, Diagnostics, Severity};
use obs_schema::source::{FileId, SourceMap};
use std::collections::BTreeMap;

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// What is true of the specs, as far as they were understood.
    pub model: Model,
    /// Everything wrong, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
    /// Documents about running the events, unread.
    pub operational: Vec<FileId>,
    /// Files that are none of ours, with the reason.
    pub left_alone: Vec<(FileId, &'static str)>,
}

impl Outcome {
    /// Whether anything is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Understands and checks the spec files of a map. `cx` holds what was wrong before, in reading files and settings;
/// `today` (`YYYY-MM-DD`) is the day to judge sunsets by, which a build leaves out.
#[must_use]
pub fn compile(
    mut cx: Diagnostics,
    sources: &SourceMap,
    files: &[FileId],
    settings: &ObsToml,
    today: Option<&str>,
) -> Outcome {
    let Specs {
        avro,
        json_schema,
        bundles,
        metrics,
        operational,
        left_alone,
    } = load::specs(&mut cx, sources, files);
    let input = pipeline::Input {
        sources,
        avro: &avro,
        json_schema: &json_schema,
        bundles: &bundles,
        metrics: &metrics,
        settings: &settings.settings,
        overlays: &settings.overlays,
    };
    let model = pipeline::model(&mut cx, &input);
    let options = check::Options {
        sources: Some(sources),
        today,
    };
    check::run(&mut cx, &model, &options);
    Outcome {
        model,
        diagnostics: cx.into_sorted(),
        operational,
        left_alone,
    }
}

/// Renders the Rust of an outcome. A file with errors becomes a `compile_error!` in its place, the others live.
#[must_use]
pub fn artifacts(
    outcome: &Outcome,
    sources: &SourceMap,
    settings: &ObsToml,
    layout: emit::Layout,
) -> Artifacts {
    let mut failed: BTreeMap<FileId, Vec<&Diagnostic>> = BTreeMap::new();
    for diagnostic in &outcome.diagnostics {
        if diagnostic.severity == Severity::Error {
            failed
                .entry(diagnostic.primary.loc.file)
                .or_default()
                .push(diagnostic);
        }
    }
    let failed: Vec<FailedFile> = failed
        .into_iter()
        .map(|(file, diagnostics)| FailedFile {
            file,
            message: diagnostics
                .iter()
                .map(|d| diag::compile_error::text(d, sources))
                .collect::<Vec<_>>()
                .join("\n"),
        })
        .collect();
    emit::artifacts(&outcome.model, &settings.settings, sources, &failed, layout)
}
