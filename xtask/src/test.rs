//! `cargo xtask test`: the steps, in the order that fails fastest.

use crate::run::{cargo, go, output, root};
use crate::{features, tools, tour};
use obs_schema::json::Json;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A step of `test`.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    go: Go,
}

/// How it goes.
enum Go {
    Here(fn(&mut LeftOut) -> Result<(), String>),
    /// Beside those that come after what is quick, until it is to stop: tests wait for much, and so does a single check,
    /// and each uses what the other leaves idle. Gives back what this machine could not check.
    Beside(fn(&AtomicBool) -> Result<Option<String>, String>),
}

/// What is quick to fail goes alone.
const QUICK: [&str; 2] = ["fmt", "clippy"];

/// What this machine could not check, in words.
type LeftOut = Vec<String>;

/// All of them.
pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        what: "the code is formatted",
        go: Go::Here(|_| fmt()),
    },
    Step {
        name: "clippy",
        what: "no lint complains",
        go: Go::Here(|_| clippy()),
    },
    Step {
        name: "tests",
        what: "unit, snapshot, golden, UI and outside tests pass",
        go: Go::Here(|_| tests()),
    },
    Step {
        name: "tracers",
        what: "spans nest with those of other tracers, and what we tell goes to their exporters, collectors and registries",
        go: Go::Here(|_| tracers()),
    },
    Step {
        name: "docs",
        what: "the documentation builds without warnings",
        go: Go::Here(|_| docs()),
    },
    Step {
        name: "specs",
        what: "the examples' specs are clean, and their locks and telemetry fresh",
        go: Go::Here(|_| specs()),
    },
    Step {
        name: "artefacts",
        what: "what is rendered from specs is clean to the tools of those who read it",
        go: Go::Here(|_| crate::artefacts::check()),
    },
    Step {
        name: "live",
        what: "a real Prometheus finds what dashboards ask for, and each fault fires its alerts and no others",
        go: Go::Here(|_| crate::live::short()),
    },
    Step {
        name: "quickstart",
        what: "the examples run, and the tour is as it says",
        go: Go::Here(|_| quickstart()),
    },
    Step {
        name: "aborts",
        what: "with `panic = \"abort\"`, what was told before a panic reaches the world",
        go: Go::Here(|_| {
            go(cargo().args(["run", "--quiet", "-p", "panics", "--profile", "abort"]))
        }),
    },
    Step {
        name: "bench",
        what: "single operations cost what they did: allocations exactly, instructions nearly",
        go: Go::Here(bench),
    },
    Step {
        name: "off",
        what: "of telemetry that is switched off for good nothing is left, in cost, names or symbols",
        go: Go::Here(off),
    },
    Step {
        name: "package",
        what: "every crate packages",
        go: Go::Here(|_| package()),
    },
    Step {
        name: "features",
        what: "each feature builds alone",
        go: Go::Beside(features::check),
    },
];

/// Runs the named steps, or all.
pub(crate) fn run(names: &[&str]) -> Result<(), String> {
    if let Some(name) = names
        .iter()
        .find(|name| STEPS.iter().all(|step| step.name != **name))
    {
        return Err(format!(
            "`test` has no step `{name}`; `cargo xtask steps` lists them"
        ));
    }
    let steps = STEPS
        .iter()
        .filter(|step| names.is_empty() || names.contains(&step.name));
    let mut times: Vec<(&str, Duration)> = Vec::new();
    let mut left_out = LeftOut::new();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let (mut begun, mut beside) = (false, None);
        for step in steps.clone() {
            let start = Instant::now();
            if !begun && !QUICK.contains(&step.name) {
                begun = true;
                let go = steps.clone().find_map(|step| match step.go {
                    Go::Here(_) => None,
                    Go::Beside(go) => Some(go),
                });
                beside = go.map(|go| {
                    let stop = &stop;
                    scope.spawn(move || go(stop))
                });
            }
            println!("\n== {}: {}", step.name, step.what);
            let result = match step.go {
                Go::Here(go) => go(&mut left_out),
                Go::Beside(_) => beside.take().map_or(Ok(()), |going| {
                    let ended = going.join();
                    let ended = ended.unwrap_or_else(|_| Err("it panicked".to_owned()));
                    ended.map(|what| left_out.extend(what))
                }),
            };
            if let Err(error) = result {
                stop.store(true, Ordering::Relaxed);
                return Err(format!("step `{}`: {error}", step.name));
            }
            times.push((step.name, start.elapsed()));
        }
        Ok(())
    })?;
    println!();
    for (name, time) in times {
        println!("{name:12} {:6.1} s", time.as_secs_f64());
    }
    for what in left_out {
        println!("left out: {what}");
    }
    Ok(())
}

fn fmt() -> Result<(), String> {
    go(cargo().args(["fmt", "--all", "--check"]))
}

/// The whole workspace. Each step asks for the same of Kafka, whose library in C would be built anew otherwise.
fn workspace(verb: &str) -> Command {
    let mut command = cargo();
    command.args([verb, "--workspace"]);
    if tools::openssl() {
        command.args(["--features", "buses/tls"]);
    }
    command
}

