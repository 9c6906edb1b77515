//! Looking at topics without a group: partitions are assigned and nothing is committed.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use obs_runtime::BusError;
use obs_runtime::bus::{BusErrorKind, Look, Receipt, Sight, View};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::metadata::Metadata;
use rdkafka::{Offset, TopicPartitionList};

use crate::error::{self, Cause};
use crate::options::KafkaOptions;
use crate::report::with_record;

/// How long brokers may take to say what there is, once and once more.
const ANSWER: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// How long they may be silent before everything was seen.
const SILENCE: Duration = Duration::from_secs(30);

/// How many errors are looked at for a cause.
const TOLD: usize = 20;

/// A client that needs a name of a group and joins none.
fn client(options: &KafkaOptions) -> Result<BaseConsumer, BusError> {
    let mut config = options.consumer("obs-look");
    config
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true");
    config.create().map_err(|error| error::told(&error, 0))
}

/// What brokers say of a topic, or of all. Whoever is turned away hears it soon, and not when nobody has answered.
fn metadata(client: &BaseConsumer, topic: Option<&str>) -> Result<Metadata, BusError> {
    let mut failed = None;
    for patience in ANSWER {
        let error = match client.fetch_metadata(topic, patience) {
            Ok(metadata) => return Ok(metadata),
            Err(error) => error::told(&error, 0),
        };
        // What ails a client is told among what it has received.
        let cause = (0..TOLD).find_map(|_| {
            let received = client.poll(Duration::ZERO);
            Cause::of(&received?.err()?)
        });
        let error = error::because(error, cause);
        if cause.is_some() {
            return Err(error);
        }
        failed = Some(error);
    }
    Err(failed.unwrap_or_else(|| BusErrorKind::Timeout.into()))
}

/// The topics there are, but for those of the brokers themselves.
pub(crate) fn topics(options: &KafkaOptions) -> Result<Vec<String>, BusError> {
    let told = metadata(&client(options)?, None)?;
    let names = told.topics().iter().map(|topic| topic.name().to_owned());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with("__")).collect();
    names.sort();
    Ok(names)
}

/// A look at a topic.
pub(crate) struct KafkaView {
    consumer: BaseConsumer,
    topic: String,
    follow: bool,
    /// The partitions of which there is more to be seen.
    left: BTreeSet<i32>,
    silent: Duration,
}

impl KafkaView {
    pub(crate) fn new(
        options: &KafkaOptions,
        topic: &str,
        look: Look,
    ) -> Result<KafkaView, BusError> {
        let consumer = client(options)?;
        let told = |error: KafkaError| error::told(&error, 0);
        let metadata = metadata(&consumer, Some(topic))?;
        let mut left = BTreeSet::new();
        for found in metadata.topics().iter().filter(|it| it.name() == topic) {
            if let Some(code) = found.error() {
                return Err(error::coded(code.into(), 0));
            }
            left.extend(found.partitions().iter().map(|partition| partition.id()));
        }
        let from = match look.last {
            None => Offset::Beginning,
            Some(0) => Offset::End,
            Some(last) => Offset::OffsetTail(i64::try_from(last).unwrap_or(i64::MAX)),
        };
        let mut parts = TopicPartitionList::with_capacity(left.len());
        for partition in &left {
            parts
                .add_partition_offset(topic, *partition, from)
                .map_err(told)?;
        }
        consumer.assign(&parts).map_err(told)?;
        Ok(KafkaView {
            consumer,
            topic: topic.to_owned(),
            follow: look.follow,
            left,
            silent: Duration::ZERO,
        })
    }
}

impl View for KafkaView {
    fn next(&mut self, patience: Duration) -> Result<Sight, BusError> {
        let ends = !self.follow;
        if ends && self.left.is_empty() {
            return Ok(Sight::End);
        }
        match self.consumer.poll(patience) {
            Some(Ok(message)) => {
                self.silent = Duration::ZERO;
                let receipt = Receipt {
                    partition: Some(message.partition()),
                    offset: u64::try_from(message.offset()).ok(),
                };
                let record = with_record(&message, |record| record.owned());
                return Ok(Sight::Record(record, receipt));
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                self.left.remove(&partition);
                return Ok(match ends && self.left.is_empty() {
                    true => Sight::End,
                    false => Sight::Nothing,
                });
            }
            Some(Err(error @ KafkaError::MessageConsumptionFatal(_))) => {
                return Err(error::told(&error, 0));
            }
            // Brokers that go may come back.
            Some(Err(_)) | None => {}
        }
        self.silent += patience;
        if ends && self.silent > SILENCE {
            return Err(BusErrorKind::Timeout.into());
        }
        Ok(Sight::Nothing)
    }
}

impl fmt::Debug for KafkaView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaView")
            .field("topic", &self.topic)
            .field("follow", &self.follow)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}
