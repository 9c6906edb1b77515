//! What reaches the standard output, and an output that panics: each in a process of its own, for there is one log in a
//! program.
#![cfg(not(any(feature = "off-logs", feature = "off-metrics", feature = "off-spans")))]
#![expect(clippy::unwrap_used, reason = "these are tests")]

use std::io::{self, Write};
use std::process::Command;
use std::time::Duration;

use obs_runtime::log::{self, LogFormat, LogLayout, LogOutput};
use obs_runtime::metric::{Format, exposition};
use obs_runtime::publish::Retry;
use obs_runtime::testing::{Fault, FaultyBus};
use obs_runtime::{Event, Obs, Setup, observed};
use tracing::subscriber::set_global_default;
use tracing_subscriber::layer::SubscriberExt;

/// Nobody waits for so long unless something is wrong.
const LONG: Duration = Duration::from_secs(60);

/// Which of the programs a process is.
const CHILD: &str = "OBS_TEST_OUTPUTS";

#[derive(Clone, Debug, Event)]
#[event(event = "thing.told", version = "1.0.0", topic = "things")]
struct Thing {
    #[event(key)]
    name: String,
}

/// Events that say which lamps are lit.
#[derive(Clone, Debug, Event)]
#[event(
    event = "lamp.turned",
    version = "1.0.0",
    metrics(
        name = "lamps_lit",
        type = "gauge",
        entities(key = "name", enter(lit = true), leave(lit = false))
    )
)]
struct LampTurned {
    name: String,
    lit: bool,
}

/// A program: its name, what it does, and how many lines about a publish and about a call of `tracing` are then on the
/// standard output in our form, and on the standard error in that of `fmt`.
type Program = (&'static str, fn(), [[usize; 2]; 2]);

const PROGRAMS: [Program; 6] = [
    (
        "nobody listens to tracing",
        || tell(obs_runtime::init().unwrap()),
        [[1, 1], [0, 0]],
    ),
    (
        "a subscriber that leaves us out",
        || {
            set_global_default(tracing_subscriber::registry().with(fmt())).unwrap();
            tell(obs_runtime::init().unwrap());
        },
        [[0, 0], [1, 1]],
    ),
    (
        "a subscriber that leaves us out, and lines that are asked for",
        || {
            set_global_default(tracing_subscriber::registry().with(fmt())).unwrap();
            tell(Setup::new().with_log(LogOutput::Stdout).init().unwrap());
        },
        [[1, 0], [1, 1]],
    ),
    (
        "a subscriber with our layer",
        || {
            let both = tracing_subscriber::registry()
                .with(fmt())
                .with(log::layer());
            set_global_default(both).unwrap();
            tell(obs_runtime::init().unwrap());
        },
        [[1, 1], [1, 1]],
    ),
    (
        "a second time",
        || {
            drop(obs_runtime::init().unwrap());
            tell(obs_runtime::init().unwrap());
        },
        [[1, 1], [0, 0]],
    ),
    (
        "lines for people",
        || {
            tell(
                Setup::new()
                    .with_log_format(LogFormat::Pretty)
                    .init()
                    .unwrap(),
            )
        },
        [[0, 0], [0, 0]],
    ),
];

/// The layer `fmt`, on the standard error output.
fn fmt<S>() -> impl tracing_subscriber::Layer<S>
where
    S: tracing::Subscriber + for<'l> tracing_subscriber::registry::LookupSpan<'l>,
{
    tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(io::stderr)
}

/// Publishes, and calls.
fn tell(obs: Obs) {
    let name = "lamp".to_owned();
    Thing::publisher(obs.bus())
        .publish_blocking(&Thing { name })
        .unwrap();
    tracing::info!("a call");
}

/// Runs a test of this file as a program of its own.
fn run(test: &str, child: &str) -> [String; 2] {
    run_in(test, child, &[])
}

/// The same with more in its environment.
fn run_in(test: &str, child: &str, environment: &[(&str, &str)]) -> [String; 2] {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(CHILD, child)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let texts = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(output.status.success(), "{child}: {texts:#?}");
    texts
}

fn child() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "it says which program this is")]
    std::env::var(CHILD).ok()
}

