//! `dlq replay`: letters go back to the topic they came from.
//!
//! What was sent again is noted in the topic of the letter itself, by a record behind it, so that everybody who looks
//! there knows, from whichever machine. The letter goes first: when the tool dies between the two, it goes once more
//! the next time, and consumers that care recognise it by its id.

use super::letter::{COUNT, Letter, REPLAYED, Wanted};
use super::{Pile, unknown};
use crate::bus::{self, Access};
use crate::cli::{Cli, Rate, Replay};
use crate::events::{Events, harmless};
use crate::package::Failure;
use crate::report;
use crate::tail::place;
use obs_runtime::bus::{Header, Receipt};
use obs_runtime::{Bus, Record};

/// `dlq replay`
pub(super) fn run(cli: &Cli, events: &Events<'_>, asked: &Replay) -> Result<bool, Failure> {
    let access = if asked.dry_run {
        Access::Look
    } else {
        Access::Send
    };
    let bus = bus::open(&asked.letters.address, access)?;
    let wanted = Wanted::of(&asked.letters)?;
    let pile = Pile::of(&bus, events, &asked.letters.suffix)?;
    let (mut sent, mut left, mut known) = (0_u64, 0_u64, 0_u64);
    pile.each(&bus, |letter, done| {
        if !wanted.has(events, &letter) {
            return Ok(true);
        }
        known += 1;
        if done {
            return Ok(true);
        }
        if let Some(kept) = letter.lacks_body() {
            left += 1;
            return report::show(
                harmless(&format!(
                    "{}  stays: its body was not kept ({kept})",
                    letter.id
                )) + "\n",
            );
        }
        if asked.limit.is_some_and(|limit| sent >= limit) {
            return Ok(false);
        }
        let to = letter.origin(&asked.letters.suffix);
        if asked.dry_run {
            sent += 1;
            return report::show(harmless(&format!("{}  would go to {to}", letter.id)) + "\n");
        }
        if let Some(Rate(pause)) = asked.rate.filter(|_| sent > 0) {
            std::thread::sleep(pause);
        }
        let receipt = send(&bus, &letter, to)?;
        sent += 1;
        report::show(harmless(&format!("{}  went to {}", letter.id, place(to, receipt))) + "\n")
    })?;
    if let (0, Some(id)) = (known, asked.letters.id.first()) {
        return Err(unknown(id));
    }
    let did = if asked.dry_run {
        "would be replayed"
    } else {
        "replayed"
    };
    report::note(cli, &format!("{sent} {did}, {left} stay"));
    Ok(left == 0)
}

/// Sends a letter to where it came from, as it was there, and notes that.
fn send(bus: &Bus, letter: &Letter, to: &str) -> Result<Receipt, Failure> {
    let record = letter.record.as_record();
    let count = (letter.replays() + 1).to_string();
    let ours = |name: &str| name.starts_with("dlq-") || name == COUNT;
    let headers = record.headers.iter().filter(|header| !ours(header.name));
    let headers: Vec<Header<'_>> = headers.chain([Header::new(COUNT, &count)]).collect();
    let again = Record {
        topic: to,
        headers: headers.as_slice().into(),
        ..record
    };
    let receipt = bus.send_confirmed(&again).wait();
    let receipt = receipt.map_err(|error| bus::told(&error))?;
    let which = place("", letter.receipt);
    let note = [
        Header::new(REPLAYED, which.trim_start_matches('/')),
        Header::new("dlq-topic", to),
    ];
    let note = Record {
        key: record.key,
        headers: (&note).into(),
        ..Record::new(record.topic, b"")
    };
    bus.send_confirmed(&note).wait().map_err(|error| {
        let id = harmless(&letter.id);
        format!("{id} was sent, and that could not be noted, so it will be sent again: {error}\nhelp: see that the bus takes records of `{}`", record.topic)
    })?;
    Ok(receipt)
}
