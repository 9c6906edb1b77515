//! Sets of characters.

use super::unicode::Property;
use crate::table;

/// A set of characters: ranges and properties, possibly all but those.
#[derive(Clone, Debug, Default)]
pub(super) struct Class {
    /// Exact for ASCII, once finished: negation and properties included.
    ascii: u128,
    ranges: Vec<(char, char)>,
    /// The property, and whether all characters without it are meant.
    properties: Vec<(Property, bool)>,
    negated: bool,
    /// Case does not matter.
    folded: bool,
}

impl Class {
    pub(super) fn one(c: char) -> Class {
        let mut class = Class::default();
        class.add(c, c);
        class
    }

    pub(super) fn add(&mut self, from: char, to: char) {
        self.ranges.push((from, to));
    }

    pub(super) fn add_property(&mut self, property: Property, without: bool) {
        self.properties.push((property, without));
    }

    /// Adds all members of a shorthand such as `\d`, or all others.
    pub(super) fn add_ranges(&mut self, ranges: &[(char, char)], others: bool) {
        if !others {
            self.ranges.extend(ranges);
            return;
        }
        let mut from = '\0';
        for (first, last) in ranges {
            if let Some(before) = before(*first)
                && from <= before
            {
                self.add(from, before);
            }
            from = after(*last);
        }
        self.add(from, char::MAX);
    }

    /// Puts what was added in order. To be called once, at the end.
    pub(super) fn finish(mut self, negated: bool, folded: bool) -> Class {
        self.negated = negated;
        self.folded = folded;
        table::sort(&mut self.ranges, Ord::cmp);
        let mut merged: Vec<(char, char)> = Vec::with_capacity(self.ranges.len());
        for &(from, to) in &self.ranges {
            match merged.last_mut() {
                Some((_, end)) if from <= after(*end) => *end = (*end).max(to),
                _ => merged.push((from, to)),
            }
        }
        self.ranges = merged;
        for byte in 0..128u8 {
            if self.holds(char::from(byte)) {
                self.ascii |= 1 << byte;
            }
        }
        self
    }

    /// Whether a character is in the set.
    pub(super) fn has(&self, c: char) -> bool {
        if c.is_ascii() {
            self.ascii & (1 << u32::from(c)) != 0
        } else {
            self.holds(c)
        }
    }

    fn holds(&self, c: char) -> bool {
        let plain = |c: char| {
            let at = self.ranges.partition_point(|(from, _)| *from <= c);
            at > 0 && c <= self.ranges[at - 1].1
                || self
                    .properties
                    .iter()
                    .any(|(property, without)| property.has(c) != *without)
        };
        let found = plain(c) || self.folded && (plain(lower(c)) || plain(upper(c)));
        found != self.negated
    }

    /// Whether no character is in both sets. May answer `false` when that is hard to tell.
    pub(super) fn is_apart_from(&self, other: &Class) -> bool {
        self.ascii & other.ascii == 0 && (!self.has_more() || !other.has_more())
    }

    /// Whether there may be members beyond ASCII.
    fn has_more(&self) -> bool {
        let wide = self.ranges.last().is_some_and(|(_, to)| !to.is_ascii());
        self.negated || self.folded || wide || !self.properties.is_empty()
    }
}

/// The same letter as a small one, where that is one character.
fn lower(c: char) -> char {
    let mut all = c.to_lowercase();
    match (all.next(), all.next()) {
        (Some(lower), None) => lower,
        _ => c,
    }
}

/// The same letter as a capital, where that is one character.
fn upper(c: char) -> char {
    let mut all = c.to_uppercase();
    match (all.next(), all.next()) {
        (Some(upper), None) => upper,
        _ => c,
    }
}

/// The next character, surrogates left out; the last one stays.
fn after(c: char) -> char {
    match c {
        '\u{d7ff}' => '\u{e000}',
        _ => char::from_u32(u32::from(c) + 1).unwrap_or(char::MAX),
    }
}

fn before(c: char) -> Option<char> {
    match c {
        '\u{e000}' => Some('\u{d7ff}'),
        _ => u32::from(c).checked_sub(1).and_then(char::from_u32),
    }
}

/// `\d`
pub(super) const DIGITS: &[(char, char)] = &[('0', '9')];
/// `\w`
pub(super) const WORD: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
/// `\s`
pub(super) const SPACE: &[(char, char)] = &[
    ('\t', '\r'),
    (' ', ' '),
    ('\u{a0}', '\u{a0}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{2000}', '\u{200a}'),
    ('\u{2028}', '\u{2029}'),
    ('\u{202f}', '\u{202f}'),
    ('\u{205f}', '\u{205f}'),
    ('\u{3000}', '\u{3000}'),
    ('\u{feff}', '\u{feff}'),
];
/// What `.` does not match.
pub(super) const LINE_ENDS: &[(char, char)] =
    &[('\n', '\n'), ('\r', '\r'), ('\u{2028}', '\u{2029}')];
