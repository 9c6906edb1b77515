//! A server that a test starts, and that never outlives it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

/// The server goes when its input ends, so it never outlives who has started it, however that ends. Before that each
/// line is a signal for it.
const KEEP: &str = r#""$@" >/dev/null 2>&1 & pid=$!
while read -r signal; do kill -"$signal" $pid; [ "$signal" = TERM ] && wait $pid; echo; done
kill -KILL $pid; wait $pid"#;

/// A program with its arguments, and whether it runs.
pub(crate) struct Process {
    words: Vec<String>,
    child: Option<Child>,
}

/// A port of 127.0.0.1 that nobody listens at.
pub(crate) fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().port()
}

/// The program that a variable names. `cargo xtask test` sets it; without it its tests are left out.
pub(crate) fn program(variable: &str) -> Option<String> {
    let program = std::env::var(variable).ok();
    if program.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "{variable} is not set, and here nothing is left out"
        );
        println!("left out, because {variable} is not set (`cargo xtask test` sets it)");
    }
    program
}

impl Process {
    pub(crate) fn new(words: Vec<String>) -> Process {
        Process { words, child: None }
    }

    pub(crate) fn start(&mut self) {
        let child = Command::new("sh")
            .args(["-c", KEEP, "sh"])
            .args(&self.words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
    }

    /// It answers nobody until it is resumed.
    pub(crate) fn pause(&mut self) {
        self.signal("STOP");
    }

    pub(crate) fn resume(&mut self) {
        self.signal("CONT");
    }

    /// It ends in order.
    pub(crate) fn end(&mut self) {
        self.signal("TERM");
        self.stop();
    }

    /// Sends a signal, and waits until it is sent.
    fn signal(&mut self, signal: &str) {
        let child = self.child.as_mut().unwrap();
        writeln!(child.stdin.as_ref().unwrap(), "{signal}").unwrap();
        let answers = child.stdout.as_mut().unwrap();
        answers.read_exact(&mut [0]).unwrap();
    }

    /// As if its plug was pulled.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.stdin.take());
            child.wait().unwrap();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}
