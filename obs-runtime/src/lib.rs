//! What generated code and applications call: events, codecs, validation, sensitive data, and a bus.
//!
//! A team describes each event once. `build.rs` turns the descriptions into types (`obs_codegen::build("specs")`),
//! and [`include_events!`] brings them in:
//!
//! ```text
//! mod events {
//!     obs_runtime::include_events!();
//! }
//!
//! use events::acme::user::{Plan, UserRegistered};
//!
//! let obs = obs_runtime::init()?;
//! let publisher = UserRegistered::publisher(obs.bus());
//! publisher.publish(&UserRegistered { user_id: id.into(), email: email.into(), plan: Plan::Team, referrer: None }).await?;
//! ```
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `macros` (default) | `#[derive(Event)]` and its like |
//! | `serde` | `Serialize` and `Deserialize` for logical types and [`Json`], and for generated types whose settings ask |
//! | `schemars` | `JsonSchema` for logical types and [`Json`] |
//! | `chrono`, `time`, `uuid`, `rust_decimal` | logical types to and from the types of these crates |
//! | `opentelemetry` | spans to any exporter of `opentelemetry_sdk`, parents to and from its current context, counters and gauges in its meters |
//! | `tracing` | calls of `tracing` in the log, publishes for whoever listens to `tracing`: [`log::layer`](https://docs.rs/obs-runtime/latest/obs_runtime/log/fn.layer.html) |
//! | `prometheus` | everything that is counted, in a registry of the crate prometheus |
//! | `tokio` | consumers: [`Consumer`](https://docs.rs/obs-runtime/latest/obs_runtime/struct.Consumer.html); exporters that need a runtime have one of their own |
//! | `apache-avro` | events to and from the values of apache-avro |

pub mod bus;
pub mod codec;
#[cfg(feature = "tokio")]
pub mod consume;
pub mod context;
pub mod event;
pub mod export;
#[cfg(feature = "apache-avro")]
pub mod interop;
pub mod log;
pub mod metric;
pub mod publish;
pub mod redact;
pub mod span;
pub mod switch;
pub mod tell;
pub mod testing;
pub mod types;

mod clock;
mod envelope;
mod error_type;
mod ids;
mod init;
mod lane;
mod observe;
mod older;
mod part;
mod resolve;
mod sample;
mod sensitive;
mod serde;
mod stamp;
mod validate;
mod words;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use bus::{Bus, BusError, OwnedRecord, Record, Transport};
pub use codec::{AvroCodec, JsonCodec, UnknownSymbol};
#[cfg(feature = "tokio")]
pub use consume::{ConsumeError, Consumer, Delivery, Handler};
pub use context::{Actor, Context, ContextGuard, InContext, SpanContext};
pub use error_type::ErrorType;
pub use event::{Descriptor, Event, Key, Label};
pub use ids::{IdForm, SpanId, TraceId};
pub use init::{InitError, Obs, Setup, init};
pub use metric::MetricSet;
#[cfg(feature = "macros")]
pub use obs_macros::{ErrorType, Event, EventPart, Label, MetricSet};
pub use obs_schema::json::Json;
pub use obs_schema::wire::{self, DecodeError, EncodeError, Limits};
pub use observe::TypedError;
#[cfg(feature = "macros")]
pub use observe::observed;
pub use older::{Older, ReadError};
pub use part::{EventPart, PartSchema, Piece};
pub use publish::{Check, PublishError, Publisher};
pub use resolve::{ResolveError, Resolver};
pub use sample::Sampling;
pub use sensitive::{Pii, Secret};
pub use tell::{Said, Tell, Telling};
pub use validate::{Checker, Pattern, SchemaDoc, Validate, Violation, Violations};
pub use words::UpcastError;

/// Brings in the events that `obs_codegen::build()` made of the spec folder in `build.rs`.
///
/// It belongs into a module of its own: the modules inside follow the namespaces of the specs.
///
/// ```text
/// mod events {
///     obs_runtime::include_events!();
/// }
/// ```
#[macro_export]
macro_rules! include_events {
    () => {
        ::core::include!(::core::concat!(::core::env!("OUT_DIR"), "/obs/mod.rs"));
    };
}
