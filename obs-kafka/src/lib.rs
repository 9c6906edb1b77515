//! Kafka as a bus of obs, on librdkafka.
//!
//! ```no_run
//! use obs_kafka::KafkaOptions;
//! use obs_runtime::{Record, Setup};
//!
//! let bus = KafkaOptions::new("localhost:9092").open()?;
//! let obs = Setup::new().with_bus(bus).init()?;
//! obs.bus().send(&Record::new("user.registered.v2", b"{}")).wait()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! By its address, which a program may take from its configuration: `kafka://broker-1:9092,broker-2:9092?confirm=delivered`.
//! Settings of an address that are not `confirm` (`queued`, `delivered`), `patience.ms` or `drain.ms` are properties.
//!
//! ```no_run
//! use obs_runtime::Setup;
//!
//! // OBS_BUS=kafka://localhost:9092?linger.ms=20
//! let obs = Setup::new().with_scheme(obs_kafka::SCHEME).init()?;
//! # Ok::<(), obs_runtime::InitError>(())
//! ```
//!
//! Whatever librdkafka can be told, [`KafkaOptions::with_property`] tells it; what is set here without being asked is
//! an idempotent producer (`enable.idempotence`).
//!
//! # TLS and logins
//!
//! They are properties too, and nothing of ours stands before them: `security.protocol=sasl_ssl`,
//! `ssl.ca.location=/etc/shop/ca.pem`, `sasl.mechanism=SCRAM-SHA-512`, `sasl.username` and `sasl.password`. A broker that
//! shows another certificate, or does not take a login, may have another one tomorrow, so it is tried again; what was to
//! be sent meanwhile fails as a timeout (`message.timeout.ms`) that says which of them it was.
//!
//! # Groups
//!
//! [`Bus::subscribe`](obs_runtime::Bus::subscribe) makes a member of a consumer group. Partitions are handed over one by
//! one (`cooperative-sticky`), and a member finishes what it works on before it lets a partition go. Only what is
//! acknowledged is committed, once a second (`auto.commit.interval.ms`) and when a member leaves: what a member that
//! was killed had done since comes again.
//!
//! [`Bus::lag`](obs_runtime::Bus::lag), and with it `event_consumer_lag`, is about the partitions that members of this
//! program have: the sum over all programs is the group's. It is as old as what librdkafka last told
//! (`statistics.interval.ms`, 5 seconds unless said).
//!
//! [`KafkaOptions::open_transactional`] makes what is sent and what is acknowledged one: [`KafkaTransactions`].
//!
//! # What building it takes
//!
//! A compiler for C and C++, `make` and bash: librdkafka is built from the sources that come with its crate. snappy and
//! lz4 are part of it, and so is SASL with PLAIN.
//!
//! | feature | what it adds | what it takes |
//! |---|---|---|
//! | `gzip` | the codec | zlib, built along where the system has none |
//! | `zstd` | the codec | nothing more |
//! | `tls` | TLS, and SASL with SCRAM and OAUTHBEARER | OpenSSL with its headers (Debian: `libssl-dev`) |

mod answer;
mod bus;
mod error;
mod group;
mod held;
mod look;
mod member;
mod options;
mod report;
mod side;
mod statistics;
mod transaction;

pub use obs_runtime::bus::{Confirm, Lost};
pub use options::{Codec, KafkaOptions, SCHEME};
pub use transaction::KafkaTransactions;
