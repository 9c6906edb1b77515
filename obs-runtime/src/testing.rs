//! What tests need.

pub use crate::bus::faulty::{Fault, FaultyBus};
