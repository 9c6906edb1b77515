//! What the Model says of an event, all its versions together: what rules, dashboards and pages are about.

use super::NOBODY;
use obs_model::model::{Event, Model, Slo};
use std::collections::BTreeMap;

/// An event, whatever its version. What versions say differently, the newest decides.
#[derive(Clone, Debug)]
pub(crate) struct Subject<'a> {
    /// The newest version.
    pub(crate) newest: &'a Event,
    /// All versions, the oldest first.
    pub(crate) versions: Vec<&'a Event>,
}

impl<'a> Subject<'a> {
    /// All events of a Model, by type.
    pub(crate) fn all(model: &'a Model) -> Vec<Subject<'a>> {
        let mut by_type: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
        for event in &model.events {
            by_type.entry(&event.event_type).or_default().push(event);
        }
        let subjects = by_type.into_values().filter_map(|versions| {
            let newest = versions.iter().find(|event| event.newest).copied();
            Some(Subject {
                newest: newest.or(versions.last().copied())?,
                versions,
            })
        });
        subjects.collect()
    }

    /// `user.registered`
    pub(crate) fn name(&self) -> &'a str {
        &self.newest.event_type
    }

    /// Who answers for it.
    pub(crate) fn team(&self) -> &'a str {
        self.newest.owner.as_deref().unwrap_or(NOBODY)
    }

    /// The service it belongs to, or else where it belongs at all.
    pub(crate) fn service(&self) -> Option<&'a str> {
        let newest = self.newest;
        newest.service.as_deref().or(newest.domain.as_deref())
    }

    /// Its objectives.
    pub(crate) fn slos(&self) -> &'a [Slo] {
        &self.newest.slos
    }

    /// How many are expected within how many seconds: whole minutes, and five at least, for a scrape or two may be missing.
    pub(crate) fn min_rate(&self) -> Option<(u64, u64)> {
        let (count, window) = self.newest.min_rate?;
        let whole = window.max(300).div_ceil(60) * 60;
        let scaled = u128::from(count) * u128::from(whole) / u128::from(window);
        Some((u64::try_from(scaled).unwrap_or(u64::MAX), whole))
    }

    /// Whether there is an objective of this name.
    pub(crate) fn promises(&self, objective: &str) -> bool {
        self.slos().iter().any(|slo| slo.objective == objective)
    }

    /// Whether something is promised about consuming it.
    pub(crate) fn is_consumed(&self) -> bool {
        ["process-success", "process-latency", "freshness"]
            .iter()
            .any(|objective| self.promises(objective))
    }
}
