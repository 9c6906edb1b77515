//! Every diagnostic code has a page, and something that raises it where a user would: a fixture of `tests/specs/bad`,
//! or, where only a derive can raise it, a case of `tests/ui`.

use crate::{bad, entries, folder};
use obs_model::check;
use std::collections::BTreeSet;
use std::path::Path;

/// What no spec can do wrong.
const ONLY_DERIVES: [&str; 10] = [
    "attribute-syntax",
    "extra-field",
    "field-type",
    "missing-field",
    "missing-precision",
    "sensitive-type",
    "unreadable-schema",
    "unsupported-item",
    "unsupported-schema",
    "unsupported-type",
];

/// The codes in brackets at the end of messages of UI cases.
fn in_cases(folder: &Path, out: &mut BTreeSet<String>) {
    for path in entries(folder) {
        if path.is_dir() {
            in_cases(&path, out);
        } else if path.extension().is_some_and(|ending| ending == "stderr") {
            let text = std::fs::read_to_string(&path).expect("a readable case");
            let heads = text.lines().filter(|line| !line.contains('|'));
            let last = heads.filter_map(|line| line.strip_suffix(']')?.rsplit_once(" ["));
            let is_code = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            out.extend(
                last.filter(|(_, code)| is_code(code))
                    .map(|(_, code)| code.to_owned()),
            );
        }
    }
}

/// The codes that sources of ours complain with, where they are written out.
fn in_sources(folder: &Path, out: &mut BTreeSet<String>) {
    const CALLS: [&str; 3] = ["Diagnostic::error(", "Diagnostic::warning(", ".complain("];
    for path in entries(folder) {
        // Tests make up codes of their own.
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            in_sources(&path, out);
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a readable source");
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for call in CALLS {
            let calls = text.split(call).skip(1);
            let firsts = calls.filter_map(|rest| rest.trim_start().strip_prefix('"'));
            let codes = firsts.filter_map(|rest| rest.split('"').next());
            out.extend(codes.map(str::to_owned));
        }
    }
}

fn pages() -> BTreeSet<String> {
    check::codes().into_iter().map(str::to_owned).collect()
}

#[test]
fn every_code_of_the_sources_has_a_page() {
    let mut raised = BTreeSet::new();
    for name in ["obs-schema", "obs-model", "obs-codegen"] {
        in_sources(&folder(name).join("src"), &mut raised);
    }
    let pages = pages();
    assert_eq!(listed(&raised, &pages), "", "nothing explains these codes");
    assert!(
        raised.len() > pages.len() / 2,
        "too few are found to be all of them"
    );
}

/// What the first have and the others lack.
fn listed(codes: &BTreeSet<String>, others: &BTreeSet<String>) -> String {
    let missing = codes.difference(others).cloned();
    missing.collect::<Vec<_>>().join(", ")
}

#[test]
fn every_code_has_a_page_and_a_fixture() {
    let pages = pages();
    let mut fixtures: BTreeSet<String> = entries(&folder("tests/specs/bad"))
        .iter()
        .map(|path| bad::code(path))
        .collect();
    let mut cases = BTreeSet::new();
    in_cases(&folder("tests/ui/cases"), &mut cases);
    for code in ONLY_DERIVES {
        assert!(cases.contains(code), "`{code}` has no case in tests/ui");
        assert!(
            fixtures.insert(code.to_owned()),
            "a spec can raise `{code}`, so not only derives do"
        );
    }
    assert_eq!(listed(&pages, &fixtures), "", "nothing shows these pages");
    assert_eq!(listed(&fixtures, &pages), "", "fixtures without a page");
    assert_eq!(listed(&cases, &pages), "", "cases without a page");
}

/// Snapshots of fixtures that are gone would go on claiming what is said about them.
#[test]
fn every_snapshot_has_a_fixture() {
    let fixtures: BTreeSet<String> = entries(&folder("tests/specs/bad"))
        .iter()
        .map(|path| bad::code(path))
        .collect();
    let snapshots: BTreeSet<String> = entries(&folder("obs-codegen/tests/it/snapshots/bad"))
        .iter()
        .map(|path| bad::code(path))
        .collect();
    assert_eq!(snapshots, fixtures);
}
