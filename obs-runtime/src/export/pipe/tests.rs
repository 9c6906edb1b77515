//! What becomes of spans when exporters do well, fail, panic, are slow or hang.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;
use crate::export::ExportError;
use crate::span::{Value, finished, plain};

/// Nobody waits for so long unless something is wrong.
const LONG: Duration = Duration::from_secs(60);

/// What one test has counted: spans by reason, and batches under `batches`.
type Counts = Mutex<BTreeMap<&'static str, u64>>;

/// A pipe with counts of its own.
macro_rules! pipe {
    () => {{
        static COUNTS: Counts = Mutex::new(BTreeMap::new());
        static PIPE: Pipe = Pipe::new(Tally {
            dropped: |reason, count| *lock(&COUNTS).entry(reason.as_str()).or_default() += count,
            failed: |_| *lock(&COUNTS).entry("batches").or_default() += 1,
        });
        (&PIPE, || {
            Vec::from_iter(lock(&COUNTS).clone().into_iter().filter(|it| it.1 > 0))
        })
    }};
}

#[derive(Debug)]
enum How {
    Well,
    Fails,
    Late,
    Panics,
    /// Tells that it is called, and goes on when it is told to.
    Waits(Sender<()>, Receiver<()>),
}

/// Sends the length of each batch it takes, and the text of its last span.
#[derive(Debug)]
struct Takes(How, Sender<(usize, String)>);

impl SpanExporter for Takes {
    fn export(&mut self, spans: Batch<'_>) -> Result<(), ExportError> {
        match &self.0 {
            How::Well => {}
            How::Fails => return Err(ExportError::Failed("on purpose".to_owned())),
            How::Late => return Err(ExportError::Late),
            // Unwinds without the hook, which would write into the output of other tests.
            How::Panics => std::panic::resume_unwind(Box::new(())),
            How::Waits(here, go) => {
                here.send(()).unwrap();
                // The other end may be gone.
                let _ = go.recv();
            }
        }
        let last = spans.iter().last().unwrap();
        let text = last.attributes().find_map(|(key, value)| match value {
            Value::Text(text) if key == "text" => Some(text.to_owned()),
            _ => None,
        });
        // The test may be over.
        let _ = self.1.send((spans.len(), text.unwrap()));
        Ok(())
    }

    fn shutdown(&mut self) {
        let _ = self.1.send((0, "end".to_owned()));
    }
}

fn sum(taken: &Receiver<(usize, String)>) -> usize {
    taken.try_iter().map(|(count, _)| count).sum()
}

#[test]
fn everything_arrives_in_batches() {
    let (pipe, counts) = pipe!();
    let (took, taken) = channel();
    let mine = Mine::enter(pipe);
    assert_eq!(mine.put(&mut finished(1)), Err(Reason::Closed));
    pipe.add(Box::new(Takes(How::Well, took))).unwrap();
    mine.put(&mut finished(1_200)).unwrap();
    assert!(pipe.flush(LONG));
    let text = |count: usize, last: &str| (count, last.to_owned());
    let expected = [text(512, "511"), text(512, "1023"), text(176, "1199")];
    assert_eq!(Vec::from_iter(taken.try_iter()), expected);
    mine.put(&mut finished(2)).unwrap();
    assert!(pipe.shutdown(LONG));
    assert_eq!(Vec::from_iter(taken.iter()), [text(2, "1"), text(0, "end")]);
    assert_eq!(mine.put(&mut finished(1)), Err(Reason::Closed));
    pipe.missed();
    assert_eq!(counts(), [("closed", 1)]);
    // Nobody serves: nothing to wait for.
    assert!(pipe.flush(LONG) && pipe.shutdown(LONG));
    let (took, taken) = channel();
    pipe.add(Box::new(Takes(How::Well, took))).unwrap();
    mine.put(&mut finished(3)).unwrap();
    assert!(pipe.flush(LONG));
    assert_eq!(sum(&taken), 3);
}

