//! A spec and a hand-written derive that say the same thing about a flat event give the same lock text.

use obs_model::derive::{self, Door};
use obs_model::pipeline;
use obs_model::resolve::Overlays;
use obs_model::settings::Settings;
use obs_model::{lock, model::Model};
use obs_schema::avro;
use obs_schema::diag::Diagnostics;
use obs_schema::json_schema;
use obs_schema::node::parse_json;
use obs_schema::source::SourceMap;
use std::collections::BTreeMap;

/// The Model of a spec, by the way of the build script.
fn spec(text: &str) -> Model {
    let mut sources = SourceMap::default();
    let file = sources.add("specs/event.avsc", text);
    let mut cx = Diagnostics::default();
    let node = parse_json(&mut cx, file, text).expect("a spec");
    let input = avro::Input {
        file,
        content: avro::Content::Node(&node),
    };
    let set = avro::read_set(&mut cx, &sources, &[input]);
    let input = pipeline::Input {
        sources: &sources,
        avro: &set,
        json_schema: &json_schema::Set::default(),
        bundles: &BTreeMap::new(),
        metrics: &[],
        settings: &Settings::default(),
        overlays: &Overlays::default(),
    };
    let model = pipeline::model(&mut cx, &input);
    assert!(!cx.has_errors(), "{:?}", cx.as_slice());
    model
}

fn agree(avro: &str, rust: &str) {
    let tokens = rust.parse().expect("tokens");
    let (derived, found) = derive::model(tokens, &Door::closed()).expect("an item");
    assert!(
        found.iter().all(|one| one.code == "missing-owner"),
        "{found:?}"
    );
    let (spec, derived) = (lock::text(&spec(avro)), lock::text(&derived));
    assert_eq!(spec, derived, "\n{rust}");
    assert!(spec.contains("fingerprint"), "{spec}");
}

#[test]
fn a_flat_event() {
    agree(
        r#"{
          "type": "record", "name": "UserRegistered", "namespace": "acme.user",
          "doc": "Somebody finished the sign-up form.",
          "x-obs": {
            "version": "2.0.0", "owner": "identity", "tags": ["core"], "encoding": "avro", "slow": "100ms",
            "log": { "level": "debug", "sample": 0.5 }, "min_rate": "10/5m", "max_series": 100,
            "slo": [
              { "objective": "publish-success", "target": 99.9 },
              { "objective": "publish-latency", "target": 99, "under": "100ms" }
            ],
            "metrics": [{ "name": "users_total", "type": "counter", "labels": ["isTrial"], "when": { "isTrial": true } }],
            "deprecated": { "since": "2.0.0", "use": "user.joined" }
          },
          "fields": [
            { "name": "userId", "type": "string", "x-obs": { "key": true, "attr": "user.id", "log": true } },
            { "name": "email", "type": "string", "x-obs": { "pii": "hash" } },
            { "name": "token", "type": ["null", "string"], "default": null, "x-obs": { "secret": true } },
            { "name": "isTrial", "type": "boolean", "x-obs": { "label": true } },
            { "name": "country", "type": "string", "x-obs": { "label": { "top": ["DE", "FR"] } } }
          ]
        }"#,
        r#"
        /// Somebody finished the sign-up form.
        #[event(version = "2.0.0", owner = "identity", tags = ["core"], encoding = "avro", slow = "100ms")]
        #[event(log(level = "debug", sample = 0.5), min_rate = "10/5m", max_series = 100)]
        #[event(slo(objective = "publish-success", target = 99.9), slo(objective = "publish-latency", target = 99, under = "100ms"))]
        #[event(metrics(name = "users_total", type = "counter", labels = ["isTrial"], when(isTrial = true)))]
        #[event(deprecated(since = "2.0.0", use = "user.joined"))]
        #[event(namespace = "acme.user", rename_all = "camelCase")]
        pub struct UserRegistered {
            #[event(key, attr = "user.id", log)]
            pub user_id: String,
            #[event(pii = "hash")]
            pub email: Pii<String>,
            pub token: Option<Secret<String>>,
            #[event(label)]
            pub is_trial: bool,
            #[event(label(top = ["DE", "FR"]))]
            pub country: String,
        }"#,
    );
}

#[test]
fn every_type_a_flat_event_has() {
    agree(
        r#"{
          "type": "record", "name": "Everything", "x-obs": { "encoding": "avro" },
          "fields": [
            { "name": "a", "type": "boolean" }, { "name": "b", "type": "int" }, { "name": "c", "type": "long" },
            { "name": "d", "type": "float" }, { "name": "e", "type": "double" }, { "name": "f", "type": "bytes" },
            { "name": "g", "type": { "type": "array", "items": "string" } },
            { "name": "h", "type": { "type": "map", "values": ["null", "long"] } },
            { "name": "i", "type": { "type": "string", "logicalType": "uuid" } },
            { "name": "j", "type": { "type": "int", "logicalType": "date" } },
            { "name": "k", "type": { "type": "int", "logicalType": "time-millis" } },
            { "name": "l", "type": { "type": "long", "logicalType": "timestamp-micros" } },
            { "name": "m", "type": { "type": "long", "logicalType": "local-timestamp-nanos" } },
            { "name": "n", "type": { "type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2 } },
            { "name": "o", "type": { "type": "bytes", "logicalType": "big-decimal" } },
            { "name": "p", "type": ["int", "null"], "default": 3, "aliases": ["pp"] },
            { "name": "q", "type": "null" },
            { "name": "r", "type": { "type": "fixed", "name": "Duration", "size": 12, "logicalType": "duration" } },
            { "name": "s", "type": "Duration" }
          ]
        }"#,
        r#"
        #[event(encoding = "avro")]
        struct Everything {
            a: bool, b: i32, c: i64, d: f32, e: f64, f: Vec<u8>, g: Vec<String>,
            h: std::collections::HashMap<String, Option<i64>>,
            i: obs_runtime::types::Uuid, j: Date, k: TimeMillis, l: TimestampMicros, m: types::LocalTimestampNanos,
            #[event(precision = 9, scale = 2)]
            n: Decimal,
            o: BigDecimal,
            #[event(default = 3, aliases = ["pp"])]
            p: Option<i32>,
            q: (),
            r: Duration,
            s: Duration,
        }"#,
    );
}
