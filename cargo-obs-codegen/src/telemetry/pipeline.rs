//! Alerts about telemetry itself: one set for all services, whose scrape job is the label `job`.

use super::alert::{Alert, Shown, literal};
use super::promql::Pair;
use super::rule::Severity;
use super::shape::{self, Condition, Part};
use super::{Links, Profile, SAMPLE_LIMIT};
use obs_schema::names::family::{self as families, Family};
use obs_schema::names::label;

const MINUTE: u64 = 60;

/// Scrapes come every fifteen seconds; one that takes longer misses its turn.
const SLOW_SCRAPE: f64 = 10.0;

struct Dropped {
    alert: &'static str,
    family: &'static Family,
    by: &'static [&'static str],
    sample: &'static [Pair<'static>],
    severity: Severity,
    summary: &'static str,
    description: &'static str,
}

/// What should never be counted.
const DROPPED: [Dropped; 6] = [
    Dropped {
        alert: "TelemetrySpansDropped",
        family: &families::OBS_SPANS_DROPPED_TOTAL,
        by: &[label::JOB, label::REASON],
        sample: &[(label::REASON, "full")],
        severity: Severity::Warning,
        summary: "{job} drops spans",
        description: "{job} dropped {value} spans ({reason}). Traces have holes.",
    },
    Dropped {
        alert: "TelemetryLogsDropped",
        family: &families::OBS_LOGS_DROPPED_TOTAL,
        by: &[label::JOB, label::REASON],
        sample: &[(label::REASON, "full")],
        severity: Severity::Warning,
        summary: "{job} drops log lines",
        description: "{job} dropped {value} log lines ({reason}).",
    },
    Dropped {
        alert: "TelemetryMetricsDropped",
        family: &families::OBS_METRICS_DROPPED_TOTAL,
        by: &[label::JOB, label::REASON],
        sample: &[(label::REASON, "not_finite")],
        severity: Severity::Warning,
        summary: "{job} has values that cannot be measured",
        description: "{job} could not measure {value} values ({reason}). Its figures are too low.",
    },
    Dropped {
        alert: "TelemetryExportFailing",
        family: &families::OBS_EXPORT_FAILURES_TOTAL,
        by: &[label::JOB, label::SIGNAL, label::REASON],
        sample: &[(label::SIGNAL, "spans"), (label::REASON, "export")],
        severity: Severity::Warning,
        summary: "{job} cannot export its {signal}",
        description: "{job} could not hand over {value} batches of {signal} ({reason}).",
    },
    Dropped {
        alert: "MetricCardinalityOverflow",
        family: &families::OBS_LABEL_OVERFLOW_TOTAL,
        by: &[label::JOB, label::FAMILY],
        sample: &[(label::FAMILY, "event_published_total")],
        severity: Severity::Warning,
        summary: "{family} of {job} has more labels than series",
        description: "{job} counted {value} times under the last series of {family}, because its labels have more combinations than there is room for.",
    },
    Dropped {
        alert: "EventPiiRedactionFailing",
        family: &families::OBS_REDACTION_FAILURES_TOTAL,
        by: &[label::JOB, label::SIGNAL],
        sample: &[(label::SIGNAL, "logs")],
        severity: Severity::Critical,
        summary: "{job} cannot redact personal data",
        description: "{job} could not redact {value} sensitive values in {signal}. They were left out, so nothing has leaked; what was meant to be said is missing.",
    },
];

/// The alerts.
pub(crate) fn alerts(team: &str, links: &Links<'_>, profile: Profile) -> Vec<Alert> {
    let mut all = Vec::new();
    let mut add =
        |name: &'static str, severity, condition: Condition, summary: &str, description: &str| {
            all.push(Alert {
                name: name.into(),
                severity: profile.severity(severity),
                expr: condition.expr,
                hold: condition.hold,
                labels: vec![
                    ("service".into(), "{job}".to_owned()),
                    ("team".into(), literal(team)),
                ],
                summary: summary.to_owned(),
                description: description.to_owned(),
                shown: Shown::Count,
                runbook: links.runbook(name),
                dashboard: links.dashboard("telemetry"),
                trials: condition.trials,
            });
        };
    add(
        "ServiceDown",
        Severity::Critical,
        shape::down(&[label::JOB], 2 * MINUTE),
        "{job} cannot be reached",
        "No process of {job} can be scraped: it is down, or its port is closed.",
    );
    for dropped in &DROPPED {
        let part = Part {
            family: dropped.family,
            matching: &[],
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
    all
}
