//! Handlers without the types of their events.
//!
//! A lane is a future that never ends: it takes the job that its seat hands over, reads the event, has it handled and
//! hands the job back with how that went. What a handler waits in is a part of it, so that nothing is allocated for an
//! event; and all that is compiled for each kind of event is here.

use std::any::type_name;
use std::cell::Cell;
use std::error::Error;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll};

use obs_schema::wire::json::Writer;

use super::find::again;
use super::handler::{Delivery, Final, Handler};
use crate::envelope::Payload;
use crate::event::{Descriptor, Event};
use crate::lane::lock;
use crate::older::ReadError;
use crate::publish::flight::Payload as Telling;
use crate::span;
use crate::tell::Tell;

/// A handler and its kind of event, which is forgotten here.
pub(super) trait Route: Send + Sync {
    /// The versions it reads, the newest first.
    fn versions(&self) -> Vec<&'static Descriptor>;

    /// A lane of it, which works at this post.
    fn lane(&self, post: Arc<Post>) -> Lane;
}

pub(super) type Lane = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A route to a handler.
pub(super) struct To<E, H> {
    handler: Arc<H>,
    event: PhantomData<fn() -> E>,
}

impl<E, H> To<E, H> {
    pub(super) fn new(handler: H) -> To<E, H> {
        To {
            handler: Arc::new(handler),
            event: PhantomData,
        }
    }
}

impl<E: Event, H: Handler<E>> Route for To<E, H> {
    fn versions(&self) -> Vec<&'static Descriptor> {
        let mut versions = vec![E::DESCRIPTOR];
        versions.extend(E::OLDER.iter().map(|older| older.about()));
        versions
    }

    fn lane(&self, post: Arc<Post>) -> Lane {
        let handler = Arc::clone(&self.handler);
        Box::pin(async move {
            loop {
                let mut room = room().await;
                if let Some(job) = &room.job {
                    room.done = Some(match job.begin::<E, H>(&handler, &post) {
                        Ok(handling) => handling.await.map_err(failed),
                        Err(Some(error)) => Err(Failed::Read(error)),
                        Err(None) => handler.gone(&job.delivery).await.map_err(failed),
                    });
                }
                HAND.set(Some(room));
            }
        })
    }
}

/// What is to be done for one delivery.
pub(super) struct Job {
    pub(super) delivery: Delivery,
    /// The place of its version among those of the route.
    pub(super) version: usize,
    /// None says that what the key stands for is gone.
    pub(super) payload: Option<Payload>,
    /// How long the body is that has it.
    pub(super) length: usize,
    /// Names of fields, for a log line.
    pub(super) names: &'static [Box<str>],
}

/// Where a job is, and then how it went: so what goes from hand to hand is a pointer.
#[derive(Default)]
pub(super) struct Room {
    pub(super) job: Option<Job>,
    pub(super) done: Option<Result<(), Failed>>,
}

impl Job {
    /// Reads the event and gives it away. It is not in the future of a lane before that of its handler is, so it is moved
    /// less often.
    #[inline(always)]
    fn begin<'j, E: Event, H: Handler<E>>(
        &'j self,
        handler: &'j H,
        post: &Post,
    ) -> Result<impl Future<Output = Result<(), H::Error>> + Send + use<'j, E, H>, Option<ReadError>>
    {
        let event = self.read::<E>()?;
        post.listen(&event, self);
        Ok(handler.handle(event, &self.delivery))
    }

    /// The event; no error says that what the key stands for is gone.
    #[inline(always)]
    fn read<E: Event>(&self) -> Result<E, Option<ReadError>> {
        // Most are of the newest version, and what is read here is not moved after.
        if let (Some(payload), 0) = (&self.payload, self.version)
            && let Ok(event) = E::decode_body(payload.of(self.body()))
        {
            return Ok(event);
        }
        self.read_again()
    }

    #[inline(never)]
    fn read_again<E: Event>(&self) -> Result<E, Option<ReadError>> {
        let payload = self.payload.as_ref().ok_or(None)?;
        let event = self.read_as(payload.of(self.body()));
        match again(payload, self.body()) {
            Some(payload) if event.is_err() => self.read_as(payload.of(self.body())),
            _ => event,
        }
        .map_err(Some)
    }

    #[inline]
    fn body(&self) -> &[u8] {
        self.delivery.record.body_of(self.length)
    }

    fn read_as<E: Event>(&self, payload: &[u8]) -> Result<E, ReadError> {
        match self.version.checked_sub(1) {
            None => E::decode_body(payload).map_err(ReadError::from),
            Some(older) => E::OLDER[older].read(payload),
        }
    }
}

