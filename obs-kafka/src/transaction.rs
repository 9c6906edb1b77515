//! Records and acknowledgements that take effect together.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use obs_runtime::bus::{BusErrorKind, Depth, Sending, Server, Subscription, Waiting};
use obs_runtime::{Bus, BusError, Record, Transport};
use rdkafka::error::KafkaError;
use rdkafka::producer::Producer;

use crate::bus::KafkaBus;
use crate::error;
use crate::group::list;
use crate::options::KafkaOptions;

/// How long brokers may take for a step of a transaction.
const ANSWER: Duration = Duration::from_secs(30);

/// A bus on which everything that was sent and acknowledged takes effect at once, or not at all: what a program makes
/// out of records it gets is there exactly once for readers of what is committed, which those of this crate are.
///
/// All of it belongs to one transaction at a time, which begins with the bus and with the end of the one before.
///
/// ```no_run
/// use std::time::Duration;
///
/// use obs_kafka::KafkaOptions;
/// use obs_runtime::Record;
///
/// let kafka = KafkaOptions::new("localhost:9092").open_transactional("invoices-1")?;
/// let mut orders = kafka.bus().subscribe(&["order.placed.v1"], "invoices")?;
/// while let Some(order) = orders.next_blocking(Duration::from_secs(1)) {
///     kafka.bus().send(&Record::new("invoice.made.v1", b"{}")).wait()?;
///     order.ack();
///     // Or after a hundred of them.
///     kafka.commit()?;
/// }
/// # Ok::<(), obs_runtime::BusError>(())
/// ```
///
/// [`commit`](KafkaTransactions::commit) and [`abort`](KafkaTransactions::abort) block: an executor has a way to call
/// such functions, as tokio has `spawn_blocking`.
#[derive(Clone)]
pub struct KafkaTransactions {
    kafka: Arc<KafkaBus>,
    bus: Bus,
}

/// The transport, which the transactions know too.
#[derive(Debug)]
struct Transacted(Arc<KafkaBus>);

impl KafkaTransactions {
    pub(crate) fn open(options: &KafkaOptions, id: &str) -> Result<KafkaTransactions, BusError> {
        let options = options.clone().with_property("transactional.id", id);
        let kafka = KafkaBus::open(&options)?;
        kafka.producer.init_transactions(ANSWER).map_err(told)?;
        kafka.producer.begin_transaction().map_err(told)?;
        let kafka = Arc::new(kafka);
        let bus = Bus::new(Transacted(Arc::clone(&kafka)));
        Ok(KafkaTransactions { kafka, bus })
    }

    /// The bus.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// What was sent and acknowledged since the last end of a transaction takes effect, and the next one begins.
    ///
    /// Members get nothing until what they work on is settled, for `with_drain` at most, so that no record is there
    /// whose origin is not acknowledged.
    ///
    /// # Errors
    ///
    /// None of it takes effect, and records that were acknowledged come again, as after [`abort`](Self::abort). When
    /// the error is [`BusErrorKind::Closed`] another program has taken over this
    /// id, and this bus is of no more use.
    pub fn commit(&self) -> Result<(), BusError> {
        let members = self.kafka.live_members();
        let committed = (|| {
            for member in &members {
                member.stop_giving()?;
            }
            if self.kafka.reports.torn.load(SeqCst) {
                let reason = "a partition went to another member with work of the transaction";
                return Err(BusError::new(BusErrorKind::Unavailable).with_reason(reason));
            }
            let mut all = Vec::new();
            for member in &members {
                let (reached, of_group) = member.reached();
                if let Some(of_group) = of_group.filter(|_| !reached.is_empty()) {
                    let (producer, offsets) = (&self.kafka.producer, list(&reached));
                    let sent = producer.send_offsets_to_transaction(&offsets, &of_group, ANSWER);
                    sent.map_err(told)?;
                }
                all.push(reached);
            }
            self.kafka
                .producer
                .commit_transaction(ANSWER)
                .map_err(told)?;
            for (member, reached) in members.iter().zip(&all) {
                member.known(reached);
            }
            Ok(())
        })();
        let next = match &committed {
            Ok(()) => self.kafka.producer.begin_transaction().map_err(told),
            Err(_) => self.abort(),
        };
        for member in &members {
            member.give_again();
        }
        committed.and(next)
    }

    /// Nothing that was sent or acknowledged since the last end of a transaction takes effect, and the next one begins.
    /// The records that were acknowledged come again, and so do those that are worked on, whose settling counts no
    /// more.
    ///
    /// # Errors
    ///
    /// The brokers cannot be reached, or another program has taken over this id.
    pub fn abort(&self) -> Result<(), BusError> {
        let producer = &self.kafka.producer;
        self.kafka.reports.torn.store(false, SeqCst);
        let aborted = producer.abort_transaction(ANSWER);
        for member in self.kafka.live_members() {
            member.rewind();
        }
        aborted.map_err(told)?;
        producer.begin_transaction().map_err(told)
    }
}

fn told(error: KafkaError) -> BusError {
    error::told(&error, 0)
}

impl fmt::Debug for KafkaTransactions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KafkaTransactions")
            .field(&self.kafka)
            .finish()
    }
}

impl Transport for Transacted {
    fn system(&self) -> &'static str {
        self.0.system()
    }

    fn server(&self) -> Option<Server> {
        self.0.server()
    }

    fn send(&self, record: &Record<'_>) -> Sending {
        self.0.send(record)
    }

    fn send_confirmed(&self, record: &Record<'_>) -> Sending {
        self.0.send_confirmed(record)
    }

    fn room(&self, topic: &str) -> Waiting {
        self.0.room(topic)
    }

    fn flush(&self) -> Waiting {
        self.0.flush()
    }

    fn close(&self) {
        self.0.close();
    }

    fn depth(&self) -> Option<Depth> {
        self.0.depth()
    }

    fn lag(&self, topic: &str, group: &str) -> Option<u64> {
        self.0.lag(topic, group)
    }

    fn subscribe(&self, topics: &[&str], group: &str) -> Result<Subscription, BusError> {
        self.0.subscribe(topics, group)
    }
}
