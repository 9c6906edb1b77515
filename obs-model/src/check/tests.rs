//! Rules over models made by hand: each breaks once and keeps silent on the good neighbour.

use super::{Options, run};
use crate::draft::{EventKeys, FieldKeys};
use crate::keys;
use crate::model::*;
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::node::parse_json;
use obs_schema::source::{FileId, Loc, SourceMap};

/// A model of one file; every key is written in it, so that places are real.
struct Bench {
    sources: SourceMap,
    model: Model,
}

fn read<T>(
    sources: &mut SourceMap,
    file: &str,
    text: &str,
    with: fn(&mut Diagnostics, &obs_schema::node::Node) -> T,
) -> (FileId, T) {
    let id = sources.add(file, text);
    let mut cx = Diagnostics::default();
    let node = parse_json(&mut cx, id, text).expect("the test's own JSON");
    let keys = with(&mut cx, &node);
    assert!(cx.as_slice().is_empty(), "{:?}", cx.as_slice());
    (id, keys)
}

impl Bench {
    fn new() -> Bench {
        let mut sources = SourceMap::default();
        let file = sources.add("types.json", "");
        let symbols = ["FREE", "TEAM", "BUSINESS"].map(|wire| Symbol {
            ident: wire.to_owned(),
            wire: wire.to_owned(),
        });
        let plan = def(
            "Plan",
            file,
            TypeKind::Enum(Enum {
                symbols: symbols.to_vec(),
                default: None,
            }),
        );
        Bench {
            sources,
            model: Model {
                types: vec![plan],
                ..Model::default()
            },
        }
    }

    /// A record of fields: name, shape, keys.
    fn record(&mut self, name: &str, fields: &[(&str, Shape, &str)]) -> TypeId {
        let mut out = Vec::new();
        for (wire, shape, text) in fields {
            let (file, keys) = read(
                &mut self.sources,
                &format!("{wire}.json"),
                text,
                keys::field_keys,
            );
            out.push(self.field(wire, shape.clone(), keys, Loc::file(file)));
        }
        let record = Record {
            fields: out,
            unknown: Unknown::Refuse,
            unknown_ident: String::new(),
            assertions: Vec::new(),
        };
        let file = self.sources.iter().next().expect("the first").0;
        self.model
            .types
            .push(def(name, file, TypeKind::Record(record)));
        TypeId(u32::try_from(self.model.types.len() - 1).expect("few types"))
    }

    fn field(&self, wire: &str, shape: Shape, keys: FieldKeys, loc: Loc) -> Field {
        let label = keys.label.as_ref().map(|label| {
            let mut values = match shape {
                Shape::Bool => vec!["false".to_owned(), "true".to_owned()],
                Shape::Named(TypeId(0)) => {
                    vec!["FREE".to_owned(), "TEAM".to_owned(), "BUSINESS".to_owned()]
                }
                _ => label.value.top.clone(),
            };
            let clamped = !label.value.top.is_empty();
            values.extend(clamped.then(|| "other".to_owned()));
            let name = label.value.name.clone().unwrap_or_else(|| wire.to_owned());
            Label {
                name,
                values,
                clamped,
            }
        });
        let obs = FieldObs {
            label,
            ..FieldObs::default()
        };
        Field {
            ident: wire.to_owned(),
            wire: wire.to_owned(),
            aliases: Vec::new(),
            ty: Type::plain(shape),
            optional: false,
            default: None,
            doc: None,
            deprecated: None,
            obs,
            keys,
            attributes: Vec::new(),
            loc,
        }
    }

    fn event(&mut self, ty: TypeId, path: &str, text: &str) {
        let (file, keys) = read(&mut self.sources, path, text, keys::event_keys);
        self.model.events.push(event(ty, keys, file));
    }

    fn look(&self, today: Option<&str>) -> Vec<Diagnostic> {
        let mut cx = Diagnostics::default();
        run(
            &mut cx,
            &self.model,
            &Options {
                sources: Some(&self.sources),
                today,
            },
        );
        cx.into_sorted()
    }

    /// What is found, without the lint that nearly every small test breaks.
    fn check(&self, expected: &str) {
        self.check_on(None, expected);
    }

    fn check_on(&self, today: Option<&str>, expected: &str) {
        let found: Vec<String> = self
            .look(today)
            .iter()
            .filter(|one| one.code != "missing-owner")
            .map(|one| format!("{}: {}", one.code, one.message))
            .collect();
        assert_eq!(found.join("\n"), expected);
    }
}

