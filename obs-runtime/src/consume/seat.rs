//! Where one delivery at a time is worked on, from the bus to its end.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll};

use super::ConsumeError;
use super::dead::DeadLetter;
use super::find::{Found, Refused, find};
use super::handler::{Delivery, Id};
use super::lane::{self, Failed, Job, Lane, Post, Room};
use super::later::{Before, put_off};
use super::passage::{About, Ended, Passage, Paused};
use super::policy::{DeadBody, Unprocessed};
use super::prepared::Prepared;
use super::run::Shared;
use crate::bus::{Held, OwnedRecord, Received};
use crate::clock;
use crate::context::Context;
use crate::envelope::{Head, Payload};
use crate::ids;
use crate::lane::lock;
use crate::metric::Consumed;

/// Where others look at how old what is worked on is; and over which a seat goes to whoever works on what is not done
/// at once, and back.
#[derive(Default)]
pub(super) struct Desk {
    /// When the event happened that is worked on, in nanoseconds since 1970; zero if none is.
    occurred: AtomicU64,
    /// The place of its topic among those of the consumer.
    topic: AtomicUsize,
    given: Mutex<Option<Box<Seat>>>,
    done: Mutex<Option<Box<Seat>>>,
}

impl Desk {
    /// When the event of this topic happened that is worked on here.
    pub(super) fn occurred(&self, topic: usize) -> Option<u64> {
        let occurred = self.occurred.load(Relaxed);
        (occurred > 0 && self.topic.load(Relaxed) == topic).then_some(occurred)
    }

    /// Gives what is not done at once to whoever works on that, and is to be polled then.
    pub(super) fn give(&self, seat: Box<Seat>) {
        *lock(&self.given) = Some(seat);
    }

    /// Takes the seat back, once that is done.
    pub(super) fn take(&self) -> Option<Box<Seat>> {
        lock(&self.done).take()
    }

    async fn given(&self) -> Box<Seat> {
        // Nobody is woken: the driver puts a seat there and then polls.
        poll_fn(|_| match lock(&self.given).take() {
            Some(seat) => Poll::Ready(seat),
            None => Poll::Pending,
        })
        .await
    }

    fn works_on(&self, topic: usize, occurred: Option<u64>) {
        self.topic.store(topic, Relaxed);
        let occurred = occurred.unwrap_or_else(|| clock::now().unix_nanos());
        self.occurred.store(occurred, Relaxed);
    }

    fn free(&self) {
        self.occurred.store(0, Relaxed);
    }
}

/// What one delivery at a time is worked on with.
#[derive(Default)]
pub(super) struct Seat {
    record: Option<OwnedRecord>,
    held: Option<Held>,
    /// One for each route, made when it is first needed.
    lanes: Vec<Option<Lane>>,
    /// Where jobs are put.
    room: Option<Box<Room>>,
    post: Arc<Post>,
    /// What was known around the last one, for the room that it takes.
    around: Context,
    /// An attempt that has begun, and how it ended if it has.
    begun: Option<(Paused, Option<Ended>)>,
}

/// A record, and whoever waits for what becomes of it.
type One<'a> = (&'a OwnedRecord, Held);

/// What telemetry knows of an event, and what is known inside of its processing.
type Inside<'a> = (&'static Prepared, &'a Context);

impl Seat {
    pub(super) fn new(routes: usize) -> Box<Seat> {
        Box::new(Seat {
            lanes: (0..routes).map(|_| None).collect(),
            ..Seat::default()
        })
    }

    /// Gives it something to do.
    pub(super) fn put(&mut self, delivery: Received) {
        let (record, held) = delivery.parted();
        self.record = Some(record);
        self.held = Some(held);
    }

    pub(super) fn is_busy(&self) -> bool {
        self.record.is_some()
    }

