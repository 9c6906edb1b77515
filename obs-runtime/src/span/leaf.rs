//! A span with nothing in it, of which whoever carries it knows all there is.

#[cfg(not(feature = "off-spans"))]
use super::record::{Counts, Rare, Record};
use super::{Attributes, Fate, Outcome, SpanMeta};
#[cfg(not(feature = "off-spans"))]
use super::{Span, in_scratch, passed};
use crate::clock::Moment;
#[cfg(not(feature = "off-spans"))]
use crate::context::Parts;
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

    /// Takes it away from whoever carries it.
    #[inline]
    pub(crate) fn take(&mut self) -> Leaf {
        Leaf {
            #[cfg(not(feature = "off-spans"))]
            meta: self.meta.take(),
        }
    }

    /// Ends one that went well: where it stood, in what context, from when to when.
    #[inline]
    pub(crate) fn end(
        self,
        (place, cx): (Option<&SpanContext>, &Context),
        (start, at): (Moment, Moment),
        fill: impl FnOnce(&mut Attributes<'_>),
    ) -> Fate {
        #[cfg(not(feature = "off-spans"))]
        if let (Some(meta), Some(place)) = (self.meta, place) {
            let parts = cx.parts();
            let waits = || {
                parts
                    .and_then(Parts::open_span)
                    .is_some_and(|it| it.holds_up())
            };
            let recorded = || parts.is_some_and(|parts| parts.recorder().is_some());
            // The most frequent end of those that nobody sampled.
            if !place.sampled && !meta.audit && at.nanos_since(start) < meta.slow && !waits() {
                return Fate::Dropped;
            }
            // The most frequent end of the others: a record, and nothing else is done.
            if place.sampled && export::active() && !recorded() && !waits() {
                return leave(meta, place, parts, (start, at), fill);
            }
            let mut fill = Some(fill);
            return self.end_so((Some(place), cx), (start, at), &Outcome::Fine, &mut |to| {
                if let Some(fill) = fill.take() {
                    fill(to);
                }
            });
        }
        #[cfg(feature = "off-spans")]
        let _ = (place, cx, start, at, fill);
        Fate::Dropped
    }

    /// Ends any.
    #[cfg_attr(feature = "off-spans", inline)]
    #[cfg_attr(not(feature = "off-spans"), inline(never))]
    pub(crate) fn end_so(
        self,
        (place, cx): (Option<&SpanContext>, &Context),
        (start, at): (Moment, Moment),
        outcome: &Outcome<'_>,
        fill: &mut dyn FnMut(&mut Attributes<'_>),
    ) -> Fate {
        #[cfg(not(feature = "off-spans"))]
        if let (Some(meta), Some(place)) = (self.meta, place) {
            return Span::at(meta, *place, cx.parts(), start).end(at, outcome, fill);
        }
        #[cfg(feature = "off-spans")]
        let _ = (place, cx, start, at, outcome, fill);
        Fate::Dropped
    }
}

/// Writes one that went well and leaves at once: nothing waits with it, and no test looks.
#[cfg(not(feature = "off-spans"))]
#[inline]
fn leave(
    meta: &'static SpanMeta,
    place: &SpanContext,
    parts: Option<&Parts>,
    (start, at): (Moment, Moment),
    fill: impl FnOnce(&mut Attributes<'_>),
) -> Fate {
    in_scratch(|said| {
        fill(&mut Attributes::new(said, meta.fixed.len()));
        let over = said.dropped != Counts::default();
        let end = at.unix_nanos();
        let parent = parts.and_then(|parts| parts.span.as_ref());
        let record = Record {
            meta,
            trace: place.trace,
            span: place.span,
            parent: parent.map(|parent| parent.span),
            remote: parent.is_some_and(|parent| parent.remote),
            state: parts.and_then(|parts| parts.state.clone()),
            // From one anchor, so that a clock that steps does not turn the span around.
            start: end.saturating_sub(at.nanos_since(start)),
            end,
            reason: None,
            own: said.own,
            id: said.id,
            rare: over.then(|| {
                Box::new(Rare {
                    dropped: said.dropped,
                    ..Rare::default()
                })
            }),
        };
        passed(1, |mine| mine.put_one(record, &mut said.spans))
    })
}
