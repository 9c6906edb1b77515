//! Counting, measuring and exposing beside prometheus and prometheus-client, in turns.
//!
//! All three get the same random numbers and, where they can keep them, the same exemplars; what they expose is
//! compared before anything is timed.

mod series;

use obs_runtime::metric::{self, Format, MetricSet};
use obs_runtime::{Context, SpanContext, SpanId, TraceId};
use prometheus::Encoder;
use series::{COUNTERS, Client, HISTOGRAMS, Ours, Usual, place};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

const ROUNDS: usize = 31;

fn main() {
    let short = std::env::args().any(|word| word == "--short");
    let rounds = if short { 5 } else { ROUNDS };
    // What one scenario counts, the others would expose: each has a process of its own.
    match std::env::args().find(|word| word == "counters" || word == "histograms") {
        Some(word) => exposing(&word, rounds),
        None => {
            counting(rounds);
            for word in ["counters", "histograms"] {
                let own = std::env::current_exe().expect("a path of our own");
                let mut command = std::process::Command::new(own);
                command.arg(word).args(short.then_some("--short"));
                assert!(command.status().expect("it runs").success());
            }
        }
    }
}

/// A generator that is the same for everybody.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

fn span(random: &mut Random) -> SpanContext {
    SpanContext {
        trace: TraceId::new(u128::from(random.next()) << 64 | u128::from(random.next()))
            .expect("not zero"),
        span: SpanId::new(random.next()).expect("not zero"),
        sampled: true,
        remote: false,
    }
}

/// The median.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// A counter and a histogram, in nanoseconds for both together; with one thread, and with two on one series.
fn counting(rounds: usize) {
    const TURNS: u32 = 200_000;
    let (ours, usual, client) = (Ours::get(), Usual::new(), Client::new());
    let labels = place(COUNTERS / 2);
    let (count, took) = (ours.counter.at(labels), ours.histogram.at(series::kind(3)));
    let (usual_count, usual_took) = (usual.counter(COUNTERS / 2), usual.histogram(3));
    let (client_count, client_took) = (client.plain_counter(), client.plain_histogram());
    let values: Vec<f64> = {
        let mut random = Random(7);
        (0..1024)
            .map(|_| (random.next() % 1_000_000) as f64 / 100_000.0)
            .collect()
    };
    let span = span(&mut Random(9));
    let work: [(&str, &(dyn Fn(f64) + Sync)); 3] = [
        ("ours, exemplars on", &|value| {
            count.inc();
            took.observe(value);
        }),
        ("prometheus, handles kept", &|value| {
            usual_count.inc();
            usual_took.observe(value);
        }),
        ("prometheus-client, handles kept", &|value| {
            client_count.inc();
            client_took.observe(value);
        }),
    ];
    for threads in [1, 2] {
        let mut times = vec![Vec::new(); work.len()];
        for _ in 0..rounds {
            for ((_, go), times) in work.iter().zip(&mut times) {
                let barrier = Barrier::new(threads);
                let one = || {
                    let _on = Context::current().with_span(span).attach();
                    barrier.wait();
                    let start = Instant::now();
                    for turn in 0..TURNS {
                        go(black_box(values[turn as usize % 1024]));
                    }
                    start.elapsed().as_secs_f64() * 1e9 / f64::from(TURNS)
                };
                let took: f64 = std::thread::scope(|scope| {
                    let all: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
                    all.into_iter()
                        .map(|one| one.join().expect("nothing panics"))
                        .sum()
                });
                times.push(took / threads as f64);
            }
        }
        for ((name, _), times) in work.iter().zip(times) {
            println!(
                "counter + histogram, {threads} thread(s), {name}: {:.1} ns",
                median(times)
            );
        }
    }
}

