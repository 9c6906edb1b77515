//! The condition with one part changed, for trials to notice.

use super::{Comparison, Maker};

impl Maker<'_> {
    /// Each part of the condition, changed.
    pub(super) fn mutants(&self) -> Vec<Mutant> {
        let hold = self.condition.hold;
        let threshold = self.condition.threshold;
        let own = threshold.map(|(comparison, value)| (comparison.op(), value));
        let mutant = |what: &str, threshold, hold, stretch| Mutant {
            what: what.to_owned(),
            threshold,
            hold,
            stretch,
        };
        let mut all = vec![
            mutant("`for` is twice as long", own, hold * 2, 1.0),
            mutant("`for` is half as long", own, hold / 2, 1.0),
        ];
        if self.window > 0 {
            all.push(mutant("the window is twice as long", own, hold, 2.0));
            all.push(mutant("the window is half as long", own, hold, 0.5));
        }
        if let Some((comparison, value)) = threshold {
            let other = Some((comparison.opposite(), value));
            all.push(mutant("the comparison is turned round", other, hold, 1.0));
            let op = comparison.op();
            let changed = |value| Some((op, value));
            if value != 0.0 {
                let (more, less) = (changed(value * 2.0), changed(value / 2.0));
                all.push(mutant("the threshold is twice as much", more, hold, 1.0));
                all.push(mutant("the threshold is half as much", less, hold, 1.0));
            } else if comparison == Comparison::Above {
                all.push(mutant(
                    "the threshold is a million",
                    changed(1e6),
                    hold,
                    1.0,
                ));
                all.push(mutant(
                    "the threshold is below zero",
                    changed(-1.0),
                    hold,
                    1.0,
                ));
            }
        }
        all
    }
}

/// The condition with one part changed.
pub(super) struct Mutant {
    pub(super) what: String,
    pub(super) threshold: Option<(&'static str, f64)>,
    pub(super) hold: u64,
    pub(super) stretch: f64,
}
