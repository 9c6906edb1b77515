//! The same message, made and sent by hand for this one event: with care, and with the crates that people take for it.

use crate::events::off::ParcelSent;
use chrono::{Datelike as _, Timelike as _, Utc};
use obs_runtime::bus::Header;
use obs_runtime::{Bus, Context, Record};
use std::io::Write as _;
use uuid::Uuid;

/// A buffer that is used again.
#[derive(Default)]
pub struct ByHand(Vec<u8>);

impl ByHand {
    pub fn publish(&mut self, bus: &Bus, event: &ParcelSent) {
        let mut text = Uuid::encode_buffer();
        let id = Uuid::now_v7().hyphenated().encode_lower(&mut text);
        let context = Context::current();
        let correlation = context.correlation().unwrap_or(id);
        let body = &mut self.0;
        body.clear();
        body.extend_from_slice(b"{\"eventId\":\"");
        body.extend_from_slice(id.as_bytes());
        body.extend_from_slice(
            b"\",\"eventType\":\"parcel.sent\",\"eventVersion\":\"1.0.0\",\"occurredAt\":\"",
        );
        // As `format` with a pattern does, which asks for memory.
        let now = Utc::now();
        let (year, month, day) = (now.year(), now.month(), now.day());
        let (hour, minute, second) = (now.hour(), now.minute(), now.second());
        let micros = now.timestamp_subsec_micros();
        write!(
            body,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z"
        )
        .expect("memory takes everything");
        body.extend_from_slice(b"\",\"correlation\":{\"correlationId\":\"");
        body.extend_from_slice(correlation.as_bytes());
        body.extend_from_slice(b"\"},\"metadata\":{\"source\":\"depot\"},\"payload\":");
        event.encode_json(body).expect("a good event");
        body.push(b'}');
        let headers = [
            Header::new("event-id", id),
            Header::new("event-type", "parcel.sent"),
            Header::new("event-version", "1.0.0"),
            Header::new("content-type", "application/json"),
            Header::new("correlation-id", correlation),
        ];
        let record = Record {
            key: Some(event.parcel.as_bytes()),
            headers: (&headers).into(),
            ..Record::new("parcel.sent.v1", body)
        };
        bus.send(&record).wait().expect("the bus takes everything");
    }
}
