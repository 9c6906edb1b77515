//! Many events over the bus in files, to two members of a group in threads of their own: handlers, the bus, metrics,
//! spans and log lines agree to the last one. `cargo xtask soak bus` sends a million.

#![cfg(not(any(feature = "off-logs", feature = "off-metrics", feature = "off-spans")))]

use obs_runtime::bus::{Bus, Subscription};
use obs_runtime::export::{ExportError, SpanExporter};
use obs_runtime::log::LogOutput;
use obs_runtime::metric::{Format, exposition};
use obs_runtime::span::{Batch, Value};
use obs_runtime::{Delivery, Event, Setup};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Clone, Event)]
#[event(event = "parcel.counted")]
struct ParcelCounted {
    #[event(key)]
    lane: u64,
    number: u64,
}

/// What spans of one name come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    spans: u64,
    messages: u64,
    links: u64,
    /// All their ids in one, and those that they link to.
    own: u64,
    linked: u64,
}

#[derive(Clone, Debug, Default)]
struct Sums(Arc<Mutex<BTreeMap<&'static str, Sum>>>);

impl SpanExporter for Sums {
    fn export(&mut self, spans: Batch<'_>) -> Result<(), ExportError> {
        let mut sums = self.0.lock().expect("nobody panics with it");
        for span in spans.iter() {
            let sum = sums.entry(span.name()).or_default();
            sum.spans += 1;
            sum.own ^= span.span().get();
            for link in span.links() {
                sum.links += 1;
                sum.linked ^= link.to().span.get();
            }
            for (name, value) in span.attributes() {
                if let ("messaging.batch.message_count", Value::Int(count)) = (name, value) {
                    sum.messages += u64::try_from(count).expect("a count");
                }
            }
        }
        Ok(())
    }
}

/// How many lines say each of these.
#[derive(Clone, Debug, Default)]
struct Lines(Arc<[AtomicU64; 2]>);

const SAID: [&str; 2] = ["\"event published\"", "\"event consumed\""];

impl Write for Lines {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let text = str::from_utf8(lines).expect("whole lines");
        for (said, count) in SAID.iter().zip(&*self.0) {
            count.fetch_add(text.matches(said).count() as u64, SeqCst);
        }
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What all series with this beginning come to.
fn counted(text: &str, series: &str) -> u64 {
    let lines = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(series)?;
        rest.starts_with(['{', ' '])
            .then(|| rest.rsplit_once(' ').expect("a value").1)
    });
    let numbers = lines.map(|number| number.parse::<f64>().expect("a number") as u64);
    numbers.sum()
}

/// Takes all there is now, as another group. Gives how many it has by then.
fn take(audit: &mut Subscription, mut have: u64, last: &mut Option<u64>) -> u64 {
    while let Some(received) = audit.try_next() {
        let offset = received.receipt().offset;
        assert!(offset > *last, "{offset:?} behind {last:?}");
        *last = offset;
        have += 1;
        received.ack();
    }
    have
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "whoever wants the long form says so there"
)]
fn handlers_bus_metrics_and_spans_count_the_same() {
    let soak = std::env::var_os("OBS_SOAK").is_some();
    // So many at a time: what is told of them has room in the blocks of their threads, whoever is slow.
    let (load, total) = if soak {
        (2_000, 1_000_000)
    } else {
        (250, 1_000)
    };
    let folder = std::env::temp_dir().join(format!("obs-counted-{}", std::process::id()));
    let bus = Bus::file(&folder).expect("a folder of our own");
    let (sums, lines) = (Sums::default(), Lines::default());
    let setup = Setup::new()
        .with_bus(bus.clone())
        .with_log(LogOutput::writer(lines.clone()));
    let obs = setup
        .with_exporter(sums.clone())
        .init()
        .expect("the only one");
    let topic = "parcel.counted.v1";
    let mut audit = bus.subscribe(&[topic], "audit").expect("it has groups");

    let (handled, seen) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (done, loads) = channel();
    let members: Vec<_> = (0..2)
        .map(|_| {
            let (handled, seen, done) = (Arc::clone(&handled), Arc::clone(&seen), done.clone());
            let handler = move |event: ParcelCounted, _: Delivery| {
                seen.fetch_add(event.number, SeqCst);
                if (handled.fetch_add(1, SeqCst) + 1).is_multiple_of(load) {
                    let _ = done.send(());
                }
                std::future::ready(Ok::<(), Infallible>(()))
            };
            let consumer = obs.consumer("counters").handle(handler);
            let control = consumer.control();
            let running = std::thread::spawn(move || {
                let mut builder = tokio::runtime::Builder::new_current_thread();
                let runtime = builder.enable_time().build().expect("a runtime");
                runtime.block_on(consumer.run())
            });
            (control, running)
        })
        .collect();

    let publisher = ParcelCounted::publisher(&bus);
    let (mut have, mut last) = (0, None);
    for number in 0..total {
        let lane = number % 97;
        let sent = publisher.publish_blocking(&ParcelCounted { lane, number });
        sent.expect("there is room");
        if (number + 1).is_multiple_of(load) {
            loads.recv().expect("the members run");
            have = take(&mut audit, have, &mut last);
            assert!(
                obs.flush(Duration::from_secs(60)),
                "exporter and output keep up"
            );
        }
    }
    for (control, running) in members {
        control.stop();
        running.join().expect("no panic").expect("no failure");
    }
    assert!(
        obs.flush(Duration::from_secs(60)),
        "exporter and output keep up"
    );

    assert_eq!(have, total, "on the bus");
    assert_eq!(bus.lag(topic, "counters"), Some(0), "nothing is left");
    assert_eq!(handled.load(SeqCst), total, "handled");
    assert_eq!(
        seen.load(SeqCst),
        total * (total - 1) / 2,
        "each of them once"
    );

    let text = String::from_utf8(exposition(Format::Text)).expect("text");
    for series in [
        "event_published_total",
        "event_publish_duration_seconds_count",
        "event_consumed_total",
        "event_consume_duration_seconds_count",
        "event_delivery_duration_seconds_count",
    ] {
        assert_eq!(counted(&text, series), total, "{series}\n{text}");
    }
    for series in [
        "event_publish_errors_total",
        "event_consume_errors_total",
        "event_consume_retries_total",
        "event_dead_lettered_total",
        "obs_spans_dropped_total",
        "obs_logs_dropped_total",
    ] {
        assert_eq!(counted(&text, series), 0, "{series}");
    }

    for (said, count) in SAID.iter().zip(&*lines.0) {
        assert_eq!(count.load(SeqCst), total, "{said}");
    }

    let sums = sums.0.lock().expect("nobody panicked");
    let of = |operation: &str| {
        let name = format!("{operation} {topic}");
        *sums.get(name.as_str()).expect(&name)
    };
    let (published, processed) = (of("publish"), of("process"));
    let (received, settled) = (of("receive"), of("settle"));
    println!("{total} events, received in {} batches", received.spans);
    assert_eq!(
        [published.spans, processed.spans, settled.spans],
        [total; 3]
    );
    assert_eq!([received.messages, received.links], [total; 2]);
    assert_eq!(processed.links, total);
    // Each was linked to: all ids in one are the same on both sides.
    assert_eq!([received.linked, processed.linked], [published.own; 2]);
    drop(obs);
    std::fs::remove_dir_all(folder).expect("it is ours");
}
