//! One mistake, one complaint, at its own place.

use super::{event_keys, field_keys, overlay_event, overlay_field};
use crate::draft::{EventKeys, FieldKeys};
use obs_schema::diag::Diagnostics;
use obs_schema::node::{Node, parse_json};
use obs_schema::source::SourceMap;

fn parse(sources: &mut SourceMap, text: &str) -> Node {
    let file = sources.add("t.json", text);
    let mut cx = Diagnostics::default();
    let node = parse_json(&mut cx, file, text).expect("a value");
    assert!(
        cx.as_slice().is_empty(),
        "the test's own JSON: {:?}",
        cx.as_slice()
    );
    node
}

fn complaints(text: &str, cx: Diagnostics) -> String {
    let mut out = Vec::new();
    for diagnostic in cx.into_sorted() {
        let loc = diagnostic.primary.loc;
        let token = &text[loc.start as usize..loc.end as usize];
        let help = diagnostic
            .help
            .as_deref()
            .expect("every mistake has a remedy");
        let starts = help.starts_with(|c: char| c.is_ascii_lowercase() || c == '`');
        assert!(
            starts && !help.ends_with('.'),
            "help begins with a verb: {help}"
        );
        out.push(format!(
            "{} at {token}: {}",
            diagnostic.code, diagnostic.message
        ));
    }
    out.join("\n")
}

fn event(text: &str) -> (EventKeys, String) {
    let node = parse(&mut SourceMap::default(), text);
    let mut cx = Diagnostics::default();
    let keys = event_keys(&mut cx, &node);
    (keys, complaints(text, cx))
}

fn field(text: &str) -> (FieldKeys, String) {
    let node = parse(&mut SourceMap::default(), text);
    let mut cx = Diagnostics::default();
    let keys = field_keys(&mut cx, &node);
    (keys, complaints(text, cx))
}

fn check(text: &str, expected: &str) {
    assert_eq!(event(text).1, expected, "{text}");
}

fn check_field(text: &str, expected: &str) {
    assert_eq!(field(text).1, expected, "{text}");
}

#[test]
fn everything_an_event_may_say() {
    let (keys, complaints) = event(
        r#"{"event": "user.registered", "version": "2.0", "topic": "users", "subject": "users-value",
            "owner": "identity", "domain": "accounts", "service": "user-service", "tags": ["gdpr", "core"],
            "runbook": "https://runbooks/users", "encoding": "avro", "envelope": "cloudevents",
            "log": {"level": "debug", "sample": 0.1}, "slow": "250ms",
            "slo": [{"objective": "publish-latency", "target": 99.9, "under": "100ms", "window": "30d"}],
            "min_rate": "10/5m", "compatibility": "FULL", "max_series": 500,
            "metrics": [{"name": "users_total", "type": "counter", "labels": ["plan"], "when": {"plan": ["TEAM"]}}],
            "audit": true, "deprecated": {"since": "2.0.0", "sunset": "2028-02-29", "use": "user.joined"},
            "allow": ["missing-owner"]}"#,
    );
    assert_eq!(complaints, "");
    assert_eq!(keys.event.expect("read").value, "user.registered");
    assert_eq!(keys.version.expect("read").value.to_string(), "2.0.0");
    assert_eq!(keys.slow_ns.expect("read").value, 250_000_000);
    assert_eq!(keys.min_rate.expect("read").value, (10, 300));
    assert_eq!(
        keys.slos[0].value.under_ns.map(|under| under.value),
        Some(100_000_000)
    );
    assert_eq!(keys.slos[0].value.window_s, Some(2_592_000));
    assert_eq!(keys.log.expect("read").value.1.to_string(), "0.1");
    assert_eq!(
        keys.metrics[0].value.said.to_string(),
        r#"{"labels":["plan"],"name":"users_total","type":"counter","when":{"plan":["TEAM"]}}"#
    );
    assert_eq!(keys.metrics[0].value.fields.len(), 2);
    assert_eq!(
        keys.deprecated.expect("read").value.sunset.as_deref(),
        Some("2028-02-29")
    );
}

