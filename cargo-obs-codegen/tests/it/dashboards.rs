//! What a dashboard must be to load, to be read and to show something: held over all that are committed.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Units that Grafana knows, as far as we use them.
const UNITS: [&str; 8] = [
    "short",
    "percentunit",
    "cps",
    "s",
    "bytes",
    "d",
    "currencyEUR",
    "ms",
];

fn all() -> Vec<(String, Value)> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/telemetry/out/grafana/dashboards");
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("it is committed") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let text = fs::read_to_string(&path).expect("it is text");
        all.push((name, serde_json::from_str(&text).expect("it is JSON")));
    }
    all
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Every fault of a dashboard, in words.
fn faults(name: &str, dashboard: &Value, uids: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut must = |holds: bool, what: String| {
        if !holds {
            faults.push(format!("{name}: {what}"));
        }
    };
    let uid = text(dashboard, "uid");
    must(
        name == format!("{uid}.json") && uid.len() <= 40,
        format!("uid `{uid}`"),
    );
    must(
        dashboard["id"].is_null() && dashboard.get("__inputs").is_none(),
        "it was exported".to_owned(),
    );
    must(
        dashboard["editable"] == false,
        "it can be edited".to_owned(),
    );
    for key in ["title", "description"] {
        must(!text(dashboard, key).is_empty(), format!("no {key}"));
    }
    for link in items(&dashboard["links"]) {
        let target = text(link, "url").trim_start_matches("/d/").to_owned();
        must(
            uids.contains(&target),
            format!("a link to nowhere: {target}"),
        );
    }
    let variables = items(&dashboard["templating"]["list"]);
    let sources = variables
        .iter()
        .filter(|variable| variable["type"] == "datasource");
    must(sources.count() == 1, "not one data source".to_owned());
    for variable in variables
        .iter()
        .filter(|variable| variable["type"] == "query")
    {
        let name = text(variable, "name");
        must(
            variable["refresh"] == 2,
            format!("`{name}` does not follow the time range"),
        );
        let is_all = variable["includeAll"] == true;
        must(
            is_all == (variable["allValue"] == ".*"),
            format!("all of `{name}`"),
        );
    }
    let has_job = variables.iter().any(|variable| variable["name"] == "job");
    let (mut ids, mut places) = (BTreeSet::new(), BTreeSet::new());
    for panel in items(&dashboard["panels"]) {
        let title = text(panel, "title");
        must(
            ids.insert(panel["id"].to_string()),
            format!("`{title}` has the id of another"),
        );
        let place = |key: &str| panel["gridPos"][key].as_u64().expect("a place");
        must(
            place("x") + place("w") <= 24,
            format!("`{title}` is outside of the grid"),
        );
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                must(
                    places.insert((x, y)),
                    format!("`{title}` lies over another"),
                );
            }
        }
        must(!title.is_empty(), "a panel without a title".to_owned());
        if panel["type"] == "row" {
            continue;
        }
        must(
            !text(panel, "description").is_empty(),
            format!("`{title}` has no description"),
        );
        let unit = text(&panel["fieldConfig"]["defaults"], "unit");
        must(UNITS.contains(&unit), format!("`{title}`: unit `{unit}`"));
        must(
            panel["datasource"]["uid"] == "${metrics}",
            format!("`{title}`: data source"),
        );
        let targets = items(&panel["targets"]);
        must(!targets.is_empty(), format!("`{title}` asks nothing"));
        let mut names = BTreeSet::new();
        for target in targets {
            let expr = text(target, "expr");
            must(
                names.insert(text(target, "refId")),
                format!("`{title}`: two queries of one name"),
            );
            must(
                target["datasource"]["uid"] == "${metrics}",
                format!("`{title}`: data source of a query"),
            );
            for function in ["rate(", "increase("] {
                let uses = expr.matches(function).count();
                let fits = expr.matches("[$__rate_interval]").count();
                must(
                    uses == 0 || fits >= uses,
                    format!("`{title}`: a window of its own"),
                );
            }
            let of_targets =
                !expr.contains("slo:") && !expr.contains("sli:") && !expr.contains("ALERTS");
            must(
                !of_targets || has_job && expr.contains("job=~\"$job\""),
                format!("`{title}`: of all services"),
            );
            // What a legend names must be left of the labels.
            for label in text(target, "legendFormat").split("{{").skip(1) {
                let label = label.split("}}").next().expect("an end");
                let is_kept = expr.contains("slo:")
                    || expr.split(" by (").skip(1).any(|by| {
                        by.split(')')
                            .next()
                            .expect("an end")
                            .split(", ")
                            .any(|kept| kept == label)
                    });
                must(is_kept, format!("`{title}`: the legend names `{label}`"));
            }
        }
    }
    faults
}

#[test]
fn dashboards_load_and_can_be_read() {
    let all = all();
    assert!(all.len() > 10);
    let uids: BTreeSet<String> = all
        .iter()
        .map(|(_, value)| text(value, "uid").to_owned())
        .collect();
    assert_eq!(uids.len(), all.len());
    let faults: Vec<String> = all
        .iter()
        .flat_map(|(name, dashboard)| faults(name, dashboard, &uids))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_fault_is_seen() {
    let all = all();
    let uids: BTreeSet<String> = all
        .iter()
        .map(|(_, value)| text(value, "uid").to_owned())
        .collect();
    let (name, sound) = all
        .iter()
        .find(|(name, _)| name == "obs-events.json")
        .expect("it is there");
    type Change = fn(&mut Value);
    let changes: [Change; 11] = [
        |it| it["uid"] = "another".into(),
        |it| it["id"] = 7.into(),
        |it| it["editable"] = true.into(),
        |it| it["links"][0]["url"] = "/d/nowhere".into(),
        |it| it["templating"]["list"][0]["refresh"] = 7.into(),
        |it| it["panels"][1]["id"] = it["panels"][0]["id"].clone(),
        |it| it["panels"][1]["gridPos"] = it["panels"][0]["gridPos"].clone(),
        |it| it["panels"][0]["fieldConfig"]["defaults"]["unit"] = "parsecs".into(),
        |it| it["panels"][0]["description"] = "".into(),
        |it| it["panels"][0]["targets"][0]["expr"] = "sum(rate(event_published_total[5m]))".into(),
        |it| it["panels"][0]["targets"][0]["legendFormat"] = "{{nobody}}".into(),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut broken = sound.clone();
        change(&mut broken);
        assert!(!faults(name, &broken, &uids).is_empty(), "change {number}");
    }
}

#[test]
fn alerts_lead_to_dashboards_that_are_there() {
    let uids: BTreeSet<String> = all()
        .iter()
        .map(|(_, value)| text(value, "uid").to_owned())
        .collect();
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/telemetry/out/prometheus/rules");
    let mut asked = 0;
    for entry in fs::read_dir(rules).expect("it is committed") {
        let text = fs::read_to_string(entry.expect("an entry").path()).expect("it is text");
        for line in text.lines().filter(|line| line.contains("dashboard_url: ")) {
            let uid = line.split("/d/").nth(1).expect("an address");
            let uid = uid.split(['?', '"']).next().expect("an end");
            assert!(uids.contains(uid), "{line}");
            asked += 1;
        }
    }
    assert!(asked > 30);
}
