//! Alerts about telemetry itself: one set for all services, whose scrape job is the label `job`.

use super::alert::{Alert, Shown, literal};
use super::promql::Pair;
use super::rule::Severity;
use super::shape::{self, Condition, Of, Part, Share};
use super::{Links, Profile, SAMPLE_LIMIT};
use obs_schema::names::family::{self as families, Family};
use obs_schema::names::label;

const MINUTE: u64 = 60;
const DAY: u64 = 86_400;

/// The alert that fires while all is well.
pub(crate) const WATCHDOG: &str = "Watchdog";

/// An hour with fewer calls of a function has no share of failures worth the name.
const FEW: u64 = 60;
/// The share of failures, in per cent, over which a function hardly does what it is for.
const MOST_FAIL: u64 = 50;
/// How full, in per cent, what is in front of a bus may be.
const NEARLY_FULL: u64 = 80;

/// Scrapes come every fifteen seconds; one that takes longer misses its turn.
const SLOW_SCRAPE: f64 = 10.0;

struct Dropped {
    alert: &'static str,
    family: &'static Family,
    matching: &'static [Pair<'static>],
    by: &'static [&'static str],
    sample: &'static [Pair<'static>],
    severity: Severity,
    summary: &'static str,
    description: &'static str,
}

/// What should never be counted.
const DROPPED: [Dropped; 9] = [
    Dropped {
        alert: "TelemetrySpansDropped",
        family: &families::OBS_SPANS_DROPPED_TOTAL,
        matching: &[],
        by: &[label::JOB, label::REASON],
        sample: &[(label::REASON, "full")],
        severity: Severity::Warning,
        summary: "{job} drops spans",
        description: "{job} dropped {value} spans ({reason}). Traces have holes.",
    },
    Dropped {
        alert: "TelemetryLogsDropped",
        family: &families::OBS_LOGS_DROPPED_TOTAL,
        matching: &[],
        by: &[label::JOB, label::REASON],
        sample: &[(label::REASON, "full")],
        severity: Severity::Warning,
        summary: "{job} drops log lines",
        description: "{job} dropped {value} log lines ({reason}).",
    },
    Dropped {
        alert: "TelemetryMetricsDropped",
        family: &families::OBS_METRICS_DROPPED_TOTAL,
        matching: &[],
        by: &[label::JOB, label::REASON],
        sample: &[(label::REASON, "not_finite")],
        severity: Severity::Warning,
        summary: "{job} has values that cannot be measured",
        description: "{job} could not measure {value} values ({reason}). Its figures are too low.",
    },
    Dropped {
        alert: "TelemetryExportFailing",
        family: &families::OBS_EXPORT_FAILURES_TOTAL,
        matching: &[],
        by: &[label::JOB, label::SIGNAL, label::REASON],
        sample: &[(label::SIGNAL, "spans"), (label::REASON, "export")],
        severity: Severity::Warning,
        summary: "{job} cannot export its {signal}",
        description: "{job} could not hand over {value} batches of {signal} ({reason}).",
    },
    Dropped {
        alert: "MetricCardinalityOverflow",
        family: &families::OBS_LABEL_OVERFLOW_TOTAL,
        matching: &[],
        by: &[label::JOB, label::FAMILY],
        sample: &[(label::FAMILY, "event_published_total")],
        severity: Severity::Warning,
        summary: "{family} of {job} has more labels than series",
        description: "{job} counted {value} times under the last series of {family}, because its labels have more combinations than there is room for.",
    },
    Dropped {
        alert: "EventPiiRedactionFailing",
        family: &families::OBS_REDACTION_FAILURES_TOTAL,
        matching: &[],
        by: &[label::JOB, label::SIGNAL],
        sample: &[(label::SIGNAL, "logs")],
        severity: Severity::Critical,
        summary: "{job} cannot redact personal data",
        description: "{job} could not redact {value} sensitive values in {signal}. They were left out, so nothing has leaked; what was meant to be said is missing.",
    },
    Dropped {
        alert: "ServicePanicking",
        family: &families::OPERATION_ERRORS_TOTAL,
        matching: &[(label::ERROR_TYPE, "panic")],
        by: &[label::JOB, label::OPERATION],
        sample: &[(label::OPERATION, "place_order")],
        severity: Severity::Warning,
        summary: "{operation} of {job} panics",
        description: "{operation} of {job} panicked {value} times.",
    },
    Dropped {
        alert: "RuleEvaluationFailing",
        family: &families::PROMETHEUS_RULE_EVALUATION_FAILURES_TOTAL,
        matching: &[],
        by: &[label::JOB, label::RULE_GROUP],
        sample: &[(label::RULE_GROUP, "rules/recording-events.yml;events")],
        severity: Severity::Critical,
        summary: "rules of {rule_group} fail",
        description: "{job} could not evaluate rules of {rule_group} {value} times. Alerts among them cannot fire.",
    },
    Dropped {
        alert: "AlertDeliveryFailing",
        family: &families::PROMETHEUS_NOTIFICATIONS_DROPPED_TOTAL,
        matching: &[],
        by: &[label::JOB, label::INSTANCE],
        sample: &[],
        severity: Severity::Critical,
        summary: "alerts of {instance} get lost",
        description: "{instance} of {job} could not hand {value} alerts to any Alertmanager. Nobody was told of them.",
    },
];

