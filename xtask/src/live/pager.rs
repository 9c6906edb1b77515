//! Alertmanager with its routes as they are, and who is told what.

use super::process::{Program, port};
use super::shorter::Hour;
use super::{about, write};
use obs_schema::json::Json;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

/// Who was told of which alert, so far.
type Told = Arc<Mutex<BTreeSet<(String, String)>>>;

/// An Alertmanager whose receivers all end here.
pub(crate) struct Pager {
    pub(crate) alertmanager: Program,
    told: Told,
}

impl Pager {
    pub(crate) fn start(
        program: &Path,
        config: &str,
        folder: &Path,
        hour: Hour,
    ) -> Result<Pager, String> {
        let failed = |error: std::io::Error| format!("cannot listen to alerts: {error}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let told = Told::default();
        let heard = Arc::clone(&told);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // What cannot be read is not told, and that is found out.
                let _ = hear(&stream, &heard);
            }
        });
        let config = redirected(&hour.shorten(config), &format!("http://{address}/"));
        write(&folder.join("alertmanager.yml"), &config)?;
        let port = port()?;
        let mut command = command(program);
        command
            .current_dir(folder)
            .args(["--config.file=alertmanager.yml", "--storage.path=alerts"])
            .args(["--cluster.listen-address=", "--log.level=warn"])
            .arg(format!("--web.listen-address=127.0.0.1:{port}"));
        let alertmanager = Program::start("alertmanager", &mut command, port, folder)?;
        let alertmanager = alertmanager.ready("/-/ready").map_err(|error| {
            format!("{error}\nhelp: install prometheus-alertmanager, so that it is on the path")
        })?;
        Ok(Pager { alertmanager, told })
    }

    /// Who was told of what since the last time this was asked to forget.
    pub(crate) fn told(&self) -> BTreeSet<(String, String)> {
        self.told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn forget(&self) {
        self.told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// The program, or the one of Debian's package that was unpacked and not installed: it wants to find its texts in
/// `/usr/share`, so there it gets one of its own.
fn command(program: &Path) -> Command {
    let Some(usr) = program.ancestors().nth(2).filter(|_| program.is_absolute()) else {
        return Command::new(program);
    };
    let mut command = Command::new("unshare");
    let put = "mount --bind \"$0/share\" /usr/share && exec \"$@\"";
    command.args(["--map-root-user", "--mount", "sh", "-c", put]);
    command.arg(usr).arg(program);
    command
}

/// The same configuration, with another way to each receiver.
fn redirected(config: &str, address: &str) -> String {
    let mut out = String::new();
    let mut receivers = false;
    for line in config.lines() {
        receivers |= line == "receivers:";
        let is_name = line.starts_with("  - name: ");
        if !receivers || is_name || line == "receivers:" {
            out += &format!("{line}\n");
        }
        if receivers && is_name {
            out += &format!("    webhook_configs: [{{url: \"{address}\"}}]\n");
        }
    }
    out
}

fn hear(stream: &TcpStream, told: &Told) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(": ") else {
            if line.trim().is_empty() {
                break;
            }
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let message = Json::parse(&body).unwrap_or(Json::Null);
    let text = |value: &Json, key: &str| {
        value
            .get(key)
            .and_then(Json::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let receiver = text(&message, "receiver");
    for alert in message
        .get("alerts")
        .and_then(Json::as_array)
        .unwrap_or_default()
    {
        let labels = alert
            .get("labels")
            .and_then(Json::as_object)
            .unwrap_or_default()
            .iter();
        let labels: BTreeMap<String, String> = labels
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect();
        if text(alert, "status") == "firing" {
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            told.insert((about(&labels), receiver.clone()));
        }
    }
    let mut stream = stream;
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
}
