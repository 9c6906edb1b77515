//! Dashboards about what happens behind the bus, to schemas, and to telemetry itself.

use super::super::super::SAMPLE_LIMIT;
use super::{
    ANY, Dashboard, Draft, Facts, Kind, Layout, dashboard, job, legend, lines_by, pick, quantile,
};
use obs_schema::names::family::{self as families, Family};
use obs_schema::names::label;

pub(super) fn consumers(facts: &Facts<'_>) -> Dashboard {
    let mut layout = Layout::default();
    let by = [label::EVENT_TYPE, label::CONSUMER];
    let topics = [label::TOPIC, label::CONSUMER];
    let highest = |family: &Family| {
        format!(
            "max by ({}) ({})",
            topics.join(", "),
            pick(family.name, "", &[])
        )
    };
    layout.add(lines_by(
        "Processed",
        "cps",
        "Events processed a second.",
        &families::EVENT_CONSUMED_TOTAL,
        &by,
        &[],
    ));
    layout.add(lines_by(
        "Failures",
        "cps",
        "Attempts to process that fail, a second.",
        &families::EVENT_CONSUME_ERRORS_TOTAL,
        &[label::EVENT_TYPE, label::CONSUMER, label::ERROR_TYPE],
        &[],
    ));
    layout.add(
        Draft::new(
            Kind::Lines,
            "Processing takes",
            "s",
            "How long one event in a hundred takes at least. Points lead to traces.",
        )
        .query(
            quantile(
                0.99,
                families::EVENT_CONSUME_DURATION_SECONDS.name,
                &by,
                &[],
            ),
            legend(&by),
        )
        .with_exemplars(),
    );
    layout.add(
        Draft::new(
            Kind::Lines,
            "From event to effect",
            "s",
            "From when it happened to the end of processing, for one event in a hundred at least.",
        )
        .query(
            quantile(
                0.99,
                families::EVENT_DELIVERY_DURATION_SECONDS.name,
                &by,
                &[],
            ),
            legend(&by),
        ),
    );
    layout.row("Behind");
    layout.add(
        Draft::new(
            Kind::Lines,
            "Waiting",
            "short",
            "Records that wait for a consumer.",
        )
        .query(highest(&families::EVENT_CONSUMER_LAG), legend(&topics)),
    );
    layout.add(
        Draft::new(
            Kind::Lines,
            "Oldest",
            "s",
            "How long the oldest record has waited.",
        )
        .query(
            highest(&families::EVENT_OLDEST_UNPROCESSED_SECONDS),
            legend(&topics),
        ),
    );
    layout.row("Put aside");
    layout.add(
        lines_by(
            "Dead letters",
            "cps",
            "Events put aside a second.",
            &families::EVENT_DEAD_LETTERED_TOTAL,
            &by,
            &[],
        )
        .bad_from(ANY),
    );
    layout.add(lines_by(
        "Retries",
        "cps",
        "Attempts after the first, a second.",
        &families::EVENT_CONSUME_RETRIES_TOTAL,
        &by,
        &[],
    ));
    layout.add(
        lines_by(
            "Unknown versions",
            "cps",
            "Events a second of a version that no spec describes.",
            &families::EVENT_UNKNOWN_VERSION_TOTAL,
            &by,
            &[],
        )
        .bad_from(ANY),
    );
    dashboard(
        "consumers",
        "Consumers and dead letters",
        "What happens behind the bus.",
        vec![job()],
        layout,
        facts.from,
    )
}

