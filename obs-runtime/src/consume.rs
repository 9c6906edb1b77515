//! Consuming: receive, read whatever version was sent, process, settle, and tell how it went.
//!
//! A [`Consumer`] is a member of a group on a [bus](crate::bus). It finds the handler of each record by its headers,
//! its framing and the fingerprint of its schema, reads older versions as the newest, and acknowledges what went well.
//! What goes wrong is tried again after a pause, and put to the dead letters when that does not help.
//!
//! Attempts leave a span, a log line and their share of the metrics, which agree with each other. The span of an
//! attempt begins a trace of its own and links to where the event was made; what is published within is its child.
//!
//! ```no_run
//! use obs_runtime::{ConsumeError, Delivery, Event, Handler, Obs};
//!
//! async fn consume<E: Event>(obs: &Obs, handler: impl Handler<E>) -> Result<(), ConsumeError> {
//!     obs.consumer("email-service").handle(handler).run().await
//! }
//! ```
//!
//! All of a consumer runs in the task that awaits [`Consumer::run`], up to
//! [`with_concurrency`](Consumer::with_concurrency) deliveries at a time; several members of a group share the work
//! over several tasks. Records of one key are processed one after another, however many there are.

mod batch;
mod control;
mod dead;
pub(crate) mod find;
mod handler;
mod lane;
mod later;
mod once;
mod passage;
mod policy;
mod prepared;
mod run;
mod seat;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use batch::{BatchFailed, BatchHandler, Batches};
pub use control::Control;
#[doc(hidden)]
pub use handler::Outcome;
pub use handler::{Delivery, Final, Handler};
use lane::{Route, To};
use later::Later;
/// Makes an `async fn` the handler of the event that it takes.
///
/// It becomes a type without state of the function's name, which goes where handlers go. A second argument, if there is
/// one, is a `&Delivery`.
///
/// ```
/// use obs_runtime::{Bus, Consumer, Event, handler};
///
/// #[derive(Clone, Event)]
/// #[event(event = "user.registered")]
/// struct UserRegistered {
///     user_id: String,
/// }
///
/// /// Says hello.
/// #[handler]
/// async fn welcome(event: UserRegistered) -> Result<(), std::fmt::Error> {
///     println!("hello, {}", event.user_id);
///     Ok(())
/// }
///
/// let bus = Bus::memory(16);
/// let consumer = Consumer::new(&bus, "email-service").handle(welcome);
/// # drop(consumer);
/// ```
///
/// What needs state implements [`Handler`] itself. On such an `impl` it says `type Error`, which `handle` says already:
///
/// ```
/// use obs_runtime::{Delivery, Event, Handler, handler};
///
/// # #[derive(Clone, Event)]
/// # #[event(event = "user.registered")]
/// # struct UserRegistered {
/// #     user_id: String,
/// # }
/// struct Welcome {
///     greeting: String,
/// }
///
/// #[handler]
/// impl Handler<UserRegistered> for Welcome {
///     async fn handle(&self, event: UserRegistered, _: &Delivery) -> Result<(), std::fmt::Error> {
///         println!("{}, {}", self.greeting, event.user_id);
///         Ok(())
///     }
/// }
/// ```
#[cfg(feature = "macros")]
pub use obs_macros::handler;
use once::Memory;
pub use once::{Processed, Recent};
use policy::Policy;
pub use policy::{DeadBody, DeadLetters, Unprocessed};
pub(crate) use prepared::set_live;
use prepared::{Known, Prepared, Receive, Whose, cells};
pub(crate) use run::Driver as Started;
use run::{Driver, Shared};

use crate::bus::{Bus, BusError};
use crate::context::Context;
use crate::envelope;
use crate::error_type::ErrorType;
use crate::event::{Descriptor, Encoding, Envelope, Event};
use crate::metric;
pub use crate::publish::Retry;
use crate::publish::SchemaIds;

