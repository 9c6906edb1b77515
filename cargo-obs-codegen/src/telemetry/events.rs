//! Alerts about events: those that are not published, not delivered, not wanted any more.

use super::alert::{Alert, Shown, literal};
use super::rule::Severity;
use super::shape::{self, Attempts, Condition, Of, Part, Share};
use super::subject::Subject;
use super::{Links, Profile};
use obs_schema::names::{family as families, label};

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;

/// An hour with fewer attempts has no share of failures worth the name.
const FEW: u64 = 60;
/// The share of failures, in per cent, that an event without an objective may have.
const TOO_MANY_FAILURES: u64 = 5;
/// So many times as much as a week ago is more than a good day.
const SURGE: u64 = 3;
/// Records that may wait before anybody asks whether they become more.
const LAG: u64 = 100;

/// Whose name stands in trials.
const SOURCE: (&str, &str) = (label::SOURCE, "shop");
const CONSUMER: (&str, &str) = (label::CONSUMER, "mailer");

/// The alerts of an event.
pub(crate) fn alerts(subject: &Subject<'_>, links: &Links<'_>, profile: Profile) -> Vec<Alert> {
    let mut all = Vec::new();
    let name = subject.name();
    let version = subject.newest.version.to_string();
    let event = [(label::EVENT_TYPE, name)];
    let published_sample = [(label::EVENT_VERSION, version.as_str()), SOURCE];
    let failed_sample = [
        (label::EVENT_VERSION, version.as_str()),
        SOURCE,
        (label::ERROR_TYPE, "timeout"),
    ];
    let published = Part {
        family: &families::EVENT_PUBLISHED_TOTAL,
        matching: &event,
        sample: &published_sample,
    };
    let failed = Part {
        family: &families::EVENT_PUBLISH_ERRORS_TOTAL,
        matching: &event,
        sample: &failed_sample,
    };
    let by_source = [label::EVENT_TYPE, label::SOURCE];
    let mut add = |name: &'static str,
                   severity,
                   condition: Condition,
                   words: [String; 2],
                   shown,
                   by_source| {
        all.push(alert(
            subject, links, profile, name, severity, condition, words, shown, by_source,
        ));
    };

    let attempts = Attempts {
        good: published,
        bad: failed,
        few: FEW,
    };
    add(
        "EventPublishFailuresLowTraffic",
        Severity::Warning,
        shape::count_over(failed, &by_source, 2, HOUR, 5 * MINUTE, Some(&attempts)),
        [
            format!("{{source}} failed to publish {name}"),
            format!(
                "{{source}} failed to publish {name} {{value}} times within an hour of little traffic, in which a share of failures says nothing."
            ),
        ],
        Shown::Count,
        true,
    );
    if !subject.promises("publish-success") {
        let share = Share {
            bad: failed,
            good: published,
            of: Of::Both,
            percent: TOO_MANY_FAILURES,
            window: 5 * MINUTE,
            hold: 5 * MINUTE,
            many: Some(FEW),
        };
        add(
            "EventPublishFailing",
            Severity::Warning,
            share.over(&by_source),
            [
                format!("{{source}} fails to publish {name}"),
                format!(
                    "{{value}} of what {{source}} wants to publish as {name} is lost. The event has no objective; more than {TOO_MANY_FAILURES}% is too much for any."
                ),
            ],
            Shown::Percent,
            true,
        );
    }
    for (alert, error, what, why) in [
        (
            "EventSchemaValidationFailing",
            "validation",
            "break their schema",
            "What a publisher makes no longer fits the spec it was built with, and is refused before it reaches the bus.",
        ),
        (
            "EventPayloadTooLarge",
            "too_large",
            "are too large for the bus",
            "The bus takes no message of that size, so trying again does not help.",
        ),
    ] {
        let matching = [event[0], (label::ERROR_TYPE, error)];
        let part = Part {
            family: failed.family,
            matching: &matching,
            sample: &published_sample,
        };
        add(
            alert,
            Severity::Warning,
            shape::count_over(part, &by_source, 0, 15 * MINUTE, 2 * MINUTE, None),
            [
                format!("events {name} of {{source}} {what}"),
                format!("{{value}} events {name} of {{source}} {what}. {why}"),
            ],
            Shown::Count,
            true,
        );
    }
    add(
        "EventRateSurge",
        Severity::Warning,
        shape::surge(published, &[label::EVENT_TYPE], SURGE, FEW, HOUR, HOUR),
        [
            format!("{name} is published far more often than a week ago"),
            format!(
                "{name} was published {{value}} times within an hour, more than {SURGE} times as often as at this time a week ago."
            ),
        ],
        Shown::Count,
        false,
    );
    if let Some((count, window)) = subject.min_rate() {
        let expected = format!("{count} in {}", super::promql::duration(window));
        let by = [label::EVENT_TYPE];
        add(
            "EventFlowStopped",
            Severity::Critical,
            shape::none_within(published, &by, window),
            [
                format!("{name} is no longer published"),
                format!(
                    "Nobody has published {name} for a while, although at least {expected} are expected. Whoever publishes it runs."
                ),
            ],
            Shown::Count,
            false,
        );
        if subject.slos().is_empty() {
            add(
                "EventSignalAbsent",
                Severity::Warning,
                shape::absent(published, window),
                [
                    format!("nobody tells of {name}"),
                    format!(
                        "No process that may publish {name} can be seen, although at least {expected} are expected."
                    ),
                ],
                Shown::Count,
                false,
            );
        }
        if count > 1 {
            add(
                "EventRateDropped",
                Severity::Warning,
                shape::too_few(published, &by, count, window),
                [
                    format!("{name} is published less than expected"),
                    format!(
                        "{name} was published {{value}} times, and at least {expected} are expected."
                    ),
                ],
                Shown::Count,
                false,
            );
        }
    }
    for old in &subject.versions {
        let Some(deprecation) = &old.deprecated else {
            continue;
        };
        let version = old.version.to_string();
        let matching = [event[0], (label::EVENT_VERSION, version.as_str())];
        let part = Part {
            family: published.family,
            matching: &matching,
            sample: &[SOURCE],
        };
        let sunset = deprecation
            .sunset
            .as_ref()
            .map(|day| format!(" It goes on {day}."));
        let instead = deprecation
            .replacement
            .as_ref()
            .map(|other| format!(" Use {}.", literal(other)));
        add(
            "EventDeprecatedVersionInUse",
            Severity::Info,
            shape::count_over(
                part,
                &[label::EVENT_TYPE, label::EVENT_VERSION, label::SOURCE],
                0,
                HOUR,
                10 * MINUTE,
                None,
            ),
            [
                format!("{{source}} still publishes {name} {version}"),
                format!(
                    "{{source}} published {name} {version}, which is deprecated, {{value}} times in an hour.{}{}",
                    sunset.unwrap_or_default(),
                    instead.unwrap_or_default()
                ),
            ],
            Shown::Count,
            true,
        );
    }
    if subject.is_consumed() {
        consumed(subject, links, profile, &mut all);
    }
    all
}