#[test]
fn what_fails_is_counted_and_asked_again() {
    type Look = fn() -> Vec<(&'static str, u64)>;
    let (failing, fails): (_, Look) = pipe!();
    let (late, comes_late): (_, Look) = pipe!();
    let (panicking, panics): (_, Look) = pipe!();
    for (how, pipe, counts, expected) in [
        (
            How::Fails,
            failing,
            fails,
            [("batches", 4), ("export", 1_200)],
        ),
        (
            How::Late,
            late,
            comes_late,
            [("batches", 4), ("timeout", 1_200)],
        ),
        (
            How::Panics,
            panicking,
            panics,
            [("batches", 4), ("panic", 1_200)],
        ),
    ] {
        let (took, taken) = channel();
        pipe.add(Box::new(Takes(how, took.clone()))).unwrap();
        pipe.add(Box::new(Takes(How::Well, took))).unwrap();
        let mine = Mine::enter(pipe);
        for _ in 0..2 {
            mine.put(&mut finished(600)).unwrap();
            assert!(pipe.flush(LONG));
        }
        assert!(pipe.shutdown(LONG));
        assert_eq!(counts(), expected);
        // The other exporter has them all.
        assert_eq!(sum(&taken), 1_200);
    }
}

#[test]
fn a_slow_exporter_loses_nothing_that_has_room() {
    let (pipe, counts) = pipe!();
    let ((took, taken), (here, called), (go, going)) = (channel(), channel(), channel());
    pipe.add(Box::new(Takes(How::Waits(here, going), took)))
        .unwrap();
    let mine = Mine::enter(pipe);
    mine.put(&mut finished(10)).unwrap();
    assert!(!pipe.flush(Duration::ZERO));
    called.recv().unwrap();
    // It is busy, and more comes in: from this thread, and from one that ends.
    mine.put(&mut finished(20)).unwrap();
    std::thread::spawn(|| Mine::enter(pipe).put(&mut finished(30)).unwrap())
        .join()
        .unwrap();
    drop(go);
    assert!(pipe.flush(LONG));
    assert_eq!((sum(&taken), counts()), (60, Vec::new()));
}

#[test]
fn an_exporter_that_hangs_costs_what_it_holds_and_what_has_no_room() {
    let (pipe, counts) = pipe!();
    let ((took, taken), (here, called), (go, going)) = (channel(), channel(), channel());
    pipe.add(Box::new(Takes(How::Waits(here, going), took)))
        .unwrap();
    let mine = Mine::enter(pipe);
    mine.put(&mut finished(700)).unwrap();
    assert!(!pipe.flush(Duration::ZERO));
    called.recv().unwrap();
    let mut refused = 0;
    for _ in 0..20 {
        refused += u64::from(mine.put(&mut finished(1_000)).is_err());
    }
    assert_eq!(refused, 3, "seventeen thousand are over the bound");
    // Threads that end leave one block between them.
    for _ in 0..3 {
        std::thread::spawn(|| Mine::enter(pipe).put(&mut finished(16_000)).unwrap())
            .join()
            .unwrap();
    }
    assert!(!pipe.shutdown(Duration::ZERO));
    let expected = [
        ("batches", 1),
        ("full", 16_000),
        ("timeout", 700 + 17_000 + 32_000),
    ];
    assert_eq!(counts(), expected);
    // It comes back, finds that nobody waits for it, and goes: nothing is counted twice.
    drop(go);
    assert_eq!(Vec::from_iter(taken.iter()), [(512, "511".to_owned())]);
    assert_eq!(counts(), expected);
    // Another one serves.
    let (took, taken) = channel();
    pipe.add(Box::new(Takes(How::Well, took))).unwrap();
    mine.put(&mut finished(5)).unwrap();
    assert!(pipe.flush(LONG));
    assert_eq!(sum(&taken), 5);
}

#[test]
fn a_block_that_fills_up_wakes_the_thread() {
    let (pipe, _) = pipe!();
    let (took, taken) = channel();
    pipe.add(Box::new(Takes(How::Well, took))).unwrap();
    let mine = Mine::enter(pipe);
    mine.put(&mut finished(WAKES)).unwrap();
    let mut got = 0;
    while got < WAKES {
        got += taken.recv_timeout(LONG).unwrap().0;
    }
}

#[test]
fn bytes_are_bounded_too() {
    let (pipe, _) = pipe!();
    let (took, _taken) = channel();
    pipe.add(Box::new(Takes(How::Well, took))).unwrap();
    let mut block = Spans::default();
    let mut one = finished(1);
    one.pad(MOST_BYTES);
    assert_eq!(pipe.put(&mut block, |block| block.append(&mut one)), Ok(()));
    assert_eq!(
        pipe.put(&mut block, |block| block.append(&mut finished(1))),
        Err(Reason::Full)
    );
}

#[test]
fn every_span_of_every_thread_is_exported_or_counted() {
    let (pipe, counts) = pipe!();
    let ((took, taken), (here, _called), (go, going)) = (channel(), channel(), channel());
    pipe.add(Box::new(Takes(How::Waits(here, going), took)))
        .unwrap();
    let refused = Mutex::new(0);
    let (threads, puts, each) = (2, 300, 50);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mine = Mine::enter(pipe);
                for _ in 0..puts {
                    if mine.put(&mut finished(each)).is_err() {
                        *lock(&refused) += each;
                    }
                    // Batches go out while more come in, and some of both when it is all shut down.
                    let _ = go.send(());
                }
            });
        }
        pipe.flush(Duration::from_millis(1));
        pipe.shutdown(Duration::from_millis(1));
    });
    drop(go);
    let dropped: u64 = counts()
        .iter()
        .filter(|(name, _)| *name != "batches")
        .map(|(_, count)| count)
        .sum();
    let exported: usize = taken.iter().map(|(count, _)| count).sum();
    let told = exported + *lock(&refused) + usize::try_from(dropped).unwrap();
    let all = threads * puts * each;
    // What an exporter delivers after it was given up is counted as lost before.
    assert!((all..=all + BATCH).contains(&told), "{told} of {all}");
}

