//! The figures, and whether they reach the goals.

use crate::compiled::Case;
use crate::sources::Dialect;
use std::fmt::Write as _;

/// A line of the table.
#[derive(Default)]
struct Line {
    schemas: usize,
    generated: usize,
    compiled: usize,
    accepted: usize,
    exact: usize,
    invalid: usize,
    rejected: usize,
    positions: usize,
    typed: usize,
}

/// Goals in per cent: compiled, accepted, exact, rejected, typed.
const fn goals(dialect: Dialect) -> [f64; 5] {
    match dialect {
        Dialect::Avro => [100.0; 5],
        Dialect::JsonSchema => [97.0, 95.0, 90.0, 99.0, 90.0],
    }
}

/// Schemas the other implementation refuses, or finds no value for, are not counted.
fn counts(case: &Case) -> bool {
    case.samples.refused.is_none() && !case.samples.valid.is_empty()
}

fn add(line: &mut Line, case: &Case) {
    line.schemas += 1;
    line.generated += usize::from(case.module.is_some());
    line.compiled += usize::from(case.compiles);
    let all = |verdicts: &[bool]| !verdicts.is_empty() && verdicts.iter().all(|yes| *yes);
    line.accepted += usize::from(all(&case.accepted));
    line.exact += usize::from(all(&case.accepted) && all(&case.exact));
    line.invalid += case.rejected.len();
    line.rejected += case.rejected.iter().filter(|yes| **yes).count();
    line.positions += case.typedness.positions;
    line.typed += case.typedness.typed;
}

/// The table, and what fell short.
pub(crate) fn table(cases: &[Case]) -> String {
    let mut out = String::from(
        "| source | schemas | generated | compiled | all samples accepted | exact round trip | invalid samples rejected | properties typed |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    let mut sources: Vec<(&str, Dialect)> = Vec::new();
    for case in cases {
        if !sources.contains(&(case.source, case.dialect)) {
            sources.push((case.source, case.dialect));
        }
    }
    for (source, dialect) in sources {
        let mut line = Line::default();
        let own = cases
            .iter()
            .filter(|case| (case.source, case.dialect) == (source, dialect) && counts(case));
        own.for_each(|case| add(&mut line, case));
        write_line(&mut out, &format!("{source} ({dialect:?})"), &line);
    }
    for dialect in [Dialect::Avro, Dialect::JsonSchema] {
        write_line(
            &mut out,
            &format!("**all {dialect:?}**"),
            &total(cases, dialect),
        );
    }
    out.push('\n');
    for case in cases.iter().filter(|case| counts(case)) {
        for complaint in case.errors.iter().chain(&case.complaints).take(4) {
            let shown: String = complaint.chars().take(400).collect();
            let _ = writeln!(out, "- {}/{}: {shown}", case.source, case.samples.file);
        }
    }
    let refused = cases.iter().filter(|case| !counts(case)).count();
    let _ = writeln!(
        out,
        "\nnot counted, because the other implementation refuses the schema or finds no value: {refused}"
    );
    out
}

fn total(cases: &[Case], dialect: Dialect) -> Line {
    let mut line = Line::default();
    cases
        .iter()
        .filter(|case| case.dialect == dialect && counts(case))
        .for_each(|case| add(&mut line, case));
    line
}

fn shares(line: &Line) -> [f64; 5] {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
    let share = |part: usize, whole: usize| {
        if whole == 0 {
            100.0
        } else {
            100.0 * part as f64 / whole as f64
        }
    };
    [
        share(line.compiled, line.schemas),
        share(line.accepted, line.schemas),
        share(line.exact, line.schemas),
        share(line.rejected, line.invalid),
        share(line.typed, line.positions),
    ]
}

fn write_line(out: &mut String, name: &str, line: &Line) {
    let [compiled, accepted, exact, rejected, typed] = shares(line);
    let _ = writeln!(
        out,
        "| {name} | {} | {} | {} ({compiled:.1} %) | {} ({accepted:.1} %) | {} ({exact:.1} %) | {}/{} ({rejected:.1} %) | {}/{} ({typed:.1} %) |",
        line.schemas,
        line.generated,
        line.compiled,
        line.accepted,
        line.exact,
        line.rejected,
        line.invalid,
        line.typed,
        line.positions
    );
}

/// Whether every dialect reaches its goals.
pub(crate) fn goals_met(cases: &[Case]) -> bool {
    [Dialect::Avro, Dialect::JsonSchema]
        .into_iter()
        .all(|dialect| {
            let line = total(cases, dialect);
            shares(&line)
                .iter()
                .zip(goals(dialect))
                .all(|(share, goal)| *share >= goal)
        })
}
