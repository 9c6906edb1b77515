//! Schemas, expressions and values that nobody meant: nothing panics, everything ends, bundles mean the same.

use obs_schema::diag::Diagnostics;
use obs_schema::json::Json;
use obs_schema::json_schema::pattern::Pattern;
use obs_schema::json_schema::{Bundler, Validator, ValidatorOptions, format, inputs, read_set};
use obs_schema::node::parse_json;
use obs_schema::source::SourceMap;

/// What mutations are made of.
const SCHEMAS: &[&str] = &[
    r##"{"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://x.example/a", "$anchor": "top", "type": ["object", "null"],
        "properties": {"a": {"$ref": "#/$defs/b"}, "c": {"$ref": "other.json#/$defs/d"}, "e": {"$ref": "#top"}},
        "patternProperties": {"^x-[a-z]+$": {"type": "string", "pattern": "^(?=a)\\p{L}{1,3}$", "format": "date-time"}},
        "additionalProperties": false, "required": ["a"], "minProperties": 1, "propertyNames": {"maxLength": 5},
        "$defs": {"b": {"anyOf": [{"const": 1.0}, {"enum": ["x", null]}, {"type": "array", "prefixItems": [{}, false], "items": {"$ref": "#"}, "uniqueItems": true}]}}}"##,
    r##"{"$id": "https://x.example/tree", "$dynamicAnchor": "node", "type": "object", "properties": {"children": {"type": "array", "items": {"$dynamicRef": "#node"},
        "contains": {"minimum": 2, "multipleOf": 0.01}, "minContains": 1}}, "unevaluatedProperties": false, "dependentRequired": {"a": ["b"]},
        "if": {"required": ["a"]}, "then": {"$ref": "other.json"}, "else": {"not": {"$ref": "https://x.example/tree#/$defs/x"}}, "$defs": {"x": {"$id": "x"}}}"##,
    r##"{"$schema": "http://json-schema.org/draft-04/schema#", "id": "http://x.example/old", "definitions": {"p": {"id": "#p", "minimum": 0, "exclusiveMinimum": true}},
        "items": [{"$ref": "#p"}, {"$ref": "#/definitions/p", "type": "string"}], "additionalItems": {"$ref": "http://json-schema.org/draft-07/schema#"},
        "dependencies": {"a": ["b"], "c": {"$ref": "#"}}, "oneOf": [{"maxItems": 3}, {"minItems": 4}]}"##,
    r##"{"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveAnchor": true, "anyOf": [{"$recursiveRef": "#"}, {"items": [{}], "unevaluatedItems": false}],
        "allOf": [{"$ref": "#/allOf/1"}, {"$ref": "#/anyOf"}, {"type": "integer", "maxLength": 1e3}]}"##,
];

const OTHER: &str = r##"{"$defs": {"d": {"$ref": "schema.json#/$defs/b"}, "e": {"$dynamicAnchor": "node"}}, "type": "object"}"##;

const VALUES: &[&str] = &[
    "null",
    "1",
    r#"{"a": 1, "x-y": "abc", "children": [{"a": 2}, 3.0], "b": [1, {}, {"a": null}]}"#,
    r#"[1, "1", [1], {"a": [0.1, 1e400, 18446744073709551616]}, null]"#,
    r#""2020-01-01T00:00:00Z""#,
];

/// Xorshift: the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    /// A text with pieces of itself and of another moved around.
    fn mutate(&mut self, text: &str, other: &str) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        let other: Vec<char> = other.chars().collect();
        for _ in 0..=self.below(3) {
            let at = self.below(chars.len());
            let end = at + self.below((chars.len() - at).min(40));
            match self.below(4) {
                0 => {
                    chars.drain(at..end);
                }
                1 => {
                    let piece = chars[at..end].to_vec();
                    let to = self.below(chars.len());
                    chars.splice(to..to, piece);
                }
                2 => {
                    let from = self.below(other.len());
                    let to = from + self.below((other.len() - from).min(40));
                    chars.splice(at..end, other[from..to].iter().copied());
                }
                _ if at < chars.len() => {
                    const ODD: [char; 12] =
                        ['"', '{', '}', '[', ']', ',', '#', '/', '1', '\\', 'é', '$'];
                    chars[at] = ODD[self.below(ODD.len())];
                }
                _ => {}
            }
        }
        chars.into_iter().collect()
    }
}

