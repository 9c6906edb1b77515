//! Records on their way to the stream: many at once, of each key one.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, Context, ErrorCode, stream};
use futures_util::stream::{FuturesUnordered, StreamExt};
use obs_runtime::BusError;
use obs_runtime::bus::{BusErrorKind, Cursor, KeyTag, Outgoing, Parcel, Receipt, key_tag};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::counts::counts;
use crate::message::{headers, subject_of};
use crate::options::{NatsOptions, Storage};
use crate::trouble::Trouble;

/// How many records are held here at most, on their way or behind one of their key.
const WINDOW: usize = 1_000;

/// How many bytes of them are taken at once.
const BYTES: usize = 4 << 20;

/// How long nothing is sent after something was not acknowledged, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// What sends.
pub(crate) struct Publisher {
    client: Client,
    jetstream: Context,
    options: Arc<NatsOptions>,
    outgoing: Outgoing,
    connected: watch::Receiver<bool>,
    trouble: Trouble,
    /// What begins the ids of messages, which no other process has.
    name: String,
    held: BTreeMap<u64, Held>,
    cursor: Cursor,
    count: u64,
    /// There is a stream, as far as is known.
    has_stream: bool,
    /// Nothing is sent before.
    resumes: Option<Instant>,
    pause: Duration,
}

struct Held {
    parcel: Parcel,
    key: Option<KeyTag>,
    since: Instant,
    /// It is on its way, and there will be an answer.
    sent: bool,
    /// Why it was not taken when it was sent last.
    last: Option<BusError>,
}

/// Which record, and where in the stream it is.
type Outcome = (u64, Result<u64, BusError>);

impl Publisher {
    pub(crate) fn new(
        client: Client,
        jetstream: Context,
        options: Arc<NatsOptions>,
        outgoing: Outgoing,
        (connected, trouble): (watch::Receiver<bool>, Trouble),
    ) -> Publisher {
        Publisher {
            name: client.new_inbox(),
            client,
            jetstream,
            options,
            outgoing,
            connected,
            trouble,
            held: BTreeMap::new(),
            cursor: Cursor::at(0),
            count: 0,
            has_stream: false,
            resumes: None,
            pause: PAUSE.0,
        }
    }

    /// Sends until the bus is closed and everything is settled, or until the end.
    pub(crate) async fn run(mut self) {
        let outgoing = self.outgoing.clone();
        let mut ended = outgoing.ended();
        let mut sending = FuturesUnordered::new();
        let mut more = true;
        while more || !self.held.is_empty() {
            if self.may_send().await {
                while let Some(number) = self.next() {
                    sending.extend(self.send(number));
                }
            }
            let timer = self.timer();
            let room = WINDOW - self.held.len();
            tokio::select! {
                () = &mut ended => return,
                taken = std::future::poll_fn(|cx| outgoing.poll_take(cx, room, BYTES)), if more && room > 0 => {
                    match taken {
                        Some(parcels) => self.hold(parcels),
                        None => more = false,
                    }
                }
                Some((number, result)) = sending.next(), if !sending.is_empty() => self.settle(number, result),
                _ = self.connected.changed() => {}
                () = sleep_until(timer), if !self.held.is_empty() => self.give_up(),
            }
        }
    }

    fn hold(&mut self, parcels: Vec<Parcel>) {
        for parcel in parcels {
            let key = parcel.record().key().map(key_tag);
            let held = Held {
                parcel,
                key,
                since: Instant::now(),
                sent: false,
                last: None,
            };
            self.held.insert(self.count, held);
            self.count += 1;
        }
    }

    /// The next record that none of its key is before.
    fn next(&mut self) -> Option<u64> {
        let held = &self.held;
        let following = |from: u64| {
            let (number, held) = held.range(from..).next()?;
            Some((*number, held.key))
        };
        self.cursor.give(following).map(|(number, _)| number)
    }

    /// Whether there is somebody to send to. A stream that is missing is made on the way.
    async fn may_send(&mut self) -> bool {
        let paused = self.resumes.is_some_and(|resumes| Instant::now() < resumes);
        if paused || self.held.is_empty() || !*self.connected.borrow() {
            return false;
        }
        self.resumes = None;
        if self.options.create && !self.has_stream {
            self.has_stream = make_stream(&self.jetstream, &self.options).await;
            if !self.has_stream {
                self.rest();
            }
        }
        self.has_stream || !self.options.create
    }

    /// Sends nothing for a while, which grows.
    fn rest(&mut self) {
        self.resumes = Some(Instant::now() + self.pause);
        self.pause = (self.pause * 2).min(PAUSE.1);
    }

    /// When something is to be done without anything having happened.
    fn timer(&self) -> Instant {
        let waiting = self.held.values().filter(|held| !held.sent);
        let since = waiting.map(|held| held.since).min();
        let give_up = since.unwrap_or_else(Instant::now) + self.options.give_up;
        self.resumes.map_or(give_up, |resumes| resumes.min(give_up))
    }

