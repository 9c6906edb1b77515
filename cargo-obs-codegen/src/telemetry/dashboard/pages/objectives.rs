//! Dashboards about objectives.

use super::super::super::promql::duration;
use super::super::super::slo::Objective;
use super::{Dashboard, Draft, Facts, Kind, Layout, Variable, dashboard};
use std::collections::BTreeSet;

/// What is recorded for each of several objectives, as one vector.
pub(super) fn recorded(objectives: &[Objective<'_>], what: &str, matching: &str) -> String {
    let names: BTreeSet<String> = objectives
        .iter()
        .map(|objective| objective.recorded(what))
        .collect();
    let parts: Vec<String> = names
        .into_iter()
        .map(|name| format!("{name}{matching}"))
        .collect();
    parts.join(" or ")
}

pub(super) fn slos(facts: &Facts<'_>, objectives: &[Objective<'_>]) -> Dashboard {
    let mut layout = Layout::default();
    layout.add(
        Draft::new(
            Kind::Table,
            "Left of each budget",
            "percentunit",
            "What is left of each error budget. At nothing the promise is broken.",
        )
        .query(
            recorded(objectives, "error_budget_remaining", ""),
            "{{slo}}",
        )
        .good_from(0.0),
    );
    let burning: BTreeSet<String> = objectives.iter().map(Objective::burning).collect();
    let burning: Vec<String> = burning.into_iter().collect();
    layout.add(
        Draft::new(
            Kind::Lines,
            "Burning",
            "short",
            "How many times too fast each budget burns now. At one it lasts just for the period.",
        )
        .query(burning.join(" or "), "{{slo}}")
        .bad_from(1.0),
    );
    layout.add(
        Draft::new(
            Kind::Lines,
            "Left over time",
            "percentunit",
            "What was left of each error budget.",
        )
        .query(
            recorded(objectives, "error_budget_remaining", ""),
            "{{slo}}",
        )
        .good_from(0.0),
    );
    dashboard(
        "slo-overview",
        "Objectives",
        "All promises side by side.",
        Vec::new(),
        layout,
        facts.from,
    )
}

pub(super) fn slo(facts: &Facts<'_>, objectives: &[Objective<'_>]) -> Dashboard {
    let mut layout = Layout::default();
    let mine = "{slo=\"$slo\"}";
    let number = |title: &str, unit, what: &str, recorded_as: &str| {
        Draft::new(Kind::Number, title, unit, what).query(
            recorded(objectives, recorded_as, mine),
            title.to_lowercase(),
        )
    };
    layout.add(number(
        "Promise",
        "percentunit",
        "The share that is promised.",
        "objective",
    ));
    layout.add(number(
        "Period",
        "d",
        "Over how long it is promised.",
        "period_days",
    ));
    layout.add(
        number(
            "Left",
            "percentunit",
            "What is left of the error budget.",
            "error_budget_remaining",
        )
        .good_from(0.0),
    );
    let union = |names: BTreeSet<String>| -> String {
        let parts: Vec<String> = names
            .into_iter()
            .map(|name| format!("{name}{mine}"))
            .collect();
        parts.join(" or ")
    };
    let burning = union(objectives.iter().map(Objective::burning).collect());
    layout.add(
        Draft::new(
            Kind::Number,
            "Burning",
            "short",
            "How many times too fast the budget burns now.",
        )
        .query(burning.clone(), "burning")
        .bad_from(1.0),
    );
    layout.add(
        Draft::new(
            Kind::Lines,
            "Left over time",
            "percentunit",
            "What was left of the error budget.",
        )
        .query(recorded(objectives, "error_budget_remaining", mine), "left")
        .good_from(0.0),
    );
    layout.add(
        Draft::new(
            Kind::Lines,
            "Burning over time",
            "short",
            "How many times too fast the budget burnt.",
        )
        .query(burning, "burning")
        .bad_from(1.0),
    );
    let mut ratios = Draft::new(
        Kind::Lines,
        "Failures by window",
        "percentunit",
        "The share of failures in each window that alerts look at.",
    );
    let windows: BTreeSet<u64> = objectives.iter().flat_map(Objective::windows).collect();
    for window in windows {
        let names = objectives
            .iter()
            .filter(|objective| objective.windows().contains(&window));
        let names = names
            .map(|objective| objective.sli("ratio", window))
            .collect();
        ratios = ratios.query(union(names), duration(window));
    }
    ratios.width = 24;
    layout.add(ratios);
    let variable = Variable {
        name: "slo".into(),
        label: "Objective".into(),
        query: format!(
            "label_values({{__name__=~\"slo:.+:objective\"}}, {})",
            "slo"
        ),
        many: false,
    };
    dashboard(
        "slo",
        "Objective",
        "One promise, whichever you choose.",
        vec![variable],
        layout,
        facts.from,
    )
}

/// What is left of one budget.
pub(super) fn budget(objective: &Objective<'_>) -> Draft {
    let expr = objective.mine(&objective.recorded("error_budget_remaining"));
    Draft::new(
        Kind::Lines,
        format!("Budget of {}", objective.slo.objective),
        "percentunit",
        format!(
            "What is left of the error budget of {}. At nothing the promise is broken.",
            objective.id()
        ),
    )
    .query(expr, "{{slo}}")
    .good_from(0.0)
}
