//! Families of our own, with their kinds and labels. What scrapes them adds `job` and `instance`.

use super::label;

/// What a family holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Something that only grows.
    Counter,
    /// Something that grows and shrinks.
    Gauge,
    /// How many values fell between which bounds.
    Histogram,
    /// Words that describe something.
    Info,
}

/// A family of our own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Its labels; `event_published_total` has those of the spec as well.
    pub labels: &'static [&'static str],
    /// The unit of its values; or nothing.
    pub unit: &'static str,
    /// What it tells.
    pub help: &'static str,
}

/// Whether a name is that of a family of ours.
#[must_use]
pub fn is_family(name: &str) -> bool {
    FAMILIES.iter().any(|family| family.name == name) || OF_OTHERS.contains(&name)
}

/// Names that are kept for what stands around the runtime: drift, flags, the life of a service.
const OF_OTHERS: &[&str] = &[
    "drift_findings",
    "drift_last_success_timestamp_seconds",
    "feature_flag_age_seconds",
    "feature_flag_state",
    "service_ready",
    "service_shutdown_forced_total",
];

/// Families of our own. A spec may feed further ones, under other names.
pub const FAMILIES: &[Family] = &[
    BUILD_INFO,
    BUS_QUEUE_CAPACITY,
    BUS_QUEUE_DEPTH,
    DB_CLIENT_OPERATION_DURATION_SECONDS,
    EVENT_CONSUME_DURATION_SECONDS,
    EVENT_CONSUME_ERRORS_TOTAL,
    EVENT_CONSUME_RETRIES_TOTAL,
    EVENT_CONSUMED_TOTAL,
    EVENT_CONSUMER_LAG,
    EVENT_DEAD_LETTERED_TOTAL,
    EVENT_DELIVERY_DURATION_SECONDS,
    EVENT_OLDEST_UNPROCESSED_SECONDS,
    EVENT_PAYLOAD_BYTES,
    EVENT_PUBLISH_DURATION_SECONDS,
    EVENT_PUBLISH_ERRORS_TOTAL,
    EVENT_PUBLISHED_TOTAL,
    EVENT_SCHEMA_INFO,
    EVENT_UNKNOWN_VERSION_TOTAL,
    LOG_LINES_TOTAL,
    MESSAGING_CLIENT_CONSUMED_MESSAGES_TOTAL,
    MESSAGING_CLIENT_OPERATION_DURATION_SECONDS,
    MESSAGING_CLIENT_SENT_MESSAGES_TOTAL,
    MESSAGING_PROCESS_DURATION_SECONDS,
    OBS_BUFFER_BYTES,
    OBS_EXPORT_FAILURES_TOTAL,
    OBS_LABEL_OVERFLOW_TOTAL,
    OBS_LOGS_DROPPED_TOTAL,
    OBS_METRICS_DROPPED_TOTAL,
    OBS_REDACTION_FAILURES_TOTAL,
    OBS_SERIES,
    OBS_SPANS_DROPPED_TOTAL,
    OPERATION_DURATION_SECONDS,
    OPERATION_ERRORS_TOTAL,
    OPERATIONS_IN_FLIGHT,
    RPC_CLIENT_CALL_DURATION_SECONDS,
];

/// What Prometheus says of each scrape, of alerts, and of itself.
pub const OF_SCRAPES: &[Family] = &[
    ALERTS,
    PROMETHEUS_CONFIG_LAST_RELOAD_SUCCESSFUL,
    PROMETHEUS_NOTIFICATIONS_DROPPED_TOTAL,
    PROMETHEUS_RULE_EVALUATION_FAILURES_TOTAL,
    SCRAPE_DURATION_SECONDS,
    SCRAPE_SAMPLES_POST_METRIC_RELABELING,
    UP,
];

/// What is running.
pub const BUILD_INFO: Family = Family {
    name: "build_info",
    kind: Kind::Info,
    labels: &[
        label::SOURCE,
        label::VERSION,
        label::REVISION,
        label::BRANCH,
        label::OBS_VERSION,
    ],
    unit: "",
    help: "What is running.",
};

/// How many records a bus has room for.
pub const BUS_QUEUE_CAPACITY: Family = Family {
    name: "bus_queue_capacity",
    kind: Kind::Gauge,
    labels: &[label::BUS],
    unit: "",
    help: "How many records a bus has room for.",
};

