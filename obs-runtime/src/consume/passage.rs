//! One attempt to process an event, as telemetry tells it.
//!
//! A passage that is dropped on the way was cancelled, or fell with a panic of somebody else.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::lane::{Failed, Post};
use super::prepared::Prepared;
use crate::bus::Receipt;
use crate::clock::{self, Moment};
use crate::context::{Context, Parts, SpanContext, Text, baggage};
use crate::envelope::{Head, Place, Word};
use crate::error_type::ErrorType;
use crate::log::Level;
use crate::metric::Consumed;
use crate::publish::line::{Outcome, Told};
#[cfg(not(feature = "off-spans"))]
use crate::span::attempt;
use crate::span::{Attributes, Carried, Failure};

/// How an attempt ended.
pub(super) enum Ended {
    Fine,
    Failed(Failed),
    Panicked(Box<dyn Any + Send>),
    /// It took too long.
    Late,
    Cancelled,
    /// It did not come to its handler.
    Refused(ErrorType),
}

impl Ended {
    pub(super) fn error(&self) -> Option<ErrorType> {
        Some(match self {
            Ended::Fine => return None,
            Ended::Failed(Failed::Read(_)) => ErrorType::Decode,
            Ended::Failed(Failed::Handler { .. }) => ErrorType::Handler,
            Ended::Panicked(_) => ErrorType::Panic,
            Ended::Late => ErrorType::Timeout,
            Ended::Cancelled => ErrorType::Cancelled,
            Ended::Refused(error) => *error,
        })
    }

    /// The type of what went wrong, as the program calls it.
    pub(super) fn exception(&self) -> &'static str {
        match self {
            Ended::Failed(Failed::Read(_)) => "obs_runtime::ReadError",
            Ended::Failed(Failed::Handler { exception, .. }) => exception,
            Ended::Panicked(_) => "panic",
            Ended::Fine | Ended::Late | Ended::Cancelled | Ended::Refused(_) => "",
        }
    }

    /// Whether another attempt may end otherwise.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Ended::Fine | Ended::Cancelled | Ended::Refused(_) | Ended::Failed(Failed::Read(_)) => {
                false
            }
            Ended::Failed(Failed::Handler { last, .. }) => !last,
            Ended::Panicked(_) | Ended::Late => true,
        }
    }

    fn message(&self) -> Option<&dyn fmt::Display> {
        match self {
            Ended::Failed(Failed::Read(error)) => Some(error),
            Ended::Failed(Failed::Handler { error, .. }) => Some(error),
            Ended::Panicked(panic) => {
                let text = panic
                    .downcast_ref::<&str>()
                    .map(|it| it as &dyn fmt::Display);
                text.or_else(|| {
                    panic
                        .downcast_ref::<String>()
                        .map(|it| it as &dyn fmt::Display)
                })
            }
            Ended::Fine | Ended::Late | Ended::Cancelled | Ended::Refused(_) => None,
        }
    }

    fn failure(&self) -> Option<Failure<'_>> {
        Some(Failure {
            error_type: self.error()?.as_str(),
            exception: self.exception(),
            message: self.message(),
        })
    }
}

/// What is told about an attempt.
pub(super) struct Passage<'a> {
    about: About<'a>,
    start: Moment,
    /// What the handler sees: inside of the span, if there is one.
    context: Context,
    /// The span of the event's making is the parent.
    child: bool,
    live: bool,
    open: bool,
}

/// What is known around all processing of a consumer.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) base: &'a Context,
    /// The span of an event's making is the parent of its processing.
    pub(super) child: bool,
}

impl Around<'_> {
    /// The same for an event, in the place of another context.
    pub(super) fn renew(self, mut old: Context, head: &Head<'_>) -> Context {
        old.renew(self.base, |parts, _| self.tell(parts, head));
        old
    }

    /// Tells what is known around an event.
    #[inline]
    fn tell(self, parts: &mut Parts, head: &Head<'_>) {
        let correlation = head.correlation.as_ref();
        Text::put(
            &mut parts.correlation,
            correlation.map_or(head.id(), Word::bytes),
        );
        Text::put(&mut parts.causation, head.id());
        Text::put(&mut parts.conversation, Word::bytes_of(&head.conversation));
        Text::put(&mut parts.tenant, Word::bytes_of(&head.tenant));
        if parts.actor.is_some() || head.actor.is_some() {
            parts.actor.clone_from(&head.actor);
        }
        if let Some(text) = head.baggage {
            let mut members = baggage::Members::new();
            baggage::parse(text, &mut members);
            parts.baggage = members.into();
        } else if let Some(base) = self.base.parts() {
            if !Arc::ptr_eq(&parts.baggage, &base.baggage) {
                parts.baggage = Arc::clone(&base.baggage);
            }
        } else if !parts.baggage.is_empty() {
            parts.baggage = Arc::default();
        }
        if self.child {
            parts.span = head.span();
            parts.state = head.state.filter(|_| parts.span.is_some()).map(Into::into);
        }
    }
}

