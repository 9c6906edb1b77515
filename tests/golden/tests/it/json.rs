//! What a JSON Schema says beyond the shape: every violation at once, absent and null apart, unknown members kept.

use golden::json::{Constraints, Exotic, OpenOrder};
use obs_runtime::{JsonCodec, Validate};

/// Pointers and rules of what is wrong with a text.
fn wrong<T: JsonCodec + Validate>(text: &str) -> Vec<(String, String)> {
    let value = T::decode_json(text.as_bytes()).expect(text);
    let found = value.validate().err();
    let found = found.iter().flat_map(|violations| violations.iter());
    found
        .map(|violation| (violation.pointer.clone(), violation.rule.to_string()))
        .collect()
}

fn same<T: JsonCodec>(text: &str) {
    let mut again = Vec::new();
    T::decode_json(text.as_bytes())
        .expect(text)
        .encode_json(&mut again)
        .expect(text);
    assert_eq!(String::from_utf8_lossy(&again), text);
}

#[test]
fn every_violation_at_once() {
    let text = r#"{"id":"x","count":101,"ratio":1,"tags":["","a","a","b"],"mode":"fast","fixed":"never","level":4,"email":"nobody","scores":{"a":-1},"pair":["a",1]}"#;
    let rules: Vec<String> = wrong::<Constraints>(text)
        .into_iter()
        .map(|(pointer, rule)| format!("{pointer} {rule}"))
        .collect();
    for expected in [
        "/id pattern",
        "/id minLength",
        "/count maximum",
        "/count multipleOf",
        "/ratio exclusiveMaximum",
        "/tags maxItems",
        "/tags uniqueItems",
        "/tags/0 minLength",
        "/level enum",
        "/email format",
        "/scores/a minimum",
    ] {
        assert!(
            rules.iter().any(|rule| rule == expected),
            "{expected} is not among {rules:?}"
        );
    }
    assert!(
        rules.iter().any(|rule| rule.starts_with("/fixed ")),
        "{rules:?}"
    );
}

#[test]
fn absent_and_null_are_two_things() {
    let base = r#"{"id":"ab-1","count":5,"ratio":0.5,"tags":["x"],"mode":"slow""#;
    same::<Constraints>(&format!("{base}}}"));
    same::<Constraints>(&format!("{base},\"maybe\":null}}"));
    same::<Constraints>(&format!("{base},\"maybe\":\"y\"}}"));
    assert!(wrong::<Constraints>(&format!("{base}}}")).is_empty());
}

#[test]
fn a_closed_schema_refuses_unknown_members() {
    let text = r#"{"id":"ab-1","count":5,"ratio":0.5,"tags":["x"],"mode":"slow","more":1}"#;
    assert!(
        Constraints::decode_json(text.as_bytes())
            .expect_err("closed")
            .to_string()
            .contains("more")
    );
}

#[test]
fn an_open_schema_keeps_what_it_does_not_know() {
    same::<OpenOrder>(
        r#"{"customer":{"name":"Ada","since":2020},"payment":{"kind":"invoice","days":14},"surprise":[1,{"a":null}]}"#,
    );
}

#[test]
fn branches_are_told_apart_by_their_tag() {
    let order = OpenOrder::decode_json(
        br#"{"customer":{"name":"Ada"},"payment":{"kind":"invoice","days":14}}"#,
    );
    assert!(order.expect("valid").validate().is_ok());
    let wrong = OpenOrder::decode_json(br#"{"customer":{"name":"Ada"},"payment":{"kind":"cash"}}"#);
    assert!(wrong.is_err() || wrong.is_ok_and(|order| order.validate().is_err()));
}

#[test]
fn conditions_hold_exactly() {
    assert!(wrong::<Exotic>(r#"{"country":"DE","zip":"10115"}"#).is_empty());
    for broken in [
        r#"{"country":"DE"}"#,
        r#"{"country":"DE","zip":"x"}"#,
        r#"{"country":"FR","zip":"10115"}"#,
        r#"{"country":"FR","card":"1"}"#,
        r#"{"country":"FR","x-a":"not a number"}"#,
        r#"{"country":"FR","other":1}"#,
        r#"{"country":"FR","list":[1,2]}"#,
        r#"{"country":"FR","mixed":2}"#,
    ] {
        let decoded = Exotic::decode_json(broken.as_bytes());
        assert!(
            decoded.is_err() || decoded.is_ok_and(|value| value.validate().is_err()),
            "{broken}"
        );
    }
    assert!(wrong::<Exotic>(r#"{"country":"FR","list":[1,5],"mixed":null,"x-a":3}"#).is_empty());
}
