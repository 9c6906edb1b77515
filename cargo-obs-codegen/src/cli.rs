//! What can be typed.

use crate::telemetry::Profile;
use clap::{Args, Parser, Subcommand, ValueEnum};
use obs_model::keys::is_date;
use std::path::PathBuf;
use std::time::Duration;

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
    /// Show the records of a topic, decoded, and without what is sensitive in them
    Tail(Tail),
    /// Publish an event, as its service would
    Emit(Emit),
    /// Look at dead letters, and send them again
    Dlq(Dlq),
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
    /// *.alerts.yaml
    Alerts,
    /// *.dashboards.yaml
    Dashboards,
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

/// Where a bus is.
#[derive(Args, Debug)]
pub(crate) struct Address {
    /// Address of the bus, such as file:FOLDER or kafka://BROKER:9092, instead of OBS_BUS
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) bus: Option<String>,
}

/// Arguments of `tail`.
#[derive(Args, Debug)]
pub(crate) struct Tail {
    /// The topic
    pub(crate) topic: String,
    #[command(flatten)]
    pub(crate) address: Address,
    /// Where to begin; from the end it is the last ten, of each partition, unless --count says otherwise
    #[arg(long, value_enum, default_value_t = From::Start)]
    pub(crate) from: From,
    /// Show so many
    #[arg(long, value_name = "NUMBER")]
    pub(crate) count: Option<u64>,
    /// Go on with what comes
    #[arg(long)]
    pub(crate) follow: bool,
    /// Show older versions as they were sent, and not as the newest
    #[arg(long)]
    pub(crate) as_sent: bool,
    /// How records are shown
    #[arg(long, value_enum, default_value_t = Shown::Human)]
    pub(crate) format: Shown,
}

/// Arguments of `emit`.
#[derive(Args, Debug)]
pub(crate) struct Emit {
    /// Event type, such as user.registered; `@2.0.0` behind it names a version
    pub(crate) event: String,
    /// The event: JSON, @FILE for a file with it, or - for standard input
    #[arg(long, value_name = "JSON")]
    pub(crate) data: String,
    #[command(flatten)]
    pub(crate) address: Address,
    /// Another topic than its own
    #[arg(long, value_name = "TOPIC")]
    pub(crate) topic: Option<String>,
    /// Another message key than its own
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// One more header, or another value for one there is (may be repeated)
    #[arg(long, value_name = "NAME=VALUE", value_parser = header)]
    pub(crate) header: Vec<(String, String)>,
    /// The service that publishes it, instead of the one the spec names
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// Send nothing: show what would be sent
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How it is shown with --dry-run
    #[arg(long, value_enum, default_value_t = Shown::Human)]
    pub(crate) format: Shown,
}

fn header(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a header is a name, `=` and a value"),
    }
}

/// Arguments of `dlq`.
#[derive(Args, Debug)]
pub(crate) struct Dlq {
    #[command(subcommand)]
    pub(crate) command: DlqCommand,
}

/// What to do about dead letters.
#[derive(Subcommand, Debug)]
pub(crate) enum DlqCommand {
    /// List those that wait, one a line
    List(List),
    /// Show all of one
    Show(ShowLetter),
    /// Send them to the topics they came from; all groups there get them
    Replay(Replay),
}

/// Which dead letters are meant.
#[derive(Args, Debug)]
pub(crate) struct Letters {
    #[command(flatten)]
    pub(crate) address: Address,
    /// Those that failed for this reason, such as handler, decode or timeout
    #[arg(long, value_name = "REASON", value_parser = reason())]
    pub(crate) reason: Option<String>,
    /// Those of this event type
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) event: Option<String>,
    /// Those that came from this topic
    #[arg(long, value_name = "TOPIC")]
    pub(crate) topic: Option<String>,
    /// Those of this consumer
    #[arg(long, value_name = "NAME")]
    pub(crate) consumer: Option<String>,
    /// Those put aside since then: a day or a time, such as 2026-11-21 or 2026-11-21T09:30:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Those put aside before then
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// This one, by its own id or that of its event (may be repeated)
    #[arg(long, value_name = "ID")]
    pub(crate) id: Vec<String>,
    /// What topics of dead letters end with
    #[arg(long, value_name = "ENDING", default_value = ".dlq")]
    pub(crate) suffix: String,
}

/// Arguments of `dlq list`.
#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) letters: Letters,
    /// Those too that were replayed
    #[arg(long)]
    pub(crate) all: bool,
    /// How they are shown
    #[arg(long, value_enum, default_value_t = Shown::Human)]
    pub(crate) format: Shown,
}

/// Arguments of `dlq show`.
#[derive(Args, Debug)]
pub(crate) struct ShowLetter {
    /// The id of a letter, or of its event
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) address: Address,
    /// What topics of dead letters end with
    #[arg(long, value_name = "ENDING", default_value = ".dlq")]
    pub(crate) suffix: String,
    /// How it is shown
    #[arg(long, value_enum, default_value_t = Shown::Human)]
    pub(crate) format: Shown,
}

/// Arguments of `dlq replay`.
#[derive(Args, Debug)]
pub(crate) struct Replay {
    #[command(flatten)]
    pub(crate) letters: Letters,
    /// No more than so many, such as 10/s or 30/m
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub(crate) rate: Option<Rate>,
    /// So many and no more
    #[arg(long, value_name = "NUMBER")]
    pub(crate) limit: Option<u64>,
    /// Send nothing: say what would be sent
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// The words of `error_type`.
fn reason() -> clap::builder::PossibleValuesParser {
    obs_schema::names::ERROR_TYPES.to_vec().into()
}

/// How long it takes from one to the next.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Rate(pub(crate) Duration);

fn rate(text: &str) -> Result<Rate, &'static str> {
    const WRONG: &str = "a rate is a number a second, `10/s`, or a minute, `30/m`";
    let (count, unit) = text.split_once('/').ok_or(WRONG)?;
    let whole = match unit {
        "s" => Duration::from_secs(1),
        "m" => Duration::from_secs(60),
        _ => return Err(WRONG),
    };
    match count.parse::<u32>() {
        Ok(count) if count > 0 => Ok(Rate(whole / count)),
        _ => Err(WRONG),
    }
}

/// Where to begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum From {
    /// With the oldest record
    Start,
    /// With the newest records
    End,
}

/// How records are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Shown {
    /// A few lines each
    Human,
    /// One JSON object a line
    Json,
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
