//! The task of a member of a group, which asks for what the member hands out.
//!
//! Each partition has a consumer that lets one record out at a time, so one is asked for in each, and what nobody has
//! looked at is little. Requests are made by hand: whoever leaves must hear of everything that was on its way to it, or
//! others get it only after `ack_wait`.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Message;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, pull};
use async_nats::jetstream::message::Acker;
use async_nats::jetstream::{self, AckKind};
use futures_util::StreamExt;
use futures_util::future::join_all;
use obs_runtime::bus::Receipt;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::bus::Link;
use crate::counts::counts;
use crate::member::{End, Shared};
use crate::message::{consumer_of, record, subject_of};
use crate::publish::make_stream;

/// How long a request for a record is open on the server.
const OPEN: Duration = Duration::from_secs(20);

/// How long it takes to the next try where something is not there.
const PAUSE: Duration = Duration::from_millis(250);

/// How often it is looked whether everything is done with, once the bus is closed.
const CLOSING: Duration = Duration::from_millis(20);

/// How long nothing must have come before a member goes.
const GRACE: Duration = Duration::from_millis(25);

/// How long a server may take to say that nothing more is on its way.
const ANSWER: Duration = Duration::from_secs(2);

/// A partition of a topic, and its consumer.
struct Part {
    topic: usize,
    subject: String,
    consumer: String,
    /// Until when the server keeps a request of ours.
    asked: Option<Instant>,
    /// Nothing is asked for before.
    resumes: Option<Instant>,
    /// There is no consumer any more.
    ended: bool,
}

/// How far a consumer is.
struct Reached {
    topic: usize,
    left: u64,
    out: u64,
    delivered: u64,
}

struct Puller {
    link: Arc<Link>,
    shared: Arc<Shared>,
    topics: Vec<String>,
    parts: Vec<Part>,
    inbox: String,
    /// With everything up to this number done with it is over, for the bus is closed.
    goal: Option<u64>,
}

pub(crate) async fn run(link: Arc<Link>, shared: Arc<Shared>, topics: Vec<String>) {
    let inbox = link.client.new_inbox();
    let mut puller = Puller {
        parts: parts(&link, &shared.group, &topics),
        link,
        shared: Arc::clone(&shared),
        topics,
        inbox,
        goal: None,
    };
    if puller.begin().await {
        puller.pull().await;
    }
    if shared.state().end == End::Forget {
        puller.forget().await;
    }
    shared.has_left();
    puller.hold().await;
}

fn parts(link: &Link, group: &str, topics: &[String]) -> Vec<Part> {
    let mut parts = Vec::new();
    let partitions = link.options.partitions;
    for (at, topic) in topics.iter().enumerate() {
        for number in 0..partitions {
            let mut subject = format!("{}{}", link.options.prefix, subject_of(topic));
            if partitions > 1 {
                subject.push_str(&format!(".p{number}"));
            }
            parts.push(Part {
                topic: at,
                subject,
                consumer: consumer_of(group, topic, number),
                asked: None,
                resumes: None,
                ended: false,
            });
        }
    }
    parts
}

impl Puller {
    fn ends(&self) -> bool {
        self.shared.state().end != End::No
    }

    /// Makes sure that the group is there; false if the member is to leave before.
    async fn begin(&mut self) -> bool {
        loop {
            let link = Arc::clone(&self.link);
            let making = async {
                let mut connected = link.connected.clone();
                if connected.wait_for(|up| *up).await.is_err() {
                    return false;
                }
                if link.options.create && !make_stream(&link.jetstream, &link.options).await {
                    return false;
                }
                join_all(self.parts.iter().map(|part| make_consumer(&link, part)))
                    .await
                    .into_iter()
                    .all(|made| made)
            };
            let made = tokio::select! {
                made = making => made,
                () = self.shared.work.notified() => false,
            };
            if self.ends() {
                return false;
            }
            if made {
                return true;
            }
            counts().pull_errors.inc();
            sleep(PAUSE).await;
        }
    }

