//! What spans ask for: nothing for a publish or a call that nobody looks into, sampled or not, and three allocations for
//! a span around other work.

use obs_allocations::allocations;
use obs_runtime::export::{ExportError, SpanExporter};
use obs_runtime::log::{self, LogOutput};
use obs_runtime::span::{Batch, SpanMeta};
use obs_runtime::{Bus, Context, Event, Sampling, Setup, observed};
use std::pin::pin;
use std::task::{self, Poll, Waker};
use std::time::Duration;

#[derive(Clone, Debug, Event)]
#[event(event = "thing.made", version = "1.0.0", topic = "things")]
struct Thing {
    #[event(key, attr = "thing.name")]
    name: String,
}

#[derive(Debug)]
struct Nowhere;

impl SpanExporter for Nowhere {
    fn export(&mut self, _: Batch<'_>) -> Result<(), ExportError> {
        Ok(())
    }
}

static AROUND: SpanMeta = SpanMeta::new("around").with_slow_nanos(u64::MAX);

#[observed]
fn alone(number: usize) -> usize {
    number + 1
}

#[observed]
fn above(number: usize) -> usize {
    alone(number)
}

#[observed]
async fn later(number: usize) -> usize {
    above(number)
}

/// A future in a future, which wait for nothing.
#[observed]
async fn around(number: usize) -> usize {
    later(number).await
}

fn at_once(work: impl Future<Output = usize>) -> usize {
    let mut cx = task::Context::from_waker(Waker::noop());
    match pin!(work).poll(&mut cx) {
        Poll::Ready(number) => number,
        Poll::Pending => unreachable!("it waits for nothing"),
    }
}

const EVENTS: usize = 1_000;

#[test]
fn publishes_ask_for_nothing_and_work_for_its_contexts() {
    let none = Sampling {
        ratio: 0.0,
        ..Sampling::default()
    };
    let obs = Setup::new()
        .with_log(LogOutput::writer(std::io::sink()))
        .with_exporter(Nowhere)
        .with_sampling(none)
        .with_bus(Bus::null())
        .init()
        .expect("nobody else has");
    log::set_level(None);
    let publisher = Thing::publisher(obs.bus());
    let thing = Thing {
        name: "lamp".to_owned(),
    };
    let publish = || {
        for _ in 0..EVENTS {
            publisher.publish_blocking(&thing).expect("nothing fails");
        }
    };
    publish();
    assert_eq!(allocations(publish), 0, "not sampled");

    // A span around them, so that each waits for its end: the context, what is said about the span, what waits.
    let work = || {
        AROUND.run(|| {
            (0..10).for_each(|_| publisher.publish_blocking(&thing).expect("nothing fails"))
        })
    };
    work();
    let n = allocations(|| (0..EVENTS).for_each(|_| work()));
    assert_eq!(n, 3 * EVENTS, "not sampled, in a span");

    // The context and what is said about the span, where there is nothing below. What is below makes all three for
    // the root alone.
    let n = allocations(|| (0..EVENTS).for_each(|_| AROUND.run(|| ())));
    assert_eq!(n, 2 * EVENTS, "around nothing");
    let calls = |call: fn(usize) -> usize| {
        call(0);
        allocations(|| (0..EVENTS).for_each(|number| _ = call(number)))
    };
    let nested = |number| at_once(around(number));
    assert_eq!(calls(alone), 0, "a call, not sampled");
    assert_eq!(calls(above), 3 * EVENTS, "a call in a call, not sampled");

    let headers = vec![(
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )];
    let attached = Context::extract(&headers).attach();
    for _ in 0..3 {
        publish();
        assert!(obs.flush(Duration::from_secs(60)));
    }
    let n = allocations(publish);
    // Now and then a block is taken that is not grown yet.
    assert!(n < EVENTS / 50, "sampled: {n}");
    let n = calls(nested);
    assert!(n < EVENTS / 50, "four calls in each other, sampled: {n}");
    drop(attached);
}
