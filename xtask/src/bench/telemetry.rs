//! `telemetry` of many events: how long it takes to render, what promtool takes to read its rules, and what a real
//! Prometheus takes to evaluate them once.

use super::{processor_seconds, scratch};
use crate::live::process::{Program, encoded, pause, port};
use crate::run::{cargo, go, target};
use crate::tools;
use obs_schema::json::Json;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Events; each promises three things.
const EVENTS: usize = 200;

/// Each figure is the best of so many.
const ROUNDS: usize = 3;

/// How long Prometheus runs before it is asked: a few turns of the slowest group.
const RUNS: Duration = Duration::from_secs(150);

pub(super) fn run(short: bool) -> Result<(), String> {
    let tools = tools::install()?;
    go(cargo().args(["build", "--quiet", "--release", "-p", "cargo-obs-codegen"]))?;
    let program = target().join(format!(
        "release/cargo-obs-codegen{}",
        std::env::consts::EXE_SUFFIX
    ));
    println!(
        "{EVENTS} events with three objectives each; processor seconds, the best of {ROUNDS}:"
    );
    for layout in ["expanded", "grouped"] {
        let folder = scratch(&format!("telemetry/{layout}"))?;
        package(&folder, layout)?;
        let out = folder.join("deploy/observability");
        let rendered = best(|| {
            // What is there is compared, which costs less than to write it.
            let _ = fs::remove_dir_all(&out);
            let mut command = Command::new(&program);
            command
                .current_dir(&folder)
                .args(["obs-codegen", "telemetry"]);
            Ok(command)
        })?;
        let files = rules(&out)?;
        let checked = best(|| {
            let mut command = Command::new(&tools.promtool);
            command.args(["check", "rules"]).args(&files);
            Ok(command)
        })?;
        let bytes: u64 = files
            .iter()
            .filter_map(|path| fs::metadata(path).ok())
            .map(|about| about.len())
            .sum();
        println!(
            "{layout}: rendered in {rendered:.2} s, {:.1} MB of rules read by promtool in {checked:.2} s",
            bytes as f64 / 1e6
        );
        if !short {
            evaluate(layout, &folder, &out, &tools.prometheus)?;
        }
    }
    Ok(())
}

/// The least that a command takes.
fn best(mut command: impl FnMut() -> Result<Command, String>) -> Result<f64, String> {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        best = best.min(processor_seconds(&mut command()?)?);
    }
    Ok(best)
}

/// A package with its specs.
fn package(folder: &Path, layout: &str) -> Result<(), String> {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder))
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))
    };
    write(
        "Cargo.toml",
        "[workspace]\n\n[package]\nname = \"many-events\"\nversion = \"0.0.0\"\nedition = \"2024\"\n",
    )?;
    write("src/lib.rs", "")?;
    write(
        "obs.toml",
        &format!(
            "[defaults]\nowner = \"shop\"\nservice = \"shop\"\n\n[telemetry]\nslo_layout = \"{layout}\"\n"
        ),
    )?;
    for number in 0..EVENTS {
        let slo = "[{ \"objective\": \"publish-success\", \"target\": 99.9 }, { \"objective\": \"publish-latency\", \"target\": 99, \"under\": \"100ms\" }, { \"objective\": \"process-success\", \"target\": 99.5 }]";
        write(
            &format!("specs/event-{number}.avsc"),
            &format!(
                "{{ \"type\": \"record\", \"name\": \"Event{number}\", \"doc\": \"One of many.\", \"x-obs\": {{ \"event\": \"shop.event{number}\", \"slo\": {slo} }}, \"fields\": [{{ \"name\": \"id\", \"type\": \"string\", \"x-obs\": {{ \"key\": true }} }}] }}\n"
            ),
        )?;
    }
    Ok(())
}

fn rules(out: &Path) -> Result<Vec<PathBuf>, String> {
    let folder = out.join("prometheus/rules");
    let told = |error| format!("cannot read {}: {error}", folder.display());
    let mut all = Vec::new();
    for entry in fs::read_dir(&folder).map_err(told)? {
        all.push(entry.map_err(told)?.path());
    }
    all.sort();
    Ok(all)
}

