//! Answers that somebody waits for: the thread of the client writes them, futures take them.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use obs_runtime::BusError;
use obs_runtime::bus::Receipt;
use slab::Slab;

/// Why not, or where.
pub(crate) type Answer = Result<Receipt, BusError>;

/// All that are open. A ticket is what librdkafka carries along with a record; zero says that nobody waits.
#[derive(Debug, Default)]
pub(crate) struct Answers(Mutex<Slab<State>>);

#[derive(Debug)]
enum State {
    Open(Option<Waker>),
    Known(Answer),
    /// Whoever waited has gone.
    Unasked,
}

impl Answers {
    /// A place for an answer.
    pub(crate) fn ticket(&self) -> usize {
        self.states().insert(State::Open(None)) + 1
    }

    /// The answer of a ticket that will have none.
    pub(crate) fn cancel(&self, ticket: usize) {
        if let Some(key) = ticket.checked_sub(1) {
            self.states().try_remove(key);
        }
    }

    /// The answer is there. Says whether anybody will have it.
    pub(crate) fn give(&self, ticket: usize, answer: Answer) -> bool {
        let Some(key) = ticket.checked_sub(1) else {
            return false;
        };
        let mut states = self.states();
        let waker = match states.get_mut(key) {
            Some(State::Open(waker)) => waker.take(),
            _ => {
                states.try_remove(key);
                return false;
            }
        };
        states[key] = State::Known(answer);
        drop(states);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    fn states(&self) -> MutexGuard<'_, Slab<State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer to one record.
pub(crate) struct Awaited<O: AsRef<Answers>> {
    owner: Arc<O>,
    ticket: usize,
}

impl<O: AsRef<Answers>> Awaited<O> {
    pub(crate) fn new(owner: Arc<O>, ticket: usize) -> Awaited<O> {
        Awaited { owner, ticket }
    }
}

impl<O: AsRef<Answers>> Future for Awaited<O> {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        let key = self.ticket.wrapping_sub(1);
        let owner = Arc::clone(&self.owner);
        let mut states = (*owner).as_ref().states();
        match states.get_mut(key) {
            Some(State::Open(waker)) => {
                *waker = Some(cx.waker().clone());
                Poll::Pending
            }
            _ => {
                self.ticket = 0;
                match states.try_remove(key) {
                    Some(State::Known(answer)) => Poll::Ready(answer),
                    // Asked again behind the end.
                    _ => Poll::Pending,
                }
            }
        }
    }
}

impl<O: AsRef<Answers>> Drop for Awaited<O> {
    fn drop(&mut self) {
        let Some(key) = self.ticket.checked_sub(1) else {
            return;
        };
        let mut states = (*self.owner).as_ref().states();
        match states.get_mut(key) {
            Some(open @ State::Open(_)) => *open = State::Unasked,
            _ => drop(states.try_remove(key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Owner(Answers);

    impl AsRef<Answers> for Owner {
        fn as_ref(&self) -> &Answers {
            &self.0
        }
    }

    #[test]
    fn an_answer_reaches_who_waits_and_nothing_stays_behind() {
        let owner = Arc::new(Owner(Answers::default()));
        let answers = &owner.0;
        let mut cx = Context::from_waker(Waker::noop());
        let wait = || {
            let ticket = answers.ticket();
            (ticket, Box::pin(Awaited::new(Arc::clone(&owner), ticket)))
        };
        let receipt = Receipt::default();

        let (ticket, mut waits) = wait();
        assert_eq!(waits.as_mut().poll(&mut cx), Poll::Pending);
        assert!(answers.give(ticket, Ok(receipt)));
        assert_eq!(waits.as_mut().poll(&mut cx), Poll::Ready(Ok(receipt)));

        let (ticket, gone) = wait();
        drop(gone);
        assert!(!answers.give(ticket, Ok(receipt)));

        let (ticket, known) = wait();
        assert!(answers.give(ticket, Ok(receipt)));
        drop(known);

        let (ticket, refused) = wait();
        answers.cancel(ticket);
        drop(refused);

        assert!(!answers.give(0, Ok(receipt)));
        assert!(answers.states().is_empty());
    }
}
