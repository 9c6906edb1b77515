//! What validation looks like, and that nothing is checked that cannot be wrong.

use super::super::testing::{Build, array, field, map, named, nullable, number, of, text};
use super::*;
use crate::model::{Assertion, Field, Sensitivity};
use obs_schema::json::{Json, Number};

fn checks(b: &Build) -> String {
    b.each(validate)
}

fn with(ty: Type, assertions: Vec<Assertion>) -> Type {
    Type { assertions, ..ty }
}

fn optional(field: Field) -> Field {
    Field {
        optional: true,
        ..field
    }
}

/// The statements for one position.
fn position(ty: Type) -> String {
    let mut b = Build::new();
    b.dialect = Dialect::JsonSchema;
    b.newtype("T", ty);
    let text = checks(&b);
    let Some((_, body)) = text.split_once("Checker) {\n") else {
        return String::new();
    };
    let body = body.strip_suffix("    }\n}\n").unwrap_or("");
    body.lines()
        .map(|line| line.strip_prefix("        ").unwrap_or(line).to_owned() + "\n")
        .collect()
}

#[test]
fn a_record() {
    let mut b = Build::new();
    b.dialect = Dialect::JsonSchema;
    let plan = b.enum_("Plan", &["free", "team"], None);
    let plain = b.record("Plain", vec![field("name", "name", of(Shape::String))]);
    let mut email = field(
        "email",
        "email",
        with(of(Shape::String), vec![Assertion::Format("email".into())]),
    );
    email.ty.sensitive = Some(Sensitivity::Pii);
    let line = b.record(
        "Line",
        vec![field(
            "sku",
            "sku",
            with(
                of(Shape::String),
                vec![Assertion::Pattern("^[A-Z]+$".into())],
            ),
        )],
    );
    let id = b.record(
        "Order",
        vec![
            field(
                "id",
                "id",
                with(
                    of(Shape::String),
                    vec![Assertion::MinLength(1), Assertion::MaxLength(36)],
                ),
            ),
            email,
            field("plan", "plan", named(plan)),
            field("plain", "plain", named(plain)),
            optional(field(
                "note",
                "note",
                with(nullable(of(Shape::String)), vec![Assertion::MaxLength(5)]),
            )),
            field("maybe", "maybe", nullable(named(plan))),
            field(
                "lines",
                "lines",
                with(
                    array(named(line)),
                    vec![Assertion::MinItems(1), Assertion::UniqueItems],
                ),
            ),
            field(
                "by_name",
                "byName",
                map(with(
                    of(Shape::I64),
                    vec![Assertion::Minimum(Number::Int(0))],
                )),
            ),
            field(
                "pair",
                "pair",
                of(Shape::Tuple(vec![of(Shape::Bool), named(plan)])),
            ),
        ],
    );
    if let TypeKind::Record(record) = &mut b.get(id).kind {
        record.unknown = Unknown::Keep(Box::new(with(
            of(Shape::Json),
            vec![Assertion::MaxLength(9)],
        )));
        record.unknown_ident = "extra".to_owned();
        record.assertions = vec![
            Assertion::MinProperties(9),
            Assertion::MaxProperties(12),
            Assertion::Const(Json::Object(vec![])),
        ];
    }
    insta::assert_snapshot!(checks(&b));
}

#[test]
fn branches_and_cycles() {
    let mut b = Build::new();
    b.dialect = Dialect::JsonSchema;
    let word = b.enum_("Word", &["a"], None);
    let fixed = b.fixed("Md5", 16);
    b.union(
        "Value",
        vec![
            (
                "Text",
                0,
                with(of(Shape::String), vec![Assertion::MinLength(1)]),
            ),
            ("Word", 1, named(word)),
            ("Flag", 2, of(Shape::Bool)),
            ("Md5", 3, named(fixed)),
        ],
    );
    let next = TypeId(u32::try_from(b.model.types.len()).unwrap());
    let boxed = Type {
        boxed: true,
        ..named(next)
    };
    b.record("Quiet", vec![field("next", "next", nullable(boxed))]);
    let next = TypeId(u32::try_from(b.model.types.len()).unwrap());
    let boxed = Type {
        boxed: true,
        ..named(next)
    };
    b.record(
        "Loud",
        vec![
            field("word", "word", named(word)),
            field("next", "next", boxed),
        ],
    );
    insta::assert_snapshot!(checks(&b));
}

#[test]
fn by_schema() {
    let mut b = Build::new();
    b.dialect = Dialect::JsonSchema;
    let plain = b.record("Plain", vec![field("name", "name", of(Shape::String))]);
    let least = with(of(Shape::String), vec![Assertion::MinLength(1)]);
    let mixed = b.record("Mixed", vec![field("name", "name", least)]);
    b.event(plain, "plain", (1, 0, 0)).checked_by = CheckedBy::Schema;
    b.event(mixed, "mixed", (1, 0, 0)).checked_by = CheckedBy::Schema;
    insta::assert_snapshot!(checks(&b));
}

