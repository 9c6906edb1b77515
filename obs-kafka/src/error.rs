//! What librdkafka calls errors, in the words of the bus.

use std::fmt::Write;

use obs_runtime::BusError;
use obs_runtime::bus::BusErrorKind;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// An error of a record or a client. `limit` is how large a record may be.
pub(crate) fn told(error: &KafkaError, limit: usize) -> BusError {
    match error.rdkafka_error_code() {
        Some(code) => coded(code, limit),
        None => match error {
            KafkaError::Nul(_) => {
                BusError::new(BusErrorKind::Rejected).with_reason("a name with a zero byte")
            }
            // What a property was set to may be a password.
            KafkaError::ClientConfig(_, _, property, _) => BusError::new(BusErrorKind::Unsupported)
                .with_reason(format!(
                    "this librdkafka has no property `{property}`, or not with this value{}",
                    missing(property)
                )),
            other => BusError::new(BusErrorKind::Unsupported).with_reason(other.to_string()),
        },
    }
}

/// Why brokers cannot be reached, and what to look at, where a client has said it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cause {
    Tls = 1,
    Login = 2,
}

impl Cause {
    pub(crate) fn of(error: &KafkaError) -> Option<Cause> {
        use RDKafkaErrorCode as Code;
        match error.rdkafka_error_code()? {
            Code::SSL => Some(Cause::Tls),
            Code::Authentication
            | Code::SaslAuthenticationFailed
            | Code::UnsupportedSASLMechanism
            | Code::IllegalSASLState => Some(Cause::Login),
            _ => None,
        }
    }

    /// The one of this number.
    pub(crate) fn numbered(number: u8) -> Option<Cause> {
        let all = [Cause::Tls, Cause::Login];
        all.into_iter().find(|cause| *cause as u8 == number)
    }

    fn help(self) -> &'static str {
        match self {
            Cause::Tls => {
                "no TLS with a broker; see `security.protocol`, `ssl.ca.location` and the name in the address"
            }
            Cause::Login => {
                "a broker does not take this login; see `sasl.mechanism`, `sasl.username` and `sasl.password`"
            }
        }
    }
}

/// The same error with the cause behind it.
pub(crate) fn because(error: BusError, cause: Option<Cause>) -> BusError {
    match (cause, error.kind()) {
        (Some(cause), BusErrorKind::Timeout | BusErrorKind::Unavailable) => {
            let reason = format!("{}: {}", error.reason(), cause.help());
            BusError::new(error.kind()).with_reason(reason)
        }
        _ => error,
    }
}

/// What a member ends with that is not let in, if the error says so.
pub(crate) fn refused(error: &KafkaError) -> Option<BusError> {
    let cause = Cause::of(error).filter(|cause| *cause == Cause::Login)?;
    let reason = format!("{}: {}", told(error, 0).reason(), cause.help());
    Some(BusError::new(BusErrorKind::Rejected).with_reason(reason))
}

/// An error by its code.
pub(crate) fn coded(code: RDKafkaErrorCode, limit: usize) -> BusError {
    let mut reason = String::new();
    // Writing to a string does not fail.
    let _ = write!(reason, "{code:?}");
    BusError::new(kind(code, limit)).with_reason(reason)
}

/// What a property takes that this build has not.
fn missing(property: &str) -> &'static str {
    let tls = ["security.", "ssl.", "sasl."];
    let of_tls = tls.iter().any(|start| property.starts_with(start));
    match of_tls && !cfg!(feature = "tls") {
        true => "; TLS and SCRAM come with the feature `tls` of obs-kafka",
        false => "",
    }
}

fn kind(code: RDKafkaErrorCode, limit: usize) -> BusErrorKind {
    use RDKafkaErrorCode as Code;
    match code {
        Code::QueueFull => BusErrorKind::Full,
        Code::MessageSizeTooLarge => BusErrorKind::TooLarge { limit },
        Code::MessageTimedOut
        | Code::RequestTimedOut
        | Code::OperationTimedOut
        | Code::TimedOutQueue => BusErrorKind::Timeout,
        Code::PurgeQueue
        | Code::PurgeInflight
        | Code::Fenced
        | Code::ProducerFenced
        | Code::InvalidProducerEpoch => BusErrorKind::Closed,
        Code::AllBrokersDown
        | Code::BrokerTransportFailure
        | Code::BrokerNotAvailable
        | Code::LeaderNotAvailable
        | Code::NotLeaderForPartition
        | Code::ReplicaNotAvailable
        | Code::NetworkException
        | Code::CoordinatorNotAvailable
        | Code::CoordinatorLoadInProgress
        | Code::NotCoordinator
        | Code::NotEnoughReplicas
        | Code::NotEnoughReplicasAfterAppend
        | Code::ThrottlingQuotaExceeded
        | Code::Resolve
        | Code::Authentication
        | Code::SSL => BusErrorKind::Unavailable,
        Code::InvalidMessage
        | Code::InvalidMessageSize
        | Code::InvalidRecord
        | Code::InvalidTimestamp
        | Code::InvalidTopic
        | Code::InvalidRequiredAcks
        | Code::UnknownTopic
        | Code::UnknownTopicOrPartition
        | Code::UnknownPartition
        | Code::UnsupportedCompressionType
        | Code::UnsupportedForMessageFormat
        | Code::PolicyViolation
        | Code::BadMessage
        | Code::TopicAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed => BusErrorKind::Rejected,
        _ => BusErrorKind::Io,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_its_kind_and_its_word() {
        use RDKafkaErrorCode as Code;
        for (code, kind, word, retryable) in [
            (Code::QueueFull, BusErrorKind::Full, "unavailable", true),
            (
                Code::MessageTimedOut,
                BusErrorKind::Timeout,
                "timeout",
                true,
            ),
            (
                Code::AllBrokersDown,
                BusErrorKind::Unavailable,
                "unavailable",
                true,
            ),
            (
                Code::MessageSizeTooLarge,
                BusErrorKind::TooLarge { limit: 7 },
                "too_large",
                false,
            ),
            (
                Code::UnknownTopic,
                BusErrorKind::Rejected,
                "rejected",
                false,
            ),
            (
                Code::TopicAuthorizationFailed,
                BusErrorKind::Rejected,
                "rejected",
                false,
            ),
            (
                Code::PurgeInflight,
                BusErrorKind::Closed,
                "unavailable",
                false,
            ),
            (Code::Fatal, BusErrorKind::Io, "unavailable", false),
        ] {
            let error = told(&KafkaError::MessageProduction(code), 7);
            assert_eq!(error.kind(), kind, "{code:?}");
            assert_eq!(
                (error.error_type().as_str(), error.retryable()),
                (word, retryable)
            );
            assert_eq!(error.reason(), format!("{code:?}"));
        }
    }

    #[test]
    fn what_a_property_was_set_to_is_not_told() {
        let config = rdkafka::ClientConfig::new()
            .set("sasl.pasword", "hunter2")
            .create::<rdkafka::producer::BaseProducer>();
        let error = told(&config.err().unwrap(), 0);
        assert!(error.reason().contains("`sasl.pasword`"), "{error}");
        assert!(!error.to_string().contains("hunter2"));
    }
}
