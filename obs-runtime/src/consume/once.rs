//! Recognising events that come again.

use std::collections::{HashSet, VecDeque};
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;

use crate::lane::lock;

type Trouble = Box<dyn Error + Send + Sync>;

/// Remembers which events were processed, so that those that come again are acknowledged and not processed again.
///
/// A bus delivers at least once; whoever wants effects once remembers them where the effects are: in the same database,
/// and best in the same transaction. This is for the others.
///
/// ```
/// use obs_runtime::consume::Recent;
/// use obs_runtime::{Bus, Consumer, Event, Handler};
///
/// fn consumer<E: Event>(bus: &Bus, handler: impl Handler<E>) -> Consumer {
///     Consumer::new(bus, "email-service").handle(handler).once(Recent::new(10_000))
/// }
/// ```
pub trait Processed: Send + Sync + 'static {
    /// Whether this consumer has processed the event.
    ///
    /// # Errors
    ///
    /// It cannot be found out: the attempt has failed.
    fn has(
        &self,
        consumer: &str,
        event_id: &str,
    ) -> impl Future<Output = Result<bool, Trouble>> + Send;

    /// It has now.
    ///
    /// # Errors
    ///
    /// It cannot be remembered: the attempt has failed, and what it did is done again.
    fn keep(
        &self,
        consumer: &str,
        event_id: &str,
    ) -> impl Future<Output = Result<(), Trouble>> + Send;
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Trouble>> + Send + 'a>>;

/// The same for any of them.
pub(super) trait Memory: Send + Sync {
    fn has<'a>(&'a self, consumer: &'a str, id: &'a str) -> Answer<'a, bool>;
    fn keep<'a>(&'a self, consumer: &'a str, id: &'a str) -> Answer<'a, ()>;
}

impl<P: Processed> Memory for P {
    fn has<'a>(&'a self, consumer: &'a str, id: &'a str) -> Answer<'a, bool> {
        Box::pin(Processed::has(self, consumer, id))
    }

    fn keep<'a>(&'a self, consumer: &'a str, id: &'a str) -> Answer<'a, ()> {
        Box::pin(Processed::keep(self, consumer, id))
    }
}

/// The last events that this program has processed, as many as it is told to remember.
#[derive(Debug)]
pub struct Recent {
    most: usize,
    ids: Mutex<Ids>,
}

#[derive(Debug, Default)]
struct Ids {
    known: HashSet<(String, String)>,
    /// The oldest first.
    order: VecDeque<(String, String)>,
}

impl Recent {
    /// One that remembers so many.
    #[must_use]
    pub fn new(most: usize) -> Recent {
        Recent {
            most,
            ids: Mutex::default(),
        }
    }
}

impl Processed for Recent {
    async fn has(&self, consumer: &str, event_id: &str) -> Result<bool, Trouble> {
        let id = (consumer.to_owned(), event_id.to_owned());
        Ok(lock(&self.ids).known.contains(&id))
    }

    async fn keep(&self, consumer: &str, event_id: &str) -> Result<(), Trouble> {
        let id = (consumer.to_owned(), event_id.to_owned());
        let mut ids = lock(&self.ids);
        if ids.known.insert(id.clone()) {
            ids.order.push_back(id);
        }
        while ids.order.len() > self.most {
            if let Some(oldest) = ids.order.pop_front() {
                ids.known.remove(&oldest);
            }
        }
        Ok(())
    }
}
