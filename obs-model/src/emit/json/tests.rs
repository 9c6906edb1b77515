//! What the JSON codec of each kind of type looks like.

use super::super::testing::{Build, array, field, map, named, nullable, number, of, text};
use super::*;
use crate::model::{Branch, Field, Logical, Record, Sensitivity, Shape, TypeId, TypeKind, Unknown};
use obs_schema::json::Json;

fn codecs(b: &Build) -> String {
    b.each(codec)
}

fn optional(field: Field) -> Field {
    Field {
        optional: true,
        ..field
    }
}

fn record_of(b: &mut Build, id: TypeId) -> &mut Record {
    match &mut b.get(id).kind {
        TypeKind::Record(record) => record,
        _ => unreachable!("it was built as a record"),
    }
}

#[test]
fn an_avro_record() {
    let mut b = Build::new();
    let plan = b.enum_("Plan", &["FREE", "TEAM"], Some(0));
    let mut email = field("email", "email", of(Shape::String));
    email.ty.sensitive = Some(Sensitivity::Pii);
    let mut plan = field("plan", "plan", named(plan));
    plan.default = Some(text("FREE"));
    let mut count = field("count", "count", of(Shape::I64));
    count.default = Some(number(3));
    let mut referrer = field("referrer", "referrer", nullable(of(Shape::String)));
    referrer.default = Some(Json::Null);
    let user = b.record(
        "UserRegistered",
        vec![
            field("user_id", "userId", of(Shape::String)),
            email,
            plan,
            count,
            referrer,
            field("tags", "tags", map(array(of(Shape::F64)))),
            field("at", "at", of(Shape::Logical(Logical::TimestampMicros))),
            field("r#type", "type", of(Shape::I32)),
            field("r", "r", of(Shape::Bytes)),
            field("nothing", "nothing", of(Shape::Null)),
        ],
    );
    let next = Type {
        boxed: true,
        ..nullable(named(user))
    };
    b.record("Chain", vec![field("next", "next", next)]);
    insta::assert_snapshot!(codecs(&b));
}

#[test]
fn presence() {
    let mut b = Build::new();
    b.dialect = Dialect::JsonSchema;
    let id = b.record(
        "Presence",
        vec![
            optional(field("maybe", "maybe", of(Shape::String))),
            optional(field("maybe_null", "maybeNull", nullable(of(Shape::I64)))),
            optional(field("only_null", "only\"null\"", of(Shape::Null))),
            field("null", "null", nullable(of(Shape::Bool))),
            optional(field("late", "late", of(Shape::U64))),
            field(
                "pair",
                "pair",
                of(Shape::Tuple(vec![of(Shape::String), of(Shape::F64)])),
            ),
        ],
    );
    let record = record_of(&mut b, id);
    record.unknown = Unknown::Keep(Box::new(of(Shape::Json)));
    record.unknown_ident = "extra".to_owned();
    let id = b.record(
        "Loose",
        vec![optional(field("key", "key", of(Shape::String)))],
    );
    let record = record_of(&mut b, id);
    record.unknown = Unknown::Keep(Box::new(of(Shape::I64)));
    record.unknown_ident = "r#extra".to_owned();
    b.record("Empty", vec![]);
    let id = b.record("Anything", vec![]);
    record_of(&mut b, id).unknown = Unknown::Skip;
    insta::assert_snapshot!(codecs(&b));
}

#[test]
fn avro_branches() {
    let mut b = Build::new();
    let hash = b.fixed("Md5", 16);
    b.enum_("Open", &["A", "UNRECOGNISED"], None);
    b.union(
        "Value",
        vec![
            ("String", 0, of(Shape::String)),
            ("Long", 2, of(Shape::I64)),
            ("Hash", 3, nullable(named(hash))),
        ],
    );
    b.union("One", vec![("String", 0, of(Shape::String))]);
    b.union("Nothing", vec![("Null", 0, of(Shape::Null))]);
    b.newtype("Root", array(named(hash)));
    insta::assert_snapshot!(codecs(&b));
}

