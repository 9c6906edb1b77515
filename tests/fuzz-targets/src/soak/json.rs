//! Random JSON Schemas.

use super::Random;

const LEAVES: &[&str] = &[
    r#"{"type":"boolean"}"#,
    r#"{"type":"integer","minimum":1,"maximum":100}"#,
    r#"{"type":"integer","enum":[1,2,3],"default":2}"#,
    r#"{"type":"number","exclusiveMinimum":0,"multipleOf":0.5}"#,
    r#"{"type":"string","minLength":1,"maxLength":12}"#,
    r#"{"type":"string","pattern":"^[a-z]{2}-\\d+$"}"#,
    r#"{"type":"string","format":"date-time"}"#,
    r#"{"type":"string","format":"uuid"}"#,
    r#"{"type":["string","null"]}"#,
    r#"{"enum":["fast","slow","in between"]}"#,
    r#"{"const":"always"}"#,
    r##"{"$ref":"#/$defs/Leaf"}"##,
];

/// An event with one definition that may hold itself.
pub(super) fn spec(random: &mut Random) -> String {
    let body = object(random, 0);
    let node = object(random, 2);
    format!(
        r#"{{"$schema":"https://json-schema.org/draft/2020-12/schema","title":"Soaked","x-obs":{{"event":"soak.soaked"}},"$defs":{{"Leaf":{},"Node":{{{node}}}}},{body}}}"#,
        LEAVES[random.below(LEAVES.len() - 1)],
    )
}

/// The keywords of an object, without its braces.
fn object(random: &mut Random, depth: usize) -> String {
    let count = 1 + random.below(5);
    let properties: Vec<String> = (0..count)
        .map(|at| format!(r#""field{at}":{}"#, schema(random, depth + 1)))
        .collect();
    // The first may be the definition itself, and is left out.
    let required: Vec<String> = (1..count)
        .filter(|_| random.one_in(2))
        .map(|at| format!("\"field{at}\""))
        .collect();
    let open = random.pick(&["", r#","additionalProperties":false"#]);
    format!(
        r#""type":"object","properties":{{"itself":{{"$ref":"{hash}/$defs/Node"}},{}}},"required":[{}]{open}"#,
        properties.join(","),
        required.join(","),
        hash = '#',
    )
}

fn schema(random: &mut Random, depth: usize) -> String {
    let kinds = if depth < 4 { 7 } else { 3 };
    match random.below(kinds) {
        3 => format!(
            r#"{{"type":"array","minItems":1,"maxItems":3,"items":{}}}"#,
            schema(random, depth + 1)
        ),
        4 => format!(
            r#"{{"type":"object","additionalProperties":{}}}"#,
            schema(random, depth + 1)
        ),
        5 => format!("{{{}}}", object(random, depth)),
        6 => {
            let variant = |random: &mut Random, tag: &str| {
                format!(
                    r#"{{"type":"object","properties":{{"kind":{{"const":"{tag}"}},"held":{}}},"required":["kind"]}}"#,
                    schema(random, depth + 1)
                )
            };
            let (one, two) = (variant(random, "one"), variant(random, "two"));
            format!(r#"{{"oneOf":[{one},{two}]}}"#)
        }
        _ => random.pick(LEAVES).to_owned(),
    }
}
