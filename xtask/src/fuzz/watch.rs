//! One run of libFuzzer, and when it has gone on for long enough.
//!
//! The rule: coverage stands still when no new edge was reached for [`Rule::still`] seconds, and for at least half of
//! the run. The half lets a target that still grows slowly go on for longer than one that was done at once.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// When a run ends.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    /// So long nothing new has to be found.
    pub(super) still: u64,
    /// And so long a run may take, grown or not.
    pub(super) seconds: u64,
}

impl Default for Rule {
    fn default() -> Rule {
        Rule {
            still: 60,
            seconds: 1800,
        }
    }
}

/// What libFuzzer exits with when it is interrupted.
const INTERRUPTED: i32 = 72;

/// Why a run ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    StoodStill,
    OutOfTime,
    Finding,
}

impl End {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            End::StoodStill => "stood still",
            End::OutOfTime => "more time would find more",
            End::Finding => "**an input breaks it**",
        }
    }
}

/// What came of one target.
pub(super) struct Report {
    pub(super) target: String,
    pub(super) executions: u64,
    pub(super) edges_before: u64,
    pub(super) edges_after: u64,
    /// Edges by how often an input passes them, roughly.
    pub(super) features: u64,
    /// From the end of reading the corpus.
    pub(super) seconds: u64,
    /// Of these, how many passed after the last new edge.
    pub(super) still: u64,
    pub(super) end: End,
}

/// Reads what libFuzzer says, `#1234  NEW  cov: 567 ft: 890 …`, and ends it by the rule.
pub(super) fn watch(
    command: &mut Command,
    target: &str,
    artifacts: &Path,
    rule: Rule,
) -> Result<Report, String> {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot run the target: {error}"))?;
    let (send, lines) = mpsc::channel();
    let errors = child.stderr.take();
    let reader = std::thread::spawn(move || {
        for line in errors
            .into_iter()
            .flat_map(|errors| BufReader::new(errors).split(b'\n'))
        {
            let Ok(line) = line else { break };
            if send.send(line).is_err() {
                break;
            }
        }
    });
    let mut report = Report {
        target: target.to_owned(),
        executions: 0,
        edges_before: 0,
        edges_after: 0,
        features: 0,
        seconds: 0,
        still: 0,
        end: End::OutOfTime,
    };
    let mut start = Instant::now();
    let mut last_new = start;
    let mut started = false;
    let mut tail = Vec::new();
    loop {
        match lines.recv_timeout(Duration::from_secs(1)) {
            Ok(line) => {
                let line = String::from_utf8_lossy(&line).into_owned();
                let Some(status) = Status::parse(&line) else {
                    tail.push(line);
                    continue;
                };
                report.executions = status.executions;
                report.features = report.features.max(status.features);
                if line.contains("INITED") {
                    report.edges_before = status.edges;
                    (start, started) = (Instant::now(), true);
                    last_new = start;
                }
                if status.edges > report.edges_after {
                    report.edges_after = status.edges;
                    last_new = Instant::now();
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let still = last_new.elapsed();
        let enough = still.as_secs() >= rule.still && still * 2 >= start.elapsed();
        if started && enough && report.end != End::StoodStill {
            report.end = End::StoodStill;
            interrupt(&mut child)?;
        }
    }
    report.seconds = start.elapsed().as_secs();
    report.still = last_new.elapsed().as_secs();
    let status = child
        .wait()
        .map_err(|error| format!("cannot wait for the target: {error}"))?;
    drop(reader.join());
    let ended_by_us =
        report.end == End::StoodStill && matches!(status.code(), None | Some(INTERRUPTED));
    if !status.success() && !ended_by_us {
        report.end = End::Finding;
        let from = tail.len().saturating_sub(40);
        println!("{}", tail[from..].join("\n"));
        println!("the input lies in {}", artifacts.display());
    }
    println!(
        "{} executions, {} → {} edges, the last {} of {} s without a new edge: {}",
        report.executions,
        report.edges_before,
        report.edges_after,
        report.still,
        report.seconds,
        report.end.as_str(),
    );
    Ok(report)
}

/// As Ctrl-C would, upon which libFuzzer says how far it came; where that is not to be had, at once.
fn interrupt(child: &mut Child) -> Result<(), String> {
    let asked = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    if asked.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    child
        .kill()
        .map_err(|error| format!("cannot end the target: {error}"))
}

/// A line about the progress.
#[derive(Debug, PartialEq, Eq)]
struct Status {
    executions: u64,
    edges: u64,
    features: u64,
}

impl Status {
    fn parse(line: &str) -> Option<Status> {
        let after = line.strip_prefix('#')?;
        let number = |text: &str| text.split_whitespace().next()?.parse().ok();
        let called = |name| line.split(name).nth(1).and_then(number).unwrap_or(0);
        Some(Status {
            executions: number(after)?,
            edges: called("cov: "),
            features: called("ft: "),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_progress_are_read() {
        let status = |executions, edges, features| {
            Some(Status {
                executions,
                edges,
                features,
            })
        };
        let line = "#1024\tNEW    cov: 567 ft: 890 corp: 12/345b lim: 4 exec/s: 0";
        assert_eq!(Status::parse(line), status(1024, 567, 890));
        assert_eq!(Status::parse("INFO: seed corpus"), None);
        assert_eq!(Status::parse("#0 0x55 in main"), status(0, 0, 0));
    }
}
