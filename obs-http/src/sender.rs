//! The bus: records go into a queue, and a thread posts them, one request after another, so that they stay in order.

use std::time::{Duration, Instant};

use obs_runtime::bus::{
    BusErrorKind, Depth, Lost, Outgoing, Parcel, Receipt, Sending, Server, Subscription, Waiting,
};
use obs_runtime::metric::Counter;
use obs_runtime::{Bus, BusError, ErrorType, Label, MetricSet, Record, Transport};

use crate::event::{BATCH, Encoded, STRUCTURED, Sender};
use crate::options::{HttpOptions, Mode};
use crate::post::{Answer, Client};

/// How many events go into a request.
const EVENTS: usize = 500;

/// How many bytes of records go into a request, if there is more than one.
const BYTES: usize = 512 << 10;

/// How much memory what is on its way may take.
const MEMORY: usize = 64 << 20;

/// How long it takes to the first new attempt, and to any of them.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// An endpoint that asks for more patience than this is asked before.
const LONGEST: Duration = Duration::from_secs(60);

/// What is counted.
#[derive(MetricSet)]
#[metrics(prefix = "http_bus", max_series = 30)]
struct Counts {
    /// Records that did not get there, and that nobody waited for.
    #[metric(name = "http_bus_records_lost_total", labels = ["cause"])]
    lost: Counter<ErrorType>,
    /// Requests, by what became of them.
    #[metric(labels = ["result"])]
    requests: Counter<Outcome>,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, Label)]
#[label(rename_all = "lowercase")]
enum Outcome {
    Taken,
    Refused,
    /// It is to be sent again, or was not answered at all.
    Retried,
}

/// What is on its way, and what comes the other way if the bus listens.
#[derive(Debug)]
pub(crate) struct HttpBus {
    outgoing: Outgoing,
    server: Option<Server>,
    record_bytes: usize,
    patience: Duration,
    #[cfg(feature = "receive")]
    listener: Option<crate::listen::Listener>,
}

impl HttpBus {
    pub(crate) fn open(options: &HttpOptions) -> Result<HttpBus, BusError> {
        Counts::get();
        let client = Client::new(options)?;
        let port = if options.url.starts_with("https:") {
            443
        } else {
            80
        };
        let when_lost = options.when_lost.clone();
        let lost = move |lost: &Lost<'_>| {
            Counts::get().lost.at(lost.error.error_type()).inc();
            if let Some(when_lost) = &when_lost {
                when_lost(lost);
            }
        };
        let outgoing = Outgoing::new(options.records, MEMORY, options.confirm, lost);
        #[cfg(feature = "receive")]
        let listener = options.listen.as_ref().map(crate::listen::Listen::start);
        #[cfg(feature = "receive")]
        let listener = listener.transpose()?;
        #[cfg(feature = "receive")]
        let inbox = listener.as_ref().map(|listener| listener.bus.clone());
        #[cfg(not(feature = "receive"))]
        let inbox: Option<Bus> = None;
        let worker = Worker {
            client,
            sender: Sender::new(options.source.clone()),
            mode: options.mode,
            give_up: options.give_up,
            outgoing: outgoing.clone(),
        };
        let thread = std::thread::Builder::new().name("obs-http-send".to_owned());
        let started = thread.spawn(move || {
            worker.run();
            // What was sent is there, so nothing more comes.
            if let Some(inbox) = inbox {
                inbox.close();
            }
        });
        started.map_err(|error| {
            BusError::new(BusErrorKind::Io).with_reason(format!("no thread: {}", error.kind()))
        })?;
        Ok(HttpBus {
            outgoing,
            server: Server::at(&options.url, port),
            record_bytes: options.record_bytes,
            patience: options.patience,
            #[cfg(feature = "receive")]
            listener,
        })
    }

    fn refused(&self, record: &Record<'_>) -> Option<BusError> {
        let limit = self.record_bytes;
        let too_large = BusErrorKind::TooLarge { limit };
        (record.size() > limit).then(|| too_large.into())
    }

    /// Where what comes in is, if anything does.
    fn inbox(&self) -> Option<&Bus> {
        #[cfg(feature = "receive")]
        return self.listener.as_ref().map(|listener| &listener.bus);
        #[cfg(not(feature = "receive"))]
        None
    }
}

