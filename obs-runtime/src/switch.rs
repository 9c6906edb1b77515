//! Telemetry on and off while the program runs.
//!
//! What is published goes on as it is; spans, log lines and metrics of what is switched off stop with the next
//! publish, and the next event that is consumed. Features of the crate (`off`, `off-spans`, `off-metrics`, `off-logs`) do the same for good, when the program
//! is built, and leave no code behind; [`crate::log::set_level`] does it for log lines by level.
//!
//! With `off` a [`Recorder`](crate::testing::Recorder) sees nothing either; `traceparent` and the ids of correlation are
//! still passed on as they come.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

static ON: AtomicBool = AtomicBool::new(cfg!(not(feature = "off")));

/// Switches all telemetry of events on or off.
///
/// ```
/// obs_runtime::switch::telemetry(false);
/// // Whatever is published here is published in silence.
/// obs_runtime::switch::telemetry(true);
/// ```
pub fn telemetry(on: bool) {
    ON.store(on && cfg!(not(feature = "off")), Relaxed);
}

/// Switches the telemetry of one event on or off, whoever publishes or consumes it.
///
/// ```
/// obs_runtime::switch::event("user.registered", false);
/// ```
pub fn event(event_type: &str, on: bool) {
    crate::publish::set_live(event_type, on);
    #[cfg(feature = "tokio")]
    crate::consume::set_live(event_type, on);
}

#[inline]
pub(crate) fn is_on() -> bool {
    cfg!(not(feature = "off")) && ON.load(Relaxed)
}
