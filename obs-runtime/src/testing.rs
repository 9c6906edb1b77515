//! What tests need.

mod recorder;

pub use crate::bus::faulty::{Fault, FaultyBus};
pub(crate) use recorder::Recording;
pub use recorder::{RecordedSpan, Recorder};
