//! A broker of its own for each test that wants one, on a port of 127.0.0.1 that was free.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
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

/// Long enough that what does not come fails the test instead of hanging it.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// The broker goes when its input ends, so it never outlives who has started it, however that ends. Before that each
/// line is a signal for it.
const KEEP: &str = r#""$@" >/dev/null 2>&1 & pid=$!
while read -r signal; do kill -"$signal" $pid; [ "$signal" = TERM ] && wait $pid; echo; done
kill -KILL $pid; wait $pid"#;

/// A Kafka-protocol broker.
pub(crate) struct Broker {
    program: String,
    folder: PathBuf,
    port: u16,
    child: Option<Child>,
}

/// A port of 127.0.0.1 that nobody listens at.
pub(crate) fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().port()
}

/// A broker that runs. `cargo xtask test` says which program it is; without one its tests are left out.
pub(crate) fn broker() -> Option<Broker> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let Ok(program) = std::env::var("OBS_KAFKA_BROKER") else {
        assert!(
            std::env::var_os("CI").is_none(),
            "OBS_KAFKA_BROKER is not set, and here nothing is left out"
        );
        println!("left out, because OBS_KAFKA_BROKER is not set (`cargo xtask test` sets it)");
        return None;
    };
    let number = COUNT.fetch_add(1, Relaxed);
    let folder = format!("obs-kafka-{}-{number}", std::process::id());
    let mut broker = Broker {
        program,
        folder: std::env::temp_dir().join(folder),
        port: free_port(),
        child: None,
    };
    broker.start();
    Some(broker)
}

impl Broker {
    pub(crate) fn servers(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn options(&self) -> KafkaOptions {
        KafkaOptions::new(&self.servers())
    }

    pub(crate) fn start(&mut self) {
        let port = self.port.to_string();
        let child = Command::new("sh")
            .args(["-c", KEEP, "sh", &self.program, "start", "--data-dir"])
            .arg(&self.folder)
            .args(["--only", "kafka", "--kafka-port", &port])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        let client: BaseConsumer = self.config().create().unwrap();
        client.fetch_metadata(None, LONG).unwrap();
    }

    /// It answers nobody until it is resumed.
    pub(crate) fn pause(&mut self) {
        self.signal("STOP");
    }

    pub(crate) fn resume(&mut self) {
        self.signal("CONT");
    }

    /// It ends in order.
    pub(crate) fn end(&mut self) {
        self.signal("TERM");
        self.stop();
    }

    /// Sends a signal, and waits until it is sent.
    fn signal(&mut self, signal: &str) {
        let child = self.child.as_mut().unwrap();
        writeln!(child.stdin.as_ref().unwrap(), "{signal}").unwrap();
        let answers = child.stdout.as_mut().unwrap();
        answers.read_exact(&mut [0]).unwrap();
    }

    /// As if its plug was pulled.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.stdin.take());
            child.wait().unwrap();
        }
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