#[test]
fn a_mistake_hides_no_other() {
    check(
        r#"{"evnt": "a", "topic": 1, "encoding": "avor", "max_series": 0}"#,
        "unknown-key at \"evnt\": unknown key `evnt` on an event\n\
         wrong-kind at 1: `topic` is a number, not a string\n\
         unknown-word at \"avor\": `encoding` cannot be `avor`\n\
         out-of-range at 0: `max_series` is 0, not a whole number from 1 to 10000000",
    );
}

#[test]
fn scalars_are_read_closely() {
    check(
        r#"[]"#,
        "wrong-kind at []: `x-obs` is an array, not an object",
    );
    check(
        r#"{"owner": " "}"#,
        "empty-value at \" \": `owner` is empty",
    );
    check(
        r#"{"owner": "a\nb"}"#,
        "empty-value at \"a\\nb\": `owner` contains a control character",
    );
    for bad in [
        "User.Registered",
        "user registered",
        ".user",
        "user.",
        "1user",
        "user..x",
    ] {
        check(
            &format!(r#"{{"event": "{bad}"}}"#),
            &format!("invalid-event-type at \"{bad}\": `{bad}` is no event type"),
        );
    }
    for bad in [
        "1",
        "v1.0",
        "1.0.0.0",
        "01.0",
        "1.x",
        "1.0.0-rc1",
        "4294967296.0",
    ] {
        check(
            &format!(r#"{{"version": "{bad}"}}"#),
            &format!("invalid-version at \"{bad}\": `version` is `{bad}`, which is no version"),
        );
    }
    check(
        r#"{"version": 2.0}"#,
        "wrong-kind at 2.0: `version` is a number, not a version in quotes",
    );
    for bad in [
        "250",
        "ms",
        "1.s",
        "1..5s",
        "-1s",
        "1 fortnight",
        "99999999999999w",
    ] {
        check(
            &format!(r#"{{"slow": "{bad}"}}"#),
            &format!(
                "invalid-duration at \"{bad}\": `slow` is `{bad}`, which is no length of time"
            ),
        );
    }
    check(
        r#"{"slow": "0s"}"#,
        "out-of-range at \"0s\": `slow` is zero",
    );
    check(
        r#"{"slow": 250}"#,
        "wrong-kind at 250: `slow` is a number, not a length of time in quotes",
    );
    assert_eq!(
        event(r#"{"slow": "1.5s"}"#).0.slow_ns.expect("read").value,
        1_500_000_000
    );
    check(
        r#"{"audit": "yes"}"#,
        "wrong-kind at \"yes\": `audit` is a string, not `true` or `false`",
    );
    check(
        r#"{"tags": ["a", 1, "a"]}"#,
        "wrong-kind at 1: an element of `tags` is a number, not a string\n\
         duplicate-value at \"a\": `tags` lists `a` twice",
    );
    check(
        r#"{"log": "debug"}"#,
        "wrong-kind at \"debug\": `log` is a string, not `false` or an object",
    );
    check(
        r#"{"log": {"level": "loud", "sample": 2}}"#,
        "unknown-word at \"loud\": `log.level` cannot be `loud`\n\
         out-of-range at 2: `log.sample` is 2, not a share from 0 to 1",
    );
    for bad in ["2027-02-29", "2027-13-01", "2027-1-1", "soon", "2027-04-31"] {
        check(
            &format!(r#"{{"deprecated": {{"sunset": "{bad}"}}}}"#),
            &format!("invalid-date at \"{bad}\": `deprecated.sunset` is `{bad}`, which is no date"),
        );
    }
}

#[test]
fn objectives_and_rates() {
    check(
        r#"{"slo": {}}"#,
        "wrong-kind at {}: `slo` is an object, not a list",
    );
    check(
        r#"{"slo": [{}]}"#,
        "missing-key at {}: `slo.objective` is missing\nmissing-key at {}: `slo.target` is missing",
    );
    check(
        r#"{"slo": [{"objective": "publish-sucess", "target": 100}]}"#,
        "unknown-word at \"publish-sucess\": `slo.objective` cannot be `publish-sucess`\n\
         out-of-range at 100: `slo.target` is 100, not a percentage above 0 and below 100",
    );
    check(
        r#"{"slo": [{"objective": "freshness", "target": 99, "window": "1500ms"}]}"#,
        "out-of-range at \"1500ms\": `slo.window` is no whole number of seconds",
    );
    for bad in ["10", "0/5m", "10/0s", "10/500ms", "ten/5m", "10/5"] {
        check(
            &format!(r#"{{"min_rate": "{bad}"}}"#),
            &format!("invalid-rate at \"{bad}\": `min_rate` is `{bad}`, which is no rate"),
        );
    }
    assert_eq!(
        event(r#"{"min_rate": {"count": 3, "window": "1h"}}"#)
            .0
            .min_rate
            .expect("read")
            .value,
        (3, 3600)
    );
    check(
        r#"{"min_rate": {"count": 3}}"#,
        "missing-key at {\"count\": 3}: `min_rate.window` is missing",
    );
    check(
        r#"{"min_rate": 3}"#,
        "wrong-kind at 3: `min_rate` is a number, not a rate in quotes or an object",
    );
}

#[test]
fn everything_a_field_may_say() {
    let (keys, complaints) = field(
        r#"{"key": true, "attr": "user.id", "label": {"name": "country", "top": ["DE", "FR"]}, "log": true,
            "pii": "hash", "secret": false, "tenant": true, "correlation": true}"#,
    );
    assert_eq!(complaints, "");
    assert!(keys.key.is_some() && keys.log.is_some() && keys.secret.is_none());
    assert_eq!(keys.label.expect("read").value.top, ["DE", "FR"]);
    let (keys, complaints) = field(r#"{"top": ["DE"], "label": true}"#);
    assert_eq!(
        (
            keys.label.expect("read").value.top.len(),
            complaints.as_str()
        ),
        (1, "")
    );
}

#[test]
fn fields_are_read_closely() {
    check_field(
        r#"{"lable": true}"#,
        "unknown-key at \"lable\": unknown key `lable` on a field",
    );
    check_field(
        r#"{"pii": true}"#,
        "wrong-kind at true: `pii` is a boolean, not a word",
    );
    check_field(
        r#"{"pii": "hsah"}"#,
        "unknown-word at \"hsah\": `pii` cannot be `hsah`",
    );
    check_field(
        r#"{"attr": true}"#,
        "wrong-kind at true: `attr` is a boolean, not a string",
    );
    check_field(
        r#"{"attr": "user id"}"#,
        "invalid-attr-name at \"user id\": `user id` is no name for a span attribute",
    );
    check_field(
        r#"{"label": "yes"}"#,
        "wrong-kind at \"yes\": `label` is a string, not `true` or an object",
    );
    check_field(
        r#"{"label": {"name": "9a", "tops": []}}"#,
        "invalid-label-name at \"9a\": `9a` is no name for a metric label\nunknown-key at \"tops\": unknown key `tops` in `label`",
    );
    check_field(
        r#"{"top": ["a"]}"#,
        "misplaced-key at \"top\": `top` stands without `label`",
    );
    check_field(
        r#"{"label": true, "top": []}"#,
        "empty-value at []: `top` is empty",
    );
    check_field(
        r#"{"label": true, "top": ["other"]}"#,
        "duplicate-value at \"other\": `top` lists `other`, which is there anyway",
    );
}

#[test]
fn families_are_checked_for_shape() {
    let feed = |text: &str, expected: &str| check(&format!(r#"{{"metrics": [{text}]}}"#), expected);
    for good in [
        r#"{"name": "a_total", "type": "counter"}"#,
        r#"{"name": "a_total", "type": "counter", "value": "amount", "help": "h", "unit": "euros", "allow": ["metric-name"]}"#,
        r#"{"name": "a", "type": "gauge", "value": 1}"#,
        r#"{"name": "a", "type": "histogram", "value": {"quotient": ["a", "b"]}, "buckets": [0, 1, 2.5]}"#,
        r#"{"name": "a", "type": "histogram", "value": {"difference": [{"event": "b.c"}, {"event": "b.d"}], "key": "id"}}"#,
        r#"{"name": "a", "type": "summary", "value": "a", "quantiles": [0.5, 0.99]}"#,
        r#"{"name": "a", "type": "gauge", "entities": {"key": "id", "enter": {"s": "A"}, "leave": {"s": ["B", "C"]}, "max": 10}}"#,
        r#"{"name": "a", "type": "gauge", "entities": {"key": "id", "enter": true}}"#,
        r#"{"name": "a", "type": "gauge", "age": {"key": "id", "every": "15s"}}"#,
        r#"{"name": "a", "type": "info", "labels": ["a", {"field": "days", "name": "days_old_bucket", "bounds": [1, 7]}, {"field": "tags", "each": true}]}"#,
    ] {
        feed(good, "");
    }
    feed(
        "{}",
        "missing-key at {}: `metrics.name` is missing\nmissing-key at {}: `metrics.type` is missing",
    );
    feed(
        r#"{"name": "a b", "type": "cuonter"}"#,
        "invalid-metric-name at \"a b\": `a b` is no name for a metric family\nunknown-word at \"cuonter\": `metrics.type` cannot be `cuonter`",
    );
    feed(
        r#"{"name": "a", "type": "counter", "buckets": [1], "quantiles": [2], "lables": []}"#,
        "misplaced-key at \"buckets\": `buckets` belongs on a histogram\n\
         misplaced-key at \"quantiles\": `quantiles` belongs on a summary\n\
         out-of-range at 2: an element of `metrics.quantiles` is 2, not a number above 0 and below 1\n\
         unknown-key at \"lables\": unknown key `lables` in `metrics`",
    );
    feed(
        r#"{"name": "a", "type": "histogram", "buckets": [2, 1]}"#,
        "missing-key at {\"name\": \"a\", \"type\": \"histogram\", \"buckets\": [2, 1]}: `metrics.value` is missing\n\
         out-of-range at 1: `metrics.buckets` does not ascend here",
    );
    feed(
        r#"{"name": "a", "type": "gauge", "value": 1, "age": {}}"#,
        "misplaced-key at \"age\": a gauge has one source of its value\nmissing-key at {}: `metrics.age.key` is missing",
    );
    feed(
        r#"{"name": "a", "type": "counter", "value": {"difference": ["a"], "key": "b"}}"#,
        "out-of-range at [\"a\"]: `metrics.value.difference` has 1 operands, not two\n\
         misplaced-key at \"key\": `key` joins the times of two events",
    );
    feed(
        r#"{"name": "a", "type": "counter", "value": {}}"#,
        "missing-key at {}: `metrics.value.difference` is missing",
    );
    feed(
        r#"{"name": "a", "type": "counter", "when": {"a": [], "b": 1}}"#,
        "empty-value at []: `metrics.when` allows no value of `a`\nwrong-kind at 1: `b` is a number, not a word or a boolean",
    );
    feed(
        r#"{"name": "a", "type": "info", "labels": [{"name": "x"}]}"#,
        "missing-key at {\"name\": \"x\"}: `metrics.labels.field` is missing",
    );
}

#[test]
fn overlays_win_key_by_key() {
    let mut sources = SourceMap::default();
    let mut cx = Diagnostics::default();
    let base = parse(
        &mut sources,
        r#"{"owner": "a", "topic": "t", "slo": [{"objective": "freshness", "target": 99}]}"#,
    );
    let over = parse(&mut sources, r#"{"owner": "b", "slo": []}"#);
    let mut keys = event_keys(&mut cx, &base);
    overlay_event(&mut cx, &mut keys, &over);
    assert_eq!(keys.owner.expect("read").value, "b");
    assert_eq!(keys.topic.expect("read").value, "t");
    assert!(keys.slos.is_empty() && cx.as_slice().is_empty());

    let base = parse(
        &mut sources,
        r#"{"label": true, "key": true, "pii": "mask"}"#,
    );
    let over = parse(
        &mut sources,
        r#"{"label": false, "pii": "hash", "log": true}"#,
    );
    let mut keys = field_keys(&mut cx, &base);
    overlay_field(&mut cx, &mut keys, &over);
    assert!(keys.label.is_none() && keys.key.is_some() && keys.log.is_some());
    assert_eq!(keys.pii.expect("read").value, crate::model::Redaction::Hash);
}

#[test]
fn every_known_key_is_read() {
    // A key in the list that the reader does not know would be suggested and then refused.
    for key in super::EVENT_KEYS {
        let (_, complaints) = event(&format!(r#"{{"{key}": null}}"#));
        assert!(!complaints.contains("unknown-key"), "{complaints}");
    }
    for key in super::FIELD_KEYS {
        let (_, complaints) = field(&format!(r#"{{"{key}": null}}"#));
        assert!(!complaints.contains("unknown-key"), "{complaints}");
    }
}
