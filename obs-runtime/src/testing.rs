//! What tests need.

mod mock;
mod recorder;

pub use crate::bus::faulty::{Fault, FaultyBus};
pub use mock::Mock;
pub(crate) use recorder::Recording;
pub use recorder::{RecordedSpan, Recorder};
