//! `#[observed]`: what is told of each call, whatever way it leaves its function.

#![cfg(feature = "macros")]
#![cfg(not(any(feature = "off-metrics", feature = "off-spans")))]

use obs_runtime::observed;
use obs_runtime::testing::Recorder;
use std::num::ParseIntError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// Does something with a recorder around it.
fn recorded<R>(work: impl FnOnce() -> R) -> (R, Recorder) {
    let recorder = Recorder::new();
    let attached = recorder.context().attach();
    let result = work();
    drop(attached);
    (result, recorder)
}

/// `name kind error` of each span, in the order of their ends.
fn spans(recorder: &Recorder) -> Vec<String> {
    let line = |span: &obs_runtime::testing::RecordedSpan| {
        let error = span.error.as_ref().map_or("", |(kind, _)| kind);
        format!("{} {:?} {error}", span.name, span.kind)
    };
    recorder.spans().iter().map(line).collect()
}

/// How many calls of an operation ended so.
fn count(recorder: &Recorder, operation: &str, outcome: &str) -> Option<f64> {
    let labels = [("operation", operation), ("outcome", outcome)];
    recorder.metric("operation_duration_seconds_count", &labels)
}

#[observed]
fn double(number: &str) -> Result<u32, ParseIntError> {
    if number.is_empty() {
        return Ok(0);
    }
    let number: u32 = number.parse()?;
    Ok(number * 2)
}

#[test]
fn a_function_is_a_span_and_three_families() {
    let (results, recorder) = recorded(|| (double("21"), double(""), double("forty-one")));
    assert_eq!((results.0, results.1), (Ok(42), Ok(0)));
    assert!(results.2.is_err());
    let ok = "observed::double Internal ";
    assert_eq!(
        spans(&recorder),
        [ok, ok, "observed::double Internal ParseIntError"]
    );
    assert_eq!(count(&recorder, "observed::double", "ok"), Some(2.0));
    assert_eq!(count(&recorder, "observed::double", "error"), Some(1.0));
    assert_eq!(count(&recorder, "observed::double", "panic"), Some(0.0));
    let errors = |kind| {
        let labels = [("operation", "observed::double"), ("error_type", kind)];
        recorder.metric("operation_errors_total", &labels)
    };
    assert_eq!(errors("ParseIntError"), Some(1.0));
    assert_eq!(errors("cancelled"), Some(0.0));
    assert_eq!(recorder.metric("operations_in_flight", &[]), Some(0.0));
    recorder.assert_correlated();
    assert!(
        !recorder.everything().contains("forty-one"),
        "nothing is captured"
    );
}

#[observed(name = "explode", kind = "server", slow = "1s")]
fn explode() {
    panic!("boom");
}

#[test]
fn a_panic_is_told_and_goes_on() {
    let (result, recorder) = recorded(|| catch_unwind(AssertUnwindSafe(explode)));
    assert!(result.is_err());
    assert_eq!(spans(&recorder), ["explode Server panic"]);
    assert_eq!(count(&recorder, "explode", "panic"), Some(1.0));
    assert_eq!(recorder.metric("operations_in_flight", &[]), Some(0.0));
}

#[observed(metrics(false))]
fn uncounted() -> u8 {
    7
}

#[test]
fn metrics_can_be_left_out() {
    let (result, recorder) = recorded(uncounted);
    assert_eq!((result, spans(&recorder).len()), (7, 1));
    assert_eq!(count(&recorder, "observed::uncounted", "ok"), None);
}