/// Sends what is known of each span, behind a word and after another one that it waits for.
#[derive(Debug)]
struct Tells(Receiver<()>, Sender<String>);

impl SpanExporter for Tells {
    fn export(&mut self, spans: Batch<'_>) -> Result<(), ExportError> {
        // The other ends may be gone, and the test over.
        let _ = self.1.send("called".to_owned());
        let _ = self.0.recv();
        for span in spans.iter() {
            let took = span.end_unix_nanos() - span.start_unix_nanos();
            let (parent, remote) = (span.parent(), span.parent_is_remote());
            let child = parent == Some(span.span()) && remote && took == 5;
            let _ = self.1.send(format!("{} {child}", span.name()));
        }
        Ok(())
    }
}

#[test]
fn what_takes_no_lock_stays_in_order() {
    let (pipe, _) = pipe!();
    let ((go, going), (took, taken)) = (channel(), channel());
    drop(go);
    let mine = Mine::enter(pipe);
    assert_eq!(mine.put_plain(&plain()), Err(Reason::Closed));
    pipe.add(Box::new(Tells(going, took))).unwrap();
    for _ in 0..2 {
        mine.put_plain(&plain()).unwrap();
        mine.put(&mut finished(1)).unwrap();
    }
    mine.put_plain(&plain()).unwrap();
    assert!(pipe.flush(LONG));
    let told = taken.try_iter().filter(|it| it != "called");
    let expected = ["plain true", "finished false"].repeat(3);
    assert_eq!(Vec::from_iter(told), expected[..5]);
}

#[test]
fn what_takes_no_lock_is_bounded_and_all_of_it_arrives() {
    let (pipe, counts) = pipe!();
    let ((go, going), (took, taken)) = (channel(), channel());
    let mine = Mine::enter(pipe);
    pipe.add(Box::new(Tells(going, took))).unwrap();
    mine.put_plain(&plain()).unwrap();
    // It is busy, and nobody takes anything out.
    assert!(!pipe.flush(Duration::ZERO));
    assert_eq!(taken.recv().unwrap(), "called");
    let mut all = 1;
    while mine.put_plain(&plain()).is_ok() {
        all += 1;
        assert!(all < 4 * MOST_SPANS, "there is no end to it");
    }
    assert!(all > MOST_SPANS);
    assert_eq!(mine.put(&mut finished(1)), Err(Reason::Full));
    assert_eq!(mine.put_plain(&plain()), Err(Reason::Full));
    drop(go);
    assert!(pipe.flush(LONG));
    mine.put_plain(&plain()).unwrap();
    drop(mine);
    assert!(pipe.shutdown(LONG));
    let told = taken.iter().filter(|it| it != "called").count();
    assert_eq!((told, counts()), (all + 1, Vec::new()));
}

#[test]
fn what_takes_no_lock_is_exported_or_counted_too() {
    let (pipe, counts) = pipe!();
    let ((go, going), (took, taken)) = (channel(), channel());
    drop(go);
    pipe.add(Box::new(Tells(going, took))).unwrap();
    let (threads, puts) = (2, 40_000);
    let refused = Mutex::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mine = Mine::enter(pipe);
                for _ in 0..puts {
                    if mine.put_plain(&plain()).is_err() {
                        *lock(&refused) += 1;
                    }
                }
            });
        }
        pipe.flush(Duration::from_millis(1));
        assert!(pipe.shutdown(LONG));
    });
    let dropped: u64 = counts().iter().map(|(_, count)| count).sum();
    let told = taken.iter().filter(|it| it != "called").count();
    let told = told + usize::try_from(dropped).unwrap();
    assert_eq!(told + *lock(&refused), threads * puts);
}
