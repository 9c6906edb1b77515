//! Outside tools: other people's implementations that ours are held against.
//!
//! They go into `.tools`, which git ignores. What needs the system's package manager is named with the command to run.

use crate::run::{go, output, root};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Python packages, pinned: a new release must not turn a green tree red.
const PYTHON: [&str; 6] = [
    "fastavro==1.13.1",
    "jsonschema[format]==4.26.0",
    "noida-db==0.2.3",
    "prometheus_client==0.26.0",
    "yamllint==1.37.1",
    "amlint==0.8.5",
];

/// Node packages, pinned too.
const NODE: [&str; 5] = [
    "typescript@5.9.3",
    "@grafana/schema@13.2.3",
    "@asyncapi/parser@3.6.3",
    "@asyncapi/avro-schema-parser@3.0.24",
    "markdownlint-cli2@0.22.1",
];

/// The package of Debian, and its server.
const ALERTMANAGER: &str = "prometheus-alertmanager";

/// Where things are once installed.
pub(crate) struct Tools {
    /// A Python with the packages above.
    pub(crate) python: PathBuf,
    /// What scrapes, and evaluates rules.
    pub(crate) prometheus: PathBuf,
    /// What Prometheus checks expositions and rules with.
    pub(crate) promtool: PathBuf,
    /// What tells people of alerts.
    pub(crate) alertmanager: PathBuf,
    /// What Alertmanager checks its routes with.
    pub(crate) amtool: PathBuf,
    /// A broker that speaks Kafka's protocol.
    pub(crate) kafka: PathBuf,
    /// A server of NATS, with JetStream.
    pub(crate) nats: PathBuf,
}

/// Installs what is missing.
pub(crate) fn install() -> Result<Tools, String> {
    let folder = root().join(".tools");
    let python = install_python(&folder)?;
    Ok(Tools {
        kafka: kafka(&python)?,
        python,
        prometheus: install_debian(&folder, "prometheus", "bin/prometheus")?,
        promtool: install_debian(&folder, "prometheus", "bin/promtool")?,
        alertmanager: install_debian(&folder, ALERTMANAGER, "bin/prometheus-alertmanager")?,
        amtool: install_debian(&folder, ALERTMANAGER, "bin/amtool")?,
        nats: install_debian(&folder, "nats-server", "sbin/nats-server")?,
    })
}

/// The program inside of its package: what stands on the path only starts it, and does not end it.
fn kafka(python: &Path) -> Result<PathBuf, String> {
    let ask = "import noida_db; print(noida_db.__path__[0])";
    let folder = output(Command::new(python).args(["-c", ask]))?;
    Ok(Path::new(folder.trim()).join("noida-db"))
}

fn install_python(folder: &Path) -> Result<PathBuf, String> {
    let home = folder.join("python");
    let python = home.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    let stamp = home.join("installed.txt");
    let wanted = PYTHON.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(python);
    }
    make(folder)?;
    go(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home)).map_err(|error| {
        format!("{error}\nhelp: install Python 3 with venv, on Debian `apt-get install python3 python3-venv`")
    })?;
    go(Command::new(&python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args(PYTHON))?;
    std::fs::write(&stamp, wanted)
        .map_err(|error| format!("cannot write {}: {error}", stamp.display()))?;
    Ok(python)
}

/// The folder with what stands in [`NODE`].
pub(crate) fn node() -> Result<PathBuf, String> {
    let home = root().join(".tools/node");
    let stamp = home.join("installed.txt");
    let wanted = NODE.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(home);
    }
    make(&home)?;
    go(Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--silent", "--prefix"])
        .arg(&home)
        .args(NODE))
    .map_err(|error| {
        format!("{error}\nhelp: install Node with npm, on Debian `apt-get install nodejs npm`")
    })?;
    std::fs::write(&stamp, wanted)
        .map_err(|error| format!("cannot write {}: {error}", stamp.display()))?;
    Ok(home)
}

/// The one on the path, or the one of Debian's package, unpacked without being installed. Its place is the one below
/// `usr`.
fn install_debian(folder: &Path, package: &str, place: &str) -> Result<PathBuf, String> {
    let (_, name) = place.split_once('/').unwrap_or(("", place));
    let help = format!("install {name}, which comes with {package}, so that it is on the path");
    let on_path = Command::new(name).arg("--version").output();
    if on_path.is_ok_and(|output| output.status.success()) {
        return Ok(name.into());
    }
    let folder = folder.join(package);
    let tool = folder.join("usr").join(place);
    if tool.exists() {
        return Ok(tool);
    }
    make(&folder)?;
    let unpack = format!(
        "apt-get download {package} && dpkg-deb -x {package}_*.deb . && rm {package}_*.deb"
    );
    go(Command::new("sh")
        .current_dir(&folder)
        .args(["-ec", &unpack]))
    .map_err(|error| format!("{error}\nhelp: {help}"))?;
    Ok(tool)
}

fn make(folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))
}

/// Package managers: their commands that install what follows, without questions.
const MANAGERS: [&[&[&str]]; 4] = [
    &[
        &["apt-get", "update"],
        &["apt-get", "install", "--yes", "valgrind"],
    ],
    &[&["dnf", "install", "--assumeyes", "valgrind"]],
    &[&["pacman", "-S", "--noconfirm", "valgrind"]],
    &[&["apk", "add", "valgrind"]],
];

/// There is valgrind, or it is installed if that may be done without a password; else the reason.
pub(crate) fn valgrind() -> Result<(), String> {
    let there = || works(Command::new("valgrind").arg("--version"));
    if there() {
        return Ok(());
    }
    let manager = MANAGERS
        .iter()
        .find(|commands| works(Command::new(commands[0][0]).arg("--version")));
    let Some(commands) = manager else {
        return Err("there is no valgrind".to_owned());
    };
    let root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if root || works(Command::new("sudo").args(["-n", "true"])) {
        let sudo: &[&str] = if root { &[] } else { &["sudo", "-n"] };
        for words in *commands {
            let words = [sudo, words].concat();
            go(Command::new(words[0]).args(&words[1..]))
                .map_err(|error| format!("there is no valgrind, and {error}"))?;
        }
        if there() {
            return Ok(());
        }
    }
    let commands: Vec<String> = commands.iter().map(|words| words.join(" ")).collect();
    let command = commands.join(" && ");
    Err(format!("there is no valgrind\nhelp: `{command}`"))
}

/// Whether there is OpenSSL with its headers, for TLS of Kafka.
pub(crate) fn openssl() -> bool {
    works(Command::new("pkg-config").args(["--exists", "openssl"]))
}

/// Whether a command succeeds; what it says is nobody's concern.
pub(crate) fn works(command: &mut Command) -> bool {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}
