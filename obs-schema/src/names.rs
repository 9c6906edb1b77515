//! The names that specs, generated code, templates, dashboards and drift share. Constants only.

/// Bounds of every duration histogram, in nanoseconds.
pub const DURATION_BOUNDS_NS: [u64; 13] = [
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// Bounds of the histogram of payload sizes, in bytes: each four times the last.
pub const PAYLOAD_BOUNDS: [u64; 9] = [
    64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304,
];

/// Labels that Prometheus, OpenTelemetry and our own families use: a spec cannot name one of its labels so.
pub const RESERVED_LABELS: &[&str] = &[
    "bus",
    "consumer",
    "error_type",
    "event_type",
    "event_version",
    "family",
    "fingerprint",
    "instance",
    "job",
    "le",
    "operation",
    "otel_scope_name",
    "otel_scope_version",
    "outcome",
    "quantile",
    "reason",
    "signal",
    "source",
    "topic",
];

/// Span attributes that our spans, and the conventions they follow, already carry.
pub const RESERVED_ATTRS: &[&str] = &[
    "error.type",
    "event.id",
    "event.type",
    "event.version",
    "sampling.reason",
    "sampling.truncated",
];

/// Namespaces of span attributes that belong to OpenTelemetry.
pub const RESERVED_ATTR_PREFIXES: &[&str] = &["exception.", "messaging.", "otel.", "telemetry."];

/// Families of our own. A spec may feed further ones, under other names.
pub const FAMILIES: &[&str] = &[
    "build_info",
    "bus_queue_capacity",
    "bus_queue_depth",
    "drift_findings",
    "drift_last_success_timestamp_seconds",
    "event_consume_duration_seconds",
    "event_consume_errors_total",
    "event_consume_retries_total",
    "event_consumed_total",
    "event_consumer_lag",
    "event_dead_lettered_total",
    "event_delivery_duration_seconds",
    "event_oldest_unprocessed_seconds",
    "event_payload_bytes",
    "event_publish_duration_seconds",
    "event_publish_errors_total",
    "event_published_total",
    "event_schema_info",
    "event_unknown_version_total",
    "feature_flag_age_seconds",
    "feature_flag_state",
    "log_lines_total",
    "obs_buffer_bytes",
    "obs_export_failures_total",
    "obs_label_overflow_total",
    "obs_logs_dropped_total",
    "obs_metrics_dropped_total",
    "obs_redaction_failures_total",
    "obs_series",
    "obs_spans_dropped_total",
    "operation_duration_seconds",
    "operation_errors_total",
    "operations_in_flight",
    "service_ready",
    "service_shutdown_forced_total",
];
