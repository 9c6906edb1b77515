//! One publish, from its start to its end, for all events alike.
//!
//! A flight is begun, sent, perhaps sent again, and finished. Whatever happens in between, it is told exactly once how
//! it ended: a flight that is dropped on the way was cancelled, or fell with a panic.

use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context as Task, Poll};

use obs_schema::wire::EncodeError;
use obs_schema::wire::json::Writer;

use super::line::{self, Told};
use super::policy::{Check, Policy, WhenFull};
use super::prepared::Prepared;
use super::{PublishError, PublishErrorKind, timer};
use crate::bus::{Bus, BusError, BusErrorKind, OwnedRecord, Receipt, Record, Sending};
use crate::clock::{self, Moment};
use crate::context::{Context, SpanContext};
use crate::envelope::{Facts, Place};
use crate::error_type::ErrorType;
use crate::event::{Event, Key};
use crate::ids::{self, EventId};
use crate::init::panics;
use crate::metric::{Feeds, Messaging};
use crate::span::{self, Attributes, Failure, Fate, Leaf, SpanMeta};
use crate::tell::{Ids, Tell};
use crate::validate::Violations;

/// What a publish wants of an event. The type of the event is forgotten here, so that all of this is compiled once.
pub(crate) trait Payload: Sync {
    fn violations(&self) -> Result<(), Violations>;
    fn message_key(&self) -> Key<'_>;
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError>;
    fn say(&self, to: &mut Tell<'_>);
    fn place(&self) -> usize;
    fn supply(&self, to: &Feeds<'_>);
}

impl<E: Event> Payload for E {
    fn violations(&self) -> Result<(), Violations> {
        self.validate()
    }

    fn message_key(&self) -> Key<'_> {
        self.key()
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.encode_body(out)
    }

    fn say(&self, to: &mut Tell<'_>) {
        self.tell(to);
    }

    fn place(&self) -> usize {
        self.series()
    }

    fn supply(&self, to: &Feeds<'_>) {
        self.feed(to);
    }
}

/// What a publisher is, but for the type of its event.
#[derive(Clone, Debug)]
pub(super) struct Core {
    pub(super) bus: Bus,
    pub(super) prepared: &'static Prepared,
    pub(super) policy: Policy,
}

thread_local! {
    /// What goes from one publish of a thread to the next, so that nothing is allocated: the body, and what an event
    /// says itself of whose it is.
    static BODY: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static OWN: Cell<Option<Box<Ids>>> = const { Cell::new(None) };
}

/// Larger bodies are not kept for the next publish.
const BODY_LIMIT: usize = 1 << 18;

/// How a publish ended.
#[derive(Clone, Copy)]
enum Outcome<'a> {
    Published,
    Failed(&'a PublishError),
    Cancelled,
    Panicked,
}

/// A publish on its way.
pub(super) struct Flight<'a> {
    core: &'a Core,
    /// `None`: what the key stands for is gone.
    event: Option<&'a dyn Payload>,
    key: Key<'a>,
    facts: Facts,
    span: Leaf,
    body: Vec<u8>,
    /// Somebody wants to know how it ends, and has not been told.
    open: bool,
    live: bool,
    /// It is made here, and sent with others.
    create: bool,
    /// The bus had it.
    tried: bool,
    /// Its context is the one of the thread, as far as it has not waited.
    here: bool,
}

/// What became of a flight at once.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives on the stack for a moment, and nothing is allocated for it"
)]
pub(super) enum Launched<'a> {
    Done(Result<(), PublishError>),
    /// It goes on, with what the bus said.
    Pending(Flight<'a>, Sending),
}

