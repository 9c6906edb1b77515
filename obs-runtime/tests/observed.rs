//! `#[observed]`: what is told of each call, whatever way it leaves its function.

#![cfg(feature = "macros")]
#![cfg(not(any(feature = "off-metrics", feature = "off-spans")))]

use obs_runtime::testing::Recorder;
use obs_runtime::{Context, ErrorType, Label, Pii, SpanContext, SpanId, TraceId, observed};
use std::num::ParseIntError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{self, Poll, Waker};

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
    future.poll(&mut task::Context::from_waker(Waker::noop()))
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
    assert_eq!(Context::current().span(), None);
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
    assert_eq!(Context::current().span(), None);
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

struct Order {
    id: u32,
    lines: Vec<&'static str>,
}

#[observed(
    fields(order.id, order.lines = order.lines.len(), %plan, second = ?order.lines.get(1), "of whom" = %whose.expose(), card, whose),
    ret,
    level = "info"
)]
fn place(
    order: &Order,
    plan: std::fmt::Arguments<'_>,
    whose: Pii<String>,
    card: Option<&str>,
) -> Result<usize, String> {
    drop(whose);
    Ok(order.lines.len())
}

#[test]
fn what_is_asked_for_is_told_and_nothing_else() {
    let order = Order {
        id: 7,
        lines: vec!["tea", "cups"],
    };
    let whose = Pii::new("ada".to_owned());
    let (result, recorder) = recorded(|| place(&order, format_args!("team"), whose, None));
    assert_eq!(result, Ok(2));
    let span = &recorder.spans()[0];
    let said: Vec<(&str, &str)> = span
        .attributes
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let expected = [
        ("order.id", "7"),
        ("order.lines", "2"),
        ("plan", "team"),
        ("second", "Some(\"cups\")"),
        ("of whom", "ada"),
        ("return", "2"),
    ];
    assert_eq!(said, expected);
    let [line] = &recorder.lines()[..] else {
        panic!("one line");
    };
    let word = |name: &str| line.get(name).and_then(|it| it.as_str()).map(str::to_owned);
    assert_eq!(word("message").as_deref(), Some("observed::place"));
    assert_eq!(word("target").as_deref(), Some("observed"));
    assert_eq!(word("level").as_deref(), Some("INFO"));
    assert_eq!(word("status").as_deref(), Some("ok"));
    assert_eq!(word("span_id").as_ref(), Some(&span.span_id));
    assert_eq!(word("error_type"), None);
    let context = line.get("context").map(ToString::to_string);
    assert_eq!(
        context.as_deref(),
        Some(
            r#"{"order.id":7,"order.lines":2,"plan":"team","second":"Some(\"cups\")","of whom":"ada","return":"2"}"#
        )
    );
}

/// An error with a reason.
#[derive(Debug)]
struct Refused(ParseIntError);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[observed(err)]
fn shown(number: &str) -> Result<u8, Refused> {
    number.parse().map_err(Refused)
}

#[observed(err(Debug))]
async fn debugged(number: &str) -> Result<u8, Refused> {
    number.parse().map_err(Refused)
}

#[observed(err(chain))]
fn chained(number: &str) -> impl Future<Output = Result<u8, Refused>> {
    std::future::ready(number.parse().map_err(Refused))
}

#[observed(err(chain))]
fn boxed_chain(number: &str) -> Result<u8, Box<dyn std::error::Error>> {
    Ok(shown(number)?)
}

#[observed(err = "chain")]
fn sendable_chain(number: &str) -> Result<u8, Box<dyn std::error::Error + Send + Sync>> {
    Ok(shown(number)?)
}

#[test]
fn errors_say_what_they_were_asked_for() {
    let reason = "refused: invalid digit found in string";
    let debug = "Refused(ParseIntError { kind: InvalidDigit })";
    let (_, recorder) = recorded(|| {
        let _ = shown("x");
        let _ = poll(pin!(debugged("x")));
        let _ = poll(pin!(chained("x")));
        let _ = boxed_chain("x");
        let _ = sendable_chain("x");
    });
    let expected = [
        ("shown", "Refused", "refused"),
        ("debugged", "Refused", debug),
        ("chained", "Refused", reason),
        ("shown", "Refused", "refused"),
        ("boxed_chain", "_OTHER", reason),
        ("shown", "Refused", "refused"),
        ("sendable_chain", "_OTHER", reason),
    ];
    let lines = recorder.lines();
    let spans = recorder.spans();
    assert_eq!((spans.len(), lines.len()), (expected.len(), expected.len()));
    for (at, (name, kind, said)) in expected.into_iter().enumerate() {
        assert_eq!(spans[at].name, format!("observed::{name}"));
        assert_eq!(spans[at].error, Some((kind.to_owned(), said.to_owned())));
        let word = |name: &str| lines[at].get(name).and_then(|it| it.as_str());
        assert_eq!(word("level"), Some("ERROR"));
        assert_eq!(
            (word("status"), word("error_type")),
            (Some("error"), Some(kind))
        );
        assert_eq!(word("error"), Some(said));
    }
}

