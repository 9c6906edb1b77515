//! Where one delivery at a time is worked on, from the bus to its end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use super::ConsumeError;
use super::dead::DeadLetter;
use super::find::{Found, Refused, find};
use super::handler::{Delivery, Id};
use super::lane::{Failed, Job, Lane, Post};
use super::later::{Before, put_off};
use super::passage::{Ended, Passage};
use super::policy::Unprocessed;
use super::prepared::{Known, Prepared};
use super::run::Shared;
use crate::bus;
use crate::clock;
use crate::context::{Context, SpanContext, Text, baggage};
use crate::envelope::Head;
use crate::ids;
use crate::lane::lock;
use crate::metric::Consumed;
use crate::span::Scope;

/// What a seat and the driver tell each other.
#[derive(Default)]
pub(super) struct Desk {
    next: Mutex<Option<bus::Delivery>>,
    busy: AtomicBool,
    /// When the event happened that is worked on, in nanoseconds since 1970; zero if none is.
    occurred: AtomicU64,
    /// The place of its topic among those of the consumer.
    topic: AtomicUsize,
    /// Of what was received and not told of yet: the place of its topic, and where it was made.
    received: Mutex<Option<(usize, Option<SpanContext>)>>,
}

impl Desk {
    /// Gives it something to do.
    pub(super) fn put(&self, delivery: bus::Delivery) {
        self.busy.store(true, SeqCst);
        *lock(&self.next) = Some(delivery);
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(SeqCst)
    }

    /// When the event of this topic happened that is worked on here.
    pub(super) fn occurred(&self, topic: usize) -> Option<u64> {
        let occurred = self.occurred.load(SeqCst);
        (occurred > 0 && self.topic.load(SeqCst) == topic).then_some(occurred)
    }

    /// What was received here since it was asked last.
    pub(super) fn received(&self) -> Option<(usize, Option<SpanContext>)> {
        lock(&self.received).take()
    }

    async fn next(&self) -> bus::Delivery {
        // Nobody is woken: the driver puts a delivery there and then polls.
        std::future::poll_fn(|_| match lock(&self.next).take() {
            Some(delivery) => Poll::Ready(delivery),
            None => Poll::Pending,
        })
        .await
    }

    fn works_on(&self, topic: usize, head: &Head<'_>) {
        self.topic.store(topic, SeqCst);
        let occurred = head.occurred.unwrap_or_else(|| clock::now().unix_nanos());
        self.occurred.store(occurred, SeqCst);
        *lock(&self.received) = Some((topic, head.span));
    }

    fn free(&self) {
        self.occurred.store(0, SeqCst);
        self.busy.store(false, SeqCst);
    }
}

/// The life of a seat.
pub(super) async fn sit(shared: Arc<Shared>, at: usize) {
    let desk = &shared.desks[at];
    let mut seat = Seat {
        shared: &shared,
        lanes: shared.routes.iter().map(|_| None).collect(),
        post: Arc::default(),
        around: Context::NONE,
    };
    loop {
        let delivery = desk.next().await;
        seat.work(desk, delivery).await;
        desk.free();
    }
}

struct Seat<'s> {
    shared: &'s Shared,
    /// One for each route, made when it is first needed.
    lanes: Vec<Option<Lane>>,
    post: Arc<Post>,
    /// What was known around the last one, for the room that it takes.
    around: Context,
}

