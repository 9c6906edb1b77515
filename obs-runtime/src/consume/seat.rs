//! Where one delivery at a time is worked on, from the bus to its end.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll};

use super::ConsumeError;
use super::dead::DeadLetter;
use super::find::{Found, Refused, find};
use super::handler::{Delivery, Id};
use super::lane::{Failed, Job, Lane, Post};
use super::later::{Before, put_off};
use super::passage::{Ended, Passage};
use super::policy::{DeadBody, Unprocessed};
use super::prepared::Prepared;
use super::run::Shared;
use crate::bus::{self, Held, OwnedRecord};
use crate::clock;
use crate::context::{Context, SpanContext, Text, baggage};
use crate::envelope::Head;
use crate::ids;
use crate::lane::lock;
use crate::metric::Consumed;
use crate::span::Scope;

/// What a seat and the driver tell each other, in one task; others only look at how old it is.
#[derive(Default)]
pub(super) struct Desk {
    next: Mutex<Option<bus::Received>>,
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
    pub(super) fn put(&self, delivery: bus::Received) {
        self.busy.store(true, Relaxed);
        *lock(&self.next) = Some(delivery);
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Relaxed)
    }

    /// When the event of this topic happened that is worked on here.
    pub(super) fn occurred(&self, topic: usize) -> Option<u64> {
        let occurred = self.occurred.load(Relaxed);
        (occurred > 0 && self.topic.load(Relaxed) == topic).then_some(occurred)
    }

    /// What was received here since it was asked last.
    pub(super) fn received(&self) -> Option<(usize, Option<SpanContext>)> {
        lock(&self.received).take()
    }

    async fn next(&self) -> bus::Received {
        // Nobody is woken: the driver puts a delivery there and then polls.
        poll_fn(|_| match lock(&self.next).take() {
            Some(delivery) => Poll::Ready(delivery),
            None => Poll::Pending,
        })
        .await
    }

    fn works_on(&self, topic: usize, head: &Head<'_>) {
        self.topic.store(topic, Relaxed);
        let occurred = head.occurred.unwrap_or_else(|| clock::now().unix_nanos());
        self.occurred.store(occurred, Relaxed);
        *lock(&self.received) = Some((topic, head.span));
    }

    fn free(&self) {
        self.occurred.store(0, Relaxed);
        self.busy.store(false, Relaxed);
    }
}

