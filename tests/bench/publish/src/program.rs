//! The program: a race between processes, and the one that a child runs.
//!
//! Each team runs in a process of its own, for subscribers, registries and samplers are one a process, and so is
//! processor time. They take turns: while one runs its batch, all others wait.

use crate::{Course, OTHERS, Runner, TEAMS, Team, child, compare, race, sustained};

/// What stands in front of the words.
const USAGE: &str = "\
[--short] [--off PROGRAM] [GROUP…]
                                races, all or those of these groups
child TEAM COURSE               what a race runs: batches by request
show TEAM COURSE                what comes out of one publish
loop TEAM COURSE TIMES          publishes so often, for callgrind
sustained [--short]             two threads without a pause, for a minute in each state of an exporter

TEAM is default, tuned, best, limit or ours.
COURSE is json, json-quiet or avro, the share of sampled traces, counting or otlp, and the number of threads.";

/// Runs what the words say.
pub fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["child", team, course @ ..] => {
            ready(team, course).map(|(team, course)| child::serve(&*team, &course))
        }
        ["show", team, course @ ..] => {
            ready(team, course).map(|(team, course)| compare::show(&*team, &course))
        }
        ["loop", team, course @ .., times] => ready(team, course).and_then(|(team, _)| {
            let times = times.parse().map_err(|_| USAGE.to_owned())?;
            let mut runner = team.runner();
            // Blocks grow until the first ones come back empty.
            for _ in 0..8 {
                runner.run(4_000);
                team.flush();
            }
            counted(&mut *runner, times);
            team.flush();
            Ok(())
        }),
        ["sustained", words @ ..] => sustained::run(words),
        words => race::run(words),
    };
    if let Err(why) = done {
        eprintln!("{why}");
        std::process::exit(1);
    }
}

/// What callgrind counts: the thread that publishes, once everything has grown.
#[inline(never)]
fn counted(runner: &mut dyn Runner, times: usize) {
    runner.run(times);
}

fn ready(team: &str, course: &[&str]) -> Result<(Box<dyn Team>, Course), String> {
    let course = Course::parse(course).ok_or(USAGE)?;
    let (_, ready) = TEAMS
        .iter()
        .chain(&OTHERS)
        .find(|(name, _)| *name == team)
        .ok_or(USAGE)?;
    Ok((ready(&course), course))
}
