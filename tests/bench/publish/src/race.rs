//! Races: each group is a row of figures, and all teams of a group take turns.

use crate::child::{Racer, Took};
use crate::{Body, Course, Exporter, TEAMS, compare, parts};
use std::path::Path;

/// Some courses, and what they show.
struct Group {
    name: &'static str,
    what: &'static str,
    courses: &'static [Course],
    /// Processor time counts instead of the time of the thread.
    processor: bool,
    /// What ours may take at most: times the limit, or nanoseconds.
    goal: Goal,
}

enum Goal {
    Times(f64),
    Nanos(f64),
}

pub const JSON: Course = Course::new(Body::Json);
const AVRO: Course = Course::new(Body::Avro);

const GROUPS: [Group; 3] = [
    Group {
        name: "full",
        what: "full publish, JSON, log line: ns of the thread",
        courses: &[JSON, JSON.sampled(0.1), JSON.sampled(0.0), JSON.twice()],
        processor: false,
        goal: Goal::Times(1.6),
    },
    Group {
        name: "processor",
        what: "full publish, JSON, log line, spans made into OTLP: ns of processor, all threads",
        courses: &[JSON.exported(), JSON.exported().twice()],
        processor: true,
        goal: Goal::Nanos(600.0),
    },
    Group {
        name: "avro",
        what: "full publish, Avro, no log: ns of the thread",
        courses: &[AVRO, AVRO.sampled(0.1), AVRO.sampled(0.0), AVRO.twice()],
        processor: false,
        goal: Goal::Times(1.8),
    },
];

/// Turns that each team takes, in full and in short.
const TURNS: [usize; 2] = [101, 15];

/// How long a batch should take, in nanoseconds.
const BATCH: f64 = 1.5e6;

/// The most publishes of a batch: what is not exported yet at its end must fit everybody's queue.
fn most(course: &Course) -> usize {
    match course.exporter {
        Exporter::Counting => 4_000,
        Exporter::Otlp => 2_000,
    }
}

/// Runs all groups, or the named ones.
pub fn run(words: &[&str]) -> Result<(), String> {
    let (mut short, mut off, mut names) = (false, None, Vec::new());
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        match word {
            "--short" => short = true,
            "--off" => off = words.next().map(Path::new),
            "log" | "unsampled" => names.push(word),
            _ if GROUPS.iter().any(|group| group.name == word) => names.push(word),
            _ => return Err(format!("there is no group `{word}`")),
        }
    }
    let wanted = |name: &str| names.is_empty() || names.contains(&name);
    println!("What differs beside ids and times, and is known:");
    let mut missed = Vec::new();
    for course in [JSON, JSON.sampled(0.0), AVRO] {
        if let Err(differences) = compare::compare(&course) {
            println!(
                "\nWhat differs and should not, {}:\n{differences}",
                course.words().join(" ")
            );
            missed.push("not all do the same work".to_owned());
        }
    }
    for group in &GROUPS {
        if wanted(group.name) {
            println!("\n{}: {}", group.name, group.what);
            table(group, short, &mut missed)?;
        }
    }
    if wanted("log") {
        parts::log(short, &mut missed)?;
    }
    if wanted("unsampled") {
        parts::unsampled(off, short, &mut missed)?;
    }
    if missed.is_empty() {
        Ok(())
    } else {
        Err(format!("missed: {}", missed.join("; ")))
    }
}

fn table(group: &Group, short: bool, missed: &mut Vec<String>) -> Result<(), String> {
    let heads: Vec<String> = TEAMS.iter().map(|(team, _)| format!(" {team} |")).collect();
    println!(
        "\n| sampled | threads |{} ours × limit | default × ours | tuned × ours | best × ours |",
        heads.concat()
    );
    println!("|---|---|{}---|---|---|---|", "---|".repeat(TEAMS.len()));
    for (at, course) in group.courses.iter().enumerate() {
        let mut racers = Vec::new();
        for (team, _) in TEAMS {
            racers.push((Racer::start(team, course, None)?, course));
        }
        let names = TEAMS.iter().map(|(team, _)| *team);
        let times: Vec<(&str, Vec<Took>)> = names.zip(turns(racers, short)?).collect();
        let figure = |took: &Took| {
            if group.processor {
                took.process
            } else {
                took.thread
            }
        };
        let cells: Vec<String> = times
            .iter()
            .map(|(_, took)| format!(" {:.0} |", median(took.iter().map(figure))))
            .collect();
        // Of the batches that ran one after the other, so that what slows the machine slows both.
        let ratio = |over: &str, under: &str| -> f64 {
            let of = |name: &str| {
                times
                    .iter()
                    .find(|(team, _)| *team == name)
                    .map(|(_, took)| took)
            };
            let (Some(over), Some(under)) = (of(over), of(under)) else {
                return f64::NAN;
            };
            median(
                over.iter()
                    .zip(under)
                    .map(|(over, under)| figure(over) / figure(under)),
            )
        };
        let times_limit = ratio("ours", "limit");
        println!(
            "| {}% | {} |{} {times_limit:.2} | {:.1} | {:.1} | {:.1} |",
            course.ratio * 100.0,
            course.threads,
            cells.concat(),
            ratio("default", "ours"),
            ratio("tuned", "ours"),
            ratio("best", "ours"),
        );
        for (team, took) in &times {
            let exported = took.iter().map(|took| took.exported).sum::<f64>() / took.len() as f64;
            if (exported - course.ratio).abs() > 0.02 {
                println!(
                    "| | | {team}: {:.0}% of the spans were exported |",
                    exported * 100.0
                );
            }
        }
        let ours = times.iter().find(|(team, _)| *team == "ours");
        let ours = ours.map_or(f64::NAN, |(_, took)| median(took.iter().map(figure)));
        let over = match group.goal {
            Goal::Times(most) => times_limit > most,
            Goal::Nanos(most) => ours > most,
        };
        // The first course is the one that has a goal; the others are told.
        if at == 0 && over {
            missed.push(format!(
                "{}: {ours:.0} ns, {times_limit:.2} times the limit",
                group.name
            ));
        }
    }
    Ok(())
}

/// What each took in each of its turns.
pub fn turns(racers: Vec<(Racer, &Course)>, short: bool) -> Result<Vec<Vec<Took>>, String> {
    let mut running = Vec::new();
    for (mut racer, course) in racers {
        racer.batch(1_000)?;
        let took = racer.batch(1_000)?.thread;
        let times = ((BATCH / took) as usize).clamp(50, most(course));
        running.push((racer, times, Vec::new()));
    }
    for _ in 0..TURNS[usize::from(short)] {
        for (racer, times, took) in &mut running {
            took.push(racer.batch(*times)?);
        }
    }
    Ok(running.into_iter().map(|(_, _, took)| took).collect())
}

pub fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = figures.collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}