/// How many records a bus holds.
pub const BUS_QUEUE_DEPTH: Family = Family {
    name: "bus_queue_depth",
    kind: Kind::Gauge,
    labels: &[label::BUS],
    unit: "",
    help: "How many records a bus holds.",
};

/// How long calls of databases took, after the conventions of OpenTelemetry.
pub const DB_CLIENT_OPERATION_DURATION_SECONDS: Family = Family {
    name: "db_client_operation_duration_seconds",
    kind: Kind::Histogram,
    labels: &[
        label::DB_SYSTEM_NAME,
        label::DB_OPERATION_NAME,
        label::DB_COLLECTION_NAME,
        label::DB_NAMESPACE,
        label::ERROR_TYPE,
    ],
    unit: "seconds",
    help: "How long calls of databases took.",
};

/// How long processing took.
pub const EVENT_CONSUME_DURATION_SECONDS: Family = Family {
    name: "event_consume_duration_seconds",
    kind: Kind::Histogram,
    labels: &[label::EVENT_TYPE, label::CONSUMER],
    unit: "seconds",
    help: "How long processing took.",
};

/// Attempts to process that failed.
pub const EVENT_CONSUME_ERRORS_TOTAL: Family = Family {
    name: "event_consume_errors_total",
    kind: Kind::Counter,
    labels: &[label::EVENT_TYPE, label::CONSUMER, label::ERROR_TYPE],
    unit: "",
    help: "Attempts to process that failed.",
};

/// Attempts to process after the first.
pub const EVENT_CONSUME_RETRIES_TOTAL: Family = Family {
    name: "event_consume_retries_total",
    kind: Kind::Counter,
    labels: &[label::EVENT_TYPE, label::CONSUMER],
    unit: "",
    help: "Attempts to process after the first.",
};

/// Events processed with success.
pub const EVENT_CONSUMED_TOTAL: Family = Family {
    name: "event_consumed_total",
    kind: Kind::Counter,
    labels: &[label::EVENT_TYPE, label::EVENT_VERSION, label::CONSUMER],
    unit: "",
    help: "Events processed with success.",
};

/// Records that wait for a consumer.
pub const EVENT_CONSUMER_LAG: Family = Family {
    name: "event_consumer_lag",
    kind: Kind::Gauge,
    labels: &[label::TOPIC, label::CONSUMER],
    unit: "",
    help: "Records that wait for a consumer.",
};

/// Events that were put aside.
pub const EVENT_DEAD_LETTERED_TOTAL: Family = Family {
    name: "event_dead_lettered_total",
    kind: Kind::Counter,
    labels: &[label::EVENT_TYPE, label::CONSUMER],
    unit: "",
    help: "Events that were put aside.",
};

/// From when it happened to the end of processing.
pub const EVENT_DELIVERY_DURATION_SECONDS: Family = Family {
    name: "event_delivery_duration_seconds",
    kind: Kind::Histogram,
    labels: &[label::EVENT_TYPE, label::CONSUMER],
    unit: "seconds",
    help: "From when it happened to the end of processing.",
};

/// How long the oldest record has waited.
pub const EVENT_OLDEST_UNPROCESSED_SECONDS: Family = Family {
    name: "event_oldest_unprocessed_seconds",
    kind: Kind::Gauge,
    labels: &[label::TOPIC, label::CONSUMER],
    unit: "seconds",
    help: "How long the oldest record has waited.",
};

/// How large bodies are.
pub const EVENT_PAYLOAD_BYTES: Family = Family {
    name: "event_payload_bytes",
    kind: Kind::Histogram,
    labels: &[label::EVENT_TYPE],
    unit: "bytes",
    help: "How large bodies are.",
};

/// How long publishing took.
pub const EVENT_PUBLISH_DURATION_SECONDS: Family = Family {
    name: "event_publish_duration_seconds",
    kind: Kind::Histogram,
    labels: &[label::EVENT_TYPE, label::EVENT_VERSION, label::SOURCE],
    unit: "seconds",
    help: "How long publishing took.",
};

/// Events that could not be published.
pub const EVENT_PUBLISH_ERRORS_TOTAL: Family = Family {
    name: "event_publish_errors_total",
    kind: Kind::Counter,
    labels: &[
        label::EVENT_TYPE,
        label::EVENT_VERSION,
        label::SOURCE,
        label::ERROR_TYPE,
    ],
    unit: "",
    help: "Events that could not be published.",
};

/// Events published with success.
pub const EVENT_PUBLISHED_TOTAL: Family = Family {
    name: "event_published_total",
    kind: Kind::Counter,
    labels: &[label::EVENT_TYPE, label::EVENT_VERSION, label::SOURCE],
    unit: "",
    help: "Events published with success.",
};