fn values() -> Vec<Json> {
    VALUES
        .iter()
        .map(|text| Json::parse(text.as_bytes()).expect("JSON"))
        .collect()
}

fn try_schema(text: &str, values: &[Json]) {
    let mut cx = Diagnostics::default();
    let mut sources = SourceMap::default();
    let files = [
        sources.add("schema.json", text),
        sources.add("other.json", OTHER),
    ];
    let nodes: Vec<_> = files
        .iter()
        .filter_map(|file| {
            Some((
                *file,
                parse_json(&mut cx, *file, &sources.get(*file)?.text)?,
            ))
        })
        .collect();
    let inputs = inputs(&sources, &nodes);
    let set = read_set(&mut cx, &inputs);
    let sound = !cx.has_errors();
    let bundler = Bundler::new(&set, &inputs);
    let options = ValidatorOptions::DEFAULT;
    for document in &set.documents {
        let own = Validator::new(&set, document.root, options);
        let text = bundler.bundle(document.root).to_string();
        let bundled = Validator::from_text(&text, options);
        assert!(!sound || bundled.is_ok(), "{text}: {:?}", bundled.err());
        for value in values {
            let violations = own.validate(value);
            assert_eq!(
                violations.is_empty(),
                own.is_valid(value),
                "{text}: {value}"
            );
            if let (true, Ok(bundled)) = (sound, &bundled) {
                assert_eq!(
                    violations.is_empty(),
                    bundled.is_valid(value),
                    "{text}: {value}"
                );
            }
        }
    }
}

#[test]
fn schemas_of_any_kind_are_read_and_bundled() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let values = values();
    for text in SCHEMAS {
        try_schema(text, &values);
    }
    for _ in 0..800 {
        let (at, other) = (random.below(SCHEMAS.len()), random.below(SCHEMAS.len()));
        let text = random.mutate(SCHEMAS[at], SCHEMAS[other]);
        try_schema(&text, &values);
    }
}

#[test]
fn expressions_and_formats_of_any_kind_are_answered() {
    const SEEDS: [&str; 6] = [
        "^(?=.*\\d)(?<name>[a-z]+)\\k<name>{1,3}(?!x)$",
        "\\p{L}\\P{Script=Greek}[^\\w\\-\\u{1F600}]*?|\\cA\\x41\\u0041",
        "(?i)(?P<a>a)(?P=a)\\A\\Z(?<!b)(?<=c+)",
        "1985-04-12T23:20:50.52+00:00 P1Y2M3DT4H5M6S 1.2.3.4 ::1%1",
        "http://u:p@[::1]:80/a%20b?c{x:3,y*}#d/~0~1 xn--bcher-kva.example",
        "joe.\"a b\"@[IPv6:::1] 2eb8aa08-aa98-11ea-b4aa-73b441d16380 0-1/a#",
    ];
    let mut random = Random(0x1234_5678_9abc_def0);
    for _ in 0..600 {
        let (at, other) = (random.below(SEEDS.len()), random.below(SEEDS.len()));
        let text = random.mutate(SEEDS[at], SEEDS[other]);
        if let Ok(pattern) = Pattern::new(&text) {
            for text in [SEEDS[other], &text] {
                assert_eq!(pattern.is_match(text), pattern.is_match(text));
            }
        }
        for name in format::NAMES {
            for part in [text.as_str()].into_iter().chain(text.split(' ')) {
                assert!(format::check(name, part).is_some());
            }
        }
    }
}
