//! Spans that wait for the end of their local root.

use super::*;
use crate::span::inside::of as inside;
use crate::span::local::{Bounds, Local, sweep};

static ROOT: SpanMeta = SpanMeta::new("root").with_slow_nanos(1_000);
static CHILD: SpanMeta = SpanMeta::new("child").with_slow_nanos(1_000);

/// A root in the making, with the context of what happens inside.
struct Tree {
    root: Span,
    inside: Context,
    start: Moment,
}

impl Tree {
    fn new(bounds: &'static Bounds) -> Tree {
        listen();
        let (cx, start) = (under(false), clock::now());
        let mut root = Span::start(&ROOT, &cx, start);
        root.local = Some(Arc::new(Local::new(start, bounds)));
        root.root = true;
        let inside = inside(&cx, &root);
        Tree {
            root,
            inside,
            start,
        }
    }

    fn trace(&self) -> TraceId {
        self.root.context.trace
    }

    /// A child that ends at once: well, or as the letter says.
    fn child(&self, how: char) {
        end(Span::start(&CHILD, &self.inside, self.start), how);
    }

    /// One that stays open, and its own inside.
    fn open(&self) -> (Span, Context) {
        let span = Span::start(&PLAIN, &self.inside, self.start);
        let inside = inside(&self.inside, &span);
        (span, inside)
    }
}

fn end(mut span: Span, how: char) -> Fate {
    let (meta, start) = (span.meta, span.start);
    let at = later(start, if how == 's' { meta.slow } else { 0 });
    let outcome = if how == 'e' { FAILED } else { Outcome::Fine };
    span.end(at, &outcome, |to| to.set("how", how.to_string().as_str()))
}

/// Names and reasons of what left of a trace: `child:error`.
fn reasons(trace: TraceId) -> Vec<String> {
    let reason = |it: &Seen| {
        let reason = it
            .attributes
            .iter()
            .find_map(|it| it.strip_prefix("sampling.reason=Text(\""));
        format!(
            "{}:{}",
            it.name,
            reason.unwrap_or("\"").trim_end_matches("\")")
        )
    };
    left(trace).iter().map(reason).collect()
}

fn truncated(trace: TraceId) -> Option<String> {
    let left = left(trace);
    let root = left.iter().find(|it| it.name == "root")?;
    let found = root
        .attributes
        .iter()
        .find_map(|it| it.strip_prefix("sampling.truncated="));
    found.map(str::to_owned)
}

fn bounds(spans: u32, trace_bytes: usize, traces: usize, bytes: usize) -> &'static Bounds {
    Box::leak(Box::new(Bounds::new(
        spans,
        trace_bytes,
        traces,
        bytes,
        u64::MAX,
    )))
}

fn wide() -> &'static Bounds {
    bounds(100, 1 << 20, 100, 1 << 20)
}

#[test]
fn the_trace_leaves_as_a_whole_or_not_at_all() {
    // Children, the root, and children that come late: each ends well (`.`), with an error, or slowly.
    for (children, root, late, expected) in [
        ("", '.', "", ""),
        ("...", '.', ".", ""),
        ("", 'e', "", "root:error"),
        (
            "..",
            'e',
            ".",
            "child:error child:error root:error child:error",
        ),
        (".", 's', "", "child:slow root:slow"),
        (
            ".e.",
            '.',
            ".",
            "child:error child:error child:error root:error child:error",
        ),
        ("s", 'e', "", "child:slow root:error"),
        (
            ".se",
            '.',
            "",
            "child:slow child:slow child:error root:slow",
        ),
        (".", '.', ".e.", "child:error"),
    ] {
        let mut tree = Tree::new(wide());
        let trace = tree.trace();
        children.chars().for_each(|how| tree.child(how));
        let done = std::mem::replace(
            &mut tree.root,
            Span::start(&ROOT, &Context::NONE, tree.start),
        );
        let fate = end(done, root);
        let left_before = expected.contains("root");
        assert_eq!(fate == Fate::Exported, left_before, "{children} {root}");
        late.chars().for_each(|how| tree.child(how));
        assert_eq!(
            reasons(trace).join(" "),
            expected,
            "{children} {root} {late}"
        );
        assert_eq!(truncated(trace), None);
    }
}

