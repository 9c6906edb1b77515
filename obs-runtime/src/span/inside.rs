//! Spans that are open, as far as they are known without what is around them.
//!
//! That is all there is of a call whose context is made when somebody looks, and what a context says of any span.

use std::sync::Arc;

use super::local::Local;
use super::record::{Counts, Record};
use super::work::Scope;
use super::{Failure, Fate, Outcome, Span, SpanMeta, pass};
use crate::clock::{Look, Moment};
use crate::context::{Context, Parts, SpanContext};
use crate::ids::{SpanId, TraceId};
use crate::{export, sample};

/// A span that is open, in no test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inside {
    meta: &'static SpanMeta,
    span: SpanContext,
    /// The span around it, and whether that one is of another program.
    parent: Option<SpanId>,
    remote: bool,
    start: Look,
    /// When the outermost began of those that it is in and whose contexts nobody has made.
    began: Look,
    /// Those below wait for its end.
    root: bool,
    /// Something is around it that it waits with.
    waits: bool,
}

impl Inside {
    /// Begins one under the span of a context that no test looks at, or under one on top of that, below which nothing
    /// waits.
    #[inline]
    pub(crate) fn begin(
        meta: &'static SpanMeta,
        cx: &Context,
        above: Option<&Inside>,
        at: Look,
    ) -> Inside {
        let (parent, waits, began) = match above {
            Some(above) => (Some(&above.span), false, above.began),
            None => {
                let parent = cx.parts().and_then(|parts| parts.span.as_ref());
                (parent, cx.open_span().is_some_and(|it| it.holds_up()), at)
            }
        };
        let trace = parent.map_or_else(TraceId::random, |parent| parent.trace);
        let sampled = sample::head(parent, trace);
        Inside {
            meta,
            span: SpanContext {
                trace,
                span: SpanId::random(),
                sampled,
                remote: false,
            },
            parent: parent.map(|parent| parent.span),
            remote: parent.is_some_and(|parent| parent.remote),
            start: at,
            began,
            root: !sampled && !waits && export::active() && sample::rescues(),
            waits,
        }
    }

    #[inline]
    pub(crate) fn start(&self) -> Look {
        self.start
    }

    #[inline]
    pub(crate) fn span(&self) -> SpanContext {
        self.span
    }

    /// Whether spans below wait for anything.
    #[inline]
    pub(crate) fn holds_up(&self) -> bool {
        self.root || self.waits
    }

    /// What it waits with.
    fn local(&self, cx: &Context) -> Option<Arc<Local>> {
        let around = if self.waits { cx.open_span() } else { None };
        around.and_then(|scope| scope.local())
    }

    /// What is going on inside of the span, by what is going on around it.
    pub(crate) fn context(&self, cx: &Context) -> Context {
        let shown = Shown {
            span: self.span,
            began: self.began.moment(),
            root: self.root.then(|| self.start.moment()),
            fixed: self.meta.fixed.len(),
        };
        shown.within(cx.clone(), self.local(cx))
    }

    /// The same with all that is known of it from around.
    pub(super) fn whole(self, cx: &Context) -> Span {
        Span {
            meta: self.meta,
            context: self.span,
            parent: self.parent.map(|span| SpanContext {
                span,
                remote: self.remote,
                ..self.span
            }),
            state: cx.parts().and_then(|parts| parts.state.clone()),
            start: self.start.moment(),
            local: self.local(cx),
            root: self.root,
            recorder: None,
        }
    }

    /// Whether it ends without a trace, as most do that nobody sampled. Where its context was `made`, others may wait
    /// for it.
    #[inline]
    pub(crate) fn vanishes(&self, nanos: u64, failed: bool, made: bool) -> bool {
        let may_leave = self.span.sampled || self.waits || self.meta.audit;
        !may_leave && nanos < self.meta.slow && !failed && !made
    }

    /// Whether it leaves with nothing to say, as most do that are sampled.
    #[inline]
    pub(crate) fn is_plain(&self, failed: bool, made: bool) -> bool {
        self.span.sampled && !self.waits && !failed && !made
    }

    /// The end of one that [is plain](Inside::is_plain), so many nanoseconds after its start. Gives the span if it
    /// leaves, with the moment.
    #[inline]
    pub(crate) fn leave(
        &self,
        cx: &Context,
        at: Look,
        nanos: u64,
    ) -> Option<(SpanContext, Moment)> {
        if !export::active() {
            export::missed();
            return None;
        }
        let at = at.just_now();
        let fate = pass(self.record(cx, at, nanos));
        (fate == Fate::Exported).then_some((self.span, at))
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
        let fate = self.whole(cx).finish(at, &outcome, scope, |_| {});
        (fate == Fate::Exported).then_some((self.span, at))
    }

    /// All there is to say about it.
    #[inline]
    fn record(&self, cx: &Context, at: Moment, nanos: u64) -> Record {
        let end = at.unix_nanos();
        Record {
            meta: self.meta,
            trace: self.span.trace,
            span: self.span.span,
            parent: self.parent,
            remote: self.remote,
            state: cx.parts().and_then(|parts| parts.state.clone()),
            start: end.saturating_sub(nanos),
            end,
            reason: None,
            own: Counts::default(),
            id: 0,
            rare: None,
        }
    }
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