/// The schemas in use.
pub const EVENT_SCHEMA_INFO: Family = Family {
    name: "event_schema_info",
    kind: Kind::Info,
    labels: &[label::EVENT_TYPE, label::EVENT_VERSION, label::FINGERPRINT],
    unit: "",
    help: "The schemas in use.",
};

/// Events of a version that no spec describes.
pub const EVENT_UNKNOWN_VERSION_TOTAL: Family = Family {
    name: "event_unknown_version_total",
    kind: Kind::Counter,
    labels: &[label::EVENT_TYPE, label::CONSUMER],
    unit: "",
    help: "Events of a version that no spec describes.",
};

/// Log lines that were written.
pub const LOG_LINES_TOTAL: Family = Family {
    name: "log_lines_total",
    kind: Kind::Counter,
    labels: &[label::LEVEL],
    unit: "",
    help: "Log lines that were written.",
};

/// Messages that came to a consumer, after the conventions of OpenTelemetry.
pub const MESSAGING_CLIENT_CONSUMED_MESSAGES_TOTAL: Family = Family {
    name: "messaging_client_consumed_messages_total",
    kind: Kind::Counter,
    labels: MESSAGING,
    unit: "",
    help: "Messages that came to a consumer.",
};

/// How long operations on a bus took, after the conventions of OpenTelemetry.
pub const MESSAGING_CLIENT_OPERATION_DURATION_SECONDS: Family = Family {
    name: "messaging_client_operation_duration_seconds",
    kind: Kind::Histogram,
    labels: &[
        label::MESSAGING_DESTINATION_NAME,
        label::MESSAGING_OPERATION_NAME,
        label::MESSAGING_SYSTEM,
        label::MESSAGING_CONSUMER_GROUP_NAME,
        label::SERVER_ADDRESS,
        label::SERVER_PORT,
        label::ERROR_TYPE,
        label::MESSAGING_OPERATION_TYPE,
    ],
    unit: "seconds",
    help: "How long operations on a bus took.",
};

/// Messages that somebody tried to send, after the conventions of OpenTelemetry.
pub const MESSAGING_CLIENT_SENT_MESSAGES_TOTAL: Family = Family {
    name: "messaging_client_sent_messages_total",
    kind: Kind::Counter,
    labels: MESSAGING,
    unit: "",
    help: "Messages that somebody tried to send.",
};

/// How long processing took, after the conventions of OpenTelemetry.
pub const MESSAGING_PROCESS_DURATION_SECONDS: Family = Family {
    name: "messaging_process_duration_seconds",
    kind: Kind::Histogram,
    labels: MESSAGING,
    unit: "seconds",
    help: "How long processing took.",
};

/// The labels of what the conventions describe.
const MESSAGING: &[&str] = &[
    label::MESSAGING_DESTINATION_NAME,
    label::MESSAGING_OPERATION_NAME,
    label::MESSAGING_SYSTEM,
    label::MESSAGING_CONSUMER_GROUP_NAME,
    label::SERVER_ADDRESS,
    label::SERVER_PORT,
    label::ERROR_TYPE,
];

/// What waits to be handed over.
pub const OBS_BUFFER_BYTES: Family = Family {
    name: "obs_buffer_bytes",
    kind: Kind::Gauge,
    labels: &[label::SIGNAL],
    unit: "bytes",
    help: "What waits to be handed over.",
};

/// Batches that could not be handed over.
pub const OBS_EXPORT_FAILURES_TOTAL: Family = Family {
    name: "obs_export_failures_total",
    kind: Kind::Counter,
    labels: &[label::SIGNAL, label::REASON],
    unit: "",
    help: "Batches that could not be handed over.",
};

/// Combinations of labels without a series of their own.
pub const OBS_LABEL_OVERFLOW_TOTAL: Family = Family {
    name: "obs_label_overflow_total",
    kind: Kind::Counter,
    labels: &[label::FAMILY],
    unit: "",
    help: "Combinations of labels without a series of their own.",
};

/// Dropped log lines.
pub const OBS_LOGS_DROPPED_TOTAL: Family = Family {
    name: "obs_logs_dropped_total",
    kind: Kind::Counter,
    labels: &[label::REASON],
    unit: "",
    help: "Dropped log lines.",
};

