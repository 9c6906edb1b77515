//! A broker of its own for each test that wants one, on a port of 127.0.0.1 that was free.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use obs_kafka::KafkaOptions;
use obs_runtime::bus::{Header, Waiting};
use obs_runtime::{OwnedRecord, Record};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::process::{Process, free_port, program};

/// Long enough that what does not come fails the test instead of hanging it.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A Kafka-protocol broker.
pub(crate) struct Broker {
    folder: PathBuf,
    port: u16,
    process: Process,
}

/// A broker that runs, if there is a program for it.
pub(crate) fn broker() -> Option<Broker> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let program = program("OBS_KAFKA_BROKER")?;
    let number = COUNT.fetch_add(1, Relaxed);
    let folder = format!("obs-kafka-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(folder);
    let port = free_port();
    let (data, at) = (folder.display().to_string(), port.to_string());
    let words = [
        "start",
        "--data-dir",
        &data,
        "--only",
        "kafka",
        "--kafka-port",
        &at,
    ];
    let words = words.map(str::to_owned).to_vec();
    let mut broker = Broker {
        folder,
        port,
        process: Process::new([vec![program], words].concat()),
    };
    broker.start();
    Some(broker)
}

impl Broker {
    pub(crate) fn servers(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn options(&self) -> KafkaOptions {
        KafkaOptions::new(&self.servers())
    }

    pub(crate) fn start(&mut self) {
        self.process.start();
        let client: BaseConsumer = self.config().create().unwrap();
        client.fetch_metadata(None, LONG).unwrap();
    }

    /// It answers nobody until it is resumed.
    pub(crate) fn pause(&mut self) {
        self.process.pause();
    }

    pub(crate) fn resume(&mut self) {
        self.process.resume();
    }

    /// It ends in order.
    pub(crate) fn end(&mut self) {
        self.process.end();
    }

    /// As if its plug was pulled.
    pub(crate) fn stop(&mut self) {
        self.process.stop();
    }

    /// Makes a topic that keeps everything.
    pub(crate) fn topic(&self, name: &str, partitions: i32) {
        let admin: AdminClient<DefaultClientContext> = self.config().create().unwrap();
        let name = name.to_owned();
        let made = async move {
            let topic = NewTopic::new(&name, partitions, TopicReplication::Fixed(1));
            let topic = topic.set("retention.ms", "-1");
            let made = admin.create_topics([&topic], &AdminOptions::new()).await;
            assert_eq!(made.unwrap(), [Ok(name.clone())]);
        };
        assert!(Waiting::Later(Box::pin(made)).wait_for(LONG));
    }

    /// The first records of a partition, as a plain client reads them.
    pub(crate) fn read(&self, topic: &str, partition: i32, count: usize) -> Vec<OwnedRecord> {
        let consumer: BaseConsumer = self.config().create().unwrap();
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(topic, partition, Offset::Beginning)
            .unwrap();
        consumer.assign(&from).unwrap();
        let mut read = Vec::new();
        while read.len() < count {
            let message = consumer.poll(LONG).expect("another one comes").unwrap();
            let mut headers = Vec::new();
            if let Some(of_message) = message.headers() {
                headers.extend(of_message.iter().map(|header| Header {
                    name: header.key,
                    value: header.value.unwrap(),
                }));
            }
            let record = Record {
                topic: message.topic(),
                key: message.key(),
                headers: headers.as_slice().into(),
                body: message.payload(),
            };
            read.push(record.owned());
        }
        read
    }

    /// How many records a partition has.
    pub(crate) fn end_of(&self, topic: &str, partition: i32) -> i64 {
        let client: BaseConsumer = self.config().create().unwrap();
        client.fetch_watermarks(topic, partition, LONG).unwrap().1
    }

    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.servers());
        config
            .set("group.id", "reader")
            .set("enable.auto.commit", "false");
        config
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop();
        std::fs::remove_dir_all(&self.folder).ok();
    }
}
