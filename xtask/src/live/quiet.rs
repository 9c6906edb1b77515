//! Who keeps quiet beside what: alerts as they come together, before an Alertmanager with the routes of the sample.

use super::pager::Pager;
use super::process::{Program, pause};
use super::shorter::Hour;
use crate::run::root;
use crate::tools::Tools;
use obs_schema::json::Json;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// The sample's, where tenants have routes too.
const ROUTES: &str = "cargo-obs-codegen/tests/telemetry/out/alertmanager/alertmanager.yml";

/// What fires, all at once, and whether anybody is told. Each event, objective and service is a case of its own.
const FIRING: &str = "
# What is critical about an event quiets the rest about it, and nothing about another.
told  alertname=EventFlowStopped severity=critical service=a event=a.one
quiet alertname=EventPublishSlow severity=warning service=a event=a.one
quiet alertname=EventVersionsMixed severity=info service=a event=a.one
told  alertname=EventPublishSlow severity=warning service=a event=a.two
# A warning quiets nothing.
told  alertname=EventVersionsMixed severity=info service=a event=a.two
# What is about no event is not about the same event.
told  alertname=TelemetryDropping severity=critical service=a
told  alertname=TelemetryLagging severity=warning service=a
# What is wrong for everybody quiets what is wrong for one; one tenant's trouble quiets its own and no other's.
told  alertname=EventFlowStopped severity=critical service=b event=b.one
quiet alertname=EventPublishSlow severity=warning service=b event=b.one tenant=ACME
quiet alertname=EventPublishSlow severity=warning service=b event=b.one customer=ACME
told  alertname=EventFlowStopped severity=critical service=b event=b.two tenant=ACME
quiet alertname=EventPublishSlow severity=warning service=b event=b.two tenant=ACME
told  alertname=EventPublishSlow severity=warning service=b event=b.two tenant=Beta
told  alertname=EventPublishSlow severity=warning service=b event=b.two customer=Beta
told  alertname=EventPublishSlow severity=warning service=b event=b.two
# The fastest burn of an objective is told, and no slower one.
told  alertname=SLOBurnPageFast severity=critical service=c slo=c/one
quiet alertname=SLOBurnPageSlow severity=critical service=c slo=c/one
quiet alertname=SLOBurnTicketFast severity=warning service=c slo=c/one
quiet alertname=SLOBurnTicketSlow severity=warning service=c slo=c/one
told  alertname=SLOBudgetExhausted severity=warning service=c slo=c/one
told  alertname=SLOBurnPageSlow severity=critical service=c slo=c/two
quiet alertname=SLOBurnTicketFast severity=warning service=c slo=c/two
quiet alertname=SLOBurnTicketSlow severity=warning service=c slo=c/two
# An objective that is not measured does not burn.
told  alertname=SLOSignalAbsent severity=warning service=c slo=c/three
quiet alertname=SLOBurnPageFast severity=critical service=c slo=c/three
quiet alertname=SLOBurnTicketSlow severity=warning service=c slo=c/three
told  alertname=SLOBurnTicketSlow severity=warning service=c slo=c/four
# What has stopped has also become less.
told  alertname=EventFlowStopped severity=warning service=d event=d.one
quiet alertname=EventRateDropped severity=warning service=d event=d.one
told  alertname=EventRateDropped severity=warning service=d event=d.two
# A service that is gone has nothing else to tell; others have.
told  alertname=ServiceDown severity=critical service=e
quiet alertname=ServiceSaturated severity=warning service=e
quiet alertname=EventFlowStopped severity=critical service=e event=e.one
told  alertname=ServiceSaturated severity=warning service=f
told  alertname=Watchdog severity=info
";

/// How long Alertmanager may take to hear of all that fires.
const PATIENCE: Duration = Duration::from_secs(20);

/// Shows all that fires to an Alertmanager at once.
pub(super) fn check(tools: &Tools, folder: &Path) -> Result<(), String> {
    let routes = fs::read_to_string(root().join(ROUTES))
        .map_err(|error| format!("cannot read {ROUTES}: {error}"))?;
    fs::create_dir_all(folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let pager = Pager::start(&tools.alertmanager, &routes, folder, Hour(3_600_000))?;
    let of = |what| {
        FIRING
            .lines()
            .filter_map(move |line| line.strip_prefix(what))
    };
    let all: Vec<String> = of("told ").chain(of("quiet ")).map(alert).collect();
    pager
        .alertmanager
        .post("/api/v2/alerts", &format!("[{}]", all.join(",")))?;
    let wanted: BTreeSet<String> = of("quiet ")
        .map(|labels| sorted(labels.split(' ')))
        .collect();
    let start = Instant::now();
    loop {
        let quiet = quiet(&pager.alertmanager)?;
        let Some(differs) = quiet.symmetric_difference(&wanted).next() else {
            println!(
                "of {} alerts that fire at once, {} keep quiet",
                all.len(),
                quiet.len()
            );
            return Ok(());
        };
        if start.elapsed() > PATIENCE {
            let heard = if wanted.contains(differs) {
                "is told"
            } else {
                "keeps quiet"
            };
            return Err(format!("{ROUTES}: `{differs}` {heard}"));
        }
        pause();
    }
}

/// An alert as Alertmanager is sent it.
fn alert(labels: &str) -> String {
    let labels: Vec<String> = labels
        .split(' ')
        .filter_map(|label| label.split_once('='))
        .map(|(name, value)| format!("\"{name}\":\"{value}\""))
        .collect();
    format!("{{\"labels\":{{{}}}}}", labels.join(","))
}

/// What keeps quiet beside something else.
fn quiet(alertmanager: &Program) -> Result<BTreeSet<String>, String> {
    let body = alertmanager.get("/api/v2/alerts")?;
    let answer = Json::parse(body.as_bytes()).map_err(|error| format!("{error}: {body}"))?;
    let mut all = BTreeSet::new();
    for alert in answer.as_array().unwrap_or_default() {
        let by = alert
            .get("status")
            .and_then(|status| status.get("inhibitedBy"));
        let labels = alert.get("labels").and_then(Json::as_object);
        if by.and_then(Json::as_array).is_some_and(|by| !by.is_empty()) {
            let labels = labels.unwrap_or_default().iter();
            let labels: Vec<String> = labels
                .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
                .collect();
            all.insert(sorted(labels.iter().map(String::as_str)));
        }
    }
    Ok(all)
}

fn sorted<'a>(labels: impl Iterator<Item = &'a str>) -> String {
    let mut labels: Vec<&str> = labels.collect();
    labels.sort_unstable();
    labels.join(" ")
}
