//! Outside tools: other people's implementations that ours are held against.
//!
//! They go into `.tools`, which git ignores. What needs the system's package manager is named with the command to run.

use crate::run::{go, root};
use std::path::PathBuf;
use std::process::Command;

/// Python packages, pinned: a new release must not turn a green tree red.
const PYTHON: [&str; 2] = ["fastavro==1.13.1", "jsonschema[format]==4.26.0"];

/// Where things are once installed.
pub(crate) struct Tools {
    /// A Python with the packages above.
    pub(crate) python: PathBuf,
}

/// Installs what is missing.
pub(crate) fn install() -> Result<Tools, String> {
    let folder = root().join(".tools");
    let home = folder.join("python");
    let python = home.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    let stamp = home.join("installed.txt");
    let wanted = PYTHON.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(Tools { python });
    }
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
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
    Ok(Tools { python })
}
