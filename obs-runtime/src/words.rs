//! Words of generated code: what would be the same ten lines in every event, said once.
//!
//! They are macros only where a method or a constant has to be in the user's own type.

use crate::codec::{AvroCodec, JsonCodec};
use crate::event::Event;
use obs_schema::avro::Schema;
use obs_schema::avro::parse::read_text;
use obs_schema::avro::plan::Plan;
use std::any::TypeId;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// `&Descriptor { … }` with the mark that a built binary is recognised by, and `BLANK` for what is left out.
///
/// The mark comes as a literal: worked out by the compiler it would cost every event more than its codec.
#[doc(hidden)]
#[macro_export]
macro_rules! __obs_descriptor {
    (record: $record:expr, $($rest:tt)*) => {{
        // The linker keeps it, even where nothing else mentions the event.
        #[used]
        static RECORD: &[u8] = $record;
        &$crate::__private::v1::Descriptor {
            record: RECORD,
            $($rest)*
            ..$crate::__private::v1::Descriptor::BLANK
        }
    }};
    // Parts of the schema are known to the compiler only, so it makes text and fingerprints of the pieces.
    (event_type: $event:literal, version: $version:literal, part: $part:expr, $($rest:tt)*) => {{
        const PART: &$crate::__private::v1::PartSchema = $part;
        const SCHEMA: &str = {
            const LENGTH: usize = PART.length(false);
            const BYTES: [u8; LENGTH] = PART.render(false);
            $crate::__private::v1::part_text(&BYTES)
        };
        const CANONICAL: [u8; PART.length(true)] = PART.render(true);
        const RABIN: u64 = $crate::__private::v1::fingerprint::rabin(&CANONICAL);
        const SHA256: [u8; 32] = $crate::__private::v1::fingerprint::sha256(&CANONICAL);
        const LENGTH: usize = $crate::__private::v1::carried::length($event, $version);
        #[used]
        static RECORD: [u8; LENGTH] =
            $crate::__private::v1::carried::mark($event, $version, RABIN, &SHA256);
        const DESCRIPTOR: &$crate::__private::v1::Descriptor = &$crate::__private::v1::Descriptor {
            event_type: $event,
            version: $version,
            rabin: RABIN,
            sha256: SHA256,
            schema: SCHEMA,
            record: &RECORD,
            ..$crate::__obs_descriptor!(@rest $($rest)*)
        };
        DESCRIPTOR
    }};
    (@rest $($rest:tt)*) => {
        $crate::__private::v1::Descriptor { $($rest)* ..$crate::__private::v1::Descriptor::BLANK }
    };
}

/// The methods of an event that need no trait in scope.
#[doc(hidden)]
#[macro_export]
macro_rules! __obs_event {
    ($ident:ident, $($word:ident)*) => {
        impl $ident {
            /// Everything that does not hold of this value: place and rule, never the value itself.
            pub fn validate(&self) -> $crate::__private::v1::Result<(), $crate::__private::v1::Violations> {
                $crate::__private::v1::Validate::validate(self)
            }
            $($crate::__obs_event!(@$word);)*
        }
    };
    // A derive has the trait in scope that has this one.
    (@publisher) => {
        /// A publisher of this event on a bus.
        pub fn publisher(bus: &$crate::__private::v1::Bus) -> $crate::__private::v1::Publisher<Self> {
            $crate::__private::v1::Event::publisher(bus)
        }
    };
    (@avro) => {
        /// Appends the Avro binary form.
        pub fn encode_avro(&self, out: &mut $crate::__private::v1::Vec<u8>) -> $crate::__private::v1::Result<(), $crate::__private::v1::EncodeError> {
            $crate::__private::v1::AvroCodec::encode_avro(self, out)
        }
        /// Reads the Avro binary form, written with this very schema.
        pub fn decode_avro(body: &[u8]) -> $crate::__private::v1::Result<Self, $crate::__private::v1::DecodeError> {
            $crate::__private::v1::AvroCodec::decode_avro(body)
        }
    };
    (@json) => {
        /// Appends the JSON form.
        pub fn encode_json(&self, out: &mut $crate::__private::v1::Vec<u8>) -> $crate::__private::v1::Result<(), $crate::__private::v1::EncodeError> {
            $crate::__private::v1::JsonCodec::encode_json(self, out)
        }
        /// Reads the JSON form.
        pub fn decode_json(body: &[u8]) -> $crate::__private::v1::Result<Self, $crate::__private::v1::DecodeError> {
            $crate::__private::v1::JsonCodec::decode_json(body)
        }
    };
}

/// Why a value of an older version did not become one of a newer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UpcastError {
    reason: String,
}

impl UpcastError {
    /// Refuses, with a reason that does not hold the value.
    #[must_use]
    pub fn refused(reason: impl Into<String>) -> UpcastError {
        UpcastError {
            reason: reason.into(),
        }
    }
}

impl fmt::Display for UpcastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the event does not become its next version: {}",
            self.reason
        )
    }
}

impl std::error::Error for UpcastError {}

/// Plans between versions, compiled at their first use.
static PLANS: RwLock<Plans> = RwLock::new(Vec::new());

/// A few, so they are looked through.
type Plans = Vec<((TypeId, TypeId), Arc<Plan>)>;

/// An older version as a newer, by the rules of Avro's schema resolution.
///
/// # Errors
///
/// The value has something the newer schema has no room for, such as a symbol without a default.
pub fn upcast_avro<Old: Event + AvroCodec, New: Event + AvroCodec>(
    old: &Old,
) -> Result<New, UpcastError> {
    let plan = plan::<Old, New>()?;
    let mut body = Vec::new();
    old.encode_avro(&mut body)
        .map_err(|error| UpcastError::refused(error.to_string()))?;
    let mut resolved = Vec::new();
    plan.run(&body, &mut resolved)
        .map_err(|error| UpcastError::refused(error.to_string()))?;
    New::decode_avro(&resolved).map_err(|error| UpcastError::refused(error.to_string()))
}

fn plan<Old: Event, New: Event>() -> Result<Arc<Plan>, UpcastError> {
    let key = (TypeId::of::<Old>(), TypeId::of::<New>());
    // A poisoned map is still a map: nothing in it is ever half written.
    let known = PLANS
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .iter()
        .find(|(known, _)| *known == key)
        .map(|(_, plan)| Arc::clone(plan));
    if let Some(plan) = known {
        return Ok(plan);
    }
    let unreadable = |_| UpcastError::refused("a schema of the program cannot be read");
    let writer = read_text(Old::DESCRIPTOR.schema).map_err(unreadable)?;
    let reader = read_text(New::DESCRIPTOR.schema).map_err(unreadable)?;
    let (Some(writer), Some(reader)) = (Schema::of_set(&writer), Schema::of_set(&reader)) else {
        return Err(UpcastError::refused(
            "a schema of the program stands for nothing",
        ));
    };
    let plan = Plan::compile(writer, reader)
        .map(Arc::new)
        .map_err(|_| UpcastError::refused("the schemas do not resolve"))?;
    PLANS
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .push((key, plan.clone()));
    Ok(plan)
}

/// An older version as a newer, where the JSON of the one is JSON of the other.
///
/// # Errors
///
/// The newer version does not accept it.
pub fn upcast_json<Old: JsonCodec, New: JsonCodec>(old: &Old) -> Result<New, UpcastError> {
    let mut body = Vec::new();
    old.encode_json(&mut body)
        .map_err(|error| UpcastError::refused(error.to_string()))?;
    New::decode_json(&body).map_err(|error| UpcastError::refused(error.to_string()))
}
