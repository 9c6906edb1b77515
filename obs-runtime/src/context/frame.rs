//! Where a thread is, and the contexts of calls that end before their functions do, or before their polls.
//!
//! Most calls call nothing that looks at their context, so it is made by the first look, and not at all for those. Such
//! calls end in the reverse order in which they began: each says which span it is in the one cell of its thread, and
//! puts back what was there when it ends. Below one that others wait for, the context of that one is made; below any
//! other, a call needs no more of it than its span.
//!
//! OpenTelemetry looks without asking us. Where it may, it is shown the span of each call as that begins, which takes
//! none of its context; below a span that somebody else has put on top, contexts are made at once.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;

#[cfg(feature = "opentelemetry")]
use super::foreign;
use super::{CURRENT, Context, SpanContext};
use crate::clock::Look;
use crate::span::{self, SpanMeta};

/// Whether any context is made later than its call begins.
const LATER: bool = cfg!(not(feature = "off-spans"));

/// Where a thread is, as far as a call needs to know that begins there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The span that new spans become children of.
    pub(crate) span: Option<SpanContext>,
    /// It is the one of a call whose context is not made.
    pub(crate) bare: Option<Bare>,
    pub(crate) marks: Marks,
}

/// A call whose context is not made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bare {
    pub(crate) meta: &'static SpanMeta,
    /// When the outermost began of those that it is in and whose contexts nobody has made.
    pub(crate) began: Look,
}

/// What else there is to say of a place: a bit each, so that they are asked for together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Marks(u8);

impl Marks {
    pub(crate) const NONE: Marks = Marks(0);
    /// Those below wait for the end of its span.
    pub(crate) const ROOT: Marks = Marks(1);
    /// There is something that its span waits with, and those below too.
    pub(crate) const WAITS: Marks = Marks(2);
    /// A `tracestate` has come with its span.
    pub(crate) const STATED: Marks = Marks(4);
    /// No call begins here before a context is made.
    const APART: Marks = Marks(8);
    /// The span is that of a publish while the bus has its record: on top of the context, which is not made anew for it,
    /// since hardly any bus looks.
    const ABOVE: Marks = Marks(16);

    /// Whether it has any of these.
    #[inline]
    pub(crate) const fn has(self, any: Marks) -> bool {
        self.0 & any.0 != 0
    }

    #[inline]
    pub(crate) const fn and(self, more: Marks) -> Marks {
        Marks(self.0 | more.0)
    }

    #[inline]
    pub(crate) const fn only(self, some: Marks) -> Marks {
        Marks(self.0 & some.0)
    }

    /// These, if it is so.
    #[inline]
    pub(crate) const fn when(self, so: bool) -> Marks {
        if so { self } else { Marks::NONE }
    }

    /// Those of a call whose context is not made.
    #[inline]
    pub(crate) const fn of_bare(self) -> Marks {
        self.and(Marks::APART.when(self.holds_up()))
    }

    /// Whether spans below wait for anything.
    #[inline]
    pub(crate) const fn holds_up(self) -> bool {
        self.has(Marks::ROOT.and(Marks::WAITS))
    }
}

/// Where this thread is.
#[derive(Debug)]
pub(crate) struct Here {
    span: Cell<Option<SpanContext>>,
    bare: Cell<Option<Bare>>,
    marks: Cell<Marks>,
}

thread_local! {
    static HERE: Here = const {
        Here {
            span: Cell::new(Place::NOWHERE.span),
            bare: Cell::new(Place::NOWHERE.bare),
            marks: Cell::new(Place::NOWHERE.marks),
        }
    };

    /// What has been made for the calls that go on.
    static MADE: RefCell<Vec<Made>> = const { RefCell::new(Vec::new()) };
}

impl Here {
    /// Does something with where this thread is.
    #[inline]
    pub(crate) fn with<R>(work: impl FnOnce(&Here) -> R) -> R {
        HERE.with(work)
    }

    #[inline]
    pub(crate) fn span(&self) -> Option<SpanContext> {
        self.span.get()
    }

    #[inline]
    pub(crate) fn bare(&self) -> Option<Bare> {
        self.bare.get()
    }

    #[inline]
    pub(crate) fn marks(&self) -> Marks {
        self.marks.get()
    }

    #[inline]
    pub(crate) fn place(&self) -> Place {
        Place {
            span: self.span.get(),
            bare: self.bare.get(),
            marks: self.marks.get(),
        }
    }

    /// It is somewhere else from now on.
    #[inline]
    pub(crate) fn go(&self, to: &Place) {
        self.span.set(to.span);
        self.bare.set(to.bare);
        self.marks.set(to.marks);
    }

    /// Whether a call may begin here whose context is made later. If not, it has to be made at once.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        #[cfg(feature = "opentelemetry")]
        if foreign::covers(self.span()) {
            return false;
        }
        LATER && (!self.marks().has(Marks::APART) || self.settled())
    }

    #[cold]
    fn settled(&self) -> bool {
        settle();
        !self.marks().has(Marks::APART)
    }
}

