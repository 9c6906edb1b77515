//! What is current while the bus has the record.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Task, Poll};

use super::{Count, JSON, count};
use crate::bus::{BusError, Receipt, Record, Sending, Transport};
use crate::context::{Context, traceparent};
use crate::event::Event;
use crate::ids::{SpanId, TraceId};
use crate::span::{self, SpanMeta};
use crate::testing::{RecordedSpan, Recorder};
use crate::{Bus, SpanContext};

static OUTER: SpanMeta = SpanMeta::new("outer");
static WRITE: SpanMeta = SpanMeta::new("write");

/// Looks at its context, does something in a span of its own, and falls when it is told to.
#[derive(Debug)]
struct Curious;

impl Transport for Curious {
    fn system(&self) -> &'static str {
        "curious"
    }

    fn send(&self, record: &Record<'_>) -> Sending {
        let place = |span: SpanContext| (span.trace, span.span);
        let sent = record.headers.get("traceparent");
        let sent = sent.and_then(traceparent::parse).map(place);
        let current = || Context::current().span().map(place);
        assert_eq!(current(), sent);
        span::set("overheard", true);
        let correlation = Context::current().correlation().map(str::to_owned);
        WRITE.run(|| {
            assert_ne!(current(), sent);
            span::set("correlation", correlation.unwrap_or_default().as_str());
        });
        assert_eq!(current(), sent);
        assert!(
            record.headers.get("causation-id").is_none(),
            "the bus falls"
        );
        Sending::Done(Ok(Receipt::default()))
    }
}

#[test]
fn spans_of_the_bus_are_children_of_the_publish() {
    for (given, falls, correlation) in [
        (false, false, "ambient"),
        (true, false, "given"),
        (false, true, "ambient"),
        (true, true, "given"),
    ] {
        let recorder = Recorder::new();
        let publisher = Count::<JSON>::publisher(&Bus::new(Curious));
        let mut context = recorder.context().with_correlation("ambient");
        if falls {
            context = context.with_causation("told to");
        }
        let around = context.attach();
        OUTER.run(|| {
            let before = Context::current();
            let publish = || {
                if given {
                    let context = before.clone().with_correlation("given");
                    publisher.publish_with_blocking(&context, &count(7))
                } else {
                    publisher.publish_blocking(&count(7))
                }
            };
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(publish));
            assert_eq!(done.is_err(), falls);
            assert_eq!(Context::current().span(), before.span());
        });
        drop(around);
        assert_eq!(Context::current().span(), None);
        let spans = recorder.spans();
        let [write, sent, outer] = &spans[..] else {
            panic!("{spans:?}");
        };
        assert_eq!(
            [&write.name, &sent.name, &outer.name],
            ["write", "publish thing.counted.v2", "outer"]
        );
        assert_eq!(write.parent_id.as_ref(), Some(&sent.span_id));
        assert_eq!(sent.parent_id.as_ref(), Some(&outer.span_id));
        assert_eq!(write.attribute("correlation"), Some(correlation));
        let overheard = |span: &&RecordedSpan| span.attribute("overheard").is_some();
        assert_eq!(spans.iter().find(overheard), None, "it is nobody's");
    }
}

/// Answers later, with a span of its own around each look at it and one when it is done with, and never when it is told
/// so.
#[derive(Debug)]
struct Late;

static STEP: SpanMeta = SpanMeta::new("step");
static END: SpanMeta = SpanMeta::new("end");

/// What may be polled by one thread after the other.
fn movable<F: Future + Send>(future: F) -> F {
    future
}

/// The work of a bus that goes on in its future.
struct Work {
    steps: u32,
    sent: Option<(TraceId, SpanId)>,
}

impl Future for Work {
    type Output = Result<Receipt, BusError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<Self::Output> {
        let current = Context::current().span();
        assert_eq!(current.map(|span| (span.trace, span.span)), self.sent);
        STEP.run(|| span::set("number", i64::from(self.steps)));
        if self.steps == 0 {
            return Poll::Ready(Ok(Receipt::default()));
        }
        self.steps -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        END.run(|| ());
    }
}

impl Transport for Late {
    fn system(&self) -> &'static str {
        "late"
    }

    fn send(&self, record: &Record<'_>) -> Sending {
        let sent = record.headers.get("traceparent");
        let sent = sent.and_then(traceparent::parse);
        Sending::Later(Box::pin(Work {
            steps: 2,
            sent: sent.map(|span| (span.trace, span.span)),
        }))
    }
}

#[test]
fn spans_that_the_bus_makes_later_are_children_of_the_publish_too() {
    for cancelled in [false, true] {
        let recorder = Recorder::new();
        let publisher = Count::<JSON>::publisher(&Bus::new(Late));
        let (context, event) = (recorder.context(), count(7));
        let publish = movable(publisher.publish_with(&context, &event));
        if cancelled {
            let mut publish = std::pin::pin!(publish);
            let mut task = Task::from_waker(std::task::Waker::noop());
            assert!(publish.as_mut().poll(&mut task).is_pending());
        } else {
            crate::publish::block_on(publish).unwrap();
        }
        assert_eq!(Context::current().span(), None);
        let spans = recorder.spans();
        let steps = if cancelled { 1 } else { 3 };
        let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
        let mut expected = vec!["step"; steps];
        expected.extend(["end", "publish thing.counted.v2"]);
        assert_eq!(names, expected);
        let sent = &spans[steps + 1];
        for span in &spans[..=steps] {
            assert_eq!(
                span.parent_id.as_ref(),
                Some(&sent.span_id),
                "{}",
                span.name
            );
        }
        let status = sent.error.as_ref().map(|(kind, _)| kind.as_str());
        assert_eq!(status, cancelled.then_some("cancelled"));
    }
}
