//! The context of a call that ends before its function does.
//!
//! Most calls call nothing that looks at it, so it is made by the first look, and not at all for those. Such calls end
//! in the reverse order in which they began, and each look makes what is on top: at most one of a thread is not made.
//!
//! OpenTelemetry looks without asking us. Where it may, every context is made and shown as its call begins.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;

use super::{ABOVE, CURRENT, Context};
use crate::span::Inside;

/// Whether any context is made later than its call begins.
const LATER: bool = cfg!(not(any(feature = "opentelemetry", feature = "off-spans")));

thread_local! {
    /// What is not made yet, on top of the context.
    static TOP: Cell<Option<Inside>> = const { Cell::new(None) };

    /// What has been made for the calls that go on.
    static MADE: RefCell<Vec<Made>> = const { RefCell::new(Vec::new()) };
}

struct Made {
    before: Context,
    of: Inside,
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
            let inside = of.context(&current);
            let before = std::mem::replace(&mut *current, inside.clone());
            Some(Made { before, of, inside })
        });
        made.push(both.ok()??);
        Some(())
    });
}

/// A call around whatever this thread does, until it is left.
#[derive(Debug)]
pub(crate) struct Frame {
    /// It stays in its thread.
    thread: PhantomData<*const ()>,
}

impl Frame {
    /// Whether there may be one here: under something that was put on top, the context is made at once.
    #[inline]
    pub(crate) fn fits() -> bool {
        LATER && {
            settle();
            TOP.get().is_none() && ABOVE.get().is_none() && CURRENT.try_with(|_| ()).is_ok()
        }
    }

    #[inline]
    pub(crate) fn enter(inside: Inside) -> Frame {
        TOP.set(Some(inside));
        Frame {
            thread: PhantomData,
        }
    }

    /// Has the context of the call made, if nobody has looked.
    pub(crate) fn settle(&self) {
        settle();
    }

    /// The call is over. Gives what it was, and its context if anybody has looked; nothing if its thread ends.
    #[inline]
    pub(crate) fn leave(self) -> Option<(Inside, Option<Context>)> {
        match TOP.take() {
            Some(inside) => Some((inside, None)),
            None => leave(),
        }
    }
}

fn leave() -> Option<(Inside, Option<Context>)> {
    let made = MADE.try_with(|made| made.try_borrow_mut().ok()?.pop());
    let Made { before, of, inside } = made.ok()??;
    let attached = CURRENT.try_with(|current| current.replace(before));
    drop(attached);
    ABOVE.set(None);
    Some((of, Some(inside)))
}