#[test]
fn nothing_is_said_of_calls_that_end_well_where_only_errors_were_asked_for() {
    let (result, recorder) = recorded(|| shown("1").map_err(drop));
    assert_eq!((result, recorder.lines().len()), (Ok(1), 0));
}

#[observed(parent = around.clone(), link = first, link(second, None))]
fn elsewhere(around: &Context, first: SpanContext, second: Option<SpanContext>) {}

#[test]
fn a_parent_and_links_are_those_that_are_named() {
    let place = |trace, span| SpanContext {
        trace: TraceId::new(trace).expect("not zero"),
        span: SpanId::new(span).expect("not zero"),
        sampled: true,
        remote: false,
    };
    let recorder = Recorder::new();
    let around = recorder.context().with_span(place(1, 2));
    elsewhere(&around, place(3, 4), Some(place(5, 6)));
    let span = &recorder.spans()[0];
    assert_eq!(span.parent_id.as_deref(), Some("0000000000000002"));
    assert_eq!(span.links, ["0000000000000004", "0000000000000006"]);
}

#[observed(db(system = "sqlite", operation = "insert", collection = "orders"))]
fn insert() {}

#[observed(
    client(system = "grpc", method = "acme.Billing/Charge", address = "billing"),
    metrics(false)
)]
async fn charge() {}

#[observed(name = "vacuum", kind = "internal", db(system = "sqlite"))]
fn vacuum() {}

#[test]
fn calls_of_stores_and_peers_follow_the_conventions() {
    let (_, recorder) = recorded(|| {
        insert();
        let _ = poll(pin!(charge()));
        vacuum();
    });
    let names = [
        "insert orders Client ",
        "acme.Billing/Charge Client ",
        "vacuum Internal ",
    ];
    assert_eq!(spans(&recorder), names);
    let all = recorder.spans();
    assert_eq!(all[0].attribute("db.system.name"), Some("sqlite"));
    assert_eq!(all[0].attribute("db.operation.name"), Some("insert"));
    assert_eq!(all[0].attribute("db.collection.name"), Some("orders"));
    assert_eq!(all[1].attribute("rpc.system.name"), Some("grpc"));
    assert_eq!(all[1].attribute("rpc.method"), Some("acme.Billing/Charge"));
    assert_eq!(all[1].attribute("server.address"), Some("billing"));
}

#[observed(err)]
impl Order {
    fn check(&self) -> Result<(), Refused> {
        shown("x").map(drop)
    }

    fn first(&self) -> &str {
        self.lines[0]
    }
}

#[test]
fn a_block_asks_for_errors_where_there_are_any() {
    let order = Order {
        id: 1,
        lines: vec!["tea"],
    };
    let (_, recorder) = recorded(|| (order.check().map_err(drop), order.first().len()));
    assert_eq!(recorder.lines().len(), 2);
}

#[derive(ErrorType)]
enum PayError<T> {
    CardDeclined,
    #[error_type(name = "late")]
    TooLate(T),
    #[error_type(transparent)]
    Bank(BankError),
}

#[derive(ErrorType)]
struct BankError;

#[observed]
fn pay(how: u8) -> Result<(), PayError<u8>> {
    match how {
        0 => Ok(()),
        1 => Err(PayError::CardDeclined),
        2 => Err(PayError::TooLate(how)),
        _ => Err(PayError::Bank(BankError)),
    }
}

#[test]
fn errors_may_have_names_of_their_own() {
    let (_, recorder) = recorded(|| pay(0).is_ok());
    let errors = |recorder: &Recorder, kind| {
        let labels = [("operation", "observed::pay"), ("error_type", kind)];
        recorder.metric("operation_errors_total", &labels)
    };
    for known in ["card_declined", "late", "_OTHER", "panic", "cancelled"] {
        assert_eq!(errors(&recorder, known), Some(0.0), "{known}");
    }
    for (how, name) in [(1, "card_declined"), (2, "late"), (3, "bank_error")] {
        let (_, recorder) = recorded(|| pay(how).is_err());
        assert_eq!(spans(&recorder), [format!("observed::pay Internal {name}")]);
        assert_eq!(errors(&recorder, name), Some(1.0));
    }
}