fn clippy() -> Result<(), String> {
    let lints = ["--quiet", "--all-targets", "--", "-D", "warnings"];
    go(workspace("clippy").args(lints))
}

/// Everything `cargo test --workspace` runs, and with the outside tools what it leaves out.
fn tests() -> Result<(), String> {
    let tools = tools::install()?;
    go(workspace("test")
        .env("OBS_PYTHON", &tools.python)
        .env("OBS_PROMTOOL", &tools.promtool)
        .env("OBS_AMTOOL", &tools.amtool)
        .env("OBS_KAFKA_BROKER", &tools.kafka)
        .env("OBS_NATS_SERVER", &tools.nats))
}

/// What features that are off otherwise do.
fn tracers() -> Result<(), String> {
    let features = [
        "-p",
        "obs-runtime",
        "--features",
        "opentelemetry,prometheus,tokio,tracing",
    ];
    let lints = ["--quiet", "--all-targets"];
    go(cargo()
        .arg("clippy")
        .args(features)
        .args(lints)
        .args(["--", "-D", "warnings"]))?;
    go(cargo().arg("test").args(features))?;
    // In the workspace it shares what the tests have built.
    let features = "cargo-obs-codegen/http,cargo-obs-codegen/kafka,cargo-obs-codegen/nats";
    let shell = [
        "--features",
        features,
        "--test",
        "it",
        "--",
        "bus::wrong",
        "bus::elsewhere",
    ];
    let nats = tools::install()?.nats;
    go(workspace("test").args(shell).env("OBS_NATS_SERVER", nats))?;
    go(cargo().args(["test", "-p", "versions", "--features", "opentelemetry"]))?;
    go(cargo().args(["test", "-p", "collector", "--features", "grpc"]))
}

fn docs() -> Result<(), String> {
    go(workspace("doc")
        .args(["--quiet", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings"))
}

fn specs() -> Result<(), String> {
    go(cargo().args(["obs-codegen", "check", "--locked", "-p", "quickstart"]))?;
    go(cargo().args(["obs-codegen", "telemetry", "--check", "-p", "quickstart"]))
}

fn quickstart() -> Result<(), String> {
    go(cargo().args(["run", "--quiet", "-p", "quickstart"]))?;
    in_files()?;
    tour::go_through()?;
    go(cargo().args(["run", "--quiet", "-p", "outbox"]))
}

/// The same on a bus in files, which is looked at from the shell afterwards, as README has it.
fn in_files() -> Result<(), String> {
    let folder = std::env::temp_dir().join(format!("obs-quickstart-{}", std::process::id()));
    let bus = format!("file:{}", folder.display());
    let shown = go(cargo()
        .args(["run", "--quiet", "-p", "quickstart"])
        .env("OBS_BUS", &bus))
    .and_then(|()| {
        let tail = [
            "obs-codegen",
            "tail",
            "user.registered.v2",
            "-p",
            "quickstart",
        ];
        output(cargo().args(tail).env("OBS_BUS", &bus))
    });
    // What cannot be removed is in a folder that the system empties.
    let _ = std::fs::remove_dir_all(&folder);
    let seen = r#"{"userId":"user-123","email":"***","plan":"TEAM","referrer":null}"#;
    match shown?.contains(seen) {
        true => Ok(()),
        false => Err(format!("`tail` does not show {seen}")),
    }
}

/// What repeats exactly; the figures that depend on the machine are for people.
fn bench(left_out: &mut LeftOut) -> Result<(), String> {
    left_out.extend(crate::bench::gate()?);
    Ok(())
}

/// What `off` and its parts leave behind.
fn off(left_out: &mut LeftOut) -> Result<(), String> {
    let tests = [
        "test",
        "-p",
        "obs-runtime",
        "--features",
        "off",
        "--lib",
        "--tests",
    ];
    go(cargo().args(tests))?;
    left_out.extend(crate::bench::off()?);
    Ok(())
}

/// What is published, packaged together: each archive must do with the archives of the others.
fn package() -> Result<(), String> {
    let mut command = cargo();
    command.args(["package", "--quiet", "--no-verify", "--allow-dirty"]);
    for (name, package) in features::packages()? {
        if matches!(package.get("publish"), None | Some(Json::Null)) {
            command.args(["-p", &name]);
        }
    }
    go(&mut command)
}

/// The long form of the comparison that `tests` runs in short.
pub(crate) fn corpora(sources: &[&str]) -> Result<(), String> {
    let folder = std::env::var("OBS_CORPORA").map_err(
        |_| "OBS_CORPORA is not set\nhelp: let it name a folder of schemas, one source a subfolder",
    )?;
    let tools = tools::install()?;
    let out = root().join("target/corpora");
    let mut command = cargo();
    command.args(["run", "--quiet", "-p", "corpora", "--", &folder]);
    go(command.arg(out).arg(tools.python).args(sources))
}
