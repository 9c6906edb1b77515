//! Parts and labels, nested, renamed, in options, lists and maps.
#![forbid(unsafe_code)]
#![deny(warnings, clippy::pedantic)]

use obs_runtime::{AvroCodec as _, EventPart, JsonCodec as _, Label, Pii, Secret, Validate as _};
use std::collections::{BTreeMap, HashMap};

/// Where something goes.
#[derive(EventPart, Clone, Debug, PartialEq)]
#[event(namespace = "acme", rename_all = "camelCase")]
struct Address {
    /// With the number.
    street_name: String,
    #[event(rename = "zip")]
    code: Option<String>,
    r#type: Kind,
    #[event(pii = "mask")]
    person: Pii<String>,
    token: Option<Secret<String>>,
}

#[derive(Label, Clone, Copy, Debug, PartialEq)]
#[label(rename_all = "SCREAMING_SNAKE_CASE")]
enum Kind {
    HomeAddress,
    #[label(rename = "office", default)]
    Work,
}

#[derive(EventPart, Clone, Debug, PartialEq)]
struct Tree {
    value: u32,
    address: Address,
    others: Vec<Address>,
    children: Vec<Tree>,
    next: Option<Box<Tree>>,
    by_name: BTreeMap<String, Kind>,
    counts: HashMap<String, i64>,
    bytes: Vec<u8>,
    ratio: f32,
}

fn main() {
    let address = Address {
        street_name: "Main Street 1".to_owned(),
        code: None,
        r#type: Kind::HomeAddress,
        person: Pii::new("Ada".to_owned()),
        token: Some(Secret::new("t".to_owned())),
    };
    let leaf = Tree {
        value: 7,
        address: address.clone(),
        others: vec![address],
        children: Vec::new(),
        next: None,
        by_name: BTreeMap::from([("a".to_owned(), Kind::Work)]),
        counts: HashMap::from([("b".to_owned(), 2)]),
        bytes: vec![1, 2],
        ratio: 0.5,
    };
    let tree = Tree { children: vec![leaf.clone()], next: Some(Box::new(leaf.clone())), ..leaf };
    let mut bytes = Vec::new();
    tree.encode_avro(&mut bytes).unwrap();
    assert_eq!(Tree::decode_avro(&bytes).unwrap(), tree);
    let mut text = Vec::new();
    tree.encode_json(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains(r#""streetName":"Main Street 1","zip":null,"type":"HOME_ADDRESS","person":"Ada""#), "{text}");
    assert_eq!(Tree::decode_json(text.as_bytes()).unwrap(), tree);
    assert!(tree.validate().is_ok());
    assert_eq!((Kind::VALUES, Kind::Work.as_str()), (&["HOME_ADDRESS", "office"][..], "office"));
    assert_eq!(Kind::decode_json(b"\"unheard-of\"").unwrap(), Kind::Work);
    assert_eq!(Address::SCHEMA.name, "acme.Address");
}