/// Why an attempt failed.
pub(super) enum Failed {
    /// The payload is none of this event.
    Read(ReadError),
    /// The handler says so.
    Handler {
        exception: &'static str,
        error: Box<dyn Error + Send + Sync>,
        /// To try again does not help.
        last: bool,
    },
}

impl Failed {
    /// It cannot be found out or remembered whether the event was processed.
    pub(super) fn memory(error: Box<dyn Error + Send + Sync>) -> Failed {
        Failed::Handler {
            exception: "obs_runtime::consume::Processed",
            error,
            last: false,
        }
    }
}

fn failed<X: Into<Box<dyn Error + Send + Sync>>>(error: X) -> Failed {
    let error = error.into();
    Failed::Handler {
        exception: type_name::<X>(),
        last: Final::is_in(&*error),
        error,
    }
}

thread_local! {
    /// What a seat hands to the lane that it polls, and the lane back: both are in one call, and nobody comes in
    /// between. Whoever runs another consumer in a handler takes what he hands over, and leaves nothing.
    static HAND: Cell<Option<Box<Room>>> = const { Cell::new(None) };
}

/// The job that is handed to the lane that asks. Nobody is woken: a seat that has one polls.
async fn room() -> Box<Room> {
    poll_fn(|_| match HAND.take() {
        Some(room) if room.done.is_none() => Poll::Ready(room),
        done => {
            HAND.set(done);
            Poll::Pending
        }
    })
    .await
}

/// Polls a lane, which gets a job if it has none. Gives the room of the job back once it is done.
#[inline]
pub(super) fn poll(
    lane: &mut Lane,
    room: Option<Box<Room>>,
    cx: &mut Task<'_>,
) -> Option<Box<Room>> {
    HAND.set(room);
    // It never ends.
    let _ = lane.as_mut().poll(cx);
    HAND.take().filter(|room| room.done.is_some())
}

/// What events say of themselves while they are read, for those who tell of it when the handler is done or has fallen.
#[derive(Default)]
pub(super) struct Post {
    /// There is something.
    said: AtomicBool,
    /// As a piece of a log line.
    fields: Mutex<Vec<u8>>,
}

impl Post {
    /// Forgets the last one.
    #[inline]
    pub(super) fn clear(&self) {
        if self.said.load(Relaxed) {
            self.said.store(false, Relaxed);
            lock(&self.fields).clear();
        }
    }

    /// What the event said of itself.
    pub(super) fn with_fields<R>(&self, use_them: impl FnOnce(&[u8]) -> R) -> R {
        if !self.said.load(Relaxed) {
            return use_them(&[]);
        }
        // Outside of the lock: who writes a line may run code of others.
        let fields = std::mem::take(&mut *lock(&self.fields));
        let result = use_them(&fields);
        *lock(&self.fields) = fields;
        result
    }

    /// Hears what the event says of itself before it is given away.
    fn listen<E: Event>(&self, event: &E, job: &Job) {
        self.hear(event, E::DESCRIPTOR, job.names);
    }

    fn hear(&self, event: &dyn Telling, about: &'static Descriptor, names: &[Box<str>]) {
        if about.fields.is_empty() {
            return;
        }
        span::say(|to| event.say(&mut Tell::span(about.fields, to)));
        let mut writer = Writer::on(std::mem::take(&mut *lock(&self.fields)));
        let mut fields = Tell::log(about.fields, names, &mut writer);
        event.say(&mut fields);
        fields.end();
        // What cannot be written is left out as a whole.
        let _ = writer.finish_into(&mut lock(&self.fields));
        self.said.store(true, Relaxed);
    }
}