/// The alerts.
pub(crate) fn alerts(team: &str, links: &Links<'_>, profile: Profile) -> Vec<Alert> {
    let mut all = Vec::new();
    let mut put = |name: &'static str,
                   severity,
                   condition: Condition,
                   shown,
                   service: &str,
                   [summary, description]: [&str; 2]| {
        all.push(Alert {
            name: name.into(),
            severity: profile.severity(severity),
            expr: condition.expr,
            hold: condition.hold,
            labels: vec![
                ("service".into(), service.to_owned()),
                ("team".into(), literal(team)),
            ],
            summary: summary.to_owned(),
            description: description.to_owned(),
            shown,
            runbook: links.runbook(name),
            dashboard: links.dashboard("telemetry"),
            trials: condition.trials,
        });
    };
    put(
        WATCHDOG,
        Severity::Info,
        shape::always(),
        Shown::Count,
        "prometheus",
        [
            "alerts get where they should",
            "This alert fires all the time. Whoever is told of it expects to be told, and calls when it stays away.",
        ],
    );
    let mut add = |name, severity, condition: Condition, summary: &str, description: &str| {
        let shown = Shown::Count;
        put(
            name,
            severity,
            condition,
            shown,
            "{job}",
            [summary, description],
        );
    };
    add(
        "ServiceDown",
        Severity::Critical,
        shape::down(&families::UP, &[label::JOB], 2 * MINUTE),
        "{job} cannot be reached",
        "No process of {job} can be scraped: it is down, or its port is closed.",
    );
    add(
        "ServiceAbsent",
        Severity::Critical,
        shape::vanished(&[label::JOB], DAY, 10 * MINUTE),
        "{job} is not scraped any more",
        "Prometheus had processes of {job} to scrape within the last day, and has none now: not even that they are down can be told.",
    );
    for dropped in &DROPPED {
        let part = Part {
            family: dropped.family,
            matching: dropped.matching,
            sample: dropped.sample,
        };
        add(
            dropped.alert,
            dropped.severity,
            shape::count_over(part, dropped.by, 0, 15 * MINUTE, 2 * MINUTE, None),
            dropped.summary,
            dropped.description,
        );
    }
    add(
        "PrometheusReloadFailed",
        Severity::Warning,
        shape::down(
            &families::PROMETHEUS_CONFIG_LAST_RELOAD_SUCCESSFUL,
            &[label::JOB, label::INSTANCE],
            10 * MINUTE,
        ),
        "{instance} goes on with an old configuration",
        "{instance} of {job} could not read its configuration, and goes on with the one before: what changed in rules and targets since is not there.",
    );
    let by = [label::JOB, label::INSTANCE];
    let scraped = |family| Part {
        family,
        matching: &[],
        sample: &[],
    };
    add(
        "ScrapeNearSampleLimit",
        Severity::Warning,
        shape::gauge_over(
            scraped(&families::SCRAPE_SAMPLES_POST_METRIC_RELABELING),
            &by,
            SAMPLE_LIMIT as f64 * 0.8,
            10 * MINUTE,
        ),
        "{instance} of {job} has nearly too many series",
        &format!(
            "A scrape of {{instance}} brings {{value}} samples; over {SAMPLE_LIMIT} Prometheus takes none of them."
        ),
    );
    add(
        "ScrapeSlow",
        Severity::Warning,
        shape::gauge_over(
            scraped(&families::SCRAPE_DURATION_SECONDS),
            &by,
            SLOW_SCRAPE,
            10 * MINUTE,
        ),
        "scrapes of {instance} are slow",
        &format!(
            "A scrape of {{instance}} of {{job}} takes {{value}} seconds, more than {SLOW_SCRAPE}."
        ),
    );
    let errors = |sample| Part {
        family: &families::OPERATION_DURATION_SECONDS,
        matching: sample,
        sample: &[(label::OPERATION, "place_order")],
    };
    let share = Share {
        bad: errors(&[(label::OUTCOME, "error")]),
        good: errors(&[(label::OUTCOME, "ok")]),
        of: Of::Both,
        percent: MOST_FAIL,
        window: 10 * MINUTE,
        hold: 10 * MINUTE,
        many: Some(FEW),
    };
    let queue = |family| Part {
        family,
        matching: &[],
        sample: &[(label::BUS, "kafka")],
    };
    let full = shape::nearly_full(
        queue(&families::BUS_QUEUE_DEPTH),
        queue(&families::BUS_QUEUE_CAPACITY),
        &[label::JOB, label::BUS],
        NEARLY_FULL,
        5 * MINUTE,
    );
    for (name, condition, summary, description) in [
        (
            "ServiceOperationFailing",
            share.over(&[label::JOB, label::OPERATION]),
            "{operation} of {job} mostly fails",
            "{value} of all calls of {operation} in {job} fail.",
        ),
        (
            "ServiceSaturated",
            full,
            "the bus {bus} of {job} is nearly full",
            "{value} of the room that {job} has for records of the bus {bus} is taken. What does not fit is refused.",
        ),
    ] {
        let (severity, shown) = (Severity::Warning, Shown::Percent);
        put(
            name,
            severity,
            condition,
            shown,
            "{job}",
            [summary, description],
        );
    }
    all
}
