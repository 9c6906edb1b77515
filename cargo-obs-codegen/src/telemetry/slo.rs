//! Objectives: how much was bad, of how much, in each window; how fast the budget burns; and the alerts about it.
//!
//! Numerators and denominators are recorded apart. The ratio of a long window is the quotient of their sums, so that a quiet night
//! weighs what it weighs, and each denominator is guarded, so that idle hours have no ratio at all.

mod course;
mod grouped;
mod indicator;

pub(crate) use course::{Pace, trials};
pub(crate) use grouped::Word;
pub(crate) use indicator::Indicator;

use super::alert::{Alert, Shown as Number, literal, template};
use super::promql::{duration, inset};
use super::rule::{Group, Rule, Severity};
use super::subject::Subject;
use super::trial::Trial;
use super::{Links, Profile};
use crate::show::hex;
use obs_model::model::Slo;
use obs_model::model::slo::Burn;
use obs_schema::avro::fingerprint::sha256;
use serde::Serialize;
use std::collections::BTreeSet;

/// The window that is recorded as it is, and summed up for the long ones.
const BASE: u64 = 300;
/// Windows up to this are worked out from the counters themselves.
const DIRECT: u64 = 2 * 3_600;
/// How often the ratio of the whole period is recorded: before Prometheus forgets the last one, which takes five minutes.
const PERIOD: u64 = 240;
/// A single failure, or two, is no outage, however few there were in all.
const STRAY: u64 = 2;

/// With more objectives than this, rules one by one take longer than those for all.
const MANY: usize = 50;
/// The alert about a budget that is used up.
const EXHAUSTED: &str = "SLOBudgetExhausted";
/// The alert about an objective that nobody tells of.
pub(crate) const ABSENT: &str = "SLOSignalAbsent";

/// Whether objectives share their rules: as the settings say, or where there are many.
pub(crate) fn is_grouped(links: &Links<'_>, objectives: &[Objective<'_>]) -> bool {
    links.of.grouped.unwrap_or(objectives.len() > MANY)
}

/// An objective of an event.
pub(crate) struct Objective<'a> {
    /// The event.
    pub(crate) subject: &'a Subject<'a>,
    /// What is promised.
    pub(crate) slo: &'a Slo,
    /// What is counted for it.
    pub(crate) indicator: Indicator<'a>,
}