    fn send(&mut self, number: u64) -> Option<impl Future<Output = Outcome> + use<>> {
        let held = self.held.get_mut(&number)?;
        held.sent = true;
        let record = held.parcel.record();
        let partitions = self.options.partitions;
        let mut subject = format!("{}{}", self.options.prefix, subject_of(record.topic()));
        if partitions > 1 {
            let partition = partition(record.key(), number, partitions);
            subject.push_str(&format!(".p{partition}"));
        }
        let body = record.body().unwrap_or_default().to_vec();
        let message = PublishMessage::build()
            .payload(body.into())
            .headers(headers(&record.as_record()))
            .message_id(format!("{}.{number}", self.name));
        let jetstream = self.jetstream.clone();
        let limit = self.client.max_payload();
        Some(async move {
            let sent = async { jetstream.send_publish(subject, message).await?.await };
            let sent = sent.await.map(|ack| ack.sequence);
            (number, sent.map_err(|error| told(&error, limit)))
        })
    }

    fn settle(&mut self, number: u64, result: Result<u64, BusError>) {
        let give_up = self.options.give_up;
        if let Err(error) = &result
            && error.retryable()
            && let Some(held) = self.held.get_mut(&number)
            && held.since.elapsed() < give_up
        {
            (held.sent, held.last) = (false, Some(error.clone()));
            counts().publish_retries.at(error.error_type()).inc();
            if error.kind() == BusErrorKind::Unavailable {
                self.has_stream = false;
            }
            self.cursor.settle(number, false);
            return self.rest();
        }
        if result.is_ok() {
            self.pause = PAUSE.0;
        }
        self.cursor.settle(number, true);
        if let Some(held) = self.held.remove(&number) {
            let receipt = result.map(|sequence| Receipt {
                partition: None,
                offset: Some(sequence),
            });
            held.parcel.settle(receipt);
        }
    }

    /// What is not on its way, and has waited for too long, is lost.
    fn give_up(&mut self) {
        let mut kept = Vec::new();
        while let Some(number) = self.next() {
            match self.held.get_mut(&number) {
                Some(held) if held.since.elapsed() >= self.options.give_up => {
                    let last = held.last.take();
                    let none = || self.trouble.told("no server has taken it in time");
                    let last = last.unwrap_or_else(none);
                    self.settle(number, Err(last));
                }
                _ => kept.push(number),
            }
        }
        for number in kept {
            self.cursor.settle(number, false);
        }
    }
}

/// The partition of a key; what has none is spread.
fn partition(key: Option<&[u8]>, number: u64, partitions: u32) -> u32 {
    let spread = u32::try_from(number % u64::from(partitions)).unwrap_or_default();
    key.map_or(spread, |key| key_tag(key).get() % partitions)
}

/// Makes the stream, unless it is there.
pub(crate) async fn make_stream(jetstream: &Context, options: &NatsOptions) -> bool {
    if jetstream.get_stream(&options.stream).await.is_ok() {
        return true;
    }
    let config = stream::Config {
        name: options.stream.clone(),
        subjects: vec![format!("{}>", options.prefix)],
        storage: match options.storage {
            Storage::File => stream::StorageType::File,
            Storage::Memory => stream::StorageType::Memory,
        },
        num_replicas: options.replicas,
        max_age: options.max_age,
        max_bytes: options.max_bytes,
        // A stream that is full says so, instead of forgetting what nobody had yet.
        discard: stream::DiscardPolicy::New,
        ..stream::Config::default()
    };
    jetstream.create_stream(config).await.is_ok()
}

/// What the client calls an error, in the words of the bus.
fn told(error: &PublishError, limit: usize) -> BusError {
    let (kind, reason) = match error.kind() {
        PublishErrorKind::TimedOut | PublishErrorKind::BrokenPipe => {
            (BusErrorKind::Timeout, "no acknowledgement in time")
        }
        PublishErrorKind::StreamNotFound => {
            (BusErrorKind::Unavailable, "no stream takes its subject")
        }
        PublishErrorKind::MaxAckPending => (BusErrorKind::Full, "too many are on their way"),
        PublishErrorKind::MaxPayloadExceeded => (BusErrorKind::TooLarge { limit }, ""),
        _ => {
            let source = error.source();
            let source = source.and_then(|source| source.downcast_ref::<jetstream::Error>());
            match source.map(jetstream::Error::error_code) {
                Some(ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM) => {
                    (BusErrorKind::TooLarge { limit }, "")
                }
                Some(ErrorCode::STREAM_STORE_FAILED | ErrorCode::INSUFFICIENT_RESOURCES) => {
                    (BusErrorKind::Full, "the stream is full")
                }
                Some(_) => (BusErrorKind::Unavailable, "the stream does not take it"),
                None => (BusErrorKind::Unavailable, "the answer is none"),
            }
        }
    };
    BusError::new(kind).with_reason(reason)
}
