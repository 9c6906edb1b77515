//! Two threads that publish without a pause while the exporter is healthy, slow or dead.
//!
//! Nothing may block, memory may not grow, and whatever is dropped is counted: what was published is what the
//! exporter was given and what the metric says was dropped, to the last one.

use crate::course::{CORRELATION, SOURCE};
use crate::event::readings;
use crate::events::bench::ReadingTaken;
use crate::ours::Wire;
use crate::seen::{self, Memory};
use obs_runtime::export::{ExportError, SpanExporter};
use obs_runtime::log::LogOutput;
use obs_runtime::metric::{Format, exposition};
use obs_runtime::span::Batch;
use obs_runtime::{Bus, Context, Sampling, Setup};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How the exporter is.
#[derive(Clone, Copy, Debug)]
enum Health {
    Healthy,
    /// Each batch takes so long.
    Slow(Duration),
    Dead,
}

#[derive(Debug)]
struct Patient(Health);

impl SpanExporter for Patient {
    fn export(&mut self, spans: Batch<'_>) -> Result<(), ExportError> {
        match self.0 {
            Health::Healthy => {}
            Health::Slow(pause) => std::thread::sleep(pause),
            Health::Dead => return Err(ExportError::Failed("nobody is there".to_owned())),
        }
        seen::spans(spans.len(), Vec::new);
        Ok(())
    }
}

/// Runs for so many seconds in each state of health, a process for each.
pub fn run(words: &[&str]) -> Result<(), String> {
    match words {
        ["--short"] => all("2"),
        [] => all("60"),
        [health, seconds] => {
            let seconds = seconds.parse().map_err(|_| "so many seconds")?;
            one(health, Duration::from_secs(seconds))
        }
        _ => Err("--short, or nothing".to_owned()),
    }
}

fn all(seconds: &str) -> Result<(), String> {
    println!(
        "| exporter | published | exported | dropped | slowest publish, µs | 99.9 %, µs | MB before | MB after |\n|---|---|---|---|---|---|---|---|"
    );
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut failed = Vec::new();
    for health in ["healthy", "slow", "dead"] {
        let ended = std::process::Command::new(&program)
            .args(["sustained", health, seconds])
            .status()
            .map_err(|error| error.to_string())?;
        if !ended.success() {
            failed.push(health);
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("not as it should be: {}", failed.join(", ")))
    }
}

fn one(name: &str, time: Duration) -> Result<(), String> {
    let health = match name {
        "healthy" => Health::Healthy,
        "slow" => Health::Slow(Duration::from_millis(50)),
        "dead" => Health::Dead,
        _ => return Err(format!("nobody is {name}")),
    };
    let obs = Setup::new()
        .with_origin(SOURCE)
        .with_bus(Bus::new(Wire))
        .with_log(LogOutput::writer(Memory))
        .with_exporter(Patient(health))
        .with_sampling(Sampling::default())
        .init()
        .map_err(|error| error.to_string())?;
    let (stop, before) = (AtomicBool::new(false), AtomicU64::new(0));
    let (published, slow) = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| publish(obs.bus(), &stop)))
            .collect();
        // By then every buffer is as large as it gets.
        std::thread::sleep(time / 4);
        before.store(resident(), Relaxed);
        std::thread::sleep(time - time / 4);
        stop.store(true, Relaxed);
        let ended = threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"));
        ended.fold((0, Latencies::default()), |(count, all), (more, own)| {
            (count + more, all.and(&own))
        })
    });
    let (before, after) = (before.load(Relaxed), resident());
    let flushed = obs.flush(Duration::from_secs(30));
    let counts = counts();
    let exported = seen::exported();
    println!(
        "| {name} | {published} | {exported} | {} | {:.0} | {:.0} | {:.1} | {:.1} |",
        counts.dropped,
        slow.most as f64 / 1e3,
        slow.share(0.999) as f64 / 1e3,
        before as f64 / 1e6,
        after as f64 / 1e6,
    );
    let mut wrong = Vec::new();
    if !flushed {
        wrong.push("it cannot be flushed".to_owned());
    }
    if published != exported + counts.dropped {
        wrong.push(format!(
            "{published} were published, {} are accounted for",
            exported + counts.dropped
        ));
    }
    if published != counts.published {
        wrong.push(format!(
            "{published} were published, {} are counted",
            counts.published
        ));
    }
    // Blocks and queues are bounded, and fill and empty as the machine lets them. What grows with what is published
    // comes to hundreds of megabytes within a minute.
    if after > before + (8 << 20) {
        wrong.push(format!("memory grew by {} bytes", after - before));
    }
    // Far above what a busy machine does to a thread, far below what any exporter here would make it wait.
    if matches!(health, Health::Slow(_)) && slow.share(0.999) > 5_000_000 {
        wrong.push("publishes wait".to_owned());
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("; "))
    }
}

fn publish(bus: &Bus, stop: &AtomicBool) -> (u64, Latencies) {
    let _context = Context::NONE.with_correlation(CORRELATION).attach();
    let publisher = ReadingTaken::publisher(bus);
    let events = readings().each_ref().map(ReadingTaken::from);
    let (mut count, mut slow) = (0, Latencies::default());
    let mut last = Instant::now();
    while !stop.load(Relaxed) {
        for event in &events {
            publisher.publish_blocking(event).expect("the bus takes it");
            let now = Instant::now();
            slow.add(now.duration_since(last).as_nanos() as u64);
            last = now;
            count += 1;
        }
    }
    (count, slow)
}

/// How many took how long, by powers of two of nanoseconds.
#[derive(Clone, Copy)]
struct Latencies {
    buckets: [u64; 48],
    most: u64,
}

impl Default for Latencies {
    fn default() -> Latencies {
        Latencies {
            buckets: [0; 48],
            most: 0,
        }
    }
}

impl Latencies {
    fn add(&mut self, nanos: u64) {
        let bucket = 64 - nanos.leading_zeros() as usize;
        self.buckets[bucket.min(47)] += 1;
        self.most = self.most.max(nanos);
    }

    fn and(mut self, other: &Latencies) -> Latencies {
        for (own, other) in self.buckets.iter_mut().zip(other.buckets) {
            *own += other;
        }
        self.most = self.most.max(other.most);
        self
    }

    /// No more than this for such a share.
    fn share(&self, share: f64) -> u64 {
        let all: u64 = self.buckets.iter().sum();
        let mut seen = 0;
        let bucket = self.buckets.iter().position(|count| {
            seen += count;
            seen as f64 >= share * all as f64
        });
        1 << bucket.unwrap_or(47)
    }
}

struct Counts {
    published: u64,
    dropped: u64,
}

/// What the metrics say.
fn counts() -> Counts {
    let text = String::from_utf8(exposition(Format::Text)).expect("it is text");
    let sum = |family: &str, label: &str| {
        let lines = text.lines().filter_map(|line| {
            let (series, value) = line.split_once("} ")?;
            (series.split('{').next() == Some(family) && series.contains(label)).then_some(value)
        });
        lines
            .filter_map(|value| value.parse::<f64>().ok())
            .sum::<f64>() as u64
    };
    Counts {
        published: sum("event_published_total", ""),
        dropped: sum("obs_spans_dropped_total", ""),
    }
}

/// Bytes of memory that the process has right now.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text
        .split_whitespace()
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * rustix::param::page_size() as u64
}
