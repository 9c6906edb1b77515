//! NATS JetStream as a bus of obs.
//!
//! ```no_run
//! use obs_nats::NatsOptions;
//! use obs_runtime::{Record, Setup};
//!
//! let bus = NatsOptions::new("localhost:4222").open()?;
//! let obs = Setup::new().with_bus(bus).init()?;
//! obs.bus().send(&Record::new("user.registered.v2", b"{}")).wait()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! By its address, which a program may take from its configuration: `OBS_BUS=nats://user:password@host-1:4222,host-2:4222`
//! and `Setup::with_scheme(obs_nats::SCHEME)`.
//!
//! | setting | what it sets |
//! |---|---|
//! | `confirm` | `queued` or `delivered`: [`Confirm`] |
//! | `stream`, `prefix`, `partitions` | where records are: [`NatsOptions::with_stream`], [`NatsOptions::with_prefix`], [`NatsOptions::with_partitions`] |
//! | `create` | `missing` (a stream that is not there is made) or `never` |
//! | `storage`, `replicas`, `max_age.ms`, `max_bytes` | how a stream is made: `file` or `memory`, 1, as long and as much as there is room |
//! | `records`, `record_bytes` | how many may be on their way (10,000), and how large each may be (1,000,000) |
//! | `ack_wait.ms`, `lag.ms`, `give_up.ms`, `patience.ms` | as [`NatsOptions`] has them |
//! | `token`, `credentials` | a token, or a file with credentials (feature `credentials`) |
//! | `tls` | `required`; feature `tls` |
//! | `ca` | a file with the authorities that are trusted, instead of those of the system; feature `tls` |
//!
//! # What can be counted on
//!
//! - A record is published when JetStream has acknowledged it, many at once; what is not acknowledged is sent again with
//!   the same `Nats-Msg-Id`, so that the stream has it once (within its window for duplicates, two minutes).
//! - A record waits for the acknowledgement of the one of its key before it, so that a retry never passes it. So a key
//!   makes as many records a second as there are ways to the server and back; keys together make many more.
//! - A topic has partitions, and each group has a durable pull consumer for each of them, which gives out one record at a
//!   time to all members together. So records of a key come one after another, whoever gets them, and `partitions` is
//!   the most that a group works on side by side in a topic. JetStream has no other order across members.
//! - What is acknowledged does not come again. What is given back comes again at once; what a member has that died, or
//!   what the server sends to one in the moment in which it leaves, after `ack_wait`; while a member lives, work may take as long as it takes. Attempts are counted by the server, a record
//!   that a member got and did not look at before it left included.
//!
//! On the wire a record is a message under `{prefix}{topic}.p{partition}` with its headers, those that NATS does not carry
//! as they are in `Obs-Headers`, its key in `Obs-Key`, and `Obs-Body: none` where there is no body.
//!
//! | feature | what it adds |
//! |---|---|
//! | `tls` | TLS, with rustls |
//! | `credentials` | files with credentials |

mod bus;
mod counts;
mod look;
mod member;
mod message;
mod options;
mod publish;
mod pull;
mod trouble;

pub use obs_runtime::bus::{Confirm, Lost};
pub use options::{NatsOptions, SCHEME, Storage};
