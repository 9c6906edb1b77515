//! The bus: records go into the queue of librdkafka, and a thread hears what becomes of them.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use obs_runtime::bus::{
    BusErrorKind, Confirm, Depth, Look, Sending, Server, Subscription, View, Waiting,
};
use obs_runtime::{BusError, Record, Transport};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, PurgeConfig};

use crate::answer::Awaited;
use crate::error;
use crate::group;
use crate::look::{self, KafkaView};
use crate::member::Shared;
use crate::options::KafkaOptions;
use crate::report::{Reporter, Reports};

/// How long the reporting thread sleeps at most before it looks whether it is to end.
const TURN: Duration = Duration::from_millis(100);

/// Where brokers listen that are named without a port.
const PORT: u16 = 9092;

/// How large records may be where nothing is said.
const LIMIT: usize = 1_000_000;

/// How many records may be on their way where nothing is said.
const CAPACITY: u64 = 100_000;

/// A producer, and who hears its reports.
pub(crate) struct KafkaBus {
    pub(crate) producer: Arc<BaseProducer<Reporter>>,
    pub(crate) reports: Arc<Reports>,
    options: KafkaOptions,
    /// Those that live.
    members: Mutex<Vec<Weak<Shared>>>,
    capacity: u64,
    closed: AtomicBool,
    /// The thread is to end.
    over: Arc<AtomicBool>,
}

impl KafkaBus {
    pub(crate) fn open(options: &KafkaOptions) -> Result<KafkaBus, BusError> {
        let config = options.producer();
        let number = |name: &str| config.get(name)?.parse().ok();
        let limit = number("message.max.bytes").and_then(|limit: u64| usize::try_from(limit).ok());
        let limit = limit.unwrap_or(LIMIT);
        let reports = Arc::new(Reports::new(limit, options.when_lost.clone()));
        let producer: BaseProducer<Reporter> = config
            .create_with_context(Reporter::new(Arc::clone(&reports)))
            .map_err(|error| error::told(&error, limit))?;
        let bus = KafkaBus {
            producer: Arc::new(producer),
            reports,
            options: options.clone(),
            members: Mutex::default(),
            capacity: number("queue.buffering.max.messages").unwrap_or(CAPACITY),
            closed: AtomicBool::new(false),
            over: Arc::default(),
        };
        bus.listen()?;
        Ok(bus)
    }

    /// Starts the thread that hears the reports. It outlives the bus by a turn.
    fn listen(&self) -> Result<(), BusError> {
        let (producer, over) = (Arc::clone(&self.producer), Arc::clone(&self.over));
        start_thread("obs-kafka-reports", move || {
            while !over.load(SeqCst) {
                producer.poll(TURN);
            }
        })
    }

    /// The members of groups that were made here and live.
    pub(crate) fn live_members(&self) -> Vec<Arc<Shared>> {
        self.members().iter().filter_map(Weak::upgrade).collect()
    }

    fn members(&self) -> MutexGuard<'_, Vec<Weak<Shared>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a record into the queue.
    fn put(&self, record: &Record<'_>, ticket: usize) -> Result<(), BusError> {
        if self.closed.load(SeqCst) {
            return Err(BusErrorKind::Closed.into());
        }
        let mut message = BaseRecord::<[u8], [u8], usize>::with_opaque_to(record.topic, ticket);
        message.key = record.key;
        message.payload = record.body;
        if !record.headers.is_empty() {
            let headers = OwnedHeaders::new_with_capacity(record.headers.len());
            let add = |headers: OwnedHeaders, header: obs_runtime::bus::Header<'_>| {
                headers.insert(Header {
                    key: header.name,
                    value: Some(header.value),
                })
            };
            message.headers = Some(record.headers.iter().fold(headers, add));
        }
        self.reports.leaves();
        self.producer.send(message).map_err(|(error, _)| {
            let error = error::told(&error, self.reports.limit);
            self.reports.stays(error.kind() == BusErrorKind::Full);
            error
        })
    }
}

/// Starts a thread that ends by itself.
pub(crate) fn start_thread(
    name: &str,
    run: impl FnOnce() + Send + 'static,
) -> Result<(), BusError> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    let started = thread.spawn(run).map(drop);
    started.map_err(|error| {
        BusError::new(BusErrorKind::Io).with_reason(format!("no thread: {}", error.kind()))
    })
}

impl Transport for KafkaBus {
    fn system(&self) -> &'static str {
        "kafka"
    }

    fn server(&self) -> Option<Server> {
        Server::at(self.options.property("bootstrap.servers")?, PORT)
    }

    fn send(&self, record: &Record<'_>) -> Sending {
        match self.options.confirm {
            Confirm::Queued => Sending::Done(self.put(record, 0).map(|()| Default::default())),
            Confirm::Delivered => self.send_confirmed(record),
        }
    }

    fn send_confirmed(&self, record: &Record<'_>) -> Sending {
        let ticket = self.reports.answers.ticket();
        match self.put(record, ticket) {
            Ok(()) => {
                let awaited = Awaited::new(Arc::clone(&self.reports), ticket);
                Sending::Later(Box::pin(awaited))
            }
            Err(error) => {
                self.reports.answers.cancel(ticket);
                Sending::Done(Err(error))
            }
        }
    }

    fn room(&self, _: &str) -> Waiting {
        self.reports.when(Reports::has_room)
    }

    fn flush(&self) -> Waiting {
        self.reports.when(|reports| reports.pending() == 0)
    }

    fn close(&self) {
        self.closed.store(true, SeqCst);
        for member in &*self.members() {
            if let Some(member) = member.upgrade() {
                member.close();
            }
        }
    }

    fn depth(&self) -> Option<Depth> {
        Some(Depth {
            records: self.reports.pending() as u64,
            capacity: self.capacity,
        })
    }

    fn lag(&self, topic: &str, group: &str) -> Option<u64> {
        let mut lag = None;
        for member in &*self.members() {
            let member = member.upgrade().filter(|member| *member.group == *group);
            if let Some(of_member) = member.and_then(|member| member.lag(topic)) {
                lag = Some(lag.unwrap_or(0) + of_member);
            }
        }
        lag
    }

    fn look(&self, topic: &str, look: Look) -> Result<Box<dyn View>, BusError> {
        Ok(Box::new(KafkaView::new(&self.options, topic, look)?))
    }

    fn topics(&self) -> Result<Vec<String>, BusError> {
        look::topics(&self.options)
    }

    fn subscribe(&self, topics: &[&str], group: &str) -> Result<Subscription, BusError> {
        let (subscription, shared) = group::join(&self.options, &self.reports, topics, group)?;
        let mut members = self.members();
        members.retain(|member| member.strong_count() > 0);
        members.push(Arc::downgrade(&shared));
        drop(members);
        if self.closed.load(SeqCst) {
            shared.close();
        }
        Ok(subscription)
    }
}

/// What is on its way has a while to get there. What does not is lost, and told so.
impl Drop for KafkaBus {
    fn drop(&mut self) {
        self.closed.store(true, SeqCst);
        if !self.flush().wait_for(self.options.patience) {
            self.producer
                .purge(PurgeConfig::default().queue().inflight());
            self.flush().wait_for(self.options.patience);
        }
        self.over.store(true, SeqCst);
    }
}

impl fmt::Debug for KafkaBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaBus")
            .field("options", &self.options)
            .field("reports", &self.reports)
            .finish_non_exhaustive()
    }
}
