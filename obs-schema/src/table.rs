//! Maps, sorting and joining with few kinds of keys.
//!
//! Whoever builds us compiles each kind of map and each kind of sorting anew, and the dozens of kinds that one would
//! write without a thought were a fifth of this crate. Here there is one map, of hashes to places, and one sorting, of
//! numbers; a kind of key or of value adds a few lines to them.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::hash::{BuildHasher, Hash, RandomState};

/// A map that remembers the order of its keys. Nothing leaves it.
#[derive(Clone, Debug)]
pub struct Table<K, V> {
    keys: Keys<K>,
    values: Vec<V>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table {
            keys: Keys {
                all: Vec::new(),
                places: Index::default(),
            },
            values: Vec::new(),
        }
    }
}

impl<K: Hash + Eq, V> Table<K, V> {
    /// The value of a key.
    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.values.get(self.keys.place(key)?)
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.values.get_mut(self.keys.place(key)?)
    }

    /// Whether a key has a value.
    pub fn contains<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.keys.place(key).is_some()
    }

    /// Gives a key a value; the one it had comes back.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (at, new) = self.keys.place_or_add(key);
        if new {
            self.values.push(value);
            return None;
        }
        Some(std::mem::replace(&mut self.values[at], value))
    }

    /// The value of a key, which gets one if it has none.
    pub fn get_or(&mut self, key: K, value: impl FnOnce() -> V) -> &mut V {
        let (at, new) = self.keys.place_or_add(key);
        if new {
            self.values.push(value());
        }
        &mut self.values[at]
    }

    /// The keys, in the order of their arrival.
    pub fn keys(&self) -> std::slice::Iter<'_, K> {
        self.keys.all.iter()
    }

    /// The values, in the order of their keys' arrival.
    pub fn values(&self) -> std::slice::Iter<'_, V> {
        self.values.iter()
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> std::slice::IterMut<'_, V> {
        self.values.iter_mut()
    }

    /// The values alone.
    #[must_use]
    pub fn into_values(self) -> Vec<V> {
        self.values
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.keys.all.clear();
        self.keys.places.clear();
        self.values.clear();
    }
}

/// The keys of a table, of which each kind is compiled once, whatever belongs to them.
#[derive(Clone, Debug)]
struct Keys<K> {
    all: Vec<K>,
    places: Index,
}

impl<K: Hash + Eq> Keys<K> {
    fn place<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        self.places
            .find(key, &mut |at| self.all[at].borrow() == key)
    }

    /// The place of a key, and whether it has just got it.
    fn place_or_add(&mut self, key: K) -> (usize, bool) {
        if let Some(place) = self.place(&key) {
            return (place, false);
        }
        let place = self.places.add(&key);
        self.all.push(key);
        (place, true)
    }
}

/// The places of keys in a list that somebody else keeps, by their hashes.
#[derive(Clone, Debug, Default)]
pub struct Index {
    hashing: RandomState,
    /// A hash and one past the place of its key, or zeros. Whoever finds a slot taken goes to the next one. Their
    /// number is a power of two, and half of them are free.
    slots: Vec<(u64, usize)>,
    len: usize,
}

impl Index {
    /// The place of a key, which the caller recognises.
    pub fn find<Q: Hash + ?Sized>(
        &self,
        key: &Q,
        is_it: &mut dyn FnMut(usize) -> bool,
    ) -> Option<usize> {
        self.find_hash(self.hashing.hash_one(key), is_it)
    }

    /// Gives a key that has no place the next one.
    pub fn add<Q: Hash + ?Sized>(&mut self, key: &Q) -> usize {
        self.add_hash(self.hashing.hash_one(key))
    }

    /// The slot where the search for a hash begins.
    #[expect(clippy::cast_possible_truncation, reason = "the lower bits choose")]
    fn first(&self, hash: u64) -> usize {
        hash as usize & self.slots.len().wrapping_sub(1)
    }

