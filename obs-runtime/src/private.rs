//! Everything generated code may name, under a version: `__obs` there is `obs_runtime::__private::v1` here.
//!
//! Users' records may be called `Option` or `String`, so the prelude is here too. What stands here stays: a change
//! that old generated code would not survive becomes `v2`.

/// The first version.
pub mod v1 {
    pub use std::borrow::Cow;
    pub use std::boxed::Box;
    pub use std::clone::Clone;
    pub use std::cmp::{Eq, Ord, PartialEq, PartialOrd};
    pub use std::collections::{BTreeMap, HashMap};
    pub use std::convert::{AsRef, From, Into, TryFrom, TryInto};
    pub use std::default::Default;
    pub use std::fmt::Debug;
    pub use std::hash::Hash;
    pub use std::iter::{IntoIterator, Iterator};
    pub use std::marker::{Copy, Send, Sized, Sync};
    pub use std::option::Option::{self, None, Some};
    pub use std::result::Result::{self, Err, Ok};
    pub use std::string::{String, ToString};
    pub use std::sync::{LazyLock, OnceLock};
    pub use std::vec::Vec;

    pub use obs_schema::avro::fingerprint;
    pub use obs_schema::carried;
    pub use obs_schema::json::Json;
    pub use obs_schema::wire::{
        DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind, Limits, Within, avro, json,
    };

    pub use crate::__serde as serde;
    pub use crate::bus::Bus;
    pub use crate::codec::avro::avro_at;
    pub use crate::codec::branch::{Branch, by_tag, first_of};
    pub use crate::codec::fields::{Fields, fields};
    pub use crate::codec::json::{json_after, json_at};
    pub use crate::codec::owned::{owned_list, owned_map};
    pub use crate::codec::{AvroCodec, JsonCodec, UnknownSymbol};
    #[cfg(feature = "tokio")]
    pub use crate::consume::Outcome;
    pub use crate::event::{
        AvroBody, Body, Descriptor, Dialect, Encoding, Envelope, Event, FieldInfo, JsonBody, Key,
        Label, LabelInfo, LogLine, Redaction, top,
    };
    pub use crate::log::Level;
    pub use crate::metric::{
        Counter, FamilyInfo, Feeds, Gauge, Histogram, Info, Instrument, Kind, MetricSet, Summary,
        TimesInfo, Tracked, bounded, event_within_budget, labels_agree, measure,
        operation_within_budget, values_at, within_budget,
    };
    pub use crate::observe::{
        Anything, Call, Debugs, Displays, Ended, Fails, FailsWithReasons, Follow, Second, Site,
        Task, Teller, Text, Third, TypedError, Verdict, debug, display, ended, never,
    };
    pub use crate::older::Older;
    pub use crate::part::{EventPart, PartSchema, Piece, text as part_text};
    pub use crate::publish::Publisher;
    pub use crate::resolve::{ResolveError, Resolver};
    pub use crate::sensitive::{Pii, Secret};
    pub use crate::span::{Kind as SpanKind, Value as SpanValue};
    pub use crate::tell::{Octets, Said, Tell, Telling};
    pub use crate::types;
    pub use crate::validate::{Checker, Pattern, SchemaDoc, Validate, Violations};
    pub use crate::words::{UpcastError, upcast_avro, upcast_json};
    pub use crate::{__obs_descriptor as descriptor, __obs_event as event};

    /// What the macro `serde` names.
    #[cfg(feature = "serde")]
    pub mod through_serde {
        pub use crate::serde::{deserialize, serialize};
        pub use serde::{Deserialize, Deserializer, Serialize, Serializer};
    }
}
