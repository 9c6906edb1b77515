use super::*;

fn show(source: &str, role: Role) -> String {
    let mut spans = Spans::default();
    let item = item::parse(source.parse().expect("tokens"), &mut spans).expect("an item");
    let mut cx = Diagnostics::default();
    let understood = understand(
        &mut cx,
        &mut spans,
        &item,
        &Door::closed(),
        role,
        &mut SourceMap::default(),
    );
    let mut out = String::new();
    if cx.has_errors() {
        for one in cx.into_sorted() {
            out += &format!("{}[{}]: {}\n", one.severity.as_str(), one.code, one.message);
        }
        return out;
    }
    let mut understood = understood.expect("understood");
    understood.through_the_trait();
    output::text(&item, role, &understood)
}

/// What a derive writes, as the emitter laid it out.
fn snapshot(name: &str, source: &str, role: Role) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, description => source }, {
        insta::assert_snapshot!(name, show(source, role));
    });
}

#[test]
fn an_event() {
    let source = r#"
        /// Somebody finished the sign-up form.
        #[event(version = "2.0.0", owner = "identity", namespace = "acme", rename_all = "camelCase")]
        #[event(slo(objective = "publish-success", target = 99.9), slo(objective = "freshness", target = 99, under = "5m"))]
        pub struct UserRegistered {
            #[event(key, attr = "user.id")]
            pub user_id: String,
            #[event(pii = "hash")]
            pub r#type: Option<Pii<String>>,
        }"#;
    snapshot("an_event", source, Role::Event);
}

#[test]
fn an_event_with_parts() {
    let source = "struct Order { #[event(label)] plan: Plan, address: Address, others: Vec<crate::Address> }";
    snapshot("an_event_with_parts", source, Role::Event);
}

#[test]
fn a_part_that_holds_itself() {
    snapshot(
        "a_part_that_holds_itself",
        "struct Tree { value: u32, next: Option<Box<Tree>>, rest: Vec<Self> }",
        Role::Part,
    );
}