impl Seat<'_> {
    async fn work(&mut self, desk: &Desk, delivery: bus::Delivery) {
        let shared = self.shared;
        let record = delivery.record().clone();
        let view = record.as_record();
        let before = Before::of(view, &shared.group);
        let mut head = Head::of(view.headers);
        let found = find(&shared.known, before.topic, &mut head, view.body);
        let topic = shared
            .topics
            .iter()
            .position(|topic| *topic == before.topic);
        desk.works_on(topic.unwrap_or_default(), &head);
        let id = head.id.clone().unwrap_or_default();
        match found {
            Ok(found) => self.process(found, &before, (&head, &id), delivery).await,
            Err(refused) => self.refuse(refused, (&head, &id), delivery).await,
        }
    }

    async fn process(
        &mut self,
        found: Found<'_, Known>,
        before: &Before<'_>,
        (head, id): (&Head<'_>, &str),
        delivery: bus::Delivery,
    ) {
        let (known, shared, policy) = (found.known, self.shared, &self.shared.policy);
        let prepared = known.prepared;
        let once = shared.once.as_deref().filter(|_| !id.is_empty());
        let mut mine = Delivery {
            record: delivery.record().clone(),
            receipt: delivery.receipt(),
            attempt: delivery.attempt().saturating_add(before.attempts),
            about: prepared.about,
            occurred: head.occurred,
            id: match (head.id_header, id) {
                (Some(name), _) => Id::Header(name),
                (None, "") => Id::None,
                (None, id) => Id::Own(id.into()),
            },
        };
        let mut tries = 0;
        loop {
            let asked = match once {
                Some(once) => once.has(&shared.group, id).await,
                None => Ok(false),
            };
            if let Ok(true) = asked {
                Passage::settle(prepared, &self.around(head, id).0, || delivery.ack());
                return;
            }
            self.post.put(Job {
                delivery: mine.clone(),
                version: known.version,
                payload: found.payload.clone(),
                names: Some(&prepared.line.fields),
            });
            let (post, around) = (Arc::clone(&self.post), self.around(head, id));
            let (version, receipt) = (known.version, delivery.receipt());
            let begun = Passage::begin(prepared, version, (head, id), receipt, &post, around);
            let mut ended = match asked {
                Ok(_) => self.attempt(known.route, begun.context()).await,
                Err(error) => Ended::Failed(Failed::memory(error)),
            };
            if let (Ended::Fine, Some(once)) = (&ended, once)
                && let Err(error) = once.keep(&shared.group, id).await
            {
                ended = Ended::Failed(Failed::memory(error));
            }
            if let Ended::Fine = ended {
                self.around = begun.settled(|| delivery.ack());
                return;
            }
            let inside = begun.context().clone();
            self.around = begun.finish(&ended);
            if tries < policy.retry.times && ended.may_pass() {
                count(&inside, prepared, Consumed::retried);
                tokio::time::sleep(policy.retry.pause(tries, ids::random())).await;
                tries += 1;
                mine.attempt += 1;
                continue;
            }
            if let Some(pause) = policy.later.get(before.step).filter(|_| ended.may_pass()) {
                let (record, step) = (delivery.record().clone(), before.step + 1);
                if put_off(shared, &record, step, *pause, mine.attempt)
                    .await
                    .is_ok()
                {
                    count(&inside, prepared, Consumed::retried);
                    Passage::settle(prepared, &inside, || delivery.ack());
                    return;
                }
            }
            let why = DeadLetter {
                reason: ended.error().unwrap_or(crate::ErrorType::Other),
                exception: ended.exception(),
                attempts: mine.attempt,
            };
            return self
                .put_aside(policy.failed, &why, prepared, &inside, delivery)
                .await;
        }
    }

    /// What is known around the processing of an event, and room for what is said of it.
    fn around(&mut self, head: &Head<'_>, id: &str) -> (Context, Option<Arc<Scope>>) {
        let mut around = std::mem::take(&mut self.around);
        let place = around.renew(&self.shared.base, |parts| {
            let some = |text: &str| (!text.is_empty()).then(|| Text::from(text));
            parts.correlation = some(head.correlation.as_deref().unwrap_or(id));
            parts.causation = some(id);
            parts.conversation = head.conversation.as_deref().and_then(some);
            parts.tenant = head.tenant.as_deref().and_then(some);
            parts.actor = head.actor.clone().map(Arc::new);
            if let Some(text) = head.baggage {
                let mut members = baggage::Members::new();
                baggage::parse(text, &mut members);
                parts.baggage = members.into();
            }
            if self.shared.policy.child {
                parts.span = head.span;
                parts.state = head.state.filter(|_| head.span.is_some()).map(Into::into);
            }
        });
        (around, place)
    }

    /// One attempt. A handler that panics or takes too long is gone, and the next one starts anew.
    async fn attempt(&mut self, route: usize, context: &Context) -> Ended {
        let shared = self.shared;
        let lane = self.lanes[route]
            .get_or_insert_with(|| shared.routes[route].lane(Arc::clone(&self.post)));
        let post = &self.post;
        let polled = std::future::poll_fn(|cx| {
            let _attached = context.attach();
            // What has panicked is not polled again.
            match catch_unwind(AssertUnwindSafe(|| lane.as_mut().poll(cx))) {
                Err(panic) => Poll::Ready(Ended::Panicked(panic)),
                Ok(_) => match post.done() {
                    None => Poll::Pending,
                    Some(Ok(())) => Poll::Ready(Ended::Fine),
                    Some(Err(failed)) => Poll::Ready(Ended::Failed(failed)),
                },
            }
        });
        let ended = match shared.policy.timeout {
            None => polled.await,
            Some(limit) => tokio::time::timeout(limit, polled)
                .await
                .unwrap_or(Ended::Late),
        };
        if let Ended::Panicked(_) | Ended::Late = ended {
            let lane = self.lanes[route].take();
            let _attached = context.attach();
            // What it does when it goes may panic too, and is over then.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(lane)));
        }
        ended
    }

    /// There is no handler for it.
    async fn refuse(
        &mut self,
        refused: Refused,
        (head, id): (&Head<'_>, &str),
        delivery: bus::Delivery,
    ) {
        let around = self.around(head, id);
        let (shared, policy) = (self.shared, &self.shared.policy);
        let (prepared, then) = match refused {
            Refused::Type => (None, policy.unknown_type),
            Refused::Version(at) => {
                let prepared = shared.known[at].prepared;
                count(&around.0, prepared, Consumed::unknown_version);
                (Some(prepared), policy.unknown_version)
            }
            Refused::Envelope(at) => (Some(shared.known[at].prepared), policy.failed),
        };
        let Some(prepared) = prepared else {
            if then == Unprocessed::Skip {
                return delivery.ack();
            }
            shared.unknown.refused(refused.error());
            let why = DeadLetter::of(refused.error(), delivery.attempt());
            return self
                .park(then, &why, delivery, || shared.unknown.dead_lettered())
                .await;
        };
        if then == Unprocessed::Skip {
            Passage::settle(prepared, &around.0, || delivery.ack());
            return;
        }
        let begun = Passage::begin(
            prepared,
            0,
            (head, id),
            delivery.receipt(),
            &self.post,
            around,
        );
        let inside = begun.context().clone();
        begun.finish(&Ended::Refused(refused.error()));
        let why = DeadLetter::of(refused.error(), delivery.attempt());
        self.put_aside(then, &why, prepared, &inside, delivery)
            .await;
    }

    async fn put_aside(
        &mut self,
        then: Unprocessed,
        why: &DeadLetter,
        prepared: &'static Prepared,
        inside: &Context,
        delivery: bus::Delivery,
    ) {
        if then == Unprocessed::Skip {
            Passage::settle(prepared, inside, || delivery.ack());
            return;
        }
        self.park(then, why, delivery, || {
            count(inside, prepared, Consumed::dead_lettered)
        })
        .await;
    }

    /// Puts it to the dead letters, or ends the consumer.
    async fn park(
        &mut self,
        then: Unprocessed,
        why: &DeadLetter,
        delivery: bus::Delivery,
        counted: impl FnOnce(),
    ) {
        let shared = self.shared;
        if then == Unprocessed::Fail {
            let topic = Before::of(delivery.record().as_record(), &shared.group)
                .topic
                .to_owned();
            shared.fail(ConsumeError::unprocessed(&topic, why.reason));
            return delivery.nack();
        }
        let (record, receipt) = (delivery.record().clone(), delivery.receipt());
        match why.send(shared, &record, receipt).await {
            Ok(()) => {
                counted();
                delivery.ack();
            }
            Err(error) => {
                shared.fail(ConsumeError::from(error));
                delivery.nack();
            }
        }
    }
}

/// Counts where the context wants it counted.
fn count(context: &Context, prepared: &Prepared, count: fn(&Consumed)) {
    if cfg!(feature = "off-metrics") || !prepared.is_live() {
        return;
    }
    match context.recorder() {
        Some(recorder) => count(&recorder.consumed(prepared.consumed)),
        None => count(prepared.consumed),
    }
}