/// The life of a seat.
///
/// It is one future, for one within another is moved each time it is awaited. What seldom happens is apart.
pub(super) async fn sit(shared: Arc<Shared>, at: usize) {
    let (desk, policy) = (&shared.desks[at], &shared.policy);
    let post: Arc<Post> = Arc::default();
    let mut seat = Seat {
        shared: &shared,
        lanes: shared.routes.iter().map(|_| None).collect(),
        post: &post,
        around: Context::NONE,
    };
    loop {
        let (record, held) = desk.next().await.parted();
        let before = Before::of(&record, &shared.group);
        let mut head = Head::of(record.headers());
        let found = find(&shared.known, before.topic, &mut head, record.body());
        desk.works_on(shared.place_of(before.topic), &head);
        let id = head.id.clone().unwrap_or_default();
        let Found { known, payload } = match found {
            Ok(found) => found,
            Err(refused) => {
                seat.refuse(refused, (&head, &id), (&record, held)).await;
                desk.free();
                continue;
            }
        };
        let prepared = known.prepared;
        let once = shared.once.as_deref().filter(|_| !id.is_empty());
        let mut attempt = held.attempt().saturating_add(before.attempts);
        let mut tries = 0;
        loop {
            let asked = match once {
                Some(once) => once.has(&shared.group, &id).await,
                None => Ok(false),
            };
            let around = seat.around(&head, &id);
            if let Ok(true) = asked {
                Passage::settle(prepared, &around.0, || held.ack());
                seat.around = around.0;
                break;
            }
            post.put(Job {
                delivery: Delivery {
                    record: record.clone(),
                    receipt: held.receipt(),
                    attempt,
                    about: prepared.about,
                    occurred: head.occurred,
                    id: match (head.id_header, &*id) {
                        (Some(name), _) => Id::Header(name),
                        (None, "") => Id::None,
                        (None, id) => Id::Own(id.into()),
                    },
                },
                version: known.version,
                payload: payload.clone(),
                names: Some(&prepared.line.fields),
            });
            let about = (known.version, held.receipt());
            let start = shared.now();
            let mut begun = Passage::begin(prepared, about, (&head, &id), &post, (around, start));
            let mut ended = match asked {
                Ok(_) => match policy.timeout {
                    None => poll_fn(|cx| seat.poll(cx, known.route, begun.context())).await,
                    Some(limit) => {
                        let attempt = poll_fn(|cx| seat.poll(cx, known.route, begun.context()));
                        let ended = tokio::time::timeout(limit, attempt).await;
                        ended.unwrap_or(Ended::Late)
                    }
                },
                Err(error) => Ended::Failed(Failed::memory(error)),
            };
            if let (Ended::Fine, Some(once)) = (&ended, once)
                && let Err(error) = once.keep(&shared.group, &id).await
            {
                ended = Ended::Failed(Failed::memory(error));
            }
            if let Ended::Fine = ended {
                let (around, end) = begun.settled(|| held.ack());
                seat.around = around;
                shared.looked(Some(end));
                break;
            }
            if let Ended::Panicked(_) | Ended::Late = ended {
                seat.clear(known.route, begun.context());
            }
            let inside = begun.context().clone();
            begun.finish(&ended);
            if tries < policy.retry.times && ended.may_pass() {
                count(&inside, prepared, Consumed::retried);
                tokio::time::sleep(policy.retry.pause(tries, ids::random())).await;
                tries += 1;
                attempt += 1;
                continue;
            }
            let why = DeadLetter {
                reason: ended.error().unwrap_or(crate::ErrorType::Other),
                exception: ended.exception(),
                attempts: attempt,
                said: match policy.dead.body {
                    DeadBody::Redacted => post.with_fields(<[u8]>::to_vec),
                    _ => Vec::new(),
                },
            };
            let later = ended.may_pass().then_some(before.step);
            drop(ended);
            shared
                .give_up(why, later, (prepared, &inside), (&record, held))
                .await;
            break;
        }
        desk.free();
    }
}

struct Seat<'s> {
    shared: &'s Shared,
    /// One for each route, made when it is first needed.
    lanes: Vec<Option<Lane>>,
    post: &'s Arc<Post>,
    /// What was known around the last one, for the room that it takes.
    around: Context,
}

/// What is known around an event, and room for what is said of its processing.
pub(super) type Room = (Context, Option<Arc<Scope>>);

/// What telemetry knows of an event, and what is known around it.
type Around<'a> = (&'static Prepared, &'a Context);

/// A record, and whoever waits for what becomes of it.
type One<'a> = (&'a OwnedRecord, Held);

