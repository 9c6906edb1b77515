//! Topics of records that are tried again later.
//!
//! All records of one such topic wait equally long, so the first of it is due first: one is taken out of the bus and
//! held until then, and those behind it stay in the bus. Meanwhile nobody waits who works.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Task, Poll};
use std::time::Duration;

use tokio::time::Sleep;

use super::ConsumeError;
use super::run::Shared;
use crate::bus::{Bus, BusError, Header, OwnedRecord, Parts, Received, Record, Subscription};
use crate::clock;
use crate::ids;

/// The header that says when a record is due, in milliseconds since 1970.
const DUE: &str = "retry-due";
/// Where it was first.
const ORIGIN: &str = "retry-topic";
/// How many attempts there were.
const ATTEMPTS: &str = "retry-attempts";
/// Which of the topics it is in, from one.
const STEP: &str = "retry-step";

/// The topic in which records of a group wait for their next attempt.
pub(super) fn topic(group: &str, step: usize) -> String {
    format!("{group}.retry.{step}")
}

/// What a record says of earlier attempts.
pub(super) struct Before<'r> {
    /// Where it was first.
    pub(super) topic: &'r [u8],
    pub(super) attempts: u32,
    pub(super) step: usize,
}

impl<'r> Before<'r> {
    #[inline]
    pub(super) fn of(record: Parts<'r>, group: &str) -> Before<'r> {
        let topic = record.topic;
        let waited = topic
            .strip_prefix(group.as_bytes())
            .is_some_and(|rest| rest.starts_with(b".retry."));
        if !waited {
            return Before {
                topic,
                attempts: 0,
                step: 0,
            };
        }
        let headers = record.headers;
        let number = |name: &str| headers.text(name).and_then(|it| it.parse::<u32>().ok());
        Before {
            topic: headers.get(ORIGIN).unwrap_or(topic),
            attempts: number(ATTEMPTS).unwrap_or_default(),
            step: number(STEP).map_or(0, |step| step as usize),
        }
    }

    /// The topic as text.
    pub(super) fn topic(&self) -> &'r str {
        str::from_utf8(self.topic).unwrap_or_default()
    }
}

/// Sends a record to where it waits for the next attempt.
pub(super) async fn put_off(
    shared: &Shared,
    record: &OwnedRecord,
    step: usize,
    pause: Duration,
    attempts: u32,
) -> Result<(), BusError> {
    let view = record.as_record();
    let origin = Before::of(record.parts(), &shared.group).topic();
    let due = clock::now().after(pause).unix_millis().to_string();
    let (attempts, topic) = (attempts.to_string(), topic(&shared.group, step));
    let step = step.to_string();
    let mut headers: Vec<Header<'_>> = view.headers.iter().collect();
    headers.retain(|header| !header.name.starts_with("retry-"));
    for (name, value) in [
        (DUE, &*due),
        (ORIGIN, origin),
        (ATTEMPTS, &*attempts),
        (STEP, &*step),
    ] {
        headers.push(Header::new(name, value));
    }
    let later = Record {
        topic: &topic,
        headers: headers.as_slice().into(),
        ..view
    };
    shared.send(&later).await
}

/// What waits in one of the topics.
pub(super) struct Later {
    subscription: Subscription,
    /// The first, until it is due.
    held: Option<(Received, Pin<Box<Sleep>>)>,
}

impl Later {
    pub(super) fn all(bus: &Bus, group: &str, steps: usize) -> Result<Vec<Later>, ConsumeError> {
        let mut all = Vec::with_capacity(steps);
        for step in 1..=steps {
            all.push(Later {
                subscription: bus.subscribe(&[&topic(group, step)], group)?,
                held: None,
            });
        }
        Ok(all)
    }

    /// The next that is due; none when nothing comes any more.
    pub(super) fn poll(&mut self, cx: &mut Task<'_>) -> Poll<Option<Received>> {
        if self.held.is_none() {
            let delivery = match self.subscription.poll_next(cx) {
                Poll::Ready(Some(delivery)) => delivery,
                other => return other,
            };
            let due = delivery.record().headers().text(DUE);
            let due = due
                .and_then(|due| due.parse::<u64>().ok())
                .unwrap_or_default();
            let left = due.saturating_sub(clock::now().unix_millis());
            let sleep = Box::pin(tokio::time::sleep(Duration::from_millis(left)));
            self.held = Some((delivery, sleep));
        }
        let due = match &mut self.held {
            Some((_, sleep)) => sleep.as_mut().poll(cx).is_ready(),
            None => false,
        };
        match self.held.take_if(|_| due) {
            Some((delivery, _)) => Poll::Ready(Some(delivery)),
            None => Poll::Pending,
        }
    }
}

impl Shared {
    /// Sends a record, as often as the bus asks for it.
    pub(super) async fn send(&self, record: &Record<'_>) -> Result<(), BusError> {
        let mut tries = 0;
        loop {
            // Once it is there what it is about is acknowledged, so it has to be there.
            let sending = self.bus.send_confirmed(record);
            match sending.await {
                Ok(_) => return Ok(()),
                Err(error) if !error.retryable() => return Err(error),
                Err(_) => {
                    let pause = self.policy.retry.pause(tries, ids::random());
                    tokio::time::sleep(pause.max(Duration::from_millis(1))).await;
                    tries = (tries + 1).min(16);
                }
            }
        }
    }
}
