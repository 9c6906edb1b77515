//! The one integration binary of this package: a module for each area.

mod avro_corpus;
mod avro_pairs;
mod corpora;
mod json_schema_bundle;
mod json_schema_corpus;
mod json_schema_hostile;
mod json_schema_read;
mod json_schema_suite;
mod json_schema_validate;

use obs_schema::diag::Diagnostics;
use obs_schema::node::{Node, parse_json};
use obs_schema::source::{FileId, SourceMap};

/// Files in memory, each a path and its text, with their trees; every one of them is JSON.
fn parsed(
    cx: &mut Diagnostics,
    files: &[(impl AsRef<str>, impl AsRef<str>)],
) -> (SourceMap, Vec<(FileId, Node)>) {
    let mut sources = SourceMap::default();
    let nodes = files.iter().map(|(path, text)| {
        let file = sources.add(path.as_ref(), text.as_ref());
        let text = &sources.get(file).expect("just added").text;
        (file, parse_json(cx, file, text).expect("JSON"))
    });
    let nodes = nodes.collect();
    (sources, nodes)
}
