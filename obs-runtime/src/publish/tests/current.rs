//! What is current while the bus has the record.

use super::{Count, JSON, count};
use crate::bus::{Receipt, Record, Sending, Transport};
use crate::context::{Context, traceparent};
use crate::event::Event;
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
