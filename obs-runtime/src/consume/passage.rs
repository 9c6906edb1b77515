//! One attempt to process an event, as telemetry tells it.
//!
//! A passage that is dropped on the way was cancelled, or fell with a panic of somebody else.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::lane::{Failed, Post};
use super::prepared::Prepared;
use super::seat::Room;
use crate::bus::Receipt;
use crate::clock::{self, Moment};
use crate::context::{Context, SpanContext};
use crate::envelope::{Head, Place};
use crate::error_type::ErrorType;
use crate::metric::Consumed;
use crate::publish::line::{Outcome, Told};
use crate::span::{Attributes, Carried, Failure, Open};

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
    prepared: &'static Prepared,
    /// Its place among the versions of its event.
    version: usize,
    head: &'a Head<'a>,
    id: &'a str,
    post: &'a Post,
    receipt: Receipt,
    start: Moment,
    /// What the handler sees, where there is no span.
    context: Context,
    span: Option<Open>,
    live: bool,
    open: bool,
}

impl<'a> Passage<'a> {
    /// Begins, in what is known around the event.
    pub(super) fn begin(
        prepared: &'static Prepared,
        (version, receipt): (usize, Receipt),
        (head, id): (&'a Head<'a>, &'a str),
        post: &'a Post,
        ((around, place), start): (Room, Moment),
    ) -> Passage<'a> {
        let live = prepared.is_live();
        let spans = live && cfg!(not(feature = "off-spans"));
        let (span, context) = if spans {
            let span = Open::begin_in(&prepared.process, (around, place), start);
            (Some(span), Context::NONE)
        } else {
            (None, around)
        };
        Passage {
            prepared,
            version,
            head,
            id,
            post,
            receipt,
            start,
            context,
            span,
            live,
            open: true,
        }
    }

    /// What the handler sees.
    pub(super) fn context(&self) -> &Context {
        self.span.as_ref().map_or(&self.context, Open::context)
    }

    /// The end of it.
    pub(super) fn finish(&mut self, ended: &Ended) {
        self.tell(ended, clock::now());
    }

    /// The end of one that went well, and was settled within. Gives back the context, of which room may be left.
    pub(super) fn settled(&mut self, settle: impl FnOnce()) -> (Context, Moment) {
        let start = clock::now();
        settle();
        let end = clock::now();
        self.tell(&Ended::Fine, end);
        // Behind what it is a child of, of which it is known by now whether it leaves: so it need not wait for that.
        Passage::settled_within(self.prepared, self.context(), start, end);
        let context = std::mem::take(&mut self.context);
        (self.span.take().map_or(context, Open::over), end)
    }

    /// The bus is told what became of the record.
    pub(super) fn settle(prepared: &'static Prepared, around: &Context, settle: impl FnOnce()) {
        let start = clock::now();
        settle();
        Passage::settled_within(prepared, around, start, clock::now());
    }

    fn settled_within(prepared: &'static Prepared, around: &Context, start: Moment, end: Moment) {
        let live = prepared.is_live();
        let mut span = Carried::start(live, &prepared.settle, around, start);
        span.end(end, || crate::span::Outcome::Fine, |_| {});
        let counted = prepared.messaging[1].filter(|_| live);
        if let (Some(counted), None) = (counted, around.recorder()) {
            counted.ended(None, end.nanos_since(start), None);
        }
    }

    fn tell(&mut self, ended: &Ended, end: Moment) {
        if !std::mem::replace(&mut self.open, false) || cfg!(feature = "off") || !self.live {
            return;
        }
        let nanos = end.nanos_since(self.start);
        let failure = ended.failure();
        let (head, id, receipt) = (self.head, self.id, self.receipt);
        let place = self.span.as_ref().and_then(Open::place);
        let exported = self
            .span
            .as_mut()
            .and_then(|span| span.end_with(end, failure, |to| attributes(to, head, id, receipt)));
        let recorder = self.context().recorder();
        if cfg!(not(feature = "off-metrics")) {
            let recorded: Arc<Consumed>;
            let consumed = self.prepared.consumed;
            if let Some(recorder) = recorder {
                recorded = recorder.consumed(consumed);
                self.count(&recorded, ended, end, nanos, exported);
            } else {
                self.count(consumed, ended, end, nanos, exported);
                if let [Some(process), _] = self.prepared.messaging {
                    process.ended(ended.error(), nanos, exported.map(|span| (span, end)));
                }
            }
        }
        if cfg!(feature = "off-logs") {
            return;
        }
        let line = &self.prepared.line;
        let Some(level) = line.wanted(failure.is_some(), recorder.is_some()) else {
            return;
        };
        let place = place.map(Place::of);
        let told = Told {
            id: self.id,
            correlation: self.head.correlation.as_deref().unwrap_or(self.id),
            causation: self.head.causation.as_deref(),
            tenant: self.head.tenant.as_deref(),
            span: place.as_ref(),
            recorder,
            end,
            nanos,
            outcome: match (ended, failure) {
                (Ended::Cancelled, _) => Outcome::Cancelled,
                (Ended::Panicked(_), _) => Outcome::Panicked,
                (_, Some(failure)) => Outcome::Failed(failure),
                (_, None) => Outcome::Fine,
            },
        };
        self.post.with_fields(|fields| {
            let fields = |w: &mut obs_schema::wire::json::Writer| w.raw_bytes(fields);
            #[cfg(feature = "tracing")]
            crate::publish::heard::tell(level, line.words, self.prepared.about, &told, &fields);
            line.write(level, &told, fields);
        });
    }

    fn count(
        &self,
        consumed: &Consumed,
        ended: &Ended,
        end: Moment,
        nanos: u64,
        exported: Option<SpanContext>,
    ) {
        let result = ended.error().map_or(Ok(self.version), Err);
        // How old it was when it was done with: not when it failed, and may come again.
        let occurred = self.head.occurred.filter(|_| result.is_ok());
        let delivery = occurred.map(|occurred| end.unix_nanos().saturating_sub(occurred));
        consumed.ended(result, nanos, delivery, exported.map(|span| (span, end)));
    }
}

fn attributes(to: &mut Attributes<'_>, head: &Head<'_>, id: &str, receipt: Receipt) {
    to.id(id.as_bytes());
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
    if let Some(made) = head.span {
        to.link(made, &[]);
    }
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        if self.open {
            self.tell(&Ended::Cancelled, clock::now());
        }
    }
}