impl Core {
    /// Begins a publish and sends it; most end here.
    ///
    /// `here`: the context is the one of the thread.
    pub(super) fn launch<'a>(
        &'a self,
        event: &'a dyn Payload,
        context: Context,
        here: bool,
    ) -> Launched<'a> {
        let (span, key) = (&self.prepared.span, event.message_key());
        let mut flight = Flight::begin(self, span, Some(event), key, context);
        flight.here = here;
        // It is large, and stays where it was made unless it has to wait.
        match flight.depart() {
            Ok(result) => Launched::Done(result),
            Err(answer) => Launched::Pending(flight, answer),
        }
    }

    /// The same for a key whose event is gone.
    pub(super) fn bury<'a>(&'a self, key: Key<'a>, context: Context) -> Launched<'a> {
        Flight::begin(self, &self.prepared.span, None, key, context).launch()
    }

    /// Makes the record of an event, and sends it nowhere.
    pub(super) fn prepare(
        &self,
        event: &dyn Payload,
        context: Context,
    ) -> Result<OwnedRecord, PublishError> {
        let (span, key) = (&self.prepared.create, event.message_key());
        let mut flight = Flight::begin(self, span, Some(event), key, context);
        match flight.encode() {
            Ok(()) => Ok(flight.hand_out()),
            Err(kind) => Err(flight.fail(kind)),
        }
    }

    /// Whether a refusal is the last word.
    fn is_final(&self, error: BusErrorKind) -> bool {
        match error {
            BusErrorKind::Full => self.policy.full != WhenFull::Wait,
            BusErrorKind::Unavailable | BusErrorKind::Timeout => self.policy.retry.times == 0,
            _ => true,
        }
    }
}

