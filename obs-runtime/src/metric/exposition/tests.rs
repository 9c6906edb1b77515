//! Documents, read as strictly as the specification is written.

use super::*;
use crate::clock::Moment;
use crate::context::SpanContext;
use crate::event::{Descriptor, FieldInfo, LabelInfo};
use crate::ids::{SpanId, TraceId};
use crate::lane::lock;
use crate::metric::family::{FamilyInfo, Kind, Numbers};
#[cfg(feature = "tokio")]
use crate::{
    bus::Origin,
    metric::{MessagingAbout, MessagingKind},
    span::Value,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

static FIELDS: &[FieldInfo] = &[FieldInfo {
    label: Some(LabelInfo {
        name: "plan",
        values: &["free", "te\"am"],
        clamped: false,
        ..LabelInfo::BLANK
    }),
    ..FieldInfo::BLANK
}];
static FIRST: Descriptor = Descriptor {
    event_type: "thing.exposed",
    fields: FIELDS,
    rabin: 0xab,
    ..Descriptor::BLANK
};
static SECOND_VERSION: Descriptor = Descriptor {
    version: "2.0.0",
    ..FIRST
};

/// Reads a document as strictly as the specification is written, and gives the samples.
fn parse(text: &str, format: Format) -> BTreeMap<String, String> {
    let open = format == Format::OpenMetrics;
    let text = if open {
        text.strip_suffix("# EOF\n").unwrap()
    } else {
        text
    };
    assert!(!text.contains("# EOF") && text.ends_with('\n'));
    let (mut families, mut samples) = (BTreeSet::new(), BTreeMap::new());
    let (mut family, mut kind) = (String::new(), String::new());
    let (mut below, mut of) = (0, "");
    for line in text.lines() {
        if let Some(about) = line.strip_prefix("# ") {
            let [what, name, rest] = about.splitn(3, ' ').collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            match what {
                "HELP" => {
                    assert!(families.insert(name.to_owned()), "{name} comes twice");
                    family = name.to_owned();
                }
                "TYPE" => kind = rest.to_owned(),
                "UNIT" => assert!(open && name.ends_with(&format!("_{rest}")), "{line}"),
                _ => panic!("{line}"),
            }
            assert_eq!(name, family);
            continue;
        }
        let (sample, exemplar) = match line.split_once(" # ") {
            Some((sample, exemplar)) => (sample, Some(exemplar)),
            None => (line, None),
        };
        let (series, value) = sample.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        let end = name
            .strip_prefix(&*family)
            .unwrap_or_else(|| panic!("{line}"));
        let ends: &[&str] = match (kind.as_str(), open) {
            ("counter", true) => &["_total"],
            ("info", true) => &["_info"],
            ("histogram", _) => &["_bucket", "_sum", "_count"],
            ("summary", _) => &["", "_sum", "_count"],
            ("counter" | "gauge", _) => &[""],
            ("unknown", true) => &[""],
            _ => panic!("{kind}"),
        };
        assert!(ends.contains(&end), "{line}");
        let number: f64 = value.parse().unwrap();
        assert!(
            number >= 0.0 || kind == "gauge" || end == "_sum" || series.contains("quantile"),
            "{line}"
        );
        if end == "_bucket" {
            let count: u64 = value.parse().unwrap();
            let series = series.split("le=").next().unwrap();
            assert!(of != series || count >= below, "{line}");
            (below, of) = (count, series);
        }
        if end == "_count" && kind == "histogram" {
            assert_eq!(value.parse::<u64>().unwrap(), below, "{line}");
        }
        if let Some(exemplar) = exemplar {
            assert!(open && matches!(end, "_total" | "_bucket"), "{line}");
            let (labels, rest) = exemplar.split_once("} ").unwrap();
            assert!(labels.starts_with('{') && labels.len() < 128);
            let (value, at) = rest.split_once(' ').unwrap();
            assert!(value.parse::<f64>().unwrap() >= 0.0 && at.parse::<f64>().unwrap() > 1e9);
        }
        let before = samples.insert(series.to_owned(), line[series.len() + 1..].to_owned());
        assert_eq!(before, None, "{series} comes twice");
    }
    samples
}

fn document(all: &[&Published], families: &[&Family], format: Format) -> BTreeMap<String, String> {
    let mut out = Vec::new();
    let all = All {
        published: all,
        #[cfg(feature = "tokio")]
        consumed: &[],
        #[cfg(feature = "tokio")]
        backlogs: &[],
        families,
        operations: &[],
        messaging: &[],
    };
    write(&all, format, &mut out);
    outside(&out, format);
    parse(&String::from_utf8(out).unwrap(), format)
}

/// Reads OpenMetrics from its input, and says what it read again.
const READER: &str = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(sys.stdin.read()))
assert families and all(family.documentation for family in families)
";