pub(super) fn telemetry(facts: &Facts<'_>) -> Dashboard {
    let mut layout = Layout::default();
    let by = [label::JOB, label::REASON];
    layout.add(
        lines_by(
            "Dropped spans",
            "cps",
            "Spans dropped a second.",
            &families::OBS_SPANS_DROPPED_TOTAL,
            &by,
            &[],
        )
        .bad_from(ANY),
    );
    layout.add(
        lines_by(
            "Dropped log lines",
            "cps",
            "Log lines dropped a second.",
            &families::OBS_LOGS_DROPPED_TOTAL,
            &by,
            &[],
        )
        .bad_from(ANY),
    );
    layout.add(
        lines_by(
            "Failing exports",
            "cps",
            "Batches a second that could not be handed over.",
            &families::OBS_EXPORT_FAILURES_TOTAL,
            &[label::JOB, label::SIGNAL, label::REASON],
            &[],
        )
        .bad_from(ANY),
    );
    layout.add(
        lines_by(
            "Redaction failures",
            "cps",
            "Sensitive values a second that could only be left out.",
            &families::OBS_REDACTION_FAILURES_TOTAL,
            &[label::JOB, label::SIGNAL],
            &[],
        )
        .bad_from(ANY),
    );
    layout.add(lines_by(
        "Log lines",
        "cps",
        "Log lines written a second, by level.",
        &families::LOG_LINES_TOTAL,
        &[label::JOB, label::LEVEL],
        &[],
    ));
    layout.row("Sizes");
    let place = [label::JOB, label::INSTANCE];
    let most = |family: &Family, by: &[&str]| {
        format!(
            "max by ({}) ({})",
            by.join(", "),
            pick(family.name, "", &[])
        )
    };
    layout.add(
        Draft::new(
            Kind::Lines,
            "Samples",
            "short",
            "Samples that a scrape brings.",
        )
        .query(
            most(&families::SCRAPE_SAMPLES_POST_METRIC_RELABELING, &place),
            legend(&place),
        )
        .bad_from(SAMPLE_LIMIT as f64 * 0.8),
    );
    layout.add(
        Draft::new(Kind::Lines, "Scrapes take", "s", "How long a scrape takes.").query(
            most(&families::SCRAPE_DURATION_SECONDS, &place),
            legend(&place),
        ),
    );
    let signals = [label::JOB, label::SIGNAL];
    layout.add(
        Draft::new(
            Kind::Lines,
            "Buffers",
            "bytes",
            "What waits to be handed over.",
        )
        .query(
            most(&families::OBS_BUFFER_BYTES, &signals),
            legend(&signals),
        ),
    );
    layout.add(
        lines_by(
            "Too many labels",
            "cps",
            "Times a second that a combination of labels had no series of its own.",
            &families::OBS_LABEL_OVERFLOW_TOTAL,
            &[label::JOB, label::FAMILY],
            &[],
        )
        .bad_from(ANY),
    );
    dashboard(
        "telemetry",
        "Telemetry pipeline",
        "What becomes of telemetry itself.",
        vec![job()],
        layout,
        facts.from,
    )
}

pub(super) fn schemas(facts: &Facts<'_>) -> Dashboard {
    let mut layout = Layout::default();
    let versions = [label::EVENT_TYPE, label::EVENT_VERSION];
    let known = [label::EVENT_TYPE, label::EVENT_VERSION, label::FINGERPRINT];
    let info = pick(families::EVENT_SCHEMA_INFO.name, "", &[]);
    layout.add(
        Draft::new(
            Kind::Table,
            "Schemas in the wild",
            "short",
            "How many processes carry which schema of which version.",
        )
        .query(
            format!("count by ({}) ({info})", known.join(", ")),
            legend(&known),
        ),
    );
    layout.add(lines_by(
        "Published by version",
        "cps",
        "Events published a second, by version.",
        &families::EVENT_PUBLISHED_TOTAL,
        &versions,
        &[],
    ));
    let broken = [(label::ERROR_TYPE, "validation")];
    layout.add(
        lines_by(
            "Broken schemas",
            "cps",
            "Events a second that were refused because they break their schema.",
            &families::EVENT_PUBLISH_ERRORS_TOTAL,
            &[label::EVENT_TYPE, label::SOURCE],
            &broken,
        )
        .bad_from(ANY),
    );
    for old in facts.subjects.iter().flat_map(|subject| &subject.versions) {
        if old.deprecated.is_none() {
            continue;
        }
        let version = old.version.to_string();
        let matching = [
            (label::EVENT_TYPE, old.event_type.as_str()),
            (label::EVENT_VERSION, version.as_str()),
        ];
        layout.add(lines_by(
            &format!("Still {} {version}", old.event_type),
            "cps",
            "Events of a deprecated version published a second.",
            &families::EVENT_PUBLISHED_TOTAL,
            &[label::SOURCE],
            &matching,
        ));
    }
    dashboard(
        "schemas",
        "Schema contract",
        "Which versions are in the wild, and what breaks them.",
        vec![job()],
        layout,
        facts.from,
    )
}
