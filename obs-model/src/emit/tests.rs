//! What each kind of type looks like in Rust.

use super::testing::{Build, array, field, map, named, nullable, number, of, text};
use crate::model::{
    Assertion, Dialect, Logical, Sensitivity, Shape, Type, TypeKind, Unknown, Upcast, UpcastHow,
};

#[test]
fn a_record() {
    let mut b = Build::new();
    let plan = b.enum_("Plan", &["FREE", "TEAM"], Some(0));
    let mut email = field("email", "email", of(Shape::String));
    email.ty.sensitive = Some(Sensitivity::Pii);
    let mut plan = field("plan", "plan", named(plan));
    plan.default = Some(text("FREE"));
    plan.doc = Some("What they pay for.".to_owned());
    let mut age = field("r#type", "type", of(Shape::I32));
    age.deprecated = Some("say \"kind\" instead".to_owned());
    let mut count = field("count", "count", of(Shape::I64));
    count.default = Some(number(3));
    let user = b.record(
        "UserRegistered",
        vec![
            field("user_id", "userId", of(Shape::String)),
            email,
            plan,
            age,
            count,
            field("referrer", "referrer", nullable(of(Shape::String))),
            field("tags", "tags", map(array(of(Shape::F64)))),
            field("at", "at", of(Shape::Logical(Logical::TimestampMicros))),
        ],
    );
    b.get(user).doc = Some("Somebody finished the sign-up form.".to_owned());
    b.settings.setters = true;
    b.event(user, "user.registered", (2, 0, 0));
    insta::assert_snapshot!(b.text());
}

#[test]
fn an_open_enum() {
    let mut b = Build::new();
    b.enum_("Plan", &["FREE", "UNRECOGNISED"], None);
    insta::assert_snapshot!(b.text());
}

#[test]
fn a_union_with_null_and_itself() {
    let mut b = Build::new();
    let id = b.fixed("Md5", 16);
    let tree = b.union(
        "Tree",
        vec![
            ("String", 0, of(Shape::String)),
            ("Md5", 2, named(id)),
            ("Ints", 3, array(of(Shape::I32))),
            ("Bytes", 4, of(Shape::Bytes)),
        ],
    );
    let next = Type {
        boxed: true,
        ..named(crate::model::TypeId(2))
    };
    let node = b.record(
        "Node",
        vec![
            field(
                "tree",
                "tree",
                of(Shape::Option {
                    inner: Box::new(named(tree)),
                    null_index: 1,
                }),
            ),
            field("next", "next", nullable(next)),
        ],
    );
    assert_eq!(node.0, 2);
    insta::assert_snapshot!(b.text());
}

