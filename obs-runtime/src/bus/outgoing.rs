//! A queue in front of a system that takes its time, for transports that have none of their own.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use super::sending::block_on;
use super::waiters::{Waiters, wake};
use super::{
    BusError, BusErrorKind, Confirm, Depth, Lost, OwnedRecord, Receipt, Record, Sending, Waiting,
};
use crate::lane::lock;

/// Records on their way to a system that answers later: the transport puts them in, a worker takes them out, sends
/// them, and tells what became of each. It comes with the feature `transport`.
///
/// Records come out in the order in which they went in. What the worker has and has not settled takes room too.
///
/// ```
/// use obs_runtime::Record;
/// use obs_runtime::bus::{Confirm, Outgoing, Receipt};
///
/// let outgoing = Outgoing::new(1_000, 1 << 20, Confirm::Queued, |lost| eprintln!("{}", lost.error));
/// let confirmed = outgoing.send_confirmed(&Record::new("user.registered.v2", b"{}"));
/// // In the thread of the worker.
/// for parcel in outgoing.take(100, 1 << 20).expect("it has not ended") {
///     assert_eq!(parcel.record().topic(), "user.registered.v2");
///     parcel.settle(Ok(Receipt::default()));
/// }
/// confirmed.wait()?;
/// # Ok::<(), obs_runtime::BusError>(())
/// ```
#[derive(Clone)]
pub struct Outgoing {
    shared: Arc<Shared>,
}

