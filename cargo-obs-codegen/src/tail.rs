//! `tail`: what a topic holds.

mod shown;

pub(crate) use shown::{Line, place};

use crate::bus::{self, Access};
use crate::cli::{Cli, From, Tail};
use crate::events::{self, Events};
use crate::package::Failure;
use crate::report;
use obs_runtime::bus::{Look, Sight};
use std::time::Duration;

/// How long one look for something new takes.
pub(crate) const PATIENCE: Duration = Duration::from_millis(200);

/// What is shown of the end when nobody says how much.
const SOME: u64 = 10;

/// `tail`
pub(crate) fn run(cli: &Cli, arguments: &Tail) -> Result<bool, Failure> {
    let Some(packages) = events::packages(cli)? else {
        return Ok(false);
    };
    let events = Events::of(&packages);
    let bus = bus::open(&arguments.address, Access::Look)?;
    let mut told = false;
    while let Err(missing) = bus::has_topic(&bus, &arguments.topic)? {
        if !arguments.follow {
            return Err(missing);
        }
        // The first who publishes makes it.
        if !told {
            report::note(cli, &format!("waiting: {missing}"));
            told = true;
        }
        std::thread::sleep(PATIENCE);
    }
    let look = Look {
        last: match arguments.from {
            From::Start => None,
            From::End if arguments.follow => Some(0),
            From::End => Some(arguments.count.unwrap_or(SOME)),
        },
        follow: arguments.follow,
    };
    // Of each part of the topic there are so many.
    let mut left = arguments
        .count
        .filter(|_| look.last.is_none_or(|last| last == 0));
    let mut view = bus
        .look(&arguments.topic, look)
        .map_err(|error| bus::told(&error))?;
    while left != Some(0) {
        let line = match view.next(PATIENCE).map_err(|error| bus::told(&error))? {
            Sight::End => break,
            Sight::Broken(reason) => shown::broken(&arguments.topic, &reason),
            Sight::Record(record, receipt) => {
                Line::of(&events, &record.as_record(), receipt, arguments.as_sent)
            }
            _ => continue,
        };
        if !report::show(line.text(arguments.format))? {
            break;
        }
        left = left.map(|left| left - 1);
    }
    Ok(true)
}
