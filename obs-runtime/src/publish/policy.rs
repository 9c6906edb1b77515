//! What a publisher does when things do not go well.

use std::time::Duration;

use crate::envelope::Wrapping;

/// What happens to events that break their schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Check {
    /// They are not published.
    #[default]
    Reject,
    /// Nobody looks. Symbols of newer schemas are refused all the same, for they cannot be encoded.
    Off,
}

/// What happens to an event when the bus has no room.
///
/// An event with `audit` waits, whatever stands here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum WhenFull {
    /// It waits for room, as long as the timeout allows.
    #[default]
    Wait,
    /// It is not published, and the caller gets the error.
    Fail,
    /// It is not published, and counted as an error. The caller goes on as if nothing had happened.
    Drop,
}

/// How often, and after how long, a record is sent again that the bus did not take for now.
///
/// The pauses double from the first to the longest, and each is cut short by a random part of up to a half, so that
/// publishers which failed together do not come back together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retry {
    /// How often it is sent again.
    pub times: u32,
    /// The pause before the first time.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
}

impl Retry {
    /// Sent once, and never again.
    pub const NEVER: Retry = Retry {
        times: 0,
        first: Duration::ZERO,
        longest: Duration::ZERO,
    };

    /// The pause before this try; `dice` cuts it short.
    pub(crate) fn pause(&self, before: u32, dice: u64) -> Duration {
        let doubled = 1_u32.checked_shl(before).unwrap_or(u32::MAX);
        let whole = self.first.saturating_mul(doubled).min(self.longest);
        let half = u64::try_from(whole.as_nanos() / 2).unwrap_or(u64::MAX);
        whole.saturating_sub(Duration::from_nanos(dice % half.max(1)))
    }
}

/// Three times within about two seconds.
impl Default for Retry {
    fn default() -> Retry {
        Retry {
            times: 3,
            first: Duration::from_millis(100),
            longest: Duration::from_secs(1),
        }
    }
}

/// How a publisher treats its events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Policy {
    pub(super) check: Check,
    pub(super) full: WhenFull,
    pub(super) retry: Retry,
    pub(super) timeout: Option<Duration>,
    pub(super) wrapping: Wrapping,
}

impl Policy {
    /// An event that is audited waits for as long as it takes, unless somebody says otherwise.
    pub(super) fn new(audit: bool) -> Policy {
        Policy {
            check: Check::Reject,
            full: WhenFull::Wait,
            retry: Retry::default(),
            timeout: (!audit).then_some(Duration::from_secs(10)),
            wrapping: Wrapping::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_are_cut_by_half_at_most() {
        let retry = Retry {
            times: 40,
            first: Duration::from_millis(100),
            longest: Duration::from_secs(1),
        };
        for (before, whole) in [
            (0, 100),
            (1, 200),
            (3, 800),
            (4, 1_000),
            (31, 1_000),
            (40, 1_000),
        ] {
            let whole = Duration::from_millis(whole);
            assert_eq!(retry.pause(before, 0), whole);
            for dice in [1, u64::MAX / 3, u64::MAX] {
                let pause = retry.pause(before, dice);
                assert!(pause <= whole && pause >= whole / 2, "{pause:?}");
            }
        }
        assert_eq!(Retry::NEVER.pause(0, 7), Duration::ZERO);
    }
}
