//! What `#[observed]` makes of a function: a span, metrics, and what went wrong.
//!
//! A function has a [`Site`], which knows all there is to know before the call. A call is a [`Call`], or a [`Task`]
//! where it is a future: each is told how it ended, and one that is dropped without having been told fell with a panic
//! or was cancelled. So every call is recorded once, whatever way it leaves its function.
//!
//! Nothing here is compiled once a function but what passes values through.

mod call;
mod ended;

use std::sync::{Arc, OnceLock};

/// Puts a function under a span and metrics.
///
/// ```
/// use obs_runtime::observed;
/// use obs_runtime::testing::Recorder;
///
/// #[observed]
/// fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
///     Ok(text.parse::<u32>()? * 2)
/// }
///
/// let recorder = Recorder::new();
/// let attached = recorder.context().attach();
/// assert_eq!(parse("21"), Ok(42));
/// assert!(parse("forty-two").is_err());
/// drop(attached);
///
/// let [fine, failed] = &recorder.spans()[..] else { panic!("two calls") };
/// assert_eq!(fine.error, None);
/// assert_eq!(failed.error.as_ref().map(|(kind, _)| &**kind), Some("ParseIntError"));
/// let failures = recorder.metric("operation_errors_total", &[("error_type", "ParseIntError")]);
/// assert_eq!(failures, Some(1.0));
/// ```
///
/// It stands on functions and methods, `async` or not, and on those that give a future: `impl Future`,
/// `Pin<Box<dyn Future>>` or a `BoxFuture`. There the call ends with the future, wherever that is polled, and the span
/// is around each poll and never over an `.await`. On an `impl` or a `trait` it is on each of the functions that have a
/// body.
///
/// Nothing of what functions are called with or give is recorded. What is:
///
/// - a span under the one around the call, and the parent of those within;
/// - `operation_duration_seconds`, by `outcome`; `operation_errors_total`, by `error_type`; `operations_in_flight`.
///
/// A call ends once: `ok`, `error` when it gives an `Err`, `panic`, or `cancelled` when its future is dropped before it
/// is done. Calls that fail or are slow leave a span whatever the sampling says. `error.type` is the name of the error's
/// type: `ParseIntError`, or the whole path of one that is called just `Error`. Boxes, `&str` and the like have no name
/// and are `_OTHER`.
///
/// # Keys
///
/// | key | meaning | default |
/// |---|---|---|
/// | `name = "…"` | the name of the span and the `operation` of the metrics | the path of the module, and the function's name |
/// | `kind = "…"` | `internal`, `server`, `client`, `producer` or `consumer` | `internal` |
/// | `slow = "1s"` | from when on a call is slow | `250ms` |
/// | `metrics(false)` | no metrics | |
/// | `crate = "…"` | the path of this crate, when it has another name | `::obs_runtime` |
///
/// On an `impl` or a `trait` the keys are those of all its functions, and `name` stands before each of their names;
/// a function has the last word with an attribute of its own:
///
/// ```
/// use obs_runtime::observed;
///
/// struct Stock(u32);
///
/// #[observed(name = "stock", slow = "50ms")]
/// impl Stock {
///     /// `stock::take`
///     fn take(&mut self, count: u32) -> Option<u32> {
///         self.0 = self.0.checked_sub(count)?;
///         Some(self.0)
///     }
///
///     #[observed(name = "look up", slow = "1ms")]
///     fn left(&self) -> u32 {
///         self.0
///     }
///
///     #[observed(skip)]
///     fn is_empty(&self) -> bool {
///         self.0 == 0
///     }
/// }
/// # let mut stock = Stock(3);
/// # assert_eq!((stock.take(1), stock.left(), stock.is_empty()), (Some(2), 2, false));
/// ```
///
/// # Tasks
///
/// A task that is spawned begins without a context. It is given one by [`Context::scope`](crate::Context::scope), and
/// then what is observed within has its parent:
///
/// ```
/// use obs_runtime::{Context, observed};
///
/// #[observed]
/// async fn send(mail: u32) {}
///
/// # fn spawn(_: impl Future<Output = ()> + Send + 'static) {}
/// #[observed]
/// fn send_later(mail: u32) {
///     spawn(Context::current().scope(send(mail)));
/// }
/// # send_later(1);
/// ```
///
/// # With other attributes
///
/// Those above it have seen the function before, those below it stay on it; `#[tokio::main]` and
/// `#[tracing::instrument]` may stand on either side. A `const fn` cannot be observed. A panic in a function with
/// `#[track_caller]` shows the function and not its caller.
#[cfg(feature = "macros")]
pub use obs_macros::observed;

