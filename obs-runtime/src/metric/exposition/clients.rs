//! Calls of stores and peers, in the families of OpenTelemetry's conventions: observed functions with `db(…)` or
//! `client(…)`, whose cells are told once more by what they call.

use obs_schema::names::DURATION_BOUNDS_NS;
use obs_schema::names::family::{
    DB_CLIENT_OPERATION_DURATION_SECONDS, Family, RPC_CLIENT_CALL_DURATION_SECONDS,
};

use super::{Document, histogram};
use crate::clock::SECOND;
use crate::metric::operation::{Operation, Outcome};
use crate::metric::text::Number;
use crate::span::Value;

const MILLISECOND: u64 = 1_000_000;

/// What the conventions say of one kind of calls.
struct Convention {
    family: Family,
    /// The attributes whose values are those of the labels of the family, but for the last, which is the error.
    attributes: &'static [&'static str],
    /// Bounds that are advised and that cells have too, in nanoseconds.
    bounds: &'static [u64],
}

/// Each has its first attribute, or it is another one.
const CONVENTIONS: [Convention; 2] = [
    Convention {
        family: DB_CLIENT_OPERATION_DURATION_SECONDS,
        attributes: &[
            "db.system.name",
            "db.operation.name",
            "db.collection.name",
            "db.namespace",
        ],
        bounds: &[
            MILLISECOND,
            5 * MILLISECOND,
            10 * MILLISECOND,
            50 * MILLISECOND,
            100 * MILLISECOND,
            500 * MILLISECOND,
            SECOND,
            5 * SECOND,
            10 * SECOND,
        ],
    },
    Convention {
        family: RPC_CLIENT_CALL_DURATION_SECONDS,
        attributes: &["rpc.system.name", "rpc.method", "server.address"],
        bounds: &[
            5 * MILLISECOND,
            10 * MILLISECOND,
            25 * MILLISECOND,
            50 * MILLISECOND,
            100 * MILLISECOND,
            250 * MILLISECOND,
            500 * MILLISECOND,
            SECOND,
            5 * SECOND / 2,
            5 * SECOND,
            10 * SECOND,
        ],
    },
];

/// Calls that the conventions do not tell apart.
struct Calls {
    labels: Vec<(&'static str, &'static str)>,
    buckets: Vec<u64>,
    nanos: u64,
}

/// Appends what calls of others have left behind.
pub(super) fn write(to: &mut Document<'_>, operations: &[&Operation]) {
    for convention in &CONVENTIONS {
        let mut all: Vec<Calls> = Vec::new();
        for operation in operations {
            if let Some(labels) = labels(convention, operation) {
                gather(&mut all, convention, &labels, operation);
            }
        }
        if all.is_empty() {
            continue;
        }
        let Family {
            name, unit, help, ..
        } = convention.family;
        to.family(name, "histogram", unit, help);
        for calls in &all {
            let lines = histogram(name, &calls.labels, convention.bounds, SECOND);
            let cells = (&*calls.buckets, &[][..]);
            to.histogram(&mut lines.iter(), cells, calls.nanos, Number::Seconds);
        }
    }
}

/// The labels of an operation, if it is of this kind.
fn labels(
    convention: &Convention,
    operation: &Operation,
) -> Option<Vec<(&'static str, &'static str)>> {
    let mut labels = Vec::with_capacity(convention.attributes.len() + 1);
    for (attribute, label) in convention.attributes.iter().zip(convention.family.labels) {
        let said = operation.fixed.iter().find(|(name, _)| name == attribute);
        match said {
            Some((_, Value::Text(value))) => labels.push((*label, *value)),
            _ if labels.is_empty() => return None,
            _ => {}
        }
    }
    Some(labels)
}

