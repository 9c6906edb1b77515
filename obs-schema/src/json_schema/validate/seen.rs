//! What has been evaluated of an instance: the annotations that `unevaluated*` asks for.

/// Members by their position in the object, elements by theirs in the array.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    all: bool,
    /// Everything below has been seen.
    below: usize,
    bits: Vec<u64>,
}

impl Seen {
    pub(super) fn mark(&mut self, at: usize) {
        if self.has(at) {
            return;
        }
        let word = at / 64;
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        self.bits[word] |= 1 << (at % 64);
    }

    pub(super) fn mark_below(&mut self, end: usize) {
        self.below = self.below.max(end);
    }

    pub(super) fn mark_all(&mut self) {
        self.all = true;
    }

    pub(super) fn has(&self, at: usize) -> bool {
        self.all
            || at < self.below
            || self
                .bits
                .get(at / 64)
                .is_some_and(|word| word & (1 << (at % 64)) != 0)
    }

    /// Takes over what a subschema has seen.
    pub(super) fn merge(&mut self, other: &Seen) {
        self.all |= other.all;
        self.below = self.below.max(other.below);
        if self.bits.len() < other.bits.len() {
            self.bits.resize(other.bits.len(), 0);
        }
        for (word, more) in self.bits.iter_mut().zip(&other.bits) {
            *word |= more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_merged() {
        let mut seen = Seen::default();
        seen.mark(70);
        seen.mark_below(2);
        assert!(seen.has(0) && seen.has(1) && !seen.has(2) && seen.has(70) && !seen.has(71));
        let mut other = Seen::default();
        other.mark(5);
        other.merge(&seen);
        assert!(other.has(5) && other.has(70) && other.has(1) && !other.has(6));
        other.mark_all();
        seen.merge(&other);
        assert!(seen.has(1_000));
    }
}