#[test]
fn branches_of_a_schema() {
    let mut b = Build::new();
    b.dialect = Dialect::JsonSchema;
    let card = b.record("Card", vec![field("kind", "kind", of(Shape::String))]);
    let cash = b.record("Cash", vec![field("kind", "kind", of(Shape::String))]);
    let word = b.enum_("Word", &["a", "b"], None);
    b.union(
        "ByKind",
        vec![("Text", 0, of(Shape::String)), ("Flag", 1, of(Shape::Bool))],
    );
    let tagged = b.union(
        "ByTag",
        vec![("Card", 0, named(card)), ("Cash", 1, named(cash))],
    );
    if let TypeKind::Union(union) = &mut b.get(tagged).kind {
        union.branches[0].tag = Some(("kind".to_owned(), text("card")));
        union.branches[1].tag = Some(("kind".to_owned(), text("cash")));
    }
    b.union(
        "Mixed",
        vec![
            ("Word", 0, named(word)),
            ("Text", 1, of(Shape::String)),
            ("Whole", 2, of(Shape::I64)),
            ("Number", 3, of(Shape::F64)),
            ("Tagged", 4, named(tagged)),
            ("Nothing", 5, of(Shape::Null)),
        ],
    );
    b.union(
        "Same",
        vec![("Card", 0, named(card)), ("Cash", 1, named(cash))],
    );
    b.union(
        "Any",
        vec![("Text", 0, of(Shape::String)), ("Json", 1, of(Shape::Json))],
    );
    // A union that contains itself, directly or not, can be what its other branches are.
    let own = TypeId(u32::try_from(b.model.types.len()).unwrap());
    b.union(
        "Own",
        vec![
            (
                "Own",
                0,
                Type {
                    boxed: true,
                    ..named(own)
                },
            ),
            ("Text", 1, of(Shape::String)),
        ],
    );
    insta::assert_snapshot!(codecs(&b));
}

#[test]
fn logical_types() {
    let mut b = Build::new();
    let decimal = |fixed| {
        of(Shape::Logical(Logical::Decimal {
            precision: 9,
            scale: 2,
            fixed,
        }))
    };
    let of = |logical| of(Shape::Logical(logical));
    b.record(
        "Logicals",
        vec![
            field("price", "price", decimal(None)),
            field("fixed", "fixed", nullable(decimal(Some(12)))),
            field("big", "big", of(Logical::BigDecimal)),
            field("id", "id", of(Logical::Uuid { fixed: false })),
            field("raw", "raw", array(of(Logical::Uuid { fixed: true }))),
            field("day", "day", of(Logical::Date)),
            field("at", "at", nullable(of(Logical::TimestampNanos))),
            field("span", "span", of(Logical::Duration)),
        ],
    );
    insta::assert_snapshot!(codecs(&b));
}

#[test]
fn a_derive() {
    let mut b = Build::new();
    b.dialect = Dialect::Rust;
    b.enum_("Plan", &["FREE", "TEAM"], None);
    b.record(
        "Order",
        vec![
            field("id", "id", of(Shape::Rust("crate::OrderId".to_owned()))),
            optional(field("note", "note", of(Shape::String))),
        ],
    );
    insta::assert_snapshot!(codecs(&b));
}

#[test]
fn branches_keep_no_tag_that_does_not_tell() {
    let branch = |value: Json| Branch {
        ident: "A".to_owned(),
        wire: "a".to_owned(),
        index: 0,
        ty: of(Shape::Json),
        tag: Some(("kind".to_owned(), value)),
    };
    let (a, b, c) = (branch(text("a")), branch(text("b")), branch(number(1)));
    assert!(union::common_tag(&[&a, &b]).is_some());
    assert!(union::common_tag(&[&a, &a]).is_none());
    assert!(union::common_tag(&[&a, &c]).is_none());
}
