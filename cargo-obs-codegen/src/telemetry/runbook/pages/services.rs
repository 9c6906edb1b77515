//! Alerts about services, their telemetry, and what watches them.

use super::Page;
use obs_schema::names::{family as families, label};

pub(super) const PAGES: &[Page] = &[
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
        alert: "ServiceAbsent",
        meaning: "Prometheus had processes of a service to scrape, and has none any more, not even one that cannot be reached.",
        impact: "It does nothing, or nobody knows what it does, and none of its alerts can fire.",
        causes: &[
            "it was removed, or scaled to nothing",
            "whatever finds targets finds it no more: a label, a name or a permission changed",
            "it was taken out of the configuration of Prometheus",
        ],
        steps: &[
            "See whether its processes run.",
            "See the targets of Prometheus, and those that were dropped.",
            "If it is gone for good, silence the alert for a day.",
        ],
        look: Some((&families::UP, &[label::JOB, label::INSTANCE])),
    },
    Page {
        alert: "ServiceOperationFailing",
        meaning: "More than half of the calls of an observed function fail.",
        impact: "What the function is for hardly happens.",
        causes: &[
            "what it calls is down or refuses",
            "a release of the service",
            "input that it cannot handle, again and again",
        ],
        steps: &[
            "See which `error_type` it is.",
            "Find the failed spans, which are kept whatever the sampling ratio, and read the error.",
            "Take the last release back if it began with it.",
        ],
        look: Some((
            &families::OPERATION_ERRORS_TOTAL,
            &[label::JOB, label::OPERATION, label::ERROR_TYPE],
        )),
    },
    Page {
        alert: "ServicePanicking",
        meaning: "An observed function panicked.",
        impact: "Whatever it was in the middle of is half done.",
        causes: &["a mistake in the program: a panic is never an answer"],
        steps: &[
            "Find the span or the log line of the panic: they say where it was.",
            "Take the last release back if it began with it.",
        ],
        look: Some((
            &families::OPERATION_ERRORS_TOTAL,
            &[label::JOB, label::OPERATION, label::ERROR_TYPE],
        )),
    },
    Page {
        alert: "ServiceSaturated",
        meaning: "What a process has room for in front of a bus is nearly used up.",
        impact: "Once it is full, events are refused, and publishing fails.",
        causes: &[
            "the bus is slow or away",
            "more is published than the bus takes",
            "less room than a busy hour needs",
        ],
        steps: &[
            "See whether publishing takes longer than usual, and look at the bus if it does.",
            "See which event is published more than usual.",
            "Give the bus more room if it is only short of it at times.",
        ],
        look: Some((&families::BUS_QUEUE_DEPTH, &[label::JOB, label::BUS])),
    },
    Page {
        alert: "Watchdog",
        meaning: "Nothing is wrong. This alert fires all the time, to show that alerts are evaluated, sent and delivered.",
        impact: "None while it fires. When it stops, no other alert gets through either.",
        causes: &["it fires because it always does"],
        steps: &[
            "Do nothing while it fires.",
            "When the receiver calls because it has not heard of it: see whether Prometheus runs and evaluates rules, then whether Alertmanager runs and is reached, then whether it reaches the world.",
        ],
        look: None,
    },
    Page {
        alert: "RuleEvaluationFailing",
        meaning: "Prometheus cannot evaluate some of its rules.",
        impact: "Alerts among them cannot fire, and what they record is missing.",
        causes: &[
            "two series that should be one: labels that rules do not expect",
            "a query that takes too long or loads too much",
        ],
        steps: &[
            "See the error at the rule, on Prometheus' page about rules.",
            "Look at what changed in labels since it began.",
        ],
        look: Some((
            &families::PROMETHEUS_RULE_EVALUATION_FAILURES_TOTAL,
            &[label::JOB, label::RULE_GROUP],
        )),
    },
    Page {
        alert: "AlertDeliveryFailing",
        meaning: "Prometheus could not hand alerts to any Alertmanager.",
        impact: "Nobody is told of whatever fires, this alert perhaps among it.",
        causes: &[
            "Alertmanager is down or cannot be reached",
            "the address in the configuration of Prometheus is wrong",
        ],
        steps: &[
            "See whether Alertmanager runs.",
            "See which of them Prometheus knows, on its page about its state.",
            "Look at what fires in Prometheus itself until it is right again.",
        ],
        look: Some((
            &families::PROMETHEUS_NOTIFICATIONS_DROPPED_TOTAL,
            &[label::JOB, label::INSTANCE],
        )),
    },
    Page {
        alert: "PrometheusReloadFailed",
        meaning: "Prometheus could not read its configuration or its rules, and goes on with those before.",
        impact: "What changed since is not there. After a restart it will not come up.",
        causes: &["a mistake in the configuration or in a file of rules"],
        steps: &[
            "Read the log of Prometheus: it names file and line.",
            "Run `promtool check config` over what was deployed.",
        ],
        look: Some((
            &families::PROMETHEUS_CONFIG_LAST_RELOAD_SUCCESSFUL,
            &[label::JOB, label::INSTANCE],
        )),
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
];