    /// Asks, and takes what comes, until the member is to leave.
    async fn pull(&mut self) {
        let link = Arc::clone(&self.link);
        let Ok(mut messages) = link.client.subscribe(format!("{}.*", self.inbox)).await else {
            return;
        };
        let mut connected = link.connected.clone();
        connected.mark_unchanged();
        let mut progress = Instant::now() + link.options.ack_wait / 3;
        let mut look = Instant::now();
        while !self.ends() {
            self.ask().await;
            let closed = self.shared.state().closed;
            if closed {
                look = look.min(Instant::now() + CLOSING);
            }
            tokio::select! {
                message = messages.next() => match message {
                    Some(message) => self.take(message),
                    None => break,
                },
                () = self.shared.work.notified() => {}
                changed = connected.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    // The server that comes back knows of no request.
                    self.parts.iter_mut().for_each(|part| part.asked = None);
                }
                () = sleep_until(progress) => {
                    self.keep().await;
                    progress = Instant::now() + link.options.ack_wait / 3;
                }
                () = sleep_until(look.min(self.soonest())), if *link.connected.borrow() => {
                    if look <= Instant::now() {
                        self.look(closed).await;
                        look = Instant::now() + link.options.lag;
                    }
                }
            }
        }
        // What was just given back is on its way to us again, if nobody else has asked: it comes before we are gone.
        while let Ok(Some(message)) = timeout(GRACE, messages.next()).await {
            self.take(message);
        }
        // What is on its way to us comes, and is given back with the rest.
        drop(messages.drain().await);
        while let Ok(Some(message)) = timeout(ANSWER, messages.next()).await {
            self.take(message);
        }
        for acker in self.shared.unseen() {
            drop(acker.ack_with(AckKind::Nak(None)).await);
        }
    }

    /// When the first partition may be asked again that is not now.
    fn soonest(&self) -> Instant {
        let times = self.parts.iter().filter(|part| !part.ended);
        let times = times.filter_map(|part| part.resumes.or(part.asked));
        times.min().unwrap_or_else(|| Instant::now() + OPEN)
    }

    /// Asks for a record of each partition that has no request open.
    async fn ask(&mut self) {
        if !*self.link.connected.borrow() {
            return;
        }
        let now = Instant::now();
        for (at, part) in self.parts.iter_mut().enumerate() {
            let open = part.asked.is_some_and(|until| now < until);
            let paused = part.resumes.is_some_and(|resumes| now < resumes);
            if part.ended || open || paused {
                continue;
            }
            let stream = &self.link.options.stream;
            let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{}", part.consumer);
            let request = format!("{{\"batch\":1,\"expires\":{}}}", OPEN.as_nanos());
            let reply = format!("{}.{at}", self.inbox);
            let client = &self.link.client;
            if client
                .publish_with_reply(subject, reply, request.into())
                .await
                .is_ok()
            {
                // A second more, in which the server may say that it was open for long enough.
                (part.asked, part.resumes) = (Some(now + OPEN + Duration::from_secs(1)), None);
            }
        }
    }

    /// A record, or why there is none.
    fn take(&mut self, message: Message) {
        if let Some(status) = message.status {
            let at = message
                .subject
                .rsplit('.')
                .next()
                .and_then(|at| at.parse::<usize>().ok());
            if let Some(part) = at.and_then(|at| self.parts.get_mut(at)) {
                part.asked = None;
                // It was open for long enough; anything else is trouble, or the end of the group.
                if status.as_u16() != 408 {
                    part.resumes = Some(Instant::now() + PAUSE);
                    let said = message.description.unwrap_or_default();
                    part.ended = said.eq_ignore_ascii_case("consumer deleted");
                    counts().pull_errors.inc();
                }
            }
            if self.parts.iter().all(|part| part.ended) {
                self.shared.is_over();
            }
            return;
        }
        let subject = message.subject.as_str();
        let Some(part) = self.parts.iter_mut().find(|part| part.subject == subject) else {
            return;
        };
        part.asked = None;
        let message = jetstream::Message {
            message,
            context: self.link.jetstream.clone(),
        };
        let Ok((offset, attempt)) = message
            .info()
            .map(|info| (info.stream_sequence, info.delivered))
        else {
            return;
        };
        let (message, acker): (Message, Acker) = message.split();
        let record = record(
            &self.topics[part.topic],
            message.headers.as_ref(),
            &message.payload,
        );
        // Numbers go through the stream as a whole.
        let receipt = Receipt {
            partition: None,
            offset: Some(offset),
        };
        self.shared.came(
            record,
            receipt,
            u32::try_from(attempt).unwrap_or(u32::MAX),
            acker,
        );
    }

    /// Tells the server that what is held here is being worked on.
    async fn keep(&self) {
        let held: Vec<Arc<Acker>> = self.shared.state().held.values().cloned().collect();
        for acker in held {
            drop(acker.ack_with(AckKind::Progress).await);
        }
    }

    /// Looks how far the group is: for its lag, and for whether it has everything.
    async fn look(&mut self, closed: bool) {
        let asked = self.parts.iter().map(|part| reached(&self.link, part));
        let Some(reached) = join_all(asked)
            .await
            .into_iter()
            .collect::<Option<Vec<Reached>>>()
        else {
            return;
        };
        for (at, topic) in self.topics.iter().enumerate() {
            let of_topic = reached.iter().filter(|reached| reached.topic == at);
            let lag = of_topic.map(|reached| reached.left + reached.out).sum();
            let key = (self.shared.group.clone(), topic.clone());
            self.link.lags().insert(key, lag);
        }
        if !closed || self.link.outgoing.depth().records > 0 {
            return;
        }
        let Some(goal) = self.goal else {
            let stream = self
                .link
                .jetstream
                .get_stream(&self.link.options.stream)
                .await;
            self.goal = stream
                .ok()
                .map(|stream| stream.cached_info().state.last_sequence);
            return;
        };
        let done = |reached: &Reached| {
            reached.out == 0 && (reached.left == 0 || reached.delivered >= goal)
        };
        if reached.iter().all(done) {
            self.shared.is_over();
        }
    }

    /// Has the server forget the group.
    async fn forget(&self) {
        let link = &self.link;
        let forgotten = self.parts.iter().map(|part| {
            link.jetstream
                .delete_consumer_from_stream(&part.consumer, &link.options.stream)
        });
        drop(timeout(ANSWER, join_all(forgotten)).await);
        for topic in &self.topics {
            link.lags()
                .remove(&(self.shared.group.clone(), topic.clone()));
        }
    }

    /// What is worked on stays ours until it is settled.
    async fn hold(&self) {
        while !self.shared.state().held.is_empty() {
            tokio::select! {
                () = self.shared.work.notified() => {}
                () = sleep(self.link.options.ack_wait / 3) => self.keep().await,
            }
        }
    }
}

