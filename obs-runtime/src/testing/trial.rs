//! Publishers and consumers in a test, with nothing around them.

use std::fmt;
use std::future::Future;
use std::sync::Mutex;
use std::task::Poll;

use super::Recorder;
use crate::bus::Bus;
use crate::consume::{ConsumeError, Consumer, Started};
use crate::event::Event;
use crate::lane::lock;
use crate::publish::PublishError;

/// A bus in memory, a [`Recorder`], and consumers that run when the test says so, until nothing is left for them.
///
/// Pauses between attempts are those of tokio's clock: where it is paused, as `#[tokio::test(start_paused = true)]` has
/// it (with the feature `test-util` of tokio), they take no time.
///
/// ```
/// use obs_runtime::testing::Trial;
/// use obs_runtime::{Event, Handler};
///
/// async fn is_handled<E: Event>(event: &E, handler: impl Handler<E>) {
///     let trial = Trial::new();
///     trial.start(trial.consumer("email-service").handle(handler)).expect("the bus has groups");
///     trial.publish(event).await.expect("there is room");
///     trial.idle().await.expect("no consumer gives up");
///     assert_eq!(trial.recorder().metric("event_consumed_total", &[]), Some(1.0));
///     trial.recorder().assert_correlated();
/// }
/// ```
pub struct Trial {
    bus: Bus,
    recorder: Recorder,
    started: Mutex<Vec<Started>>,
}

impl Trial {
    /// One where nothing has happened.
    #[must_use]
    pub fn new() -> Trial {
        Trial {
            bus: Bus::memory(usize::MAX).for_source("trial"),
            recorder: Recorder::new(),
            started: Mutex::default(),
        }
    }

    /// The bus. What no consumer has asked for stays there: dead letters, and what handlers publish for others.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// What was told.
    #[must_use]
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// A consumer on the bus, to be given handlers, and then to [`start`](Trial::start).
    pub fn consumer(&self, name: &str) -> Consumer {
        Consumer::new(&self.bus, name)
    }

    /// Starts a consumer, which does nothing before [`idle`](Trial::idle).
    ///
    /// # Errors
    ///
    /// As those of [`Consumer::run`].
    pub fn start(&self, consumer: Consumer) -> Result<(), ConsumeError> {
        let _attached = self.recorder.context().attach();
        lock(&self.started).push(consumer.start()?);
        Ok(())
    }

    /// Publishes an event, which is recorded.
    ///
    /// # Errors
    ///
    /// As those of [`Publisher::publish`](crate::Publisher::publish).
    pub async fn publish<E: Event>(&self, event: &E) -> Result<(), PublishError> {
        let context = self.recorder.context();
        E::publisher(&self.bus).publish_with(&context, event).await
    }

    /// Does something whose telemetry is recorded.
    pub async fn scope<F: Future>(&self, work: F) -> F::Output {
        self.recorder.context().scope(work).await
    }

    /// Lets the consumers work until there is nothing left for any of them: what their handlers have published for
    /// each other is handled too, and what failed has been tried again or put aside.
    ///
    /// # Errors
    ///
    /// That with which a consumer has ended. It is gone.
    pub async fn idle(&self) -> Result<(), ConsumeError> {
        std::future::poll_fn(|cx| {
            let mut started = lock(&self.started);
            let mut at = 0;
            while let Some(one) = started.get_mut(at) {
                match one.poll(cx) {
                    Poll::Pending => at += 1,
                    Poll::Ready(ended) => {
                        started.remove(at);
                        ended?;
                    }
                }
            }
            // Who has published for one that was polled before has woken it.
            if started.iter().all(Started::is_idle) {
                return Poll::Ready(Ok(()));
            }
            Poll::Pending
        })
        .await
    }
}

impl Default for Trial {
    fn default() -> Trial {
        Trial::new()
    }
}

impl fmt::Debug for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trial")
            .field("bus", &self.bus)
            .field("recorder", &self.recorder)
            .finish_non_exhaustive()
    }
}
