//! Spans that are open, as far as they are known without what is around them.
//!
//! That is all there is of a call whose context is made when somebody looks, and what a context says of any span.

use std::sync::Arc;

use super::local::Local;
use super::ring::{Number, Plain};
use super::work::Scope;
use super::{Failure, Fate, Outcome, Span, SpanMeta, pass};
use crate::clock::{Look, Moment};
use crate::context::{Bare, Context, Here, Marks, Parts, Place, SpanContext};
use crate::ids::{SpanId, TraceId};
use crate::{export, sample};

/// Begins a span at a place that no test looks at. Below one that is not made yet nothing waits.
#[inline(always)]
pub(crate) fn stand(meta: &'static SpanMeta, around: &Here, at: Look) -> Place {
    let parent = around.span();
    let trace = parent.map_or_else(TraceId::random, |parent| parent.trace);
    let sampled = sample::head(parent.as_ref(), trace);
    let kept = around.marks().only(Marks::STATED);
    let marks = if around.marks().holds_up() {
        kept.and(Marks::WAITS)
    } else {
        let root = !sampled && export::active() && sample::rescues();
        kept.and(Marks::ROOT.when(root))
    };
    Place {
        span: Some(SpanContext {
            trace,
            span: SpanId::random(),
            sampled,
            remote: false,
        }),
        bare: Some(Bare {
            meta,
            began: around.bare().map_or(at, |above| above.began),
        }),
        marks: marks.of_bare(),
    }
}

/// What is going on inside of the span of a place, by what is going on around it.
pub(crate) fn inside_of(place: &Place, cx: &Context) -> Option<Context> {
    let (span, bare) = (place.span?, place.bare?);
    let began = bare.began.moment();
    let shown = Shown {
        span,
        began,
        root: place.marks.has(Marks::ROOT).then_some(began),
        fixed: bare.meta.fixed.len(),
    };
    Some(shown.within(cx.clone(), local(place, cx)))
}

/// What a span waits with.
fn local(place: &Place, cx: &Context) -> Option<Arc<Local>> {
    let around = if place.marks.has(Marks::WAITS) {
        cx.open_span()
    } else {
        None
    };
    around.and_then(|scope| scope.local())
}

/// A span that is open, in no test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inside {
    pub(crate) meta: &'static SpanMeta,
    pub(crate) start: Look,
    /// Where those below are.
    pub(crate) place: Place,
    /// The span around it, and whether that one is of another program.
    pub(crate) parent: Option<SpanContext>,
}

impl Inside {
    pub(crate) fn span(&self) -> Option<SpanContext> {
        self.place.span
    }

    /// What is going on inside of the span, by what is going on around it.
    pub(crate) fn context(&self, cx: &Context) -> Context {
        inside_of(&self.place, cx).unwrap_or_else(|| cx.clone())
    }

    /// The same with all that is known of it from around.
    pub(super) fn whole(self, cx: &Context) -> Option<Span> {
        Some(Span {
            meta: self.meta,
            context: self.place.span?,
            parent: self.parent,
            state: cx.parts().and_then(|parts| parts.state.clone()),
            start: self.start.moment(),
            local: local(&self.place, cx),
            root: self.place.marks.has(Marks::ROOT),
            recorder: None,
        })
    }

    /// The end of any. What the failure says is code of the user's, so nothing may be held.
    pub(crate) fn end(
        self,
        cx: &Context,
        at: Look,
        failure: Option<Failure<'_>>,
        made: Option<&Context>,
    ) -> Option<(SpanContext, Moment)> {
        let at = at.just_now();
        let outcome = failure.map_or(Outcome::Fine, Outcome::Failed);
        let scope = made.and_then(Context::open_span);
        let mut whole = self.whole(cx)?;
        let fate = whole.finish(at, &outcome, scope, |_| {});
        (fate == Fate::Exported).then_some((whole.context, at))
    }
}

/// Whether a span that has ended well after so many nanoseconds ends without a trace, as most do that nobody sampled.
#[inline]
pub(crate) fn vanishes(meta: &SpanMeta, sampled: bool, marks: Marks, nanos: u64) -> bool {
    let may_leave = sampled || marks.has(Marks::WAITS) || meta.audit;
    !may_leave && nanos < meta.slow
}

/// The end of one that was sampled, has ended well and has nothing to say, so many nanoseconds after its start. Gives it
/// if it leaves, with the moment; `None`: more has to be known of it.
#[inline]
pub(crate) fn leave(
    meta: Number,
    (span, marks): (SpanContext, Marks),
    parent: Option<SpanContext>,
    at: Look,
    nanos: u64,
) -> Option<Option<(SpanContext, Moment)>> {
    if !span.sampled || marks.has(Marks::WAITS.and(Marks::STATED)) {
        return None;
    }
    if !export::active() {
        export::missed();
        return Some(None);
    }
    let at = at.just_now();
    let end = at.unix_nanos();
    let fate = pass(&Plain {
        meta,
        span,
        parent,
        start: end.saturating_sub(nanos),
        end,
    });
    Some((fate == Fate::Exported).then_some((span, at)))
}

/// What a context says of a span that is open.
struct Shown {
    span: SpanContext,
    began: Moment,
    /// When it began, if those below wait for it.
    root: Option<Moment>,
    /// How many attributes it has anyhow.
    fixed: usize,
}

impl Shown {
    fn of(span: &Span) -> Shown {
        Shown {
            span: span.context,
            began: span.start,
            root: span.root.then_some(span.start),
            fixed: span.meta.fixed.len(),
        }
    }

    fn within(self, cx: Context, local: Option<Arc<Local>>) -> Context {
        cx.with(|parts| self.enter(parts, local, None))
    }

    /// Puts it in place in a context, with what was said of another one that is over.
    #[inline]
    fn enter(self, parts: &mut Parts, local: Option<Arc<Local>>, place: Option<Arc<Scope>>) {
        let may_leave = self.span.sampled || self.root.is_some() || local.is_some();
        let wanted = export::active() || parts.recorder().is_some();
        let scope = (may_leave && wanted).then(|| Scope::new(place, local, self.root, self.fixed));
        parts.span = Some(self.span);
        parts.set_scope(scope);
        parts.began.get_or_insert(self.began);
    }
}

/// What is going on inside of a span.
pub(super) fn of(cx: &Context, span: &Span) -> Context {
    Shown::of(span).within(cx.clone(), span.local.clone())
}

/// The same of one that has begun, below which others wait if it is a `root`, in what is known around it and with what
/// was said of another span that is over.
#[cfg(all(feature = "tokio", not(feature = "off-spans")))]
#[inline]
pub(super) fn enter(
    parts: &mut Parts,
    (meta, span, began): (&'static SpanMeta, SpanContext, Moment),
    root: bool,
    place: Option<Arc<Scope>>,
) {
    let shown = Shown {
        span,
        began,
        root: root.then_some(began),
        fixed: meta.fixed.len(),
    };
    shown.enter(parts, None, place);
}