/// What goes wrong behind the bus.
fn consumed(subject: &Subject<'_>, links: &Links<'_>, profile: Profile, all: &mut Vec<Alert>) {
    let name = subject.name();
    let event = [(label::EVENT_TYPE, name)];
    let by = [label::EVENT_TYPE, label::CONSUMER];
    let mut add = |name: &'static str, severity, condition: Condition, words: [String; 2]| {
        all.push(alert(
            subject,
            links,
            profile,
            name,
            severity,
            condition,
            words,
            Shown::Count,
            false,
        ));
    };
    for (alert, family, severity, what, why) in [
        (
            "EventDeadLetterGrowing",
            &families::EVENT_DEAD_LETTERED_TOTAL,
            Severity::Warning,
            "put aside",
            "They wait in the dead letters until somebody looks at them and lets them through again.",
        ),
        (
            "EventUnknownSchemaVersion",
            &families::EVENT_UNKNOWN_VERSION_TOTAL,
            Severity::Warning,
            "of a version it does not know",
            "A publisher is ahead of the consumer's build, or writes what no spec describes.",
        ),
    ] {
        let part = Part {
            family,
            matching: &event,
            sample: &[CONSUMER],
        };
        add(
            alert,
            severity,
            shape::count_over(part, &by, 0, 15 * MINUTE, 2 * MINUTE, None),
            [
                format!("{{consumer}} has events {name} {what}"),
                format!("{{consumer}} had {{value}} events {name} {what}. {why}"),
            ],
        );
    }
    let version = subject.newest.version.to_string();
    let consumed_sample = [(label::EVENT_VERSION, version.as_str()), CONSUMER];
    let share = Share {
        bad: Part {
            family: &families::EVENT_CONSUME_RETRIES_TOTAL,
            matching: &event,
            sample: &[CONSUMER],
        },
        good: Part {
            family: &families::EVENT_CONSUMED_TOTAL,
            matching: &event,
            sample: &consumed_sample,
        },
        of: Of::Good,
        percent: 100,
        window: 15 * MINUTE,
        hold: 10 * MINUTE,
        many: None,
    };
    add(
        "EventRetryStorm",
        Severity::Warning,
        share.over(&by),
        [
            format!("{{consumer}} retries {name} over and over"),
            format!("{{consumer}} retries {name} more often than it succeeds."),
        ],
    );
    let topic = [(label::TOPIC, subject.newest.topic.as_str())];
    let by = [label::TOPIC, label::CONSUMER];
    let lag = Part {
        family: &families::EVENT_CONSUMER_LAG,
        matching: &topic,
        sample: &[CONSUMER],
    };
    add(
        "EventConsumerLagGrowing",
        Severity::Warning,
        shape::growing(lag, &by, LAG, 15 * MINUTE, 15 * MINUTE),
        [
            "{consumer} falls behind on {topic}".to_owned(),
            "{value} records of {topic} wait for {consumer}, and they become more.".to_owned(),
        ],
    );
    let fresh = subject
        .slos()
        .iter()
        .find(|slo| slo.objective == "freshness");
    if let Some(under) = fresh.and_then(|slo| slo.under_ns.as_ref()) {
        let seconds = under.value as f64 / 1e9;
        let oldest = Part {
            family: &families::EVENT_OLDEST_UNPROCESSED_SECONDS,
            matching: &topic,
            sample: &[CONSUMER],
        };
        add(
            "EventFreshnessBreached",
            Severity::Critical,
            shape::gauge_over(oldest, &by, seconds, 5 * MINUTE),
            [
                "{consumer} works on old records of {topic}".to_owned(),
                format!(
                    "The oldest record of {{topic}} that {{consumer}} has not processed waits for {{value}} seconds; {seconds} are promised."
                ),
            ],
        );
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "one place that puts an alert together"
)]
fn alert(
    subject: &Subject<'_>,
    links: &Links<'_>,
    profile: Profile,
    name: &'static str,
    severity: Severity,
    condition: Condition,
    [summary, description]: [String; 2],
    shown: Shown,
    by_source: bool,
) -> Alert {
    let service = match subject.service() {
        Some(service) => literal(service),
        None if by_source => "{source}".to_owned(),
        None => literal(links.package),
    };
    let runbook = subject.newest.runbook.clone();
    Alert {
        name: name.into(),
        severity: profile.severity(severity),
        expr: condition.expr,
        hold: condition.hold,
        labels: vec![
            ("event".into(), literal(subject.name())),
            ("service".into(), service),
            ("team".into(), literal(subject.team())),
        ],
        summary,
        description,
        shown,
        runbook: runbook.unwrap_or_else(|| links.runbook(name)),
        dashboard: links.event_dashboard(subject.name()),
        trials: condition.trials,
    }
}
