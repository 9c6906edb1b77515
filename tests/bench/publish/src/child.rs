//! One team in a process of its own: it runs a batch whenever a line asks for it, and answers what it took.

use crate::{Course, Team, seen};
use rustix::thread::{CpuSet, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;

/// What a batch took, for each publish.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    /// Processor time of the threads that publish, in nanoseconds: what the machine does beside is not in it.
    pub thread: f64,
    /// Processor time of all threads until everything is exported, in nanoseconds.
    pub process: f64,
    /// The share of publishes whose span an exporter was given.
    pub exported: f64,
}

/// Answers lines with a number of publishes each.
pub fn serve(team: &dyn Team, course: &Course) {
    std::thread::scope(|scope| {
        let (answers, answered) = mpsc::channel();
        let mut workers = Vec::new();
        for at in 0..course.threads {
            let (asks, asked) = mpsc::channel::<usize>();
            let answers = answers.clone();
            workers.push(asks);
            scope.spawn(move || {
                pin(at);
                let mut runner = team.runner();
                for times in asked {
                    let start = nanos(ClockId::ThreadCPUTime);
                    runner.run(times);
                    let took = (nanos(ClockId::ThreadCPUTime) - start) / times as f64;
                    answers.send(took).expect("somebody asked");
                }
            });
        }
        let batch = |times: usize| {
            let (process, spans) = (nanos(ClockId::ProcessCPUTime), seen::exported());
            for worker in &workers {
                worker.send(times).expect("it waits");
            }
            let thread: f64 = workers
                .iter()
                .map(|_| answered.recv().expect("it runs"))
                .sum();
            team.flush();
            let all = (times * workers.len()) as f64;
            Took {
                thread: thread / workers.len() as f64,
                process: (nanos(ClockId::ProcessCPUTime) - process) / all,
                exported: (seen::exported() - spans) as f64 / all,
            }
        };
        let mut line = String::new();
        let mut input = std::io::stdin().lock();
        while input.read_line(&mut line).is_ok_and(|read| read > 0) {
            let times: usize = line.trim().parse().expect("a number");
            line.clear();
            // Others have used the caches in between.
            batch(times.div_ceil(4));
            let took = batch(times);
            let mut out = std::io::stdout();
            writeln!(out, "{} {} {}", took.thread, took.process, took.exported)
                .expect("somebody reads");
            out.flush().expect("somebody reads");
        }
        drop(workers);
    });
}

/// Keeps this thread on one processor.
fn pin(at: usize) {
    let all = std::thread::available_parallelism().map_or(1, |all| all.get());
    let mut set = CpuSet::new();
    set.set(at % all);
    if sched_setaffinity(None, &set).is_err() {
        eprintln!("a thread cannot be pinned here");
    }
}

fn nanos(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// A child, seen from its parent.
pub struct Racer {
    pub team: &'static str,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Racer {
    /// In another program than this one, if there is one.
    pub fn start(
        team: &'static str,
        course: &Course,
        program: Option<PathBuf>,
    ) -> Result<Racer, String> {
        let program = program
            .map_or_else(std::env::current_exe, Ok)
            .map_err(|error| error.to_string())?;
        let mut child = Command::new(program)
            .args(["child", team])
            .args(course.words())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let output = BufReader::new(output.ok_or("no output")?);
        Ok(Racer {
            team,
            child,
            input,
            output,
        })
    }

    /// Runs a batch.
    pub fn batch(&mut self, times: usize) -> Result<Took, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", self.team);
        let input = self.input.as_mut().ok_or("it has ended")?;
        writeln!(input, "{times}")
            .and_then(|()| input.flush())
            .map_err(failed)?;
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(failed)?;
        let numbers: Vec<f64> = line.split_whitespace().flat_map(str::parse).collect();
        let [thread, process, exported] = numbers[..] else {
            return Err(format!("{}: not an answer: {line:?}", self.team));
        };
        Ok(Took {
            thread,
            process,
            exported,
        })
    }
}

impl Drop for Racer {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
