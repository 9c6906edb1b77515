//! The file in which families outlive the program.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::InitError;
use crate::lane::{self, lock};
use crate::metric;

/// How often it is written.
const EVERY: Duration = Duration::from_secs(10);

/// Writes the snapshot now and then, and once more when it is dropped.
#[derive(Debug)]
pub(super) struct Keeper {
    path: PathBuf,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    ended: Mutex<bool>,
    bell: Condvar,
}

impl Keeper {
    /// Remembers what the file has, and keeps it from now on.
    pub(super) fn start(path: PathBuf) -> Result<Keeper, InitError> {
        match read(&path) {
            Ok(text) => {
                metric::restore(&text).map_err(|why| InitError::NoSnapshot(path.clone(), why))?
            }
            // The first run.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(InitError::Snapshot(path, error.kind())),
        }
        // A folder that is not there is told now, not in ten seconds to nobody.
        write(&path).map_err(|error| InitError::Snapshot(path.clone(), error.kind()))?;
        let state = Arc::new(State::default());
        let (own, file) = (Arc::clone(&state), path.clone());
        lane::start("obs-snapshot", Box::new(move || live(&own, &file)))
            .map_err(|error| InitError::Thread(error.kind()))?;
        Ok(Keeper { path, state })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // Under the lock nobody else writes; afterwards the thread finds that it has ended.
        let mut ended = lock(&self.state.ended);
        *ended = true;
        keep(&self.path);
        self.state.bell.notify_all();
    }
}

fn live(state: &State, path: &Path) {
    let mut ended = lock(&state.ended);
    loop {
        let waited = state.bell.wait_timeout(ended, EVERY);
        ended = waited.unwrap_or_else(PoisonError::into_inner).0;
        if *ended {
            return;
        }
        keep(path);
    }
}

/// What cannot be written is tried again, and is counted as what could not be handed over.
fn keep(path: &Path) {
    // Nobody starts one then, and still the compiler sees where it would end.
    if cfg!(feature = "off-metrics") {
        return;
    }
    if write(path).is_err() {
        metric::export_failed(metric::Signal::Metrics, metric::Reason::Export);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where the program meets its files"
)]
fn read(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

/// Writes beside the file and renames, so that there is always a whole one.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where the program meets its files"
)]
fn write(path: &Path) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    fs::write(&new, metric::snapshot())?;
    fs::rename(new, path)
}
