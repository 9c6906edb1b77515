//! Each renderer over one gallery of findings: easy places and hard ones.

use super::{Diagnostic, Format, compile_error, render, summary};
use obs_schema::source::{FileId, Loc, SourceMap};

/// A text, and where some words stand in it.
struct Page {
    file: FileId,
    text: String,
}

impl Page {
    fn new(sources: &mut SourceMap, path: &str, text: &str) -> Page {
        let file = sources.add(path, text);
        Page {
            file,
            text: sources.get(file).expect("just added").text.clone(),
        }
    }

    fn at(&self, words: &str) -> Loc {
        let start = self.text.find(words).expect("the words are there");
        Loc::new(self.file, start, start + words.len())
    }
}

fn gallery(sources: &mut SourceMap) -> Vec<Diagnostic> {
    let spec = Page::new(
        sources,
        "specs/user-registered.v2.0.0.avsc",
        "\u{feff}{\r\n  \"type\": \"record\",\r\n  \"fields\": [\r\n\
         \t{ \"name\": \"email\", \"x-obs\": { \"pii\": \"hash\", \"label\": true } },\r\n\
         \t{ \"name\": \"名前\", \"doc\": \"e\u{301}\", \"x-obs\": { \"secret\": true, \"log\": true, \"attr\": \"name\" } },\r\n\
         \t{ \"name\": \"email\" }\r\n  ]\r\n}\r\n",
    );
    let old = Page::new(
        sources,
        "specs/old, 100%.avsc",
        "{ \"name\": \"UserRegistered\" }",
    );
    let filler = "x".repeat(300);
    let long = Page::new(
        sources,
        "specs/minified.avsc",
        &format!("{{\"far\":1,\"{filler}\":\"near\",\"here\":true,\"{filler}\":2}}"),
    );
    let empty = Page::new(sources, "specs/empty.avsc", "");
    vec![
        Diagnostic::error(
            "sensitive-label",
            spec.at("\"label\": true"),
            "`email` is `pii` and cannot be a metric label",
        )
        .label("asked to be a label here")
        .other(spec.at("\"pii\""), "marked sensitive here")
        .help("remove `label`, or label by a closed field such as `plan`"),
        Diagnostic::error(
            "sensitive-log",
            spec.at("\"log\": true"),
            "`名前` is `secret` and cannot be logged",
        )
        .label("asked for here")
        .other(spec.at("\"secret\""), "marked here")
        .other(spec.at("\"attr\": \"name\""), "and an attribute here")
        .help("remove `log`"),
        Diagnostic::error(
            "duplicate-field",
            spec.at("\"email\" }"),
            "field `email` is declared twice",
        )
        .other(spec.at("\"email\","), "first declared here")
        .help("rename one of them, or remove the second"),
        Diagnostic::error(
            "duplicate-event",
            spec.at("\"record\""),
            "event `user.registered` 2.0.0 is described twice",
        )
        .other(old.at("\"UserRegistered\""), "first described here")
        .help("remove one of the two\nor give one another version"),
        Diagnostic::warning(
            "missing-owner",
            long.at("\"here\""),
            "nobody owns this\u{1b}[31m event",
        )
        .label("an owner belongs here")
        .other(long.at("\"near\""), "near")
        .other(long.at("\"far\""), "far")
        .help("add `owner`"),
        Diagnostic::error("json-syntax", Loc::file(empty.file), "the file is empty")
            .help("write a schema"),
        Diagnostic::error(
            "json-syntax",
            spec.at("[\r\n\t{"),
            "a place over several lines",
        )
        .label("from here"),
        Diagnostic::error(
            "unknown-key",
            Loc::token(3),
            "unknown key `lable` on a field",
        )
        .help("write `label`"),
    ]
}

fn check(name: &str, format: Format, colour: bool) {
    let mut sources = SourceMap::default();
    let all = gallery(&mut sources);
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, render(&all, &sources, format, colour));
    });
}

#[test]
fn human() {
    check("human", Format::Human, false);
}

#[test]
fn human_in_colour() {
    let mut sources = SourceMap::default();
    let first = gallery(&mut sources).swap_remove(0);
    let text = render(&[first], &sources, Format::Human, true);
    assert!(text.starts_with("\u{1b}[1;31merror\u{1b}[0m[sensitive-label]: \u{1b}[1m`email`"));
    assert!(text.contains(
        "\u{1b}[1;31m^^^^^^^^^^^^^\u{1b}[0m \u{1b}[1;31masked to be a label here\u{1b}[0m"
    ));
}

#[test]
fn short() {
    check("short", Format::Short, false);
}

#[test]
fn json() {
    check("json", Format::Json, false);
}

#[test]
fn github() {
    check("github", Format::GitHub, false);
}

#[test]
fn a_broken_event_in_generated_code() {
    let mut sources = SourceMap::default();
    let all = gallery(&mut sources);
    let rendered: String = all
        .iter()
        .map(|one| compile_error::render(one, &sources))
        .collect();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("compile_error", rendered);
    });
    assert_eq!(
        compile_error::message(&all[7]),
        "unknown key `lable` on a field [unknown-key]\nhelp: write `label`"
    );
}

#[test]
fn counts() {
    let mut sources = SourceMap::default();
    let all = gallery(&mut sources);
    assert_eq!(summary(&all).as_deref(), Some("7 errors, 1 warning"));
    assert_eq!(summary(&all[..1]).as_deref(), Some("1 error"));
    assert_eq!(summary(&[]), None);
}

#[test]
fn no_place_is_too_strange() {
    // Places come from other code: whatever they are, rendering has to survive them.
    let mut sources = SourceMap::default();
    let file = sources.add("é.json", "é\t\n\u{301}\r\n日本");
    for start in 0..16 {
        for end in 0..16 {
            let one = Diagnostic::error("json-syntax", Loc::new(file, start, end), "m")
                .other(Loc::new(file, end, start), "other");
            for format in [Format::Human, Format::Short, Format::Json, Format::GitHub] {
                assert!(!render(std::slice::from_ref(&one), &sources, format, false).is_empty());
            }
        }
    }
}