/// Shows the rules to a Prometheus that scrapes all their series.
fn evaluate(layout: &str, folder: &Path, out: &Path, prometheus: &Path) -> Result<(), String> {
    let series = expose()?;
    let data = folder.join("data");
    let _ = fs::remove_dir_all(&data);
    let config = format!(
        "global:\n  scrape_interval: 5s\n  evaluation_interval: 30s\nrule_files:\n  - {}/prometheus/rules/*.yml\nscrape_configs:\n  - job_name: shop\n    static_configs:\n      - targets: [\"127.0.0.1:{series}\"]\n",
        out.display()
    );
    let path = folder.join("prometheus.yml");
    fs::write(&path, config)
        .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    let port = port()?;
    let mut command = Command::new(prometheus);
    command
        .arg(format!("--config.file={}", path.display()))
        .arg(format!("--storage.tsdb.path={}", data.display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--log.level=warn");
    let prometheus = Program::start("prometheus", &mut command, port, folder)?.ready("/-/ready")?;
    let start = Instant::now();
    while start.elapsed() < RUNS {
        pause();
    }
    let body = prometheus.get("/metrics")?;
    let value = |line: &str, family: &str| -> Option<f64> {
        let rest = line.strip_prefix(family)?;
        rest.rsplit(' ').next()?.parse().ok()
    };
    let sum = |family: &str| -> f64 { body.lines().filter_map(|line| value(line, family)).sum() };
    let once = sum("prometheus_rule_group_last_duration_seconds{");
    let count = sum("prometheus_rule_group_rules{");
    let missed = sum("prometheus_rule_group_iterations_missed_total{");
    let failed = sum("prometheus_rule_evaluation_failures_total{");
    let there = prometheus.data(&format!(
        "/api/v1/query?query={}",
        encoded("count({job=\"shop\"})")
    ))?;
    let there = there
        .get("result")
        .and_then(Json::as_array)
        .and_then(|all| {
            let value = all.first()?.get("value")?.as_array()?;
            Some(value.get(1)?.as_str()?.to_owned())
        });
    println!(
        "{layout}: {count} rules over {} series evaluated once in {once:.2} s; {missed} turns missed, {failed} failed",
        there.unwrap_or_default()
    );
    if failed > 0.0 {
        return Err("rules fail".to_owned());
    }
    Ok(())
}

/// A process with all series of these events, whose counters grow at each scrape; its port.
fn expose() -> Result<u16, String> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
    let port = listener
        .local_addr()
        .map_err(|error| error.to_string())?
        .port();
    std::thread::spawn(move || {
        let scrapes = AtomicU64::new(0);
        for stream in listener.incoming().flatten() {
            // Whoever does not listen to the end asks again.
            let _ = answer(stream, scrapes.fetch_add(1, Ordering::Relaxed));
        }
    });
    Ok(port)
}

fn answer(mut stream: TcpStream, scrape: u64) -> std::io::Result<()> {
    let mut request = [0; 4_096];
    let _ = stream.read(&mut request)?;
    let mut body = String::new();
    let count = scrape * 50;
    for number in 0..EVENTS {
        let event = format!("event_type=\"shop.event{number}\"");
        let mut line = |name: &str, labels: &str, value: u64| {
            let _ = writeln!(body, "{name}{{{event},{labels}}} {value}");
        };
        line(
            "event_published_total",
            "event_version=\"1.0.0\",source=\"shop\"",
            count,
        );
        for error in [
            "timeout",
            "unavailable",
            "validation",
            "too_large",
            "rejected",
        ] {
            let labels = format!("event_version=\"1.0.0\",source=\"shop\",error_type=\"{error}\"");
            line("event_publish_errors_total", &labels, 0);
        }
        let bounds = [
            "0.001", "0.005", "0.01", "0.05", "0.1", "0.25", "0.5", "1.0", "5.0", "10.0", "+Inf",
        ];
        for le in bounds {
            let labels = format!("event_version=\"1.0.0\",source=\"shop\",le=\"{le}\"");
            line("event_publish_duration_seconds_bucket", &labels, count);
        }
        line(
            "event_publish_duration_seconds_count",
            "event_version=\"1.0.0\",source=\"shop\"",
            count,
        );
        line(
            "event_consumed_total",
            "event_version=\"1.0.0\",consumer=\"mailer\"",
            count,
        );
        for error in ["timeout", "handler", "decode"] {
            line(
                "event_consume_errors_total",
                &format!("consumer=\"mailer\",error_type=\"{error}\""),
                0,
            );
        }
        for family in [
            "event_consume_retries_total",
            "event_dead_lettered_total",
            "event_unknown_version_total",
        ] {
            line(family, "consumer=\"mailer\"", 0);
        }
    }
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}
