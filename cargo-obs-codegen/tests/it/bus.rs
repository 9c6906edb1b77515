//! `tail`, `emit` and `dlq` on a bus in files, as people meet them.

mod agree;
mod dlq;
#[cfg(any(feature = "http", feature = "nats"))]
mod elsewhere;
mod tail;
mod wrong;

use obs_runtime::bus::{BusErrorKind, Header, Look, Sight};
use obs_runtime::{Bus, OwnedRecord, Record};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const SPECS: &[(&str, &str)] = &[
    (
        "user-registered.v1.4.0.avsc",
        r#"{"type": "record", "name": "UserRegistered", "namespace": "acme.user", "x-obs": {"owner": "identity"}, "fields": [
            {"name": "userId", "type": "string", "x-obs": {"key": true}},
            {"name": "email", "type": "string", "x-obs": {"pii": "hash"}}
        ]}"#,
    ),
    (
        "user-registered.v2.0.0.avsc",
        r#"{"type": "record", "name": "UserRegistered", "namespace": "acme.user", "x-obs": {"owner": "identity"}, "fields": [
            {"name": "userId", "type": "string", "x-obs": {"key": true}},
            {"name": "email", "type": "string", "x-obs": {"pii": "hash"}},
            {"name": "plan", "type": {"type": "enum", "name": "Plan", "symbols": ["FREE", "TEAM"]}, "default": "FREE"}
        ]}"#,
    ),
    (
        "note-taken.schema.json",
        r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "NoteTaken", "x-obs": {"event": "note.taken", "owner": "notes"},
            "type": "object", "required": ["text"], "properties": {
                "text": {"type": "string", "maxLength": 80},
                "pin": {"type": "integer", "x-obs": {"secret": true}},
                "by": {"type": "object", "properties": {"name": {"type": "string", "x-obs": {"pii": "mask"}}, "team": {"type": "string"}}}
            }}"#,
    ),
    (
        "reading-taken.avsc",
        r#"{"type": "record", "name": "ReadingTaken", "x-obs": {"owner": "meters", "envelope": "none"}, "fields": [
            {"name": "meter", "type": "string", "x-obs": {"key": true}},
            {"name": "watts", "type": "int"}
        ]}"#,
    ),
    (
        "window-opened.schema.json",
        r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "WindowOpened",
            "x-obs": {"event": "window.opened", "owner": "doors", "envelope": "cloudevents"},
            "type": "object", "required": ["window", "wide"], "additionalProperties": false, "properties": {
                "window": {"type": "string", "x-obs": {"key": true}},
                "wide": {"type": "boolean"}
            }}"#,
    ),
    (
        "door-opened.avsc",
        r#"{"type": "record", "name": "DoorOpened", "x-obs": {"owner": "doors", "envelope": "cloudevents"}, "fields": [
            {"name": "badge", "type": "string", "x-obs": {"key": true, "pii": "hash"}},
            {"name": "door", "type": "string"}
        ]}"#,
    ),
];

/// A package with the specs above, and a bus in files.
struct Place {
    root: PathBuf,
}

/// How a run of the tool ended.
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Place {
    fn new(name: &str) -> Place {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bus-{name}"));
        let _ = fs::remove_dir_all(&root);
        for folder in ["src", "specs", "bus"] {
            fs::create_dir_all(root.join(folder)).expect("a new folder");
        }
        let manifest =
            "[workspace]\n\n[package]\nname = \"shop\"\nversion = \"0.0.0\"\nedition = \"2024\"\n";
        fs::write(root.join("Cargo.toml"), manifest).expect("a new file");
        fs::write(root.join("src/lib.rs"), "").expect("a new file");
        for (name, text) in SPECS {
            fs::write(root.join("specs").join(name), text).expect("a new file");
        }
        Place { root }
    }

    /// Its bus, for a moment: the tool wants it too.
    fn bus(&self) -> Bus {
        loop {
            match Bus::file(self.root.join("bus")) {
                // A process that is being made has all files of this one for a moment, and with them their locks.
                Err(error) if error.kind() == BusErrorKind::InUse => std::thread::yield_now(),
                opened => return opened.expect("nobody has it"),
            }
        }
    }

    fn send(&self, records: &[Record<'_>]) {
        let bus = self.bus();
        for record in records {
            bus.send(record).wait().expect("there is room");
        }
    }

    /// What is in a topic.
    fn records(&self, topic: &str) -> Vec<OwnedRecord> {
        let bus = self.bus();
        let mut view = bus
            .look(topic, Look::default())
            .expect("it can be looked at");
        let next = || match view.next(Duration::ZERO) {
            Ok(Sight::Record(record, _)) => Some(record),
            _ => None,
        };
        std::iter::from_fn(next).collect()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-obs-codegen"));
        command
            .current_dir(&self.root)
            .args(arguments)
            .env("OBS_BUS", "file:bus")
            .env_remove("OBS_HASH_KEY")
            .env_remove("TRACEPARENT")
            .env_remove("TRACESTATE")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        ended(&mut self.command(arguments))
    }

    fn run_with(&self, arguments: &[&str], input: &[u8]) -> Ended {
        let mut child = started(self.command(arguments).stdin(Stdio::piped()));
        let mut to = child.stdin.take().expect("it is piped");
        to.write_all(input).expect("it reads");
        drop(to);
        said(child.wait_with_output().expect("it ends"))
    }
}

/// Until it is so. It fails when that takes too long.
#[cfg(feature = "nats")]
fn wait_for(so: impl Fn() -> bool) {
    let start = std::time::Instant::now();
    while !so() {
        assert!(start.elapsed() < Duration::from_secs(60), "it never is");
        std::thread::yield_now();
    }
}

fn started(command: &mut Command) -> Child {
    let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    piped.spawn().expect("the tool starts")
}

fn ended(command: &mut Command) -> Ended {
    said(started(command).wait_with_output().expect("it ends"))
}

fn said(output: std::process::Output) -> Ended {
    Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("it is text"),
        err: String::from_utf8(output.stderr).expect("it is text"),
    }
}

impl Ended {
    fn fine(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self.out
    }
}

/// With ids, traces and times as words, which are others each time.
fn masked(text: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || "-:.".contains(c);
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !kept(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        let hex = word.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        let time = word.ends_with('Z') && word.contains('T') && word.contains(':');
        out.push_str(match word.len() {
            36 if hex => "ID",
            32 if hex => "TRACE",
            55 if hex => "TRACEPARENT",
            27 if time => "TIME",
            _ => word,
        });
        let next = behind.chars().next().map_or(0, char::len_utf8);
        out.push_str(&behind[..next]);
        rest = &behind[next..];
    }
    out
}

/// Headers of an event of ours.
fn about<'a>(event_type: &'a str, version: &'a str) -> Vec<Header<'a>> {
    vec![
        Header::new("event-id", "e-1"),
        Header::new("event-type", event_type),
        Header::new("event-version", version),
    ]
}
