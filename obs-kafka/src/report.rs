//! What the client reports: what became of each record, and what ails it.

use std::fmt;
use std::sync::atomic::{
    AtomicBool, AtomicU8, AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use obs_runtime::bus::{Header, Lost, Receipt, Waiting};
use obs_runtime::metric::Counter;
use obs_runtime::{BusError, ErrorType, MetricSet, Record};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, DeliveryResult, Headers, Message};
use rdkafka::producer::ProducerContext;
use rdkafka::{ClientContext, Statistics};

use crate::answer::Answers;
use crate::error::{self, Cause};
use crate::options::WhenLost;
use crate::statistics::{Client, Watched};

/// What is counted.
#[derive(MetricSet)]
#[metrics(prefix = "kafka", max_series = 60)]
pub(crate) struct Counts {
    /// Records that did not get to Kafka, and that nobody waited for.
    #[metric(name = "kafka_records_lost_total", labels = ["cause"])]
    lost: Counter<ErrorType>,
    /// Times that the group gave a member partitions, or took some.
    pub(crate) rebalances: Counter,
    /// Commits of what is done with that failed. The next one holds the same and more.
    #[metric(labels = ["cause"])]
    pub(crate) commit_failures: Counter<ErrorType>,
    /// Errors that members were told by their client, which goes on by itself.
    #[metric(labels = ["cause"])]
    fetch_errors: Counter<ErrorType>,
}

impl Counts {
    /// A member was told an error.
    pub(crate) fn trouble(&self, error: &KafkaError) {
        let cause = error::told(error, 0).error_type();
        self.fetch_errors.at(cause).inc();
    }
}

/// What sender and reporting thread share.
pub(crate) struct Reports {
    pub(crate) answers: Answers,
    /// How many records are on their way.
    pending: AtomicUsize,
    /// A record found no room since the last report.
    full: AtomicBool,
    waiters: Mutex<Vec<Waker>>,
    when_lost: Option<WhenLost>,
    /// How large a record may be.
    pub(crate) limit: usize,
    /// Why brokers cannot be reached, until one has taken a record.
    cause: AtomicU8,
    /// A partition has gone with work that belongs to the transaction.
    pub(crate) torn: AtomicBool,
}

impl Reports {
    pub(crate) fn new(limit: usize, when_lost: Option<WhenLost>) -> Reports {
        Reports {
            answers: Answers::default(),
            pending: AtomicUsize::new(0),
            full: AtomicBool::new(false),
            waiters: Mutex::default(),
            when_lost,
            limit,
            cause: AtomicU8::new(0),
            torn: AtomicBool::new(false),
        }
    }

    pub(crate) fn pending(&self) -> usize {
        self.pending.load(SeqCst)
    }

    /// A record is about to leave.
    pub(crate) fn leaves(&self) {
        self.pending.fetch_add(1, SeqCst);
    }

    /// A record has not left.
    pub(crate) fn stays(&self, full: bool) {
        if full {
            self.full.store(true, SeqCst);
        }
        if self.pending.fetch_sub(1, SeqCst) == 1 {
            self.wake();
        }
    }

    /// A record is where it should be, or is not.
    fn arrived(&self) {
        let last = self.pending.fetch_sub(1, SeqCst) == 1;
        let was_full = self.full.load(SeqCst) && self.full.swap(false, SeqCst);
        if last || was_full {
            self.wake();
        }
    }

    fn wake(&self) {
        let waiters = std::mem::take(&mut *self.waiters());
        waiters.into_iter().for_each(Waker::wake);
    }

    /// Ready when this is so. It is asked again when nothing is on its way, and when there is room again.
    pub(crate) fn when(
        self: &Arc<Self>,
        so: impl Fn(&Reports) -> bool + Send + 'static,
    ) -> Waiting {
        if so(self) {
            return Waiting::Ready;
        }
        let reports = Arc::clone(self);
        Waiting::Later(Box::pin(std::future::poll_fn(
            move |cx: &mut Context<'_>| {
                let mut waiters = reports.waiters();
                // Asked under the lock: what changes behind it finds the waker.
                if so(&reports) {
                    return Poll::Ready(());
                }
                if !waiters.iter().any(|waker| waker.will_wake(cx.waker())) {
                    waiters.push(cx.waker().clone());
                }
                Poll::Pending
            },
        )))
    }

    /// Whether a record may find room. With nothing on its way there is room, for then nobody will report any.
    pub(crate) fn has_room(&self) -> bool {
        !self.full.load(SeqCst) || self.pending() == 0
    }

    fn lose(&self, message: &BorrowedMessage<'_>, error: &BusError) {
        Counts::get().lost.at(error.error_type()).inc();
        let Some(when_lost) = &self.when_lost else {
            return;
        };
        with_record(message, |record| {
            let record = *record;
            when_lost(&Lost { record, error });
        });
    }

    fn waiters(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Calls back with a message as a bus has it.
pub(crate) fn with_record<R>(
    message: &BorrowedMessage<'_>,
    use_it: impl FnOnce(&Record<'_>) -> R,
) -> R {
    let mut headers = Vec::new();
    if let Some(of_message) = message.headers() {
        headers.extend(of_message.iter().map(|header| Header {
            name: header.key,
            value: header.value.unwrap_or_default(),
        }));
    }
    use_it(&Record {
        topic: message.topic(),
        key: message.key(),
        headers: headers.as_slice().into(),
        body: message.payload(),
    })
}

impl AsRef<Answers> for Reports {
    fn as_ref(&self) -> &Answers {
        &self.answers
    }
}

/// How many are on their way. Who waits for them is of no use to a reader.
impl fmt::Debug for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reports")
            .field("pending", &self.pending())
            .finish_non_exhaustive()
    }
}

/// The reports, as librdkafka calls them.
pub(crate) struct Reporter {
    reports: Arc<Reports>,
    watched: Watched,
}

impl Reporter {
    pub(crate) fn new(reports: Arc<Reports>) -> Reporter {
        Reporter {
            reports,
            watched: Watched::new(Client::Producer),
        }
    }
}

impl ClientContext for Reporter {
    fn stats(&self, told: Statistics) {
        self.watched.tell(&told);
    }

    fn error(&self, error: KafkaError, _: &str) {
        if let Some(cause) = Cause::of(&error) {
            self.reports.cause.store(cause as u8, Relaxed);
        }
    }
}

impl ProducerContext for Reporter {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, ticket: usize) {
        let reports = &*self.reports;
        match result {
            Ok(message) => {
                reports.cause.store(0, Relaxed);
                reports.answers.give(
                    ticket,
                    Ok(Receipt {
                        partition: Some(message.partition()),
                        offset: u64::try_from(message.offset()).ok(),
                    }),
                );
            }
            Err((error, message)) => {
                let cause = Cause::numbered(reports.cause.load(Relaxed));
                let error = error::because(error::told(error, reports.limit), cause);
                if !reports.answers.give(ticket, Err(error.clone())) {
                    reports.lose(message, &error);
                }
            }
        }
        reports.arrived();
    }
}
