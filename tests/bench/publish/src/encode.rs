//! The message as users of serde write it.

use crate::event::Reading;
use serde::Serialize;

/// Our envelope.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<'a> {
    pub event_id: &'a str,
    pub event_type: &'a str,
    pub event_version: &'a str,
    pub occurred_at: &'a str,
    pub tracing: Tracing<'a>,
    pub correlation: Correlation<'a>,
    pub metadata: Metadata<'a>,
    pub payload: &'a Reading,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tracing<'a> {
    pub trace_id: &'a str,
    pub span_id: &'a str,
    pub sampled: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Correlation<'a> {
    pub correlation_id: &'a str,
}

#[derive(Serialize)]
pub struct Metadata<'a> {
    pub source: &'a str,
}

/// What a single-object message begins with, and the schema that serde_avro_fast writes by.
pub struct Avro {
    head: [u8; 10],
    schema: serde_avro_fast::Schema,
}

impl Avro {
    pub fn new() -> Avro {
        use crate::events::bench::ReadingStored;
        use obs_runtime::Event;
        let about = ReadingStored::DESCRIPTOR;
        let mut head = [0; 10];
        head[..2].copy_from_slice(&[0xc3, 1]);
        head[2..].copy_from_slice(&about.rabin.to_le_bytes());
        Avro {
            head,
            schema: about.schema.parse().expect("our own schema"),
        }
    }

    /// What the configuration of a serializer is made of.
    pub fn schema(&self) -> &serde_avro_fast::Schema {
        &self.schema
    }

    /// The bytes before the payload.
    pub fn head(&self) -> &[u8; 10] {
        &self.head
    }
}
