//! Spans around closures and futures.

use std::cell::Cell;
use std::pin::pin;
use std::task::{self, Poll, Waker};

use super::*;
use crate::observe::{Site, Task, Verdict, ended};
use crate::span;

static OUTER: SpanMeta = SpanMeta::new("outer");
static INNER: SpanMeta = SpanMeta::new("inner");

/// Done with the second poll.
async fn twice() {
    let polled = Cell::new(false);
    std::future::poll_fn(|_| {
        if polled.replace(true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut task::Context::from_waker(Waker::noop()))
}

/// Unwinds without the hook, which would write into the output of other tests.
fn panics() -> u32 {
    std::panic::resume_unwind(Box::new("out of order"))
}

/// What has a span around it.
fn works(kind: &str) {
    let harmless = |work: &mut dyn FnMut()| {
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    };
    let judge = |result: &u32| {
        (*result > 4).then_some(Failure {
            error_type: "timeout",
            exception: "",
            message: None,
        })
    };
    match kind {
        "fine" => assert_eq!(OUTER.run(|| 5), 5),
        "ok" => assert_eq!(OUTER.try_run(|| "5".parse()), Ok(5)),
        "error" => assert!(OUTER.try_run(|| "x".parse::<u32>()).is_err()),
        "judged" => assert_eq!(OUTER.run_as(judge, || 5), 5),
        "panic" => harmless(&mut || _ = OUTER.run(panics)),
        "future" => assert!(poll(pin!(OUTER.follow(async {}))).is_ready()),
        "future error" => {
            let future = pin!(OUTER.try_follow(async { "x".parse::<u32>() }));
            assert!(matches!(poll(future), Poll::Ready(Err(_))));
        }
        "future panic" => {
            let mut future = pin!(OUTER.follow(async { panics() }));
            harmless(&mut || _ = poll(future.as_mut()));
        }
        "dropped" => assert!(poll(pin!(OUTER.follow(twice()))).is_pending()),
        "never polled" => drop(OUTER.follow(twice())),
        _ => unreachable!("{kind}"),
    }
}

#[test]
fn each_outcome_is_recorded_once() {
    listen();
    for (kind, expected) in [
        ("fine", Some(None)),
        ("ok", Some(None)),
        (
            "error",
            Some(Some(("_OTHER", "invalid digit found in string"))),
        ),
        ("judged", Some(Some(("timeout", "")))),
        ("panic", Some(Some(("panic", "out of order")))),
        ("future", Some(None)),
        (
            "future error",
            Some(Some(("_OTHER", "invalid digit found in string"))),
        ),
        ("future panic", Some(Some(("panic", "out of order")))),
        ("dropped", Some(Some(("cancelled", "")))),
        ("never polled", None),
    ] {
        let cx = under(true);
        let attached = cx.attach();
        works(kind);
        drop(attached);
        let left = left(cx.span().unwrap().trace);
        let errors: Vec<_> = left
            .iter()
            .map(|it| it.error.as_ref().map(|(kind, text)| (*kind, text.as_str())))
            .collect();
        assert_eq!(errors, Vec::from_iter(expected), "{kind}");
        let exceptions = left.iter().flat_map(|it| &it.events).count();
        let told = matches!(kind, "error" | "panic" | "future error" | "future panic");
        assert_eq!(exceptions, usize::from(told), "{kind}");
    }
}

#[test]
fn tasks_that_take_turns_have_parents_of_their_own() {
    listen();
    let contexts = [under(true), under(true)];
    let mut tasks = contexts.each_ref().map(|cx| {
        Box::pin(cx.scope(async {
            let work = OUTER.follow(async {
                twice().await;
                INNER.follow(twice()).await;
                Context::current().span()
            });
            work.await
        }))
    });
    let mut open = Vec::new();
    for round in 0..3 {
        for task in &mut tasks {
            if let Poll::Ready(span) = poll(task.as_mut()) {
                assert_eq!(round, 2);
                open.push(span.unwrap());
            }
            assert_eq!(Context::current().span(), None);
        }
    }
    for (cx, outer) in contexts.iter().zip(open) {
        let around = cx.span().unwrap();
        let left = left(around.trace);
        let found: Vec<_> = left.iter().map(|it| (it.name, it.parent)).collect();
        assert_eq!(
            found,
            [("inner", Some(outer.span)), ("outer", Some(around.span))]
        );
        assert_eq!(left[1].span, outer.span);
    }
}

#[test]
fn what_is_inside_of_a_dropped_future_ends_first() {
    listen();
    let cx = under(true);
    drop({
        let work = async { OUTER.follow(async { INNER.follow(twice()).await }).await };
        let mut task = Box::pin(cx.scope(work));
        assert!(poll(task.as_mut()).is_pending());
        task
    });
    let left = left(cx.span().unwrap().trace);
    let found: Vec<_> = left.iter().map(|it| it.name).collect();
    assert_eq!(found, ["inner", "outer"]);
    assert_eq!(left[0].parent, Some(left[1].span));
}

#[test]
fn a_future_begins_where_it_was_made() {
    listen();
    let cx = under(true);
    let future = {
        let _attached = cx.attach();
        OUTER.follow(async {})
    };
    assert!(poll(pin!(future)).is_ready());
    let around = cx.span().unwrap();
    assert_eq!(left(around.trace)[0].parent, Some(around.span));
}

#[test]
fn things_are_said_about_the_span_around() {
    listen();
    let cx = under(true);
    let other = under(false).span().unwrap();
    let attached = cx.attach();
    OUTER.run(|| {
        span::set("key", "first");
        span::event("happened", &[("how", "well".into()), ("often", 2.into())]);
        INNER.run(|| span::set("key", "inside"));
        span::link(other, &[("why", true.into())]);
        span::set("key", "second");
        span::set("more", 1.5);
    });
    drop(attached);
    span::set("key", "outside of any");
    let left = left(cx.span().unwrap().trace);
    assert_eq!(left[0].attributes, ["key=Text(\"inside\")"]);
    assert_eq!(
        left[1].attributes,
        ["key=Text(\"second\")", "more=Float(1.5)"]
    );
    let how = ["how=Text(\"well\")", "often=Int(2)"].map(str::to_owned);
    assert_eq!(left[1].events, [("happened", how.to_vec())]);
    assert_eq!(left[1].links, [(other, vec!["why=Bool(true)".to_owned()])]);
}

#[test]
fn what_is_said_is_limited() {
    listen();
    let cx = under(true);
    let attached = cx.attach();
    let about = [("key", Value::Int(1)); 200];
    OUTER.run(|| {
        for index in 0..200 {
            span::event("event", &about[..index]);
            span::link(cx.span().unwrap(), &[]);
        }
        for _ in 0..200 {
            span::set("key", 1);
        }
    });
    drop(attached);
    let left = left(cx.span().unwrap().trace);
    assert_eq!((left[0].events.len(), left[0].links.len()), (128, 128));
    assert_eq!((left[0].dropped_events, left[0].dropped_links), (72, 72));
    assert_eq!((left[0].attributes.len(), left[0].dropped), (1, 0));
    let longest = left[0].events.iter().map(|(_, about)| about.len()).max();
    assert_eq!(longest, Some(127));
}

#[test]
fn a_root_waits_for_those_that_come() {
    static CALLED: Site = Site::new("outer");
    listen();
    // Children, whether the root fails, and children that come late: each ends well (`.`) or with an error.
    for (children, fails, late, expected) in [
        ("", false, "", ""),
        ("", true, "", "outer"),
        (".", false, "", ""),
        (".", true, "", "inner outer"),
        (".e", false, "..", "inner inner outer inner inner"),
        ("", false, ".e.", "inner"),
        (".", false, ".e.", "inner"),
        ("", true, ".e", "outer inner inner"),
    ] {
        for called in [false, true] {
            let cx = under(false);
            let attached = cx.attach();
            let children_of = |all: &str| {
                for how in all.chars() {
                    let _ = INNER.try_run(|| if how == 'e' { Err("no") } else { Ok(()) });
                }
            };
            let mut inside = None;
            let work = || {
                children_of(children);
                if !late.is_empty() {
                    span::set("said", true);
                    inside = Some(Context::current());
                }
                if fails { Err("no") } else { Ok(()) }
            };
            if called {
                let mut call = CALLED.call();
                let result = call.work(work);
                call.ended(ended(&result).verdict());
            } else {
                let _ = OUTER.try_run(work);
            }
            assert_eq!(Context::current().span(), cx.span());
            if let Some(inside) = inside {
                let _inside = inside.attach();
                span::set("late", true);
                children_of(late);
            }
            drop(attached);
            let left = left(cx.span().unwrap().trace);
            let names: Vec<&str> = left.iter().map(|span| span.name).collect();
            assert_eq!(names.join(" "), expected, "called: {called}");
            for outer in left.iter().filter(|span| span.name == "outer") {
                let said = |what: &str| outer.attributes.iter().any(|it| it.starts_with(what));
                assert_eq!((said("said="), said("late=")), (!late.is_empty(), false));
            }
        }
    }
}

static CALLS: [Site; 3] = [Site::new("a"), Site::new("b"), Site::new("c")];

/// Where a call of the test stands in its trace, if it is one of those that look.
fn look(looks: u32, place: u32) -> Option<SpanContext> {
    if looks & 1 << place == 0 {
        return None;
    }
    Context::current().span()
}

/// `c` in `b` in `a`, with looks before and after what is within. Gives what was seen of each.
fn calls(looks: u32, depth: usize, seen: &mut Found) {
    let mut call = CALLS[depth].call();
    let failed: Result<(), &str> = call.work(|| {
        let place = 2 * u32::try_from(depth).unwrap();
        seen.extend(look(looks, place).map(|span| (depth, span)));
        if depth == 2 {
            return Err("no");
        }
        calls(looks, depth + 1, seen);
        seen.extend(look(looks, place + 1).map(|span| (depth, span)));
        Ok(())
    });
    call.ended(ended(&failed).verdict());
}

type Found = Vec<(usize, SpanContext)>;

/// The same with futures that wait within, and begin where they are made or in their first poll.
fn tasks(looks: u32, depth: usize, first: bool) -> Pin<Box<dyn Future<Output = Found>>> {
    Box::pin(async move {
        let place = 2 * u32::try_from(depth).unwrap();
        let work = async move {
            let mut seen = Vec::new();
            seen.extend(look(looks, place).map(|span| (depth, span)));
            twice().await;
            if depth < 2 {
                seen.extend(tasks(looks, depth + 1, first).await);
                seen.extend(look(looks, place + 1).map(|span| (depth, span)));
            }
            seen
        };
        let end = |task: &mut Task, _: &Found| {
            let failed: Result<(), &str> = if depth == 2 { Err("no") } else { Ok(()) };
            task.ended(ended(&failed).verdict());
        };
        if first {
            CALLS[depth].follow(work, end).await
        } else {
            CALLS[depth].task().follow(work, end).await
        }
    })
}

#[test]
fn calls_in_calls_have_their_parents_whoever_looks() {
    listen();
    for (sampled, first) in [(true, true), (true, false), (false, true), (false, false)] {
        for looks in 0..1 << 5 {
            let both = [under(sampled), under(sampled)];
            let mut seen = [Vec::new(), Vec::new()];
            let attached = both[0].attach();
            calls(looks, 0, &mut seen[0]);
            assert_eq!(Context::current().span(), both[0].span());
            drop(attached);
            // Polled under something else, and beside another one.
            let mut task = Box::pin(both[1].scope(tasks(looks, 0, first)));
            let beside = under(true);
            seen[1] = loop {
                let polled = poll(task.as_mut());
                let _other = beside.attach();
                let mut call = CALLS[2].call();
                call.work(|| ());
                call.ended(Verdict::FINE);
                if let Poll::Ready(seen) = polled {
                    break seen;
                }
            };
            for (cx, seen) in both.iter().zip(seen) {
                let around = cx.span().unwrap();
                let left = left(around.trace);
                let names: Vec<_> = left.iter().map(|it| it.name).collect();
                assert_eq!(names, ["c", "b", "a"], "{sampled} {looks:b}");
                let parents: Vec<_> = left.iter().map(|it| it.parent).collect();
                let expected = [left[1].span, left[2].span, around.span].map(Some);
                assert_eq!(parents, expected, "{sampled} {looks:b}");
                assert_eq!(seen.len(), looks.count_ones() as usize);
                for (depth, span) in seen {
                    assert_eq!(span.span, left[2 - depth].span, "{sampled} {looks:b}");
                }
            }
            left(beside.span().unwrap().trace);
        }
    }
}
