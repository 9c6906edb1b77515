//! The context of a call that ends before its function does, or before its poll.
//!
//! Most calls call nothing that looks at it, so it is made by the first look, and not at all for those. Such calls end
//! in the reverse order in which they began. Below one that others wait for, the context of that one is made; below any
//! other, a call needs no more of it than its span.
//!
//! OpenTelemetry looks without asking us. Where it may, it is shown the span of each call as that begins, which takes
//! none of its context; below a span that somebody else has put on top, contexts are made at once.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;

#[cfg(feature = "opentelemetry")]
use super::foreign;
use super::{ABOVE, CURRENT, Context, ContextGuard};
use crate::span::Inside;

/// Whether any context is made later than its call begins.
const LATER: bool = cfg!(not(feature = "off-spans"));

/// A call whose context is not made.
#[derive(Clone, Copy, Debug)]
struct Bare {
    inside: Inside,
    /// It is in another one, which is the last of `UNDER`.
    over: bool,
}

thread_local! {
    /// What is not made yet, on top of the context.
    static TOP: Cell<Option<Bare>> = const { Cell::new(None) };

    /// What is not made either, around what is or was on top.
    static UNDER: RefCell<Vec<Bare>> = const { RefCell::new(Vec::new()) };

    /// What has been made for the calls that go on.
    static MADE: RefCell<Vec<Made>> = const { RefCell::new(Vec::new()) };
}

struct Made {
    before: Context,
    of: Bare,
    inside: Context,
}

/// Makes the context of the innermost call, if it is not.
#[inline]
pub(super) fn settle() {
    if LATER && TOP.get().is_some() {
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
            let of = TOP.take()?;
            let inside = of.inside.context(&current);
            let before = std::mem::replace(&mut *current, inside.clone());
            Some(Made { before, of, inside })
        });
        made.push(both.ok()??);
        Some(())
    });
}

/// Looks at what a call begins in: the context, and the call on top of it. `None`: the context of a call has to be made
/// at once here.
#[inline]
pub(crate) fn around<R>(look: impl FnOnce(&Context, Option<&Inside>) -> Option<R>) -> Option<R> {
    if !LATER || ABOVE.get().is_some() {
        return None;
    }
    let top = top();
    let look = |current: &RefCell<Context>| {
        let current = current.try_borrow().ok()?;
        #[cfg(feature = "opentelemetry")]
        if foreign::covers(top.map_or(current.span(), |top| Some(top.inside.span()))) {
            return None;
        }
        look(&current, top.as_ref().map(|top| &top.inside))
    };
    CURRENT.try_with(look).ok()?
}

/// The call on top, if another one may begin in it.
#[inline]
fn top() -> Option<Bare> {
    let top = TOP.get()?;
    if top.inside.holds_up() {
        make();
        return None;
    }
    Some(top)
}

/// A call around whatever this thread does, until it is left.
#[derive(Debug)]
pub(crate) struct Frame {
    /// It stays in its thread.
    thread: PhantomData<*const ()>,
    #[cfg(feature = "opentelemetry")]
    #[expect(dead_code, reason = "it takes away what it has put in place")]
    shown: foreign::Guard,
}

impl Frame {
    /// Enters a call that has begun in what is [around](around) here.
    #[inline]
    pub(crate) fn enter(inside: Inside) -> Option<Frame> {
        let over = TOP.get().is_some();
        if over {
            cover()?;
        }
        TOP.set(Some(Bare { inside, over }));
        Some(Frame {
            thread: PhantomData,
            #[cfg(feature = "opentelemetry")]
            shown: shown(&inside),
        })
    }

    /// Has the context of the call made, if nobody has looked.
    pub(crate) fn settle(&self) {
        settle();
    }

    /// The call is over. Gives what it was, and its context if anybody has looked; nothing if its thread ends.
    #[inline]
    pub(crate) fn leave(self) -> Option<(Inside, Option<Context>)> {
        match TOP.take() {
            Some(top) => {
                if top.over {
                    uncover();
                }
                Some((top.inside, None))
            }
            None => leave(),
        }
    }
}

/// Shows a call to OpenTelemetry.
#[cfg(feature = "opentelemetry")]
fn shown(inside: &Inside) -> foreign::Guard {
    let show = |current: &RefCell<Context>| {
        let current = current.try_borrow().ok()?;
        foreign::attach(Some((inside.span(), current.trace_state())), None)
    };
    CURRENT.try_with(show).ok()?
}

/// Puts what is on top aside. `None`: the thread ends.
fn cover() -> Option<()> {
    UNDER
        .try_with(|under| {
            under.try_borrow_mut().ok()?.push(TOP.take()?);
            Some(())
        })
        .ok()?
}

fn uncover() {
    let last = UNDER.try_with(|under| under.try_borrow_mut().ok()?.pop());
    TOP.set(last.ok().flatten());
}

fn leave() -> Option<(Inside, Option<Context>)> {
    let made = MADE.try_with(|made| made.try_borrow_mut().ok()?.pop());
    let Made { before, of, inside } = made.ok()??;
    let attached = CURRENT.try_with(|current| current.replace(before));
    drop(attached);
    ABOVE.set(None);
    if of.over {
        uncover();
    }
    Some((of.inside, Some(inside)))
}

/// A poll of a call that is a future.
#[derive(Debug)]
pub(crate) struct Visit {
    frame: Frame,
    /// What the call began in, where that is not what is around the poll.
    #[expect(dead_code, reason = "it takes away what it has put in place")]
    attached: Option<ContextGuard>,
}

impl Visit {
    /// Enters a call that has begun in this context. `None`: its context has to be made here.
    #[inline]
    pub(crate) fn enter(inside: Inside, began_in: &Context) -> Option<Visit> {
        let here = around(|cx, _| Some(cx.is(began_in)))?;
        let attached = (!here).then(|| began_in.attach());
        Some(Visit {
            frame: Frame::enter(inside)?,
            attached,
        })
    }

    /// The poll is over. Gives the context of the call if anybody has looked.
    #[inline]
    pub(crate) fn leave(self) -> Option<Context> {
        self.frame.leave()?.1
    }
}
