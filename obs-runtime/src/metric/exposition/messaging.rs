//! The families of OpenTelemetry's messaging conventions, as lines.

use super::{Document, histogram};
use crate::clock::SECOND;
use crate::error_type::ErrorType;
use crate::metric::messaging::{About, BOUNDS_NS, Kind, Messaging, RESULTS, Reading};
use crate::metric::text::{Lines, Number};
use obs_schema::names::family::Family;
use obs_schema::names::family::{
    MESSAGING_CLIENT_CONSUMED_MESSAGES_TOTAL as CONSUMED,
    MESSAGING_CLIENT_OPERATION_DURATION_SECONDS as OPERATION,
    MESSAGING_CLIENT_SENT_MESSAGES_TOTAL as SENT, MESSAGING_PROCESS_DURATION_SECONDS as PROCESS,
};

/// The lines of one operation, for each way it may end.
#[derive(Debug)]
pub(crate) struct MessagingLines {
    durations: Vec<Lines>,
    messages: Vec<Lines>,
}

impl MessagingLines {
    fn of(about: &About) -> MessagingLines {
        let (mut durations, mut messages) = (Vec::new(), Vec::new());
        let server = about.place.server.as_ref();
        let port = server.map(|server| server.port().to_string());
        for result in 0..RESULTS {
            let mut labels = vec![
                ("messaging_destination_name", about.destination),
                ("messaging_operation_name", about.name),
                ("messaging_system", about.place.system),
            ];
            if let Some(group) = &about.group {
                labels.push(("messaging_consumer_group_name", group));
            }
            if let (Some(server), Some(port)) = (&about.place.server, &port) {
                labels.push(("server_address", server.address()));
                labels.push(("server_port", port));
            }
            let error = result.checked_sub(1).and_then(|at| ErrorType::ALL.get(at));
            labels.extend(error.map(|error| ("error_type", error.as_str())));
            let mut line = Lines::default();
            if let Some(family) = counted(about.kind) {
                line.push(family.name, &labels);
            }
            messages.push(line);
            let family = measured(about.kind);
            if family.name == OPERATION.name {
                labels.push(("messaging_operation_type", about.kind.as_str()));
            }
            durations.push(histogram(family.name, &labels, &BOUNDS_NS, SECOND));
        }
        MessagingLines {
            durations,
            messages,
        }
    }
}

/// The family that tells how long an operation took.
fn measured(kind: Kind) -> Family {
    match kind {
        #[cfg(feature = "tokio")]
        Kind::Process => PROCESS,
        _ => OPERATION,
    }
}

/// The family in which its messages are counted, if they are.
fn counted(kind: Kind) -> Option<Family> {
    match kind {
        Kind::Send => Some(SENT),
        #[cfg(feature = "tokio")]
        Kind::Receive => Some(CONSUMED),
        _ => None,
    }
}

/// Appends what was counted of all operations, family by family.
pub(super) fn write(to: &mut Document<'_>, all: &[&Messaging]) {
    let mut readings: Vec<(&Messaging, Reading<'_>)> = Vec::with_capacity(all.len());
    for one in all {
        readings.push((*one, one.read()));
    }
    for family in [CONSUMED, OPERATION, SENT, PROCESS] {
        let is = |found: Option<Family>| found.is_some_and(|found| found.name == family.name);
        let mut named = false;
        for (one, reading) in &readings {
            let kind = one.about.kind;
            let messages = is(counted(kind));
            if !messages && !is(Some(measured(kind))) {
                continue;
            }
            if !std::mem::replace(&mut named, true) {
                let word = if messages { "counter" } else { "histogram" };
                to.family(family.name, word, family.unit, family.help);
            }
            let lines = one.lines.get_or_init(|| MessagingLines::of(&one.about));
            for result in 0..RESULTS {
                // What comes in has no way to fail.
                if messages && (result == 0 || kind == Kind::Send) {
                    for prefix in lines.messages[result].iter() {
                        to.line(prefix, reading.messages(result), Number::Whole);
                    }
                }
                if messages {
                    continue;
                }
                let (cells, sum) = reading.durations(result);
                // A histogram for each error that never came would be a page for each topic.
                if result == 0 || cells.0.iter().any(|count| *count > 0) {
                    let mut lines = lines.durations[result].iter();
                    to.histogram(&mut lines, cells, sum, Number::Seconds);
                }
            }
        }
    }
}
