//! The meta-schemas, so that `{"$ref": "http://json-schema.org/draft-07/schema#"}` means something.
//!
//! The texts are our own and compact. They say what the published ones say, under the same `$id`s and the
//! same names in `definitions`; a dialect with vocabularies is one document with a resource for each.

use super::tree::Dialect;
use crate::diag::Diagnostics;
use crate::node::{Node, parse_json};
use crate::source::FileId;
use std::sync::OnceLock;

/// One bundled document, read when somebody asks for it.
struct Bundled {
    /// What its URIs begin with, behind the scheme.
    prefix: &'static str,
    uri: &'static str,
    dialect: Dialect,
    text: &'static str,
    node: OnceLock<Option<Node>>,
}

macro_rules! bundled {
    ($name:literal, $prefix:literal, $uri:literal, $dialect:ident) => {
        Bundled {
            prefix: $prefix,
            uri: $uri,
            dialect: Dialect::$dialect,
            text: include_str!(concat!("meta/", $name, ".json")),
            node: OnceLock::new(),
        }
    };
}

static BUNDLED: [Bundled; 5] = [
    bundled!(
        "draft-04",
        "json-schema.org/draft-04/schema",
        "http://json-schema.org/draft-04/schema",
        Draft4
    ),
    bundled!(
        "draft-06",
        "json-schema.org/draft-06/schema",
        "http://json-schema.org/draft-06/schema",
        Draft7
    ),
    bundled!(
        "draft-07",
        "json-schema.org/draft-07/schema",
        "http://json-schema.org/draft-07/schema",
        Draft7
    ),
    bundled!(
        "2019-09",
        "json-schema.org/draft/2019-09/",
        "https://json-schema.org/draft/2019-09/schema",
        Draft201909
    ),
    bundled!(
        "2020-12",
        "json-schema.org/draft/2020-12/",
        "https://json-schema.org/draft/2020-12/schema",
        Draft202012
    ),
];

/// A bundled document that holds what was asked for.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) node: &'static Node,
    /// The URI of the whole document.
    pub(super) root_uri: &'static str,
    /// The URI that was asked for, under the scheme we keep it under.
    pub(super) uri: String,
    pub(super) dialect: Dialect,
}

/// The meta-schema document that holds a URI, whichever scheme that has.
pub(super) fn find(uri: &str) -> Option<Found> {
    let rest = uri
        .strip_prefix("https://")
        .or(uri.strip_prefix("http://"))?;
    let bundled = BUNDLED
        .iter()
        .find(|bundled| match bundled.prefix.strip_suffix('/') {
            None => rest == bundled.prefix,
            Some(_) => rest
                .strip_prefix(bundled.prefix)
                .is_some_and(|name| name == "schema" || name.starts_with("meta/")),
        })?;
    let read = || parse_json(&mut Diagnostics::default(), FileId::BUILT_IN, bundled.text);
    let node = bundled.node.get_or_init(read).as_ref()?;
    let scheme = bundled.uri.split("://").next().unwrap_or_default();
    Some(Found {
        node,
        root_uri: bundled.uri,
        uri: format!("{scheme}://{rest}"),
        dialect: bundled.dialect,
    })
}
