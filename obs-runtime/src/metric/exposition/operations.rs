//! Functions that are observed, in the exposition.

use obs_schema::names::DURATION_BOUNDS_NS;

use super::{Document, histogram};
use crate::clock::SECOND;
use crate::metric::operation::{Operation, Outcome};
use crate::metric::text::{Lines, Number};

const DURATION: &str = "operation_duration_seconds";
const ERRORS: &str = "operation_errors_total";
const IN_FLIGHT: &str = "operations_in_flight";

/// The lines of an operation that are the same each time: its durations by outcome, and how many go on.
fn lines(operation: &Operation) -> &[Lines; 2] {
    operation.lines.get_or_init(|| {
        let name = ("operation", operation.name);
        let mut durations = Lines::default();
        for outcome in Outcome::ALL {
            let labels = [name, ("outcome", outcome.as_str())];
            durations.append(&histogram(DURATION, &labels, &DURATION_BOUNDS_NS, SECOND));
        }
        let mut going_on = Lines::default();
        going_on.push(IN_FLIGHT, &[name]);
        [durations, going_on]
    })
}

/// Appends what calls have left behind.
pub(super) fn write(to: &mut Document<'_>, operations: &[&Operation]) {
    if operations.is_empty() {
        return;
    }
    let mut readings = Vec::with_capacity(operations.len());
    for operation in operations {
        readings.push((*operation, operation.read()));
    }
    to.family(DURATION, "histogram", "seconds", "How long calls took.");
    for (operation, reading) in &readings {
        let mut lines = lines(operation)[0].iter();
        for outcome in Outcome::ALL {
            let (cells, sum) = reading.durations(outcome);
            to.histogram(&mut lines, cells, sum, Number::Seconds);
        }
    }
    to.family(ERRORS, "counter", "", "Calls that failed.");
    for (operation, reading) in &readings {
        for (error, count, slot) in reading.failures() {
            // Which errors there are is only known as they are met.
            let mut line = Lines::default();
            line.push(
                ERRORS,
                &[("operation", operation.name), ("error_type", error)],
            );
            for prefix in line.iter() {
                to.sample(prefix, count, Number::Whole, slot, Number::Whole);
            }
        }
    }
    to.family(IN_FLIGHT, "gauge", "", "Calls that have not ended.");
    for (operation, reading) in &readings {
        for prefix in lines(operation)[1].iter() {
            to.line(prefix, reading.in_flight(), Number::Whole);
        }
    }
}