#[test]
fn over_the_bound_the_failed_and_those_around_them_stay() {
    let before = metric::drops(Signal::Spans, metric::Reason::Limit);
    let tree = Tree::new(bounds(2, 1 << 20, 100, 1 << 20));
    let trace = tree.trace();
    let (around, inside) = tree.open();
    // Two have room, three are missing.
    (0..5).for_each(|_| tree.child('.'));
    let failed = Span::start(&CHILD, &inside, tree.start);
    assert_eq!(end(failed, 'e'), Fate::Exported);
    // Nobody needs this one.
    tree.child('.');
    let parent = around.context.span;
    assert_eq!(end(around, '.'), Fate::Exported);
    end(tree.root, '.');
    assert_eq!(
        reasons(trace),
        [
            "child:error",
            "child:error",
            "child:error",
            "plain:error",
            "root:error"
        ]
    );
    assert_eq!(left(trace)[2].parent, Some(parent));
    assert_eq!(truncated(trace).as_deref(), Some("Int(4)"));
    assert!(metric::drops(Signal::Spans, metric::Reason::Limit) >= before + 4);
}

#[test]
fn a_trace_that_nobody_misses_counts_nothing() {
    let bounds = bounds(1, 1 << 20, 100, 1 << 20);
    let tree = Tree::new(bounds);
    let (trace, local) = (tree.trace(), tree.root.local.clone().unwrap());
    (0..3).for_each(|_| tree.child('.'));
    assert_eq!(bounds.used(), (1, 16 << 10));
    assert_eq!(end(tree.root, '.'), Fate::Dropped);
    assert_eq!((reasons(trace).len(), local.missing()), (0, 2));
    assert_eq!(bounds.used(), (0, 0));
}

#[test]
fn traces_and_bytes_are_bounded() {
    let record = 16 << 10;
    for (bounds, first, second) in [
        // One trace has something waiting, another cannot.
        (
            bounds(100, 1 << 20, 1, 1 << 20),
            "child:slow child:slow root:slow",
            "root:slow",
        ),
        // Bytes of both.
        (
            bounds(100, 1 << 20, 9, record),
            "child:slow child:slow root:slow",
            "root:slow",
        ),
        // Bytes of each.
        (bounds(100, 1, 9, 1 << 20), "root:slow", "root:slow"),
    ] {
        let trees = [Tree::new(bounds), Tree::new(bounds)];
        for tree in &trees {
            tree.child('.');
            tree.child('.');
        }
        for (tree, expected) in trees.into_iter().zip([first, second]) {
            let trace = tree.trace();
            end(tree.root, 's');
            assert_eq!(reasons(trace).join(" "), expected);
            let missing = (expected == "root:slow").then_some("Int(2)");
            assert_eq!(truncated(trace).as_deref(), missing);
        }
        assert_eq!(bounds.used(), (0, 0));
    }
}

#[test]
fn what_waits_too_long_is_let_go() {
    let before = metric::drops(Signal::Spans, metric::Reason::Age);
    // Less than what other tests use, and more than any of them takes.
    let age = 200 * clock::SECOND;
    let bounds = Box::leak(Box::new(Bounds::new(9, 1 << 20, 9, 1 << 20, age)));
    let tree = Tree::new(bounds);
    let trace = tree.trace();
    tree.child('.');
    sweep(later(tree.start, age - 1));
    assert_eq!(bounds.used().0, 1);
    sweep(later(tree.start, age));
    assert_eq!(bounds.used(), (0, 0));
    tree.child('.');
    tree.child('e');
    end(tree.root, '.');
    assert_eq!(reasons(trace), ["child:error", "root:error"]);
    assert_eq!(truncated(trace).as_deref(), Some("Int(2)"));
    assert!(metric::drops(Signal::Spans, metric::Reason::Age) >= before + 2);
}

#[test]
fn a_trace_whose_root_is_gone_gives_its_place_back() {
    let bounds = wide();
    let tree = Tree::new(bounds);
    tree.child('.');
    assert_eq!(bounds.used().0, 1);
    drop(tree);
    assert_eq!(bounds.used(), (0, 0));
}

#[test]
fn spans_around_closures_wait_too() {
    listen();
    let cx = under(false);
    let attached = cx.attach();
    static CALM: SpanMeta = SpanMeta::new("calm").with_slow_nanos(u64::MAX);
    CALM.run(|| {
        CALM.run(|| ());
        let span = Context::look(|cx| Span::start(&PLAIN, cx, clock::now()));
        end(span, 'e');
    });
    drop(attached);
    let trace = cx.span().unwrap().trace;
    assert_eq!(reasons(trace), ["calm:error", "plain:error", "calm:error"]);
    let left = left(trace);
    assert_eq!(left[0].parent, Some(left[2].span));
    assert_eq!(left[1].parent, Some(left[2].span));
}

#[test]
fn ten_thousand_wait_and_those_around_them_have_room() {
    let tree = Tree::new(&crate::span::local::BOUNDS);
    let trace = tree.trace();
    (0..10_050).for_each(|_| tree.child('.'));
    assert_eq!(end(tree.root, 'e'), Fate::Exported);
    assert_eq!(left(trace).len(), 10_001);
    assert_eq!(truncated(trace).as_deref(), Some("Int(50)"));
}
