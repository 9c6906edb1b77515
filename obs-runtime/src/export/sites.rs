//! What is the same in all spans of a kind, encoded once.

use std::ptr;

use crate::span::SpanMeta;

/// Which kind: the address of what the program says of such spans, and how long the id of an event is in them.
type Key = (usize, usize);

/// Something for each kind of span that has come by. There are as many as the program has places with spans.
#[derive(Debug)]
pub(super) struct Sites<T>(Vec<(Key, T)>);

impl<T> Sites<T> {
    pub(super) const fn new() -> Sites<T> {
        Sites(Vec::new())
    }

    /// What there is for spans of this kind with ids of this length, which is made when the first comes by.
    #[inline]
    pub(super) fn of(
        &mut self,
        meta: &'static SpanMeta,
        id: usize,
        make: impl FnOnce() -> Option<T>,
    ) -> Option<&T> {
        let key = (ptr::from_ref(meta).addr(), id);
        let place = match self.0.binary_search_by_key(&key, |(known, _)| *known) {
            Ok(place) => place,
            Err(place) => {
                self.0.insert(place, (key, make()?));
                place
            }
        };
        self.0.get(place).map(|(_, it)| it)
    }
}