    /// Works on what lies here. Most handlers are done with most events as soon as they get them, and nothing that
    /// waits is made for those. Says whether it is done with, and tells where it was made.
    pub(super) fn at_once(
        &mut self,
        shared: &Shared,
        desk: &Desk,
        told: impl FnOnce(usize, &Head<'_>),
        cx: &mut Task<'_>,
    ) -> bool {
        let (Some(record), Some(held)) = (&self.record, &self.held) else {
            return true;
        };
        let parts = record.parts();
        let before = Before::of(parts, &shared.group);
        let mut head = Head::default();
        head.read(parts.headers);
        let found = find(&shared.known, before.topic, &mut head, parts.body);
        let place = shared.place_of(before.topic);
        desk.works_on(place, head.occurred);
        told(place, &head);
        if shared.once.is_some() || shared.policy.timeout.is_some() {
            return false;
        }
        let Ok(Found { known, payload }) = found else {
            return false;
        };
        let about = About {
            prepared: known.prepared,
            version: known.version,
            head: &head,
            post: &self.post,
            receipt: held.receipt(),
        };
        let attempt = held.attempt().saturating_add(before.attempts);
        let job = (payload, attempt);
        let room = furnish(self.room.take(), (record, parts.body), job, &about);
        let context = std::mem::take(&mut self.around);
        let mut begun = Passage::begin(about, (context, shared.around()), shared.now());
        let lane = shared.lane(&mut self.lanes, known.route, &self.post);
        let ended = match attempted(lane, Some(room), begun.context_mut(), cx) {
            Poll::Ready((Ended::Fine, room)) => {
                let held = &mut self.held;
                let settle = || held.iter_mut().for_each(Held::done);
                let (around, end) = begun.settled(settle);
                (self.around, self.room) = (around, room);
                (self.record, self.held) = (None, None);
                shared.looked(Some(end));
                desk.free();
                return true;
            }
            Poll::Ready((ended, room)) => {
                self.room = room;
                Some(ended)
            }
            Poll::Pending => None,
        };
        self.begun = Some((begun.pause(), ended));
        false
    }

    /// Goes on with an attempt.
    fn poll(
        &mut self,
        shared: &Shared,
        (route, room): (usize, Option<Box<Room>>),
        context: &mut Context,
        cx: &mut Task<'_>,
    ) -> Poll<Ended> {
        let lane = shared.lane(&mut self.lanes, route, &self.post);
        attempted(lane, room, context, cx).map(|(ended, room)| {
            self.room = room;
            ended
        })
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
        shared: &Shared,
        refused: Refused,
        head: &Head<'_>,
        (record, held): One<'_>,
    ) {
        let around = shared.around();
        let context = around.renew(std::mem::take(&mut self.around), head);
        let policy = &shared.policy;
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
                count(&context, prepared, Consumed::unknown_version);
                (at, policy.unknown_version)
            }
            Refused::Envelope(at) => (at, policy.failed),
        };
        let prepared = shared.known[at].prepared;
        if then == Unprocessed::Skip {
            return Passage::settle(prepared, &context, || held.ack());
        }
        self.post.clear();
        let about = About {
            prepared,
            version: 0,
            head,
            post: &self.post,
            receipt: held.receipt(),
        };
        let mut begun = Passage::begin(about, (context, around), shared.now());
        let inside = begun.context().clone();
        begun.finish(&Ended::Refused(refused.error()));
        shared
            .put_aside(then, &why, Some((prepared, &inside)), (record, held))
            .await;
    }
}

/// Puts what there is to be done for a record into a room, a new one if there is none.
fn furnish(
    room: Option<Box<Room>>,
    (record, body): (&OwnedRecord, Option<&[u8]>),
    (payload, attempt): (Option<Payload>, u32),
    about: &About<'_>,
) -> Box<Room> {
    about.post.clear();
    let mut room = room.unwrap_or_default();
    room.job = Some(Job {
        delivery: Delivery {
            record: record.clone(),
            receipt: about.receipt,
            attempt,
            about: about.prepared.about,
            occurred: about.head.occurred,
            id: match (about.head.id_header, &about.head.id) {
                (Some(name), _) => Id::Header(name),
                (None, None) => Id::None,
                (None, Some(id)) => Id::Own((&**id).into()),
            },
        },
        version: about.version,
        length: body.map_or(0, <[u8]>::len),
        payload,
        names: &about.prepared.line.fields,
    });
    room
}

