//! What each thread has for itself, and who gathers it.
//!
//! Telemetry is written where nobody else writes: a thread appends to its own blocks and counts in its own cells, and
//! whoever exports comes round and takes what is there. So the hot path meets no lock that anyone else wants.

use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many threads count in cells of their own at the same time. Further threads share the last lane.
pub(crate) const OWNED: usize = 16;

/// All lanes: the owned ones and the shared one.
pub(crate) const LANES: usize = OWNED + 1;

/// One bit for each owned lane that has a thread.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// The lane of a thread, for as long as it lives.
#[derive(Debug)]
struct Claim(Lane);

/// Which cells are a thread's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lane {
    /// Nobody else writes to these: load and store will do.
    Own(usize),
    /// Others may write at the same time.
    Shared,
}

impl Lane {
    /// Its place among all lanes.
    #[inline]
    pub(crate) fn index(self) -> usize {
        match self {
            Lane::Own(index) => index,
            Lane::Shared => OWNED,
        }
    }
}

thread_local! {
    static CLAIM: Claim = Claim::new();

    /// The place of the claim, and one more: a plain number, so that nobody has to ask whether it is there yet.
    static PLACE: Cell<usize> = const { Cell::new(0) };
}

/// The lane of this thread. While a thread ends, the shared one.
#[inline]
pub(crate) fn mine() -> Lane {
    match PLACE.get() {
        0 => claim(),
        place if place <= OWNED => Lane::Own(place - 1),
        _ => Lane::Shared,
    }
}

#[cold]
fn claim() -> Lane {
    let lane = CLAIM.try_with(|claim| claim.0).unwrap_or(Lane::Shared);
    PLACE.set(lane.index() + 1);
    lane
}

impl Claim {
    fn new() -> Claim {
        // Who takes a lane over must see what its last thread wrote there: acquire here, release below.
        let taken = TAKEN.fetch_update(std::sync::atomic::Ordering::Acquire, Relaxed, |taken| {
            let free = (!taken).trailing_zeros();
            (free < OWNED as u32).then_some(taken | 1 << free)
        });
        match taken {
            Ok(before) => {
                let lane = (!before).trailing_zeros() as usize;
                Claim(Lane::Own(lane))
            }
            Err(_) => Claim(Lane::Shared),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // What the thread counts from here on is counted among others.
        PLACE.set(Lane::Shared.index() + 1);
        if let Lane::Own(lane) = self.0 {
            TAKEN.fetch_and(!(1 << lane), std::sync::atomic::Ordering::Release);
        }
    }
}

/// The blocks of all threads, one each, for those who gather.
///
/// A thread keeps its block in a `thread_local!` of its own and enters it here once.
#[derive(Debug)]
pub(crate) struct Blocks<T> {
    all: Mutex<Vec<Arc<Mutex<T>>>>,
}

impl<T: Default> Blocks<T> {
    pub(crate) const fn new() -> Blocks<T> {
        Blocks {
            all: Mutex::new(Vec::new()),
        }
    }

    /// A new block, known to those who gather.
    pub(crate) fn enter(&self) -> Arc<Mutex<T>> {
        let block = Arc::default();
        lock(&self.all).push(Arc::clone(&block));
        block
    }

    /// A block that nobody needs to look at any more: its thread ends, and has taken out what was inside.
    pub(crate) fn leave(&self, block: &Arc<Mutex<T>>) {
        lock(&self.all).retain(|one| !Arc::ptr_eq(one, block));
    }

    /// Looks at the block of each thread, those that have ended included: these are seen for the last time.
    pub(crate) fn gather(&self, mut look: impl FnMut(&mut T)) {
        // Outside of the lock: whoever looks may take long, and a new thread must not wait for it.
        let all = lock(&self.all).clone();
        for block in &all {
            look(&mut lock(block));
        }
        drop(all);
        // One left is ours: the thread is gone, and nothing comes after what was just seen … unless it wrote and
        // ended in between, so what is let go is looked at once more.
        let mut ended = Vec::new();
        lock(&self.all).retain(|block| {
            let lives = Arc::strong_count(block) > 1;
            if !lives {
                ended.push(Arc::clone(block));
            }
            lives
        });
        for block in ended {
            look(&mut lock(&block));
        }
    }
}

/// Starts a thread of ours. Whoever builds us compiles the start anew for each kind of closure, so there is one.
pub(crate) fn start(name: &str, life: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    thread.spawn(life).map(drop)
}

/// Nothing panics while it holds one of these locks, and if it did, what is inside would still be whole.
#[inline]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::sync::Barrier;

    #[test]
    fn lanes_are_owned_by_one_thread_at_a_time() {
        let barrier = Barrier::new(OWNED + 8);
        let lanes: Vec<Lane> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..OWNED + 8)
                .map(|_| {
                    scope.spawn(|| {
                        let lane = mine();
                        barrier.wait();
                        lane
                    })
                })
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let owned: Vec<usize> = lanes
            .iter()
            .filter(|lane| **lane != Lane::Shared)
            .map(|lane| lane.index())
            .collect();
        assert_eq!(owned.iter().collect::<BTreeSet<_>>().len(), owned.len());
        assert!(owned.len() <= OWNED && owned.len() < lanes.len());
    }

    #[test]
    fn what_an_ended_thread_wrote_is_gathered_once() {
        static BLOCKS: Blocks<Vec<u32>> = Blocks::new();
        let mine = BLOCKS.enter();
        lock(&mine).push(1);
        std::thread::spawn(|| {
            let block = BLOCKS.enter();
            lock(&block).push(2);
        })
        .join()
        .unwrap();
        let mut seen = Vec::new();
        BLOCKS.gather(|block| seen.append(block));
        BLOCKS.gather(|block| seen.append(block));
        assert_eq!(seen, [1, 2]);
        assert_eq!(lock(&BLOCKS.all).len(), 1);
    }
}
