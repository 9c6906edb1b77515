//! Ends itself in many ways, and looks what has reached the world.
//!
//! Without arguments it runs itself once for each way; with the name of one it ends in it. `cargo test` runs it as it
//! is, `cargo xtask test aborts` with `panic = "abort"`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "it is a test"
)]

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use obs_runtime::log::LogOutput;
use obs_runtime::{Event, Obs, Setup};

/// How many events each way publishes before its end.
const EVENTS: usize = 3;

#[derive(Clone, Debug, Event)]
#[event(event = "thing.left", version = "1.0.0", topic = "things")]
struct Thing {
    #[event(key, log)]
    name: String,
}

/// Its name, what it does, and whether it is the end of a program that unwinds; one that aborts always ends.
type Way = (&'static str, fn(Obs), bool);

const WAYS: [Way; 6] = [
    ("past the guard", |_obs| panic!("past the guard"), true),
    (
        "with the guard out of reach",
        |obs| {
            std::mem::forget(obs);
            panic!("nobody flushes");
        },
        true,
    ),
    (
        "in a thread, and the program goes on",
        |_obs| {
            assert!(std::thread::spawn(|| panic!("in a thread")).join().is_err());
        },
        false,
    ),
    (
        "in a thread that must not unwind",
        |obs| {
            std::mem::forget(obs);
            let _ = std::thread::spawn(|| stiff()).join();
        },
        true,
    ),
    (
        "within a panic",
        |obs| {
            std::mem::forget(obs);
            let _worse = Worse;
            panic!("bad");
        },
        true,
    ),
    (
        "by exit, after a flush",
        |obs| {
            assert!(obs.flush(Duration::from_secs(60)));
            std::process::exit(3);
        },
        true,
    ),
];

/// What unwinds does not get out of it.
extern "C" fn stiff() {
    panic!("stiff");
}

struct Worse;

impl Drop for Worse {
    fn drop(&mut self) {
        panic!("worse");
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if let (Some(name), Some(spans)) = (arguments.next(), arguments.next()) {
        let (_, end, _) = WAYS.iter().find(|way| way.0 == name).unwrap();
        live(Path::new(&spans), *end);
        return ExitCode::SUCCESS;
    }
    let own = std::env::current_exe().unwrap();
    let folder = std::env::temp_dir().join(format!("obs-panics-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut failed = 0;
    for (number, (name, _, ends)) in WAYS.into_iter().enumerate() {
        let spans = folder.join(number.to_string());
        // A backtrace takes so long that everything leaves by itself meanwhile.
        let child = Command::new(&own)
            .env("RUST_BACKTRACE", "0")
            .args([name.as_ref(), spans.as_os_str()])
            .output()
            .unwrap();
        let lines = String::from_utf8_lossy(&child.stdout);
        let lines = lines
            .lines()
            .filter(|line| line.contains("\"event published\""));
        let spans = std::fs::read_to_string(&spans).unwrap();
        let spans = spans.matches("\"publish things\"").count();
        let errors = String::from_utf8_lossy(&child.stderr);
        let found = (lines.count(), spans, child.status.success());
        let ends = ends || cfg!(panic = "abort");
        // What was to be done in a panic before us still is.
        let hooked = errors.contains("the hook of before") || name.starts_with("by exit");
        let good = found == (EVENTS, EVENTS, !ends) && hooked;
        println!("{} {name}", if good { "ok    " } else { "FAILED" });
        if !good {
            println!("lines, spans and success: {found:?}\n{errors}");
            failed += 1;
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Publishes, and ends.
fn live(spans: &Path, end: fn(Obs)) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        before(panic);
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "the hook of before");
    }));
    let obs = Setup::new()
        .with_origin("panics")
        .with_log(LogOutput::Stdout)
        .with_traces(spans)
        .init()
        .unwrap();
    let publisher = Thing::publisher(obs.bus());
    for number in 0..EVENTS {
        let name = number.to_string();
        publisher.publish_blocking(&Thing { name }).unwrap();
    }
    end(obs);
}