/// What could not be measured.
pub const OBS_METRICS_DROPPED_TOTAL: Family = Family {
    name: "obs_metrics_dropped_total",
    kind: Kind::Counter,
    labels: &[label::REASON],
    unit: "",
    help: "What could not be measured.",
};

/// Sensitive values that could not be redacted.
pub const OBS_REDACTION_FAILURES_TOTAL: Family = Family {
    name: "obs_redaction_failures_total",
    kind: Kind::Counter,
    labels: &[label::SIGNAL],
    unit: "",
    help: "Sensitive values that could not be redacted.",
};

/// How many samples a scrape has.
pub const OBS_SERIES: Family = Family {
    name: "obs_series",
    kind: Kind::Gauge,
    labels: &[],
    unit: "",
    help: "How many samples a scrape has.",
};

/// Dropped spans.
pub const OBS_SPANS_DROPPED_TOTAL: Family = Family {
    name: "obs_spans_dropped_total",
    kind: Kind::Counter,
    labels: &[label::REASON],
    unit: "",
    help: "Dropped spans.",
};

/// How long observed functions took.
pub const OPERATION_DURATION_SECONDS: Family = Family {
    name: "operation_duration_seconds",
    kind: Kind::Histogram,
    labels: &[label::OPERATION, label::OUTCOME],
    unit: "seconds",
    help: "How long observed functions took.",
};

/// Calls of observed functions that failed.
pub const OPERATION_ERRORS_TOTAL: Family = Family {
    name: "operation_errors_total",
    kind: Kind::Counter,
    labels: &[label::OPERATION, label::ERROR_TYPE],
    unit: "",
    help: "Calls of observed functions that failed.",
};

/// Calls of observed functions that run now.
pub const OPERATIONS_IN_FLIGHT: Family = Family {
    name: "operations_in_flight",
    kind: Kind::Gauge,
    labels: &[label::OPERATION],
    unit: "",
    help: "Calls of observed functions that run now.",
};

/// Whether Prometheus runs with its newest configuration.
pub const PROMETHEUS_CONFIG_LAST_RELOAD_SUCCESSFUL: Family = Family {
    name: "prometheus_config_last_reload_successful",
    kind: Kind::Gauge,
    labels: &[],
    unit: "",
    help: "Whether Prometheus runs with its newest configuration.",
};

/// Alerts that no Alertmanager took.
pub const PROMETHEUS_NOTIFICATIONS_DROPPED_TOTAL: Family = Family {
    name: "prometheus_notifications_dropped_total",
    kind: Kind::Counter,
    labels: &[],
    unit: "",
    help: "Alerts that no Alertmanager took.",
};

/// Rules that could not be evaluated.
pub const PROMETHEUS_RULE_EVALUATION_FAILURES_TOTAL: Family = Family {
    name: "prometheus_rule_evaluation_failures_total",
    kind: Kind::Counter,
    labels: &[label::RULE_GROUP],
    unit: "",
    help: "Rules that could not be evaluated.",
};

/// How long calls of peers took, after the conventions of OpenTelemetry.
pub const RPC_CLIENT_CALL_DURATION_SECONDS: Family = Family {
    name: "rpc_client_call_duration_seconds",
    kind: Kind::Histogram,
    labels: &[
        label::RPC_SYSTEM_NAME,
        label::RPC_METHOD,
        label::SERVER_ADDRESS,
        label::ERROR_TYPE,
    ],
    unit: "seconds",
    help: "How long calls of peers took.",
};

/// How long a scrape took.
pub const SCRAPE_DURATION_SECONDS: Family = Family {
    name: "scrape_duration_seconds",
    kind: Kind::Gauge,
    labels: &[],
    unit: "seconds",
    help: "How long a scrape took.",
};

/// How many samples a scrape brought.
pub const SCRAPE_SAMPLES_POST_METRIC_RELABELING: Family = Family {
    name: "scrape_samples_post_metric_relabeling",
    kind: Kind::Gauge,
    labels: &[],
    unit: "",
    help: "How many samples a scrape brought.",
};

/// Whether the last scrape succeeded.
pub const UP: Family = Family {
    name: "up",
    kind: Kind::Gauge,
    labels: &[],
    unit: "",
    help: "Whether the last scrape succeeded.",
};

/// Alerts that wait or fire.
pub const ALERTS: Family = Family {
    name: "ALERTS",
    kind: Kind::Gauge,
    labels: &[label::ALERTNAME, label::ALERTSTATE, label::SEVERITY],
    unit: "",
    help: "Alerts that wait or fire.",
};
