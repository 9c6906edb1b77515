//! The names that specs, generated code, templates, dashboards and drift share. Constants only.

pub mod family;
pub mod label;

pub use family::{FAMILIES, is_family};

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
    "event.tombstone",
    "event.type",
    "event.version",
    "sampling.reason",
    "sampling.truncated",
    "server.address",
    "server.port",
];

/// Namespaces of span attributes that belong to OpenTelemetry.
pub const RESERVED_ATTR_PREFIXES: &[&str] = &["exception.", "messaging.", "otel.", "telemetry."];

/// The words of `error_type`.
pub const ERROR_TYPES: &[&str] = &[
    "validation",
    "serialization",
    "timeout",
    "unavailable",
    "rejected",
    "too_large",
    "decode",
    "unknown_type",
    "unknown_version",
    "handler",
    "cancelled",
    "panic",
    "_OTHER",
];

/// The words of `signal`.
pub const SIGNALS: &[&str] = &["spans", "logs", "metrics"];

/// The words of `level`, the lowest first.
pub const LEVELS: &[&str] = &["trace", "debug", "info", "warn", "error"];

/// The words of `outcome`.
pub const OUTCOMES: &[&str] = &["ok", "error", "panic", "cancelled"];
