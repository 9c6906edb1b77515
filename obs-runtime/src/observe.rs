//! What `#[observed]` makes of a function: a span, metrics, and what went wrong.
//!
//! A function has a [`Site`], which knows all there is to know before the call. A call is a [`Call`], or a [`Task`]
//! where it is a future: each is told how it ended, and one that is dropped without having been told fell with a panic
//! or was cancelled. So every call is recorded once, whatever way it leaves its function.
//!
//! Nothing here is compiled once a function but what passes values through.

mod call;
mod ended;
mod going;
mod line;
mod teller;

use std::sync::OnceLock;

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
/// Nothing of what functions are called with or give is recorded unless the attribute says so. What is:
///
/// - a span under the one around the call, and the parent of those within;
/// - `operation_duration_seconds`, by `outcome`; `operation_errors_total`, by `error_type`; `operations_in_flight`.
///
/// A call ends once: `ok`, `error` when it gives an `Err`, `panic`, or `cancelled` when its future is dropped before it
/// is done. Calls that fail or are slow leave a span whatever the sampling says. `error.type` is what the error says
/// ([`TypedError`](crate::TypedError), which is derived), or else the name of its type: `ParseIntError`, or the whole
/// path of one that is called just `Error`. Boxes, `&str` and the like have no name and are `_OTHER`.
///
/// # Keys
///
/// | key | meaning | default |
/// |---|---|---|
/// | `name = "…"` | the name of the span and the `operation` of the metrics | the path of the module, and the function's name |
/// | `fields(a, %b, ?c, d.e = f)` | what the span and the log line say of the call | nothing |
/// | `err`, `err(Debug)`, `err(chain)` | what the error says: shown, debugged, or with all its reasons | its type only |
/// | `ret`, `ret(Display)` | the value, or what is in the `Ok`, as `return` | nothing |
/// | `level = "info"` | a log line for each call | with `err` one for each call that fails, at `ERROR`; none otherwise |
/// | `slow = "1s"` | from when on a call is slow | `250ms` |
/// | `kind = "…"` | `internal`, `server`, `client`, `producer` or `consumer` | `internal` |
/// | `labels(plan: Plan = order.plan, gift: bool)` | labels of the metrics, of types with [`Label`](crate::Label): every combination has its series from the first call on, and more than 10,000 of them do not compile | none |
/// | `metrics(false)` | no metrics | |
/// | `parent = context` | a [`Context`](crate::Context) whose span is the parent | that of the call |
/// | `link = span` | a [`SpanContext`](crate::SpanContext), or an `Option` of one, that this has to do with | |
/// | `db(system = "…", operation = "…", collection = "…", namespace = "…")` | a call of a database: its attributes and its name by the conventions of OpenTelemetry, the kind `client`, and its durations in `db_client_operation_duration_seconds` too | |
/// | `client(system = "…", method = "…", address = "…")` | a call of a peer, likewise, and `rpc_client_call_duration_seconds` | |
/// | `emits(Event, …)` | events that it publishes, for those who read the code and for the reference that `cargo obs-codegen telemetry` writes; it publishes none | |
/// | `crate = "…"` | the path of this crate, when it has another name | `::obs_runtime` |
///
/// ```
/// use obs_runtime::observed;
/// use obs_runtime::testing::Recorder;
///
/// struct Cart { id: u32, lines: Vec<String> }
///
/// #[observed(fields(cart.id, cart.lines = cart.lines.len()), err(chain), slow = "50ms")]
/// fn pay(cart: &Cart, card: &str) -> Result<(), std::num::ParseIntError> {
///     card.parse::<u64>().map(drop)
/// }
///
/// let recorder = Recorder::new();
/// let attached = recorder.context().attach();
/// let cart = Cart { id: 7, lines: vec!["tea".to_owned()] };
/// assert!(pay(&cart, "none").is_err());
/// drop(attached);
///
/// let line = &recorder.lines()[0];
/// assert_eq!(line.get("error").and_then(|it| it.as_str()), Some("invalid digit found in string"));
/// assert_eq!(line.get("context").map(ToString::to_string).as_deref(), Some(r#"{"cart.id":7,"cart.lines":1}"#));
/// assert_eq!(recorder.spans()[0].attribute("cart.id"), Some("7"));
/// ```
///
/// Fields are looked at before the call, and only when somebody listens. A plain one is a value that telemetry knows
/// ([`Telling`](crate::Telling)): `Pii` and `Secret` are left out; `%` shows its `Display` and `?` its `Debug`, whatever
/// they say.
///
/// On an `impl` or a `trait` the keys are those of all its functions, `err` of those that give a `Result`, and `name`
/// stands before each of their names; a function has the last word with an attribute of its own:
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
pub use ended::{
    Anything, Debugs, Displays, Ended, Fails, FailsWithReasons, Second, Text, Third, TypedError,
    Verdict, debug, display, ended, never,
};
pub use teller::Teller;

