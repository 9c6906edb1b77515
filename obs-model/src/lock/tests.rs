use super::*;
use crate::draft::Located;
use crate::emit::testing::{Build, array, field, named, nullable, number, of, text};
use crate::model::{
    Assertion, Label, MetricFeed, Redaction, Sensitivity, Shape, Slo, Upcast, UpcastHow,
};
use obs_schema::source::{FileId, Loc};

fn model() -> Build {
    let mut b = Build::new();
    let plan = b.enum_("Plan", &["FREE", "TEAM"], Some(0));
    let mut id = field("user_id", "userId", of(Shape::String));
    id.obs.key = true;
    id.obs.attr = Some("user.id".to_owned());
    let mut email = field("email", "email", of(Shape::String));
    email.ty.sensitive = Some(Sensitivity::Pii);
    email.obs.pii = Some(Redaction::Hash);
    email
        .ty
        .assertions
        .push(Assertion::Pattern("^a = b\n".to_owned()));
    let mut plan_field = field("plan", "plan", named(plan));
    plan_field.default = Some(text("FREE"));
    plan_field.obs.label = Some(Label {
        name: "plan".to_owned(),
        values: vec!["FREE".to_owned(), "TEAM".to_owned()],
        clamped: false,
    });
    let mut scores = field("scores", "my scores", array(nullable(of(Shape::F64))));
    if let Shape::Array(item) = &mut scores.ty.shape {
        item.assertions
            .push(Assertion::Minimum(obs_schema::json::Number::Int(0)));
    }
    scores.default = Some(number(1));
    let new = b.record("UserRegistered", vec![id, email, plan_field, scores]);
    b.module("acme::user::user_registered_v1");
    let old = b.record(
        "UserRegistered",
        vec![field("user_id", "userId", of(Shape::I64))],
    );
    b.event(old, "user.registered", (1, 4, 0));
    let event = b.event(new, "user.registered", (2, 0, 0));
    event.upcast = Some(Upcast {
        from: 0,
        how: UpcastHow::Derived,
    });
    event.slos = vec![
        Slo {
            objective: "publish-success".to_owned(),
            target: 99.9,
            under_ns: None,
            window_s: None,
        },
        Slo {
            objective: "publish-latency".to_owned(),
            target: 99.0,
            under_ns: Some(Located {
                value: 100_000_000,
                loc: Loc::new(FileId::TOKENS, 0, 0),
            }),
            window_s: Some(2_592_000),
        },
    ];
    event.metrics = vec![MetricFeed {
        name: "signups_total".to_owned(),
        name_loc: Loc::new(FileId::TOKENS, 0, 0),
        kind: "counter".to_owned(),
        said: obs_schema::json::Json::Object(Vec::new()),
        series: 1,
        fields: Vec::new(),
        events: Vec::new(),
        allow: Vec::new(),
    }];
    b
}

#[test]
fn one_fact_a_line() {
    insta::assert_snapshot!(super::text(&model().model));
}

#[test]
fn texts_round_trip() {
    let model = model().model;
    let text = super::text(&model);
    let lock = parse(&text).unwrap();
    assert_eq!(lock, Lock::of(&model));
    assert_eq!(lock.to_string(), text);
    assert_eq!(
        parse(&text.replace('\n', "\r\n"))
            .unwrap()
            .to_string()
            .replace('\r', ""),
        text
    );
    assert_eq!(parse(&format!("{}\r", text.trim_end())), Ok(lock.clone()));
    assert_eq!(
        lock.get(&["event", "user.registered", "2.0.0", "topic"]),
        Some("user.registered.v2")
    );
    assert_eq!(
        lock.get(&[
            "type",
            "acme.user.UserRegistered",
            "field",
            "my scores",
            "items",
            "minimum"
        ]),
        Some("0")
    );
}

#[test]
fn what_changed_is_told_line_by_line() {
    let before = super::text(&model().model);
    assert_eq!(stale(&before, &model().model), Ok(Vec::new()));
    let mut b = model();
    b.model.events[1].topic = "users".to_owned();
    b.model.events[1].owner = None;
    b.model.events[1].audit = true;
    let lines: Vec<String> = stale(&before, &b.model)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        lines,
        [
            "+event user.registered 2.0.0 audit = true",
            "-event user.registered 2.0.0 owner = identity",
            "-event user.registered 2.0.0 topic = user.registered.v2\n+event user.registered 2.0.0 topic = users",
        ]
    );
}

#[test]
fn documentation_and_places_are_no_facts() {
    let before = super::text(&model().model);
    let mut b = model();
    for ty in &mut b.model.types {
        ty.doc = Some("words".to_owned());
        ty.loc = obs_schema::source::Loc::new(ty.file, 7, 9);
    }
    assert_eq!(super::text(&b.model), before);
}

#[test]
fn what_is_no_lock_is_refused() {
    let fails = |text: &str| parse(text).unwrap_err().to_string();
    assert_eq!(
        fails(""),
        "obs.lock:1: the first line should be `obs.lock 1`"
    );
    assert_eq!(
        fails("obs.lock 9\n"),
        "obs.lock:1: this is `obs.lock 9`, and `obs.lock 1` is what this version reads"
    );
    assert_eq!(
        fails("obs.lock 1\n<<<<<<< ours\n"),
        "obs.lock:2: a merge left its marks; write the lock anew from the specs"
    );
    for bad in [
        "x",
        "= y",
        "\"x = y",
        "a \"b\"c = d",
        "\"\\x\" = y",
        " a = b",
        "\"é",
    ] {
        assert_eq!(
            fails(&format!("obs.lock 1\n\n{bad}\n")),
            "obs.lock:3: a fact is some words, ` = ` and a value",
            "{bad}"
        );
    }
    assert_eq!(
        fails("obs.lock 1\na = 1\na = 2\n"),
        "obs.lock:3: this fact is stated twice"
    );
}
