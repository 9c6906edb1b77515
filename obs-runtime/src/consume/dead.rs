//! Dead letters.

use super::later::Before;
use super::policy::DeadBody;
use super::run::Shared;
use crate::bus::{BusError, Header, OwnedRecord, Receipt, Record};
use crate::clock;
use crate::error_type::ErrorType;
use crate::stamp;

/// Why a record is put aside.
pub(super) struct DeadLetter {
    pub(super) reason: ErrorType,
    /// The type of the error.
    pub(super) exception: &'static str,
    pub(super) attempts: u32,
    /// What its log line says of the event, if somebody has read it.
    pub(super) said: Vec<u8>,
}

impl DeadLetter {
    pub(super) fn of(reason: ErrorType, attempts: u32) -> DeadLetter {
        DeadLetter {
            reason,
            exception: "",
            attempts,
            said: Vec::new(),
        }
    }

    /// The same as JSON; nothing if there is none.
    fn redacted(&self) -> &[u8] {
        let object = self.said.strip_prefix(b",\"context\":");
        object.unwrap_or_default()
    }

    /// Sends it, as often as the bus asks for it.
    pub(super) async fn send(
        &self,
        shared: &Shared,
        record: &OwnedRecord,
        receipt: Receipt,
    ) -> Result<(), BusError> {
        let dead = &shared.policy.dead;
        let origin = Before::of(record.parts(), &shared.group).topic();
        let topic = dead.topic(origin);
        let attempts = self.attempts.to_string();
        let partition = receipt.partition.map(|it| it.to_string());
        let offset = receipt.offset.map(|it| it.to_string());
        let time = stamp::rfc3339(clock::now());
        let time = str::from_utf8(&time).unwrap_or_default();
        let (kept, body) = match dead.body {
            DeadBody::Whole => (None, record.body()),
            DeadBody::Redacted => (Some("redacted"), Some(self.redacted())),
            DeadBody::Reference => (Some("reference"), Some(&b""[..])),
        };
        let mut headers: Vec<Header<'_>> = record
            .headers()
            .iter()
            // Of an earlier time here.
            .filter(|header| {
                !["dlq-", "retry-"]
                    .iter()
                    .any(|it| header.name.starts_with(it))
            })
            .collect();
        let told = [
            ("dlq-reason", Some(self.reason.as_str())),
            (
                "dlq-exception",
                Some(self.exception).filter(|it| !it.is_empty()),
            ),
            ("dlq-topic", Some(origin)),
            ("dlq-partition", partition.as_deref()),
            ("dlq-offset", offset.as_deref()),
            ("dlq-consumer", Some(&*shared.group)),
            ("dlq-attempts", Some(&*attempts)),
            ("dlq-time", Some(time)),
            ("dlq-body", kept),
        ];
        for (name, value) in told {
            headers.extend(value.map(|value| Header::new(name, value)));
        }
        let letter = Record {
            topic: &topic,
            key: record.key().filter(|_| kept.is_none()),
            headers: headers.as_slice().into(),
            body,
        };
        shared.send(&letter).await
    }
}
