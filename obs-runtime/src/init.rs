//! Starting and stopping.

use std::fmt;

use crate::bus::Bus;

/// How many records the bus in memory holds unless told otherwise.
const CAPACITY: usize = 65_536;

/// What [`init`] sets up: a bus in memory, under the name of the program.
///
/// ```
/// let obs = obs_runtime::init()?;
/// assert!(obs.bus().drain().is_empty());
/// # Ok::<(), obs_runtime::InitError>(())
/// ```
#[derive(Debug)]
pub struct Obs {
    bus: Bus,
}

/// Sets up what publishers and consumers need, with nothing else installed.
///
/// The name of the program becomes `metadata.source`; [`Bus::for_source`] gives another one.
pub fn init() -> Result<Obs, InitError> {
    let program = std::env::current_exe().ok();
    let name = program
        .as_deref()
        .and_then(|path| path.file_stem())
        .and_then(|name| name.to_str());
    Ok(Obs {
        bus: Bus::memory(CAPACITY).for_source(name.unwrap_or("unknown")),
    })
}

impl Obs {
    /// The bus.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Ends everything in order: the bus takes no more records.
    pub async fn shutdown(self) {
        self.bus.close();
    }
}

/// Something that could not be set up.
#[derive(Debug)]
#[non_exhaustive]
pub enum InitError {}

impl fmt::Display for InitError {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for InitError {}