#[test]
fn a_label() {
    let source = r#"
        #[label(rename_all = "SCREAMING_SNAKE_CASE", crate = "::renamed")]
        enum Plan { FreeTrial, #[label(rename = "team", default)] Team }"#;
    snapshot("a_label", source, Role::Label);
}

/// What stands beside an error has to find the runtime too, or there is a second one.
#[test]
fn a_stub_knows_a_renamed_runtime() {
    let source = r#"#[event(crate = "::renamed")] struct Order { #[event(unheard_of)] id: usize }"#;
    let out = event(source.parse().expect("tokens"), &Door::closed()).to_string();
    assert!(out.contains("compile_error"), "{out}");
    assert!(out.contains(":: renamed :: __private"), "{out}");
    assert!(!out.contains("obs_runtime"), "{out}");
}

/// Types of ours stand behind the name of the runtime, whatever that is.
#[test]
fn types_of_a_renamed_runtime_are_known() {
    let of = |krate: &str| {
        format!(
            "#[event(crate = \"::{krate}\")] struct Order {{ #[event(pii = \"hash\")] id: ::{krate}::Pii<String>, at: {krate}::types::Date }}"
        )
    };
    let renamed = show(&of("telemetry"), Role::Event);
    let usual = show(&of("obs_runtime"), Role::Event);
    assert!(!usual.contains("error"), "{usual}");
    assert_eq!(renamed.replace("telemetry", "obs_runtime"), usual);
}

/// Complaints, one a line.
fn check(role: Role, source: &str, expected: &str) {
    let found = show(source, role);
    let errors: Vec<&str> = found
        .lines()
        .filter(|line| line.starts_with("error"))
        .collect();
    assert_eq!(errors.join("\n"), expected, "{source}");
}

#[test]
fn items_that_can_be_no_event() {
    let event = |source: &str, expected: &str| {
        check(
            Role::Event,
            source,
            &format!("error[unsupported-item]: {expected}"),
        )
    };
    event(
        "struct A(i32);",
        "`#[derive(Event)]` needs fields with names, which go on the wire",
    );
    event("struct A;", "`#[derive(Event)]` needs a struct with fields");
    event("enum A { B }", "`#[derive(Event)]` is for structs");
    event(
        "union A { a: i32 }",
        "`#[derive(Event)]` is not for unions, which do not know what they hold",
    );
    event(
        "pub(crate) struct A<'a, T: Clone = i32, const N: usize = 2> where T: Copy { a: &'a [T; N] }",
        "`#[derive(Event)]` is for types without parameters: a schema is one and the same for all",
    );
    check(
        Role::Label,
        "enum A { B(i32), C { d: i32 } }",
        "error[unsupported-item]: `B` carries fields, and a label is a word\n\
         error[unsupported-item]: `C` carries fields, and a label is a word",
    );
    check(
        Role::Label,
        "enum A {}",
        "error[unsupported-item]: a label without variants has no value",
    );
    check(
        Role::Label,
        "struct A {}",
        "error[unsupported-item]: `#[derive(Label)]` is for enums",
    );
}

#[test]
fn types_that_can_be_no_field() {
    let field = |ty: &str, expected: &str| {
        let expected = if expected.is_empty() {
            String::new()
        } else {
            format!("error[unsupported-type]: {expected}")
        };
        check(Role::Part, &format!("struct A {{ a: {ty} }}"), &expected);
    };
    for good in [
        "bool",
        "i64",
        "u64",
        "u16",
        "()",
        "(String)",
        "std::string::String",
        "Vec<u8>",
        "Vec<Vec<i32>>",
        "Vec::<i32>",
        "HashMap<String, Option<Pii<String>>>",
        "std::collections::BTreeMap<::std::string::String, i32>",
        "my::Own<i32>",
        "obs_runtime::types::Uuid",
        "Duration",
        "my::Option<my::Option<i32>>",
        "<A as B>::C",
        "Own<{ 1 > 2 }>",
        "Pii<Box<String>>",
        "Box<Box<i32>>",
    ] {
        field(good, "");
    }
    field("usize", "`usize` has no size on the wire");
    field("u8", "a single byte is no type of a field");
    field("char", "`char` is no type of a field");
    field("&'static str", "a reference cannot be a field of an event");
    field("(i32, i32)", "a tuple cannot be a field of an event");
    field("(i32,)", "a tuple cannot be a field of an event");
    field(
        "[u8; 16]",
        "an array or a slice cannot be a field of an event",
    );
    field("*const u8", "a pointer cannot be a field of an event");
    field("fn() -> i32", "a function cannot be a field of an event");
    let no_type = "what is no type cannot be a field of an event";
    field("Vec<Item: Copy>", no_type);
    field("Vec<Item = i32>", no_type);
    field(
        "Box<dyn Fn() -> i32>",
        "a trait object cannot be a field of an event",
    );
    field(
        "Option<Option<i32>>",
        "an option stands in an option, and the wire knows null once",
    );
    field(
        "BTreeMap<i32, i32>",
        "a map's keys are no strings, and the wire knows no others",
    );
    field("Pii<Secret<String>>", "one wrapper stands in another");
    field(
        "Json",
        "`Json` can hold anything, and a derived schema says what a field holds",
    );
    // One mistake inside another type is one message.
    field(
        "Vec<Option<&str>>",
        "a reference cannot be a field of an event",
    );
}

#[test]
fn attributes_are_read_closely() {
    let field = |attribute: &str, expected: &str| {
        check(
            Role::Event,
            &format!("struct A {{ #[event{attribute}] a: String }}"),
            expected,
        );
    };
    field(
        "(lable)",
        "error[unknown-key]: unknown key `lable` on a field",
    );
    field(
        "(rename)",
        "error[wrong-kind]: `rename` is a boolean, not a string",
    );
    field(
        "(log, log)",
        "error[duplicate-key]: key `log` is written twice",
    );
    field(
        "(attr = user)",
        "error[attribute-syntax]: a bare word stands where a value should be",
    );
    field(
        "(attr =)",
        "error[attribute-syntax]: a value is missing after `=`",
    );
    field(
        "(attr = b\"a\")",
        "error[attribute-syntax]: a key takes no value of this kind",
    );
    field("(log attr)", "error[attribute-syntax]: expected a comma");
    field("(= 1)", "error[attribute-syntax]: expected a key");
    field(
        " = 1",
        "error[attribute-syntax]: an attribute takes its keys in parentheses",
    );
    field(
        "(pii = \"hash\")",
        "error[sensitive-type]: `a` is `pii`, and its type is no `Pii`",
    );
    field(
        "(secret)",
        "error[sensitive-type]: `a` is `secret`, and its type is no `Secret`",
    );
    field(
        "(secret = false, log = true, attr = \"a.b\", label(top = [\"x\"]))",
        "",
    );
    field(
        "(label(top = [a::b, \"x\"]))",
        "error[attribute-syntax]: a bare word stands where a value should be",
    );
    check(
        Role::Event,
        "#[event(slo = 1, slo = 2)] struct A { }",
        "error[wrong-kind]: `slo` is a number, not a list\nerror[duplicate-key]: key `slo` is written twice",
    );
    check(
        Role::Event,
        "#[event(rename_all = \"camel\", evnt = \"a\")] struct A { }",
        "error[unknown-word]: `rename_all` cannot be `camel`\nerror[unknown-key]: unknown key `evnt` on an event",
    );
    check(
        Role::Part,
        "#[event(owner = \"a\")] struct A { #[event(label)] a: bool }",
        "error[unknown-key]: unknown key `owner` on a part of an event\n\
         error[misplaced-key]: `label` belongs on a field of an event, and this is a part of one",
    );
    check(
        Role::Label,
        "enum A { #[label(default)] B, #[label(default)] C }",
        "error[duplicate-value]: `B` and `C` are both the default",
    );
    check(
        Role::Event,
        "struct A { a: Decimal }",
        "error[missing-precision]: `a` is a decimal and does not say how many digits it has",
    );
    check(
        Role::Event,
        "struct A { #[event(default = \"x\")] a: i32 }",
        "error[invalid-default]: the default of field `a` is a string where a whole number should be",
    );
}

#[test]
fn rules_look_at_derives_too() {
    check(
        Role::Event,
        "struct A { #[event(label)] email: Pii<String>, #[event(key)] a: i32, #[event(key)] b: i32 }",
        "error[sensitive-label]: `email` is `pii` and cannot be a metric label\nerror[several-keys]: `a` and `b` are both the `key`",
    );
    check(
        Role::Event,
        "struct A { #[event(rename = \"b\")] a: i32, b: i32 }",
        "error[duplicate-field]: field `b` is declared twice",
    );
}

#[test]
fn settings_reach_derives() {
    let door = Door {
        defaults: Some(r#"{"owner": "platform", "encoding": "avro"}"#.to_owned()),
        events: Some(r#"{"user.joined": {"topic": "joined", "fields": {"id": {"log": true}}}, "other.event": {"topic": "x"}}"#.to_owned()),
        ..Door::closed()
    };
    let mut spans = Spans::default();
    let item = item::parse(
        "struct UserJoined { id: String }".parse().expect("tokens"),
        &mut spans,
    )
    .expect("an item");
    let mut cx = Diagnostics::default();
    let model = understand(
        &mut cx,
        &mut spans,
        &item,
        &door,
        Role::Event,
        &mut SourceMap::default(),
    )
    .expect("understood")
    .model;
    let event = &model.events[0];
    assert_eq!(
        (event.owner.as_deref(), event.topic.as_str()),
        (Some("platform"), "joined")
    );
    assert!(!cx.has_errors(), "{:?}", cx.as_slice());
}

#[test]
fn a_stub_is_rust() {
    for (source, role) in [
        (
            "struct A<'a, T: Clone = i32, const N: usize = 2> where T: Copy { a: &'a [T; N] }",
            Role::Event,
        ),
        ("struct A(i32);", Role::Event),
        ("struct A(i32);", Role::Part),
        ("enum A { B(i32) }", Role::Label),
    ] {
        let mut spans = Spans::default();
        let item = item::parse(source.parse().expect("tokens"), &mut spans).expect("an item");
        let text = stub::text(&item, role, "::obs_runtime");
        if let Err(error) = syn::parse_file(&text) {
            panic!("{error}: {text}");
        }
    }
}

#[test]
fn every_error_is_a_compile_error() {
    let tokens = event(
        "#[event(evnt)] struct A { a: usize }"
            .parse()
            .expect("tokens"),
        &Door::closed(),
    );
    let text = tokens.to_string();
    assert_eq!(text.matches("compile_error").count(), 2, "{text}");
    assert!(
        text.contains("unknown key `evnt` on an event [unknown-key]\\nhelp: write `event`"),
        "{text}"
    );
}
