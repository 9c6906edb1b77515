//! Pairs of schemas and what Apache Avro's Java library says of them: can `reader` read what `writer` wrote?
//!
//! Every row is one direction; the opposite direction of a change is a row of its own.

use std::collections::BTreeSet;

use crate::corpora;
use obs_schema::avro::{Plan, Schema, Set, read_text};
use obs_schema::diag::Diagnostics;
use obs_schema::json::Json;
use obs_schema::node;
use obs_schema::source::SourceMap;

fn rows() -> Option<Vec<Json>> {
    let folder = corpora::folder()?.join("avro-compat-pairs");
    let (_, text) = corpora::files(&folder, &[".jsonl"]).remove(0);
    let mut sources = SourceMap::default();
    let file = sources.add("pairs.jsonl", "");
    let rows = text.lines().map(|line| {
        let mut cx = Diagnostics::default();
        let row = node::parse_json(&mut cx, file, line).expect("a row");
        assert!(!cx.has_errors());
        row.to_json()
    });
    Some(rows.collect())
}

/// `KIND@pointer` of each of Java's reasons.
fn java(row: &Json) -> BTreeSet<String> {
    let reasons = row.get("why").and_then(Json::as_array).expect("reasons");
    reasons
        .iter()
        .filter_map(Json::as_str)
        .map(|reason| {
            reason
                .split(": ")
                .next()
                .unwrap_or(reason)
                .replace("@/", "@")
        })
        .collect()
}

#[test]
fn verdicts_and_reasons_are_javas() {
    let Some(rows) = rows() else { return };
    let (mut verdicts, mut unread) = (0, 0);
    for row in &rows {
        let text = |name: &str| row.get(name).and_then(Json::as_str).expect("text");
        let set = |name: &str| -> Option<Set> { read_text(text(name)).ok() };
        let place = format!(
            "{} {}\n{}\n{}",
            text("src"),
            text("op"),
            text("writer"),
            text("reader")
        );
        if text("java") == "PARSE_ERROR" {
            // Java has no verdict; whether we read such schemas is not the question here.
            unread += 1;
            continue;
        }
        let (Some(writer), Some(reader)) = (set("writer"), set("reader")) else {
            panic!("cannot be read: {place}");
        };
        let plan = Plan::compile(
            Schema::of_set(&writer).expect("a writer"),
            Schema::of_set(&reader).expect("a reader"),
        );
        verdicts += 1;
        match plan {
            Ok(_) => assert_eq!(text("java"), "COMPATIBLE", "{place}"),
            Err(found) => {
                assert_eq!(text("java"), "INCOMPATIBLE", "{place}\n{found:#?}");
                let ours: BTreeSet<String> = found
                    .iter()
                    .map(|found| {
                        format!(
                            "{}@{}",
                            found.kind.as_str(),
                            found.pointer.trim_start_matches('/')
                        )
                    })
                    .collect();
                assert_eq!(ours, java(row), "{place}");
            }
        }
    }
    println!("{verdicts} pairs agree with Java in verdict and reasons, {unread} have no verdict");
    assert_eq!(verdicts + unread, rows.len());
}
