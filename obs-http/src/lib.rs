//! HTTP as a bus of obs: records are posted as events of [CloudEvents](https://cloudevents.io) to an endpoint, which may
//! be anybody's, and an endpoint takes such events for consumers. For hooks, and for the edge.
//!
//! ```
//! use obs_http::HttpOptions;
//! use obs_runtime::{Record, Setup};
//!
//! let bus = HttpOptions::new("http://localhost:8080/events").open()?;
//! let obs = Setup::new().with_bus(bus.clone()).init()?;
//! // bus.send(&Record::new("user.registered.v2", b"{}")).wait()?;
//! # let _ = Record::new("user.registered.v2", b"{}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! By its address, which a program may take from its configuration: `OBS_BUS=http://hooks.example/events?mode=binary`
//! and `Setup::with_scheme(obs_http::SCHEME)`.
//!
//! | setting | what it sets |
//! |---|---|
//! | `mode` | `batch`, `structured` or `binary`: [`Mode`] |
//! | `confirm` | `queued` or `delivered`: [`Confirm`] |
//! | `source` | the `source` of events that have none |
//! | `ca` | a file with the authorities that are trusted, instead of those of webpki; feature `tls` |
//! | `token` | `Authorization: Bearer`, of requests and of those that come in |
//! | `records`, `record_bytes` | how many may be on their way (10,000), and how large each may be (1,000,000) |
//! | `timeout.ms`, `give_up.ms`, `patience.ms` | as [`HttpOptions`] has them |
//! | `listen` | where this program takes events itself, as `127.0.0.1:8080`, at the path of the address; feature `receive` |
//! | `inbox` | the address of the bus that keeps them: `memory:`, or `file:/var/lib/shop` |
//!
//! # What can be counted on
//!
//! - Records are posted in the order in which they were sent, one request after another; a batch that was taken in part
//!   goes on behind what was taken.
//! - What was not answered, or with 408, 425, 429 or 5xx, is sent again after growing pauses, and not before
//!   `Retry-After`, until it is given up. So a record may come twice, with the same `id`.
//! - Any other answer is a refusal: the record is lost, or whoever waits for it hears why. Redirects are not followed.
//!   An endpoint that refuses a batch and does not say which event it means gets them one by one.
//! - Where both sides are of this crate a record comes out exactly as it went in: key, headers and all.
//! - No error holds a URL, a header or an event.
//!
//! | feature | what it adds |
//! |---|---|
//! | `receive` | `Receiver`, a router of axum, and the settings `listen` and `inbox` |
//! | `tls` | `https:`, with rustls |

mod event;
#[cfg(feature = "receive")]
mod listen;
mod options;
mod post;
#[cfg(any(feature = "receive", test))]
mod read;
#[cfg(feature = "receive")]
mod receive;
mod sender;
#[cfg(feature = "receive")]
mod settled;
#[cfg(feature = "tls")]
mod tls;

pub use obs_runtime::bus::{Confirm, Lost};
#[cfg(feature = "tls")]
pub use options::SCHEME_TLS;
pub use options::{HttpOptions, Mode, SCHEME};
#[cfg(feature = "receive")]
pub use receive::Receiver;
