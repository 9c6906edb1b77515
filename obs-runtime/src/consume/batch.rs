//! Several events of one kind, handled at once.
//!
//! Each delivery stays what it is, with an attempt, a span and a settlement of its own; only the handler is called
//! once for all. Whoever comes first waits for the others, and handles what has gathered.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use super::handler::{Delivery, Handler};
use crate::event::Event;
use crate::lane::lock;

/// Processes events of one kind, several at a time.
pub trait BatchHandler<E>: Send + Sync + 'static {
    /// What may go wrong: with all of them, which are then tried again one with another or apart.
    type Error: Into<Box<dyn Error + Send + Sync>> + Send;

    /// Processes some events, of which no two have the same key where the bus keeps keys in order.
    fn handle(
        &self,
        events: Vec<(E, Delivery)>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// A handler that gathers events for a [`BatchHandler`].
///
/// The consumer works on as many deliveries at a time as a batch is to hold at least, or batches stay smaller.
///
/// ```
/// use std::convert::Infallible;
/// use std::time::Duration;
/// use obs_runtime::consume::{BatchHandler, Batches};
/// use obs_runtime::{Bus, Consumer, Delivery, Event};
///
/// /// Writes many rows with one statement.
/// struct Insert;
///
/// impl<E: Event> BatchHandler<E> for Insert {
///     type Error = Infallible;
///
///     async fn handle(&self, events: Vec<(E, Delivery)>) -> Result<(), Infallible> {
///         println!("{} rows", events.len());
///         Ok(())
///     }
/// }
///
/// fn consumer<E: Event>(bus: &Bus) -> Consumer {
///     let batches = Batches::new(Insert, 100, Duration::from_millis(20));
///     Consumer::new(bus, "ledger").handle::<E>(batches).with_concurrency(100)
/// }
/// ```
pub struct Batches<E, H> {
    handler: H,
    most: usize,
    wait: Duration,
    gathering: Mutex<Arc<Batch<E>>>,
}

/// Events that belong together, and what became of them.
struct Batch<E>(Mutex<State<E>>);

struct State<E> {
    events: Vec<(E, Delivery)>,
    /// No more are taken.
    closed: bool,
    /// How it went, once it has.
    result: Option<Result<(), BatchFailed>>,
    wakers: Vec<Waker>,
}

impl<E> Default for Batch<E> {
    fn default() -> Batch<E> {
        Batch(Mutex::new(State {
            events: Vec::new(),
            closed: false,
            result: None,
            wakers: Vec::new(),
        }))
    }
}

impl<E> Batch<E> {
    /// Changes something, and wakes all who wait for it.
    fn change<R>(&self, change: impl FnOnce(&mut State<E>) -> R) -> R {
        let mut state = lock(&self.0);
        let result = change(&mut state);
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        result
    }

    /// Waits until there is an answer.
    async fn until<R>(&self, mut answer: impl FnMut(&State<E>) -> Option<R>) -> R {
        std::future::poll_fn(|cx| {
            let mut state = lock(&self.0);
            match answer(&state) {
                Some(found) => Poll::Ready(found),
                None => {
                    state.wakers.push(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl<E, H> Batches<E, H> {
    /// Batches of so many events at most, for which the first waits no longer than this.
    #[must_use]
    pub fn new(handler: H, most: usize, wait: Duration) -> Batches<E, H> {
        Batches {
            handler,
            most: most.max(1),
            wait,
            gathering: Mutex::default(),
        }
    }

    /// Puts an event into the batch that is gathered now. Says whether it is the first.
    fn join(&self, event: E, delivery: &Delivery) -> (Arc<Batch<E>>, bool) {
        let mut gathering = lock(&self.gathering);
        let batch = Arc::clone(&gathering);
        let count = batch.change(|state| {
            if !state.closed {
                state.events.push((event, delivery.clone()));
                state.closed = state.events.len() == self.most;
                return Ok((state.events.len(), state.closed));
            }
            Err(event)
        });
        match count {
            Ok((count, full)) => {
                if full {
                    *gathering = Arc::default();
                }
                (batch, count == 1)
            }
            // Its time was over.
            Err(event) => {
                let next: Arc<Batch<E>> = Arc::default();
                next.change(|state| {
                    state.events.push((event, delivery.clone()));
                    state.closed = self.most == 1;
                });
                if self.most > 1 {
                    *gathering = Arc::clone(&next);
                } else {
                    *gathering = Arc::default();
                }
                (next, true)
            }
        }
    }
}

/// Whoever leads a batch, until it is known what became of it. A leader that goes away takes the batch with it.
struct Leader<'b, E>(&'b Batch<E>);

impl<E> Drop for Leader<'_, E> {
    fn drop(&mut self) {
        self.0.change(|state| {
            state.closed = true;
            state.events.clear();
            state.result.get_or_insert(Err(BatchFailed(None)));
        });
    }
}

impl<E: Event, H: BatchHandler<E>> Handler<E> for Batches<E, H> {
    type Error = BatchFailed;

    async fn handle(&self, event: E, delivery: &Delivery) -> Result<(), BatchFailed> {
        let (batch, first) = self.join(event, delivery);
        if first {
            let leader = Leader(&batch);
            let full = batch.until(|state| state.closed.then_some(()));
            // It is full, or its time is over.
            let _ = tokio::time::timeout(self.wait, full).await;
            let events = batch.change(|state| {
                state.closed = true;
                std::mem::take(&mut state.events)
            });
            let result = self.handler.handle(events).await;
            let result = result.map_err(|error| BatchFailed(Some(error.into().into())));
            batch.change(|state| state.result = Some(result));
            drop(leader);
        }
        batch.until(|state| state.result.clone()).await
    }
}

impl<E, H: fmt::Debug> fmt::Debug for Batches<E, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches")
            .field("handler", &self.handler)
            .field("most", &self.most)
            .field("wait", &self.wait)
            .finish_non_exhaustive()
    }
}

/// A batch was not processed; it is the same for all that were in it.
#[derive(Clone, Debug)]
pub struct BatchFailed(Option<Arc<dyn Error + Send + Sync>>);

impl fmt::Display for BatchFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(error) => write!(f, "the batch was not processed: {error}"),
            None => f.write_str("the batch was not processed: whoever did so went away"),
        }
    }
}

impl Error for BatchFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let error = self.0.as_deref()?;
        Some(error)
    }
}
