//! From borrowed twins to values with memory of their own.

/// Every element, converted.
pub fn owned_list<T, U>(items: &[T], convert: impl FnMut(&T) -> U) -> Vec<U> {
    items.iter().map(convert).collect()
}

/// Every entry, converted; of repeated keys the last one wins.
pub fn owned_map<T, U, M: Default + Extend<(String, U)>>(
    entries: &[(&str, T)],
    mut convert: impl FnMut(&T) -> U,
) -> M {
    let mut map = M::default();
    map.extend(
        entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), convert(value))),
    );
    map
}
