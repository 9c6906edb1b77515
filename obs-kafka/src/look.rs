//! Looking at topics without a group: partitions are assigned and nothing is committed.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use obs_runtime::BusError;
use obs_runtime::bus::{BusErrorKind, Look, Receipt, Sight, View};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};

use crate::error;
use crate::options::KafkaOptions;
use crate::report::with_record;

/// How long brokers may take to say what there is.
const ANSWER: Duration = Duration::from_secs(5);

/// How long they may be silent before everything was seen.
const SILENCE: Duration = Duration::from_secs(30);

/// A client that needs a name of a group and joins none.
fn client(options: &KafkaOptions) -> Result<BaseConsumer, BusError> {
    let mut config = options.consumer("obs-look");
    config
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true");
    config.create().map_err(|error| error::told(&error, 0))
}

/// The topics there are, but for those of the brokers themselves.
pub(crate) fn topics(options: &KafkaOptions) -> Result<Vec<String>, BusError> {
    let told = client(options)?.fetch_metadata(None, ANSWER);
    let told = told.map_err(|error| error::told(&error, 0))?;
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
        let metadata = consumer.fetch_metadata(Some(topic), ANSWER).map_err(told)?;
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
