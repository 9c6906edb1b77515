//! `cargo obs-codegen …`: everything the specs say, from the shell.
//!
//! Exit codes: 0 clean, 1 findings, 2 usage or unreadable input.

mod bus;
mod carried;
mod check;
mod cli;
mod data;
mod dlq;
mod emit;
mod events;
mod explain;
mod generate;
mod init;
mod lint;
mod package;
mod render;
mod report;
mod schemas;
mod show;
mod tail;
mod telemetry;
mod versions;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Cargo repeats the subcommand's name as the first argument; called directly, it is not there.
    let mut arguments: Vec<_> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|word| word == "obs-codegen") {
        arguments.remove(1);
    }
    let cli = cli::Cli::parse_from(arguments);
    match run(&cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            report::complain(&format!("error: {error}"));
            ExitCode::from(2)
        }
    }
}

/// Runs a command: true when there is nothing to find fault with.
fn run(cli: &cli::Cli) -> Result<bool, package::Failure> {
    use cli::Command;
    match &cli.command {
        Command::Check(arguments) => check::run(cli, arguments),
        Command::Generate(arguments) => generate::run(cli, arguments),
        Command::Telemetry(arguments) => telemetry::run(cli, arguments),
        Command::LintQueries(arguments) => lint::run(cli, arguments),
        Command::Lock => check::write_lock(cli),
        Command::Show(arguments) => show::run(cli, arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Init(arguments) => init::run(cli, arguments),
        Command::New(arguments) => init::new_event(cli, arguments),
        Command::Schema(arguments) => schemas::run(arguments),
        Command::Carried(arguments) => carried::run(cli, arguments),
        Command::Encode(arguments) => data::encode(cli, arguments),
        Command::Decode(arguments) => data::decode(cli, arguments),
        Command::Validate(arguments) => data::validate(cli, arguments),
        Command::Tail(arguments) => tail::run(cli, arguments),
        Command::Emit(arguments) => emit::run(cli, arguments),
        Command::Dlq(arguments) => dlq::run(cli, arguments),
    }
}