/// A document of 10,000 samples, in milliseconds.
fn exposing(scenario: &str, rounds: usize) {
    let (ours, usual, client) = (Ours::get(), Usual::new(), Client::new());
    let mut random = Random(11);
    for at in 0..COUNTERS {
        if scenario != "counters" {
            break;
        }
        let (by, span) = (random.next() % 1_000_000, span(&mut random));
        let on = Context::current().with_span(span).attach();
        ours.counter.at(place(at)).add(by);
        drop(on);
        usual.counter(at).inc_by(by);
        client.count(at, by, span);
    }
    for at in 0..HISTOGRAMS {
        if scenario != "histograms" {
            break;
        }
        for _ in 0..100 {
            // Seldom fast, seldom slow, so that every bucket has something.
            let value = ((random.next() % 1_000_000) as f64 / 1e6 * 11.0).exp() / 5_000.0;
            let span = span(&mut random);
            let on = Context::current().with_span(span).attach();
            ours.histogram.at(series::kind(at)).observe(value);
            drop(on);
            usual.histogram(at).observe(value);
            client.observe(at, value, span);
        }
    }
    let expose: [(&str, &dyn Fn() -> Vec<u8>); 4] = [
        ("ours, OpenMetrics", &|| {
            metric::exposition(Format::OpenMetrics)
        }),
        ("ours, text 0.0.4", &|| metric::exposition(Format::Text)),
        ("prometheus, text 0.0.4", &|| {
            let mut out = Vec::new();
            let families = usual.registry(scenario).gather();
            prometheus::TextEncoder::new()
                .encode(&families, &mut out)
                .expect("it encodes");
            out
        }),
        ("prometheus-client, OpenMetrics", &|| {
            let mut out = String::new();
            prometheus_client::encoding::text::encode(&mut out, client.registry(scenario))
                .expect("it encodes");
            out.into_bytes()
        }),
    ];
    let documents: Vec<_> = expose.iter().map(|(_, go)| go()).collect();
    let samples: Vec<_> = documents
        .iter()
        .map(|text| samples(text, scenario))
        .collect();
    println!("\n{scenario}: {} samples", samples[0].0.len());
    for ((name, _), (samples_of, exemplars)) in expose.iter().zip(&samples) {
        assert!(*samples_of == samples[0].0, "{name} exposes something else");
        println!("  {name}: {exemplars} exemplars");
    }
    assert_eq!(
        samples[0].1, samples[3].1,
        "both keep an exemplar in the same places"
    );
    let mut times = vec![Vec::new(); expose.len()];
    for _ in 0..rounds {
        for ((_, go), times) in expose.iter().zip(&mut times) {
            let start = Instant::now();
            black_box(go());
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    let times: Vec<f64> = times.into_iter().map(median).collect();
    for ((name, _), time) in expose.iter().zip(&times) {
        println!("  {name}: {time:.3} ms");
    }
    for (at, name) in [(0, "OpenMetrics"), (1, "text")] {
        println!(
            "  ours in {name}: {:.1} × prometheus, {:.1} × prometheus-client",
            times[2] / times[at],
            times[3] / times[at]
        );
    }
}

/// The samples of a document, whatever the order of labels and the spelling of numbers; and how many exemplars it has.
fn samples(document: &[u8], scenario: &str) -> (BTreeMap<String, u64>, usize) {
    let text = std::str::from_utf8(document).expect("text");
    let mut exemplars = 0;
    let wanted = |line: &&str| line.starts_with(&format!("bench_{}", &scenario[..4]));
    let samples = text.lines().filter(wanted).map(|line| {
        let (sample, exemplar) = match line.split_once(" # ") {
            Some((sample, _)) => (sample, true),
            None => (line, false),
        };
        exemplars += usize::from(exemplar);
        let (series, value) = sample.rsplit_once(' ').expect("a value");
        let (name, labels) = series
            .trim_end_matches('}')
            .split_once('{')
            .expect("labels");
        let mut labels: Vec<String> = labels
            .split(',')
            .map(|label| match label.strip_prefix("le=\"") {
                Some(bound) => {
                    let bound: f64 = bound.trim_end_matches('"').parse().expect("a bound");
                    format!("le={bound}")
                }
                None => label.to_owned(),
            })
            .collect();
        labels.sort();
        // Sums are added up in another order by each.
        let value: f64 = value.parse().expect("a number");
        (format!("{name}{labels:?}"), (value * 1e6).round() as u64)
    });
    (samples.collect(), exemplars)
}