#[test]
fn nothing_is_told_twice_in_one_place() {
    if let Some(name) = child() {
        PROGRAMS.iter().find(|program| program.0 == name).unwrap().1();
        return;
    }
    for (name, _, expected) in PROGRAMS {
        let [ours, theirs] = run("nothing_is_told_twice_in_one_place", name);
        let count = |text: &str, start: &str, part: &str| {
            let lines = text.lines().filter(|line| line.contains(start));
            lines.filter(|line| line.contains(part)).count()
        };
        let ours_found = ["\"message\":\"event published\"", "\"message\":\"a call\""]
            .map(|part| count(&ours, "{\"timestamp\":", part));
        let theirs_found = ["obs::event: event published", "outputs: a call"]
            .map(|part| count(&theirs, " INFO ", part));
        assert_eq!(
            [ours_found, theirs_found],
            expected,
            "{name}\n{ours}\n{theirs}"
        );
        if name == "lines for people" {
            assert_eq!(
                count(&ours, " INFO outputs: ", "event published service="),
                1,
                "{ours}"
            );
            assert_eq!(
                count(&ours, " INFO outputs: ", "a call service="),
                1,
                "{ours}"
            );
        }
    }
}

/// Fails, and says so.
#[observed(err)]
fn fail() -> Result<(), &'static str> {
    Err("not today")
}

/// Falls.
#[observed]
fn fall(number: u32) {
    assert!(number == 0, "it fell: {number}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test looks at a file")]
fn what_a_panic_says_is_told_of_the_function_that_fell() {
    if let Some(file) = child() {
        let obs = Setup::new().with_traces(file).init().unwrap();
        std::panic::catch_unwind(|| fall(7)).unwrap_err();
        // What another one had said before is nothing to this one.
        std::panic::catch_unwind(|| std::panic::resume_unwind(Box::new(1))).unwrap_err();
        std::panic::catch_unwind(|| std::panic::panic_any(1)).unwrap_err();
        fall(0);
        drop(obs);
        return;
    }
    let file = std::env::temp_dir().join(format!("obs-fallen-{}", std::process::id()));
    run(
        "what_a_panic_says_is_told_of_the_function_that_fell",
        file.to_str().unwrap(),
    );
    let spans = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let said = "{\"key\":\"exception.message\",\"value\":{\"stringValue\":\"it fell: 7\"}}";
    assert_eq!(spans.matches(said).count(), 1, "{spans}");
}

#[test]
fn a_layout_and_places_are_in_every_line() {
    let layout = LogLayout::camel_case().with_name("target", "logger");
    if child().is_some() {
        let obs = Setup::new()
            .with_log_layout(layout)
            .with_log_places()
            .init()
            .unwrap();
        fail().unwrap_err();
        tell(obs);
        return;
    }
    let [ours, _] = run("a_layout_and_places_are_in_every_line", "layout");
    let file = "outputs.rs\",\"line\":";
    for (message, parts) in [
        (
            "event published",
            [
                "\"logger\":\"outputs\"",
                "\"eventType\":\"thing.told\"",
                "\"durationMs\":",
            ],
        ),
        ("a call", ["\"logger\":\"outputs\"", "\"file\":\"", file]),
        (
            "outputs::fail",
            ["\"errorType\":\"_OTHER\"", "\"error\":\"not today\"", file],
        ),
    ] {
        let message = format!("\"message\":\"{message}\"");
        let line = ours.lines().find(|line| line.contains(&message)).unwrap();
        for part in parts {
            assert!(line.contains(part), "{part} {line}");
        }
    }
    let wrong = LogLayout::new().with_name("service", "target");
    let error = Setup::new().with_log_layout(wrong).init().unwrap_err();
    assert_eq!(
        error.to_string(),
        "two keys of a log line would be called `target`"
    );
}

