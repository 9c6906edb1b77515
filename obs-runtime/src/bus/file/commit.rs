//! Group commit: what was written since the last time is synced at once, by one thread, and then answered.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use super::Acknowledge;
use super::segment::{START, Segment};
use super::store::{Place, Store, Writer};
use super::trouble::{Doing, trouble};
use crate::bus::waiters::{Waiters, wake};
use crate::bus::{BusError, Receipt, Sending, Waiting};
use crate::lane::lock;

/// Records that are written and not synced.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) answer: Arc<Answer>,
    /// With their topics.
    pub(super) records: Vec<(usize, u64, Place)>,
    /// Where the first of them stands: everything before is synced.
    segment: Arc<Segment>,
    len: u64,
    number: u64,
}

/// What became of them, and who waits for that.
#[derive(Debug, Default)]
pub(super) struct Answer {
    state: Mutex<(Option<Result<(), BusError>>, Waiters)>,
}

/// What the thread is woken for.
#[derive(Debug, Default)]
pub(super) struct Signal {
    work: bool,
    stop: bool,
}

impl Pending {
    pub(super) fn new(segment: Arc<Segment>, len: u64, number: u64) -> Pending {
        Pending {
            answer: Arc::default(),
            records: Vec::new(),
            segment,
            len,
            number,
        }
    }
}

impl Answer {
    fn set(&self, result: Result<(), BusError>) {
        let mut state = lock(&self.state);
        state.0 = Some(result);
        let waiters = state.1.take();
        drop(state);
        wake(waiters);
    }

    /// Ready when it is there.
    async fn get(&self) -> Result<(), BusError> {
        std::future::poll_fn(|cx| {
            let mut state = lock(&self.state);
            if let Some(result) = &state.0 {
                return Poll::Ready(result.clone());
            }
            state.1.add(cx);
            Poll::Pending
        })
        .await
    }
}

/// The answer for one of the records.
pub(super) fn later(answer: Arc<Answer>, receipt: Receipt) -> Sending {
    Sending::Later(Box::pin(async move {
        answer.get().await?;
        Ok(receipt)
    }))
}

impl Store {
    /// There is something to sync.
    pub(super) fn wake_up(&self) {
        lock(&self.signal).work = true;
        self.work.notify_one();
    }

    /// There will be nothing more to sync.
    pub(super) fn stop(&self) {
        lock(&self.signal).stop = true;
        self.work.notify_one();
    }

    /// What the thread does.
    pub(super) fn run(&self) {
        loop {
            let signal = lock(&self.signal);
            let mut signal = self
                .work
                .wait_while(signal, |signal| !signal.work && !signal.stop)
                .unwrap_or_else(PoisonError::into_inner);
            signal.work = false;
            let stop = signal.stop;
            drop(signal);
            self.commit();
            if stop {
                break;
            }
        }
    }

    /// Syncs what there is, and answers.
    pub(super) fn commit(&self) {
        self.sync_journal();
        let mut writer = lock(&self.writer);
        let Some(pending) = writer.pending.take() else {
            return;
        };
        writer.in_flight = Some(Arc::clone(&pending.answer));
        let mut files = std::mem::take(&mut writer.unsynced);
        files.extend(writer.active.clone());
        // Those before have nothing new, and may have been let go.
        files.retain(|file| file.sequence >= pending.segment.sequence);
        let names = std::mem::take(&mut writer.new_names);
        drop(writer);
        let result = self.sync(&files, names);
        let mut writer = lock(&self.writer);
        writer.in_flight = None;
        let mut all = vec![pending];
        if result.is_err() {
            all.extend(writer.pending.take());
            self.roll_back(&mut writer, &all[0]);
        }
        let mut state = lock(&self.state);
        if result.is_ok() {
            for (topic, number, place) in &all[0].records {
                state.topics.topic(*topic).records.push(*number, *place);
                state.end = number + 1;
            }
        }
        state.topics.closed = writer.closed && writer.pending.is_none();
        let (room, arrivals) = (state.topics.room.take(), state.topics.arrivals.take());
        drop(state);
        drop(writer);
        wake(room);
        wake(arrivals);
        for pending in all {
            pending.answer.set(result.clone());
        }
    }

    fn sync(&self, files: &[Arc<Segment>], names: bool) -> Result<(), BusError> {
        let path = self.disk.path();
        for segment in files {
            let synced = match segment.file.named() {
                Ok(false) => Err(io::ErrorKind::NotFound.into()),
                Ok(true) => segment.file.sync(),
                Err(error) => Err(error),
            };
            synced.map_err(|error| trouble(Doing::Sync, &path.join(segment.name()), &error))?;
        }
        if names {
            let synced = self.disk.sync();
            synced.map_err(|error| trouble(Doing::Sync, path, &error))?;
        }
        Ok(())
    }

    /// What was not synced is not there. The system may believe that it is clean and never write it, so the file is
    /// not used any more: it keeps what was synced before, and the next record begins a new one.
    fn roll_back(&self, writer: &mut Writer, first: &Pending) {
        writer.active = None;
        writer.unsynced.clear();
        (writer.next, writer.end) = (first.number, first.number);
        let mut state = lock(&self.state);
        state.next = first.number;
        while let Some(last) = state.segments.back_mut()
            && last.segment.sequence >= first.segment.sequence
        {
            let here = last.segment.sequence == first.segment.sequence;
            // What stays of it is void: the next segment says where this one ends.
            if here && first.len > START {
                let _ = last.segment.file.cut(first.len);
                last.len = first.len;
                break;
            }
            let _ = self.disk.remove(&last.segment.name());
            state.segments.pop_back();
        }
    }

    /// Ready when everything sent before is synced, or known not to be.
    pub(super) fn flush(&self) -> Waiting {
        if self.options.acknowledge == Acknowledge::PageCache {
            return Waiting::Ready;
        }
        let writer = lock(&self.writer);
        let last = writer.pending.as_ref().map(|pending| &pending.answer);
        let Some(answer) = last.or(writer.in_flight.as_ref()).map(Arc::clone) else {
            return Waiting::Ready;
        };
        drop(writer);
        Waiting::Later(Box::pin(async move {
            // Whose record it was has been told.
            let _ = answer.get().await;
        }))
    }

    /// Takes no more records.
    pub(super) fn close(&self) {
        let mut writer = lock(&self.writer);
        writer.closed = true;
        let idle = writer.pending.is_none() && writer.in_flight.is_none();
        let mut state = lock(&self.state);
        state.topics.closed |= idle;
        let (room, arrivals) = (state.topics.room.take(), state.topics.arrivals.take());
        drop(state);
        drop(writer);
        wake(room);
        wake(arrivals);
    }
}