/// Makes the consumer of a partition, unless it is there.
async fn make_consumer(link: &Link, part: &Part) -> bool {
    let (jetstream, stream) = (&link.jetstream, &link.options.stream);
    let there: Result<Consumer<pull::Config>, _> = jetstream
        .get_consumer_from_stream(&part.consumer, stream)
        .await;
    if there.is_ok() {
        return true;
    }
    let config = pull::Config {
        durable_name: Some(part.consumer.clone()),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: link.options.ack_wait,
        filter_subject: part.subject.clone(),
        // So that records of a key come one after another, whoever gets them.
        max_ack_pending: 1,
        ..pull::Config::default()
    };
    jetstream
        .create_consumer_on_stream(config, stream)
        .await
        .is_ok()
}

/// How far a consumer is; `None` if the server does not say.
async fn reached(link: &Link, part: &Part) -> Option<Reached> {
    let (jetstream, stream) = (&link.jetstream, &link.options.stream);
    let consumer: Result<Consumer<pull::Config>, _> = jetstream
        .get_consumer_from_stream(&part.consumer, stream)
        .await;
    let consumer = consumer.ok()?;
    let info = consumer.cached_info();
    Some(Reached {
        topic: part.topic,
        left: info.num_pending,
        out: info.num_ack_pending as u64,
        delivered: info.delivered.stream_sequence,
    })
}