pub use call::{Call, Follow, Task};
pub use ended::{Anything, Ended, Verdict, ended, never};

use crate::clock::{self, Moment};
use crate::context::{Context, SpanContext};
use crate::metric::{self, Operation, Outcome};
use crate::span::{self, Failure, SpanMeta};
use crate::switch;

/// A function that is observed. The macro makes one for each, and fills in what was asked for.
#[derive(Debug)]
pub struct Site {
    span: SpanMeta,
    metrics: bool,
    operation: OnceLock<&'static Operation>,
}

impl Site {
    /// A function of this name.
    #[must_use]
    pub const fn new(name: &'static str) -> Site {
        Site {
            span: SpanMeta::new(name),
            metrics: true,
            operation: OnceLock::new(),
        }
    }

    /// The same with spans of another kind.
    #[must_use]
    pub const fn with_kind(mut self, kind: span::Kind) -> Site {
        self.span = self.span.with_kind(kind);
        self
    }

    /// The same, slow from so many nanoseconds on.
    #[must_use]
    pub const fn with_slow_nanos(mut self, nanos: u64) -> Site {
        self.span = self.span.with_slow_nanos(nanos);
        self
    }

    /// The same without metrics.
    #[must_use]
    pub const fn without_metrics(mut self) -> Site {
        self.metrics = false;
        self
    }

    /// A call begins, and ends before the function does.
    #[inline]
    pub fn call(&'static self) -> Call {
        Call::new(Going::begin(self))
    }

    /// A call begins, and ends with the future that the function is.
    #[inline]
    pub fn task(&'static self) -> Task {
        Task::new(Going::begin(self))
    }

    /// Where its calls are counted.
    #[inline]
    fn cells(&'static self, cx: &Context) -> Option<Cells> {
        if cfg!(feature = "off-metrics") || !self.metrics {
            return None;
        }
        if let Some(recorder) = cx.recorder() {
            return Some(Cells::Test(recorder.operation(self.span.name())));
        }
        let operation = self
            .operation
            .get_or_init(|| metric::operation(self.span.name()));
        Some(Cells::Program(operation))
    }
}

/// Where a call is counted.
#[derive(Debug)]
enum Cells {
    Program(&'static Operation),
    /// A test wants to know.
    Test(Arc<Operation>),
}

impl std::ops::Deref for Cells {
    type Target = Operation;

    #[inline]
    fn deref(&self) -> &Operation {
        match self {
            Cells::Program(operation) => operation,
            Cells::Test(operation) => operation,
        }
    }
}

/// A call that has not ended.
#[derive(Debug)]
struct Going {
    start: Moment,
    span: Option<span::Open>,
    cells: Option<Cells>,
}

impl Going {
    /// Nothing begins where nobody wants to know.
    fn begin(site: &'static Site) -> Option<Going> {
        if !switch::is_on() {
            return None;
        }
        let start = clock::now();
        let going = Context::look(|cx| Going {
            start,
            span: (!cfg!(feature = "off-spans")).then(|| span::Open::begin(&site.span, cx, start)),
            cells: site.cells(cx),
        });
        if let Some(cells) = &going.cells {
            cells.started();
        }
        Some(going)
    }

    /// What is going on inside of it.
    #[inline]
    fn context(&self) -> Option<&Context> {
        self.span.as_ref().map(span::Open::context)
    }

    fn end(mut self, outcome: Outcome, failure: Option<Failure<'_>>) {
        let end = clock::now();
        // Only errors have names: how else it may end is known.
        let error = failure
            .filter(|_| outcome == Outcome::Error)
            .map(|failure| failure.error_type);
        let left: Option<SpanContext> = self
            .span
            .as_mut()
            .and_then(|span| span.end_at(end, failure));
        if let Some(cells) = &self.cells {
            let nanos = end.nanos_since(self.start);
            cells.ended(outcome, error, nanos, left.map(|span| (span, end)));
        }
    }

    fn ended(self, verdict: Verdict<'_>) {
        match verdict.failed {
            None => self.end(Outcome::Ok, None),
            Some(failed) => self.end(
                Outcome::Error,
                Some(Failure {
                    error_type: failed.error_type,
                    exception: failed.exception,
                    message: failed.text.as_ref().map(|text| text as _),
                }),
            ),
        }
    }

    fn panicked(self) {
        let failure = Failure {
            error_type: Outcome::Panic.as_str(),
            exception: "panic",
            message: None,
        };
        self.end(Outcome::Panic, Some(failure));
    }

    fn cancelled(self) {
        self.end(Outcome::Cancelled, Some(Failure::CANCELLED));
    }
}