#[test]
fn bounds_on_integers() {
    let check = |shape: Shape, assertion: Assertion, expected: &str| {
        assert_eq!(position(with(of(shape), vec![assertion])), expected);
    };
    let float = |value: f64| Number::Float(value);
    let big = |text: &str| Number::Big(text.into());
    check(
        Shape::I64,
        Assertion::Minimum(Number::Int(3)),
        "cx.must(self.0 >= 3, \"minimum\");\n",
    );
    check(
        Shape::I64,
        Assertion::ExclusiveMinimum(Number::Int(3)),
        "cx.must(self.0 >= 4, \"exclusiveMinimum\");\n",
    );
    check(
        Shape::I64,
        Assertion::ExclusiveMinimum(float(3.5)),
        "cx.must(self.0 >= 4, \"exclusiveMinimum\");\n",
    );
    check(
        Shape::I64,
        Assertion::Maximum(float(-3.5)),
        "cx.must(self.0 <= -4, \"maximum\");\n",
    );
    check(
        Shape::I64,
        Assertion::ExclusiveMaximum(float(3.5)),
        "cx.must(self.0 <= 3, \"exclusiveMaximum\");\n",
    );
    check(Shape::U64, Assertion::Minimum(Number::Int(0)), "");
    check(
        Shape::U64,
        Assertion::Maximum(Number::Int(-1)),
        "cx.fail(\"maximum\");\n",
    );
    check(Shape::I32, Assertion::Maximum(Number::Int(i64::MAX)), "");
    check(
        Shape::I32,
        Assertion::Minimum(Number::UInt(u64::MAX)),
        "cx.fail(\"minimum\");\n",
    );
    check(Shape::I64, Assertion::Maximum(big("1e400")), "");
    check(Shape::I64, Assertion::Minimum(big("-1e400")), "");
    check(
        Shape::I64,
        Assertion::Minimum(big("1e400")),
        "cx.fail(\"minimum\");\n",
    );
    check(
        Shape::U64,
        Assertion::Minimum(Number::UInt(u64::MAX)),
        "cx.must(self.0 >= 18446744073709551615, \"minimum\");\n",
    );
    check(
        Shape::I64,
        Assertion::MultipleOf(Number::Int(5)),
        "cx.must(self.0 % 5 == 0, \"multipleOf\");\n",
    );
    check(Shape::I64, Assertion::MultipleOf(float(1.0)), "");
    check(
        Shape::I64,
        Assertion::MultipleOf(float(2.5)),
        "cx.multiple_of(self.0 as f64, 2.5);\n",
    );
    // Another kind's keyword says nothing.
    check(Shape::I64, Assertion::MinLength(3), "");
}

#[test]
fn constants() {
    let check = |shape: Shape, assertions: Vec<Assertion>, expected: &str| {
        assert_eq!(position(with(of(shape), assertions)), expected);
    };
    let mixed = Json::Array(vec![]);
    check(
        Shape::String,
        vec![Assertion::Enum(vec![text("a"), number(1), text("b\"")])],
        "cx.must(matches!(self.0.as_str(), \"a\" | r#\"b\"\"#), \"enum\");\n",
    );
    check(
        Shape::String,
        vec![Assertion::Const(number(1))],
        "cx.fail(\"const\");\n",
    );
    check(
        Shape::F64,
        vec![Assertion::Enum(vec![number(1), mixed.clone()])],
        "cx.must(self.0 == 1.0, \"enum\");\n",
    );
    check(
        Shape::I32,
        vec![Assertion::Enum(vec![
            number(1),
            Json::Number(Number::Float(1.5)),
            number(2),
        ])],
        "cx.must(self.0 == 1 || self.0 == 2, \"enum\");\n",
    );
    check(
        Shape::Bool,
        vec![Assertion::Const(Json::Bool(false))],
        "cx.must(!self.0, \"const\");\n",
    );
    check(
        Shape::Bool,
        vec![Assertion::Enum(vec![Json::Bool(true), Json::Bool(false)])],
        "",
    );
    check(Shape::Null, vec![Assertion::Const(Json::Null)], "");
    check(
        Shape::Option {
            inner: Box::new(of(Shape::String)),
            null_index: 0,
        },
        vec![Assertion::Enum(vec![text("a"), Json::Null])],
        "if let __obs::Some(x) = &self.0 {\n    cx.must(matches!(x.as_str(), \"a\"), \"enum\");\n}\n",
    );
    check(
        Shape::Option {
            inner: Box::new(of(Shape::String)),
            null_index: 0,
        },
        vec![Assertion::Const(text("a"))],
        "match &self.0 {\n    __obs::Some(x) => {\n        cx.must(matches!(x.as_str(), \"a\"), \"const\");\n    }\n    \
         __obs::None => cx.fail(\"const\"),\n}\n",
    );
    check(
        Shape::Json,
        vec![
            Assertion::Pattern("a".into()),
            Assertion::Pattern("b".into()),
            Assertion::MinItems(1),
        ],
        "static SCHEMA: __obs::SchemaDoc = __obs::SchemaDoc::new(r#\"{\"allOf\":[{\"pattern\":\"a\",\"minItems\":1},\
         {\"pattern\":\"b\"}]}\"#);\ncx.encoded(&SCHEMA, |w| w.json(&self.0));\n",
    );
}