impl<'a> Objective<'a> {
    /// The objectives of an event.
    pub(crate) fn all(subject: &'a Subject<'a>) -> Vec<Objective<'a>> {
        let slos = subject.slos().iter();
        let known = slos.filter_map(|slo| {
            Some(Objective {
                subject,
                slo,
                indicator: Indicator::of(subject, slo)?,
            })
        });
        known.collect()
    }

    /// `payment.captured/publish-latency-100ms`: the value of the label `slo`.
    pub(crate) fn id(&self) -> String {
        let under = self.slo.under_ns.as_ref();
        let under = under.map(|under| format!("-{}", short(under.value)));
        let (event, objective) = (self.subject.name(), &self.slo.objective);
        format!("{event}/{objective}{}", under.unwrap_or_default())
    }

    /// The same as the name of a file.
    pub(crate) fn file(&self) -> String {
        format!("slo-{}", self.id().replace('/', "-"))
    }

    /// `publish_latency`
    fn word(&self) -> String {
        self.slo.objective.replace('-', "_")
    }

    /// `sli:publish_success:ratio_rate1h`
    pub(crate) fn sli(&self, what: &str, window: u64) -> String {
        format!("sli:{}:{what}_rate{}", self.word(), duration(window))
    }

    /// `slo:publish_success:error_budget_remaining`
    pub(crate) fn recorded(&self, what: &str) -> String {
        format!("slo:{}:{what}", self.word())
    }

    /// The series of this objective under a recorded name.
    pub(crate) fn mine(&self, name: &str) -> String {
        format!("{name}{{slo=\"{}\"}}", self.id())
    }

    fn labels(&self, links: &Links<'_>) -> Vec<(&'static str, String)> {
        let service = self.subject.service().unwrap_or(links.package);
        vec![
            ("event", self.subject.name().to_owned()),
            ("service", service.to_owned()),
            ("slo", self.id()),
            ("team", self.subject.team().to_owned()),
        ]
    }

    /// How fast the budget burns now, as it is recorded.
    pub(crate) fn burning(&self) -> String {
        let fastest = self.slo.burns().map(|(burn, _)| burn.long).next();
        self.recorded(&format!("burn_rate_{}", duration(fastest.unwrap_or(BASE))))
    }

    /// The windows whose ratios are recorded: those of the alerts, and the period.
    pub(crate) fn windows(&self) -> BTreeSet<u64> {
        let burns = self.slo.burns();
        let mut windows: BTreeSet<u64> = burns
            .flat_map(|(burn, _)| [burn.long, burn.short])
            .collect();
        windows.insert(BASE);
        windows.insert(self.slo.period());
        windows
    }

    /// What is recorded: often for short windows, seldom for long ones.
    pub(crate) fn groups(&self, links: &Links<'_>) -> Vec<Group> {
        let labels = self.labels(links);
        let record = |name: String, expr: String| Rule::record(name, expr).labelled(labels.clone());
        let mut fast = vec![
            record(self.sli("bad", BASE), self.indicator.bad(BASE)),
            record(self.sli("total", BASE), self.indicator.total(BASE)),
        ];
        let (mut slow, mut period) = (Vec::new(), Vec::new());
        for window in self.windows() {
            let (bad, total) = if window == BASE {
                (
                    self.mine(&self.sli("bad", BASE)),
                    self.mine(&self.sli("total", BASE)),
                )
            } else if window <= DIRECT {
                (self.indicator.bad(window), self.indicator.total(window))
            } else {
                let together = |what| {
                    let recorded = self.mine(&self.sli(what, BASE));
                    format!("sum_over_time({recorded}[{}])", duration(window))
                };
                (together("bad"), together("total"))
            };
            let expr = format!("{bad}\n/\n(\n{}\n  > 0\n)", inset(&total, 2));
            let to = if window == self.slo.period() {
                &mut period
            } else if window <= DIRECT {
                &mut fast
            } else {
                &mut slow
            };
            to.push(record(self.sli("ratio", window), expr));
        }
        let budget = self.slo.budget();
        let burning = |window| format!("{} / {budget}", self.mine(&self.sli("ratio", window)));
        let fastest = self.slo.burns().map(|(burn, _)| burn.long).next();
        let fastest = fastest.unwrap_or(BASE);
        fast.push(record(self.burning(), burning(fastest)));
        period.push(record(
            self.recorded(&format!("burn_rate_{}", duration(self.slo.period()))),
            burning(self.slo.period()),
        ));
        period.push(record(
            self.recorded("error_budget_remaining"),
            format!("1 - {}", burning(self.slo.period())),
        ));
        let constant = |number: f64| format!("vector({number})");
        period.push(record(self.recorded("objective"), constant(1.0 - budget)));
        period.push(record(
            self.recorded("period_days"),
            constant(self.slo.period() as f64 / 86_400.0),
        ));
        let id = self.id();
        let mut groups = vec![Group::new(format!("slo {id} now"), 30, fast)];
        if !slow.is_empty() {
            groups.push(Group::new(format!("slo {id} lately"), 120, slow));
        }
        groups.push(Group::new(format!("slo {id} period"), PERIOD, period));
        groups
    }

    /// The alerts, each with the pace its trials go at.
    pub(crate) fn alerts(&self, links: &Links<'_>, profile: Profile) -> Vec<(Pace, Alert)> {
        let mut all = Vec::new();
        for (burn, factor) in self.slo.burns() {
            let threshold = self.slo.threshold(factor);
            if threshold >= 1.0 {
                continue;
            }
            let severity = if burn.pages {
                Severity::Critical
            } else {
                Severity::Warning
            };
            let over = |window| format!("{} > {threshold}", self.mine(&self.sli("ratio", window)));
            let mut expr = format!("{}\nand\n{}", over(burn.long), over(burn.short));
            let stray = if burn.pages {
                self.indicator.stray()
            } else {
                None
            };
            if let Some(bad) = stray {
                let kept = self.indicator.kept().map_or("", |(label, _)| label);
                expr += &format!("\nand on ({kept})\n{} > {STRAY}", bad(burn.long));
            }
            let (pace, trials) = trials(self, &burn, factor);
            let exhaustion = lasts(self.slo.period(), factor);
            let words = told(&self.id(), &burn, &exhaustion);
            let alert = self.alert(
                links,
                profile,
                burn.alert,
                severity,
                burn.hold,
                expr,
                trials,
                words,
                &further(&burn, exhaustion),
            );
            all.push((pace, alert));
        }
        let remaining = self.mine(&self.recorded("error_budget_remaining"));
        all.push((
            Pace::Period,
            self.alert(
                links,
                profile,
                EXHAUSTED,
                Severity::Warning,
                3 * 3_600,
                format!("{remaining} <= 0"),
                course::exhausted(self),
                used_up(&self.id()),
                &[],
            ),
        ));
        if self.subject.newest.min_rate.is_some() {
            let fastest: Option<Burn> = self.slo.burns().map(|(burn, _)| burn).next();
            let hold = fastest.map_or(BASE, |burn| burn.long / 4);
            all.push((
                Pace::Fast,
                self.alert(
                    links,
                    profile,
                    ABSENT,
                    Severity::Warning,
                    hold,
                    format!("absent({})", self.indicator.heartbeat()),
                    course::absent(self, hold),
                    [
                        format!("nobody tells how {} does", self.id()),
                        "What the objective is counted from is not there: no process that tells of it can be seen, so none of its other alerts can fire.".to_owned(),
                    ],
                    &[],
                ),
            ));
        }
        all
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one place that puts an alert together"
    )]
    fn alert(
        &self,
        links: &Links<'_>,
        profile: Profile,
        name: &'static str,
        severity: Severity,
        hold: u64,
        expr: String,
        trials: Vec<Trial>,
        [summary, description]: [String; 2],
        more: &[(&'static str, String)],
    ) -> Alert {
        let runbook = self.subject.newest.runbook.clone();
        Alert {
            name: name.into(),
            severity: profile.severity(severity),
            expr,
            hold,
            labels: [self.labels(links), more.to_vec()]
                .concat()
                .into_iter()
                .map(|(name, value)| (name.into(), literal(&value)))
                .collect(),
            summary,
            description,
            shown: Number::Count,
            runbook: runbook.unwrap_or_else(|| links.runbook(name)),
            dashboard: links.slo_dashboard(&self.id()),
            trials,
        }
    }
}

/// An objective as pages and other tools show it.
#[derive(Serialize, Debug)]
pub(crate) struct Shown {
    name: String,
    id: String,
    event: String,
    service: String,
    team: String,
    promise: String,
    period: String,
    budget: String,
    minutes: String,
    share: f64,
    method: &'static str,
    bad: String,
    total: String,
    burns: Vec<ShownBurn>,
    from: Vec<String>,
}

#[derive(Serialize, Debug)]
struct ShownBurn {
    alert: &'static str,
    factor: f64,
    long: String,
    short: String,
    lasts: String,
}

impl Shown {
    /// Names of objectives of one kind, which may hold fewer signs than those of events.
    pub(crate) fn tell_apart(all: &mut [Shown]) {
        let hashes: Vec<String> = all
            .iter()
            .map(|one| hex(&sha256(one.id.as_bytes())[..4]))
            .collect();
        let names: Vec<String> = all.iter().map(|one| one.name.clone()).collect();
        super::tell_apart(all.iter_mut().map(|one| &mut one.name), |at| {
            format!("{}-{}", names[at], hashes[at])
        });
    }
}

impl Objective<'_> {
    /// As pages and other tools show it.
    pub(crate) fn shown(&self, links: &Links<'_>, from: Vec<String>) -> Shown {
        let id = self.id();
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let slo = self.slo;
        let what = match slo.objective.as_str() {
            "publish-success" => "are published",
            "publish-latency" => "are published in time",
            "process-success" => "are processed",
            "process-latency" => "are processed in time",
            _ => "are fresh when they are processed",
        };
        let under = slo
            .under_ns
            .as_ref()
            .map(|under| format!(" ({})", short(under.value)));
        let minutes = slo.period() as f64 * slo.budget() / 60.0;
        let burns = slo.burns().map(|(burn, factor)| ShownBurn {
            alert: burn.alert,
            factor,
            long: duration(burn.long),
            short: duration(burn.short),
            lasts: lasts(slo.period(), factor),
        });
        Shown {
            name: id.to_lowercase().chars().map(plain).collect(),
            event: self.subject.name().to_owned(),
            service: self.subject.service().unwrap_or(links.package).to_owned(),
            team: self.subject.team().to_owned(),
            promise: format!(
                "{} % of {} {what}{}",
                slo.target,
                self.subject.name(),
                under.unwrap_or_default()
            ),
            period: duration(slo.period()),
            budget: format!("{} %", 100.0 * slo.budget()),
            minutes: format!("{minutes:.0} min"),
            share: 1.0 - slo.budget(),
            method: match self.indicator {
                Indicator::Time { .. } => "Timeslices",
                Indicator::Counted { .. } | Indicator::Bucket { .. } => "Occurrences",
            },
            bad: self.indicator.bad(BASE),
            total: self.indicator.total(BASE),
            burns: burns.collect(),
            id,
            from,
        }
    }
}

