//! Printing: the only place that writes to the terminal.

use crate::cli::{Cli, Colour, Format};
use crate::package::Failure;
use obs_model::diag;
use obs_schema::diag::Diagnostic;
use obs_schema::source::SourceMap;
use std::io::{ErrorKind, IsTerminal, Write};

/// Prints findings in the asked format, errors of people's making to standard error, machine formats to standard output.
pub(crate) fn findings(cli: &Cli, all: &[Diagnostic], sources: &SourceMap) -> Result<(), Failure> {
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
        Format::Human | Format::Short => {
            write(std::io::stderr().lock(), "standard error", text.as_bytes())
        }
        Format::Json | Format::Github => say(text),
    }
}

/// Prints a result.
pub(crate) fn say(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    write(std::io::stdout().lock(), "standard output", text.as_ref())
}

/// Prints a part of a result of which there may be more to come: false when the reader has left.
pub(crate) fn show(text: impl AsRef<[u8]>) -> Result<bool, Failure> {
    let mut to = std::io::stdout().lock();
    match to.write_all(text.as_ref()).and_then(|()| to.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(unwritten("standard output", &error)),
        Ok(()) => Ok(true),
    }
}

/// Prints a line about what was done, unless asked to be quiet.
pub(crate) fn note(cli: &Cli, text: &str) {
    if !cli.quiet {
        complain(text);
    }
}

/// Prints what went wrong. When that fails there is nobody left to tell; the exit code says it too.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Writes all of a text now. A reader who has left (`| head`) has seen enough, which is no failure.
fn write(mut to: impl Write, name: &str, text: &[u8]) -> Result<(), Failure> {
    match to.write_all(text).and_then(|()| to.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(unwritten(name, &error)),
        _ => Ok(()),
    }
}

fn unwritten(name: &str, error: &std::io::Error) -> Failure {
    format!("cannot write to {name}: {error}").into()
}
