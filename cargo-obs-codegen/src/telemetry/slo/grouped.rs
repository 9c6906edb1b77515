//! One set of rules for all objectives of a kind: how many there are does not matter to it. Budgets are recorded, one series for each
//! objective, and join the rest with its labels and its thresholds. What is recorded and told is the same as one by one.

use super::{
    Alert, BASE, Burn, DIRECT, EXHAUSTED, Group, Indicator, Links, Number, Objective, Profile,
    Rule, STRAY, Severity, duration, further, inset, lasts, literal, template, told, used_up,
};
use obs_model::model::Slo;
use std::collections::{BTreeMap, BTreeSet};

/// All objectives of a word: `publish-success`.
pub(crate) struct Word<'a> {
    objectives: Vec<&'a Objective<'a>>,
    word: String,
}

impl<'a> Word<'a> {
    /// The words of some objectives, and those objectives that have to stay alone: of two events in one topic, no gauge tells which waits.
    pub(crate) fn all(objectives: &'a [Objective<'a>]) -> (Vec<Word<'a>>, Vec<&'a Objective<'a>>) {
        let mut words: BTreeMap<String, Vec<&'a Objective<'a>>> = BTreeMap::new();
        let mut alone = Vec::new();
        let mut known = BTreeSet::new();
        for objective in objectives {
            let named = objective.indicator.heartbeat_labels();
            if known.insert((objective.word(), named, under(objective.slo))) {
                words.entry(objective.word()).or_default().push(objective);
            } else {
                alone.push(objective);
            }
        }
        let words = words.into_iter();
        let words = words.map(|(word, objectives)| Word { objectives, word });
        (words.collect(), alone)
    }

    /// `slo-publish-success`
    pub(crate) fn file(&self) -> String {
        format!("slo-{}", self.word.replace('_', "-"))
    }

    /// The objectives.
    pub(crate) fn objectives(&self) -> impl Iterator<Item = &'a Objective<'a>> {
        self.objectives.iter().copied()
    }

    /// One objective for each rule that there is: whatever holds it, holds the rule for all.
    pub(crate) fn witnesses(&self) -> Vec<&'a Objective<'a>> {
        let mut seen = BTreeSet::new();
        let fresh = |one: &&Objective<'_>| {
            let has_runbook = one.subject.newest.runbook.is_some();
            seen.insert((one.slo.period(), under(one.slo), has_runbook))
        };
        self.objectives().filter(fresh).collect()
    }

    fn first(&self) -> Option<&'a Objective<'a>> {
        self.objectives.first().copied()
    }

    /// `slo:publish_success:budget`
    fn budget(&self) -> String {
        self.first()
            .map_or_else(String::new, |first| first.recorded("budget"))
    }

    fn periods(&self) -> BTreeSet<u64> {
        self.objectives().map(|one| one.slo.period()).collect()
    }

    fn of_period(&self, period: u64) -> String {
        format!("{}{{period=\"{}\"}}", self.budget(), duration(period))
    }

    /// What is counted for all objectives, each under the labels of its own. Thresholds that differ are counted apart.
    fn counted(&self, what: &dyn Fn(&Indicator<'_>) -> String) -> String {
        let mut seen = BTreeSet::new();
        let mut parts = Vec::new();
        for objective in self.objectives() {
            let under = under(objective.slo);
            if !seen.insert(under.clone()) {
                continue;
            }
            let all = objective.indicator.of_all();
            let counted = what(&all);
            if counted.is_empty() {
                continue;
            }
            let (key, _) = all.heartbeat_labels();
            let budgets = match &under {
                Some(under) => format!("{}{{under=\"{under}\"}}", self.budget()),
                None => self.budget(),
            };
            parts.push(format!(
                "sum without ({key}) (\n{}\n  * on ({key}) group_left (event, service, slo, team)\n  ({budgets} > bool 0)\n)",
                inset(&counted, 2)
            ));
        }
        parts.join("\nor\n")
    }

    /// What is recorded.
    pub(crate) fn groups(&self, links: &Links<'_>) -> Vec<Group> {
        let Some(first) = self.first() else {
            return Vec::new();
        };
        let (budget, word) = (self.budget(), &self.word);
        let mut fast: Vec<Rule> = self
            .objectives()
            .map(|objective| {
                let mut labels = objective.labels(links);
                let (key, value) = objective.indicator.heartbeat_labels();
                labels.push(("period", duration(objective.slo.period())));
                labels.extend(under(objective.slo).map(|under| ("under", under)));
                let rule = Rule::record(&budget, format!("vector({})", objective.slo.budget()));
                let mut rule = rule.labelled(labels);
                rule.labels.insert(key.to_owned().into(), value.to_owned());
                rule
            })
            .collect();
        let (bad, total) = (first.sli("bad", BASE), first.sli("total", BASE));
        fast.push(Rule::record(&bad, self.counted(&|of| of.bad(BASE))));
        fast.push(Rule::record(&total, self.counted(&|of| of.total(BASE))));
        let (mut slow, mut period) = (Vec::new(), Vec::new());
        let windows: BTreeSet<u64> = self.objectives().flat_map(Objective::windows).collect();
        for window in windows {
            let (bad, total) = if window == BASE {
                (bad.clone(), total.clone())
            } else if window <= DIRECT {
                (
                    format!("(\n{}\n)", inset(&self.counted(&|of| of.bad(window)), 2)),
                    self.counted(&|of| of.total(window)),
                )
            } else {
                let window = duration(window);
                (
                    format!("sum_over_time({bad}[{window}])"),
                    format!("sum_over_time({total}[{window}])"),
                )
            };
            let total = if window <= DIRECT && window != BASE {
                format!("(\n{}\n)", inset(&total, 2))
            } else {
                total
            };
            let mut expr = format!("{bad}\n/\n(\n{}\n  > 0\n)", inset(&total, 2));
            let is_period = self.periods().contains(&window);
            if is_period {
                expr += &format!("\nand on (slo)\n{}", self.of_period(window));
            }
            let to = if is_period {
                &mut period
            } else if window <= DIRECT {
                &mut fast
            } else {
                &mut slow
            };
            to.push(Rule::record(first.sli("ratio", window), expr));
        }
        let per_budget = |window: u64, period: u64| {
            format!(
                "{} / on (slo) group_left () {}",
                first.sli("ratio", window),
                self.of_period(period)
            )
        };
        let mut burning: BTreeMap<String, BTreeSet<(u64, u64)>> = BTreeMap::new();
        for objective in self.objectives() {
            let fastest = objective.slo.burns().map(|(burn, _)| burn.long).next();
            let pair = (fastest.unwrap_or(BASE), objective.slo.period());
            burning.entry(objective.burning()).or_default().insert(pair);
        }
        for (name, pairs) in burning {
            let parts = pairs
                .into_iter()
                .map(|(window, period)| per_budget(window, period));
            fast.push(Rule::record(name, parts.collect::<Vec<_>>().join("\nor\n")));
        }
        let mut left = Vec::new();
        let mut days = Vec::new();
        for of in self.periods() {
            let name = first.recorded(&format!("burn_rate_{}", duration(of)));
            period.push(Rule::record(name, per_budget(of, of)));
            left.push(format!("1 - {}", per_budget(of, of)));
            days.push(format!(
                "({} > bool 0) * {}",
                self.of_period(of),
                of as f64 / 86_400.0
            ));
        }
        let plain = "sum by (event, service, slo, team)";
        let or = |parts: Vec<String>| parts.join("\nor\n");
        period.push(Rule::record(
            first.recorded("error_budget_remaining"),
            or(left),
        ));
        period.push(Rule::record(
            first.recorded("objective"),
            format!("{plain} (1 - {budget})"),
        ));
        period.push(Rule::record(
            first.recorded("period_days"),
            format!("{plain} (\n{}\n)", inset(&or(days), 2)),
        ));
        let mut groups = vec![Group::new(format!("slo {word} now"), 30, fast)];
        if !slow.is_empty() {
            groups.push(Group::new(format!("slo {word} lately"), 120, slow));
        }
        groups.push(Group::new(format!("slo {word} period"), 300, period));
        groups
    }

    /// The rules that alert: one for all periods in which a budget lasts as long.
    pub(crate) fn alerts(&self, links: &Links<'_>, profile: Profile) -> Vec<Rule> {
        let Some(first) = self.first() else {
            return Vec::new();
        };
        let mut burns: BTreeMap<(u64, String), (Burn, BTreeMap<u64, f64>)> = BTreeMap::new();
        for slo in self.objectives().map(|one| one.slo) {
            for (burn, factor) in slo.burns() {
                let key = (burn.long, lasts(slo.period(), factor));
                let (_, factors) = burns.entry(key).or_insert_with(|| (burn, BTreeMap::new()));
                factors.insert(slo.period(), factor);
            }
        }
        let mut rules = Vec::new();
        for ((_, lasts), (burn, factors)) in burns {
            let severity = if burn.pages {
                Severity::Critical
            } else {
                Severity::Warning
            };
            let words = told("{slo}", &burn, &lasts);
            let labels = further(&burn, lasts).into_iter();
            let alert = Alert {
                name: burn.alert.into(),
                severity: profile.severity(severity),
                expr: self.burning(&burn, &factors),
                hold: burn.hold,
                labels: labels.map(|(name, value)| (name.into(), value)).collect(),
                ..Self::blank(burn.alert, words)
            };
            rules.push(self.rule(&alert, links));
        }
        let alert = Alert {
            severity: profile.severity(Severity::Warning),
            expr: format!("{} <= 0", first.recorded("error_budget_remaining")),
            hold: 3 * 3_600,
            ..Self::blank(EXHAUSTED, used_up("{slo}"))
        };
        rules.push(self.rule(&alert, links));
        rules
    }

    /// Both windows over what each period allows.
    fn burning(&self, burn: &Burn, factors: &BTreeMap<u64, f64>) -> String {
        let Some(one) = self.first() else {
            return String::new();
        };
        let allowed = factors
            .iter()
            .map(|(period, factor)| format!("{factor} * {}", self.of_period(*period)));
        let allowed = allowed.collect::<Vec<_>>().join(" or ");
        let over = |window| {
            let ratio = one.sli("ratio", window);
            format!("{ratio} > on (slo) group_left () ({allowed})")
        };
        let mut expr = format!("{}\nand\n{}", over(burn.long), over(burn.short));
        let has_count = |one: &Objective<'_>| one.indicator.stray().is_some();
        if burn.pages && self.objectives().any(has_count) {
            let count =
                |of: &Indicator<'_>| of.stray().map_or_else(String::new, |of| of(burn.long));
            let kept = one.indicator.kept().map_or("", |(label, _)| label);
            let on = if kept.is_empty() {
                "slo".to_owned()
            } else {
                format!("slo, {kept}")
            };
            let mut stray = self.counted(&count);
            if !self.objectives().all(has_count) {
                // Time that is bad has no number.
                let ratio = one.sli("ratio", burn.long);
                stray += &format!("\nor\n{ratio} * 0 + {}", STRAY + 1);
            }
            expr += &format!("\nand on ({on})\n(\n{}\n) > {STRAY}", inset(&stray, 2));
        }
        expr
    }

    /// An alert with its name and its words.
    fn blank(name: &'static str, [summary, description]: [String; 2]) -> Alert {
        Alert {
            name: name.into(),
            severity: Severity::Warning,
            expr: String::new(),
            hold: 0,
            labels: Vec::new(),
            summary,
            description,
            shown: Number::Count,
            runbook: String::new(),
            dashboard: String::new(),
            trials: Vec::new(),
        }
    }

    /// Its rule, which leads to pages of the objective that it fires for.
    fn rule(&self, alert: &Alert, links: &Links<'_>) -> Rule {
        let mut rule = alert.rule();
        let dashboard = literal(&links.slo_dashboard("")) + "{slo}";
        let dashboard = template(&dashboard, alert.shown);
        rule.annotations.insert("dashboard_url", dashboard);
        rule.annotations
            .insert("runbook_url", self.runbook(&alert.name, links));
        rule
    }

    /// Ours, save for objectives of events that have a runbook of their own.
    fn runbook(&self, alert: &str, links: &Links<'_>) -> String {
        let mut own: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for objective in self.objectives() {
            if let Some(runbook) = &objective.subject.newest.runbook {
                let of_runbook = own.entry(runbook).or_default();
                of_runbook.push(format!("\"{}\"", objective.id()));
            }
        }
        let said = |text: &str| template(&literal(text), Number::Count);
        let ours = said(&links.runbook(alert));
        if own.is_empty() {
            return ours;
        }
        let own = own.iter().map(|(runbook, ids)| {
            let runbook = said(runbook);
            format!("if eq $labels.slo {} }}}}{runbook}{{{{ ", ids.join(" "))
        });
        let own = own.collect::<Vec<_>>().join("else ");
        format!("{{{{ {own}else }}}}{ours}{{{{ end }}}}")
    }
}

fn under(slo: &Slo) -> Option<String> {
    slo.under_ns.as_ref().map(|under| super::short(under.value))
}
