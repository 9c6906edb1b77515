//! Implementations that do nothing, beside an error: whoever uses the type is not told a second time.

use super::container::Role;
use super::item::Item;
use super::ty;

/// The text of the stubs.
pub(super) fn text(item: &Item, role: Role, krate: &str) -> String {
    let obs = format!("{krate}::__private::v1");
    let generics = &item.generics;
    let list = |items: &[super::tokens::TokenStream]| {
        items.iter().map(ty::text).collect::<Vec<_>>().join(", ")
    };
    let (mut params, mut name, mut bounds) = (String::new(), item.name.to_string(), String::new());
    if !generics.params.is_empty() {
        params = format!("<{}>", list(&generics.params));
        name += &format!("<{}>", list(&generics.args));
        // What an event has to be, a type with parameters may not be for all of them.
        let own = generics.bounds.to_string();
        let comma = if own.trim().is_empty() || own.trim_end().ends_with(',') {
            ""
        } else {
            ","
        };
        bounds = format!(
            "where {own}{comma} Self: {obs}::Clone + ::core::marker::Send + ::core::marker::Sync + 'static"
        );
    }
    let body = "::core::panic!()";
    let mut out =
        String::from("#[allow(clippy::all, clippy::pedantic, unused)]\nconst _: () = {\n");
    let mut implement = |name_of_trait: &str, items: &str| {
        out += &format!(
            "#[automatically_derived]\nimpl{params} {obs}::{name_of_trait} for {name} {bounds} {{ {items} }}\n"
        );
    };
    implement(
        "AvroCodec",
        &format!(
            "fn write_avro(&self, _: &mut {obs}::avro::Writer) {{ {body} }} \
             fn read_avro(_: &mut {obs}::avro::Reader<'_>) -> {obs}::Result<Self, {obs}::DecodeError> {{ {body} }}"
        ),
    );
    implement(
        "JsonCodec",
        &format!(
            "fn write_json(&self, _: &mut {obs}::json::Writer) {{ {body} }} \
             fn read_json(_: &mut {obs}::json::Reader<'_>) -> {obs}::Result<Self, {obs}::DecodeError> {{ {body} }}"
        ),
    );
    implement(
        "Validate",
        &format!("fn check(&self, _: &mut {obs}::Checker) {{ {body} }}"),
    );
    match role {
        Role::Event => {
            implement(
                "Event",
                &format!(
                    "const DESCRIPTOR: &'static {obs}::Descriptor = &{obs}::Descriptor::BLANK; type Body = {obs}::JsonBody;"
                ),
            );
        }
        Role::Part => implement(
            "EventPart",
            &format!("const SCHEMA: &'static {obs}::PartSchema = &{obs}::PartSchema::BLANK;"),
        ),
        Role::Label => {
            implement(
                "EventPart",
                &format!("const SCHEMA: &'static {obs}::PartSchema = &{obs}::PartSchema::BLANK;"),
            );
            implement(
                "Label",
                &format!(
                    "const VALUES: &'static [&'static ::core::primitive::str] = &[]; fn index(&self) -> ::core::primitive::usize {{ {body} }}"
                ),
            );
        }
    }
    if role == Role::Event && item.generics.params.is_empty() {
        out += &format!("{obs}::event!({name}, avro json);\n");
    }
    out + "};\n"
}
