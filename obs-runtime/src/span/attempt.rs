//! The span of an attempt to process an event. Others begin inside of it, and the context in there has all there is to
//! know of it, so nothing else is kept.

use super::{Attributes, Failure, Fate, Outcome, Span, SpanMeta, inside};
use crate::clock::Moment;
use crate::context::{Context, Parts, SpanContext};
use crate::{export, sample};

/// Begins one in the place of a context that is over, made of the same base, in which there is no span; `around` says
/// what differs from that.
#[inline]
pub(crate) fn begin(
    meta: &'static SpanMeta,
    (mut context, base): (Context, &Context),
    at: Moment,
    around: impl FnOnce(&mut Parts),
) -> Context {
    context.renew(base, |parts, place| {
        around(parts);
        let span = Span::place(Some(parts));
        let root = !span.sampled && export::active() && sample::rescues();
        inside::enter(parts, (meta, span, at), root, place);
    });
    context
}

/// Ends the one of a context. Gives the span if it leaves.
#[inline]
pub(crate) fn end(
    meta: &'static SpanMeta,
    (cx, parent): (&Context, Option<SpanContext>),
    [start, at]: [Moment; 2],
    failure: Option<Failure<'_>>,
    fill: impl FnOnce(&mut Attributes<'_>),
) -> Option<SpanContext> {
    let parts = cx.parts()?;
    let (context, scope) = (parts.span?, cx.open_span());
    // The most frequent end of those that nobody sampled, or nobody exports.
    if scope.is_none() {
        let fine = failure.is_none() && at.nanos_since(start) < meta.slow && !meta.audit;
        if !context.sampled && fine {
            return None;
        }
        if context.sampled && !export::active() && parts.recorder().is_none() {
            export::missed();
            return None;
        }
    }
    let mut span = Span {
        meta,
        context,
        parent,
        state: parts.state.clone(),
        start,
        local: None,
        root: scope.is_some_and(|scope| scope.is_root()),
        recorder: parts.recorder().cloned(),
    };
    let outcome = failure.map_or(Outcome::Fine, Outcome::Failed);
    let fate = span.finish(at, &outcome, scope, fill);
    (fate == Fate::Exported).then_some(context)
}
