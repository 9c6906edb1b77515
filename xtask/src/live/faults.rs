//! What goes wrong, and who is told.

/// How many there are of each event a second: `PACE` of the program.
pub(crate) const PACE: u64 = 50;

/// Where a knob is turned to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum To {
    /// So many, or so much.
    Exactly(u64),
    /// So many in a thousand of what an hour brings.
    OfHour(u64),
}

use To::{Exactly, OfHour};

/// Something that goes wrong.
pub(crate) struct Fault {
    /// What it is.
    pub(crate) what: &'static str,
    /// The knobs that bring it about.
    pub(crate) turn: &'static [(&'static str, To)],
    /// The knobs that end it; without any it ends by itself.
    pub(crate) back: &'static [(&'static str, To)],
    /// The program is ended, and started again.
    pub(crate) dies: bool,
    /// The alerts that fire, and no others: the name with the objective, event or service; and who is told.
    pub(crate) fires: &'static [(&'static str, &'static str)],
    /// It belongs to the short form.
    pub(crate) short: bool,
}

const NOTHING: Fault = Fault {
    what: "",
    turn: &[],
    back: &[],
    dies: false,
    fires: &[],
    short: false,
};

/// The alerts that fire while all is well.
pub(crate) const WELL: &[&str] = &["Watchdog prometheus"];

/// One after the other. Those whose alert weighs them against what went well before come first, while that is little.
pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        what: "a slow handler",
        turn: &[("slow", Exactly(400))],
        back: &[("slow", Exactly(0))],
        fires: &[(
            "SLOBurnPageFast user.registered/process-latency-250ms",
            "identity-page",
        )],
        short: true,
        ..NOTHING
    },
    // So many that the budget of an hour burns, and that of a quarter of a day does not.
    Fault {
        what: "sign-ups that are not published",
        turn: &[("refused-sign-ups", OfHour(25))],
        fires: &[(
            "SLOBurnPageFast user.registered/publish-success",
            "identity-page",
        )],
        short: true,
        ..NOTHING
    },
    Fault {
        what: "orders that are not published",
        turn: &[("refused-orders", Exactly(1_000_000))],
        back: &[("refused-orders", Exactly(0))],
        fires: &[("EventPublishFailing order.placed", "checkout-ticket")],
        short: true,
        ..NOTHING
    },
    Fault {
        what: "dead letters",
        turn: &[("poison", Exactly(3))],
        fires: &[("EventDeadLetterGrowing user.registered", "identity-ticket")],
        short: true,
        ..NOTHING
    },
    Fault {
        what: "silence",
        turn: &[("silence", Exactly(1))],
        back: &[("silence", Exactly(0))],
        fires: &[("EventFlowStopped user.registered", "identity-page")],
        short: true,
        ..NOTHING
    },
    Fault {
        what: "a program that is gone",
        dies: true,
        fires: &[("ServiceDown quickstart", "unowned-page")],
        short: true,
        ..NOTHING
    },
    Fault {
        what: "orders that break their schema",
        turn: &[("invalid-orders", Exactly(3))],
        fires: &[(
            "EventSchemaValidationFailing order.placed",
            "checkout-ticket",
        )],
        ..NOTHING
    },
    Fault {
        what: "orders that are too large",
        turn: &[("large-orders", Exactly(3))],
        fires: &[("EventPayloadTooLarge order.placed", "checkout-ticket")],
        ..NOTHING
    },
    // They are put aside too.
    Fault {
        what: "sign-ups of a version that nobody knows",
        turn: &[("unknown", Exactly(3))],
        fires: &[
            ("EventDeadLetterGrowing user.registered", "identity-ticket"),
            (
                "EventUnknownSchemaVersion user.registered",
                "identity-ticket",
            ),
        ],
        ..NOTHING
    },
];
