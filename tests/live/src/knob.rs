//! What is wrong, as whoever writes to the standard input will have it.

use std::io::BufRead as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

/// Something that can be wrong. What counts down is right again at zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Knob {
    /// The bus refuses so many orders.
    RefusedOrders,
    /// The bus refuses so many sign-ups.
    RefusedSignUps,
    /// So many orders are too large for the bus.
    LargeOrders,
    /// So many orders break their schema.
    InvalidOrders,
    /// So many mails can never be sent.
    Poison,
    /// So many sign-ups are of a version that nobody knows yet.
    Unknown,
    /// So many milliseconds are what a mail takes.
    Slow,
    /// Nobody signs up.
    Silence,
}

const ALL: [(Knob, &str); 8] = [
    (Knob::RefusedOrders, "refused-orders"),
    (Knob::RefusedSignUps, "refused-sign-ups"),
    (Knob::LargeOrders, "large-orders"),
    (Knob::InvalidOrders, "invalid-orders"),
    (Knob::Poison, "poison"),
    (Knob::Unknown, "unknown"),
    (Knob::Slow, "slow"),
    (Knob::Silence, "silence"),
];

static VALUES: [AtomicU64; ALL.len()] = [const { AtomicU64::new(0) }; ALL.len()];

static ENDED: AtomicBool = AtomicBool::new(false);

impl Knob {
    pub(crate) fn value(self) -> u64 {
        VALUES[self as usize].load(SeqCst)
    }

    pub(crate) fn is_on(self) -> bool {
        self.value() > 0
    }

    /// One of so many.
    pub(crate) fn take(self) -> bool {
        let less = |value: u64| value.checked_sub(1);
        VALUES[self as usize]
            .fetch_update(SeqCst, SeqCst, less)
            .is_ok()
    }
}

/// Whether nobody turns knobs any more.
pub(crate) fn ended() -> bool {
    ENDED.load(SeqCst)
}

/// Turns knobs until there is nothing more to read.
pub(crate) fn listen() {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let Some((name, value)) = line.split_once(' ') else {
            continue;
        };
        for (knob, known) in ALL {
            if let (true, Ok(value)) = (known == name, value.parse()) {
                VALUES[knob as usize].store(value, SeqCst);
            }
        }
    }
    ENDED.store(true, SeqCst);
}
