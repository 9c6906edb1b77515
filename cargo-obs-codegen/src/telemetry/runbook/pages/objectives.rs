//! Alerts about objectives.

use super::Page;
use obs_schema::names::{family as families, label};

/// What all alerts about a burning budget share.
const BURN_CAUSES: &[&str] = &[
    "the bus is down, slow or refuses messages: then several events burn at once",
    "a release of the service: compare the start of the burning with the last deployment",
    "one kind of failure alone: see which `error_type` grows",
];
const BURN_STEPS: &[&str] = &[
    "Open the dashboard and see when it began, and whether it still goes on.",
    "Look whether other objectives of the same service burn: if they do, begin with what they share.",
    "Take the last release back if it began with it.",
    "Ask whoever runs the bus if the failures are `unavailable` or `timeout`.",
];

pub(super) const PAGES: &[Page] = &[
    Page {
        alert: "SLOBurnPageFast",
        meaning: "The error budget of an objective burns so fast that it is gone within days, and it still does.",
        impact: "Users notice now.",
        causes: BURN_CAUSES,
        steps: BURN_STEPS,
        look: None,
    },
    Page {
        alert: "SLOBurnPageSlow",
        meaning: "The error budget of an objective has burnt too fast for hours.",
        impact: "Users notice. The budget does not last for the period.",
        causes: BURN_CAUSES,
        steps: BURN_STEPS,
        look: None,
    },
    Page {
        alert: "SLOBurnTicketFast",
        meaning: "A tenth of the error budget, or more, went within a day.",
        impact: "Some users notice. If it goes on, the promise is broken.",
        causes: BURN_CAUSES,
        steps: BURN_STEPS,
        look: None,
    },
    Page {
        alert: "SLOBurnTicketSlow",
        meaning: "The error budget has gone faster than it comes back, for days.",
        impact: "Nothing is left for the next release that goes wrong.",
        causes: BURN_CAUSES,
        steps: BURN_STEPS,
        look: None,
    },
    Page {
        alert: "SLOBudgetExhausted",
        meaning: "More failed within the period than was promised for all of it.",
        impact: "The promise is broken.",
        causes: &[
            "one long outage",
            "many short ones",
            "a promise that was never kept",
        ],
        steps: &[
            "Do what the policy about error budgets says.",
            "Promise less if nobody needs so much.",
        ],
        look: None,
    },
    Page {
        alert: "SLOSignalAbsent",
        meaning: "What an objective is counted from is not there.",
        impact: "Its other alerts cannot fire, whatever happens.",
        causes: &[
            "the service is down or is not deployed",
            "it is not scraped",
        ],
        steps: &[
            "See whether the service is up.",
            "See the targets of Prometheus.",
        ],
        look: Some((&families::UP, &[label::JOB])),
    },
];
