//! The two sides, each a process of its own.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use obs_kafka::KafkaOptions;
use obs_runtime::export::{ExportError, SpanExporter};
use obs_runtime::log::LogOutput;
use obs_runtime::metric::{Format, exposition};
use obs_runtime::span::Batch;
use obs_runtime::{Bus, Event, OwnedRecord, Setup};
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};
use rdkafka::{ClientConfig, ClientContext};
use rustix::time::{ClockId, clock_gettime};

/// Where events of ours go.
pub const TOPIC: &str = "reading.taken.v1";

/// A reading of a sensor.
#[derive(Clone, PartialEq, Debug, Event)]
#[event(event = "reading.taken", version = "1.0.0", topic = "reading.taken.v1")]
struct ReadingTaken {
    #[event(key, attr = "device.id", log)]
    device: String,
    site: String,
    sensor: String,
    value: f64,
    sequence: i64,
    #[event(label)]
    valid: bool,
}

fn reading(sequence: u64) -> ReadingTaken {
    ReadingTaken {
        device: format!("device-{:04}", sequence % 1_000),
        site: "hamburg-2".to_owned(),
        sensor: "temperature".to_owned(),
        value: 21.375,
        sequence: sequence as i64,
        valid: true,
    }
}

/// Runs, and tells what it took, and what is to be told behind that.
fn measured(work: impl FnOnce() -> String) {
    let cpu = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
    };
    let (start, before) = (Instant::now(), cpu());
    let told = work();
    let wall = start.elapsed().as_nanos();
    println!("{} {wall} {told}", cpu() - before);
}

/// The records are made before, and time runs while they are sent.
pub fn plain(servers: &str, topic: &str, count: u64) {
    let publisher = ReadingTaken::publisher(&Bus::null());
    let records: Vec<OwnedRecord> = (0..1_000)
        .map(|number| publisher.prepare(&reading(number)).unwrap())
        .collect();
    measured(|| {
        let producer: ThreadedProducer<Count> = ClientConfig::new()
            .set("bootstrap.servers", servers)
            .set("enable.idempotence", "true")
            .create_with_context(Count::default())
            .unwrap();
        for record in records.iter().cycle().take(count as usize) {
            let mut headers = OwnedHeaders::new_with_capacity(record.headers().len());
            for header in record.headers() {
                headers = headers.insert(Header {
                    key: header.name,
                    value: Some(header.value),
                });
            }
            let mut message = BaseRecord::to(topic)
                .key(record.key().unwrap())
                .payload(record.body().unwrap())
                .headers(headers);
            while let Err((_, refused)) = producer.send(message) {
                message = refused;
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        }
        producer.flush(crate::broker::LONG).unwrap();
        let delivered = producer.context().0.load(Relaxed);
        format!("{delivered} delivered")
    });
}

/// Counts what is delivered.
#[derive(Default)]
struct Count(AtomicU64);

impl ClientContext for Count {}

impl ProducerContext for Count {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if result.is_ok() {
            self.0.fetch_add(1, Relaxed);
        }
    }
}

static SPANS: AtomicU64 = AtomicU64::new(0);
static LINES: AtomicU64 = AtomicU64::new(0);

/// Counts spans.
#[derive(Debug)]
struct Spans;

impl SpanExporter for Spans {
    fn export(&mut self, spans: Batch<'_>) -> Result<(), ExportError> {
        SPANS.fetch_add(spans.len() as u64, Relaxed);
        Ok(())
    }
}

/// Counts lines.
struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        LINES.fetch_add(lines as u64, Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Events are made, checked, encoded, published and told of.
pub fn ours(servers: &str, _: &str, count: u64) {
    measured(|| {
        let obs = Setup::new()
            .with_origin("plant")
            .with_bus(KafkaOptions::new(servers).open().unwrap())
            .with_log(LogOutput::writer(Lines))
            .with_exporter(Spans)
            .init()
            .unwrap();
        let publisher = ReadingTaken::publisher(obs.bus());
        for number in 0..count {
            publisher.publish_blocking(&reading(number)).unwrap();
        }
        assert!(obs.bus().flush().wait_for(crate::broker::LONG));
        drop(obs);
        let text = String::from_utf8(exposition(Format::Text)).unwrap();
        let sum = |name: &str| -> f64 {
            let lines = text.lines().filter(|line| line.starts_with(name));
            let values = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
            values.sum()
        };
        format!(
            "{} published, {} spans and {} dropped, {} lines and {} dropped",
            sum("event_published_total{"),
            SPANS.load(Relaxed),
            sum("obs_spans_dropped_total"),
            LINES.load(Relaxed),
            sum("obs_logs_dropped_total"),
        )
    });
}
