//! A span that goes along with something.

#[cfg(not(feature = "off-spans"))]
use super::Span;
use super::{Attributes, Fate, Outcome, SpanMeta};
use crate::clock::Moment;
use crate::context::{Context, SpanContext};
#[cfg(feature = "tokio")]
use crate::export;

/// The span of a sending, if it has one. In a program without spans it is nothing at all, and nothing of spans is left in
/// whoever carries it.
#[derive(Debug)]
pub(crate) struct Carried {
    /// None once it has ended.
    #[cfg(not(feature = "off-spans"))]
    span: Option<Span>,
}

impl Carried {
    /// Starts one, if there is to be one.
    #[inline]
    pub(crate) fn start(
        wanted: bool,
        meta: &'static SpanMeta,
        cx: &Context,
        at: Moment,
    ) -> Carried {
        #[cfg(feature = "off-spans")]
        let _ = (wanted, meta, cx, at);
        Carried {
            #[cfg(not(feature = "off-spans"))]
            span: wanted.then(|| Span::start(meta, cx, at)),
        }
    }

    /// Whether there are such spans: where nobody has ever asked for spans none is made.
    #[cfg(feature = "tokio")]
    #[inline]
    pub(crate) fn wanted(cx: &Context) -> bool {
        cfg!(not(feature = "off-spans")) && (export::wanted() || cx.recorder().is_some())
    }

    /// One that is over, of which nobody had to know before.
    #[cfg(feature = "tokio")]
    #[inline]
    pub(crate) fn past(
        meta: &'static SpanMeta,
        cx: &Context,
        [start, end]: [Moment; 2],
        fill: impl FnOnce(&mut Attributes<'_>),
    ) {
        #[cfg(not(feature = "off-spans"))]
        if Carried::wanted(cx) {
            Span::start(meta, cx, start).end(end, &Outcome::Fine, fill);
        }
        #[cfg(feature = "off-spans")]
        let _ = (meta, cx, start, end, fill);
    }

    /// Where it stands, if it has not ended.
    #[inline]
    pub(crate) fn context(&self) -> Option<SpanContext> {
        #[cfg(not(feature = "off-spans"))]
        return self.span.as_ref().map(Span::context);
        #[cfg(feature = "off-spans")]
        None
    }

    /// Takes it away from whoever carries it.
    #[inline]
    pub(crate) fn take(&mut self) -> Carried {
        Carried {
            #[cfg(not(feature = "off-spans"))]
            span: self.span.take(),
        }
    }

    /// Ends it, once.
    #[inline]
    pub(crate) fn end<'o>(
        &mut self,
        at: Moment,
        outcome: impl FnOnce() -> Outcome<'o>,
        fill: impl FnOnce(&mut Attributes<'_>),
    ) -> Fate {
        #[cfg(not(feature = "off-spans"))]
        if let Some(span) = &mut self.span {
            return span.end(at, &outcome(), fill);
        }
        #[cfg(feature = "off-spans")]
        let _ = (at, outcome, fill);
        Fate::Dropped
    }
}
