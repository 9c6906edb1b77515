//! Programs that run beside us, and what they answer.

use obs_schema::json::Json;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a program may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program that listens on a port, and ends when this goes.
pub(crate) struct Program {
    name: &'static str,
    child: Child,
    pub(crate) port: u16,
    log: PathBuf,
}

impl Program {
    /// Starts a program. What it says goes into a file of the folder.
    pub(crate) fn start(
        name: &'static str,
        command: &mut Command,
        port: u16,
        folder: &Path,
    ) -> Result<Program, String> {
        let told = |error| format!("cannot start {name}: {error}");
        let log = folder.join(format!("{name}.log"));
        let out = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .map_err(told)?;
        let child = command
            .stdin(Stdio::piped())
            .stdout(out.try_clone().map_err(told)?)
            .stderr(out)
            .spawn()
            .map_err(told)?;
        Ok(Program {
            name,
            child,
            port,
            log,
        })
    }

    /// Waits until it answers on this path.
    pub(crate) fn ready(mut self, path: &str) -> Result<Program, String> {
        let start = Instant::now();
        loop {
            match self.get(path) {
                Ok(_) => return Ok(self),
                Err(error) if start.elapsed() > PATIENCE => return Err(self.with_log(&error)),
                Err(error) => {
                    if let Ok(Some(status)) = self.child.try_wait() {
                        return Err(self.with_log(&format!("it ended with {status}; {error}")));
                    }
                }
            }
            pause();
        }
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// What went wrong, and the last lines of what it said.
    pub(crate) fn with_log(&self, error: &str) -> String {
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        let last = lines[lines.len().saturating_sub(10)..].join("\n");
        format!("{}: {error}\n{last}", self.name)
    }

    /// Writes a line to its standard input.
    pub(crate) fn tell(&mut self, line: &str) -> Result<(), String> {
        let told = |error| format!("cannot speak to {}: {error}", self.name);
        match &mut self.child.stdin {
            Some(stdin) => writeln!(stdin, "{line}").map_err(told),
            None => Err(format!("{} does not listen", self.name)),
        }
    }

    /// The body of what it answers.
    pub(crate) fn get(&self, path: &str) -> Result<String, String> {
        ask(self.port, &format!("GET {path}"), "", "").map_err(|error| format!("{path}: {error}"))
    }

    /// Sends JSON.
    pub(crate) fn post(&self, path: &str, body: &str) -> Result<String, String> {
        let length = body.len();
        let head = format!("content-type: application/json\r\ncontent-length: {length}\r\n");
        ask(self.port, &format!("POST {path}"), &head, body)
            .map_err(|error| format!("{path}: {error}"))
    }

    /// `data` of what Prometheus answers.
    pub(crate) fn data(&self, path: &str) -> Result<Json, String> {
        let body = self.get(path)?;
        let answer = Json::parse(body.as_bytes()).map_err(|error| format!("{path}: {error}"))?;
        match answer.get("data") {
            Some(data) => Ok(data.clone()),
            None => Err(format!("{path}: {body}")),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Between two looks at another program.
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

/// A port that nobody has at this moment.
pub(crate) fn port() -> Result<u16, String> {
    let told = |error| format!("there is no port: {error}");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(told)?;
    Ok(listener.local_addr().map_err(told)?.port())
}

fn ask(port: u16, what: &str, head: &str, body: &str) -> Result<String, String> {
    let told = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(told)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(told)?;
    // The older version of HTTP has no chunks.
    write!(
        stream,
        "{what} HTTP/1.0\r\nhost: 127.0.0.1\r\n{head}\r\n{body}"
    )
    .map_err(told)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(told)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => Ok(body.to_owned()),
        _ => Err(answer),
    }
}

/// As it stands in an address.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}
