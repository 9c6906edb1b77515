//! The buses that are held against each other, each by its address.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use obs_runtime::Bus;
use obs_runtime::bus::Scheme;

use crate::broker::{Broker, broker};
use crate::nats::{Server, server};
use crate::process::free_port;

/// A kind of bus, and what a test needs of it.
pub(crate) struct Rig {
    pub(crate) system: &'static str,
    /// The settings of a bus that holds ten records, or not many more.
    few: &'static str,
    /// The settings of a bus that takes no record of 100,000 bytes.
    small: &'static str,
    kind: Kind,
}

enum Kind {
    Memory,
    /// A folder for each bus.
    Folders(PathBuf, AtomicU32),
    Kafka(Broker),
    /// Who listens where another one sends to.
    Http(Option<Bus>),
    /// Each bus has a stream of its own.
    Nats(Server, AtomicU32),
}

/// What is not built in.
const SCHEMES: &[Scheme] = &[obs_http::SCHEME, obs_kafka::SCHEME, obs_nats::SCHEME];

/// All that there are on this machine.
pub(crate) fn rigs() -> Vec<Rig> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "obs-buses-{}-{}",
        std::process::id(),
        COUNT.fetch_add(1, Relaxed)
    );
    let folder = std::env::temp_dir().join(name);
    let mut rigs = vec![
        Rig {
            system: "memory",
            few: "records=10",
            small: "bytes=50000",
            kind: Kind::Memory,
        },
        Rig {
            system: "file",
            few: "max_bytes=12000",
            small: "max_bytes=50000",
            kind: Kind::Folders(folder, AtomicU32::new(0)),
        },
    ];
    rigs.push(Rig {
        system: "http",
        few: "records=10",
        small: "record_bytes=50000",
        kind: Kind::Http(None),
    });
    rigs.extend(server().map(|server| Rig {
        system: "nats",
        few: "records=10",
        small: "record_bytes=50000",
        kind: Kind::Nats(server, AtomicU32::new(0)),
    }));
    rigs.extend(broker().map(|broker| Rig {
        system: "kafka",
        few: "queue.buffering.max.messages=10",
        small: "message.max.bytes=50000",
        kind: Kind::Kafka(broker),
    }));
    rigs
}

impl Rig {
    /// The address of a new bus, and the topics that it shall have.
    pub(crate) fn address(&self, topics: &[&str]) -> String {
        match &self.kind {
            Kind::Memory => "memory:".to_owned(),
            Kind::Folders(folder, count) => {
                let number = count.fetch_add(1, Relaxed);
                format!("file:{}", folder.join(number.to_string()).display())
            }
            Kind::Kafka(broker) => {
                for topic in topics {
                    broker.topic(topic, 3);
                }
                // What a test would wait for otherwise.
                format!(
                    "kafka://{}?statistics.interval.ms=20&topic.metadata.refresh.interval.ms=100",
                    broker.servers()
                )
            }
            Kind::Nats(server, count) => {
                let number = count.fetch_add(1, Relaxed);
                format!(
                    "{}?stream=s{number}&prefix=s{number}.&lag.ms=20&ack_wait.ms=5000",
                    server.address()
                )
            }
            Kind::Http(_) => {
                let port = free_port();
                format!("http://127.0.0.1:{port}/events?listen=127.0.0.1:{port}")
            }
        }
    }

    /// A new bus with these topics.
    pub(crate) fn bus(&self, topics: &[&str]) -> Bus {
        open(&self.address(topics))
    }

    /// One that takes no record of 100,000 bytes.
    pub(crate) fn small(&self, topics: &[&str]) -> Bus {
        self.small_at(topics).0
    }

    /// The same, and the server in its address, if it has one: a host and a port.
    pub(crate) fn small_at(&self, topics: &[&str]) -> (Bus, Option<(String, String)>) {
        let address = self.address(topics);
        let server = address.split_once("://").and_then(|(_, place)| {
            let (host, rest) = place.split_once(':')?;
            let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
            Some((host.to_owned(), port))
        });
        (with(&address, self.small), server)
    }

    /// A bus with room for few records that nobody takes before `release`.
    pub(crate) fn few(&mut self, topic: &str) -> (Bus, Box<dyn FnOnce() + Send + '_>) {
        let (address, few) = (self.address(&[topic]), self.few);
        match &mut self.kind {
            // The bus has met no broker yet, and none that forgets what it was told.
            Kind::Kafka(broker) => {
                broker.end();
                (with(&address, few), Box::new(|| broker.start()))
            }
            Kind::Nats(server, _) => {
                server.end();
                (with(&address, few), Box::new(|| server.start()))
            }
            Kind::Http(listens) => {
                let (sends, _) = address.split_once('?').unwrap();
                let bus = with(sends, few);
                (bus, Box::new(move || *listens = Some(open(&address))))
            }
            _ => {
                let bus = with(&address, few);
                let mut member = bus.subscribe(&[topic], "release").unwrap();
                let release = move || {
                    while let Some(delivery) = member.try_next() {
                        delivery.ack();
                    }
                };
                (bus, Box::new(release))
            }
        }
    }
}

/// The bus at an address, with more settings.
fn with(address: &str, settings: &str) -> Bus {
    let sign = if address.contains('?') { '&' } else { '?' };
    open(&format!("{address}{sign}{settings}"))
}

pub(crate) fn open(address: &str) -> Bus {
    Bus::open(address, SCHEMES).unwrap()
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Kind::Folders(folder, _) = &self.kind {
            std::fs::remove_dir_all(folder).ok();
        }
    }
}
