//! `dlq`: dead letters, looked at and sent again.

mod letter;
mod replay;

use crate::bus::{self, Access};
use crate::cli::{Cli, Dlq, DlqCommand, List, ShowLetter, Shown};
use crate::events::{self, Events};
use crate::package::Failure;
use crate::report;
use crate::tail::{Line, PATIENCE, place};
use letter::{Letter, Wanted, replayed};
use obs_runtime::Bus;
use obs_runtime::OwnedRecord;
use obs_runtime::bus::{BusErrorKind, Look, Receipt, Sight};
use std::collections::BTreeSet;

/// `dlq`
pub(crate) fn run(cli: &Cli, arguments: &Dlq) -> Result<bool, Failure> {
    let Some(packages) = events::packages(cli)? else {
        return Ok(false);
    };
    let events = Events::of(&packages);
    match &arguments.command {
        DlqCommand::List(asked) => list(cli, &events, asked),
        DlqCommand::Show(asked) => show(&events, asked),
        DlqCommand::Replay(asked) => replay::run(cli, &events, asked),
    }
}

/// `dlq list`
fn list(cli: &Cli, events: &Events<'_>, asked: &List) -> Result<bool, Failure> {
    let letters = &asked.letters;
    let bus = bus::open(&letters.address, Access::Look)?;
    let wanted = Wanted::of(letters)?;
    let pile = Pile::of(&bus, events, &letters.suffix)?;
    let mut count = 0;
    pile.each(&bus, |letter, done| {
        if (done && !asked.all) || !wanted.has(events, &letter) {
            return Ok(true);
        }
        count += 1;
        match asked.format {
            Shown::Human => report::show(letter.text(events, done)),
            Shown::Json => {
                let line = Line::of(events, &letter.record.as_record(), letter.receipt, true);
                let line = line.with_state(&letter.id, done);
                report::show(line.text(Shown::Json))
            }
        }
    })?;
    let letters = if count == 1 { "letter" } else { "letters" };
    report::note(cli, &format!("{count} dead {letters}"));
    Ok(true)
}

/// `dlq show`
fn show(events: &Events<'_>, asked: &ShowLetter) -> Result<bool, Failure> {
    let bus = bus::open(&asked.address, Access::Look)?;
    let pile = Pile::of(&bus, events, &asked.suffix)?;
    let mut any = false;
    pile.each(&bus, |letter, done| {
        if !letter.is(&asked.id) {
            return Ok(true);
        }
        any = true;
        let line = Line::of(events, &letter.record.as_record(), letter.receipt, true);
        let line = line.with_state(&letter.id, done).with_headers();
        report::show(line.text(asked.format))
    })?;
    if any {
        return Ok(true);
    }
    Err(unknown(&asked.id))
}

fn unknown(id: &str) -> Failure {
    let id = events::harmless(id);
    format!("there is no dead letter `{id}`\nhelp: `cargo obs-codegen dlq list --all` lists them; an id is what it begins its lines with, or the id of an event").into()
}

/// The topics of dead letters, and which letters in them were sent again.
struct Pile {
    topics: Vec<String>,
    done: BTreeSet<String>,
}

impl Pile {
    fn of(bus: &Bus, events: &Events<'_>, suffix: &str) -> Result<Pile, Failure> {
        let mut topics = match bus.topics() {
            Ok(topics) => topics,
            // What the specs tell of is all there is to go by.
            Err(error) if error.kind() == BusErrorKind::Unsupported => events
                .topics()
                .map(|topic| format!("{topic}{suffix}"))
                .collect(),
            Err(error) => return Err(bus::told(&error)),
        };
        topics.retain(|topic| topic.ends_with(suffix) && topic.len() > suffix.len());
        topics.sort();
        topics.dedup();
        let mut pile = Pile {
            topics,
            done: BTreeSet::new(),
        };
        let mut done = BTreeSet::new();
        pile.records(bus, |topic, record, _| {
            done.extend(replayed(&record).map(|which| format!("{topic}/{which}")));
            Ok(true)
        })?;
        pile.done = done;
        Ok(pile)
    }

    /// Shows each letter, and whether it was sent again, as long as more is wanted.
    fn each(
        &self,
        bus: &Bus,
        mut see: impl FnMut(Letter, bool) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        self.records(bus, |topic, record, receipt| {
            if replayed(&record).is_some() {
                return Ok(true);
            }
            let id = place(topic, receipt);
            let done = self.done.contains(&id);
            see(
                Letter {
                    id,
                    record,
                    receipt,
                },
                done,
            )
        })
    }

    fn records(
        &self,
        bus: &Bus,
        mut see: impl FnMut(&str, OwnedRecord, Receipt) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        for topic in &self.topics {
            let view = bus.look(topic, Look::default());
            let mut view = view.map_err(|error| bus::told(&error))?;
            loop {
                let sight = view.next(PATIENCE).map_err(|error| bus::told(&error))?;
                let (record, receipt) = match sight {
                    Sight::End => break,
                    Sight::Record(record, receipt) => (record, receipt),
                    // What cannot be read is told of by `tail`.
                    _ => continue,
                };
                if !see(topic, record, receipt)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