#[test]
fn modules() {
    let mut b = Build::new();
    b.record("Inner", vec![]);
    let inner = crate::model::TypeId(0);
    b.module("acme::billing");
    b.record("Invoice", vec![field("inner", "inner", named(inner))]);
    b.module("");
    b.file("specs/con.avsc");
    let con = b.record("Con", vec![field("inner", "inner", named(inner))]);
    b.module("acme");
    b.record(
        "Outer",
        vec![
            field("inner", "inner", named(inner)),
            field("con", "con", named(con)),
        ],
    );
    let broken = b.file("specs/broken.avsc");
    b.failed.push(super::FailedFile {
        file: broken,
        message: "error[x]: \"no\"\n  at \\".to_owned(),
    });
    let all: Vec<String> = b
        .artifacts()
        .iter()
        .map(|(name, text)| format!("== {name}\n{text}"))
        .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_newtype_and_a_fixed() {
    let mut b = Build::new();
    b.newtype("Readings", array(nullable(of(Shape::F32))));
    b.fixed("Md5", 16);
    insta::assert_snapshot!(b.text());
}

#[test]
fn defaults_of_json_members_are_read_and_not_written() {
    let mut b = Build::new();
    b.dialect = Dialect::JsonSchema;
    b.settings.setters = true;
    let mut plan = field("plan", "plan", of(Shape::String));
    plan.optional = true;
    plan.default = Some(text("free"));
    let mut seats = field("seats", "seats", of(Shape::I64));
    seats.optional = true;
    seats.default = Some(number(1));
    let kind = b.enum_("Kind", &["user"], None);
    let mut version = field("version", "version", of(Shape::String));
    version.ty.assertions.push(Assertion::Const(text("1")));
    let id = b.record(
        "Account",
        vec![plan, seats, field("kind", "kind", named(kind)), version],
    );
    let TypeKind::Record(record) = &mut b.get(id).kind else {
        unreachable!()
    };
    record.unknown = Unknown::Keep(Box::new(of(Shape::Json)));
    record.unknown_ident = "extra".to_owned();
    insta::assert_snapshot!(b.text());
}

#[test]
fn versions() {
    let mut b = Build::new();
    let new = b.record("UserRegistered", vec![field("id", "id", of(Shape::String))]);
    let file = b.file("specs/user-registered.v1.4.0.avsc");
    b.module("acme::user::user_registered_v1_4_0");
    let middle = b.record("UserRegistered", vec![field("id", "id", of(Shape::I64))]);
    b.module("acme::user::user_registered_v1_3_0");
    let old = b.record("UserRegistered", vec![field("id", "id", of(Shape::I32))]);
    b.settings.json = true;
    let _ = file;
    b.event(old, "user.registered", (1, 3, 0));
    b.event(middle, "user.registered", (1, 4, 0)).upcast = Some(Upcast {
        from: 0,
        how: UpcastHow::Derived,
    });
    let reasons = vec![
        "`/id` was `long` and is `string` at specs/user-registered.v2.0.0.avsc:4:7 {}".to_owned(),
    ];
    b.event(new, "user.registered", (2, 0, 0)).upcast = Some(Upcast {
        from: 1,
        how: UpcastHow::ByHand { reasons },
    });
    let all = b.artifacts();
    insta::assert_snapshot!(all["acme.user.user-registered.rs"]);
}

#[test]
fn a_version_said_twice_is_one_variant() {
    let mut b = Build::new();
    let new = b.record("UserRegistered", vec![]);
    b.module("acme::user::again");
    let again = b.record("UserRegistered", vec![]);
    b.module("acme::user::old");
    let old = b.record("UserRegistered", vec![]);
    b.event(old, "user.registered", (1, 0, 0));
    b.event(again, "user.registered", (2, 0, 0));
    b.event(new, "user.registered", (2, 0, 0));
    let text = &b.artifacts()["acme.user.user-registered.rs"];
    let variants: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("V1_0_0(") || line.starts_with("V2_0_0("))
        .collect();
    assert_eq!(
        variants,
        ["V1_0_0(old::UserRegistered),", "V2_0_0(UserRegistered),"]
    );
}

#[test]
fn a_union_said_twice_is_one_enum_with_two_names() {
    let mut b = Build::new();
    b.settings.borrowed = true;
    b.settings.json = false;
    let branches = || vec![("String", 0, of(Shape::String)), ("Int", 1, of(Shape::I32))];
    b.union("First", branches());
    b.union("Second", branches());
    // Another index on the wire is another union, and so is another file's.
    b.union(
        "Turned",
        vec![("String", 1, of(Shape::String)), ("Int", 0, of(Shape::I32))],
    );
    b.file("specs/other.avsc");
    b.union("Other", branches());
    let text = b.text();
    let aliases: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("pub type") || line.starts_with("pub enum"))
        .collect();
    let expected = [
        "pub enum First {",
        "pub enum FirstRef<'a> {",
        "pub type Second = First;",
        "pub type SecondRef<'a> = FirstRef<'a>;",
        "pub enum Turned {",
        "pub enum TurnedRef<'a> {",
        "pub enum Other {",
        "pub enum OtherRef<'a> {",
    ];
    assert_eq!(aliases, expected);
}
