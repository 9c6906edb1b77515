//! What can be typed.

use crate::telemetry::Profile;
use clap::{Args, Parser, Subcommand, ValueEnum};
use obs_model::keys::is_date;
use std::path::PathBuf;

/// Schema-first event observability: from specs to typed, instrumented Rust.
#[derive(Parser, Debug)]
#[command(
    name = "cargo obs-codegen",
    bin_name = "cargo obs-codegen",
    version,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Path to the package's Cargo.toml
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) manifest_path: Option<PathBuf>,

    /// Package to work on (may be repeated)
    #[arg(short, long, global = true, value_name = "SPEC")]
    pub(crate) package: Vec<String>,

    /// All packages of the workspace that have specs
    #[arg(long, global = true)]
    pub(crate) workspace: bool,

    /// Spec folder or file, relative to the package, instead of what obs.toml says (may be repeated)
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) specs: Vec<PathBuf>,

    /// How findings are printed
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    pub(crate) message_format: Format,

    /// When to colour
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    pub(crate) color: Colour,

    /// Say less
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
}

/// How findings are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Format {
    /// With the lines they are about
    Human,
    /// One line each
    Short,
    /// One JSON object a line
    Json,
    /// Annotations of GitHub Actions
    Github,
}

/// When to colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Say everything that is wrong with the specs
    Check(Check),
    /// Write the Rust into the package, for those who like to read and commit it
    Generate(Generate),
    /// Render alerts with their tests, and what else running these events takes
    Telemetry(Telemetry),
    /// Hold the PromQL of rules, dashboards and runbooks against what the specs expose
    LintQueries(LintQueries),
    /// Freeze what the specs say now into obs.lock
    Lock,
    /// Show everything an event becomes
    Show(Show),
    /// Print the page of a diagnostic code
    Explain(Explain),
    /// Set a package up: a spec, obs.toml and build.rs that work
    Init(Init),
    /// Add a spec for one more event
    New(New),
    /// Print the JSON Schema of a document we read, for editors
    Schema(Schema),
    /// List the schemas a built binary carries
    Carried(Carried),
    /// Encode JSON by a spec: reads standard input, writes standard output
    Encode(Data),
    /// Decode a body by a spec to JSON: reads standard input, writes standard output
    Decode(Data),
    /// Validate JSON against a spec: reads standard input
    Validate(Data),
}

/// Arguments of `check`.
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// Fail when obs.lock is not what the specs say
    #[arg(long)]
    pub(crate) locked: bool,
    /// The day to judge sunsets by, instead of SOURCE_DATE_EPOCH (YYYY-MM-DD)
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(crate) today: Option<String>,
    /// Fail on warnings too
    #[arg(long)]
    pub(crate) deny_warnings: bool,
}

fn date(text: &str) -> Result<String, &'static str> {
    if is_date(text) {
        Ok(text.to_owned())
    } else {
        Err("this is no day of the calendar; write year, month and day: `2027-03-31`")
    }
}

/// Arguments of `generate`.
#[derive(Args, Debug)]
pub(crate) struct Generate {
    /// Folder to write to, relative to the package
    #[arg(long, value_name = "DIR", default_value = "src/events")]
    pub(crate) out: PathBuf,
    /// Write nothing: print the difference, and fail if there is one
    #[arg(long)]
    pub(crate) check: bool,
}

/// Arguments of `telemetry`.
#[derive(Args, Debug)]
pub(crate) struct Telemetry {
    /// Folder to write to, relative to the package
    #[arg(long, value_name = "DIR", default_value = "deploy/observability")]
    pub(crate) out: PathBuf,
    /// Write this target alone (may be repeated)
    #[arg(long, value_name = "TARGET")]
    pub(crate) only: Vec<String>,
    /// Folder of targets and templates of your own, relative to the package
    #[arg(long, value_name = "DIR")]
    pub(crate) templates: Option<PathBuf>,
    /// Where it will run
    #[arg(long, value_enum, default_value_t = Profile::Prod)]
    pub(crate) profile: Profile,
    /// Write nothing: print the difference, and fail if there is one
    #[arg(long)]
    pub(crate) check: bool,
}

/// Arguments of `lint-queries`.
#[derive(Args, Debug)]
pub(crate) struct LintQueries {
    /// Files, or folders with files: YAML, JSON and Markdown
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// A label that the scrape adds (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub(crate) target_label: Vec<String>,
}

/// Arguments of `show`.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// Event type, such as user.registered; all of them when left out
    pub(crate) event: Option<String>,
}

/// Arguments of `explain`.
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The code in brackets of a message; the list of them when left out
    pub(crate) code: Option<String>,
}

/// Arguments of `init`.
#[derive(Args, Debug)]
pub(crate) struct Init {
    /// Write checked-in code to src/events instead of compiling in build.rs
    #[arg(long)]
    pub(crate) checked_in: bool,
}

/// Arguments of `new`.
#[derive(Args, Debug)]
pub(crate) struct New {
    /// Event type, such as user.registered
    pub(crate) event: String,
    /// Dialect of the spec
    #[arg(long, value_enum, default_value_t = Dialect::Avro)]
    pub(crate) dialect: Dialect,
}

/// A dialect to write a spec in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Dialect {
    /// Avro
    Avro,
    /// JSON Schema 2020-12
    JsonSchema,
}

/// Arguments of `schema`.
#[derive(Args, Debug)]
pub(crate) struct Schema {
    /// Which document
    #[arg(value_enum)]
    pub(crate) document: Document,
}

/// A document whose schema we publish.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Document {
    /// The `x-obs` object of an event
    XObsEvent,
    /// The `x-obs` object of a field
    XObsField,
    /// obs.toml
    ObsToml,
    /// *.metrics.yaml
    Metrics,
}

/// Arguments of `carried`.
#[derive(Args, Debug)]
pub(crate) struct Carried {
    /// The built binary
    pub(crate) binary: PathBuf,
}

/// Arguments of `encode`, `decode` and `validate`.
#[derive(Args, Debug)]
pub(crate) struct Data {
    /// Event type, such as user.registered; `@2.0.0` behind it names a version
    pub(crate) event: String,
    /// The body carries a Confluent, Glue or single-object prefix
    #[arg(long)]
    pub(crate) framed: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_is_a_day_of_the_calendar() {
        for (today, error) in [
            ("2027-03-31", None),
            ("2027-02-29", Some("no day of the calendar")),
            (
                "tomorrow",
                Some("invalid value 'tomorrow' for '--today <DATE>'"),
            ),
        ] {
            let parsed = Cli::try_parse_from(["obs-codegen", "check", "--today", today]);
            let said = parsed.err().map(|error| error.to_string());
            let fits = match (&said, error) {
                (Some(said), Some(error)) => said.contains(error),
                (said, error) => said.is_none() && error.is_none(),
            };
            assert!(fits, "{today}: {said:?}");
        }
    }
}
