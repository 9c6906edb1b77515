//! What twins look like.

use super::super::testing::{Build, array, field, map, named, nullable, of};
use crate::model::{Logical, Sensitivity, Shape, Type, TypeId};

#[test]
fn twins() {
    let mut b = Build::new();
    b.settings.borrowed = true;
    let plan = b.enum_("Plan", &["FREE"], None);
    let point = b.record("Point", vec![field("x", "x", of(Shape::F64))]);
    let value = b.union(
        "Value",
        vec![
            ("String", 0, of(Shape::String)),
            ("Point", 2, named(point)),
            ("Bytes", 3, of(Shape::Bytes)),
        ],
    );
    let own = TypeId(u32::try_from(b.model.types.len()).unwrap());
    let mut email = field("email", "email", of(Shape::String));
    email.ty.sensitive = Some(Sensitivity::Pii);
    let value = Type {
        sensitive: Some(Sensitivity::Secret),
        ..named(value)
    };
    let boxed = Type {
        boxed: true,
        ..named(own)
    };
    b.record(
        "Node",
        vec![
            field("name", "name", of(Shape::String)),
            email,
            field("plan", "plan", named(plan)),
            field("point", "point", named(point)),
            field(
                "value",
                "value",
                of(Shape::Option {
                    inner: Box::new(value.clone()),
                    null_index: 1,
                }),
            ),
            field("values", "values", array(value)),
            field("tags", "tags", map(array(of(Shape::String)))),
            field("counts", "counts", map(of(Shape::I64))),
            field("next", "next", nullable(boxed)),
            field("at", "at", of(Shape::Logical(Logical::TimestampMicros))),
            field("ids", "ids", array(of(Shape::I32))),
        ],
    );
    // A record of that name is there already.
    b.record(
        "Mail",
        vec![field("text", "text", nullable(of(Shape::String)))],
    );
    b.record("MailRef", vec![]);
    insta::assert_snapshot!(b.each(super::twin));
}
