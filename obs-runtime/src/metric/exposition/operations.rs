//! Functions that are observed, in the exposition.

use obs_schema::names::DURATION_BOUNDS_NS;

use super::families::combination;
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
        let (mut durations, mut going_on) = (Lines::default(), Lines::default());
        for series in 0..operation.series {
            let mut labels = labels(operation, series);
            going_on.push(IN_FLIGHT, &labels);
            for outcome in Outcome::ALL {
                labels.push(("outcome", outcome.as_str()));
                durations.append(&histogram(DURATION, &labels, &DURATION_BOUNDS_NS, SECOND));
                labels.pop();
            }
        }
        [durations, going_on]
    })
}

/// The labels of a series, the name of the operation first.
fn labels(operation: &Operation, series: usize) -> Vec<(&'static str, &'static str)> {
    let mut labels = vec![("operation", operation.name)];
    labels.append(&mut combination(operation.labels, series));
    labels
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
        for series in 0..operation.series {
            for outcome in Outcome::ALL {
                let (cells, sum) = reading.durations(series, outcome);
                to.histogram(&mut lines, cells, sum, Number::Seconds);
            }
        }
    }
    to.family(ERRORS, "counter", "", "Calls that failed.");
    for (operation, reading) in &readings {
        for series in 0..operation.series {
            let mut labels = labels(operation, series);
            for (error, count, slot) in reading.failures(series) {
                // Which errors there are is only known as they are met.
                let mut line = Lines::default();
                labels.push(("error_type", error));
                line.push(ERRORS, &labels);
                labels.pop();
                for prefix in line.iter() {
                    to.sample(prefix, count, Number::Whole, slot, Number::Whole);
                }
            }
        }
    }
    to.family(IN_FLIGHT, "gauge", "", "Calls that have not ended.");
    for (operation, reading) in &readings {
        for (series, prefix) in lines(operation)[1].iter().enumerate() {
            to.line(prefix, reading.in_flight(series), Number::Whole);
        }
    }
}