impl<'a> Flight<'a> {
    #[inline]
    pub(super) fn begin(
        core: &'a Core,
        meta: &'static SpanMeta,
        event: Option<&'a dyn Payload>,
        key: Key<'a>,
        context: Context,
    ) -> Flight<'a> {
        let start = clock::now();
        let live = core.prepared.is_live();
        let (span, own_place) = Leaf::start(live, meta, &context);
        let around = context.span();
        let (place, parent) = match own_place {
            Some(own) => (Some(own), around.map(|around| around.span)),
            None => (around, None),
        };
        // A thread that ends has nothing left from before.
        let mut body = BODY.try_with(Cell::take).unwrap_or_default();
        body.clear();
        let own = event
            .filter(|_| core.prepared.has_ids)
            .map(|event| own(core, event));
        Flight {
            core,
            event,
            key,
            facts: Facts {
                id: EventId::EMPTY,
                at: start,
                span: place.map(Place::of),
                parent,
                context,
                own,
            },
            span,
            body,
            open: true,
            live,
            create: std::ptr::eq(meta, &core.prepared.create),
            tried: false,
            here: false,
        }
    }

    /// Gives it its id, checks the event and makes the body: what is first done to any.
    fn encode(&mut self) -> Result<(), PublishErrorKind> {
        let (at, origin) = (self.facts.at, self.core.prepared.origin());
        self.facts.id.make(at, origin.ids, &origin.prefix);
        let Some(event) = self.event else {
            return Ok(());
        };
        if self.core.policy.check == Check::Reject {
            event.violations().map_err(PublishErrorKind::Invalid)?;
        }
        let (pieces, wrapping) = (&self.core.prepared.pieces, &self.core.policy.wrapping);
        pieces
            .body(&mut self.body, &self.facts, wrapping, &self.key, |out| {
                event.encode(out)
            })
            .map_err(PublishErrorKind::Encode)
    }

    /// Calls back with the message as it goes to the bus.
    #[inline]
    fn record<R>(&self, use_it: impl FnOnce(&Record<'_>) -> R) -> R {
        let prepared = self.core.prepared;
        let (facts, wrapping) = (&self.facts, &self.core.policy.wrapping);
        prepared
            .pieces
            .headers(facts, wrapping, &self.key, |headers| {
                use_it(&Record {
                    topic: prepared.about.topic,
                    key: self.key.bytes(),
                    headers: headers.into(),
                    body: self.event.map(|_| self.body.as_slice()),
                })
            })
    }

    /// Spans that the bus makes are children of the one of the publish.
    fn send(&mut self) -> Sending {
        self.tried = true;
        let audit = self.core.prepared.about.audit;
        let send = || {
            self.record(|record| match audit {
                true => self.core.bus.send_confirmed(record),
                false => self.core.bus.send(record),
            })
        };
        self.within(send)
    }

    /// Does something of the bus under the span of the publish.
    fn within<R>(&self, work: impl FnOnce() -> R) -> R {
        match &self.facts.span {
            Some(place) if self.span.is_open() => {
                self.facts.context.under(place.span, self.here, work)
            }
            _ => work(),
        }
    }

    /// What the bus says in the end. It may do all of its work as it is asked.
    async fn answered(&self, answer: Sending) -> Result<Receipt, BusError> {
        let mut held = Held {
            flight: self,
            answer: Some(answer),
        };
        poll_fn(move |cx| held.poll(cx)).await
    }

    /// Where it stands in its trace.
    pub(super) fn span(&self) -> Option<SpanContext> {
        self.facts.span.as_ref().map(|place| place.span)
    }

    /// Makes the message and sends it; most end here.
    pub(super) fn launch(mut self) -> Launched<'a> {
        match self.depart() {
            Ok(result) => Launched::Done(result),
            Err(answer) => Launched::Pending(self, answer),
        }
    }

    /// The same, and what the bus said if that is not the end.
    fn depart(&mut self) -> Result<Result<(), PublishError>, Sending> {
        let result = match self.encode() {
            Err(kind) => Err(kind),
            Ok(()) => match self.send() {
                Sending::Done(Ok(receipt)) => Ok(receipt),
                Sending::Done(Err(error)) if self.core.is_final(error.kind()) => {
                    Err(PublishErrorKind::Bus(error))
                }
                answer => return Err(answer),
            },
        };
        Ok(self.finish(result))
    }

    /// Waits, and sends again, until there is an end to it.
    pub(super) async fn go_on(mut self, mut answer: Sending) -> Result<(), PublishError> {
        let (core, policy) = (self.core, self.core.policy);
        self.here = false;
        let deadline = policy.timeout.map(|timeout| self.facts.at.after(timeout));
        let mut tries = 0;
        loop {
            let error = match timer::before(deadline, self.answered(answer)).await {
                Some(Ok(receipt)) => return self.finish(Ok(receipt)),
                Some(Err(error)) => error,
                None => return self.too_late(),
            };
            if error.kind() == BusErrorKind::Full && policy.full == WhenFull::Wait {
                let room = core.bus.room(core.prepared.about.topic);
                if timer::before(deadline, room).await.is_none() {
                    return self.finish(Err(PublishErrorKind::Bus(error)));
                }
            } else if core.is_final(error.kind()) || tries == policy.retry.times {
                return self.finish(Err(PublishErrorKind::Bus(error)));
            } else {
                let pause = policy.retry.pause(tries, ids::random());
                tries += 1;
                if timer::before(deadline, timer::sleep(pause)).await.is_none() {
                    return self.finish(Err(PublishErrorKind::Bus(error)));
                }
            }
            answer = self.send();
        }
    }

    fn too_late(mut self) -> Result<(), PublishError> {
        let timeout = self.core.policy.timeout.unwrap_or_default();
        self.finish(Err(PublishErrorKind::Timeout(timeout)))
    }

    /// The end of it.
    fn finish(&mut self, result: Result<Receipt, PublishErrorKind>) -> Result<(), PublishError> {
        match result {
            Ok(receipt) => {
                self.tell(Outcome::Published, receipt);
                Ok(())
            }
            Err(kind) => {
                let error = self.fail(kind);
                let full = matches!(&error.kind(), PublishErrorKind::Bus(error) if error.kind() == BusErrorKind::Full);
                if full && self.core.policy.full == WhenFull::Drop {
                    return Ok(());
                }
                Err(error)
            }
        }
    }

    /// The end of one that went wrong.
    fn fail(&mut self, kind: PublishErrorKind) -> PublishError {
        let error = PublishError::new(kind, self.facts.id);
        self.tell(Outcome::Failed(&error), Receipt::default());
        error
    }

    /// The end of one that somebody else will send: it is made, which is a span, and not published yet.
    fn hand_out(mut self) -> OwnedRecord {
        let record = self.record(|record| record.owned());
        self.open = false;
        if self.live {
            let end = clock::now();
            self.end_span(end, Outcome::Published, Receipt::default());
            if let (Some(both), None) =
                (&self.core.prepared.messaging, self.facts.context.recorder())
            {
                self.count(both, None, end.nanos_since(self.facts.at), None);
            }
        }
        record
    }

    /// Span, metrics and log line.
    fn tell(&mut self, outcome: Outcome<'_>, receipt: Receipt) {
        if !self.open {
            return;
        }
        if cfg!(feature = "off") || !self.live {
            self.open = false;
            return;
        }
        let end = clock::now();
        let nanos = end.nanos_since(self.facts.at);
        let fate = self.end_span(end, outcome, receipt);
        let exemplar = match (fate, &self.facts.span) {
            (Fate::Exported, Some(place)) => Some((place.span, end)),
            _ => None,
        };
        // Whoever falls from here on is not told again.
        self.open = false;
        let prepared = self.core.prepared;
        let mut published = prepared.published;
        let recorder = self.facts.context.recorder();
        let recorded;
        if let (Some(both), None) = (&prepared.messaging, recorder) {
            self.count(both, error_type(outcome), nanos, exemplar);
        }
        if let Some(recorder) = recorder {
            recorded = recorder.published(prepared.about, prepared.origin().name());
            published = Some(&*recorded);
            if matches!(outcome, Outcome::Published) {
                recorder.record(self.record(|record| record.owned()));
            }
        }
        if let Some(published) = published.filter(|_| cfg!(not(feature = "off-metrics"))) {
            match error_type(outcome) {
                None => {
                    let series = self.event.map_or(0, Payload::place);
                    published.success(series, nanos, self.body.len(), exemplar);
                    if let (Some(event), Some(feeds)) = (self.event, published.feeds(end, exemplar))
                    {
                        event.supply(&feeds);
                    }
                }
                Some(error) => published.failure(error, nanos, exemplar),
            }
        }
        self.log(end, nanos, outcome);
    }

    /// The same as the messaging conventions have it: the operation, and the message if it was tried.
    #[cold]
    fn count(
        &self,
        [create, send]: &[&'static Messaging; 2],
        error: Option<ErrorType>,
        nanos: u64,
        exemplar: Option<(SpanContext, Moment)>,
    ) {
        let operation = if self.create { create } else { send };
        operation.ended(error, nanos, exemplar);
        if self.tried {
            send.messages(error, 1);
        }
    }

    fn end_span(&mut self, end: Moment, outcome: Outcome<'_>, receipt: Receipt) -> Fate {
        let span = self.span.take();
        let (flight, facts) = (&*self, &self.facts);
        let stood = (facts.span.as_ref().map(|place| &place.span), &facts.context);
        if matches!(outcome, Outcome::Published) {
            return span.end(stood, (facts.at, end), |to| flight.say(to, receipt, true));
        }
        let said = matches!(outcome, Outcome::Panicked)
            .then(panics::said)
            .flatten();
        let failure = match outcome {
            Outcome::Failed(error) => error.failure(),
            Outcome::Published | Outcome::Cancelled => Failure {
                error_type: "cancelled",
                exception: "obs_runtime::Cancelled",
                message: None,
            },
            Outcome::Panicked => Failure {
                error_type: "panic",
                exception: "panic",
                message: said.as_ref().map(|said| said as &dyn fmt::Display),
            },
        };
        // While a panic goes by, the event is left alone.
        let asked = !matches!(outcome, Outcome::Panicked);
        let ended = span::Outcome::Failed(failure);
        span.end_so(stood, (facts.at, end), &ended, &mut |to| {
            flight.say(to, receipt, asked);
        })
    }

    /// What there is to say about its span; what the event says of itself only if it may be asked.
    #[inline]
    fn say(&self, to: &mut Attributes<'_>, receipt: Receipt, asked: bool) {
        to.id(self.facts.id.as_bytes());
        if let Some(conversation) = self.facts.context.conversation() {
            to.set("messaging.message.conversation_id", conversation);
        }
        if let Some(partition) = receipt.partition {
            say_partition(to, partition);
        }
        match self.event {
            Some(event) if asked => {
                event.say(&mut Tell::span(self.core.prepared.about.fields, to));
            }
            Some(_) => {}
            // The conventions have a name for it on this bus alone.
            None if self.core.bus.system() == "kafka" => {
                to.set("messaging.kafka.message.tombstone", true);
            }
            None => to.set("event.tombstone", true),
        }
    }

    fn log(&self, end: Moment, nanos: u64, outcome: Outcome<'_>) {
        if cfg!(feature = "off-logs") {
            return;
        }
        let line = &self.core.prepared.line;
        let failed = !matches!(outcome, Outcome::Published);
        let facts = &self.facts;
        let recorder = facts.context.recorder();
        let Some(level) = line.wanted(failed, recorder.is_some()) else {
            return;
        };
        let told = Told {
            id: facts.id.as_bytes(),
            correlation: facts.correlation(),
            causation: facts.causation(),
            tenant: facts.tenant(),
            span: facts.span.as_ref(),
            recorder,
            end,
            nanos,
            outcome: match outcome {
                Outcome::Published => line::Outcome::Fine,
                Outcome::Failed(error) => line::Outcome::Failed(error.failure()),
                Outcome::Cancelled => line::Outcome::Cancelled,
                Outcome::Panicked => line::Outcome::Panicked,
            },
        };
        let about = self.core.prepared.about;
        let fields = |writer: &mut Writer| {
            if let (Some(event), false) = (self.event, matches!(outcome, Outcome::Panicked)) {
                let mut fields = Tell::log(about.fields, &line.fields, writer);
                event.say(&mut fields);
                fields.end();
            }
        };
        #[cfg(feature = "tracing")]
        super::heard::tell(level, line.words, about, &told, &fields);
        line.write(level, &told, fields);
    }
}