/// Goes on with an attempt. Gives the room of its job once it is done, if that is left.
fn attempted(
    lane: &mut Lane,
    room: Option<Box<Room>>,
    context: &mut Context,
    cx: &mut Task<'_>,
) -> Poll<(Ended, Option<Box<Room>>)> {
    let polled = || context.lend(|| lane::poll(lane, room, cx));
    // What has panicked is not polled again.
    match catch_unwind(AssertUnwindSafe(polled)) {
        Err(panic) => Poll::Ready((Ended::Panicked(panic), None)),
        Ok(None) => Poll::Pending,
        Ok(Some(mut room)) => {
            room.job = None;
            let ended = match room.done.take() {
                Some(Err(failed)) => Ended::Failed(failed),
                _ => Ended::Fine,
            };
            Poll::Ready((ended, Some(room)))
        }
    }
}

/// The life of what is not done at once.
///
/// It is one future, for one within another is moved each time it is awaited. What seldom happens is apart.
pub(super) async fn sit(shared: Arc<Shared>, at: usize) {
    let (desk, policy) = (&shared.desks[at], &shared.policy);
    loop {
        let mut seat = desk.given().await;
        'one: {
            let (Some(record), Some(held)) = (seat.record.take(), seat.held.take()) else {
                break 'one;
            };
            let parts = record.parts();
            let before = Before::of(parts, &shared.group);
            let mut head = Head::of(parts.headers);
            let found = find(&shared.known, before.topic, &mut head, parts.body);
            let id = head.id.as_deref().unwrap_or_default();
            let Found { known, payload } = match found {
                Ok(found) => found,
                Err(refused) => {
                    seat.refuse(&shared, refused, &head, (&record, held)).await;
                    break 'one;
                }
            };
            let prepared = known.prepared;
            let once = shared.once.as_deref().filter(|_| !id.is_empty());
            let mut attempt = held.attempt().saturating_add(before.attempts);
            let mut tries = 0;
            let post = Arc::clone(&seat.post);
            let about = About {
                prepared,
                version: known.version,
                head: &head,
                post: &post,
                receipt: held.receipt(),
            };
            loop {
                let mut room = None;
                let (mut begun, ended) = match seat.begun.take() {
                    Some((paused, ended)) => (Passage::resume(about, paused), ended),
                    None => {
                        let asked = match once {
                            Some(once) => once.has(&shared.group, id).await,
                            None => Ok(false),
                        };
                        let (context, around) = (std::mem::take(&mut seat.around), shared.around());
                        if let Ok(true) = asked {
                            let context = around.renew(context, &head);
                            Passage::settle(prepared, &context, || held.ack());
                            seat.around = context;
                            break 'one;
                        }
                        let job = (payload.clone(), attempt);
                        let whole = (&record, parts.body);
                        room = Some(furnish(seat.room.take(), whole, job, &about));
                        let failed = asked
                            .err()
                            .map(|error| Ended::Failed(Failed::memory(error)));
                        let begun = Passage::begin(about, (context, around), shared.now());
                        (begun, failed)
                    }
                };
                // One that waits already has been polled.
                let mut polled = room.is_none();
                let attempting = poll_fn(|cx| {
                    if std::mem::take(&mut polled) {
                        return Poll::Pending;
                    }
                    let job = (known.route, room.take());
                    seat.poll(&shared, job, begun.context_mut(), cx)
                });
                let mut ended = match (ended, policy.timeout) {
                    (Some(ended), _) => ended,
                    (None, None) => attempting.await,
                    (None, Some(limit)) => {
                        let attempting = tokio::time::timeout(limit, attempting);
                        attempting.await.unwrap_or(Ended::Late)
                    }
                };
                if let (Ended::Fine, Some(once)) = (&ended, once)
                    && let Err(error) = once.keep(&shared.group, id).await
                {
                    ended = Ended::Failed(Failed::memory(error));
                }
                if let Ended::Fine = ended {
                    let (around, end) = begun.settled(|| held.ack());
                    seat.around = around;
                    shared.looked(Some(end));
                    break 'one;
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
        }
        desk.free();
        *lock(&desk.done) = Some(seat);
    }
}

impl Shared {
    /// No more attempts now: perhaps later, if there is a step for that.
    async fn give_up(
        &self,
        why: DeadLetter,
        later: Option<usize>,
        about: Inside<'_>,
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
        about: Option<Inside<'_>>,
        (record, held): One<'_>,
    ) {
        match then {
            Unprocessed::Skip => {}
            Unprocessed::Fail => {
                let topic = Before::of(record.parts(), &self.group).topic();
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
