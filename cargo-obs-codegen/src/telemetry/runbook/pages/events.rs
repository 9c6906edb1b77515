//! Alerts about events.

use super::{Look, Page};
use obs_schema::names::{family as families, label};

const PUBLISH_ERRORS: Look = Some((
    &families::EVENT_PUBLISH_ERRORS_TOTAL,
    &[label::EVENT_TYPE, label::SOURCE, label::ERROR_TYPE],
));

const PUBLISHED: Look = Some((
    &families::EVENT_PUBLISHED_TOTAL,
    &[label::EVENT_TYPE, label::EVENT_VERSION, label::SOURCE],
));

pub(super) const PAGES: &[Page] = &[
    Page {
        alert: "EventPublishFailuresLowTraffic",
        meaning: "Several events could not be published within an hour in which few were tried at all.",
        impact: "Those events are lost unless the publisher keeps them in an outbox. There are too few of them to move a ratio.",
        causes: &[
            "the bus refused or did not answer",
            "the events break their schema",
            "the process was shut down while it published",
        ],
        steps: &[
            "See which `error_type` it is.",
            "Find the failed spans, which are kept whatever the sampling ratio, and read the error.",
            "Publish the lost events again if they matter.",
        ],
        look: PUBLISH_ERRORS,
    },
    Page {
        alert: "EventPublishFailing",
        meaning: "A share of the attempts to publish fails, for minutes.",
        impact: "Consumers miss events, and what they derive from them is wrong.",
        causes: &[
            "the bus is down or overloaded",
            "credentials or permissions of the topic changed",
            "a release makes events that break their schema",
        ],
        steps: &[
            "See which `error_type` it is.",
            "For `unavailable` and `timeout`, look at the bus.",
            "For `validation` and `serialization`, take the last release back.",
            "Declare an objective for the event, so that the next time its own promise decides.",
        ],
        look: PUBLISH_ERRORS,
    },
    Page {
        alert: "EventSchemaValidationFailing",
        meaning: "Events were refused because they break their own schema.",
        impact: "They were not published. Nothing wrong reached the bus.",
        causes: &[
            "input that the spec did not think of",
            "a release that fills a field differently",
            "a spec that is stricter than what it describes",
        ],
        steps: &[
            "Read the violations in the log lines of the publisher: they name place and rule, never the value.",
            "Correct the publisher, or loosen the spec in a new version.",
        ],
        look: PUBLISH_ERRORS,
    },
    Page {
        alert: "EventPayloadTooLarge",
        meaning: "Messages are larger than the bus takes.",
        impact: "They are lost; trying again does not help.",
        causes: &[
            "a list or text in the event that has no bound",
            "the limit of the topic was lowered",
        ],
        steps: &[
            "See how sizes are distributed.",
            "Give the field a bound in the spec, or put the large part elsewhere and publish where it is.",
        ],
        look: Some((
            &families::EVENT_PUBLISH_ERRORS_TOTAL,
            &[label::EVENT_TYPE, label::SOURCE],
        )),
    },
    Page {
        alert: "EventFlowStopped",
        meaning: "Nobody publishes an event any more that should come all the time, while its publishers run.",
        impact: "Whatever is derived from the event stands still.",
        causes: &[
            "what causes the event has stopped: look at the step before it",
            "the publisher hangs, or a queue before it does",
            "a feature flag switched it off",
        ],
        steps: &[
            "See whether attempts fail: then the alerts about failures say more.",
            "Look at the service that publishes: requests, errors, threads that wait.",
            "If nothing happens because nothing is to happen, correct `min_rate` in the spec.",
        ],
        look: PUBLISHED,
    },
    Page {
        alert: "EventRateDropped",
        meaning: "An event comes, and less often than its spec expects.",
        impact: "A part of what should be told is not.",
        causes: &[
            "one of several publishers is away",
            "less demand than usual",
            "failures: see the alerts about them",
        ],
        steps: &[
            "See which source publishes less.",
            "Compare with the same hour a week ago.",
            "Correct `min_rate` in the spec if this is how it is now.",
        ],
        look: PUBLISHED,
    },
    Page {
        alert: "EventRateSurge",
        meaning: "An event is published several times as often as at the same time a week ago.",
        impact: "Consumers may fall behind, and what is derived from the event may be counted twice.",
        causes: &[
            "a publisher that repeats what it has published",
            "somebody loads old data again",
            "a campaign, or a day that is not like that of last week",
        ],
        steps: &[
            "See which source publishes more.",
            "See whether consumers keep up.",
            "Look at a few of the events: the same key again and again means a loop.",
        ],
        look: PUBLISHED,
    },
    Page {
        alert: "EventSignalAbsent",
        meaning: "No process that could publish the event can be seen at all.",
        impact: "Nobody knows whether the event is published.",
        causes: &[
            "the service is down or is not deployed",
            "it is not scraped: its port or its labels changed",
            "the event's publisher is not made any more",
        ],
        steps: &[
            "See whether the service is up.",
            "See the targets of Prometheus.",
            "Remove `min_rate` if nobody publishes the event any more.",
        ],
        look: Some((&families::UP, &[label::JOB])),
    },
    Page {
        alert: "EventDeprecatedVersionInUse",
        meaning: "A version that should go is still published.",
        impact: "None today. When consumers stop to understand it, its events are lost to them.",
        causes: &["a service was not released since the new version exists"],
        steps: &[
            "See which source it is.",
            "Ask its team to build with the newest spec.",
        ],
        look: PUBLISHED,
    },
    Page {
        alert: "EventDeadLetterGrowing",
        meaning: "A consumer put events aside because it could not process them.",
        impact: "What they should cause has not happened, and will not by itself.",
        causes: &[
            "the handler fails on some events",
            "events that cannot be decoded",
            "a peer of the handler was away longer than retries last",
        ],
        steps: &[
            "Look at one of the dead letters: it says why it is there.",
            "Correct the cause first.",
            "Let them through again.",
        ],
        look: Some((
            &families::EVENT_DEAD_LETTERED_TOTAL,
            &[label::EVENT_TYPE, label::CONSUMER],
        )),
    },
    Page {
        alert: "EventUnknownSchemaVersion",
        meaning: "A consumer saw a version of an event that no spec it was built with describes.",
        impact: "Those events are not processed.",
        causes: &[
            "the publisher was released before the consumer",
            "somebody writes to the topic by hand",
        ],
        steps: &[
            "See which versions are published.",
            "Build the consumer with the newest specs and release it.",
            "Let the dead letters through again.",
        ],
        look: PUBLISHED,
    },
    Page {
        alert: "EventRetryStorm",
        meaning: "A consumer tries again more often than it succeeds.",
        impact: "It falls behind, and strains whatever it calls.",
        causes: &[
            "a peer of the handler is down",
            "an event that can never succeed and is retried all the same",
        ],
        steps: &[
            "See which error the attempts end with.",
            "If it is a peer, help the peer, and let retries wait longer.",
            "If it is the event, let it go to the dead letters.",
        ],
        look: Some((
            &families::EVENT_CONSUME_ERRORS_TOTAL,
            &[label::EVENT_TYPE, label::CONSUMER, label::ERROR_TYPE],
        )),
    },
    Page {
        alert: "EventConsumerLagGrowing",
        meaning: "More comes than a consumer processes.",
        impact: "What it does comes later and later.",
        causes: &[
            "slow handlers",
            "too few instances, or one that owns too much",
            "more events than usual",
        ],
        steps: &[
            "See how long processing takes, and whether that changed.",
            "Add instances, up to the number of partitions.",
            "See whether the bus gives its work to all of them.",
        ],
        look: Some((
            &families::EVENT_CONSUMED_TOTAL,
            &[label::EVENT_TYPE, label::CONSUMER],
        )),
    },
    Page {
        alert: "EventFreshnessBreached",
        meaning: "The oldest record that a consumer has not processed waits for longer than promised.",
        impact: "What the consumer shows or does is out of date.",
        causes: &[
            "the consumer stands still: see whether it processes anything",
            "one record is tried again and again, and those behind it wait",
            "it fell behind: see its lag",
        ],
        steps: &[
            "See whether anything is processed.",
            "Restart an instance that does nothing.",
            "Put a record aside that holds up the others.",
        ],
        look: Some((
            &families::EVENT_CONSUMED_TOTAL,
            &[label::EVENT_TYPE, label::CONSUMER],
        )),
    },
];
