//! Answers that may be there at once.
//!
//! Most records are taken while the publisher looks, so an answer is a value first and a future only when it must be:
//! the usual way neither allocates nor needs anybody who polls.

use std::cell::Cell;
use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use super::BusError;
use crate::clock;

/// What became of a record: known already, or later.
///
/// It is a future too. Whoever cannot await calls [`Sending::wait`].
#[must_use = "an error in here is a record that nobody has"]
pub enum Sending {
    /// It is known.
    Done(Result<Receipt, BusError>),
    /// It will be known. To drop the future is to stop asking, not to take the record back.
    Later(Pin<Box<dyn Future<Output = Result<Receipt, BusError>> + Send>>),
}

/// Where a record is, as far as the bus says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Receipt {
    /// In which part of the topic.
    pub partition: Option<i32>,
    /// The how manieth it is there.
    pub offset: Option<u64>,
}

/// Something that is so, or will be.
///
/// It is a future too. Whoever cannot await calls [`Waiting::wait`].
#[must_use = "nothing waits unless it is awaited"]
pub enum Waiting {
    /// It is so.
    Ready,
    /// It will be so.
    Later(Pin<Box<dyn Future<Output = ()> + Send>>),
}

impl Sending {
    /// The answer, even if this thread must sleep until it is there.
    pub fn wait(self) -> Result<Receipt, BusError> {
        match self {
            Sending::Done(result) => result,
            Sending::Later(future) => block_on(future),
        }
    }
}

impl Waiting {
    /// Sleeps until it is so.
    pub fn wait(self) {
        match self {
            Waiting::Ready => {}
            Waiting::Later(future) => block_on(future),
        }
    }

    /// Sleeps until it is so, but not longer than this. Says whether it is.
    pub fn wait_for(self, timeout: Duration) -> bool {
        match self {
            Waiting::Ready => true,
            Waiting::Later(future) => block_on_for(future, timeout).is_some(),
        }
    }
}

impl Future for Sending {
    type Output = Result<Receipt, BusError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Sending::Done(result) => Poll::Ready(result.clone()),
            Sending::Later(future) => future.as_mut().poll(cx),
        }
    }
}

impl Future for Waiting {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.get_mut() {
            Waiting::Ready => Poll::Ready(()),
            Waiting::Later(future) => future.as_mut().poll(cx),
        }
    }
}

impl fmt::Debug for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sending::Done(result) => f.debug_tuple("Done").field(result).finish(),
            Sending::Later(_) => f.write_str("Later"),
        }
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Waiting::Ready => "Ready",
            Waiting::Later(_) => "Later",
        })
    }
}

/// Wakes a thread that sleeps.
///
/// That it was woken stands here, and not only with the thread: whatever is polled may sleep as well, in here or in the
/// standard library, and takes what the thread was told then.
struct Parked {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, SeqCst) {
            self.thread.unpark();
        }
    }
}

thread_local! {
    /// That of this thread, while nobody sleeps with it.
    static PARKED: Cell<Option<Arc<Parked>>> = const { Cell::new(None) };
}

/// Polls a future until it is done, and sleeps in between for as long as it may; `None` says that it may no longer.
fn poll_on<T>(future: impl Future<Output = T>, mut sleep: impl FnMut() -> Option<()>) -> Option<T> {
    let mut future = pin!(future);
    let parked = PARKED.try_with(Cell::take).ok().flatten();
    let parked = parked.unwrap_or_else(|| {
        Arc::new(Parked {
            thread: std::thread::current(),
            woken: AtomicBool::new(false),
        })
    });
    let waker = Waker::from(Arc::clone(&parked));
    let mut over = false;
    let done = loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            break Some(value);
        }
        if over {
            break None;
        }
        // Others unpark threads for reasons of their own.
        while !over && !parked.woken.swap(false, SeqCst) {
            over = sleep().is_none();
        }
    };
    let _ = PARKED.try_with(|kept| kept.set(Some(parked)));
    done
}

/// Sleeps on this thread until a future is done.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        let sleep = || {
            std::thread::park();
            Some(())
        };
        if let Some(value) = poll_on(future.as_mut(), sleep) {
            return value;
        }
    }
}

/// Sleeps on this thread until a future is done, or the time is over.
pub(crate) fn block_on_for<T>(future: impl Future<Output = T>, timeout: Duration) -> Option<T> {
    let start = clock::now();
    poll_on(future, || {
        let passed = Duration::from_nanos(clock::now().nanos_since(start));
        let left = timeout.checked_sub(passed).filter(|left| !left.is_zero())?;
        std::thread::park_timeout(left);
        Some(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Long enough that a lost wake-up fails the test instead of hanging it.
    const LONG: Duration = Duration::from_secs(60);

    /// Ready when another thread has said so.
    fn later() -> (impl Future<Output = ()> + Send, impl FnOnce() + Send) {
        let said = Arc::new((AtomicBool::new(false), std::sync::Mutex::new(None::<Waker>)));
        let other = Arc::clone(&said);
        let future = std::future::poll_fn(move |cx| {
            *said.1.lock().unwrap() = Some(cx.waker().clone());
            if said.0.load(SeqCst) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        let say = move || {
            other.0.store(true, SeqCst);
            if let Some(waker) = other.1.lock().unwrap().take() {
                waker.wake();
            }
        };
        (future, say)
    }

    #[test]
    fn a_thread_sleeps_until_the_answer_is_there() {
        let (future, say) = later();
        std::thread::scope(|scope| {
            scope.spawn(say);
            Waiting::Later(Box::pin(future)).wait();
        });
        let (future, say) = later();
        let answer = Receipt {
            offset: Some(7),
            ..Receipt::default()
        };
        let sending = Sending::Later(Box::pin(async move {
            future.await;
            Ok(answer)
        }));
        std::thread::scope(|scope| {
            scope.spawn(say);
            assert_eq!(sending.wait(), Ok(answer));
        });
    }

    /// Woken while it is polled for the first time, ready at the second; does something after it was woken.
    fn ready_when_polled_again(meanwhile: fn()) {
        let mut polls = 0;
        block_on(std::future::poll_fn(|cx| {
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            meanwhile();
            Poll::Pending
        }));
    }

    /// Who is polled may sleep too, and be woken by what was meant for who polls.
    #[test]
    fn who_sleeps_within_leaves_others_their_wake_ups() {
        let within = || ready_when_polled_again(|| ());
        // Such as what the standard library sleeps with, which knows nothing of ours.
        let others = || {
            std::thread::current().unpark();
            std::thread::park();
        };
        for sleep in [within as fn(), others] {
            let (done, wait) = std::sync::mpsc::channel();
            std::thread::spawn(move || {
                ready_when_polled_again(sleep);
                done.send(())
            });
            assert_eq!(wait.recv_timeout(LONG), Ok(()));
        }
    }

    #[test]
    fn a_thread_does_not_sleep_longer_than_it_may() {
        let (future, _say) = later();
        assert!(!Waiting::Later(Box::pin(future)).wait_for(Duration::from_micros(1)));
        let (future, say) = later();
        say();
        assert!(Waiting::Later(Box::pin(future)).wait_for(Duration::ZERO));
        assert!(Waiting::Ready.wait_for(Duration::ZERO));
    }
}
