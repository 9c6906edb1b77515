//! What it costs to observe a call: `#[observed]` beside `#[fastrace::trace]` and `#[tracing::instrument]` with
//! OpenTelemetry, in turns, over two looks at the clock.
//!
//! Ours counts metrics too, and the others do not. Everybody's spans are thrown away where they are exported.
//! `loop NAME TIMES` repeats one, for callgrind to count.

mod peers;

use obs_runtime::export::{ExportError, SpanExporter};
use obs_runtime::log::LogOutput;
use obs_runtime::span::Batch;
use obs_runtime::{Context, Setup, SpanContext, SpanId, TraceId, observed};
use std::hint::black_box;
use std::num::ParseIntError;
use std::time::Instant;

const ROUNDS: usize = 1_001;
/// Short enough for what others keep under one root.
const TURNS: u32 = 1_000;

/// What is observed: it may fail, and does next to nothing.
#[inline(never)]
fn plain(number: u64) -> Result<u64, ParseIntError> {
    Ok(black_box(number) + 1)
}

#[inline(never)]
fn clock(number: u64) -> Result<u64, ParseIntError> {
    let start = Instant::now();
    let result = Ok(black_box(number) + 1);
    black_box(start.elapsed());
    result
}

#[inline(never)]
#[observed]
fn ours(number: u64) -> Result<u64, ParseIntError> {
    Ok(black_box(number) + 1)
}

#[inline(never)]
#[observed(metrics(false))]
fn spans_only(number: u64) -> Result<u64, ParseIntError> {
    Ok(black_box(number) + 1)
}

#[inline(never)]
#[observed]
async fn ours_later(number: u64) -> Result<u64, ParseIntError> {
    Ok(black_box(number) + 1)
}

/// Takes everything and does nothing with it.
#[derive(Debug)]
struct Nowhere;

impl SpanExporter for Nowhere {
    fn export(&mut self, _: Batch<'_>) -> Result<(), ExportError> {
        Ok(())
    }
}

type Call = fn(u64) -> Result<u64, ParseIntError>;

/// A name, what is called, and what is around it.
struct Runner {
    name: &'static str,
    call: Call,
    around: fn(&mut dyn FnMut()),
}

fn nothing(work: &mut dyn FnMut()) {
    work();
}

/// Under the span of another program, which has decided.
fn under(sampled: bool, work: &mut dyn FnMut()) {
    let span = SpanContext {
        trace: TraceId::new(7).expect("not zero"),
        span: SpanId::new(8).expect("not zero"),
        sampled,
        remote: true,
    };
    let _on = Context::NONE.with_span(span).attach();
    work();
}

fn at_once(number: u64) -> Result<u64, ParseIntError> {
    let mut future = std::pin::pin!(ours_later(number));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut cx) {
        std::task::Poll::Ready(result) => result,
        std::task::Poll::Pending => unreachable!("it waits for nothing"),
    }
}

const RUNNERS: &[Runner] = &[
    Runner {
        name: "nothing",
        call: plain,
        around: nothing,
    },
    Runner {
        name: "two looks at the clock",
        call: clock,
        around: nothing,
    },
    Runner {
        name: "observed, sampled",
        call: ours,
        around: |work| under(true, work),
    },
    Runner {
        name: "observed, sampled, no metrics",
        call: spans_only,
        around: |work| under(true, work),
    },
    Runner {
        name: "observed, sampled, async",
        call: at_once,
        around: |work| under(true, work),
    },
    Runner {
        name: "fastrace, sampled",
        call: peers::fast,
        around: peers::fast_root,
    },
    Runner {
        name: "tracing + OpenTelemetry, sampled",
        call: peers::instrumented,
        around: peers::sampled,
    },
    Runner {
        name: "observed, not sampled",
        call: ours,
        around: |work| under(false, work),
    },
    Runner {
        name: "observed, not sampled, async",
        call: at_once,
        around: |work| under(false, work),
    },
    Runner {
        name: "fastrace, no root",
        call: peers::fast,
        around: nothing,
    },
    Runner {
        name: "tracing + OpenTelemetry, not sampled",
        call: peers::instrumented,
        around: peers::unsampled,
    },
];

fn main() {
    let quiet = LogOutput::writer(std::io::sink());
    let setup = Setup::new().with_log(quiet).with_exporter(Nowhere);
    let _obs = setup.init().expect("nobody has done it before");
    peers::prepare();
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["loop", name, times] => {
            let runner = RUNNERS.iter().find(|runner| runner.name == name);
            let times = times.parse().expect("a number");
            again(runner.expect("a name of ours"), times);
        }
        ["names"] => RUNNERS
            .iter()
            .for_each(|runner| println!("{}", runner.name)),
        _ => race(if words.is_empty() { ROUNDS } else { 7 }),
    }
}

/// For callgrind, which counts while it is inside of `counted`.
fn again(runner: &Runner, times: u64) {
    let turns = u64::from(TURNS);
    (runner.around)(&mut || {
        for number in 0..turns {
            black_box((runner.call)(number)).expect("it is fine");
        }
    });
    for _ in 0..times / turns {
        (runner.around)(&mut || counted(runner.call, turns));
    }
}

#[inline(never)]
fn counted(call: Call, times: u64) {
    for number in 0..times {
        black_box(call(number)).expect("it is fine");
    }
}

/// One after the other, so often; the median of each, over the two looks at the clock.
fn race(rounds: usize) {
    let mut times = vec![Vec::new(); RUNNERS.len()];
    for _ in 0..rounds {
        for (runner, times) in RUNNERS.iter().zip(&mut times) {
            (runner.around)(&mut || {
                let start = Instant::now();
                for number in 0..u64::from(TURNS) {
                    black_box((runner.call)(number)).expect("it is fine");
                }
                times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(TURNS));
            });
        }
    }
    let medians: Vec<f64> = times
        .into_iter()
        .map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        })
        .collect();
    println!("| a call | ns | over the clock |\n|---|---|---|");
    for (runner, took) in RUNNERS.iter().zip(&medians) {
        println!(
            "| {} | {took:.0} | {:+.0} |",
            runner.name,
            took - medians[1]
        );
    }
}