type WhenLost = Box<dyn Fn(&Lost<'_>) + Send + Sync>;

struct Shared {
    records: usize,
    bytes: usize,
    confirm: Confirm,
    when_lost: WhenLost,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Kept>,
    /// What is in the queue, and what the worker has.
    records: usize,
    bytes: usize,
    /// The largest record that found no room since there was room for it.
    wanted: usize,
    closed: bool,
    ended: bool,
    /// Who waits for room, for nothing to be on its way, or for the end.
    waiters: Waiters,
    worker: Option<Waker>,
}

/// A record, and who waits for what becomes of it.
struct Kept {
    record: OwnedRecord,
    answer: Option<Arc<Mutex<Answer>>>,
}

/// A record that a worker is to send. Dropped without a word it is lost, as on a bus that is closed.
pub struct Parcel {
    record: OwnedRecord,
    answer: Option<Arc<Mutex<Answer>>>,
    settled: bool,
    shared: Arc<Shared>,
}

/// What becomes of a record, for who waits for it.
#[derive(Default)]
enum Answer {
    #[default]
    Open,
    Waited(Waker),
    Known(Result<Receipt, BusError>),
    /// Whoever waited has gone.
    Unasked,
}

impl Outgoing {
    /// A queue for so many records and so many bytes. `when_lost` is called, by whoever settles it, for each record
    /// that did not get there and that nobody waits for.
    #[must_use]
    pub fn new(
        records: usize,
        bytes: usize,
        confirm: Confirm,
        when_lost: impl Fn(&Lost<'_>) + Send + Sync + 'static,
    ) -> Outgoing {
        Outgoing {
            shared: Arc::new(Shared {
                records,
                bytes,
                confirm,
                when_lost: Box::new(when_lost),
                state: Mutex::default(),
            }),
        }
    }

    /// Takes a record for the worker: [`Transport::send`](super::Transport::send).
    pub fn send(&self, record: &Record<'_>) -> Sending {
        match self.shared.confirm {
            Confirm::Queued => {
                let put = self.shared.put(record, None);
                Sending::Done(put.map(|()| Receipt::default()))
            }
            Confirm::Delivered => self.send_confirmed(record),
        }
    }

    /// The same, with the answer of the worker: [`Transport::send_confirmed`](super::Transport::send_confirmed).
    pub fn send_confirmed(&self, record: &Record<'_>) -> Sending {
        let answer: Arc<Mutex<Answer>> = Arc::default();
        match self.shared.put(record, Some(Arc::clone(&answer))) {
            Ok(()) => Sending::Later(Box::pin(Awaited(answer))),
            Err(error) => Sending::Done(Err(error)),
        }
    }

    /// Ready when another record may find room: [`Transport::room`](super::Transport::room).
    pub fn room(&self) -> Waiting {
        let (records, bytes) = (self.shared.records, self.shared.bytes);
        self.when(move |state| {
            // Not merely a byte: who is woken for less than it needs would ask in circles.
            let fits = bytes.saturating_sub(state.bytes) >= state.wanted;
            let room = state.closed || state.records < records && fits;
            if room {
                state.wanted = 0;
            }
            room
        })
    }

    /// Ready when nothing is on its way: [`Transport::flush`](super::Transport::flush).
    pub fn flush(&self) -> Waiting {
        self.when(|state| state.records == 0)
    }

    /// Takes no more records: [`Transport::close`](super::Transport::close). The worker gets what is there, and then
    /// nothing more.
    pub fn close(&self) {
        self.shared.change(|state| state.closed = true);
    }

    /// Whether it takes no more records.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        lock(&self.shared.state).closed
    }

    /// How many records are on their way: [`Transport::depth`](super::Transport::depth).
    #[must_use]
    pub fn depth(&self) -> Depth {
        Depth {
            records: lock(&self.shared.state).records as u64,
            capacity: self.shared.records as u64,
        }
    }

    /// The worker gets nothing more: what is in the queue is lost.
    pub fn end(&self) {
        let rest = self.shared.change(|state| {
            (state.closed, state.ended) = (true, true);
            std::mem::take(&mut state.queue)
        });
        for kept in rest {
            drop(self.parcel(kept));
        }
    }

    fn parcel(&self, kept: Kept) -> Parcel {
        Parcel {
            record: kept.record,
            answer: kept.answer,
            settled: false,
            shared: Arc::clone(&self.shared),
        }
    }

    /// Ready when [`end`](Outgoing::end) was called, for a worker that waits for something else.
    pub fn ended(&self) -> Waiting {
        self.when(|state| state.ended)
    }

    /// What there is, up to so many records and bytes, and one at least. Sleeps until there is one; `None` when none
    /// will be.
    #[must_use]
    pub fn take(&self, records: usize, bytes: usize) -> Option<Vec<Parcel>> {
        block_on(std::future::poll_fn(|cx| {
            self.poll_take(cx, records, bytes)
        }))
    }

    /// The same, for a worker that is a task. There is one worker: the last one that asked is woken.
    pub fn poll_take(
        &self,
        cx: &mut Context<'_>,
        records: usize,
        bytes: usize,
    ) -> Poll<Option<Vec<Parcel>>> {
        let mut state = lock(&self.shared.state);
        if state.ended {
            return Poll::Ready(None);
        }
        let mut taken = Vec::new();
        let mut size = 0;
        while taken.len() < records.max(1)
            && let Some(next) = state.queue.front()
        {
            size += next.record.packed_size();
            if size > bytes && !taken.is_empty() {
                break;
            }
            let kept = state.queue.pop_front();
            taken.extend(kept.map(|kept| self.parcel(kept)));
        }
        if taken.is_empty() {
            if state.closed {
                return Poll::Ready(None);
            }
            state.worker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Some(taken))
    }

    /// Ready when this is so.
    fn when(&self, so: impl Fn(&mut State) -> bool + Send + 'static) -> Waiting {
        if so(&mut lock(&self.shared.state)) {
            return Waiting::Ready;
        }
        let shared = Arc::clone(&self.shared);
        Waiting::Later(Box::pin(std::future::poll_fn(move |cx| {
            let mut state = lock(&shared.state);
            if so(&mut state) {
                return Poll::Ready(());
            }
            state.waiters.add(cx);
            Poll::Pending
        })))
    }
}

impl Shared {
    fn put(&self, record: &Record<'_>, answer: Option<Arc<Mutex<Answer>>>) -> Result<(), BusError> {
        let record = record.owned();
        let size = record.packed_size();
        if size > self.bytes {
            return Err(BusErrorKind::TooLarge { limit: self.bytes }.into());
        }
        let mut state = lock(&self.state);
        if state.closed {
            return Err(BusErrorKind::Closed.into());
        }
        if state.records >= self.records || state.bytes + size > self.bytes {
            state.wanted = state.wanted.max(size);
            return Err(BusErrorKind::Full.into());
        }
        state.records += 1;
        state.bytes += size;
        state.queue.push_back(Kept { record, answer });
        let worker = state.worker.take();
        drop(state);
        if let Some(worker) = worker {
            worker.wake();
        }
        Ok(())
    }

    /// Changes something that others may wait for.
    fn change<T>(self: &Arc<Self>, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        let result = change(&mut state);
        let (waiters, worker) = (state.waiters.take(), state.worker.take());
        drop(state);
        wake(waiters);
        if let Some(worker) = worker {
            worker.wake();
        }
        result
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Parcel {
    /// What is to be sent.
    #[must_use]
    pub fn record(&self) -> &OwnedRecord {
        &self.record
    }

    /// It is where it should be, or will not get there.
    pub fn settle(mut self, result: Result<Receipt, BusError>) {
        self.tell(result);
    }

    fn tell(&mut self, result: Result<Receipt, BusError>) {
        if std::mem::replace(&mut self.settled, true) {
            return;
        }
        let asked = self.answer.take();
        if let Some(result) = asked.map_or(Some(result.clone()), |answer| give(&answer, result))
            && let Err(error) = &result
        {
            let record = self.record.as_record();
            (self.shared.when_lost)(&Lost { record, error });
        }
        let size = self.record.packed_size();
        self.shared.change(|state| {
            state.records -= 1;
            state.bytes -= size;
        });
    }
}

/// Nobody sends what is left.
impl Drop for Shared {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        let state = state.unwrap_or_else(std::sync::PoisonError::into_inner);
        for answer in state.queue.drain(..).filter_map(|kept| kept.answer) {
            give(&answer, Err(BusErrorKind::Closed.into()));
        }
    }
}

/// Answers who waits. Gives the answer back if nobody does.
fn give(
    answer: &Mutex<Answer>,
    result: Result<Receipt, BusError>,
) -> Option<Result<Receipt, BusError>> {
    let mut answer = lock(answer);
    if matches!(*answer, Answer::Unasked) {
        return Some(result);
    }
    let before = std::mem::replace(&mut *answer, Answer::Known(result));
    drop(answer);
    if let Answer::Waited(waker) = before {
        waker.wake();
    }
    None
}

impl Drop for Parcel {
    fn drop(&mut self) {
        self.tell(Err(BusErrorKind::Closed.into()));
    }
}

/// The answer to one record.
struct Awaited(Arc<Mutex<Answer>>);

impl Future for Awaited {
    type Output = Result<Receipt, BusError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut answer = lock(&self.0);
        if let Answer::Known(result) = &*answer {
            return Poll::Ready(result.clone());
        }
        *answer = Answer::Waited(cx.waker().clone());
        Poll::Pending
    }
}

/// Whoever waited has gone: an error that nobody saw is a loss from now on.
impl Drop for Awaited {
    fn drop(&mut self) {
        *lock(&self.0) = Answer::Unasked;
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("records", &self.shared.records)
            .field("bytes", &self.shared.bytes)
            .field("depth", &self.depth().records)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Parcel").field(&self.record).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::time::Duration;

    /// Long enough that a lost wake-up fails the test instead of hanging it.
    const LONG: Duration = Duration::from_secs(60);

    fn outgoing(records: usize, bytes: usize) -> (Outgoing, Arc<AtomicUsize>) {
        let lost: Arc<AtomicUsize> = Arc::default();
        let counts = Arc::clone(&lost);
        let count = move |_: &Lost<'_>| {
            counts.fetch_add(1, SeqCst);
        };
        (Outgoing::new(records, bytes, Confirm::Queued, count), lost)
    }

    fn kind(sending: Sending) -> Result<(), BusErrorKind> {
        sending.wait().map(drop).map_err(|error| error.kind())
    }

    #[test]
    fn what_goes_in_comes_out_in_order_and_takes_room_until_it_is_settled() {
        let (outgoing, lost) = outgoing(3, 1_000);
        let send = |body: &[u8]| kind(outgoing.send(&Record::new("t", body)));
        assert_eq!(
            (send(b"1"), send(b"2"), send(b"3")),
            (Ok(()), Ok(()), Ok(()))
        );
        assert_eq!(send(b"4"), Err(BusErrorKind::Full));
        assert_eq!(
            send(&[0; 1_000]),
            Err(BusErrorKind::TooLarge { limit: 1_000 })
        );
        let taken = outgoing.take(2, 1_000).unwrap();
        let bodies: Vec<_> = taken.iter().map(|parcel| parcel.record().body()).collect();
        assert_eq!(bodies, [Some(&b"1"[..]), Some(b"2")]);
        assert_eq!(send(b"4"), Err(BusErrorKind::Full));
        let room = outgoing.room();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for parcel in taken {
                    parcel.settle(Ok(Receipt::default()));
                }
            });
            assert!(room.wait_for(LONG));
        });
        assert!(!outgoing.flush().wait_for(Duration::ZERO));
        outgoing.close();
        assert_eq!(send(b"4"), Err(BusErrorKind::Closed));
        // One that is larger than asked for comes alone.
        for parcel in outgoing.take(9, 1).unwrap() {
            parcel.settle(Err(BusErrorKind::Rejected.into()));
        }
        assert!(outgoing.flush().wait_for(Duration::ZERO));
        assert_eq!(lost.load(SeqCst), 1);
    }

    #[test]
    fn who_waits_hears_what_became_of_it_and_who_has_gone_has_lost_it() {
        let (outgoing, lost) = outgoing(3, 1_000);
        let record = Record::new("t", b"");
        let [waits, fails, goes] = [(); 3].map(|()| outgoing.send_confirmed(&record));
        let receipt = Receipt {
            offset: Some(7),
            ..Receipt::default()
        };
        let mut taken = outgoing.take(3, 1_000).unwrap().into_iter();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                taken.next().unwrap().settle(Ok(receipt));
                drop(taken.next());
            });
            assert_eq!(waits.wait(), Ok(receipt));
            assert_eq!(kind(fails), Err(BusErrorKind::Closed));
        });
        assert_eq!(lost.load(SeqCst), 0);
        drop(goes);
        taken
            .next()
            .unwrap()
            .settle(Err(BusErrorKind::Timeout.into()));
        assert_eq!((lost.load(SeqCst), outgoing.depth().records), (1, 0));
    }

    #[test]
    fn the_end_wakes_the_worker_and_loses_what_is_left() {
        let (outgoing, lost) = outgoing(3, 1_000);
        std::thread::scope(|scope| {
            let worker = scope.spawn(|| outgoing.take(3, 1_000).is_none());
            outgoing.end();
            assert!(worker.join().unwrap() && outgoing.ended().wait_for(LONG));
        });
        let (outgoing, lost_too) = self::outgoing(3, 1_000);
        let sending = outgoing.send_confirmed(&Record::new("t", b""));
        assert_eq!(kind(outgoing.send(&Record::new("t", b""))), Ok(()));
        outgoing.end();
        assert_eq!(kind(sending), Err(BusErrorKind::Closed));
        assert_eq!((lost.load(SeqCst), lost_too.load(SeqCst)), (0, 1));
    }
}
