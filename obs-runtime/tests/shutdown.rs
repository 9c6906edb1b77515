//! What becomes of consumers and buses when everything is shut down. There is one of these a program, so it has a
//! program of its own, in which one test goes after another.

use obs_runtime::bus::{
    BusError, BusErrorKind, Receipt, Record, Sending, Subscription, Transport, Waiting,
};
use obs_runtime::{Bus, Delivery, Event, Setup};
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Clone, Event)]
#[event(event = "job.asked")]
struct JobAsked {
    #[event(key)]
    number: i64,
}

static ONE: Mutex<()> = Mutex::new(());

#[test]
fn consumers_finish_what_they_work_on_and_take_no_more() {
    let _one = ONE.lock();
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let obs = Setup::new().init().expect("nobody has done it before");
        let bus = obs.bus().clone();
        let publisher = JobAsked::publisher(&bus);
        for number in 0..3 {
            publisher
                .publish(&JobAsked { number })
                .await
                .expect("there is room");
        }
        let (begun, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counts = (Arc::clone(&begun), Arc::clone(&done));
        let consumer = obs.consumer("workers").with_concurrency(2);
        let consumer = consumer.handle(move |_: JobAsked, _: Delivery| {
            let (begun, done) = counts.clone();
            async move {
                begun.fetch_add(1, SeqCst);
                tokio::time::sleep(Duration::from_secs(2)).await;
                done.fetch_add(1, SeqCst);
                Ok::<(), Infallible>(())
            }
        });
        let running = tokio::spawn(consumer.run());
        // One that was never polled does not keep anybody.
        let _idle = obs
            .consumer("idle")
            .handle(|_: JobAsked, _: Delivery| async { Ok::<(), Infallible>(()) });
        while begun.load(SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        obs.shutdown().await;
        assert_eq!((begun.load(SeqCst), done.load(SeqCst)), (2, 2));
        assert_eq!(running.await.expect("it did not panic"), Ok(()));
        assert_eq!(bus.lag("job.asked.v1", "workers"), Some(1));
    });
}

/// A bus whose brokers are away: what it has taken never leaves.
#[derive(Debug)]
struct Away(Arc<AtomicUsize>);

impl Transport for Away {
    fn system(&self) -> &'static str {
        "away"
    }

    fn send(&self, _: &Record<'_>) -> Sending {
        Sending::Done(Ok(Receipt::default()))
    }

    fn subscribe(&self, _: &[&str], _: &str) -> Result<Subscription, BusError> {
        Err(BusError::new(BusErrorKind::Unavailable))
    }

    fn flush(&self) -> Waiting {
        self.0.fetch_add(1, SeqCst);
        Waiting::Later(Box::pin(std::future::pending()))
    }
}

/// It would wait for ever; as it is, this takes five seconds.
#[test]
fn a_bus_that_is_never_empty_is_not_waited_for() {
    let _one = ONE.lock();
    let asked = Arc::new(AtomicUsize::new(0));
    let bus = Bus::new(Away(Arc::clone(&asked)));
    let obs = Setup::new().with_bus(bus).init();
    let obs = obs.expect("nobody else is set up");
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.build().expect("a runtime");
    runtime.block_on(obs.shutdown());
    assert_eq!(asked.load(SeqCst), 1);
}