/// Comes back once without being done.
async fn pause() {
    let mut paused = false;
    std::future::poll_fn(|_| match std::mem::replace(&mut paused, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[observed]
async fn outer(number: &str) -> Result<u32, ParseIntError> {
    pause().await;
    let doubled = inner(number).await?;
    Ok(doubled + double(number)?)
}

#[observed]
async fn inner(number: &str) -> Result<u32, ParseIntError> {
    pause().await;
    number.parse()
}

#[test]
fn a_future_has_its_span_at_each_poll_and_no_longer() {
    let recorder = Recorder::new();
    let mut future = pin!(recorder.context().scope(outer("4")));
    assert!(poll(future.as_mut()).is_pending());
    assert_eq!(obs_runtime::Context::current().span(), None);
    assert!(poll(future.as_mut()).is_pending());
    let in_flight = || recorder.metric("operations_in_flight", &[("operation", "observed::outer")]);
    assert_eq!(in_flight(), Some(1.0));
    assert_eq!(poll(future.as_mut()), Poll::Ready(Ok(12)));
    assert_eq!(in_flight(), Some(0.0));
    let spans = recorder.spans();
    let [inner, double, outer] = &spans[..] else {
        panic!("{spans:?}");
    };
    assert_eq!(inner.parent_id.as_ref(), Some(&outer.span_id));
    assert_eq!(double.parent_id.as_ref(), Some(&outer.span_id));
    assert_eq!(outer.parent_id, None);
}

#[test]
fn a_future_that_is_dropped_is_cancelled_and_so_is_what_it_waits_for() {
    let recorder = Recorder::new();
    {
        let mut future = pin!(recorder.context().scope(outer("4")));
        assert!(poll(future.as_mut()).is_pending());
        assert!(poll(future.as_mut()).is_pending());
    }
    let cancelled = [
        "observed::inner Internal cancelled",
        "observed::outer Internal cancelled",
    ];
    assert_eq!(spans(&recorder), cancelled);
    assert_eq!(count(&recorder, "observed::outer", "cancelled"), Some(1.0));
    assert_eq!(count(&recorder, "observed::inner", "cancelled"), Some(1.0));
}

#[test]
fn a_future_that_is_never_polled_is_no_call() {
    let (future, recorder) = recorded(|| outer("4"));
    drop(future);
    assert_eq!(spans(&recorder), [""; 0]);
}

#[observed]
async fn falls() {
    pause().await;
    panic!("boom");
}

#[test]
fn a_future_that_panics_has_not_been_cancelled() {
    let recorder = Recorder::new();
    let mut future = Box::pin(recorder.context().scope(falls()));
    assert!(poll(future.as_mut()).is_pending());
    let fell = catch_unwind(AssertUnwindSafe(|| poll(future.as_mut())));
    assert!(fell.is_err());
    assert_eq!(spans(&recorder), ["observed::falls Internal panic"]);
    assert_eq!(count(&recorder, "observed::falls", "panic"), Some(1.0));
    assert_eq!(obs_runtime::Context::current().span(), None);
}

#[observed]
fn opaque(number: &str) -> impl Future<Output = Result<u32, ParseIntError>> + Send {
    let early = double("1");
    async move {
        pause().await;
        let late: u32 = number.parse()?;
        Ok(late + early?)
    }
}

#[observed]
fn boxed(number: &str) -> Pin<Box<dyn Future<Output = Result<u32, ParseIntError>> + Send + '_>> {
    let future = async move {
        pause().await;
        number.parse()
    };
    Box::pin(future)
}

/// As `async_trait` leaves it behind.
#[observed]
fn pinned<'life0, 'async_trait>(
    number: &'life0 str,
) -> ::core::pin::Pin<
    Box<
        dyn ::core::future::Future<Output = Result<u32, ParseIntError>>
            + ::core::marker::Send
            + 'async_trait,
    >,
>
where
    'life0: 'async_trait,
{
    Box::pin(async move {
        pause().await;
        number.parse()
    })
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[observed]
fn aliased(number: &str) -> BoxFuture<'_, Result<u32, ParseIntError>> {
    Box::pin(async move { number.parse() })
}

#[test]
fn a_future_that_is_given_back_is_the_call() {
    for (fine, number) in [(true, "4"), (false, "four")] {
        for (name, recorder) in [
            ("opaque", whole(opaque, number, fine)),
            ("boxed", whole(boxed, number, fine)),
            ("pinned", whole(pinned, number, fine)),
            ("aliased", whole(aliased, number, fine)),
        ] {
            let error = if fine { "" } else { "ParseIntError" };
            let name = format!("observed::{name}");
            let last = recorder.spans().pop().expect("a span");
            assert_eq!(
                spans(&recorder).pop(),
                Some(format!("{name} Internal {error}"))
            );
            let outcome = if fine { "ok" } else { "error" };
            assert_eq!(count(&recorder, &name, outcome), Some(1.0));
            for other in &recorder.spans()[..recorder.spans().len() - 1] {
                assert_eq!(other.parent_id.as_ref(), Some(&last.span_id), "{name}");
            }
        }
    }
}

/// Polls until it is done.
fn whole<'n, F: Future<Output = Result<u32, ParseIntError>>>(
    function: impl FnOnce(&'n str) -> F,
    number: &'n str,
    fine: bool,
) -> Recorder {
    let (future, recorder) = recorded(|| Box::pin(function(number)));
    let mut future = future;
    let result = loop {
        if let Poll::Ready(result) = poll(future.as_mut()) {
            break result;
        }
        assert_eq!(recorder.metric("operations_in_flight", &[]), Some(1.0));
    };
    assert_eq!(result.is_ok(), fine);
    recorder
}

struct Shop {
    sold: u8,
}

#[observed(kind = "server")]
impl Shop {
    const SOME: bool = 1 < 2;

    fn open() -> Self {
        Shop { sold: 0 }
    }

    #[observed(kind = "client", name = "sell")]
    fn sell(&mut self, count: u8) -> Option<u8> {
        self.sold = self.sold.checked_add(count)?;
        Some(self.sold)
    }

    #[observed(skip)]
    fn sold(&self) -> u8 {
        self.sold
    }

    const fn nothing() -> u8 {
        0
    }
}

#[observed(name = "greeting")]
trait Greet {
    fn greet(&self) -> String;

    fn shout(&self) -> String {
        self.greet().to_uppercase()
    }
}

#[observed]
impl Greet for Shop {
    fn greet(&self) -> String {
        "welcome".to_owned()
    }
}

#[observed]
impl<T> Greet for Vec<T>
where
    T: Greet,
{
    fn greet(&self) -> String {
        self.iter().map(Greet::greet).collect()
    }
}

#[test]
fn a_block_is_all_of_its_functions() {
    let ((), recorder) = recorded(|| {
        let mut shop = Shop::open();
        assert_eq!(shop.sell(3), Some(3));
        assert_eq!(shop.sold() + Shop::nothing(), 3);
        assert_eq!(vec![shop].shout(), "WELCOME");
        const { assert!(Shop::SOME) };
    });
    assert_eq!(
        spans(&recorder),
        [
            "observed::Shop::open Server ",
            "sell Client ",
            "observed::Shop::greet Internal ",
            "observed::Vec::greet Internal ",
            "greeting::shout Internal ",
        ]
    );
}