/// Adds the calls of an operation, by how they ended. Which error it was, their durations do not know.
fn gather(
    all: &mut Vec<Calls>,
    convention: &Convention,
    labels: &[(&'static str, &'static str)],
    operation: &Operation,
) {
    let reading = operation.read();
    for outcome in Outcome::ALL {
        let mut labels = labels.to_vec();
        let error = match outcome {
            Outcome::Ok => None,
            Outcome::Error => Some(crate::ErrorType::Other.as_str()),
            Outcome::Panic | Outcome::Cancelled => Some(outcome.as_str()),
        };
        let label = convention.family.labels.last();
        labels.extend(label.zip(error).map(|(label, error)| (*label, error)));
        for series in 0..operation.series {
            let ((counts, _), nanos) = reading.durations(series, outcome);
            // A histogram for each way to fail that never came would be a page for each function.
            if error.is_some() && counts.iter().all(|count| *count == 0) {
                continue;
            }
            let at = all.iter().position(|calls| calls.labels == labels);
            let at = at.unwrap_or_else(|| {
                all.push(Calls {
                    labels: labels.clone(),
                    buckets: vec![0; convention.bounds.len() + 1],
                    nanos: 0,
                });
                all.len() - 1
            });
            let calls = &mut all[at];
            calls.nanos = calls.nanos.wrapping_add(nanos);
            for (bucket, count) in counts.iter().enumerate() {
                // Bounds are taken from among those of the cells, so a cell is in one bucket whole.
                let bound = DURATION_BOUNDS_NS.get(bucket).copied().unwrap_or(u64::MAX);
                let place = convention.bounds.partition_point(|most| *most < bound);
                calls.buckets[place] = calls.buckets[place].wrapping_add(*count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::exposition::Format;

    #[test]
    fn bounds_are_among_those_of_the_cells_and_attributes_have_labels() {
        for convention in &CONVENTIONS {
            let mut bounds = convention.bounds.iter();
            assert!(bounds.all(|bound| DURATION_BOUNDS_NS.contains(bound)));
            assert!(convention.bounds.is_sorted());
            let labels = convention.family.labels;
            assert_eq!(labels.len(), convention.attributes.len() + 1);
            for (label, attribute) in labels.iter().zip(convention.attributes) {
                assert_eq!(*label, attribute.replace('.', "_"));
            }
        }
    }

    #[test]
    fn functions_that_call_the_same_are_one() {
        const INSERT: &[(&str, Value<'static>)] = &[
            ("db.system.name", Value::Text("sqlite")),
            ("db.operation.name", Value::Text("insert")),
        ];
        let one = Operation::new("one", &[]).saying(INSERT);
        let other = Operation::new("other", &[]).saying(INSERT);
        let none = Operation::new("none", &[]);
        for (operation, millis) in [(&one, 1), (&other, 2), (&other, 40), (&none, 1)] {
            operation.ended(0, Outcome::Ok, None, millis * MILLISECOND, None);
        }
        one.ended(0, Outcome::Error, Some("Busy"), 20 * SECOND, None);
        let mut out = Vec::new();
        let mut to = Document {
            out: &mut out,
            samples: 0,
            format: Format::Text,
        };
        write(&mut to, &[&one, &other, &none]);
        let text = String::from_utf8(out).unwrap();
        let name = "db_client_operation_duration_seconds";
        let same = "db_system_name=\"sqlite\",db_operation_name=\"insert\"";
        let failed = format!("{same},error_type=\"_OTHER\"");
        for (labels, le, count) in [
            (same, "0.001", 1),
            (same, "0.005", 2),
            (same, "0.01", 2),
            (same, "0.05", 3),
            (same, "+Inf", 3),
            (&failed, "10.0", 0),
            (&failed, "+Inf", 1),
        ] {
            let line = format!("{name}_bucket{{{labels},le=\"{le}\"}} {count}\n");
            assert!(text.contains(&line), "{line}{text}");
        }
        assert!(
            text.contains(&format!("{name}_sum{{{same}}} 0.043\n")),
            "{text}"
        );
        assert_eq!(text.matches("_count{").count(), 2, "{text}");
    }
}
