//! Many events at once.

use std::fmt;

use super::flight::{Core, Flight, Launched, Payload};
use super::{PublishError, arrive};
use crate::clock::{self, Moment};
use crate::context::{Context, SpanContext};
use crate::error_type::ErrorType;
use crate::metric::Messaging;
use crate::span::{Carried, Failure, Outcome};

/// Events of a batch that were not published. All others were.
#[derive(Clone, PartialEq, Debug)]
pub struct BatchError {
    failed: Vec<(usize, PublishError)>,
    count: usize,
}

impl BatchError {
    /// Which they are, by their place in the batch, and why.
    #[must_use]
    pub fn failed(&self) -> &[(usize, PublishError)] {
        &self.failed
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} events were not published",
            self.failed.len(),
            self.count
        )?;
        match self.failed.first() {
            Some((at, first)) => write!(f, "; the first of them, at {at}: {first}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for BatchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let (_, first) = self.failed.first()?;
        Some(first)
    }
}

impl Core {
    /// Sends all, then waits for those that the bus has not answered at once.
    ///
    /// Each message is a span of its own, whose context it carries, and the sending is one that links to them.
    pub(super) async fn batch<'a, P: Payload + 'a>(
        &'a self,
        events: impl ExactSizeIterator<Item = &'a P>,
        context: Context,
    ) -> Result<(), BatchError> {
        let count = events.len();
        let sending = Sending::begin(self, &context, count);
        let mut links = Vec::with_capacity(count);
        let launched: Vec<Launched<'_>> = events
            .map(|event| {
                let (span, key) = (&self.prepared.create, event.message_key());
                let flight = Flight::begin(self, span, Some(event), key, context.clone());
                links.extend(flight.span());
                flight.launch()
            })
            .collect();
        let mut failed = Vec::new();
        for (at, launched) in launched.into_iter().enumerate() {
            if let Err(error) = arrive(launched).await {
                failed.push((at, error));
            }
        }
        sending.end(&failed, &links);
        if failed.is_empty() {
            return Ok(());
        }
        Err(BatchError { failed, count })
    }
}

/// The span of the sending; one that is dropped was cancelled.
struct Sending {
    span: Carried,
    count: usize,
    /// Where it is counted as the messaging conventions have it, and from when on.
    counted: Option<(&'static Messaging, Moment)>,
}

impl Sending {
    fn begin(core: &Core, context: &Context, count: usize) -> Sending {
        let (live, start) = (core.prepared.is_live(), clock::now());
        let messaging = core.prepared.messaging;
        let messaging = messaging.filter(|_| live && context.recorder().is_none());
        Sending {
            span: Carried::start(live, &core.prepared.send, context, start),
            count,
            counted: messaging.map(|[_, send]| (send, start)),
        }
    }

    fn end(mut self, failed: &[(usize, PublishError)], links: &[SpanContext]) {
        self.tell(failed.first().map(|(_, error)| error), links);
    }

    fn tell(&mut self, error: Option<&PublishError>, links: &[SpanContext]) {
        let outcome = || match error {
            None => Outcome::Fine,
            Some(error) => Outcome::Failed(error.failure()),
        };
        let count = i64::try_from(self.count).unwrap_or(i64::MAX);
        let end = clock::now();
        self.measure(error.map(PublishError::error_type), end);
        self.span.take().end(end, outcome, |to| {
            to.set("messaging.batch.message_count", count);
            for link in links {
                to.link(*link, &[]);
            }
        });
    }
}

impl Sending {
    fn measure(&mut self, error: Option<ErrorType>, end: Moment) {
        if let Some((messaging, start)) = self.counted.take() {
            messaging.ended(error, end.nanos_since(start), None);
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        let end = clock::now();
        self.measure(Some(ErrorType::Cancelled), end);
        let cancelled = || Outcome::Failed(Failure::CANCELLED);
        self.span.take().end(end, cancelled, |_| {});
    }
}