impl Seat<'_> {
    /// What is known around the processing of an event, and room for what is said of it.
    fn around(&mut self, head: &Head<'_>, id: &str) -> Room {
        let mut around = std::mem::take(&mut self.around);
        let place = around.renew(&self.shared.base, |parts| {
            let some = |text: &str| (!text.is_empty()).then(|| Text::from(text));
            parts.correlation = some(head.correlation.as_deref().unwrap_or(id));
            parts.causation = some(id);
            parts.conversation = head.conversation.as_deref().and_then(some);
            parts.tenant = head.tenant.as_deref().and_then(some);
            parts.actor = head.actor.clone().map(Arc::new);
            parts.baggage = head.baggage.map_or_else(
                || {
                    self.shared
                        .base
                        .parts()
                        .map(|base| Arc::clone(&base.baggage))
                        .unwrap_or_default()
                },
                |text| {
                    let mut members = baggage::Members::new();
                    baggage::parse(text, &mut members);
                    members.into()
                },
            );
            if self.shared.policy.child {
                parts.span = head.span;
                parts.state = head.state.filter(|_| head.span.is_some()).map(Into::into);
            }
        });
        (around, place)
    }

    /// Goes on with an attempt.
    fn poll(&mut self, cx: &mut Task<'_>, route: usize, context: &Context) -> Poll<Ended> {
        let (shared, post) = (self.shared, self.post);
        let lane =
            self.lanes[route].get_or_insert_with(|| shared.routes[route].lane(Arc::clone(post)));
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
    }

    /// A handler that panics or takes too long is gone, and the next one starts anew.
    fn clear(&mut self, route: usize, context: &Context) {
        let lane = self.lanes[route].take();
        let _attached = context.attach();
        // What it does when it goes may panic too, and is over then.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(lane)));
    }

    /// There is no handler for it.
    async fn refuse(
        &mut self,
        refused: Refused,
        (head, id): (&Head<'_>, &str),
        (record, held): One<'_>,
    ) {
        let around = self.around(head, id);
        let (shared, policy) = (self.shared, &self.shared.policy);
        let why = DeadLetter::of(refused.error(), held.attempt());
        let (at, then) = match refused {
            Refused::Type => {
                if policy.unknown_type == Unprocessed::Skip {
                    return held.ack();
                }
                shared.unknown.refused(refused.error());
                return shared
                    .put_aside(policy.unknown_type, &why, None, (record, held))
                    .await;
            }
            Refused::Version(at) => {
                let prepared = shared.known[at].prepared;
                count(&around.0, prepared, Consumed::unknown_version);
                (at, policy.unknown_version)
            }
            Refused::Envelope(at) => (at, policy.failed),
        };
        let prepared = shared.known[at].prepared;
        if then == Unprocessed::Skip {
            return Passage::settle(prepared, &around.0, || held.ack());
        }
        let about = (0, held.receipt());
        let mut begun = Passage::begin(
            prepared,
            about,
            (head, id),
            self.post,
            (around, shared.now()),
        );
        let inside = begun.context().clone();
        begun.finish(&Ended::Refused(refused.error()));
        shared
            .put_aside(then, &why, Some((prepared, &inside)), (record, held))
            .await;
    }
}

impl Shared {
    /// No more attempts now: perhaps later, if there is a step for that.
    async fn give_up(
        &self,
        why: DeadLetter,
        later: Option<usize>,
        about: Around<'_>,
        (record, held): One<'_>,
    ) {
        if let Some(step) = later
            && let Some(pause) = self.policy.later.get(step)
            && put_off(self, record, step + 1, *pause, why.attempts)
                .await
                .is_ok()
        {
            let (prepared, inside) = about;
            count(inside, prepared, Consumed::retried);
            return Passage::settle(prepared, inside, || held.ack());
        }
        self.put_aside(self.policy.failed, &why, Some(about), (record, held))
            .await;
    }

    /// Puts it to the dead letters if that is asked for, or ends the consumer.
    async fn put_aside(
        &self,
        then: Unprocessed,
        why: &DeadLetter,
        about: Option<Around<'_>>,
        (record, held): One<'_>,
    ) {
        match then {
            Unprocessed::Skip => {}
            Unprocessed::Fail => {
                let topic = Before::of(record, &self.group).topic();
                return self.fail(ConsumeError::unprocessed(topic, why.reason));
            }
            Unprocessed::Park => {
                if let Err(error) = why.send(self, record, held.receipt()).await {
                    return self.fail(ConsumeError::from(error));
                }
                match about {
                    Some((prepared, inside)) => count(inside, prepared, Consumed::dead_lettered),
                    None => self.unknown.dead_lettered(),
                }
            }
        }
        match about {
            Some((prepared, inside)) => Passage::settle(prepared, inside, || held.ack()),
            None => held.ack(),
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