/// Gets events of a bus to their handlers, as a member of a group.
///
/// ```
/// use obs_runtime::consume::Retry;
/// use obs_runtime::{Bus, Consumer, Event, Handler};
///
/// fn consumer<E: Event>(bus: &Bus, handler: impl Handler<E>) -> Consumer {
///     Consumer::new(bus, "email-service")
///         .handle(handler)
///         .with_retry(Retry { times: 5, ..Retry::default() })
///         .with_concurrency(4)
/// }
/// ```
#[must_use = "a consumer does nothing until it runs"]
pub struct Consumer {
    bus: Bus,
    group: Box<str>,
    routes: Vec<Box<dyn Route>>,
    /// What a registry puts before the bodies of an event.
    framings: Vec<(&'static Descriptor, obs_schema::framing::Framing)>,
    policy: Policy,
    once: Option<Box<dyn Memory>>,
    control: Control,
}

impl Consumer {
    /// A consumer of this name, which is that of its group.
    pub fn new(bus: &Bus, name: &str) -> Consumer {
        Consumer {
            bus: bus.clone(),
            group: name.into(),
            routes: Vec::new(),
            framings: Vec::new(),
            policy: Policy::default(),
            once: None,
            control: Control::new(),
        }
    }

    /// The same, which handles one more kind of event: those of its topic and of the topics of its older versions.
    pub fn handle<E: Event>(mut self, handler: impl Handler<E>) -> Consumer {
        self.routes.push(Box::new(To::<E, _>::new(handler)));
        self
    }

    /// The same with so many deliveries worked on at a time, at least one; sixteen otherwise.
    pub fn with_concurrency(mut self, deliveries: usize) -> Consumer {
        self.policy.concurrency = deliveries.max(1);
        self
    }

    /// The same with other attempts after one that failed: those of [`Retry::default`] otherwise.
    pub fn with_retry(mut self, retry: Retry) -> Consumer {
        self.policy.retry = retry;
        self
    }

    /// The same with further attempts later, after these pauses: what has failed as often as [`with_retry`] says waits in
    /// the topics `{consumer}.retry.1` and so on, and those behind it under its key go first.
    ///
    /// [`with_retry`]: Consumer::with_retry
    pub fn with_retry_later(mut self, pauses: impl Into<Vec<Duration>>) -> Consumer {
        self.policy.later = pauses.into();
        self
    }

    /// The same with somebody who remembers which events were processed: those that come again are acknowledged and not
    /// processed again.
    pub fn once(mut self, processed: impl Processed) -> Consumer {
        self.once = Some(Box::new(processed));
        self
    }

    /// The same with a limit to how long an attempt may take; none otherwise. A handler that takes longer is dropped.
    pub fn with_timeout(mut self, limit: impl Into<Option<Duration>>) -> Consumer {
        self.policy.timeout = limit.into();
        self
    }

    /// The same with something else done about events that fail for good: they are parked otherwise.
    pub fn when_failed(mut self, then: Unprocessed) -> Consumer {
        self.policy.failed = then;
        self
    }

    /// The same with something else done about events that nobody here handles: they are skipped otherwise, for others
    /// may share the topic.
    pub fn when_type_unknown(mut self, then: Unprocessed) -> Consumer {
        self.policy.unknown_type = then;
        self
    }

    /// The same with something else done about versions that there is no spec of here: they are parked otherwise.
    pub fn when_version_unknown(mut self, then: Unprocessed) -> Consumer {
        self.policy.unknown_version = then;
        self
    }

    /// The same with other dead letters.
    pub fn with_dead_letters(mut self, dead: DeadLetters) -> Consumer {
        self.policy.dead = dead;
        self
    }

    /// The same with another time for what goes on when it is stopped: five seconds otherwise.
    pub fn with_grace(mut self, grace: Duration) -> Consumer {
        self.policy.grace = grace;
        self
    }

    /// The same with attempts in the trace in which their event was made, as children of its publish. A trace then
    /// lasts for as long as events lie on the bus.
    pub fn in_traces_of_events(mut self) -> Consumer {
        self.policy.child = true;
        self
    }

    /// The same, which knows what a registry calls the schemas of the events it handles so far.
    pub fn with_schema_ids(mut self, ids: &(impl SchemaIds + ?Sized)) -> Consumer {
        for route in &self.routes {
            for about in route.versions() {
                self.framings
                    .extend(ids.framing(about).map(|framing| (about, framing)));
            }
        }
        self
    }

