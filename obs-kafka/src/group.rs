//! The thread of a member of a group, which fetches what the member hands out.
//!
//! librdkafka wants to be asked all the time, or the group goes on without us; handlers take as long as they take. So
//! each partition has a queue of its own, which is left alone while enough of it lies here, and what concerns the
//! group is asked for in any case.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use obs_runtime::bus::{OwnedRecord, Subscription, Waiting};
use obs_runtime::{BusError, MetricSet};
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{ClientConfig, ClientContext, Offset, Statistics, TopicPartitionList};

use crate::bus::start_thread;
use crate::error;
use crate::held::Reached;
use crate::member::{End, Member, Shared, State};
use crate::options::KafkaOptions;
use crate::report::{Counts, Reports, with_record};
use crate::statistics::{Client, Watched};

/// How long the thread sleeps at most: librdkafka is told at least that often what is done with.
const TURN: Duration = Duration::from_millis(100);

/// How long a broker may take to say where a partition is.
const ANSWER: Duration = Duration::from_secs(1);

/// How many records of a partition are fetched before it is another's turn.
const AT_ONCE: usize = 200;

/// How long brokers may take to forget a group.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many events of the group are looked at in a turn; there are few.
const EVENTS: usize = 8;

/// What librdkafka tells of the group, in the thread of the member.
pub(crate) struct Group {
    shared: Arc<Shared>,
    reports: Arc<Reports>,
    queues: Mutex<Vec<(u64, PartitionQueue<Group>)>>,
    watched: Watched,
}

impl ClientContext for Group {
    fn stats(&self, told: Statistics) {
        self.watched.tell(&told);
        let mut state = self.shared.state();
        for (name, topic) in &told.topics {
            for (number, partition) in &topic.partitions {
                if let Some(part) = state.held.find(name, *number) {
                    part.end = u64::try_from(partition.hi_offset).ok();
                    let committed = u64::try_from(partition.committed_offset).ok();
                    let low = u64::try_from(partition.lo_offset).ok();
                    // What is not known by now may have been asked for.
                    part.from = committed.or(low).or(part.from);
                }
            }
        }
    }
}

impl ConsumerContext for Group {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Group>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(partitions) => self.assign(partitions),
            Rebalance::Revoke(partitions) => self.revoke(consumer, partitions),
            Rebalance::Error(_) => {}
        }
    }

    fn post_rebalance(&self, _: &BaseConsumer<Group>, _: &Rebalance<'_>) {
        Counts::get().rebalances.inc();
        self.shared.change(|state| state.joined = true);
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if let Err(error) = result {
            let cause = error::told(&error, 0).error_type();
            Counts::get().commit_failures.at(cause).inc();
        }
    }
}

impl Group {
    /// Each partition gets a queue of its own before anything of it comes.
    fn assign(&self, partitions: &TopicPartitionList) {
        let Some(consumer) = self.shared.consumer.get().and_then(Weak::upgrade) else {
            return;
        };
        for partition in partitions.elements() {
            let (topic, number) = (partition.topic(), partition.partition());
            let id = self.shared.state().held.assign(topic, number);
            if let Some(mut queue) = consumer.split_partition_queue(topic, number) {
                let shared = Arc::clone(&self.shared);
                queue.set_nonempty_callback(move || shared.call(|_| {}));
                self.queues().push((id, queue));
            }
        }
    }

    /// What is worked on is finished first, as long as there is time; then what is done is committed, and they go.
    fn revoke(&self, consumer: &BaseConsumer<Group>, partitions: &TopicPartitionList) {
        let mut state = self.shared.state();
        for partition in partitions.elements() {
            state.held.leave(partition.topic(), partition.partition());
        }
        // Others have what was taken from us already.
        if !consumer.assignment_lost() {
            state.draining = true;
            let waiting = |state: &mut State| !state.held.drained();
            let settled = &self.shared.settled;
            let waited = settled.wait_timeout_while(state, self.shared.drain, waiting);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.draining = false;
            if !self.shared.transacted {
                let progress = state.held.progress();
                drop(state);
                store(consumer, &progress);
                state = self.shared.state();
            }
        }
        if self.shared.transacted && state.held.leaves_work() {
            self.reports.torn.store(true, SeqCst);
        }
        let left = state.held.left();
        drop(state);
        let mut queues = self.queues();
        let gone: Vec<_> = queues.extract_if(.., |(id, _)| left.contains(id)).collect();
        drop(queues);
        drop(gone);
    }

