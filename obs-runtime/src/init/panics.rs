//! What was told before a panic that ends the program, and what a panic says.

use std::cell::{Cell, RefCell};
use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::Once;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use super::RUNNING;
use crate::{export, log};

/// How long a program that ends so waits for what is not out yet.
const PATIENCE: Duration = Duration::from_secs(1);

thread_local! {
    /// This thread has panicked before, and may be about to panic a second time at once, which aborts.
    static AGAIN: Cell<bool> = const { Cell::new(false) };

    /// What the last panic of this thread has said.
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// How much of what a panic says is kept, in bytes.
const LONGEST: usize = 1_024;

/// What the panic that goes by has said. Only who catches a panic is given its words; who stands in its way asks here.
pub(crate) fn said() -> Option<String> {
    let said = SAID.try_with(|said| said.try_borrow().ok().map(|said| said.clone()));
    said.ok().flatten().filter(|said| !said.is_empty())
}

fn hear(panic: &PanicHookInfo<'_>) {
    let payload = panic.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let _ = SAID.try_with(|said| {
        if let Ok(mut said) = said.try_borrow_mut() {
            said.clear();
            let text = text.unwrap_or_default();
            let mut ends = (0..=text.len().min(LONGEST)).rev();
            let end = ends.find(|at| text.is_char_boundary(*at));
            said.push_str(&text[..end.unwrap_or_default()]);
        }
    });
}

/// From now on lines and spans leave when a panic ends the program. What was to happen in a panic before still does,
/// and first: it may have something to log.
pub(super) fn watch() {
    static ONCE: Once = Once::new();
    // Whoever sets things up while it unwinds cannot change what panics do.
    if std::thread::panicking() {
        return;
    }
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            hear(panic);
            before(panic);
            if RUNNING.load(SeqCst) && is_last() {
                export::flush(PATIENCE);
                log::flush(PATIENCE);
            }
        }));
    });
}

/// Whether the program may end with this panic. A thread of a program that goes on does not wait for anybody's disk.
fn is_last() -> bool {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or_default();
    // Ours would wait for themselves.
    let is_ours = name == log::THREAD || name == export::THREAD;
    let again = AGAIN.try_with(|again| again.replace(true));
    let ends = cfg!(panic = "abort") || name == "main" || again.unwrap_or(true);
    ends && !is_ours
}
