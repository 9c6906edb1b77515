//! What tests need.

mod canary;
mod mock;
mod recorder;
#[cfg(feature = "tokio")]
mod trial;

pub use crate::bus::faulty::{Fault, FaultyBus};
pub use canary::assert_nothing_leaks;
pub use mock::Mock;
pub(crate) use recorder::Recording;
pub use recorder::{RecordedSpan, Recorder};
#[cfg(feature = "tokio")]
pub use trial::Trial;
