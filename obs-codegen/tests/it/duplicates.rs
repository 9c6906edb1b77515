//! Two records that would be one event.

use obs_codegen::obs_toml::ObsToml;
use obs_codegen::{compile, load, obs_toml};
use obs_schema::diag::{Diagnostics, Severity};
use obs_schema::source::SourceMap;

const SPECS: [(&str, &str); 2] = [
    (
        "specs/account.avsc",
        r#"{"type":"record","name":"User","namespace":"acme.account","fields":[]}"#,
    ),
    (
        "specs/billing.avsc",
        r#"{"type":"record","name":"User","namespace":"acme.billing","fields":[]}"#,
    ),
];

/// The events and the errors.
fn compiled(toml: &str) -> (Vec<String>, Vec<String>) {
    let (mut cx, mut sources) = (Diagnostics::default(), SourceMap::default());
    let mut ids = Vec::new();
    for (path, text) in SPECS {
        ids.extend(load::add(&mut cx, &mut sources, path, text.into()));
    }
    let settings = load::add(&mut cx, &mut sources, "obs.toml", toml.into())
        .map_or_else(ObsToml::default, |id| obs_toml::read(&mut cx, id, toml));
    let outcome = compile::compile(cx, &sources, &ids, &settings, None);
    let events = outcome.model.events.iter();
    let errors = outcome
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error);
    (
        events.map(|event| event.event_type.clone()).collect(),
        errors.map(|d| d.code.to_owned()).collect(),
    )
}

#[test]
fn obs_toml_renames_one_by_its_full_name() {
    let (events, errors) = compiled("");
    assert_eq!(events, ["user", "user"]);
    assert_eq!(errors, ["duplicate-event"]);

    let (events, errors) = compiled("[events.\"acme.billing.User\"]\nevent = \"billing.user\"\n");
    assert_eq!(events, ["billing.user", "user"]);
    assert!(errors.is_empty(), "{errors:?}");

    let (_, errors) = compiled("[events.\"acme.shop.User\"]\nevent = \"shop.user\"\n");
    assert_eq!(errors, ["duplicate-event", "unknown-event"]);
}
