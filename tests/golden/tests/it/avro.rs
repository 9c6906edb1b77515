//! Typed and dynamic codecs of one schema write the same bytes; unions, recursion and defaults come back as they were.

use golden::avro::golden::avro::{
    Address, Brand, CardAdded, Kinds, Tree, Unions, UnionsListedItem, UnionsLists, UnionsNamed,
    UnionsSameAsListed, UnionsSameLists, UnionsSeveral,
};
use golden::avro::golden::idl::Line;
use obs_runtime::{AvroCodec, Event, JsonCodec, Validate};
use obs_schema::avro::dynamic::{self, Options};
use obs_schema::avro::{Schema, read_text};
use obs_schema::json::Json;
use std::fmt::Debug;

/// Through both codecs, each compared with the codec that only knows the schema.
fn check<E: Event + AvroCodec + JsonCodec + PartialEq + Debug>(value: &E) {
    let set = read_text(E::DESCRIPTOR.schema).expect("the schema of an event stands alone");
    let schema = Schema::of_set(&set).expect("it stands for a record");
    let (mut avro, mut json) = (Vec::new(), Vec::new());
    value.encode_avro(&mut avro).expect("Avro");
    value.encode_json(&mut json).expect("JSON");
    assert_eq!(E::decode_avro(&avro).as_ref(), Ok(value));
    assert_eq!(E::decode_json(&json).as_ref(), Ok(value));
    let by_schema =
        dynamic::decode(schema, &avro, &Options::default()).expect("the same bytes by schema");
    assert_eq!(by_schema, Json::parse(&json).expect("our own JSON"));
    let mut again = Vec::new();
    dynamic::encode(schema, &by_schema, &Options::default(), &mut again)
        .expect("the same value by schema");
    assert_eq!(again, avro);
    // Every shorter body is an error, never a panic.
    for end in 0..avro.len() {
        assert!(E::decode_avro(&avro[..end]).is_err());
    }
}

fn tree(value: &str) -> Tree {
    Tree {
        value: value.into(),
        left: None,
        children: Vec::new(),
        either: None,
    }
}

#[test]
fn recursion() {
    let mut root = tree("root");
    root.left = Some(Box::new(tree("left")));
    root.children = vec![tree("a"), tree("b")];
    check(&root);
}

#[test]
fn a_body_that_nests_too_deep_is_refused() {
    let mut body = Vec::new();
    // `value` is empty, `left` is there: a thousand times over.
    for _ in 0..1_000 {
        body.extend_from_slice(&[0, 2]);
    }
    assert!(Tree::decode_avro(&body).is_err());
}

#[test]
fn sensitive_fields_stay_out_of_sight() {
    let card = CardAdded {
        tenant: "acme".into(),
        holder: Some("Ada Lovelace".into()),
        number: "4111111111111111".into(),
        emails: vec!["ada@example.com".into()],
        contacts: [("home".into(), "mother".into())].into(),
        address: Some(Address {
            street: "Main Street 1".into(),
        }),
        brand: Brand::Visa,
        live: true,
        country: "DE".into(),
        correlation: "c-1".into(),
    };
    check(&card);
    let shown = format!("{card:?}");
    for word in ["Lovelace", "4111", "ada@", "mother", "Main Street"] {
        assert!(!shown.contains(word), "{shown}");
    }
}

#[test]
fn an_unrecognised_symbol_is_kept_and_refused() {
    let text = r#"{"tenant":"t","holder":null,"number":"1","emails":[],"contacts":{},"address":null,"brand":"DINERS","live":true,"country":"DE","correlation":"c"}"#;
    let card = CardAdded::decode_json(text.as_bytes()).expect("a symbol of tomorrow is no error");
    assert!(matches!(&card.brand, Brand::Unrecognised(symbol) if &**symbol == "DINERS"));
    let violations = card.validate().expect_err("it is not valid");
    assert_eq!(
        violations
            .iter()
            .map(|v| v.pointer.as_str())
            .collect::<Vec<_>>(),
        ["/brand"]
    );
    assert!(!violations.to_string().contains("DINERS"));
    assert!(card.encode_avro(&mut Vec::new()).is_err());
    assert!(card.encode_json(&mut Vec::new()).is_err());
}

#[test]
fn an_unknown_member_of_an_avro_record_is_an_error_that_names_it() {
    let error =
        Tree::decode_json(br#"{"value":"x","left":null,"children":[],"either":null,"extra":1}"#);
    assert!(error.expect_err("closed").to_string().contains("extra"));
}

#[test]
fn types_are_what_the_fixtures_say() {
    // These names are what users type; a change of them is a breaking change of the generator.
    let _: fn(UnionsNamed) = |_| {};
    let _: fn(UnionsSeveral) = |_| {};
    let _: fn(Unions) = |_| {};
    // Unions that say the same are one type under each of their names, and so are lists of them.
    let _: fn(UnionsListedItem) -> UnionsSameAsListed = |union| union;
    let _: fn(UnionsLists) -> UnionsSameLists = |union| union;
    assert_eq!(Kinds::WIRE_NAME, "golden.avro.Kinds");
}

#[test]
fn a_decimal_has_no_more_digits_than_its_schema() {
    for (price, fits) in [
        ("1234567.89", true),
        ("-1234567.8", true),
        ("1.500", true),
        ("12345678.90", false),
        ("0.001", false),
    ] {
        let line = Line::new("a", price.parse().expect("a decimal"));
        let told = line.validate().err().map(|broken| broken.to_string());
        let expected = (!fits).then_some("`/price` breaks `precision`");
        assert_eq!(told.as_deref(), expected, "{price}");
        // What is told is what writing refuses.
        assert_eq!(line.encode_avro(&mut Vec::new()).is_ok(), fits, "{price}");
    }
}
