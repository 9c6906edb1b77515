//! Every case is a program under `cases/<theme>/`: those under `pass/` compile and run, the others say what stands beside them.
//!
//! `TRYBUILD=overwrite cargo test -p obs-ui-tests` writes down what they say now.

use std::path::{Path, PathBuf};

#[test]
fn ui() {
    place_specs();
    let cases = trybuild::TestCases::new();
    for theme in themes() {
        let files = format!("cases/{theme}/*.rs");
        if theme == "pass" {
            cases.pass(files);
        } else {
            cases.compile_fail(files);
        }
    }
}

/// The folders of cases, sorted.
fn themes() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut themes: Vec<String> = folder(&root)
        .iter()
        .filter_map(|path| path.file_name()?.to_str().map(str::to_owned))
        .collect();
    themes.sort();
    themes
}

/// trybuild builds the cases as a package of its own making; the specs they name have to lie there too.
#[expect(clippy::disallowed_methods, reason = "tests prepare their ground")]
fn place_specs() {
    let Some(target) = target_folder() else {
        return;
    };
    let there = target
        .join("tests/trybuild")
        .join(env!("CARGO_PKG_NAME"))
        .join("specs");
    std::fs::create_dir_all(&there).expect("a folder for the specs");
    for spec in folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("specs")) {
        let name = spec.file_name().expect("files have names");
        std::fs::copy(&spec, there.join(name)).expect("a copy of the spec");
    }
}

/// The folder cargo builds in: this test lies in `<target>/<profile>/deps`.
fn target_folder() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    own.ancestors().nth(3).map(Path::to_owned)
}

#[expect(clippy::disallowed_methods, reason = "tests look at their own files")]
fn folder(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).expect("the folder is there");
    entries
        .map(|entry| entry.expect("it can be listed").path())
        .collect()
}

/// What `#[instrument]` of tracing does badly, and the case that shows what `#[observed]` makes of it.
const MISUSES: [(&str, &str, &str); 11] = [
    (
        "an unknown key",
        "attribute",
        "unknown key `flds` on a function",
    ),
    (
        "two mistakes in one attribute",
        "attribute",
        "`slow` is `fast`",
    ),
    ("a misspelt level", "attribute", "`level` cannot be `inof`"),
    (
        "`err` without `Display`",
        "result",
        "`Silent` has no `Display`",
    ),
    (
        "`err` without a `Result`",
        "result",
        "and this one gives `u8`",
    ),
    (
        "a value that cannot be told",
        "fields",
        "`Order` cannot be shown in telemetry",
    ),
    ("a `const fn`", "item", "a `const fn` may run"),
    (
        "a function without a body",
        "item",
        "a function without a body",
    ),
    ("an `impl`", "attribute", "unknown key `sloe` on a function"),
    ("a `struct`", "item", "and this is `struct`"),
    (
        "a type error in an async body",
        "body",
        "expected `u8`, found `&str`",
    ),
];

#[test]
#[expect(clippy::disallowed_methods, reason = "tests look at their own files")]
fn every_misuse_and_every_code_of_observed_has_a_case() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &Path| std::fs::read_to_string(path).expect("a file that can be read");
    let cases = here.join("cases/observed");
    for (what, case, message) in MISUSES {
        let said = read(&cases.join(case).with_extension("stderr"));
        assert_eq!(said.matches(message).count(), 1, "{what}");
    }
    let all: String = folder(&cases)
        .iter()
        .filter(|path| path.extension().is_some_and(|it| it == "stderr"))
        .map(|path| read(path))
        .collect();
    let derive = here.join("../../obs-model/src/derive");
    let mut sources = folder(&derive.join("observed"));
    sources.retain(|path| path.extension().is_some_and(|it| it == "rs"));
    sources.extend(["observed.rs", "error_type.rs", "attr.rs"].map(|it| derive.join(it)));
    let mut codes = 0;
    for source in sources {
        let text = read(&source);
        for code in text.split("Diagnostic::error(\"").skip(1) {
            let code = code.split('"').next().unwrap_or_default();
            assert!(all.contains(&format!("[{code}]")), "no case shows `{code}`");
            codes += 1;
        }
    }
    assert!(codes > 4, "codes are looked for where they are");
}
