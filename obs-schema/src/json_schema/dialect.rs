//! Which dialect a document follows.

use super::tree::Dialect;
#[cfg(feature = "full")]
use crate::json::Json;
use crate::node::Node;

/// The rules in force at a schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Rules {
    pub(super) dialect: Dialect,
    /// The document says so itself, so keywords of other dialects mean nothing. A guess keeps them all.
    pub(super) declared: bool,
    /// The validation vocabulary is in use.
    pub(super) validation: bool,
    /// A vocabulary asserts `format`.
    pub(super) format_asserted: bool,
}

impl Rules {
    pub(super) fn declared(dialect: Dialect) -> Rules {
        Rules {
            declared: true,
            ..Rules::guessed(dialect)
        }
    }

    pub(super) fn guessed(dialect: Dialect) -> Rules {
        Rules {
            dialect,
            declared: false,
            validation: true,
            format_asserted: false,
        }
    }
}

/// What a well-known `$schema` stands for.
pub(super) fn known(uri: &str) -> Option<Rules> {
    let (uri, _) = super::uri::split_fragment(uri);
    let rest = uri
        .trim_start_matches("https://")
        .trim_start_matches("http://");
    if let Some(rest) = rest.strip_prefix("json-schema.org/") {
        let name = rest
            .strip_suffix("/schema")
            .or(rest.strip_suffix("/hyper-schema"))?;
        return Some(Rules::declared(match name {
            // Only the oldest documents say it: their authors would call draft-04 the newest.
            "draft-03" | "draft-04" => Dialect::Draft4,
            "draft-05" | "draft-06" | "draft-07" => Dialect::Draft7,
            "draft/2019-09" => Dialect::Draft201909,
            "draft/2020-12" => Dialect::Draft202012,
            _ => return None,
        }));
    }
    // Snowplow's self-describing schemas: draft-04 with an envelope, used with newer keywords in the wild.
    if rest.contains("com.snowplowanalytics.self-desc/schema/jsonschema/") {
        return Some(Rules::guessed(Dialect::Draft4));
    }
    // OpenAPI 3.1 and AsyncAPI keep to 2020-12 and draft-07.
    if rest.starts_with("spec.openapis.org/oas/3.1") {
        return Some(Rules::guessed(Dialect::Draft202012));
    }
    None
}

/// The dialect of a document that does not say: the newest, unless it speaks an older language.
pub(super) fn guess(root: &Node) -> Dialect {
    let has = |name: &str| root.get(name).is_some();
    guess_by(has, root.get("id").and_then(Node::as_str))
}

/// The same for a text in the making.
#[cfg(feature = "full")]
pub(super) fn guess_json(root: &Json) -> Dialect {
    let has = |name: &str| root.get(name).is_some();
    guess_by(has, root.get("id").and_then(Json::as_str))
}

fn guess_by(has: impl Fn(&str) -> bool, id: Option<&str>) -> Dialect {
    let looks_like_uri = |text: &str| text.contains("://") || text.starts_with(['#', '/']);
    if !has("$id") && id.is_some_and(looks_like_uri) {
        return Dialect::Draft4;
    }
    if has("definitions") && !has("$defs") {
        return Dialect::Draft7;
    }
    Dialect::Draft202012
}