fn def(name: &str, file: FileId, kind: TypeKind) -> TypeDef {
    TypeDef {
        name: RustName {
            module: Vec::new(),
            ident: name.to_owned(),
        },
        wire_name: name.to_owned(),
        doc: None,
        deprecated: None,
        dialect: Dialect::Avro,
        kind,
        file,
        loc: Loc::file(file),
        sensitive: false,
        extern_path: None,
        attributes: Vec::new(),
    }
}

fn event(ty: TypeId, keys: EventKeys, file: FileId) -> Event {
    let event_type = keys
        .event
        .as_ref()
        .map_or("user.registered".to_owned(), |event| event.value.clone());
    let version = keys.version.as_ref().map_or(
        Version {
            major: 1,
            minor: 0,
            patch: 0,
        },
        |version| version.value,
    );
    Event {
        ty,
        version,
        newest: true,
        topic: keys
            .topic
            .as_ref()
            .map_or(format!("{event_type}.v1"), |topic| topic.value.clone()),
        subject: format!("{event_type}-value"),
        event_type,
        owner: keys.owner.as_ref().map(|owner| owner.value.clone()),
        domain: None,
        service: None,
        tags: Vec::new(),
        runbook: None,
        encoding: Encoding::Avro,
        envelope: Envelope::Obs,
        log: EventLog {
            level: Some(Level::Info),
            sample: 1.0,
        },
        slow_ns: 1,
        slos: keys.slos.iter().map(|slo| slo.value.clone()).collect(),
        min_rate: None,
        compatibility: "BACKWARD".to_owned(),
        max_series: keys.max_series.as_ref().map(|most| most.value),
        feeds: Vec::new(),
        times: Vec::new(),
        metrics: keys.metrics.iter().map(|feed| feed.value.clone()).collect(),
        audit: false,
        deprecated: keys
            .deprecated
            .as_ref()
            .map(|deprecated| deprecated.value.clone()),
        dialect: Dialect::Avro,
        schema: String::new(),
        rabin: 0,
        sha256: [0; 32],
        checked_by: CheckedBy::Nothing,
        upcast: None,
        keys,
        file,
        loc: Loc::file(file),
    }
}

const PLAN: Shape = Shape::Named(TypeId(0));

/// What one event with these fields and keys breaks.
fn check(fields: &[(&str, Shape, &str)], keys: &str, expected: &str) {
    let mut bench = Bench::new();
    let ty = bench.record("UserRegistered", fields);
    bench.event(ty, "user-registered.avsc", keys);
    bench.check(expected);
}

