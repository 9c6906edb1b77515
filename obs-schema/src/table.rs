//! Maps and sorting with few kinds of keys.
//!
//! Whoever builds us compiles each kind of map and each kind of sorting anew, and the dozens of kinds that one would
//! write without a thought were a fifth of this crate. Here the kind of key alone makes another one: what belongs to a
//! key lies in a vector, and what is sorted is numbers.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::Hash;

/// A map that remembers the order of its keys. Nothing leaves it.
#[derive(Clone, Debug)]
pub struct Table<K, V> {
    places: HashMap<K, usize>,
    values: Vec<V>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table {
            places: HashMap::default(),
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
        self.places.get(key).map(|at| &self.values[*at])
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.places.get(key).map(|at| &mut self.values[*at])
    }

    /// Whether a key has a value.
    pub fn contains<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.places.contains_key(key)
    }

    /// Gives a key a value; the one it had comes back.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        if let Some(known) = self.get_mut(&key) {
            return Some(std::mem::replace(known, value));
        }
        self.places.insert(key, self.values.len());
        self.values.push(value);
        None
    }

    /// The value of a key, which gets one if it has none.
    pub fn get_or(&mut self, key: K, value: impl FnOnce() -> V) -> &mut V {
        let at = match self.places.get(&key) {
            Some(at) => *at,
            None => {
                // Whoever makes the value may not look at the table, so the place is still the next one.
                let at = self.values.len();
                self.values.push(value());
                self.places.insert(key, at);
                at
            }
        };
        &mut self.values[at]
    }

    /// The keys, in any order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.places.keys()
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
        self.places.clear();
        self.values.clear();
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
pub fn sort<T>(items: &mut Vec<T>, mut compare: impl FnMut(&T, &T) -> Ordering) {
    let order = order(items.len(), &mut |a, b| compare(&items[a], &items[b]));
    let mut left: Vec<Option<T>> = std::mem::take(items).into_iter().map(Some).collect();
    items.extend(order.into_iter().filter_map(|at| left[at].take()));
}

/// The numbers below a bound in the order that a comparison of two of them says.
pub fn order(len: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    order.sort_by(|a, b| compare(*a, *b));
    order
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
}