impl Transport for HttpBus {
    fn system(&self) -> &'static str {
        "http"
    }

    fn server(&self) -> Option<Server> {
        self.server.clone()
    }

    fn send(&self, record: &Record<'_>) -> Sending {
        match self.refused(record) {
            None => self.outgoing.send(record),
            Some(error) => Sending::Done(Err(error)),
        }
    }

    fn send_confirmed(&self, record: &Record<'_>) -> Sending {
        match self.refused(record) {
            None => self.outgoing.send_confirmed(record),
            Some(error) => Sending::Done(Err(error)),
        }
    }

    fn room(&self, _: &str) -> Waiting {
        self.outgoing.room()
    }

    fn flush(&self) -> Waiting {
        self.outgoing.flush()
    }

    fn close(&self) {
        self.outgoing.close();
    }

    fn depth(&self) -> Option<Depth> {
        Some(self.outgoing.depth())
    }

    fn lag(&self, topic: &str, group: &str) -> Option<u64> {
        self.inbox()?.lag(topic, group)
    }

    fn subscribe(&self, topics: &[&str], group: &str) -> Result<Subscription, BusError> {
        match self.inbox() {
            Some(inbox) => inbox.subscribe(topics, group),
            None => Err(BusError::new(BusErrorKind::Unsupported).with_reason(
                "it sends only: let it listen (`listen=127.0.0.1:8080`), or mount a `Receiver` and consume from its bus",
            )),
        }
    }
}

/// What is on its way has a while to get there. What does not is lost, and told so.
impl Drop for HttpBus {
    fn drop(&mut self) {
        self.outgoing.close();
        self.outgoing.flush().wait_for(self.patience);
        self.outgoing.end();
    }
}

/// The thread that posts.
struct Worker {
    client: Client,
    sender: Sender,
    mode: Mode,
    give_up: Duration,
    outgoing: Outgoing,
}

impl Worker {
    fn run(&self) {
        let events = if self.mode == Mode::Batch { EVENTS } else { 1 };
        while let Some(parcels) = self.outgoing.take(events, BYTES) {
            let encoded = parcels.iter().map(|parcel| self.encode(parcel)).collect();
            self.deliver(parcels, encoded);
        }
    }

    /// An event; its id is the same however often it is sent.
    fn encode(&self, parcel: &Parcel) -> Encoded {
        let record = parcel.record().as_record();
        match self.mode {
            Mode::Binary => self.sender.binary(&record),
            Mode::Batch | Mode::Structured => Encoded {
                content_type: Some(STRUCTURED.to_owned()),
                headers: Vec::new(),
                body: self.sender.structured(&record),
            },
        }
    }

    /// Sends events until all of them are there, or are known not to get there.
    fn deliver(&self, parcels: Vec<Parcel>, encoded: Vec<Encoded>) {
        let mut left = parcels.into_iter();
        let mut at = 0;
        let mut pause = PAUSE.0;
        let mut since = now();
        // Whether an endpoint does not say which of several it does not want: then they go alone.
        let mut alone = false;
        while at < encoded.len() {
            let end = if alone { at + 1 } else { encoded.len() };
            let answer = self.client.post(&together(&encoded[at..end]));
            Counts::get().requests.at(outcome(&answer)).inc();
            let settle = |left: &mut std::vec::IntoIter<Parcel>,
                          count: usize,
                          result: &Result<Receipt, BusError>| {
                left.by_ref()
                    .take(count)
                    .for_each(|parcel| parcel.settle(result.clone()));
            };
            let done = Ok(Receipt::default());
            match answer {
                Answer::Taken => {
                    settle(&mut left, end - at, &done);
                    at = end;
                }
                Answer::Refused(taken, error) => {
                    let taken = taken.min(end - at - 1);
                    settle(&mut left, taken, &done);
                    settle(&mut left, 1, &Err(error));
                    at += taken + 1;
                }
                Answer::Unclear(_) if end - at > 1 => alone = true,
                Answer::Unclear(error) => {
                    settle(&mut left, 1, &Err(error));
                    at = end;
                }
                Answer::Later(taken, after, error) => {
                    let taken = taken.min(end - at);
                    settle(&mut left, taken, &done);
                    at += taken;
                    if taken > 0 {
                        (pause, since) = (PAUSE.0, now());
                    }
                    if since.elapsed() >= self.give_up {
                        settle(&mut left, encoded.len(), &Err(error));
                        return;
                    }
                    let wait = after.map_or(pause, |after| after.min(LONGEST).max(pause));
                    if self.outgoing.ended().wait_for(wait) {
                        return;
                    }
                    pause = (pause * 2).min(PAUSE.1);
                    continue;
                }
            }
            (pause, since) = (PAUSE.0, now());
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long an endpoint was away is nothing that is told"
)]
fn now() -> Instant {
    Instant::now()
}

fn outcome(answer: &Answer) -> Outcome {
    match answer {
        Answer::Taken => Outcome::Taken,
        Answer::Refused(..) | Answer::Unclear(_) => Outcome::Refused,
        Answer::Later(..) => Outcome::Retried,
    }
}

/// One request for several events; one event goes as it is.
fn together(events: &[Encoded]) -> Encoded {
    if let [event] = events {
        return event.clone();
    }
    let mut body = vec![b'['];
    for (at, event) in events.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&event.body);
    }
    body.push(b']');
    Encoded {
        content_type: Some(BATCH.to_owned()),
        headers: Vec::new(),
        body,
    }
}