    fn find_hash(&self, hash: u64, is_it: &mut dyn FnMut(usize) -> bool) -> Option<usize> {
        let mut slot = self.first(hash);
        loop {
            let (known, past) = *self.slots.get(slot)?;
            let at = past.checked_sub(1)?;
            if known == hash && is_it(at) {
                return Some(at);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    fn add_hash(&mut self, hash: u64) -> usize {
        let at = self.len;
        self.len += 1;
        if self.len * 2 > self.slots.len() {
            let more = vec![(0, 0); (self.len * 4).next_power_of_two()];
            for (hash, past) in std::mem::replace(&mut self.slots, more) {
                if past > 0 {
                    self.put(hash, past);
                }
            }
        }
        self.put(hash, at + 1);
        at
    }

    fn put(&mut self, hash: u64, past: usize) {
        let mut slot = self.first(hash);
        while self.slots[slot].1 > 0 {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        self.slots[slot] = (hash, past);
    }

    fn clear(&mut self) {
        self.slots.clear();
        self.len = 0;
    }
}

/// What is a number, or several small ones: all of them are one kind of key.
pub trait Numbered: Copy {
    /// Different for different values of one type.
    fn number(self) -> u128;
}

impl Numbered for u32 {
    fn number(self) -> u128 {
        u128::from(self)
    }
}

impl Numbered for usize {
    fn number(self) -> u128 {
        self as u128
    }
}

/// For two numbers of 64 bits at most, as all are but pairs.
impl<A: Numbered, B: Numbered> Numbered for (A, B) {
    fn number(self) -> u128 {
        self.0.number() << 64 | self.1.number()
    }
}

/// Sorts, and leaves those that are equal in their order.
pub fn sort<T>(items: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    let order = order(items.len(), &mut |a, b| compare(&items[a], &items[b]));
    arrange(order, &mut |a, b| items.swap(a, b));
}

/// The numbers below a bound in the order that a comparison of two of them says.
pub fn order(len: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    let mut merged: Vec<usize> = Vec::with_capacity(len);
    // Runs of this length are in order, and every round merges two and two of them.
    let mut run = 1;
    while run < len {
        while merged.len() < len {
            let (mut left, middle) = (merged.len(), len.min(merged.len() + run));
            let (mut right, end) = (middle, len.min(middle + run));
            while merged.len() < end {
                let from_left =
                    right == end || left < middle && compare(order[left], order[right]).is_le();
                let next = if from_left { &mut left } else { &mut right };
                merged.push(order[*next]);
                *next += 1;
            }
        }
        std::mem::swap(&mut order, &mut merged);
        merged.clear();
        run *= 2;
    }
    order
}

/// Words one after the other, with something between them.
#[must_use]
pub fn joined<T: AsRef<str>>(words: &[T], between: &str) -> String {
    let mut text = String::new();
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            text.push_str(between);
        }
        text.push_str(word.as_ref());
    }
    text
}

/// Swaps what stands in a list until each place has what the order says.
fn arrange(mut order: Vec<usize>, swap: &mut dyn FnMut(usize, usize)) {
    for start in 0..order.len() {
        // What belongs to a place is fetched from where it is, and so on round the circle.
        let mut at = start;
        loop {
            let from = std::mem::replace(&mut order[at], at);
            if from == start {
                break;
            }
            swap(at, from);
            at = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_keep_the_first_place_and_the_last_value() {
        let mut table = Table::default();
        assert_eq!(table.insert("b", 1), None);
        assert_eq!(*table.get_or("a", || 2), 2);
        assert_eq!(table.insert("b", 3), Some(1));
        assert_eq!(*table.get_or("b", || 4), 3);
        assert_eq!(table.get("a"), Some(&2));
        assert_eq!(table.get("c"), None);
        assert_eq!(table.values().collect::<Vec<_>>(), [&3, &2]);
        table.clear();
        assert!(table.is_empty() && !table.contains("a"));
    }

    #[test]
    fn pairs_are_numbers_of_their_own() {
        assert_ne!((1u32, 2u32).number(), (2u32, 1u32).number());
        assert_ne!((0usize, usize::MAX).number(), (1usize, 0usize).number());
    }

    #[test]
    fn sorting_is_stable() {
        let mut items = vec![(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd')];
        sort(&mut items, |a, b| a.0.cmp(&b.0));
        assert_eq!(items, [(1, 'b'), (1, 'd'), (2, 'a'), (2, 'c')]);
    }

    #[test]
    fn many_are_sorted_as_the_standard_library_sorts_them() {
        for len in 0..130 {
            let items: Vec<usize> = (0..len).map(|at| at * 7919 % 101 % 17).collect();
            let mut ours: Vec<(usize, usize)> = items.into_iter().zip(0..).collect();
            let mut theirs = ours.clone();
            sort(&mut ours, |a, b| a.0.cmp(&b.0));
            theirs.sort_by_key(|item| item.0);
            assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn many_keys_are_all_found() {
        let mut table: Table<String, usize> = Table::default();
        for at in 0..1000 {
            assert_eq!(table.insert(at.to_string(), at), None);
            assert_eq!(table.len(), at + 1);
        }
        for at in 0..1000 {
            assert_eq!(table.get(at.to_string().as_str()), Some(&at));
        }
        assert!(!table.contains("1000"));
        table.clear();
        assert!(!table.contains("1"));
        table.insert("1".to_owned(), 2);
        assert_eq!(table.get("1"), Some(&2));
    }
}
