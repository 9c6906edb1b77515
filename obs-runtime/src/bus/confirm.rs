//! When a record counts as sent, on a bus that is far away, and what becomes of those that are not.

use super::{BusError, Record};

/// When a record counts as sent.
///
/// Events with `audit`, what a relay sends and dead letters are always confirmed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Confirm {
    /// When it is in the queue of the client, which sends many at once. That one of them did not get there is told
    /// later, to `when_lost` of the options of the bus.
    #[default]
    Queued,
    /// When the other side has it. Whoever waits for each record before sending the next one gets a batch of one: send
    /// many, then wait.
    Delivered,
}

/// A record that did not get there, and that nobody waited for.
#[derive(Clone, Copy, Debug)]
pub struct Lost<'a> {
    /// The record.
    pub record: Record<'a>,
    /// Why.
    pub error: &'a BusError,
}
