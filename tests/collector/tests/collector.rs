//! A collector that is not ours gets our spans over gRPC from the SDK's exporter, and the lines of our own file as its
//! schema reads them: both are what happened.
#![expect(clippy::unwrap_used, reason = "these are tests")]

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fake_opentelemetry_collector::{ExportedSpan, FakeCollectorServer};
use obs_runtime::export::{OpenTelemetry, OtlpJsonLines};
use obs_runtime::log::LogOutput;
use obs_runtime::publish::Retry;
use obs_runtime::span::{self, Kind, SpanMeta};
use obs_runtime::testing::{Fault, FaultyBus};
use obs_runtime::{Context, Event, Secret, Setup};
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

/// Nobody waits for so long unless something is wrong.
const LONG: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, Event)]
#[event(event = "lamp.lit", version = "1.2.0", topic = "lamps")]
struct LampLit {
    #[event(key, attr = "lamp.name")]
    name: String,
    #[event(attr = "lamp.watts")]
    watts: i64,
    #[event(attr = "lamp.warm")]
    warm: bool,
    #[event(attr = "lamp.lumen")]
    lumen: f64,
    #[event(secret)]
    owner: Secret<String>,
}

/// What was written, for the test to read.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Publishes one event well, one to a bus that is down, and two in a batch, inside of a span. Gives what `traceparent`
/// the records have.
fn publish(bus: &obs_runtime::Bus) -> Vec<String> {
    static ROOT: SpanMeta = SpanMeta::new("root").with_kind(Kind::Server);
    let lamp = LampLit {
        name: "hall \"1\" ✓".to_owned(),
        watts: -40,
        warm: true,
        lumen: 0.5,
        owner: "canary".into(),
    };
    let publisher = LampLit::publisher(bus);
    ROOT.run(|| {
        span::set("lamps", 4_i64);
        span::event("lit", &[("by", span::Value::Text("hand"))]);
        publisher.publish_blocking(&lamp).unwrap();
        let faulty = FaultyBus::new();
        faulty.set(Fault::Down);
        let down = LampLit::publisher(&faulty.bus()).with_retry(Retry::NEVER);
        down.publish_blocking(&lamp).unwrap_err();
        let both = [lamp.clone(), lamp.clone()];
        publisher.publish_batch_blocking(&both).unwrap();
        assert!(Context::current().span().is_some());
    });
    let mut parents = Vec::new();
    while let Some(record) = bus.take() {
        parents.push(record.headers().text("traceparent").unwrap().to_owned());
    }
    parents
}

fn attribute<'a>(span: &'a ExportedSpan, name: &str) -> &'a str {
    span.attributes.get(name).map_or("", String::as_str)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_collector_gets_what_happened() {
    let mut collector = FakeCollectorServer::start().await.unwrap();
    let (endpoint, lines) = (collector.endpoint(), Memory::default());
    let file = lines.clone();
    let parents = tokio::task::spawn_blocking(move || {
        let over_grpc = OpenTelemetry::on_tokio(|| {
            opentelemetry_otlp::SpanExporter::builder()
                .with_tonic()
                .with_endpoint(endpoint)
                .build()
        });
        let obs = Setup::new()
            .with_origin("lighthouse")
            .with_log(LogOutput::writer(io::sink()))
            .with_exporter(over_grpc.unwrap())
            .with_exporter(OtlpJsonLines::new("lighthouse", file))
            .init()
            .unwrap();
        let parents = publish(obs.bus());
        assert!(obs.flush(LONG));
        parents
    });
    let parents = parents.await.unwrap();
    let spans = collector.exported_spans(6, LONG).await;
    collector.abort();

    // What the file has is what came over the wire, read by somebody else's types.
    let text = lines.0.lock().unwrap().clone();
    let mut filed: Vec<ExportedSpan> = Vec::new();
    for line in text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let request: ExportTraceServiceRequest = serde_json::from_slice(line).unwrap();
        for of_resource in request.resource_spans {
            let resource = of_resource.resource.unwrap();
            let name = &resource.attributes[0];
            assert_eq!(name.key, "service.name");
            assert!(format!("{:?}", name.value).contains("lighthouse"));
            for of_scope in of_resource.scope_spans {
                filed.extend(of_scope.spans.into_iter().map(ExportedSpan::from));
            }
        }
    }
    let by_id = |spans: Vec<ExportedSpan>| -> BTreeMap<String, ExportedSpan> {
        spans
            .into_iter()
            .map(|span| (span.span_id.clone(), span))
            .collect()
    };
    let (spans, filed) = (by_id(spans), by_id(filed));
    assert_eq!(filed, spans);

    // And both are what happened.
    let named = |name: &str| -> Vec<&ExportedSpan> {
        spans.values().filter(|span| span.name == name).collect()
    };
    let root = named("root")[0];
    assert_eq!((spans.len(), root.parent_span_id.as_str()), (6, ""));
    assert_eq!(root.kind, "SPAN_KIND_SERVER");
    assert_eq!(
        (root.events.len(), root.events[0].name.as_str()),
        (1, "lit")
    );
    assert!(root.events[0].attributes["by"].contains("hand"));
    for span in spans.values() {
        assert_eq!(span.trace_id, root.trace_id);
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano);
        assert!(!format!("{span:?}").contains("canary"));
        if span.span_id != root.span_id {
            assert_eq!(span.parent_span_id, root.span_id);
        }
    }
    // Who reads a record finds the span that made it.
    let made: Vec<String> = named("create lamps")
        .into_iter()
        .chain(named("publish lamps"))
        .filter(|span| span.kind == "SPAN_KIND_PRODUCER")
        .map(|span| format!("00-{}-{}-01", span.trace_id, span.span_id))
        .collect();
    assert_eq!((parents.len(), made.len()), (3, 4));
    for parent in &parents {
        assert!(made.contains(parent), "{parent} {made:?}");
    }
    let status = |span: &ExportedSpan| {
        span.status
            .clone()
            .map(|status| status.code)
            .unwrap_or_default()
    };
    for span in named("publish lamps") {
        if span.kind == "SPAN_KIND_CLIENT" {
            // The sending of the batch links to what it sends.
            let mut links: Vec<&str> = span
                .links
                .iter()
                .map(|link| link.span_id.as_str())
                .collect();
            let mut created: Vec<&str> = named("create lamps")
                .iter()
                .map(|span| span.span_id.as_str())
                .collect();
            links.sort_unstable();
            created.sort_unstable();
            assert_eq!(links, created);
            assert!(attribute(span, "messaging.batch.message_count").contains('2'));
            continue;
        }
        for (name, part) in [
            ("lamp.name", "hall \\\"1\\\" ✓"),
            ("lamp.watts", "-40"),
            ("lamp.warm", "true"),
            ("lamp.lumen", "0.5"),
            ("event.type", "lamp.lit"),
            ("messaging.destination.name", "lamps"),
        ] {
            assert!(attribute(span, name).contains(part), "{name} {span:?}");
        }
        if attribute(span, "messaging.system").contains("memory") {
            assert_eq!(status(span), "STATUS_CODE_UNSET");
            assert!(span.events.is_empty());
        } else {
            assert_eq!(status(span), "STATUS_CODE_ERROR");
            assert!(attribute(span, "error.type").contains("unavailable"));
            assert_eq!(span.events[0].name, "exception");
            assert!(span.events[0].attributes["exception.type"].contains("obs_runtime::"));
        }
    }
}