/// Asks what others think of a document. `cargo xtask test` installs them.
#[expect(clippy::disallowed_methods, reason = "tests touch the world")]
fn outside(document: &[u8], format: Format) {
    let (variable, arguments): (_, &[&str]) = match format {
        Format::OpenMetrics => ("OBS_PYTHON", &["-c", READER]),
        Format::Text => ("OBS_PROMTOOL", &["check", "metrics"]),
    };
    let Ok(tool) = std::env::var(variable) else {
        println!("left out, because {variable} is not set (`cargo xtask test` sets it)");
        return;
    };
    let mut child = Command::new(tool)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Dropped at the end of the statement, so that the child sees the end.
    child.stdin.take().unwrap().write_all(document).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
#[cfg_attr(feature = "off-metrics", ignore = "nothing is counted")]
fn both_formats_are_what_a_strict_reader_takes() {
    let (shop, stock, newer) = (
        Published::new(&FIRST, "shop", Box::default(), Box::default()),
        Published::new(&FIRST, "stock", Box::default(), Box::default()),
        Published::new(&SECOND_VERSION, "shop", Box::default(), Box::default()),
    );
    let span = SpanContext {
        trace: TraceId::new(7).unwrap(),
        span: SpanId::new(8).unwrap(),
        sampled: true,
        remote: false,
    };
    let at = crate::clock::now();
    shop.success(1, 1_500_000, 100, Some((span, at)));
    stock.success(0, 3_000_000, 100, None);
    newer.failure(ErrorType::Timeout, 11 * SECOND, Some((span, Moment(at.0))));
    let all = [&shop, &stock, &newer];
    let _bus = crate::Bus::memory(8);
    for format in [Format::OpenMetrics, Format::Text] {
        let samples = document(&all, &[], format);
        let has = |series: &str, start: &str| {
            let found = samples.get(series).unwrap_or_else(|| panic!("{series}"));
            let exact = format == Format::Text || !start.contains(" # ");
            let start = start.split(" # ").next().unwrap();
            assert!(found.starts_with(start), "{series} {found}");
            assert_eq!(found == start, exact, "{series} {found}");
        };
        let base = "event_type=\"thing.exposed\",event_version=\"1.0.0\",source=\"shop\"";
        let newer = base.replace("1.0.0", "2.0.0");
        has(
            &format!("event_published_total{{{base},plan=\"te\\\"am\"}}"),
            "1 # ",
        );
        has(
            &format!("event_published_total{{{base},plan=\"free\"}}"),
            "0",
        );
        has(
            &format!("event_publish_errors_total{{{newer},error_type=\"timeout\"}}"),
            "1 # ",
        );
        has(
            &format!("event_publish_duration_seconds_bucket{{{base},le=\"0.0025\"}}"),
            "1 # ",
        );
        assert!(samples.contains_key("bus_queue_depth{bus=\"memory\"}"));
        assert!(samples.contains_key("bus_queue_capacity{bus=\"memory\"}"));
        has(
            &format!("event_publish_duration_seconds_sum{{{newer}}}"),
            "11",
        );
        // One set for all versions and sources.
        has(
            "event_payload_bytes_sum{event_type=\"thing.exposed\"}",
            "200",
        );
        has(
            "event_payload_bytes_count{event_type=\"thing.exposed\"}",
            "2",
        );
        let info = "event_type=\"thing.exposed\",event_version=\"2.0.0\"";
        has(
            &format!("event_schema_info{{{info},fingerprint=\"00000000000000ab\"}}"),
            "1",
        );
    }
}

#[test]
fn families_are_what_a_strict_reader_takes() {
    const GIFT: LabelInfo = LabelInfo {
        name: "gift",
        values: &["false", "true"],
        ..LabelInfo::BLANK
    };
    const BLANK: FamilyInfo = FamilyInfo {
        help: "Says \"a\\b\"\nand more.",
        labels: &[GIFT],
        ..FamilyInfo::BLANK
    };
    let of = |name, kind, unit| {
        Family::new(FamilyInfo {
            name,
            kind,
            unit,
            ..BLANK
        })
    };
    let (paid, money, open, heat, took, size) = (
        of("shop_paid_total", Kind::Counter, ""),
        of("shop_money_euros_total", Kind::FloatCounter, "euros"),
        of("shop_open", Kind::Gauge, ""),
        of("shop_heat_celsius", Kind::FloatGauge, "celsius"),
        of("shop_took_seconds", Kind::Histogram, "seconds"),
        of("shop_size", Kind::Summary, ""),
    );
    let old = of("shopVisits", Kind::Counter, "");
    let build = Family::new(FamilyInfo {
        labels: &[LabelInfo {
            name: "version",
            ..LabelInfo::BLANK
        }],
        ..of("shop_build_info", Kind::Info, "").about
    });
    let span = SpanContext {
        trace: TraceId::new(7).unwrap(),
        span: SpanId::new(8).unwrap(),
        sampled: true,
        remote: false,
    };
    let going_on = crate::Context::NONE.with_span(span).attach();
    paid.count(1, 3);
    took.observe(1, 0.3);
    took.observe(1, 99.0);
    drop(going_on);
    took.observe(0, 0.3);
    old.count(0, 2);
    money.count_float(0, 12.5);
    money.count_float(0, 1.0);
    let set = |family: &Family, bits: u64| family.gauge(1).unwrap().store(bits, Relaxed);
    set(&open, (-4_i64).cast_unsigned());
    set(&heat, (-2.5_f64).to_bits());
    for value in 1..=100 {
        size.observe(1, f64::from(value));
    }
    if let Numbers::Info(words) = &build.numbers {
        lock(words).push("1.2\n".to_owned());
    }
    let all = [&paid, &money, &open, &heat, &took, &size, &build, &old];
    for format in [Format::OpenMetrics, Format::Text] {
        // Promtool has something to say about names, and about this one it is right.
        let all = match format {
            Format::OpenMetrics => &all[..],
            Format::Text => &all[..7],
        };
        let samples = document(&[], all, format);
        let traced = |text: &str, value: &str| match format {
            Format::OpenMetrics => {
                let (trace, span) = ("0".repeat(31) + "7", "0".repeat(15) + "8");
                format!("{text} # {{trace_id=\"{trace}\",span_id=\"{span}\"}} {value}")
            }
            Format::Text => text.to_owned(),
        };
        for (series, start) in [
            ("shop_paid_total{gift=\"false\"}", "0".to_owned()),
            ("shop_paid_total{gift=\"true\"}", traced("3", "3")),
            ("shop_money_euros_total{gift=\"false\"}", "13.5".to_owned()),
            ("shop_open{gift=\"true\"}", "-4".to_owned()),
            ("shop_heat_celsius{gift=\"true\"}", "-2.5".to_owned()),
            (
                "shop_took_seconds_bucket{gift=\"true\",le=\"0.25\"}",
                "0".to_owned(),
            ),
            (
                "shop_took_seconds_bucket{gift=\"true\",le=\"0.5\"}",
                traced("1", "0.3"),
            ),
            (
                "shop_took_seconds_bucket{gift=\"true\",le=\"+Inf\"}",
                traced("2", "99.0"),
            ),
            ("shop_took_seconds_sum{gift=\"true\"}", "99.3".to_owned()),
            (
                "shop_took_seconds_bucket{gift=\"false\",le=\"0.5\"}",
                "1".to_owned(),
            ),
            ("shop_took_seconds_count{gift=\"false\"}", "1".to_owned()),
            (
                "shop_size{gift=\"false\",quantile=\"0.5\"}",
                "NaN".to_owned(),
            ),
            (
                "shop_size{gift=\"true\",quantile=\"0.5\"}",
                "50.".to_owned(),
            ),
            (
                "shop_size{gift=\"true\",quantile=\"0.99\"}",
                "99.".to_owned(),
            ),
            ("shop_size_sum{gift=\"true\"}", "5050.0".to_owned()),
            ("shop_size_count{gift=\"true\"}", "100".to_owned()),
            ("shop_build_info{version=\"1.2\\n\"}", "1".to_owned()),
        ] {
            let found = samples.get(series).unwrap_or_else(|| panic!("{series}"));
            assert!(found.starts_with(&start), "{series} {found}");
            assert_eq!(found.contains('#'), start.contains('#'), "{series} {found}");
        }
        let visits = samples.get("shopVisits{gift=\"false\"}");
        assert!(format == Format::Text || visits.is_some_and(|visits| visits == "2"));
    }
}

/// An operation on a bus, for those who want it after the conventions.
#[cfg(feature = "tokio")]
fn messaging(kind: MessagingKind) -> Messaging {
    Messaging::new(MessagingAbout {
        place: crate::Bus::memory(1).place(),
        kind,
        name: kind.as_str(),
        destination: "thing.exposed.v1",
        group: Some("shop".into()),
    })
}

#[test]
#[cfg(feature = "tokio")]
#[cfg_attr(feature = "off-metrics", ignore = "nothing is exposed")]
fn what_is_exposed_is_what_the_table_of_names_says() {
    let shop = Published::new(&FIRST, "shop", Box::default(), Box::default());
    let consumed = Consumed::new("thing.exposed", &["1.0.0"], "shop");
    let backlog = Backlog {
        topic: "thing.exposed.v1".to_owned(),
        consumer: "shop".to_owned(),
        records: Some(1),
        oldest_nanos: 1,
    };
    const QUERY: &[(&str, Value<'static>)] = &[("db.system.name", Value::Text("sqlite"))];
    const CALL: &[(&str, Value<'static>)] = &[("rpc.system.name", Value::Text("grpc"))];
    let query = Operation::new("query", &[]).saying(QUERY);
    let call = Operation::new("call", &[]).saying(CALL);
    let kinds = [
        MessagingKind::Send,
        MessagingKind::Receive,
        MessagingKind::Process,
    ];
    let operations = kinds.map(messaging);
    let all = All {
        published: &[&shop],
        consumed: &[&consumed],
        backlogs: &[backlog],
        families: &[],
        operations: &[&query, &call],
        messaging: &operations.each_ref(),
    };
    let _bus = crate::Bus::memory(1);
    own::running(
        &Origin::new("shop")
            .with_version("1.0.0")
            .with_extension("gitCommit", "93c9ac5"),
    );
    let mut out = Vec::new();
    write(&all, Format::Text, &mut out);
    let text = String::from_utf8(out).unwrap();
    let mut own: Option<&obs_schema::names::family::Family> = None;
    let mut families = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with("# HELP")) {
        if let Some(about) = line.strip_prefix("# TYPE ") {
            let (name, kind) = about.split_once(' ').unwrap();
            let all = obs_schema::names::FAMILIES.iter();
            own = all.into_iter().find(|family| family.name == name);
            let known = own.unwrap_or_else(|| panic!("{name} is not in the table"));
            let word = format!("{:?}", known.kind).to_lowercase();
            // The older format has no infos; they are gauges there.
            assert!(kind == word || word == "info" && kind == "gauge", "{line}");
            families.insert(name);
            continue;
        }
        let (family, own) = (line.split(['{', ' ']).next().unwrap(), own.unwrap());
        assert!(family.starts_with(own.name), "{line}");
        let labels = line
            .split_once('{')
            .map_or("", |(_, rest)| rest.rsplit_once('}').unwrap().0);
        let of_spec = FIRST.fields.iter().filter_map(|field| field.label);
        let of_spec: Vec<&str> = of_spec.map(|label| label.name).collect();
        for label in labels.split(',').filter(|label| !label.is_empty()) {
            let label = label.split('=').next().unwrap();
            let is_known = own.labels.contains(&label)
                || label == "le"
                || own.name == "event_published_total" && of_spec.contains(&label);
            assert!(is_known, "{line}");
        }
    }
    // A catalogue made from the table promises nothing that nobody can see.
    let table = obs_schema::names::FAMILIES.iter().map(|family| family.name);
    assert_eq!(families, table.collect());
}
