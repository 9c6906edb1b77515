//! `cargo xtask live`: the quickstart's events under load, before a real Prometheus that has all of their rules, and a
//! real Alertmanager that has their routes.
//!
//! Days pass in minutes: every duration of rules, scrapes and routes is divided by one number, and nothing else is
//! changed. All is well at first, and every panel must have something to show. Then one thing after the other goes
//! wrong, and each must fire its alerts and no others, until it is right again.

mod boards;
mod faults;
mod history;
mod pager;
pub(crate) mod process;
mod quiet;
mod shorter;

use crate::run::{cargo, go, root, target};
use crate::tools::{self, Tools};
use boards::samples;
use faults::{FAULTS, Fault, PACE, To, WELL};
use obs_schema::json::Json;
use pager::Pager;
use process::{Program, pause, port};
use shorter::Hour;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// What the rules and dashboards are about.
const RENDERED: &str = "examples/quickstart/deploy/observability";

/// The name of the consumer in the program.
const CONSUMER: &str = "email-service";

/// How long an hour lasts in the short form, in seconds.
const SHORT: u64 = 30;

/// How long it lasts without `--hour` otherwise.
const LONG: u64 = 300;

/// How many hours a state may take to come about; and what a busy machine may take for anything.
const HOURS: u64 = 2;
const GRACE: Duration = Duration::from_secs(20);

/// The part of it that every test run has time for.
///
/// A scrape may take no longer than the pause between two, so a machine that is busy with something else sees processes
/// fail that do not. It gets more time, in which what is wrong is wrong again.
pub(crate) fn short() -> Result<(), String> {
    let some: Vec<&Fault> = FAULTS.iter().filter(|fault| fault.short).collect();
    all(Hour(SHORT * 1_000), &some).or_else(|error| {
        println!("{error}\nonce more, four times slower");
        all(Hour(4 * SHORT * 1_000), &some)
    })
}

/// All of it.
pub(crate) fn run(words: &[&str]) -> Result<(), String> {
    let seconds = match words {
        [] => LONG,
        ["--hour", seconds] => match seconds.parse() {
            Ok(seconds) if seconds >= SHORT => seconds,
            _ => {
                return Err(format!(
                    "`--hour` takes seconds, {SHORT} at least, not `{seconds}`"
                ));
            }
        },
        _ => return Err(format!("`live` does not know `{}`", words.join(" "))),
    };
    let every: Vec<&Fault> = FAULTS.iter().collect();
    all(Hour(seconds * 1_000), &every)
}

fn all(hour: Hour, faults: &[&Fault]) -> Result<(), String> {
    let tools = tools::install()?;
    go(cargo().args(["build", "--quiet", "-p", "live"]))?;
    let folder = target().join("live");
    let _ = fs::remove_dir_all(&folder);
    quiet::check(&tools, &folder.join("quiet"))?;
    let mut stage = Stage::set(&tools, folder, hour)?;
    let start = Instant::now();
    stage.all_is_well()?;
    println!("all is well after {:.1} s", start.elapsed().as_secs_f64());
    stage.boards()?;
    for fault in faults {
        stage.play(fault)?;
    }
    Ok(())
}

/// Everything that runs.
struct Stage {
    hour: Hour,
    folder: PathBuf,
    program: Program,
    prometheus: Program,
    pager: Pager,
}

