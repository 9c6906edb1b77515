//! Equality as JSON Schema means it, in time that hostile input cannot blow up.

use super::number;
use crate::json::{Json, Number};
use crate::table::{self, Table};
use std::cmp::Ordering;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

/// Up to here comparing everything with everything is the fastest way.
const FEW: usize = 16;

/// Whether two values are equal: `1` equals `1.0`, and the order of members does not matter.
#[must_use]
pub fn equal(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Null, Json::Null) => true,
        (Json::Bool(a), Json::Bool(b)) => a == b,
        (Json::Number(a), Json::Number(b)) => number::compare(a, b) == Ordering::Equal,
        (Json::String(a), Json::String(b)) => a == b,
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Json::Object(a), Json::Object(b)) => a.len() == b.len() && equal_members(a, b),
        _ => false,
    }
}

fn equal_members(a: &[(String, Json)], b: &[(String, Json)]) -> bool {
    if (0..a.len()).all(|at| a[at].0 == b[at].0) {
        return (0..a.len()).all(|at| equal(&a[at].1, &b[at].1));
    }
    if a.len() <= FEW {
        return a.iter().all(|(name, value)| {
            let same = b.iter().find(|(other, _)| other == name);
            same.is_some_and(|(_, other)| equal(value, other))
        });
    }
    let sorted = |members: &[(String, Json)]| {
        table::order(members.len(), &mut |a, b| members[a].0.cmp(&members[b].0))
    };
    let (sorted_a, sorted_b) = (sorted(a), sorted(b));
    (0..a.len()).all(|at| {
        let (a, b) = (&a[sorted_a[at]], &b[sorted_b[at]]);
        a.0 == b.0 && equal(&a.1, &b.1)
    })
}

/// Whether no two elements are equal.
#[must_use]
pub fn all_unique(items: &[Json]) -> bool {
    if items.len() <= FEW {
        return (0..items.len()).all(|at| {
            let item = &items[at];
            !items[..at].iter().any(|other| equal(item, other))
        });
    }
    // Seeded, so that nobody can choose elements that collide.
    let state = RandomState::new();
    let mut seen: Table<u128, Vec<usize>> = Table::default();
    for (at, item) in items.iter().enumerate() {
        let same = seen.get_or(u128::from(hash(&state, item)), Vec::new);
        if same.iter().any(|other| equal(&items[*other], item)) {
            return false;
        }
        same.push(at);
    }
    true
}

/// Equal values have equal hashes.
fn hash(state: &RandomState, value: &Json) -> u64 {
    let mut hasher = state.build_hasher();
    match value {
        Json::Null => 0u8.hash(&mut hasher),
        Json::Bool(value) => (1u8, value).hash(&mut hasher),
        Json::Number(number) => (2u8, nearest_bits(number)).hash(&mut hasher),
        Json::String(text) => (3u8, text).hash(&mut hasher),
        Json::Array(items) => {
            (4u8, items.len()).hash(&mut hasher);
            for item in items {
                hash(state, item).hash(&mut hasher);
            }
        }
        Json::Object(members) => {
            // A sum does not see the order.
            let mut sum = 0u64;
            for (name, value) in members {
                sum = sum.wrapping_add(state.hash_one((name, hash(state, value))));
            }
            (5u8, members.len(), sum).hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// The nearest double; both zeros are one.
fn nearest_bits(number: &Number) -> u64 {
    (number.as_f64() + 0.0).to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: i64) -> Vec<Json> {
        (0..count).map(|at| Json::Number(Number::Int(at))).collect()
    }

    #[test]
    fn big_arrays_are_looked_through_quickly() {
        let mut items = numbers(20_000);
        assert!(all_unique(&items));
        items.push(Json::Number(Number::Float(7.0)));
        assert!(!all_unique(&items));
    }

    #[test]
    fn members_in_another_order_are_equal() {
        let members: Vec<(String, Json)> = numbers(5_000)
            .into_iter()
            .enumerate()
            .map(|(at, value)| (format!("k{at}"), value))
            .collect();
        let mut turned = members.clone();
        turned.reverse();
        assert!(equal(
            &Json::Object(members.clone()),
            &Json::Object(turned.clone())
        ));
        let mut many = vec![Json::Object(members), Json::Object(turned)];
        assert!(!all_unique(&many));
        many.extend(numbers(20));
        assert!(!all_unique(&many));
    }
}
