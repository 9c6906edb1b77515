//! What our runbooks say.

use super::Words;
use obs_schema::names::family::{self as families, Family};
use obs_schema::names::label;

/// What is known about an alert before it fires.
pub(super) struct Page {
    pub(super) alert: &'static str,
    meaning: &'static str,
    impact: &'static str,
    causes: &'static [&'static str],
    steps: &'static [&'static str],
    /// What to look at first: a family, and what to tell apart in it.
    pub(super) look: Look,
}

/// A family, and what to tell apart in it.
pub(super) type Look = Option<(&'static Family, &'static [&'static str])>;

impl Page {
    /// What it says.
    pub(super) fn words(&self) -> Words {
        let all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Words {
            meaning: self.meaning.to_owned(),
            impact: self.impact.to_owned(),
            causes: all(self.causes),
            steps: all(self.steps),
        }
    }
}

const PUBLISH_ERRORS: Look = Some((
    &families::EVENT_PUBLISH_ERRORS_TOTAL,
    &[label::EVENT_TYPE, label::SOURCE, label::ERROR_TYPE],
));

const PUBLISHED: Look = Some((
    &families::EVENT_PUBLISHED_TOTAL,
    &[label::EVENT_TYPE, label::EVENT_VERSION, label::SOURCE],
));

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
    Page {
        alert: "EventPiiRedactionFailing",
        meaning: "Sensitive values could not be redacted, so they were left out.",
        impact: "Nothing leaked. What telemetry should have said is missing, and the reason may be a lost key.",
        causes: &[
            "there is no key for hashes",
            "a value that redaction cannot handle",
        ],
        steps: &[
            "See whether the service has its key.",
            "Read the log of its start.",
        ],
        look: Some((
            &families::OBS_REDACTION_FAILURES_TOTAL,
            &[label::JOB, label::SIGNAL],
        )),
    },
    Page {
        alert: "ServiceDown",
        meaning: "No process of a service can be scraped.",
        impact: "It does nothing, or nobody knows what it does.",
        causes: &[
            "it crashed or was not started",
            "its port for telemetry is closed",
            "the network between it and Prometheus",
        ],
        steps: &[
            "See whether its processes run.",
            "Ask one for `/live` and `/metrics`.",
            "Read its last log lines.",
        ],
        look: Some((&families::UP, &[label::JOB, label::INSTANCE])),
    },
    Page {
        alert: "TelemetrySpansDropped",
        meaning: "Spans were dropped before they were exported.",
        impact: "Traces have holes. The service itself is not held up.",
        causes: &[
            "the exporter is slower than spans come",
            "a trace with more spans than its bounds allow",
        ],
        steps: &[
            "See the reason.",
            "For `full`, look at the collector; for `limit`, at who makes so many spans.",
        ],
        look: Some((
            &families::OBS_SPANS_DROPPED_TOTAL,
            &[label::JOB, label::REASON],
        )),
    },
    Page {
        alert: "TelemetryLogsDropped",
        meaning: "Log lines were dropped.",
        impact: "The log has holes. The service itself is not held up.",
        causes: &[
            "the output is slower than lines come",
            "the output is closed",
        ],
        steps: &[
            "See the reason.",
            "Raise the level of the noisiest events, or sample them.",
        ],
        look: Some((
            &families::OBS_LOGS_DROPPED_TOTAL,
            &[label::JOB, label::REASON],
        )),
    },
    Page {
        alert: "TelemetryMetricsDropped",
        meaning: "Values came that cannot be measured.",
        impact: "Sums and counts are too low.",
        causes: &[
            "a value that is no number",
            "a counter that was asked to fall",
        ],
        steps: &[
            "See the reason.",
            "Find who measures it, and correct it there.",
        ],
        look: Some((
            &families::OBS_METRICS_DROPPED_TOTAL,
            &[label::JOB, label::REASON],
        )),
    },
    Page {
        alert: "TelemetryExportFailing",
        meaning: "Batches of telemetry could not be handed over.",
        impact: "What they held is missing from the backends.",
        causes: &[
            "the collector is down or refuses",
            "wrong address or credentials",
        ],
        steps: &["See the signal and the reason.", "Look at the collector."],
        look: Some((
            &families::OBS_EXPORT_FAILURES_TOTAL,
            &[label::JOB, label::SIGNAL, label::REASON],
        )),
    },
    Page {
        alert: "MetricCardinalityOverflow",
        meaning: "Labels have more combinations than there is room for.",
        impact: "What came later is counted under the last series, so that series is too high and others are missing.",
        causes: &[
            "a label with more values than its spec lists",
            "too many labels on one event",
        ],
        steps: &[
            "See the family.",
            "List the common values in `top`, or remove a label.",
        ],
        look: Some((
            &families::OBS_LABEL_OVERFLOW_TOTAL,
            &[label::JOB, label::FAMILY],
        )),
    },
    Page {
        alert: "ScrapeNearSampleLimit",
        meaning: "A scrape brings nearly as many samples as Prometheus takes.",
        impact: "None yet. Over the limit the whole scrape is thrown away.",
        causes: &["a release with more labels or families"],
        steps: &[
            "See which families are largest.",
            "Lower `max_series` of an event, or raise the limit knowingly.",
        ],
        look: None,
    },
    Page {
        alert: "ScrapeSlow",
        meaning: "A scrape takes nearly as long as scrapes are apart.",
        impact: "Samples get lost, and rates become wrong.",
        causes: &["the process has no time to answer", "very many series"],
        steps: &[
            "See how many samples the scrape brings.",
            "See whether the process is short of CPU.",
        ],
        look: None,
    },
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