#[test]
fn a_good_event_is_left_in_peace() {
    let mut bench = Bench::new();
    let ty = bench.record(
        "UserRegistered",
        &[
            (
                "userId",
                Shape::String,
                r#"{"key": true, "attr": "user.id", "log": true}"#,
            ),
            (
                "email",
                Shape::String,
                r#"{"pii": "hash", "attr": "user.email"}"#,
            ),
            ("token", Shape::String, r#"{"secret": true}"#),
            ("plan", PLAN, r#"{"label": true}"#),
            (
                "country",
                Shape::String,
                r#"{"label": {"top": ["DE", "FR"]}}"#,
            ),
            (
                "tags",
                Shape::Array(Box::new(Type::plain(PLAN))),
                r#"{"attr": "user.tags"}"#,
            ),
            ("age", Shape::I32, "{}"),
        ],
    );
    bench.event(ty, "user-registered.v2.avsc", r#"{"event": "user.registered", "version": "2.1.0", "owner": "identity",
        "slo": [{"objective": "publish-success", "target": 99.9}, {"objective": "publish-latency", "target": 99, "under": "100ms"},
                {"objective": "freshness", "target": 99, "under": "7m"}],
        "max_series": 100, "deprecated": {"sunset": "2030-01-01"},
        "metrics": [{"name": "users_age", "type": "histogram", "value": "age", "buckets": [18, 65],
                     "labels": ["plan", "country", {"field": "tags", "name": "tag", "each": true}], "when": {"plan": ["TEAM"], "country": "DE"}}]}"#);
    let found = bench.look(Some("2029-12-31"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].code, "max-series");
    assert_eq!(
        found[0].message,
        "`user.registered` makes 144 series and may make 100: event_published_total 9 (plan 3 × country 3), \
         users_age 135 (plan 3 × country 3 × tag 3 × 5 each)"
    );
}

#[test]
fn sensitive_fields() {
    let string = || Shape::String;
    check(
        &[
            ("email", string(), r#"{"pii": "hash", "label": true}"#),
            ("plan", PLAN, "{}"),
        ],
        "{}",
        "sensitive-label: `email` is `pii` and cannot be a metric label",
    );
    check(
        &[("email", string(), r#"{"pii": "hash"}"#)],
        r#"{"metrics": [{"name": "a_total", "type": "counter", "labels": ["email"]}]}"#,
        "sensitive-label: `email` is `pii` and cannot be a metric label",
    );
    check(
        &[("email", string(), r#"{"pii": "mask", "key": true}"#)],
        "{}",
        "sensitive-key: `email` is `pii` and a `key` only when hashed",
    );
    check(
        &[("email", string(), r#"{"pii": "hash", "key": true}"#)],
        "{}",
        "",
    );
    check(
        &[("token", string(), r#"{"secret": true, "key": true}"#)],
        "{}",
        "sensitive-key: `token` is `secret` and cannot be the message key",
    );
    check(
        &[(
            "token",
            string(),
            r#"{"secret": true, "attr": "a.b", "log": true, "tenant": true}"#,
        )],
        "{}",
        "secret-telemetry: `token` is `secret` and asked for by `attr`\n\
         secret-telemetry: `token` is `secret` and asked for by `log`\n\
         secret-telemetry: `token` is `secret` and asked for by `tenant`",
    );
    check(
        &[(
            "email",
            string(),
            r#"{"pii": "drop", "attr": "a.b", "log": true}"#,
        )],
        "{}",
        "pii-drop: `email` is dropped from telemetry and asked for by `attr`\n\
         pii-drop: `email` is dropped from telemetry and asked for by `log`",
    );
    check(
        &[("email", string(), r#"{"pii": "hash", "secret": true}"#)],
        "{}",
        "pii-and-secret: `email` is both `pii` and `secret`",
    );
}

#[test]
fn labels_and_attributes() {
    let label = r#"{"label": true}"#;
    check(
        &[("country", Shape::String, label)],
        "{}",
        "open-label: `country` is any text, and a label needs a closed type",
    );
    check(
        &[("amount", Shape::F64, label)],
        "{}",
        "open-label: `amount` is a number, and a label needs a closed type",
    );
    let optional = Shape::Option {
        inner: Box::new(Type::plain(PLAN)),
        null_index: 0,
    };
    check(
        &[
            ("plan", optional, label),
            ("on", Shape::Bool, label),
            ("own", Shape::Rust("Tier".to_owned()), label),
        ],
        "{}",
        "",
    );
    check(
        &[("plan", PLAN, r#"{"label": {"top": ["FREE"]}}"#)],
        "{}",
        "needless-top: `plan` is an enum, and its values are known without `top`",
    );
    check(
        &[("job", PLAN, label)],
        "{}",
        "reserved-label: the label `job` is taken",
    );
    check(
        &[
            ("a", PLAN, label),
            ("b", PLAN, r#"{"label": {"name": "a"}}"#),
        ],
        "{}",
        "duplicate-label: `a` and `b` both become the label `a`",
    );
    check(
        &[
            ("a", PLAN, r#"{"attr": "x.y"}"#),
            ("b", PLAN, r#"{"attr": "x.y"}"#),
        ],
        "{}",
        "duplicate-attr: `a` and `b` both become the attribute `x.y`",
    );
    check(
        &[
            ("a", PLAN, r#"{"attr": "event.type"}"#),
            ("b", PLAN, r#"{"attr": "messaging.system"}"#),
        ],
        "{}",
        "reserved-attr: the attribute `event.type` is taken\nreserved-attr: the attribute `messaging.system` is taken",
    );
    check(
        &[
            ("a", Shape::String, r#"{"key": true}"#),
            ("b", Shape::String, r#"{"key": true}"#),
        ],
        "{}",
        "several-keys: `a` and `b` are both the `key`",
    );
    check(
        &[
            (
                "a",
                Shape::Json,
                r#"{"key": true, "attr": "a.b", "log": true}"#,
            ),
            ("b", Shape::F32, r#"{"tenant": true, "attr": "a.c"}"#),
        ],
        "{}",
        "unfit-mark: `a` is a composite value and cannot be the `key`\n\
         unfit-mark: `a` is a composite value and cannot be the `attr`\n\
         unfit-mark: `b` is a float and cannot be the `tenant`",
    );
}

#[test]
fn marks_on_parts_do_nothing() {
    let mut bench = Bench::new();
    bench.record(
        "Address",
        &[("city", Shape::String, r#"{"log": true, "pii": "mask"}"#)],
    );
    bench.check(
        "nested-mark: `log` on `city` does nothing: it is a field of a part, not of an event",
    );
}

#[test]
fn objectives() {
    let slo = |text: &str, expected: &str| check(&[], &format!(r#"{{"slo": [{text}]}}"#), expected);
    slo(
        r#"{"objective": "publish-latency", "target": 99}"#,
        "slo-under: `publish-latency` promises a time and does not say which",
    );
    slo(
        r#"{"objective": "publish-success", "target": 99, "under": "1s"}"#,
        "slo-under: `publish-success` is no time to be under",
    );
    slo(
        r#"{"objective": "publish-latency", "target": 99, "under": "120ms"}"#,
        "slo-bucket: no bucket ends at 120ms, so `publish-latency` cannot be counted",
    );
    slo(
        r#"{"objective": "publish-success", "target": 99}, {"objective": "publish-success", "target": 98}"#,
        "duplicate-slo: objective `publish-success` is promised twice",
    );
    slo(
        r#"{"objective": "process-latency", "target": 99, "under": "1s"}, {"objective": "process-latency", "target": 95, "under": "2.5s"}"#,
        "",
    );
    slo(
        r#"{"objective": "publish-success", "target": 93.05}"#,
        "slo-unreachable: `publish-success` of 93.05 % burns 14.4 times too fast at most, and its alert waits for 14.4 times",
    );
    slo(r#"{"objective": "publish-success", "target": 93.06}"#, "");
    slo(
        r#"{"objective": "publish-success", "target": 90, "window": "7d"}"#,
        "",
    );
    slo(
        r#"{"objective": "publish-success", "target": 99, "window": "1h"}"#,
        "slo-unreachable: the period of `publish-success` is too short for any alert",
    );
}

#[test]
fn events_and_their_names() {
    let mut bench = Bench::new();
    let ty = bench.record("UserRegistered", &[]);
    bench.event(ty, "a.avsc", r#"{"event": "user.registered"}"#);
    bench.event(ty, "b.avsc", "{}");
    bench.check("duplicate-event: event `user.registered` 1.0.0 is described twice");
    assert_eq!(bench.look(None)[1].others[0].text, "first described here");

    check(
        &[],
        r#"{"topic": "users/new"}"#,
        "topic-name: topic `users/new` contains `/`",
    );
    check(
        &[],
        r#"{"topic": ".."}"#,
        "topic-name: topic `..` has an empty part",
    );
    check(
        &[],
        &format!(r#"{{"topic": "{0}"}}"#, "x".repeat(250)),
        &format!(
            "topic-name: topic `{0}` has 250 letters, and 249 are allowed",
            "x".repeat(250)
        ),
    );

    let file = |path: &str, version: &str, expected: &str| {
        let mut bench = Bench::new();
        let ty = bench.record("UserRegistered", &[]);
        bench.event(ty, path, &format!(r#"{{"version": "{version}"}}"#));
        bench.check(expected);
    };
    file("v1/user-registered.v2.avsc", "2.1.0", "");
    file("user-registered.avsc", "2.1.0", "");
    file(
        "user-registered.v2.0.0.avsc",
        "2.1.0",
        "version-file-name: the file's name says version 2.0.0, and the spec says 2.1.0",
    );

    let mut bench = Bench::new();
    bench.event(
        ty,
        "user-registered.avsc",
        r#"{"deprecated": {"sunset": "2026-06-30"}}"#,
    );
    bench.model.types.push(bench.model.types[0].clone());
    bench.check("");
    bench.check_on(Some("2026-06-29"), "");
    bench.check_on(
        Some("2026-06-30"),
        "sunset-passed: `user.registered` 1.0.0 was to be gone by 2026-06-30",
    );
}

#[test]
fn families() {
    let fields = [
        ("plan", PLAN, "{}"),
        ("name", Shape::String, "{}"),
        ("age", Shape::I32, "{}"),
        ("tags", Shape::Array(Box::new(Type::plain(PLAN))), "{}"),
    ];
    let feed = |text: &str, expected: &str| {
        check(&fields, &format!(r#"{{"metrics": [{text}]}}"#), expected)
    };
    feed(
        r#"{"name": "a_total", "type": "counter", "labels": ["paln"]}"#,
        "unknown-field: `user.registered` has no field `paln`",
    );
    feed(
        r#"{"name": "a_total", "type": "counter", "value": "name"}"#,
        "feed-value: `name` is any text, and a value is a number",
    );
    feed(
        r#"{"name": "a_total", "type": "counter", "labels": ["age"]}"#,
        "feed-label: `age` is a number, and a label needs a closed field",
    );
    feed(
        r#"{"name": "a_total", "type": "counter", "labels": [{"field": "plan", "each": true}, {"field": "name", "bounds": [1]}]}"#,
        "feed-label: `plan` is an enum, and `each` goes through a list\nfeed-label: `name` is any text, and `bounds` are for numbers",
    );
    feed(
        r#"{"name": "a_total", "type": "counter", "labels": [{"field": "age", "name": "le", "bounds": [1]}]}"#,
        "reserved-label: the label `le` is taken",
    );
    feed(
        r#"{"name": "a_total", "type": "counter", "when": {"plan": ["FRE"], "name": "x"}}"#,
        "feed-filter: `plan` is never \"FRE\"\nfeed-filter: `name` is any text, and a filter needs a closed field",
    );
    feed(
        r#"{"name": "a", "type": "gauge", "entities": {"key": "name", "enter": {"plan": "FRE"}, "leave": true}}"#,
        "feed-filter: `plan` is never \"FRE\"",
    );
    feed(
        r#"{"name": "a", "type": "gauge", "age": {"key": "tags"}, "labels": [{"field": "tags", "name": "tag", "each": true}]}"#,
        "feed-key: `tags` is a list, and no key\nfeed-key: `a` would be in several series at once",
    );
    feed(
        r#"{"name": "a", "type": "histogram", "value": {"difference": [{"event": "user.registered"}, {"event": "user.registred"}], "key": "name"}}"#,
        "feed-key: no event here is called `user.registred`, so nobody tells its time",
    );
    feed(
        r#"{"name": "event_published_total", "type": "counter"}"#,
        "reserved-metric: family `event_published_total` is one of ours",
    );
    feed(
        r#"{"name": "ordersPlaced", "type": "counter"}"#,
        "metric-name: family `ordersPlaced` is not in snake case",
    );
    feed(
        r#"{"name": "orders", "type": "counter"}"#,
        "metric-name: family `orders` is a counter and does not end in `_total`",
    );
    feed(
        r#"{"name": "orders_total", "type": "gauge", "value": 1}"#,
        "metric-name: family `orders_total` ends in `_total` and is no counter",
    );
    feed(
        r#"{"name": "orders_sum", "type": "gauge", "value": 1}"#,
        "metric-name: family `orders_sum` ends as parts of histograms do",
    );
    feed(
        r#"{"name": "orders", "type": "counter", "allow": ["metric-name"]}"#,
        "",
    );
    feed(
        r#"{"name": "a_total", "type": "counter"}, {"name": "a_total", "type": "counter", "labels": ["plan"]}"#,
        "metric-mismatch: family `a_total` is fed with different labels",
    );
}

#[test]
fn lints_can_be_allowed() {
    let codes = |keys: &str| {
        let mut bench = Bench::new();
        let ty = bench.record(
            "UserRegistered",
            &[("email", Shape::String, r#"{"pii": "hash", "label": true}"#)],
        );
        bench.event(ty, "a.avsc", keys);
        let found: Vec<String> = bench
            .look(None)
            .iter()
            .map(|one| one.code.to_owned())
            .collect();
        found.join(" ")
    };
    assert_eq!(codes("{}"), "sensitive-label missing-owner");
    assert_eq!(codes(r#"{"allow": ["missing-owner"]}"#), "sensitive-label");
    // An error is not silenced, and to try is reported.
    assert_eq!(
        codes(r#"{"allow": ["missing-owner", "sensitive-label"]}"#),
        "sensitive-label unused-allow"
    );
    assert_eq!(
        codes(r#"{"owner": "a", "allow": ["mising-owner"]}"#),
        "sensitive-label unknown-rule"
    );
}