    /// What stops and pauses it.
    #[must_use]
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Consumes, until it is stopped or the bus is closed and has nothing more for it.
    ///
    /// # Errors
    ///
    /// The bus has no groups, or something was not processed that must be.
    ///
    /// # Panics
    ///
    /// Something has to wait, and no runtime of tokio with its time is there.
    pub async fn run(self) -> Result<(), ConsumeError> {
        let mut started = self.start()?;
        std::future::poll_fn(|cx| started.poll(cx)).await
    }

    /// A member of the group, which works whenever it is polled.
    pub(crate) fn start(self) -> Result<Started, ConsumeError> {
        let whose = Whose {
            consumer: &self.group,
            origin: self.bus.origin(),
            place: &self.bus.place(),
        };
        let mut known = Vec::new();
        for (route, one) in self.routes.iter().enumerate() {
            let versions = one.versions();
            let consumed = cells(&versions, &self.group);
            for (version, about) in versions.iter().enumerate() {
                let framing = self
                    .framings
                    .iter()
                    .find(|(of, _)| std::ptr::eq(*of, *about));
                let wrapped = about.encoding == Encoding::Avro && about.envelope == Envelope::Obs;
                known.push(Known {
                    prepared: Prepared::of(about, versions[0], consumed, whose),
                    route,
                    version,
                    envelope: wrapped.then(|| envelope::avro_fingerprint(about)).flatten(),
                    framing: framing.map(|(_, framing)| *framing),
                });
            }
        }
        let mut topics: Vec<&'static str> = Vec::new();
        for one in &known {
            if !topics.contains(&one.prepared.about.topic) {
                topics.push(one.prepared.about.topic);
            }
        }
        let subscription = self.bus.subscribe(&topics, &self.group)?;
        let laters = Later::all(&self.bus, &self.group, self.policy.later.len())?;
        let receives = topics
            .iter()
            .map(|topic| Receive::of(topic, whose))
            .collect();
        let base = Context::current().with(|parts| {
            parts.span = None;
            parts.state = None;
            parts.set_scope(None);
            parts.began = None;
            parts.happened = None;
        });
        let shared = Arc::new(Shared {
            unknown: cells(&[], &self.group),
            desks: (0..self.policy.concurrency)
                .map(|_| Default::default())
                .collect(),
            bus: self.bus,
            group: self.group,
            routes: self.routes,
            known,
            topics,
            base,
            failure: Mutex::default(),
            failed: AtomicBool::new(false),
            lately: AtomicU64::new(0),
            policy: self.policy,
            once: self.once,
        });
        self.control.set_grace(shared.policy.grace);
        let watched: Arc<dyn metric::Waits> = Arc::<Shared>::clone(&shared);
        metric::watch_backlog(&watched);
        let subscription = subscription.with_prefetch(shared.policy.concurrency);
        Ok(Driver::new(
            shared,
            self.control,
            (subscription, laters),
            receives,
        ))
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events = self
            .routes
            .iter()
            .filter_map(|route| route.versions().first().copied());
        f.debug_struct("Consumer")
            .field("group", &self.group)
            .field("bus", &self.bus)
            .field(
                "events",
                &events.map(|about| about.event_type).collect::<Vec<_>>(),
            )
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// Why a consumer ended.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ConsumeError {
    /// The bus does not do what it is to do.
    Bus(BusError),
    /// Something was not processed that must be: [`Unprocessed::Fail`].
    Unprocessed {
        /// From where it came.
        topic: String,
        /// What was wrong with it.
        reason: ErrorType,
    },
}

impl ConsumeError {
    fn unprocessed(topic: &str, reason: ErrorType) -> ConsumeError {
        ConsumeError::Unprocessed {
            topic: topic.to_owned(),
            reason,
        }
    }
}

impl From<BusError> for ConsumeError {
    fn from(error: BusError) -> ConsumeError {
        ConsumeError::Bus(error)
    }
}

impl fmt::Display for ConsumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConsumeError::Bus(error) => write!(f, "the consumer cannot go on: {error}"),
            ConsumeError::Unprocessed { topic, reason } => {
                write!(f, "a record of `{topic}` was not processed: {reason}")
            }
        }
    }
}

impl std::error::Error for ConsumeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ConsumeError::Bus(error) => Some(error),
            ConsumeError::Unprocessed { .. } => None,
        }
    }
}

#[cfg(test)]
#[cfg(not(any(feature = "off-logs", feature = "off-metrics", feature = "off-spans")))]
mod tests;
