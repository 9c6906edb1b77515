//! What dashboards ask, and whether there is an answer.

use super::process::{Program, encoded};
use crate::live::Hour;
use obs_schema::json::Json;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A query of a panel, or of a variable.
#[derive(Debug)]
pub(crate) struct Query {
    /// `obs-overview: Published`
    pub(crate) place: String,
    expr: String,
    /// Its points lead to traces.
    pub(crate) leads: bool,
}

fn text<'a>(value: &'a Json, key: &str) -> &'a str {
    value.get(key).and_then(Json::as_str).unwrap_or_default()
}

fn items<'a>(value: &'a Json, key: &str) -> &'a [Json] {
    value.get(key).and_then(Json::as_array).unwrap_or_default()
}

/// All queries of the panels in a folder, with each value of a variable that takes one at a time.
pub(crate) fn queries(
    folder: &Path,
    prometheus: &Program,
    hour: Hour,
) -> Result<Vec<Query>, String> {
    let told = |error| format!("cannot read {}: {error}", folder.display());
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        let board = fs::read(&path).map_err(told)?;
        let board = Json::parse(&board).map_err(|error| format!("{}: {error}", path.display()))?;
        let uid = text(&board, "uid");
        // Dashboards of ours have one variable of this kind at most.
        let mut choices = vec![BTreeMap::new()];
        for variable in board
            .get("templating")
            .map_or(&[][..], |it| items(it, "list"))
        {
            let name = text(variable, "name");
            if text(variable, "type") != "query" {
                continue;
            }
            let values = values(prometheus, text(variable, "query"))
                .map_err(|error| format!("{uid}: ${name}: {error}"))?;
            choices = if variable.get("multi") == Some(&Json::Bool(true)) {
                choices
                    .into_iter()
                    .map(|one| with(&one, name, ".*"))
                    .collect()
            } else {
                let each = |one: &BTreeMap<_, _>| -> Vec<_> {
                    values.iter().map(|value| with(one, name, value)).collect()
                };
                choices.iter().flat_map(each).collect()
            };
        }
        for panel in items(&board, "panels") {
            for target in items(panel, "targets") {
                for choice in &choices {
                    let mut expr = text(target, "expr")
                        .replace("$__rate_interval", &hour.duration(RATE_INTERVAL));
                    let mut chosen = String::new();
                    for (name, value) in choice {
                        expr = expr.replace(&format!("${name}"), value);
                        chosen += &format!(" {name}={value}");
                    }
                    let title = text(panel, "title");
                    all.push(Query {
                        place: format!("{uid}: {title} ({}{chosen})", text(target, "refId")),
                        expr,
                        leads: target.get("exemplar") == Some(&Json::Bool(true)),
                    });
                }
            }
        }
    }
    if all.is_empty() {
        return Err(format!("{} has no dashboards", folder.display()));
    }
    Ok(all)
}

/// What Grafana makes of `$__rate_interval` at the least: four scrapes.
const RATE_INTERVAL: u64 = 60;

fn with(one: &BTreeMap<String, String>, name: &str, value: &str) -> BTreeMap<String, String> {
    let mut one = one.clone();
    one.insert(name.to_owned(), value.to_owned());
    one
}

/// What `label_values(series, label)` gives. Nothing at all is an error.
fn values(prometheus: &Program, query: &str) -> Result<Vec<String>, String> {
    let inner = query
        .strip_prefix("label_values(")
        .and_then(|it| it.strip_suffix(')'));
    let (series, label) = inner
        .and_then(|inner| inner.rsplit_once(", "))
        .ok_or_else(|| format!("`{query}` is not understood"))?;
    let data = prometheus.data(&format!(
        "/api/v1/label/{label}/values?match[]={}",
        encoded(series)
    ))?;
    let values = data.as_array().unwrap_or_default().iter();
    let values: Vec<String> = values.filter_map(Json::as_str).map(str::to_owned).collect();
    if values.is_empty() {
        return Err(format!("`{query}` has no values"));
    }
    Ok(values)
}

impl Query {
    /// What is wrong, if anything is.
    pub(crate) fn fault(&self, prometheus: &Program) -> Result<Option<String>, String> {
        let samples = samples(prometheus, &self.expr)?;
        Ok(if samples.is_empty() {
            Some("no series".to_owned())
        } else if samples.iter().any(|(_, value)| value.is_finite()) {
            None
        } else {
            Some(format!("{} series without a number", samples.len()))
        })
    }
}

impl Query {
    /// What is wrong with where its points lead, if anything is: `spans` is what the program wrote down.
    pub(crate) fn lost(&self, prometheus: &Program, spans: &str) -> Result<Option<String>, String> {
        let path = "/api/v1/query_exemplars?start=0&end=9999999999&query=";
        let data = prometheus.data(&format!("{path}{}", encoded(&self.expr)))?;
        let series = data.as_array().unwrap_or_default().iter();
        let mut traces = series
            .flat_map(|one| items(one, "exemplars"))
            .filter_map(|exemplar| {
                let trace = exemplar.get("labels")?.get("trace_id")?.as_str()?;
                Some(trace.to_owned())
            });
        let known = traces.any(|trace| spans.contains(&trace));
        Ok((!known).then(|| "no point leads to a trace that was written".to_owned()))
    }
}

/// Labels with a value.
pub(crate) type Sample = (BTreeMap<String, String>, f64);

/// What a query gives now.
pub(crate) fn samples(prometheus: &Program, expr: &str) -> Result<Vec<Sample>, String> {
    let data = prometheus.data(&format!("/api/v1/query?query={}", encoded(expr)))?;
    let sample = |one: &Json| {
        let labels = one
            .get("metric")
            .and_then(Json::as_object)
            .unwrap_or_default()
            .iter();
        let labels =
            labels.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        let value = one
            .get("value")
            .and_then(Json::as_array)
            .and_then(|pair| pair.get(1));
        let value = value
            .and_then(Json::as_str)
            .and_then(|text| text.parse().ok());
        (labels.collect(), value.unwrap_or(f64::NAN))
    };
    Ok(items(&data, "result").iter().map(sample).collect())
}
