//! Printing: the only place that writes to the terminal.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the rim of the command line"
)]

use crate::cli::{Cli, Colour, Format};
use obs_model::diag;
use obs_schema::diag::Diagnostic;
use obs_schema::source::SourceMap;
use std::io::IsTerminal;

/// Prints findings in the asked format, errors of people's making to standard error, machine formats to standard output.
pub(crate) fn findings(cli: &Cli, all: &[Diagnostic], sources: &SourceMap) {
    let colour = match cli.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => std::io::stderr().is_terminal(),
    };
    let format = match cli.message_format {
        Format::Human => diag::Format::Human,
        Format::Short => diag::Format::Short,
        Format::Json => diag::Format::Json,
        Format::Github => diag::Format::GitHub,
    };
    let text = diag::render(all, sources, format, colour);
    match cli.message_format {
        Format::Human | Format::Short => eprint!("{text}"),
        Format::Json | Format::Github => print!("{text}"),
    }
}

/// Prints a result.
pub(crate) fn say(text: &str) {
    print!("{text}");
}

/// Prints a line about what was done, unless asked to be quiet.
pub(crate) fn note(cli: &Cli, text: &str) {
    if !cli.quiet {
        eprintln!("{text}");
    }
}

/// Prints what went wrong.
pub(crate) fn complain(text: &str) {
    eprintln!("{text}");
}
