//! Names of labels.

/// Which alert; Prometheus adds it.
pub const ALERTNAME: &str = "alertname";
/// Whether it fires; Prometheus adds it.
pub const ALERTSTATE: &str = "alertstate";
/// Which branch it was built from.
pub const BRANCH: &str = "branch";
/// Which kind of bus.
pub const BUS: &str = "bus";
/// Who consumes.
pub const CONSUMER: &str = "consumer";
/// The table or the like, as the conventions of OpenTelemetry have it.
pub const DB_COLLECTION_NAME: &str = "db_collection_name";
/// The database.
pub const DB_NAMESPACE: &str = "db_namespace";
/// What is done to it.
pub const DB_OPERATION_NAME: &str = "db_operation_name";
/// The kind of database.
pub const DB_SYSTEM_NAME: &str = "db_system_name";
/// What went wrong, of [`ERROR_TYPES`](super::ERROR_TYPES).
pub const ERROR_TYPE: &str = "error_type";
/// Which event.
pub const EVENT_TYPE: &str = "event_type";
/// Which version of it.
pub const EVENT_VERSION: &str = "event_version";
/// Which family.
pub const FAMILY: &str = "family";
/// Which schema.
pub const FINGERPRINT: &str = "fingerprint";
/// Which process; Prometheus adds it.
pub const INSTANCE: &str = "instance";
/// Which scrape job; Prometheus adds it.
pub const JOB: &str = "job";
/// The bound of a bucket.
pub const LE: &str = "le";
/// How serious, of [`LEVELS`](super::LEVELS).
pub const LEVEL: &str = "level";
/// The group of consumers, as the conventions of OpenTelemetry have it.
pub const MESSAGING_CONSUMER_GROUP_NAME: &str = "messaging_consumer_group_name";
/// The topic.
pub const MESSAGING_DESTINATION_NAME: &str = "messaging_destination_name";
/// What a system calls an operation.
pub const MESSAGING_OPERATION_NAME: &str = "messaging_operation_name";
/// What the conventions call it.
pub const MESSAGING_OPERATION_TYPE: &str = "messaging_operation_type";
/// The kind of bus.
pub const MESSAGING_SYSTEM: &str = "messaging_system";
/// Which version of this toolkit.
pub const OBS_VERSION: &str = "obs_version";
/// Which function.
pub const OPERATION: &str = "operation";
/// How it ended, of [`OUTCOMES`](super::OUTCOMES).
pub const OUTCOME: &str = "outcome";
/// Which share.
pub const QUANTILE: &str = "quantile";
/// Why.
pub const REASON: &str = "reason";
/// Which commit it was built from.
pub const REVISION: &str = "revision";
/// What is called, as the conventions of OpenTelemetry have it.
pub const RPC_METHOD: &str = "rpc_method";
/// How it is called.
pub const RPC_SYSTEM_NAME: &str = "rpc_system_name";
/// Which group of rules; Prometheus adds it.
pub const RULE_GROUP: &str = "rule_group";
/// Who is called.
pub const SERVER_ADDRESS: &str = "server_address";
/// Where it listens.
pub const SERVER_PORT: &str = "server_port";
/// How much it matters.
pub const SEVERITY: &str = "severity";
/// Which part of telemetry, of [`SIGNALS`](super::SIGNALS).
pub const SIGNAL: &str = "signal";
/// Who publishes.
pub const SOURCE: &str = "source";
/// Where it goes.
pub const TOPIC: &str = "topic";
/// Which version of a program.
pub const VERSION: &str = "version";