use std::panic::Location;

use crate::clock::{Look, Moment};
use crate::context::{self, Context, Marks, SpanContext};
use crate::event::LabelInfo;
use crate::log::Level;
use crate::metric::{self, Operation, Outcome, Own};
use crate::span::{self, Inside, SpanMeta, Value};
use going::{Cells, Ending, Going, fallen};
use line::{Lines, Told};

/// A function that is observed. The macro makes one for each, and fills in what was asked for.
#[derive(Debug)]
pub struct Site {
    span: SpanMeta,
    metrics: bool,
    labels: &'static [LabelInfo],
    lines: Option<Lines>,
    operation: OnceLock<&'static Operation>,
    number: OnceLock<span::Number>,
}

impl Site {
    /// A function of this name.
    #[must_use]
    pub const fn new(name: &'static str) -> Site {
        Site {
            span: SpanMeta::new(name),
            metrics: true,
            labels: &[],
            lines: None,
            operation: OnceLock::new(),
            number: OnceLock::new(),
        }
    }

    /// The same with spans of another kind.
    #[must_use]
    pub const fn with_kind(mut self, kind: span::Kind) -> Site {
        self.span = self.span.with_kind(kind);
        self
    }

    /// The same with attributes that every span has.
    #[must_use]
    pub const fn with_fixed(mut self, fixed: &'static [(&'static str, Value<'static>)]) -> Site {
        self.span = self.span.with_fixed(fixed);
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

    /// The same with labels on its metrics.
    #[must_use]
    pub const fn with_labels(mut self, labels: &'static [LabelInfo]) -> Site {
        self.labels = labels;
        self
    }

    /// The same with a log line for each call that fails, and at this level for each other one.
    #[must_use]
    #[track_caller]
    pub const fn with_lines(mut self, level: Option<Level>, target: &'static str) -> Site {
        // Where there are no lines, nobody's files are named in the program.
        let place = if cfg!(feature = "off-logs") {
            None
        } else {
            Some(Location::caller())
        };
        self.lines = Some(Lines {
            level,
            target,
            place,
        });
        self
    }

    /// A call that ends before the function does. It begins with its [work](Call::work).
    #[inline]
    pub fn call(&'static self) -> Call {
        Call::new(self, 0)
    }

    /// The same in a series of its labels.
    #[inline]
    pub fn call_in(&'static self, series: usize) -> Call {
        Call::new(self, series)
    }

    /// The same under another parent, in a series of its labels, with something to tell.
    pub fn call_with(
        &'static self,
        parent: Option<&Context>,
        series: usize,
        say: &mut dyn FnMut(&mut Teller<'_>),
    ) -> Call {
        Call::whole(self, series, Going::begin_with(self, parent, series, say))
    }

    /// A call that is this future: it begins when that is polled, and `end` is told what it gives.
    #[inline]
    pub fn follow<F: Future, E: FnOnce(&mut Task, &F::Output)>(
        &'static self,
        future: F,
        end: E,
    ) -> Follow<F, E> {
        Follow::new(Task::new(self, 0), future, end)
    }

    /// The same in a series of its labels.
    #[inline]
    pub fn follow_in<F: Future, E: FnOnce(&mut Task, &F::Output)>(
        &'static self,
        series: usize,
        future: F,
        end: E,
    ) -> Follow<F, E> {
        Follow::new(Task::new(self, series), future, end)
    }

    /// A call begins, and ends with a future that the function gives.
    #[inline]
    pub fn task(&'static self) -> Task {
        Task::begin(self, 0)
    }

    /// The same in a series of its labels.
    #[inline]
    pub fn task_in(&'static self, series: usize) -> Task {
        Task::begin(self, series)
    }

    /// The same under another parent, in a series of its labels, with something to tell.
    pub fn task_with(
        &'static self,
        parent: Option<&Context>,
        series: usize,
        say: &mut dyn FnMut(&mut Teller<'_>),
    ) -> Task {
        Task::whole(self, series, Going::begin_with(self, parent, series, say))
    }

    /// Counts that a call has begun. Gives where this thread counts its end, if it is alone there.
    #[inline]
    fn started(&'static self, series: usize) -> Option<Own<'static>> {
        let operation = self.operation()?;
        let own = operation.own(series);
        match own {
            Some(own) => own.started(),
            None => among_others(operation, series),
        }
        own
    }

    /// Where this thread counts what most calls touch, if it is alone there.
    #[inline]
    fn own(&'static self, series: usize) -> Option<Own<'static>> {
        self.operation()?.own(series)
    }

    /// Names that errors may have.
    #[inline]
    fn know(&'static self, names: &'static [&'static str]) {
        if !names.is_empty()
            && let Some(operation) = self.operation()
        {
            operation.know(names);
        }
    }

    /// A call has ended well that nobody has looked into, as most do. Says whether that was all.
    #[inline(always)]
    fn passed(
        &'static self,
        (own, series): (Option<Own<'static>>, usize),
        ((span, marks), parent): ((Option<SpanContext>, Marks), Option<SpanContext>),
        (at, nanos): (Look, u64),
    ) -> bool {
        if self.lines.as_ref().is_some_and(Lines::tell_of_all) {
            return false;
        }
        let Some(span) = span else {
            return false;
        };
        let left = if span::vanishes(&self.span, span.sampled, marks, nanos) {
            None
        } else {
            match span::leave(self.number(), (span, marks), parent, at, nanos) {
                Some(fate) => fate,
                None => return false,
            }
        };
        match own {
            Some(own) => {
                own.ended(nanos);
                if let (Some(left), Some(operation)) = (left, self.operation()) {
                    operation.exemplar(series, nanos, left);
                }
            }
            None => self.counted(series, Outcome::Ok, None, (nanos, left)),
        }
        true
    }

    #[cold]
    fn counted(
        &'static self,
        series: usize,
        outcome: Outcome,
        error: Option<&'static str>,
        (nanos, left): (u64, Option<(SpanContext, Moment)>),
    ) {
        if let Some(operation) = self.operation() {
            operation.ended(series, outcome, error, nanos, left);
        }
    }

    /// It has ended: its span, with the context of it if that was made, and what it had `around` it if that is not what
    /// is around this.
    fn ended(
        &'static self,
        series: usize,
        inside: Inside,
        made: Option<&Context>,
        around: Option<&Context>,
        ending: &Ending<'_>,
    ) {
        let (at, failure) = (ending.at, ending.failure);
        let nanos = at.nanos_since(inside.start);
        let around = around.cloned().unwrap_or_else(context::base);
        let left = inside.end(&around, at, failure, made);
        let error = ending.error_name();
        self.counted(series, ending.outcome, error, (nanos, left));
        if let Some(lines) = &self.lines
            && lines.tell_of(ending.outcome)
        {
            let told = Told {
                name: self.span.name(),
                end: at.just_now(),
                nanos,
                outcome: ending.outcome,
                error_type: failure.map(|failure| failure.error_type),
                error: ending.error,
                context: None,
            };
            lines.write(&around, inside.span(), told);
        }
    }

    /// By which its spans are known.
    #[inline]
    fn number(&'static self) -> span::Number {
        *self.number.get_or_init(|| span::Number::of(&self.span))
    }

    /// Where its calls are counted.
    #[inline]
    fn cells(&'static self, cx: &Context) -> Option<Cells> {
        if cfg!(feature = "off-metrics") || !self.metrics {
            return None;
        }
        if let Some(recorder) = cx.recorder() {
            return Some(Cells::Test(recorder.operation(
                self.span.name(),
                self.labels,
                self.span.fixed(),
            )));
        }
        self.operation().map(Cells::Program)
    }

    /// The same outside of tests.
    #[inline]
    fn operation(&'static self) -> Option<&'static Operation> {
        if cfg!(feature = "off-metrics") || !self.metrics {
            return None;
        }
        let make = || metric::operation(self.span.name(), self.labels, self.span.fixed());
        Some(self.operation.get_or_init(make))
    }
}

/// Counts that a call has begun, where others count too.
#[cold]
fn among_others(operation: &Operation, series: usize) {
    operation.started(series);
}
