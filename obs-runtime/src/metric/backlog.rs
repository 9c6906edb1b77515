//! What waits for consumers. Buses and consumers are asked when somebody looks.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, Weak};

use crate::lane::lock;

/// A consumer that can tell what waits for it.
pub(crate) trait Waits: Debug + Send + Sync {
    /// By topic.
    fn backlogs(&self, see: &mut dyn FnMut(Backlog));
}

/// What waits in one topic for one consumer.
#[derive(Clone, Debug)]
pub(crate) struct Backlog {
    pub(crate) topic: String,
    pub(crate) consumer: String,
    /// Unless the bus does not know.
    pub(crate) records: Option<u64>,
    /// The age of the oldest event that is worked on; zero if none is.
    pub(crate) oldest_nanos: u64,
}

/// All consumers that still run.
static RUNNING: Mutex<Vec<Weak<dyn Waits>>> = Mutex::new(Vec::new());

/// Asks this consumer from now on, for as long as it lives.
pub(crate) fn watch(consumer: &Arc<dyn Waits>) {
    if cfg!(feature = "off-metrics") {
        return;
    }
    let mut all = lock(&RUNNING);
    all.retain(|one| one.strong_count() > 0);
    all.push(Arc::downgrade(consumer));
}

/// What waits, by topic and consumer: members of one group on one topic are one.
pub(crate) fn all() -> Vec<Backlog> {
    // What is asked takes locks of its own, which ours must not wait for.
    let mut running = Vec::new();
    for one in lock(&RUNNING).iter() {
        running.extend(one.upgrade());
    }
    let mut all: Vec<Backlog> = Vec::new();
    for one in &running {
        one.backlogs(&mut |new| {
            let same =
                |known: &&mut Backlog| known.topic == new.topic && known.consumer == new.consumer;
            match all.iter_mut().find(same) {
                // The lag is that of the group, whoever is asked for it.
                Some(known) => known.oldest_nanos = known.oldest_nanos.max(new.oldest_nanos),
                None => all.push(new),
            }
        });
    }
    all
}