/// What a bus has not answered yet, under the span of the publish whatever becomes of it.
struct Held<'f, 'a> {
    flight: &'f Flight<'a>,
    answer: Option<Sending>,
}

impl Held<'_, '_> {
    fn poll(&mut self, cx: &mut Task<'_>) -> Poll<Result<Receipt, BusError>> {
        let answer = self.answer.as_mut();
        self.flight.within(|| match answer {
            Some(answer) => Pin::new(answer).poll(cx),
            None => Poll::Pending,
        })
    }
}

impl Drop for Held<'_, '_> {
    fn drop(&mut self) {
        let answer = self.answer.take();
        self.flight.within(|| drop(answer));
    }
}

#[inline(never)]
fn say_partition(to: &mut Attributes<'_>, partition: i32) {
    let mut digits = String::new();
    // Writing to a string does not fail.
    let _ = fmt::write(&mut digits, format_args!("{partition}"));
    to.set("messaging.destination.partition.id", digits.as_str());
}

/// What an event says itself of whose it is.
fn own(core: &Core, event: &dyn Payload) -> Box<Ids> {
    let mut own = OWN.try_with(Cell::take).ok().flatten().unwrap_or_default();
    own.clear();
    event.say(&mut Tell::ids(core.prepared.about.fields, &mut own));
    own
}

fn error_type(outcome: Outcome<'_>) -> Option<ErrorType> {
    match outcome {
        Outcome::Published => None,
        Outcome::Failed(error) => Some(error.error_type()),
        Outcome::Cancelled => Some(ErrorType::Cancelled),
        Outcome::Panicked => Some(ErrorType::Panic),
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        if self.open {
            let outcome = if std::thread::panicking() {
                Outcome::Panicked
            } else {
                Outcome::Cancelled
            };
            self.tell(outcome, Receipt::default());
        }
        // A thread that ends publishes nothing more.
        if self.body.capacity() <= BODY_LIMIT {
            let body = std::mem::take(&mut self.body);
            let _ = BODY.try_with(|kept| kept.set(body));
        }
        if let Some(own) = self.facts.own.take() {
            let _ = OWN.try_with(|kept| kept.set(Some(own)));
        }
    }
}
