//! Documents about running the events: each file of `tests/telemetry/documents` is wrong, and what is said about it is a snapshot.

use std::fs;
use std::path::Path;

use crate::in_sample;

#[test]
fn all_mistakes_are_told_at_their_places() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/telemetry/documents");
    let entries = fs::read_dir(folder).expect("it is there");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut fixtures: Vec<String> = names
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    fixtures.sort();
    assert!(fixtures.len() > 5);
    for fixture in fixtures {
        let path = format!("documents/{fixture}");
        let specs = ["check", "--quiet", "--specs", "specs", "--specs", &path];
        let output = in_sample(&specs);
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{fixture}: {words}");
        insta::assert_snapshot!(fixture.replace(".yaml", ""), words);
        let code = fixture.split('.').next().expect("a name");
        assert!(words.contains(&format!("error[{code}]")), "{words}");
        let codes = words.lines().filter_map(|line| {
            let (code, _) = line.strip_prefix("error[")?.split_once(']')?;
            Some(code.to_owned())
        });
        for code in codes {
            let page = in_sample(&["explain", &code]);
            assert_eq!(page.status.code(), Some(0), "{code} has no page");
        }
    }
}
