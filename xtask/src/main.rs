//! `cargo xtask …`: the chores of the repository.
//!
//! `test` runs everything that must hold before a change lands; the long work has a short form in it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for people at a terminal"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "chores touch the world; the fence is for the product"
)]

mod artefacts;
mod bench;
mod features;
mod fuzz;
mod live;
mod run;
mod soak;
mod test;
mod tools;
mod tour;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask test [STEP…]    everything that must hold, or only the named steps
cargo xtask fuzz [TARGET…] [--still N] [--seconds N] [--keep]
                            drive the fuzz targets until their coverage stands still for N seconds, or the time is up;
                            `--keep` adds what they found to the corpus
cargo xtask soak [--minutes N] [--seed S]
                            random specs of both dialects through everything, from seed S on, for N minutes
cargo xtask soak bus        the tests of the buses in their long form: crashes, disks that fail, crowds, and a
                            million events of which everything tells the same
cargo xtask soak kafka      the tests against a broker in their long form: it is away for half a minute
cargo xtask soak nats       the tests against a server of NATS with a hundred thousand records, and one that is killed
cargo xtask live [--hour SECONDS]
                            the quickstart's events before a real Prometheus, with all faults, an hour in so many seconds
cargo xtask tools           install the outside tools the tests use, into .tools
cargo xtask steps           list the steps of `test`
cargo xtask corpora [SOURCE…]   the schemas of OBS_CORPORA against other implementations, as a table
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let [program, arguments @ ..] = words.as_slice()
        && fuzz::is_rustc(program)
    {
        return fuzz::rustc(program, arguments);
    }
    let result = match words.as_slice() {
        ["test", steps @ ..] => test::run(steps),
        ["fuzz", words @ ..] => fuzz::run(words),
        ["soak", "bus"] => soak::bus(),
        ["soak", "kafka"] => soak::kafka(),
        ["soak", "nats"] => soak::nats(),
        ["soak", words @ ..] => soak::run(words),
        ["live", words @ ..] => live::run(words),
        ["bench", words @ ..] => bench::run(words),
        ["tools"] => tools::install().map(drop),
        ["corpora", sources @ ..] => test::corpora(sources),
        ["steps"] => {
            test::STEPS
                .iter()
                .for_each(|step| println!("{:10} {}", step.name, step.what));
            Ok(())
        }
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}{}", bench::USAGE);
            Ok(())
        }
        _ => Err(format!(
            "xtask does not know `{}`\n\n{USAGE}{}",
            words.join(" "),
            bench::USAGE
        )),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
