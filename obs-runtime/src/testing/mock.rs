//! A publisher for tests of those who publish.

use std::fmt;
use std::marker::PhantomData;

use super::{Fault, FaultyBus};
use crate::envelope;
use crate::event::Event;
use crate::publish::{Publisher, Retry, WhenFull};

/// Stands in for a bus in the test of a service: it keeps the events that were published, as events, and fails when it
/// is told to.
///
/// ```
/// use obs_runtime::Event;
/// use obs_runtime::testing::{Fault, Mock};
///
/// # fn example<E: Event + PartialEq + std::fmt::Debug>(event: &E) {
/// let mock = Mock::<E>::new();
/// mock.publisher().publish_blocking(event).expect("nothing is wrong yet");
/// assert_eq!(mock.events(), [event.clone()]);
///
/// mock.fail(Fault::Down);
/// let error = mock.publisher().publish_blocking(event).expect_err("it was told to fail");
/// assert!(error.retryable());
/// # }
/// ```
pub struct Mock<E> {
    bus: FaultyBus,
    event: PhantomData<fn() -> E>,
}

impl<E: Event> Mock<E> {
    /// One that takes everything.
    #[must_use]
    pub fn new() -> Mock<E> {
        Mock {
            bus: FaultyBus::new(),
            event: PhantomData,
        }
    }

    /// A publisher that tries once and never waits for room. Whoever waits or tries again is given the publisher of a
    /// [`FaultyBus`].
    #[must_use]
    pub fn publisher(&self) -> Publisher<E> {
        E::publisher(&self.bus.bus())
            .with_retry(Retry::NEVER)
            .when_full(WhenFull::Fail)
    }

    /// Makes something wrong, or right again.
    pub fn fail(&self, fault: Fault) {
        self.bus.set(fault);
    }

    /// The events that were published since the last time somebody asked, the oldest first. Each has been encoded
    /// and decoded again.
    #[must_use]
    pub fn events(&self) -> Vec<E> {
        let records = self.bus.drain();
        records
            .iter()
            .filter_map(|record| {
                let payload = envelope::payload(E::DESCRIPTOR, None, &record.as_record())?;
                E::decode_body(&payload).ok()
            })
            .collect()
    }
}

impl<E: Event> Default for Mock<E> {
    fn default() -> Mock<E> {
        Mock::new()
    }
}

impl<E> fmt::Debug for Mock<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mock").field("bus", &self.bus).finish()
    }
}
