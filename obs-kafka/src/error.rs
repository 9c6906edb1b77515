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
                    "this librdkafka has no property `{property}`, or not with this value"
                )),
            other => BusError::new(BusErrorKind::Unsupported).with_reason(other.to_string()),
        },
    }
}

/// An error by its code.
pub(crate) fn coded(code: RDKafkaErrorCode, limit: usize) -> BusError {
    let mut reason = String::new();
    // Writing to a string does not fail.
    let _ = write!(reason, "{code:?}");
    BusError::new(kind(code, limit)).with_reason(reason)
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