/// How long a budget lasts at a pace.
fn lasts(period: u64, factor: f64) -> String {
    let hours = period as f64 / factor / 3_600.0;
    format!("{}h", hours.round())
}

/// What an alert about a budget that burns says.
fn told(id: &str, burn: &Burn, lasts: &str) -> [String; 2] {
    [
        format!("{id} burns its error budget: that of a whole period lasts {lasts}"),
        format!(
            "Over the last {} and the last {}, so large a share failed that the error budget {id} has for all of its period lasts {lasts}, if it goes on like this.",
            duration(burn.long),
            duration(burn.short),
        ),
    ]
}

/// What the alert about a budget that is used up says.
fn used_up(id: &str) -> [String; 2] {
    [
        format!("{id} has no error budget left"),
        "More failed within its period than is promised for all of it.".to_owned(),
    ]
}

/// Labels that tell the alerts about a burning budget apart.
fn further(burn: &Burn, exhaustion: String) -> [(&'static str, String); 3] {
    [
        ("window_long", duration(burn.long)),
        ("window_short", duration(burn.short)),
        ("exhaustion", exhaustion),
    ]
}

/// A threshold in its largest unit, as specs write it.
fn short(nanos: u64) -> String {
    for (unit, name) in [
        (60_000_000_000, "m"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "us"),
    ] {
        if nanos >= unit {
            return format!("{}{name}", nanos as f64 / unit as f64);
        }
    }
    format!("{nanos}ns")
}