struct Made {
    before: Context,
    of: Place,
    inside: Context,
}

impl Place {
    const NOWHERE: Place = Place {
        span: None,
        bare: None,
        marks: Marks::NONE,
    };

    /// The one of a thread that has this context.
    pub(super) fn of(cx: &Context) -> Place {
        cx.parts().map_or(Place::NOWHERE, |parts| {
            let waits = parts.open_span().is_some_and(|scope| scope.holds_up());
            Place {
                span: parts.span,
                bare: None,
                marks: Marks::WAITS
                    .when(waits)
                    .and(Marks::STATED.when(parts.state.is_some()))
                    .and(Marks::APART.when(parts.recorder().is_some())),
            }
        })
    }

    /// The span of a publish that is on top of the context here.
    #[inline]
    pub(super) fn above(&self) -> Option<SpanContext> {
        self.span.filter(|_| self.marks.has(Marks::ABOVE))
    }
}

/// Where this thread is.
#[inline]
pub(super) fn here() -> Place {
    HERE.with(Here::place)
}

/// It is somewhere else from now on.
#[inline]
pub(super) fn go(to: &Place) {
    HERE.with(|here| here.go(to));
}

/// Puts the span of a publish on top. Gives where the thread was.
#[inline]
pub(super) fn above(span: SpanContext) -> Place {
    HERE.with(|here| {
        let before = here.place();
        here.span.set(Some(span));
        here.marks
            .set(before.marks.and(Marks::APART).and(Marks::ABOVE));
        before
    })
}

/// Makes the context of the innermost call, if it is not.
#[inline]
pub(super) fn settle() {
    if LATER && HERE.with(|here| here.bare().is_some()) {
        make();
    }
}

/// A thread that ends makes none.
#[cold]
fn make() {
    let _ = MADE.try_with(|made| {
        let mut made = made.try_borrow_mut().ok()?;
        let both = CURRENT.try_with(|current| {
            let mut current = current.try_borrow_mut().ok()?;
            let of = here();
            let inside = span::inside_of(&of, &current)?;
            go(&Place {
                bare: None,
                marks: of
                    .marks
                    .only(Marks::ROOT.and(Marks::WAITS).and(Marks::STATED)),
                ..of
            });
            let before = std::mem::replace(&mut *current, inside.clone());
            Some(Made { before, of, inside })
        });
        made.push(both.ok()??);
        Some(())
    });
}

/// What is around the calls of this thread whose contexts are not made.
pub(crate) fn base() -> Context {
    let current = CURRENT.try_with(|current| current.try_borrow().ok().map(|it| it.clone()));
    current.ok().flatten().unwrap_or_default()
}

/// A call around whatever this thread does, until it is left.
#[derive(Debug)]
pub(crate) struct Frame {
    before: Place,
    /// It stays in its thread.
    thread: PhantomData<*const ()>,
    /// It takes away what it has put in place.
    #[cfg(feature = "opentelemetry")]
    shown: foreign::Guard,
}

impl Frame {
    /// One that has entered nothing.
    pub(crate) const NONE: Frame = Frame {
        before: Place::NOWHERE,
        thread: PhantomData,
        #[cfg(feature = "opentelemetry")]
        shown: None,
    };

    /// Enters a call. Piece by piece, for it is large and stays where it is.
    #[inline]
    pub(crate) fn enter(&mut self, here: &Here, call: &Place) {
        self.before.span = here.span();
        self.before.bare = here.bare();
        self.before.marks = here.marks();
        here.go(call);
        #[cfg(feature = "opentelemetry")]
        {
            self.shown = shown(call);
        }
    }

    /// What is around the call.
    #[inline]
    pub(crate) fn before(&self) -> &Place {
        &self.before
    }

    /// Has the context of the call made, if nobody has looked.
    pub(crate) fn settle(&self) {
        settle();
    }

    /// The call is over, once. What it was is gone then, so it is looked at before.
    #[inline]
    pub(crate) fn leave(&mut self, here: &Here) {
        here.go(&self.before);
        #[cfg(feature = "opentelemetry")]
        {
            self.shown = None;
        }
    }

    /// What a call was that has been left and that somebody had looked into, and its context. Nothing if its thread
    /// ends.
    #[cold]
    pub(crate) fn made(&self) -> Option<(Place, Context)> {
        let made = MADE.try_with(|made| made.try_borrow_mut().ok()?.pop());
        let Made { before, of, inside } = made.ok()??;
        let attached = CURRENT.try_with(|current| current.replace(before));
        drop(attached);
        Some((of, inside))
    }
}

/// Shows a call to OpenTelemetry.
#[cfg(feature = "opentelemetry")]
#[inline]
fn shown(call: &Place) -> foreign::Guard {
    let span = call.span?;
    if !call.marks.has(Marks::STATED) {
        return foreign::put(span, None);
    }
    let show = |current: &RefCell<Context>| {
        let current = current.try_borrow().ok()?;
        foreign::put(span, current.trace_state())
    };
    CURRENT.try_with(show).ok()?
}
