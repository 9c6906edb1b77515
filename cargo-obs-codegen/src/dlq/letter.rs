//! A dead letter, and which of them are meant.

use crate::cli::Letters;
use crate::events::{Events, harmless};
use crate::package::Failure;
use obs_runtime::OwnedRecord;
use obs_runtime::bus::Receipt;
use obs_runtime::types::TimestampNanos;

/// A record that a consumer put aside.
pub(super) struct Letter {
    /// Where it is, which is how it is called.
    pub(super) id: String,
    pub(super) record: OwnedRecord,
    pub(super) receipt: Receipt,
}

/// The header of a record that says of a letter in its topic that it was sent again: where that is.
pub(super) const REPLAYED: &str = "dlq-replayed";

/// The header of a record that was sent again: how often.
pub(super) const COUNT: &str = "replay-count";

/// Which letter of its topic was sent again, if that is what a record says.
pub(super) fn replayed(record: &OwnedRecord) -> Option<&str> {
    record.headers().text(REPLAYED)
}

impl Letter {
    fn said(&self, name: &str) -> Option<&str> {
        self.record.headers().text(name)
    }

    /// Where it came from.
    pub(super) fn origin(&self, suffix: &str) -> &str {
        let topic = self.record.topic();
        self.said("dlq-topic")
            .unwrap_or_else(|| topic.strip_suffix(suffix).unwrap_or(topic))
    }

    /// How often it was sent again before.
    pub(super) fn replays(&self) -> u32 {
        let count = self.said(COUNT).and_then(|count| count.parse().ok());
        count.unwrap_or_default()
    }

    /// Why it cannot be sent again: the policy of its consumer leaves the body away.
    pub(super) fn lacks_body(&self) -> Option<&str> {
        self.said("dlq-body").filter(|kept| *kept != "whole")
    }

    /// Whether a word names it: its own id, or that of its event.
    pub(super) fn is(&self, id: &str) -> bool {
        self.id == id
            || ["event-id", "ce_id"]
                .iter()
                .any(|name| self.said(name) == Some(id))
    }

    /// One line about it.
    pub(super) fn text(&self, events: &Events<'_>, done: bool) -> String {
        let seen = events.catalogue.read(&self.record.as_record());
        let mut text = self.id.clone();
        for part in [
            self.said("dlq-reason").map(str::to_owned),
            seen.event_type.map(|kind| match &seen.version {
                Some(version) => format!("{kind} {version}"),
                None => kind.into_owned(),
            }),
            self.said("dlq-consumer").map(|name| format!("of {name}")),
            self.said("dlq-attempts")
                .map(|count| format!("{count} attempts")),
            self.said("dlq-time").map(str::to_owned),
            self.said(COUNT)
                .map(|count| format!("after replay {count}")),
            self.lacks_body().map(|kept| format!("body {kept}")),
            done.then(|| "replayed".to_owned()),
        ]
        .into_iter()
        .flatten()
        {
            text.push_str("  ");
            text.push_str(&part);
        }
        format!("{}\n", harmless(&text))
    }
}

/// Which letters are meant.
pub(super) struct Wanted<'a> {
    asked: &'a Letters,
    since: Option<i64>,
    until: Option<i64>,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(asked: &'a Letters) -> Result<Wanted<'a>, Failure> {
        Ok(Wanted {
            asked,
            since: time("--since", asked.since.as_deref())?,
            until: time("--until", asked.until.as_deref())?,
        })
    }

    pub(super) fn has(&self, events: &Events<'_>, letter: &Letter) -> bool {
        let asked = self.asked;
        let is = |wanted: &Option<String>, value: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| value == Some(wanted))
        };
        let time = letter.said("dlq-time");
        let time = time.and_then(|time| time.parse::<TimestampNanos>().ok());
        let time = time.map(|time| time.0);
        let seen = events.catalogue.read(&letter.record.as_record());
        is(&asked.reason, letter.said("dlq-reason"))
            && is(&asked.consumer, letter.said("dlq-consumer"))
            && is(&asked.topic, Some(letter.origin(&asked.suffix)))
            && is(&asked.event, seen.event_type.as_deref())
            && (asked.id.is_empty() || asked.id.iter().any(|id| letter.is(id)))
            && self
                .since
                .is_none_or(|since| time.is_some_and(|time| time >= since))
            && self
                .until
                .is_none_or(|until| time.is_some_and(|time| time < until))
    }
}

/// A time, or the beginning of a day.
fn time(option: &str, text: Option<&str>) -> Result<Option<i64>, Failure> {
    let Some(text) = text else {
        return Ok(None);
    };
    let whole = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        _ => text.to_owned(),
    };
    let time: Result<TimestampNanos, _> = whole.parse();
    time.map(|time| Some(time.0)).map_err(|_| {
        format!("`{option}` is no time\nhelp: write a day, `2026-11-21`, or a time, `2026-11-21T09:30:00Z`")
            .into()
    })
}
