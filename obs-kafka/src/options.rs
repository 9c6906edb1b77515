//! How a bus on Kafka is to be.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use obs_runtime::bus::{Address, Confirm, Lost, Scheme};
use obs_runtime::{Bus, BusError};
use rdkafka::ClientConfig;

use crate::bus::KafkaBus;
use crate::side::Side;
use crate::transaction::KafkaTransactions;

/// How batches are compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Codec {
    /// Fast, and in every client.
    Snappy,
    /// Faster, and smaller.
    Lz4,
    /// Comes with the feature `gzip`.
    #[cfg(feature = "gzip")]
    Gzip,
    /// Comes with the feature `zstd`.
    #[cfg(feature = "zstd")]
    Zstd,
}

/// Buses on Kafka by their addresses: `kafka://broker-1:9092,broker-2:9092?linger.ms=20`.
pub const SCHEME: Scheme = Scheme {
    name: "kafka",
    open: |address| KafkaOptions::at(address)?.open(),
};

pub(crate) type WhenLost = Arc<dyn Fn(&Lost<'_>) + Send + Sync>;

/// How a bus on Kafka is to be.
///
/// ```no_run
/// use std::time::Duration;
///
/// use obs_kafka::{Codec, Confirm, KafkaOptions};
///
/// let bus = KafkaOptions::new("broker-1:9092,broker-2:9092")
///     .with_codec(Codec::Lz4)
///     .with_linger(Duration::from_millis(20))
///     .with_confirm(Confirm::Delivered)
///     .with_property("partitioner", "murmur2_random")
///     .open()?;
/// # Ok::<(), obs_runtime::BusError>(())
/// ```
#[derive(Clone)]
pub struct KafkaOptions {
    pub(crate) confirm: Confirm,
    pub(crate) patience: Duration,
    pub(crate) drain: Duration,
    pub(crate) when_lost: Option<WhenLost>,
    properties: Vec<(String, String)>,
}

impl KafkaOptions {
    /// A bus on these brokers, named as `bootstrap.servers` names them: `host:port`, with commas between.
    #[must_use]
    pub fn new(servers: &str) -> KafkaOptions {
        KafkaOptions {
            confirm: Confirm::default(),
            patience: Duration::from_secs(5),
            drain: Duration::from_secs(30),
            when_lost: None,
            properties: Vec::new(),
        }
        .with_property("enable.idempotence", "true")
        .with_property("statistics.interval.ms", "5000")
        .with_property("bootstrap.servers", servers)
    }

    fn at(address: &mut Address) -> Result<KafkaOptions, BusError> {
        let mut options = KafkaOptions::new(address.place());
        let confirm = [
            ("queued", Confirm::Queued),
            ("delivered", Confirm::Delivered),
        ];
        if let Some(confirm) = address.take_word("confirm", &confirm)? {
            options.confirm = confirm;
        }
        if let Some(patience) = address.take_number("patience.ms")? {
            options.patience = Duration::from_millis(patience);
        }
        if let Some(drain) = address.take_number("drain.ms")? {
            options.drain = Duration::from_millis(drain);
        }
        for (name, value) in address.take_rest() {
            options = options.with_property(&name, &value);
        }
        Ok(options)
    }

    /// The same, and a record counts as sent then. With [`Confirm::Delivered`], whoever waits for each record before
    /// sending the next one sets [`with_linger`](KafkaOptions::with_linger) to zero.
    #[must_use]
    pub fn with_confirm(mut self, confirm: Confirm) -> KafkaOptions {
        self.confirm = confirm;
        self
    }

    /// The same with compressed batches.
    #[must_use]
    pub fn with_codec(self, codec: Codec) -> KafkaOptions {
        self.with_property(
            "compression.type",
            match codec {
                Codec::Snappy => "snappy",
                Codec::Lz4 => "lz4",
                #[cfg(feature = "gzip")]
                Codec::Gzip => "gzip",
                #[cfg(feature = "zstd")]
                Codec::Zstd => "zstd",
            },
        )
    }

    /// The same, and a record waits so long for others to leave with it; 5 ms unless said.
    #[must_use]
    pub fn with_linger(self, linger: Duration) -> KafkaOptions {
        let millis = linger.as_micros().to_string();
        let at = millis.len().saturating_sub(3);
        self.with_property(
            "linger.ms",
            &format!("{:0>1}.{:0>3}", &millis[..at], &millis[at..]),
        )
    }

    /// The same with room for so many records that are on their way; 100,000 unless said.
    #[must_use]
    pub fn with_capacity(self, records: usize) -> KafkaOptions {
        self.with_property("queue.buffering.max.messages", &records.to_string())
    }

    /// The same, and the end of the bus waits so long for what is on its way; 5 seconds unless said.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> KafkaOptions {
        self.patience = patience;
        self
    }

    /// The same, and a member of a group that has to hand over a partition waits so long for those of its records that
    /// are being worked on; 30 seconds unless said. What is not done by then, the next member gets again.
    #[must_use]
    pub fn with_drain(mut self, drain: Duration) -> KafkaOptions {
        self.drain = drain;
        self
    }

    /// The same, and this is called for each record that did not get there and that nobody waited for, to keep it
    /// elsewhere. All of them are counted as `kafka_records_lost_total`.
    ///
    /// It is called in the thread of the client: while it runs nothing else is reported.
    #[must_use]
    pub fn when_lost(mut self, lost: impl Fn(&Lost<'_>) + Send + Sync + 'static) -> KafkaOptions {
        self.when_lost = Some(Arc::new(lost));
        self
    }

    /// The same with a property of librdkafka, as its `CONFIGURATION.md` lists them. Producers and consumers are told
    /// what is for them, and the last word counts.
    #[must_use]
    pub fn with_property(mut self, name: &str, value: &str) -> KafkaOptions {
        self.properties.retain(|(known, _)| known != name);
        self.properties.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The bus. Nothing is connected yet: brokers that cannot be reached are waited for.
    ///
    /// # Errors
    ///
    /// librdkafka does not know a property, or not its value.
    pub fn open(&self) -> Result<Bus, BusError> {
        Ok(Bus::new(KafkaBus::open(self)?))
    }

    /// A bus on which what is sent and acknowledged takes effect together. Of the programs that use an id the last one
    /// that was started has it, so each has one of its own, and the same after a restart.
    ///
    /// # Errors
    ///
    /// As [`open`](KafkaOptions::open), or the brokers cannot be reached.
    pub fn open_transactional(&self, id: &str) -> Result<KafkaTransactions, BusError> {
        KafkaTransactions::open(self, id)
    }

    pub(crate) fn is_transactional(&self) -> bool {
        self.property("transactional.id").is_some()
    }

    pub(crate) fn property(&self, name: &str) -> Option<&str> {
        let found = self.properties.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| &**value)
    }

    /// As librdkafka takes it for a producer.
    pub(crate) fn producer(&self) -> ClientConfig {
        self.config(Side::Producer, &[])
    }

    /// As librdkafka takes it for a member of a group. What stands here can be changed, but for the last two: only
    /// what is done with may be committed, and only we know what that is.
    pub(crate) fn consumer(&self, group: &str) -> ClientConfig {
        let usual = [
            ("auto.offset.reset", "earliest"),
            ("auto.commit.interval.ms", "1000"),
            // Topics of new versions begin when somebody first writes to them.
            ("topic.metadata.refresh.interval.ms", "30000"),
            ("partition.assignment.strategy", "cooperative-sticky"),
        ];
        let mut config = self.config(Side::Consumer, &usual);
        config.set("group.id", group);
        let by_itself = if self.is_transactional() {
            "false"
        } else {
            "true"
        };
        config.set("enable.auto.commit", by_itself);
        config.set("enable.auto.offset.store", "false");
        config
    }

    fn config(&self, side: Side, usual: &[(&str, &str)]) -> ClientConfig {
        let mut config = ClientConfig::new();
        for (name, value) in usual {
            config.set(*name, *value);
        }
        for (name, value) in &self.properties {
            let for_whom = Side::of(name);
            if for_whom == side || for_whom == Side::Both {
                config.set(name, value);
            }
        }
        config
    }
}

/// Values may be passwords, so they are left out.
impl fmt::Debug for KafkaOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let properties: Vec<&str> = self.properties.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("KafkaOptions")
            .field("confirm", &self.confirm)
            .field("patience", &self.patience)
            .field("drain", &self.drain)
            .field("properties", &properties)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_sets_what_it_says() {
        for (address, wrong) in [
            (
                "kafka://b:9?confirm=delivered&drain.ms=10&acks=1&enable.idempotence=false",
                None,
            ),
            (
                "kafka://b:9?confirm=soon",
                Some("`kafka:`: `confirm` is one of queued, delivered"),
            ),
            (
                "kafka://b:9?sasl.pasword=hunter2",
                Some("this librdkafka has no property `sasl.pasword`"),
            ),
        ] {
            let said = Bus::open(address, &[SCHEME])
                .err()
                .map(|error| error.reason().to_owned());
            match (&said, wrong) {
                (None, None) => {}
                (Some(said), Some(wrong)) => assert!(said.starts_with(wrong), "{said}"),
                _ => panic!("{address}: {said:?}"),
            }
        }
    }

    #[test]
    fn properties_are_what_librdkafka_reads() {
        for (micros, text) in [
            (0, "0.000"),
            (50, "0.050"),
            (5_000, "5.000"),
            (1_234_567, "1234.567"),
        ] {
            let options = KafkaOptions::new("b").with_linger(Duration::from_micros(micros));
            assert_eq!(options.producer().get("linger.ms"), Some(text));
        }
        let options = KafkaOptions::new("b")
            .with_codec(Codec::Lz4)
            .with_property("enable.idempotence", "false")
            .with_property("sasl.password", "hunter2");
        let config = options.producer();
        assert_eq!(config.get("enable.idempotence"), Some("false"));
        assert_eq!(config.get("compression.type"), Some("lz4"));
        assert!(!format!("{options:?}").contains("hunter2"));
        let config = options
            .with_property("enable.auto.commit", "false")
            .consumer("mails");
        assert_eq!(config.get("sasl.password"), Some("hunter2"));
        assert_eq!(config.get("enable.auto.commit"), Some("true"));
        assert_eq!(config.get("compression.type"), None);
    }
}