#[derive(Clone, Copy, Label)]
enum Plan {
    Free,
    Team,
}

#[observed(labels(plan: Plan = order.1, gift: bool))]
async fn deliver(order: (u8, Plan), gift: bool) -> Result<(), BankError> {
    match order.0 {
        0 => Ok(()),
        _ => Err(BankError),
    }
}

#[test]
fn labels_tell_the_series_of_a_function_apart() {
    let recorder = Recorder::new();
    let context = recorder.context();
    for (fails, plan, gift) in [
        (0, Plan::Team, true),
        (1, Plan::Team, true),
        (0, Plan::Free, false),
    ] {
        let call = pin!(context.scope(deliver((fails, plan), gift)));
        assert!(poll(call).is_ready());
    }
    let count = |plan, gift, outcome| {
        let labels = [("plan", plan), ("gift", gift), ("outcome", outcome)];
        recorder.metric("operation_duration_seconds_count", &labels)
    };
    assert_eq!(count("Team", "true", "ok"), Some(1.0));
    assert_eq!(count("Team", "true", "error"), Some(1.0));
    assert_eq!(count("Free", "false", "ok"), Some(1.0));
    assert_eq!(count("Free", "true", "ok"), Some(0.0));
    let labels = [
        ("plan", "Team"),
        ("gift", "true"),
        ("error_type", "bank_error"),
    ];
    assert_eq!(
        recorder.metric("operation_errors_total", &labels),
        Some(1.0)
    );
    assert_eq!(
        recorder.metric("operations_in_flight", &[("plan", "Free")]),
        Some(0.0)
    );
}

#[observed(name = "around")]
fn around(work: &mut dyn FnMut()) {
    work();
}

#[observed(name = "around", ret)]
fn around_and_gives(work: &mut dyn FnMut()) -> u8 {
    work();
    7
}

#[observed(name = "within")]
fn within() {}

#[test]
fn whoever_looks_within_a_call_sees_it() {
    let cases: [(&mut dyn FnMut(), &str); 7] = [
        (&mut || {}, "around<"),
        (&mut within, "within<around around<"),
        (
            &mut || around(&mut || within()),
            "within<around around<around around<",
        ),
        (
            &mut || {
                within();
                within();
            },
            "within<around within<around around<",
        ),
        (
            &mut || {
                let _tenant = Context::current().with_tenant("acme").attach();
                within();
            },
            "within<around around<",
        ),
        (
            &mut || {
                let context = Context::current();
                let other = std::thread::spawn(move || {
                    let _on = context.attach();
                    within();
                });
                other.join().unwrap();
            },
            "within<around around<",
        ),
        (
            &mut || {
                // Without the hook, which would write into the output of other tests.
                let panics = || std::panic::resume_unwind(Box::new(()));
                let caught = catch_unwind(|| {
                    around(&mut || {
                        within();
                        panics();
                    });
                });
                assert!(caught.is_err());
                within();
            },
            "within<around around<around within<around around<",
        ),
    ];
    for (work, expected) in cases {
        for says in [false, true] {
            for gives in [false, true] {
                let mut work = || {
                    work();
                    if says {
                        obs_runtime::span::set("said", true);
                    }
                };
                let (around, recorder) = recorded(|| {
                    let before = Context::current().with_correlation("c").attach();
                    if gives {
                        around_and_gives(&mut work);
                    } else {
                        around(&mut work);
                    }
                    let after = Context::current();
                    drop(before);
                    (after.span(), after.correlation().map(str::to_owned))
                });
                assert_eq!(around, (None, Some("c".to_owned())));
                let spans = recorder.spans();
                let line = |span: &obs_runtime::testing::RecordedSpan| {
                    let parent = spans
                        .iter()
                        .find(|it| Some(&it.span_id) == span.parent_id.as_ref());
                    format!("{}<{}", span.name, parent.map_or("", |it| &it.name))
                };
                let lines: Vec<String> = spans.iter().map(line).collect();
                assert_eq!(lines.join(" "), expected);
                let last = spans.last().unwrap();
                assert_eq!(last.attribute("said"), says.then_some("true"));
                assert_eq!(last.attribute("return"), gives.then_some("7"));
            }
        }
    }
}