/// What a passage is about.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) prepared: &'static Prepared,
    /// Its place among the versions of its event.
    pub(super) version: usize,
    pub(super) head: &'a Head<'a>,
    pub(super) post: &'a Post,
    pub(super) receipt: Receipt,
}

/// What is left of a passage while it is not known what it is about.
pub(super) struct Paused {
    start: Moment,
    context: Context,
    child: bool,
    live: bool,
}

impl<'a> Passage<'a> {
    /// Begins, in what is known around the event, which takes the place of another such context.
    #[inline]
    pub(super) fn begin(
        about: About<'a>,
        (old, known): (Context, Around<'_>),
        start: Moment,
    ) -> Passage<'a> {
        let live = about.prepared.is_live();
        Passage {
            start,
            context: within(about, (old, known), start, live),
            child: known.child,
            live,
            open: true,
            about,
        }
    }

    /// Goes on with one that was left.
    pub(super) fn resume(about: About<'a>, paused: Paused) -> Passage<'a> {
        Passage {
            about,
            start: paused.start,
            context: paused.context,
            child: paused.child,
            live: paused.live,
            open: true,
        }
    }

    /// Leaves it, for somebody who goes on.
    pub(super) fn pause(mut self) -> Paused {
        self.open = false;
        Paused {
            start: self.start,
            context: std::mem::take(&mut self.context),
            child: self.child,
            live: self.live,
        }
    }

    /// What the handler sees.
    #[inline]
    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// The same, for somebody who puts it in place and gives it back.
    #[inline]
    pub(super) fn context_mut(&mut self) -> &mut Context {
        &mut self.context
    }

    /// The end of it.
    pub(super) fn finish(&mut self, ended: &Ended) {
        self.tell_whichever(ended);
    }

    /// The end of one that went well, and was settled within. Gives back the context, of which room may be left.
    #[inline]
    pub(super) fn settled(mut self, settle: impl FnOnce()) -> (Context, Moment) {
        let prepared = self.about.prepared;
        let start = Passage::settles(prepared, self.context());
        settle();
        let end = clock::now();
        self.tell(&Ended::Fine, end);
        // Behind what it is a child of, of which it is known by now whether it leaves: so it need not wait for that.
        Passage::settled_within(prepared, self.context(), start, end);
        (std::mem::take(&mut self.context), end)
    }

    /// The bus is told what became of the record.
    pub(super) fn settle(prepared: &'static Prepared, around: &Context, settle: impl FnOnce()) {
        let start = Passage::settles(prepared, around);
        settle();
        if start.is_some() {
            Passage::settled_within(prepared, around, start, clock::now());
        }
    }

    /// When settling begins, if anybody is to be told of it.
    #[inline]
    fn settles(prepared: &'static Prepared, around: &Context) -> Option<Moment> {
        let told = Carried::wanted(around) || prepared.messaging[1].is_some();
        (told && prepared.is_live()).then(clock::now)
    }

    #[inline]
    fn settled_within(
        prepared: &'static Prepared,
        around: &Context,
        start: Option<Moment>,
        end: Moment,
    ) {
        let Some(start) = start else { return };
        Carried::past(&prepared.settle, around, [start, end], |_| {});
        if let (Some(counted), None) = (prepared.messaging[1], around.recorder()) {
            counted.ended(None, end.nanos_since(start), None);
        }
    }

    #[inline(never)]
    fn tell_whichever(&mut self, ended: &Ended) {
        self.tell(ended, clock::now());
    }

    #[inline(always)]
    fn tell(&mut self, ended: &Ended, end: Moment) {
        if !std::mem::replace(&mut self.open, false) || cfg!(feature = "off") || !self.live {
            return;
        }
        let nanos = end.nanos_since(self.start);
        let failure = ended.failure();
        let prepared = self.about.prepared;
        let exported = self.leaves(end, failure);
        let recorder = self.context().recorder();
        if cfg!(not(feature = "off-metrics")) {
            if let Some(recorder) = recorder {
                let recorded = recorder.consumed(prepared.consumed);
                self.count(&recorded, ended, (end, nanos), exported);
            } else {
                self.count(prepared.consumed, ended, (end, nanos), exported);
                if let [Some(process), _] = prepared.messaging {
                    process.ended(ended.error(), nanos, exported.map(|span| (span, end)));
                }
            }
        }
        if cfg!(feature = "off-logs") {
            return;
        }
        let line = &prepared.line;
        if let Some(level) = line.wanted(failure.is_some(), recorder.is_some()) {
            self.line(level, ended, (end, nanos));
        }
    }

    #[inline(never)]
    fn line(&self, level: Level, ended: &Ended, (end, nanos): (Moment, u64)) {
        let About { prepared, head, .. } = self.about;
        let line = &prepared.line;
        let place = self.context.span();
        let place = place.filter(|_| cfg!(not(feature = "off-spans")));
        let place = place.map(Place::of);
        let id = head.id.as_deref().unwrap_or_default();
        let told = Told {
            id: id.as_bytes(),
            correlation: head.correlation.as_deref().unwrap_or(id).as_bytes(),
            causation: head.causation.as_deref().map(str::as_bytes),
            tenant: head.tenant.as_deref().map(str::as_bytes),
            span: place.as_ref(),
            recorder: self.context.recorder(),
            end,
            nanos,
            outcome: match (ended, ended.failure()) {
                (Ended::Cancelled, _) => Outcome::Cancelled,
                (Ended::Panicked(_), _) => Outcome::Panicked,
                (_, Some(failure)) => Outcome::Failed(failure),
                (_, None) => Outcome::Fine,
            },
        };
        self.about.post.with_fields(|fields| {
            let fields = |w: &mut obs_schema::wire::json::Writer| w.raw_bytes(fields);
            #[cfg(feature = "tracing")]
            crate::publish::heard::tell(level, line.words, prepared.about, &told, &fields);
            line.write(level, &told, fields);
        });
    }

    /// The end of its span. Gives it if it leaves.
    #[cfg(not(feature = "off-spans"))]
    #[inline]
    fn leaves(&self, end: Moment, failure: Option<Failure<'_>>) -> Option<SpanContext> {
        let About {
            prepared,
            head,
            receipt,
            ..
        } = self.about;
        let parent = if self.child { head.span() } else { None };
        let (within, times) = ((&self.context, parent), [self.start, end]);
        let fill = |to: &mut Attributes<'_>| attributes(to, head, receipt);
        attempt::end(&prepared.process, within, times, failure, fill)
    }

    #[cfg(feature = "off-spans")]
    fn leaves(&self, _: Moment, _: Option<Failure<'_>>) -> Option<SpanContext> {
        let _ = (self.child, attributes);
        None
    }

    #[inline(always)]
    fn count(
        &self,
        consumed: &Consumed,
        ended: &Ended,
        (end, nanos): (Moment, u64),
        exported: Option<SpanContext>,
    ) {
        let result = ended.error().map_or(Ok(self.about.version), Err);
        // How old it was when it was done with: not when it failed, and may come again.
        let occurred = self.about.head.occurred.filter(|_| result.is_ok());
        let delivery = occurred.map(|occurred| end.unix_nanos().saturating_sub(occurred));
        consumed.ended(result, nanos, delivery, exported.map(|span| (span, end)));
    }
}

/// What is known around an event, and the span of its processing if there is one.
#[inline]
fn within(
    about: About<'_>,
    (old, known): (Context, Around<'_>),
    start: Moment,
    live: bool,
) -> Context {
    #[cfg(not(feature = "off-spans"))]
    if live {
        let around = |parts: &mut Parts| known.tell(parts, about.head);
        return attempt::begin(&about.prepared.process, (old, known.base), start, around);
    }
    let _ = (start, live, &about.prepared.process);
    known.renew(old, about.head)
}

fn attributes(to: &mut Attributes<'_>, head: &Head<'_>, receipt: Receipt) {
    to.id(head.id());
    if let Some(conversation) = head.conversation.as_deref() {
        to.set("messaging.message.conversation_id", conversation);
    }
    if let Some(partition) = receipt.partition {
        to.set(
            "messaging.destination.partition.id",
            partition.to_string().as_str(),
        );
        // Of our buses that one alone has partitions.
        if let Some(offset) = receipt.offset.and_then(|offset| i64::try_from(offset).ok()) {
            to.set("messaging.kafka.offset", offset);
        }
    }
    if let Some(made) = head.span() {
        to.link(made, &[]);
    }
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        if self.open {
            self.tell_whichever(&Ended::Cancelled);
        }
    }
}
