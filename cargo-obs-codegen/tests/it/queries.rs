//! `lint-queries`: each code has a fixture of its name in `tests/telemetry/queries`, and what is said about it is a snapshot.

use std::fs;
use std::path::Path;

use crate::in_sample;

#[test]
fn each_mistake_is_told_at_its_place() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/telemetry/queries");
    let mut fixtures = Vec::new();
    for entry in fs::read_dir(folder).expect("it is there") {
        let name = entry.expect("an entry").file_name();
        fixtures.push(name.to_string_lossy().into_owned());
    }
    fixtures.sort();
    for fixture in &fixtures {
        let output = in_sample(&["lint-queries", &format!("queries/{fixture}")]);
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words}");
        let code = fixture.split('.').next().expect("a name");
        insta::assert_snapshot!(code, words);
        let page = in_sample(&["explain", code]);
        let page = String::from_utf8_lossy(&page.stdout);
        assert!(page.starts_with(&format!("{code}: ")), "{page}");
        let found = words.lines().filter_map(|line| line.strip_prefix("error["));
        for said in found {
            assert!(said.starts_with(&format!("{code}]")), "{fixture}: {said}");
        }
    }
    let all = in_sample(&["explain"]);
    let listed = String::from_utf8_lossy(&all.stdout).into_owned();
    for fixture in fixtures {
        let code = fixture.split('.').next().expect("a name");
        assert!(listed.contains(code), "{code} is not listed");
    }
}

#[test]
fn what_we_render_asks_only_for_what_there_is() {
    let output = in_sample(&["lint-queries", "out"]);
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{words}");
    let count = words.split("queries: ").nth(1);
    let count = count.and_then(|rest| rest.split(',').next());
    let count: usize = count
        .and_then(|count| count.parse().ok())
        .expect("a number");
    assert!(count > 100, "{words}");
}

#[test]
fn labels_of_targets_are_named() {
    let path = "queries/unknown-label.json";
    let output = in_sample(&[
        "lint-queries",
        path,
        "--target-label",
        "event",
        "--target-label",
        "event_tpye",
    ]);
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{words}");
}
