//! Handlers without the types of their events.
//!
//! A lane is a future that never ends: it takes a job from its post, reads the event, has it handled and leaves at the
//! post how that went. What a handler waits in is a part of it, so that nothing is allocated for an event; and all that
//! is compiled for each kind of event is here.

use std::any::type_name;
use std::error::Error;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

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
                let job = post.job().await;
                let done = match job.read::<E>() {
                    None => handler.gone(&job.delivery).await.map_err(failed),
                    Some(Err(error)) => Err(Failed::Read(error)),
                    Some(Ok(event)) => {
                        post.listen(&event, &job);
                        handler.handle(event, &job.delivery).await.map_err(failed)
                    }
                };
                post.leave(done);
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
    /// Names of fields, for a log line; without a line there is none.
    pub(super) names: Option<&'static [Box<str>]>,
}

impl Job {
    fn read<E: Event>(&self) -> Option<Result<E, ReadError>> {
        let body = self.delivery.record.body().unwrap_or_default();
        let payload = self.payload.as_ref()?;
        let event = self.read_as(payload.of(body));
        if event.is_err()
            && let Some(payload) = again(payload, body)
        {
            return Some(self.read_as(payload.of(body)));
        }
        Some(event)
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

/// Where a seat and its lanes meet: one works at a time, and both in the same task.
#[derive(Default)]
pub(super) struct Post(Mutex<Notes>);

#[derive(Default)]
struct Notes {
    job: Option<Job>,
    done: Option<Result<(), Failed>>,
    /// What the event says of itself, as a piece of a log line.
    fields: Vec<u8>,
}

impl Post {
    /// Puts a job there, for whoever is polled next.
    pub(super) fn put(&self, job: Job) {
        let mut notes = lock(&self.0);
        notes.job = Some(job);
        notes.done = None;
        notes.fields.clear();
    }

    async fn job(&self) -> Job {
        // Nobody is woken: the seat puts a job there and then polls.
        std::future::poll_fn(|_| match lock(&self.0).job.take() {
            Some(job) => Poll::Ready(job),
            None => Poll::Pending,
        })
        .await
    }

    fn leave(&self, done: Result<(), Failed>) {
        lock(&self.0).done = Some(done);
    }

    /// How it went, once it has.
    pub(super) fn done(&self) -> Option<Result<(), Failed>> {
        lock(&self.0).done.take()
    }

    /// What the event said of itself.
    pub(super) fn with_fields<R>(&self, use_them: impl FnOnce(&[u8]) -> R) -> R {
        // Outside of the lock: who writes a line may run code of others.
        let fields = std::mem::take(&mut lock(&self.0).fields);
        let result = use_them(&fields);
        lock(&self.0).fields = fields;
        result
    }

    /// Hears what the event says of itself before it is given away.
    fn listen<E: Event>(&self, event: &E, job: &Job) {
        self.hear(event, E::DESCRIPTOR, job.names);
    }

    fn hear(&self, event: &dyn Telling, about: &'static Descriptor, names: Option<&[Box<str>]>) {
        if about.fields.is_empty() {
            return;
        }
        span::say(|to| event.say(&mut Tell::span(about.fields, to)));
        if let Some(names) = names {
            let mut writer = Writer::on(std::mem::take(&mut lock(&self.0).fields));
            let mut fields = Tell::log(about.fields, names, &mut writer);
            event.say(&mut fields);
            fields.end();
            // What cannot be written is left out as a whole.
            let _ = writer.finish_into(&mut lock(&self.0).fields);
        }
    }
}
