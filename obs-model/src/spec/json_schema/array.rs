//! Lists and tuples.

use super::Decision;
use super::alternatives::Alternative;
use super::kinds::Kinds;
use super::lowering::{Lowered, Lowering};
use super::names::Place;
use super::view::Key;
use crate::model::{Assertion, Shape, Type};
use obs_schema::json_schema::SchemaId;

/// Longer ones are lists.
const MAX_TUPLE: u64 = 12;

impl Lowering<'_> {
    pub(super) fn array(&mut self, alternative: &Alternative<'_>, place: &Place) -> Lowered {
        let view = &alternative.view;
        let parts = || view.parts.iter().map(|part| part.1);
        let prefix = parts()
            .map(|part| part.prefix_items.len())
            .max()
            .unwrap_or(0);
        let minimum = parts().filter_map(|part| part.min_items).max();
        let ends =
            parts().filter(|part| part.items.is_some_and(|items| self.schemas.forbids(items)));
        let end = ends.map(|part| part.prefix_items.len() as u64).min();
        let maximum = parts().filter_map(|part| part.max_items).chain(end).min();
        let at = |index: usize| -> Vec<SchemaId> {
            let each = parts();
            each.filter_map(|part| part.prefix_items.get(index).copied().or(part.items))
                .collect()
        };

        let mut assertions = Vec::new();
        if parts().any(|part| part.unique_items) {
            assertions.push(Assertion::UniqueItems);
        }
        let mut exact = !view.unsaid.meets(Kinds::ARRAY);
        if let Some(values) = &view.values {
            let lists = values
                .iter()
                .filter(|value| Kinds::of(value) == Kinds::ARRAY);
            assertions.push(Assertion::Enum(lists.cloned().collect()));
        }
        let shape = match maximum {
            Some(length)
                if prefix > 0
                    && (1..=MAX_TUPLE).contains(&length)
                    && minimum.is_some_and(|least| least >= length) =>
            {
                self.decide(place.node, Decision::Tuple);
                let mut items = Vec::new();
                for index in 0..usize::try_from(length).unwrap_or(0) {
                    let item = self.item(&at(index), place, &format!("item_{}", index + 1));
                    exact &= item.exact;
                    items.push(item.ty);
                }
                Shape::Tuple(items)
            }
            _ => {
                assertions.extend(minimum.filter(|least| *least > 0).map(Assertion::MinItems));
                assertions.extend(maximum.map(Assertion::MaxItems));
                let places = prefix.min(maximum.map_or(usize::MAX, |most| {
                    usize::try_from(most).unwrap_or(usize::MAX)
                }));
                let item = if maximum == Some(0) {
                    Lowered::json()
                } else if places == 0 {
                    self.decide(place.node, Decision::Array);
                    self.item(&at(prefix), place, "item")
                } else {
                    let goes_on = maximum.is_none_or(|most| most > places as u64);
                    let mut keys: Vec<Key> = (0..places + usize::from(goes_on))
                        .map(|index| Key::new(&self.schemas, at(index)))
                        .collect();
                    keys.dedup();
                    exact &= keys.len() == 1;
                    if keys.len() > 1 && keys.iter().any(Key::is_free) {
                        self.untyped(place.node, "becomes a list of plain JSON values: its first places have types and any may follow");
                        Lowered::json()
                    } else {
                        self.decide(place.node, Decision::Array);
                        let below = place.below("item", None);
                        self.any_of(keys, &below)
                    }
                };
                exact &= item.exact;
                Shape::Array(Box::new(item.ty))
            }
        };
        Lowered {
            ty: Type {
                assertions,
                ..Type::plain(shape)
            },
            exact,
        }
    }

    /// The type of an element, sensitive when its schema says so.
    fn item(&mut self, schemas: &[SchemaId], place: &Place, word: &str) -> Lowered {
        let key = Key::new(&self.schemas, schemas.iter().copied());
        let below = place.below(word, schemas.last().copied());
        let lowered = self.ty(key, &below);
        self.guarded(schemas, lowered)
    }
}
