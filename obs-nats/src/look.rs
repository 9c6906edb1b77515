//! Looking at topics without a group: messages are asked for by their numbers, and no consumer is made.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{RawMessageErrorKind, Stream};
use futures_util::StreamExt;
use obs_runtime::BusError;
use obs_runtime::bus::{Receipt, Sight, Walk, text};

use crate::bus::Link;
use crate::message::{record, subject_of};

/// Whoever is turned away hears it then.
const SOON: Duration = Duration::from_secs(1);

/// How much longer servers may take to say what there is.
const ANSWER: Duration = Duration::from_secs(5);

/// Has something done in the thread of the bus, and waits for it.
fn ask<T: Send + 'static>(
    link: &Link,
    work: impl Future<Output = Result<T, Silent>> + Send + 'static,
) -> Result<T, BusError> {
    let (tells, told) = sync_channel(1);
    link.tasks
        .spawn(async move { drop(tells.send(work.await)) });
    let mut answer = told.recv_timeout(SOON);
    if answer.is_err() && !link.trouble.is_refusal() {
        answer = told.recv_timeout(ANSWER);
    }
    let answer = answer.unwrap_or(Err(Silent));
    answer.map_err(|Silent| link.trouble.told("no server has answered in time"))
}

/// Nobody has answered, or nothing that is of use.
struct Silent;

/// The stream, if it is there.
fn stream(link: &Link) -> Result<Option<Stream>, BusError> {
    let (jetstream, name) = (link.jetstream.clone(), link.options.stream.clone());
    ask(link, async move {
        match jetstream.get_stream(&name).await {
            Ok(stream) => Ok(Some(stream)),
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(error)
                    if error.error_code() == ErrorCode::STREAM_NOT_FOUND =>
                {
                    Ok(None)
                }
                _ => Err(Silent),
            },
        }
    })
}

/// The topics of which there are records.
pub(crate) fn topics(link: &Link) -> Result<Vec<String>, BusError> {
    let Some(stream) = stream(link)? else {
        return Ok(Vec::new());
    };
    let prefix = link.options.prefix.clone();
    let parted = link.options.partitions > 1;
    ask(link, async move {
        let info = stream.info_with_subjects(format!("{prefix}>")).await;
        let mut subjects = info.map_err(|_| Silent)?;
        let mut topics = Vec::new();
        while let Some(subject) = subjects.next().await {
            let (subject, _) = subject.map_err(|_| Silent)?;
            topics.extend(topic_of(&subject, &prefix, parted));
        }
        topics.sort();
        topics.dedup();
        Ok(topics)
    })
}

/// The topic whose records have this subject; none if they are somebody else's.
fn topic_of(subject: &str, prefix: &str, parted: bool) -> Option<String> {
    let rest = subject.strip_prefix(prefix)?;
    let rest = match parted {
        true => rest.rsplit_once('.').filter(|(_, part)| is_part(part))?.0,
        false => rest,
    };
    String::from_utf8(
        text::unescape(rest)
            .filter(|_| rest != "%")
            .unwrap_or_default(),
    )
    .ok()
}

/// Whether this is a partition at the end of a subject.
fn is_part(token: &str) -> bool {
    let digits = token.strip_prefix('p');
    digits.is_some_and(|digits| digits.parse::<u32>().is_ok())
}

/// A topic, message by message.
pub(crate) struct NatsWalk {
    link: Arc<Link>,
    topic: String,
    /// What its messages are asked for by.
    subject: String,
    stream: Option<Stream>,
    next: u64,
}

impl NatsWalk {
    pub(crate) fn new(link: &Arc<Link>, topic: &str) -> NatsWalk {
        let mut subject = format!("{}{}", link.options.prefix, subject_of(topic));
        if link.options.partitions > 1 {
            subject.push_str(".*");
        }
        NatsWalk {
            link: Arc::clone(link),
            topic: topic.to_owned(),
            subject,
            stream: None,
            next: 1,
        }
    }
}

impl Walk for NatsWalk {
    fn step(&mut self) -> Result<Option<Sight>, BusError> {
        if self.stream.is_none() {
            self.stream = stream(&self.link)?;
        }
        let Some(stream) = &self.stream else {
            return Ok(None);
        };
        loop {
            let (stream, subject, next) = (stream.clone(), self.subject.clone(), self.next);
            let message = ask(&self.link, async move {
                let found = stream.get_first_raw_message_by_subject(subject, next);
                match found.await {
                    Ok(message) => Ok(Some(message)),
                    Err(error) => match error.kind() {
                        RawMessageErrorKind::NoMessageFound => Ok(None),
                        RawMessageErrorKind::JetStream(error)
                            if error.error_code() == ErrorCode::NO_MESSAGE_FOUND =>
                        {
                            Ok(None)
                        }
                        _ => Err(Silent),
                    },
                }
            })?;
            let Some(message) = message else {
                return Ok(None);
            };
            self.next = message.sequence + 1;
            let parted = self.link.options.partitions > 1;
            // A topic may be called like another one with something behind it.
            if parted && !message.subject.rsplit('.').next().is_some_and(is_part) {
                continue;
            }
            let receipt = Receipt {
                partition: None,
                offset: Some(message.sequence),
            };
            let record = record(&self.topic, Some(&message.headers), &message.payload);
            return Ok(Some(Sight::Record(record, receipt)));
        }
    }
}

impl fmt::Debug for NatsWalk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsWalk")
            .field("subject", &self.subject)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_found_in_its_subject() {
        for topic in ["order.placed.v1", "a b*>", "a..b", ".", "", "ü", "a.p1"] {
            let subject = format!("obs.{}", subject_of(topic));
            assert_eq!(topic_of(&subject, "obs.", false).as_deref(), Some(topic));
            let parted = format!("{subject}.p12");
            assert_eq!(topic_of(&parted, "obs.", true).as_deref(), Some(topic));
        }
        assert_eq!(topic_of("obs.a.b", "obs.", true), None);
        assert_eq!(topic_of("else.a", "obs.", false), None);
    }
}
