//! What our runbooks say.

mod events;
mod objectives;
mod services;

use super::Words;
use obs_schema::names::family::Family;

/// What is known about an alert before it fires.
pub(super) struct Page {
    pub(super) alert: &'static str,
    meaning: &'static str,
    impact: &'static str,
    causes: &'static [&'static str],
    steps: &'static [&'static str],
    /// What to look at first: a family, and what to tell apart in it.
    pub(super) look: Look,
}

/// The pages of all alerts.
pub(super) fn all() -> impl Iterator<Item = &'static Page> {
    let pages = [events::PAGES, services::PAGES, objectives::PAGES];
    pages.into_iter().flatten()
}

/// A family, and what to tell apart in it.
pub(super) type Look = Option<(&'static Family, &'static [&'static str])>;

impl Page {
    /// What it says.
    pub(super) fn words(&self) -> Words {
        let all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Words {
            meaning: self.meaning.to_owned(),
            impact: self.impact.to_owned(),
            causes: all(self.causes),
            steps: all(self.steps),
        }
    }
}