    fn queues(&self) -> MutexGuard<'_, Vec<(u64, PartitionQueue<Group>)>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far partitions are. librdkafka commits that from time to time, and when they or we go.
fn store(consumer: &BaseConsumer<Group>, reached: &[Reached]) {
    if !reached.is_empty() {
        // It refuses partitions that are no longer ours, whose new owner gets the records again.
        let _ = consumer.store_offsets(&list(reached));
    }
}

/// The same as librdkafka takes it.
pub(crate) fn list(reached: &[Reached]) -> TopicPartitionList {
    let mut offsets = TopicPartitionList::with_capacity(reached.len());
    for (topic, number, offset) in reached {
        let offset = Offset::Offset(i64::try_from(*offset).unwrap_or(i64::MAX));
        // It refuses what is no offset alone.
        let _ = offsets.add_partition_offset(topic, *number, offset);
    }
    offsets
}

/// A member of a group that gets the records of these topics.
pub(crate) fn join(
    options: &KafkaOptions,
    reports: &Arc<Reports>,
    topics: &[&str],
    group: &str,
) -> Result<(Subscription, Arc<Shared>), BusError> {
    let shared = Arc::new(Shared::new(options, group));
    let context = Group {
        shared: Arc::clone(&shared),
        reports: Arc::clone(reports),
        queues: Mutex::default(),
        watched: Watched::new(Client::Consumer),
    };
    let config = options.consumer(group);
    let told = |error: KafkaError| error::told(&error, 0);
    let mut consumer: BaseConsumer<Group> = config.create_with_context(context).map_err(told)?;
    let caller = Arc::clone(&shared);
    consumer.set_nonempty_callback(move || caller.call(|_| {}));
    consumer.subscribe(topics).map_err(told)?;
    let consumer = Arc::new(consumer);
    // It is set once, here.
    let _ = shared.consumer.set(Arc::downgrade(&consumer));
    let (of_thread, reports) = (Arc::clone(&shared), Arc::clone(reports));
    start_thread("obs-kafka-member", move || {
        run(&consumer, &of_thread, &reports);
        leave(consumer);
        if of_thread.state().end == End::Forget {
            forget(&config, &of_thread.group);
        }
        of_thread.change(|state| state.over = true);
        of_thread.settled.notify_all();
    })?;
    let member = Member {
        shared: Arc::clone(&shared),
        patience: options.patience,
    };
    Ok((Subscription::new(member), shared))
}

/// Fetches until the member is to end.
fn run(consumer: &BaseConsumer<Group>, shared: &Shared, reports: &Reports) {
    loop {
        for _ in 0..EVENTS {
            match consumer.poll(Duration::ZERO) {
                // Of a partition that had no queue of its own yet.
                Some(Ok(message)) => {
                    let (offset, record) = owned(&message);
                    shared.change(|state| {
                        let part = state.held.find(message.topic(), message.partition());
                        if let Some(id) = part.map(|part| part.id) {
                            state.held.push(id, offset, record);
                        }
                    });
                }
                Some(Err(error)) => {
                    Counts::get().trouble(&error);
                    if matches!(error, KafkaError::MessageConsumptionFatal(_)) {
                        return;
                    }
                    // Whoever was let in before may be so again: passwords change while members work.
                    let mut state = shared.state();
                    state.refused = error::refused(&error).filter(|_| !state.joined);
                    if state.refused.is_some() {
                        return;
                    }
                }
                None => {}
            }
        }
        let more = fetch(consumer, shared);
        let mut state = shared.state();
        let (seeks, closed) = (state.held.seeks(), state.closed);
        let progress = match shared.transacted {
            true => Vec::new(),
            false => state.held.progress(),
        };
        drop(state);
        store(consumer, &progress);
        for (part, topic, number, offset) in seeks {
            let offset = Offset::Offset(i64::try_from(offset).unwrap_or(i64::MAX));
            // What fails is tried again in the next turn.
            if consumer.seek(&topic, number, offset, ANSWER).is_ok() {
                shared.call(|state| state.held.sought(part));
            }
        }
        if closed && reports.pending() == 0 {
            set_goals(consumer, shared);
        }
        state = shared.state();
        if state.end != End::No {
            return;
        }
        if !more {
            let idle = |state: &mut State| !state.has_work;
            let waited = shared.work.wait_timeout_while(state, TURN, idle);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.has_work = false;
    }
}

/// Takes what there is room for. Says whether there is more, and room for it.
fn fetch(consumer: &BaseConsumer<Group>, shared: &Shared) -> bool {
    let mut more = false;
    for (part, queue) in &*consumer.context().queues() {
        let mut state = shared.state();
        let room = state.held.room();
        state.starved = room == 0;
        drop(state);
        let mut fetched = Vec::new();
        while fetched.len() < AT_ONCE.min(room) {
            match queue.poll(Duration::ZERO) {
                Some(Ok(message)) => fetched.push(owned(&message)),
                Some(Err(error)) => Counts::get().trouble(&error),
                None => break,
            }
        }
        more |= fetched.len() == AT_ONCE;
        if !fetched.is_empty() {
            shared.change(|state| {
                for (offset, record) in fetched {
                    state.held.push(*part, offset, record);
                }
            });
        }
    }
    more
}

/// Its offset, and the record as a bus has it.
fn owned(message: &BorrowedMessage<'_>) -> (u64, OwnedRecord) {
    let offset = u64::try_from(message.offset()).unwrap_or_default();
    (offset, with_record(message, |record| record.owned()))
}

/// With the bus closed, what the partitions have by now is all there will be.
fn set_goals(consumer: &BaseConsumer<Group>, shared: &Shared) {
    let mut asked: Vec<(Arc<str>, i32)> = Vec::new();
    for part in shared.state().held.parts() {
        if part.goal.is_none() {
            asked.push((Arc::clone(&part.topic), part.number));
        }
    }
    for (topic, number) in asked {
        let Ok((first, end)) = consumer.fetch_watermarks(&topic, number, ANSWER) else {
            continue;
        };
        let mut list = TopicPartitionList::new();
        list.add_partition(&topic, number);
        let committed = consumer.committed_offsets(list, ANSWER).ok();
        let committed =
            committed.and_then(|list| match list.find_partition(&topic, number)?.offset() {
                Offset::Offset(offset) => Some(offset),
                _ => None,
            });
        let from = committed.unwrap_or(first).max(first);
        shared.change(|state| {
            if let Some(part) = state.held.find(&topic, number) {
                part.goal = u64::try_from(end).ok();
                part.from = u64::try_from(from).ok();
            }
        });
    }
}

/// Leaves the group. On the way [`Group::revoke`] is told that everything goes.
fn leave(consumer: Arc<BaseConsumer<Group>>) {
    // The queues hold the consumer, and the consumer holds them.
    let queues = std::mem::take(&mut *consumer.context().queues());
    drop(queues);
    drop(consumer);
}

/// Has the brokers forget what a group without members has committed.
fn forget(config: &ClientConfig, group: &str) {
    let admin: KafkaResult<AdminClient<DefaultClientContext>> = config.create();
    let Ok(admin) = admin else { return };
    let group = group.to_owned();
    let forgotten = async move {
        // A group that was never there is forgotten too.
        let _ = admin.delete_groups(&[&group], &AdminOptions::new()).await;
    };
    Waiting::Later(Box::pin(forgotten)).wait_for(PATIENCE);
}