impl Stage {
    fn set(tools: &Tools, folder: PathBuf, hour: Hour) -> Result<Stage, String> {
        let rendered = root().join(RENDERED);
        let rules = folder.join("rules");
        fs::create_dir_all(&rules)
            .map_err(|error| format!("cannot make {}: {error}", rules.display()))?;
        let from = rendered.join("prometheus/rules");
        let told = |error| format!("cannot read {}: {error}", from.display());
        for entry in fs::read_dir(&from).map_err(told)? {
            let path = entry.map_err(told)?.path();
            let text = fs::read_to_string(&path).map_err(told)?;
            write(
                &rules.join(path.file_name().unwrap_or_default()),
                &hour.shorten(&text),
            )?;
        }
        let program = start_program(port()?, &folder)?;
        let routes =
            fs::read_to_string(rendered.join("alertmanager/alertmanager.yml")).map_err(told)?;
        let pager = Pager::start(&tools.alertmanager, &routes, &folder, hour)?;
        let port = port()?;
        let config =
            fs::read_to_string(rendered.join("prometheus/prometheus.yml")).map_err(told)?;
        let config = hour
            .shorten(&config)
            .replace("quickstart:9464", &format!("127.0.0.1:{}", program.port))
            .replace(
                "alertmanager:9093",
                &format!("127.0.0.1:{}", pager.alertmanager.port),
            )
            .replace("localhost:9090", &format!("127.0.0.1:{port}"));
        write(&folder.join("prometheus.yml"), &config)?;
        history::make(&from, &tools.promtool, &folder.join("data"), hour)?;
        let mut command = Command::new(&tools.prometheus);
        command
            .current_dir(&folder)
            .args([
                "--config.file=prometheus.yml",
                "--storage.tsdb.path=data",
                "--log.level=warn",
            ])
            .arg("--enable-feature=exemplar-storage")
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg(format!("--query.lookback-delta={}", hour.duration(300)));
        let prometheus =
            Program::start("prometheus", &mut command, port, &folder)?.ready("/-/ready")?;
        Ok(Stage {
            hour,
            folder,
            program,
            prometheus,
            pager,
        })
    }

    /// Waits for something that must come about; `look` says what is missing.
    fn wait(
        &self,
        what: &str,
        look: impl Fn() -> Result<Option<String>, String>,
    ) -> Result<(), String> {
        let patience = GRACE + Duration::from_millis(self.hour.millis(3_600 * HOURS));
        let start = Instant::now();
        while let Some(missing) = look()? {
            if start.elapsed() > patience {
                let error = format!("{what}: {missing}");
                return Err(self.prometheus.with_log(&error));
            }
            pause();
        }
        Ok(())
    }

    /// Every rule has been evaluated with success, every query has an answer, and nothing fires but what must.
    fn all_is_well(&self) -> Result<(), String> {
        self.wait("rules", || {
            let data = self.prometheus.data("/api/v1/rules")?;
            let groups = data
                .get("groups")
                .and_then(Json::as_array)
                .unwrap_or_default();
            let rules = groups
                .iter()
                .filter_map(|group| group.get("rules")?.as_array())
                .flatten();
            let mut count = 0;
            for rule in rules {
                count += 1;
                let word = |key| rule.get(key).and_then(Json::as_str).unwrap_or_default();
                match word("health") {
                    "ok" => {}
                    "unknown" => return Ok(Some(format!("`{}` was not evaluated", word("name")))),
                    _ => return Err(format!("`{}`: {}", word("name"), word("lastError"))),
                }
            }
            Ok((count == 0).then(|| "there are none".to_owned()))
        })?;
        self.wait("while all should be well", || self.only(WELL))
    }

    /// Every query of every dashboard.
    fn boards(&self) -> Result<(), String> {
        let folder = root().join(RENDERED).join("grafana/dashboards");
        let spans = self.folder.join("spans.jsonl");
        let (mut asked, mut led) = (0, 0);
        self.wait("dashboards", || {
            Ok(boards::queries(&folder, &self.prometheus, self.hour).err())
        })?;
        for query in boards::queries(&folder, &self.prometheus, self.hour)? {
            self.wait(&query.place, || query.fault(&self.prometheus))?;
            asked += 1;
            if query.leads {
                self.wait(&query.place, || {
                    let spans = fs::read_to_string(&spans).unwrap_or_default();
                    query.lost(&self.prometheus, &spans)
                })?;
                led += 1;
            }
        }
        println!(
            "{asked} queries of panels have an answer, and the points of {led} lead to traces"
        );
        Ok(())
    }

