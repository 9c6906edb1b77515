//! Time for those who wait: a thread that wakes them when it is over.
//!
//! Publishing needs no executor, so it has no timer to ask either. The thread starts with the first one who waits;
//! whoever gets through at once never meets it.

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::{Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::clock::{self, Moment};
use crate::lane::{self, lock};

/// A time, and what tells those of one time apart.
type Key = (Moment, u64);

/// Whom to wake.
struct Alarms {
    /// In order. Most times are behind all others, and most that go are the first ones.
    waiting: VecDeque<(Key, Waker)>,
    count: u64,
    runs: bool,
}

static ALARMS: Mutex<Alarms> = Mutex::new(Alarms {
    waiting: VecDeque::new(),
    count: 0,
    runs: false,
});

impl Alarms {
    /// How many come before.
    fn before(&self, key: Key) -> usize {
        self.waiting.partition_point(|(known, _)| *known < key)
    }
}

/// There is an alarm before all others.
static EARLIER: Condvar = Condvar::new();

/// Somebody waits to be woken; to drop it is to wait no more.
struct Alarm {
    key: Key,
    waker: Waker,
}

impl Alarm {
    fn set(at: Moment, waker: &Waker) -> Alarm {
        let mut alarms = lock(&ALARMS);
        alarms.count += 1;
        let key = (at, alarms.count);
        let place = alarms.before(key);
        alarms.waiting.insert(place, (key, waker.clone()));
        let first = place == 0;
        if !alarms.runs {
            alarms.runs = lane::start("obs-timer", Box::new(run)).is_ok();
        }
        let runs = alarms.runs;
        drop(alarms);
        if !runs {
            // No thread is to be had: better to be asked too often than never.
            waker.wake_by_ref();
        } else if first {
            EARLIER.notify_one();
        }
        Alarm {
            key,
            waker: waker.clone(),
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        // Dropped outside of the lock: a waker is foreign code.
        let mut alarms = lock(&ALARMS);
        let place = alarms.before(self.key);
        let mine = alarms
            .waiting
            .get(place)
            .is_some_and(|(key, _)| *key == self.key);
        let gone = mine.then(|| alarms.waiting.remove(place));
        drop(alarms);
        drop(gone);
    }
}

fn run() {
    let mut alarms = lock(&ALARMS);
    loop {
        let now = clock::now();
        let place = alarms.before((Moment(now.0 + 1), 0));
        let later = alarms.waiting.split_off(place);
        let due = std::mem::replace(&mut alarms.waiting, later);
        if due.is_empty() {
            let next = alarms.waiting.front();
            let pause = next.map_or(Duration::from_secs(3_600), |((at, _), _)| {
                Duration::from_nanos(at.nanos_since(now))
            });
            let waited = EARLIER.wait_timeout(alarms, pause);
            alarms = waited.unwrap_or_else(PoisonError::into_inner).0;
        } else {
            // Outside of the lock, as above.
            drop(alarms);
            due.into_iter().for_each(|(_, waker)| waker.wake());
            alarms = lock(&ALARMS);
        }
    }
}

/// What a future comes to, or nothing when the time is over first. The future is asked before the clock.
pub(crate) async fn before<F: Future>(deadline: Option<Moment>, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let Some(deadline) = deadline else {
        return Some(future.await);
    };
    let mut alarm: Option<Alarm> = None;
    std::future::poll_fn(move |cx: &mut Context<'_>| {
        if let Poll::Ready(value) = Pin::as_mut(&mut future).poll(cx) {
            return Poll::Ready(Some(value));
        }
        if clock::now() >= deadline {
            return Poll::Ready(None);
        }
        // A task may come back under another waker, and after an alarm that rang too early.
        if alarm
            .as_ref()
            .is_none_or(|alarm| !alarm.waker.will_wake(cx.waker()))
        {
            alarm = Some(Alarm::set(deadline, cx.waker()));
        }
        Poll::Pending
    })
    .await
}

/// Waits for so long.
pub(super) async fn sleep(pause: Duration) {
    let until = clock::now().after(pause);
    before(Some(until), std::future::pending::<()>()).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::block_on;

    #[test]
    fn the_first_of_future_and_time_wins() {
        let soon = || Some(clock::now().after(Duration::from_millis(1)));
        assert_eq!(block_on(before(soon(), std::future::pending::<()>())), None);
        assert_eq!(block_on(before(soon(), std::future::ready(7))), Some(7));
        assert_eq!(
            block_on(before(Some(Moment(0)), std::future::ready(7))),
            Some(7)
        );
        assert_eq!(block_on(before(None, std::future::ready(7))), Some(7));
        block_on(sleep(Duration::from_micros(1)));
    }

    #[test]
    fn who_waits_no_more_is_forgotten() {
        let far = Some(clock::now().after(Duration::from_secs(1_000)));
        let mut waiting = Box::pin(before(far, std::future::pending::<()>()));
        let first = waiting
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(first, Poll::Pending);
        let far = |alarms: &Alarms| alarms.waiting.iter().any(|((at, _), _)| Some(*at) == far);
        assert!(far(&lock(&ALARMS)));
        drop(waiting);
        assert!(!far(&lock(&ALARMS)));
    }
}