/// Panics the first time.
struct Moody(bool);

impl Write for Moody {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(std::mem::replace(&mut self.0, true), "not now");
        io::stdout().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_output_that_panics_costs_its_lines_and_no_more() {
    if child().is_some() {
        let output = LogOutput::writer(Moody(false));
        let obs = Setup::new().with_log(output).init().unwrap();
        for text in ["lost", "found"] {
            tracing::info!("{text}");
            assert!(obs.flush(LONG));
        }
        let counted = String::from_utf8(exposition(Format::Text)).unwrap();
        let dropped = "obs_logs_dropped_total{reason=\"panic\"} 1";
        assert!(counted.contains(dropped), "{counted}");
        return;
    }
    let [ours, theirs] = run("an_output_that_panics_costs_its_lines_and_no_more", "moody");
    assert!(ours.contains("\"message\":\"found\"") && !ours.contains("\"message\":\"lost\""));
    assert!(theirs.contains("not now"), "{theirs}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test looks at files")]
fn entities_outlive_the_program_in_a_file() {
    let file = std::env::temp_dir().join(format!("obs-snapshot-{}", std::process::id()));
    if let Some(file) = child() {
        let obs = Setup::new().with_snapshot(file).init().unwrap();
        let publisher = LampTurned::publisher(obs.bus());
        let count = || {
            let text = String::from_utf8(exposition(Format::Text)).unwrap();
            let line = text.lines().find(|line| line.starts_with("lamps_lit "));
            println!("{}", line.unwrap());
        };
        count();
        for (name, lit) in [("hall", true), ("attic", true), ("hall", false)] {
            let name = name.to_owned();
            publisher
                .publish_blocking(&LampTurned { name, lit })
                .unwrap();
        }
        count();
        return;
    }
    let test = "entities_outlive_the_program_in_a_file";
    let path = file.to_str().unwrap();
    let first = run(test, path)[0].clone();
    let snapshot = std::fs::read_to_string(&file).unwrap();
    let second = run(test, path)[0].clone();
    let half = "obs-snapshot 1\nfamily lamps_lit\n";
    std::fs::write(&file, half).unwrap();
    let torn = Setup::new()
        .with_snapshot(&file)
        .init()
        .unwrap_err()
        .to_string();
    let kept = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let counted = |text: &str| {
        let lines = text
            .lines()
            .filter_map(|line| line.strip_prefix("lamps_lit "));
        lines.map(str::to_owned).collect::<Vec<String>>()
    };
    assert_eq!(counted(&first), ["0.0", "1.0"]);
    assert_eq!(counted(&second), ["1.0", "1.0"]);
    assert!(!snapshot.contains("attic"), "{snapshot}");
    assert!(
        torn.contains("is no snapshot of metrics: line 3 is none of a snapshot"),
        "{torn}"
    );
    // What cannot be read is not written over.
    assert_eq!(kept, half);
    let nowhere = Setup::new()
        .with_snapshot(file.join("deeper"))
        .init()
        .unwrap_err();
    assert!(
        nowhere.to_string().contains("is its folder there"),
        "{nowhere}"
    );
}

/// What the messaging conventions of OpenTelemetry count, of a thing that was published alone, two in a batch, one the
/// bus refused, and one that was made for somebody else to send.
const SENT: &[&str] = &[
    "# TYPE messaging_client_operation_duration_seconds histogram",
    "messaging_client_operation_duration_seconds_count{DEST,messaging_operation_name=\"create\",messaging_system=\"memory\",messaging_operation_type=\"create\"} 3",
    "messaging_client_operation_duration_seconds_count{DEST,messaging_operation_name=\"publish\",messaging_system=\"memory\",messaging_operation_type=\"send\"} 2",
    "messaging_client_operation_duration_seconds_count{DEST,messaging_operation_name=\"publish\",messaging_system=\"faulty\",error_type=\"unavailable\",messaging_operation_type=\"send\"} 1",
    "# TYPE messaging_client_sent_messages_total counter",
    "messaging_client_sent_messages_total{DEST,messaging_operation_name=\"publish\",messaging_system=\"memory\"} 3",
    "messaging_client_sent_messages_total{DEST,messaging_operation_name=\"publish\",messaging_system=\"faulty\",error_type=\"unavailable\"} 1",
    "messaging_client_sent_messages_total{DEST,messaging_operation_name=\"publish\",messaging_system=\"faulty\"} 0",
];

/// And of a consumer who got all three of the first bus.
#[cfg(feature = "tokio")]
const CONSUMED: &[&str] = &[
    "messaging_client_consumed_messages_total{DEST,messaging_operation_name=\"receive\",messaging_system=\"memory\",messaging_consumer_group_name=\"keeper\"} 3",
    "messaging_client_operation_duration_seconds_count{DEST,messaging_operation_name=\"settle\",messaging_system=\"memory\",messaging_consumer_group_name=\"keeper\",messaging_operation_type=\"settle\"} 3",
    "# TYPE messaging_process_duration_seconds histogram",
    "messaging_process_duration_seconds_count{DEST,messaging_operation_name=\"process\",messaging_system=\"memory\",messaging_consumer_group_name=\"keeper\"} 3",
];

#[test]
fn the_families_of_the_messaging_conventions_are_there_when_asked_for() {
    let test = "the_families_of_the_messaging_conventions_are_there_when_asked_for";
    if child().is_some() {
        let obs = Setup::new()
            .with_log_level(log::Level::Error)
            .init()
            .unwrap();
        let thing = Thing {
            name: "lamp".to_owned(),
        };
        let bus = obs.bus();
        #[cfg(feature = "tokio")]
        bus.subscribe(&["things"], "keeper").unwrap();
        let publisher = Thing::publisher(bus);
        publisher.publish_blocking(&thing).unwrap();
        let both = [thing.clone(), thing.clone()];
        publisher.publish_batch_blocking(&both).unwrap();
        publisher.prepare(&thing).unwrap();
        let faulty = FaultyBus::new();
        faulty.set(Fault::Down);
        let never = Thing::publisher(&faulty.bus()).with_retry(Retry::NEVER);
        never.publish_blocking(&thing).unwrap_err();
        #[cfg(feature = "tokio")]
        {
            bus.close();
            let keep = |_: Thing, _: obs_runtime::Delivery| async { Ok::<(), io::Error>(()) };
            let consumer = obs.consumer("keeper").handle(keep);
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_time().build().unwrap();
            runtime.block_on(consumer.run()).unwrap();
        }
        println!("{}", String::from_utf8(exposition(Format::Text)).unwrap());
        return;
    }
    #[cfg(not(feature = "tokio"))]
    let expected = SENT;
    #[cfg(feature = "tokio")]
    let expected = [SENT, CONSUMED].concat();
    for asked in ["messaging", "http, messaging/dup", "", "http"] {
        let wanted = asked.contains("messaging");
        let [ours, _] = run_in(
            test,
            "messaging",
            &[("OTEL_SEMCONV_STABILITY_OPT_IN", asked)],
        );
        for line in expected.iter() {
            let line = line.replace("DEST", "messaging_destination_name=\"things\"");
            assert_eq!(
                ours.lines().any(|found| found == line),
                wanted,
                "{asked} {line}\n{ours}"
            );
        }
        // A bound that ours do not have.
        assert_eq!(ours.contains("le=\"0.075\""), wanted, "{asked}\n{ours}");
        // Ours stay.
        assert!(
            ours.contains("event_published_total{event_type=\"thing.told\""),
            "{ours}"
        );
        assert_eq!(ours.contains("\nmessaging_"), wanted, "{asked}\n{ours}");
    }
}