    /// What else is pending or fires than these, or which of them does not.
    fn only(&self, wanted: &[&str]) -> Result<Option<String>, String> {
        let wanted: BTreeSet<&str> = wanted.iter().copied().collect();
        let now = self.alerts("ALERTS")?;
        let differ = !now.iter().map(String::as_str).eq(wanted.iter().copied());
        Ok(differ.then(|| format!("{now:?}, not {wanted:?}")))
    }

    /// The alerts in a vector: the name, and what each is about.
    fn alerts(&self, expr: &str) -> Result<BTreeSet<String>, String> {
        let mut all = BTreeSet::new();
        for (labels, _) in samples(&self.prometheus, expr)? {
            all.insert(about(&labels));
        }
        Ok(all)
    }

    fn turn(&mut self, knobs: &[(&str, To)]) -> Result<(), String> {
        for (knob, to) in knobs {
            let to = match to {
                To::Exactly(number) => *number,
                To::OfHour(thousandths) => thousandths * PACE * self.hour.0 / 1_000_000,
            };
            self.program.tell(&format!("{knob} {to}"))?;
        }
        Ok(())
    }

    /// Who was told of what, beside what is told all the time.
    fn told(&self) -> BTreeSet<(String, String)> {
        let mut told = self.pager.told();
        told.retain(|(alert, _)| !WELL.contains(&alert.as_str()));
        told
    }

    /// A fault from its beginning to its end.
    fn play(&mut self, fault: &Fault) -> Result<(), String> {
        let start = Instant::now();
        let port = self.program.port;
        let in_words = |error| format!("{}: {error}", fault.what);
        if fault.dies {
            self.program.kill();
        }
        self.turn(fault.turn)?;
        self.pager.forget();
        let firing = "ALERTS{alertstate=\"firing\"}";
        let wanted = |(alert, who): &(&str, &str)| ((*alert).to_owned(), (*who).to_owned());
        let wanted: BTreeSet<(String, String)> = fault.fires.iter().map(wanted).collect();
        self.wait(fault.what, || {
            let told = self.told();
            if told.is_subset(&wanted) {
                return Ok((told != wanted).then(|| format!("only {told:?} of {wanted:?} is told")));
            }
            Err(format!(
                "{}: what is told is {told:?}, not {wanted:?}",
                fault.what
            ))
        })?;
        let fired = start.elapsed();
        if fault.dies {
            self.program = start_program(port, &self.folder)?;
        }
        self.turn(fault.back)?;
        self.wait(&format!("{}, when it is over", fault.what), || {
            self.only(WELL)
        })?;
        // What fired in all this time, however shortly.
        let ever = format!(
            "count_over_time({firing}[{}ms])",
            start.elapsed().as_millis()
        );
        let mut ever = self.alerts(&ever).map_err(in_words)?;
        for alert in WELL {
            ever.remove(*alert);
        }
        let told = self.told();
        if told != wanted {
            return Err(format!(
                "{}: who was told what is {told:?}, not {wanted:?}",
                fault.what
            ));
        }
        let wanted: BTreeSet<String> = wanted.into_iter().map(|(alert, _)| alert).collect();
        if ever != wanted {
            return Err(format!(
                "{}: what fired is {ever:?}, not {wanted:?}",
                fault.what
            ));
        }
        println!(
            "{}: {} after {:.1} s, and no more after {:.1} s",
            fault.what,
            wanted.into_iter().collect::<Vec<_>>().join(", "),
            fired.as_secs_f64(),
            start.elapsed().as_secs_f64()
        );
        Ok(())
    }
}

/// What an alert is called and what it is about: an objective, an event or a service.
fn about(labels: &BTreeMap<String, String>) -> String {
    let label = |name: &&str| labels.get(*name).map(String::as_str);
    let about = ["slo", "event", "service"]
        .iter()
        .find_map(label)
        .unwrap_or_default();
    format!("{} {about}", label(&"alertname").unwrap_or_default())
}

fn start_program(port: u16, folder: &Path) -> Result<Program, String> {
    let program = target().join(format!("debug/live{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(program);
    command.arg(port.to_string()).arg(folder);
    Program::start("program", &mut command, port, folder)?.ready("/metrics")
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
