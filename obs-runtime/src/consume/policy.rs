//! What a consumer does when things do not go well.

use std::time::Duration;

use crate::publish::Retry;

/// What becomes of a record that was not processed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Unprocessed {
    /// It is acknowledged and forgotten.
    Skip,
    /// It goes to the dead letters, and is acknowledged.
    Park,
    /// It is given back, and the consumer ends with an error.
    Fail,
}

/// What of a record goes to the dead letters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum DeadBody {
    /// All of it: it can be sent again as it was.
    #[default]
    Whole,
    /// What its log line says of the event, in the same form, as JSON: personal data as its field allows, secrets and
    /// whatever has no `log` not at all. Without a key; what cannot be read has no body either.
    Redacted,
    /// Its headers and where it is, without body and key: it can be looked up as long as its topic has it.
    Reference,
}

/// Where records go that cannot be processed.
///
/// ```
/// use obs_runtime::consume::{DeadBody, DeadLetters};
///
/// let dead = DeadLetters::default().with_suffix(".mails.dead").with_body(DeadBody::Reference);
/// assert_eq!(dead.topic("user.registered.v2"), "user.registered.v2.mails.dead");
/// ```
///
/// A dead letter has the headers of the record, and `dlq-reason` (an [`ErrorType`](enum@crate::ErrorType)), `dlq-exception`
/// (the type of the error), `dlq-topic`, `dlq-partition`, `dlq-offset`, `dlq-consumer`, `dlq-attempts` and `dlq-time`,
/// and `dlq-body` (`redacted`, `reference`) if it does not have all of the body.
/// What an error says is not among them, for it may hold what is in the event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeadLetters {
    suffix: String,
    pub(super) body: DeadBody,
}

impl DeadLetters {
    /// The same in topics of another ending than `.dlq`.
    #[must_use]
    pub fn with_suffix(mut self, suffix: &str) -> DeadLetters {
        suffix.clone_into(&mut self.suffix);
        self
    }

    /// The same with something else of each record than all of it.
    #[must_use]
    pub fn with_body(mut self, body: DeadBody) -> DeadLetters {
        self.body = body;
        self
    }

    /// Where records of a topic go.
    #[must_use]
    pub fn topic(&self, topic: &str) -> String {
        format!("{topic}{}", self.suffix)
    }
}

impl Default for DeadLetters {
    fn default() -> DeadLetters {
        DeadLetters {
            suffix: ".dlq".to_owned(),
            body: DeadBody::default(),
        }
    }
}

/// How a consumer treats what it gets.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub(super) retry: Retry,
    /// How long records wait in each of the topics for those that are tried again later.
    pub(super) later: Vec<Duration>,
    pub(super) timeout: Option<Duration>,
    pub(super) unknown_type: Unprocessed,
    pub(super) unknown_version: Unprocessed,
    pub(super) failed: Unprocessed,
    pub(super) dead: DeadLetters,
    /// How many deliveries are worked on at a time.
    pub(super) concurrency: usize,
    /// How long handlers may go on when the consumer is stopped.
    pub(super) grace: Duration,
    /// The span of an event's making is the parent of its processing.
    pub(super) child: bool,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            retry: Retry::default(),
            later: Vec::new(),
            timeout: None,
            unknown_type: Unprocessed::Skip,
            unknown_version: Unprocessed::Park,
            failed: Unprocessed::Park,
            dead: DeadLetters::default(),
            concurrency: 16,
            grace: Duration::from_secs(5),
            child: false,
        }
    }
}
