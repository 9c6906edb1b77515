//! A span with nothing in it, of which whoever carries it knows all there is.

#[cfg(not(feature = "off-spans"))]
use super::Span;
use super::{Attributes, Fate, Outcome, SpanMeta};
use crate::clock::Moment;
use crate::context::{Context, SpanContext};
#[cfg(not(feature = "off-spans"))]
use crate::export;

/// The span of a publish. Where it stands, what is around it and when it began the publish has anyhow, so that is not
/// kept here again; in a program without spans it is nothing at all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf {
    /// None where there is no span, and once it has ended.
    #[cfg(not(feature = "off-spans"))]
    meta: Option<&'static SpanMeta>,
}

impl Leaf {
    /// Starts one in a context, if there is to be one. Gives where it stands.
    #[inline]
    pub(crate) fn start(
        wanted: bool,
        meta: &'static SpanMeta,
        cx: &Context,
    ) -> (Leaf, Option<SpanContext>) {
        #[cfg(not(feature = "off-spans"))]
        {
            let meta = wanted.then_some(meta);
            (Leaf { meta }, wanted.then(|| Span::place(cx.parts())))
        }
        #[cfg(feature = "off-spans")]
        {
            let _ = (wanted, meta, cx);
            (Leaf {}, None)
        }
    }

    /// Whether there is one that has not ended.
    #[inline]
    pub(crate) fn is_open(self) -> bool {
        #[cfg(not(feature = "off-spans"))]
        return self.meta.is_some();
        #[cfg(feature = "off-spans")]
        false
    }

    /// Ends it, once: where it stood, in what context, from when to when.
    #[inline]
    pub(crate) fn end<'o>(
        &mut self,
        (place, cx): (Option<SpanContext>, &Context),
        (start, at): (Moment, Moment),
        outcome: impl FnOnce() -> Outcome<'o>,
        fill: impl FnOnce(&mut Attributes<'_>),
    ) -> Fate {
        #[cfg(not(feature = "off-spans"))]
        if let (Some(meta), Some(place)) = (self.meta.take(), place) {
            let outcome = outcome();
            // The most frequent end of those that nobody sampled, or nobody exports.
            let fine = matches!(outcome, Outcome::Fine) && at.nanos_since(start) < meta.slow;
            let waits = || cx.open_span().is_some_and(|scope| scope.holds_up());
            if !place.sampled && fine && !meta.audit && !waits() {
                return Fate::Dropped;
            }
            if place.sampled && !export::active() && cx.recorder().is_none() {
                export::missed();
                return Fate::Dropped;
            }
            return Span::at(meta, place, cx.parts(), start).end(at, &outcome, fill);
        }
        #[cfg(feature = "off-spans")]
        let _ = (place, cx, start, at, outcome, fill);
        Fate::Dropped
    }
}
