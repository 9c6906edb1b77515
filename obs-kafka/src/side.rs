//! Which properties are for producers and which for consumers: librdkafka warns of those that are for the other side.

/// Who has a use for a property.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    Both,
    Producer,
    Consumer,
}

const PRODUCER: &[&str] = &[
    "acks",
    "batch.",
    "compression.",
    "delivery.",
    "enable.gapless.guarantee",
    "enable.idempotence",
    "linger.ms",
    "message.send.max.retries",
    "message.timeout.ms",
    "partitioner",
    "queue.buffering.",
    "queuing.strategy",
    "request.required.acks",
    "request.timeout.ms",
    "retries",
    "sticky.partitioning.",
    "transaction.timeout.ms",
    "transactional.id",
];

const CONSUMER: &[&str] = &[
    "auto.",
    "check.crcs",
    "coordinator.query.",
    "enable.auto.",
    "enable.partition.eof",
    "fetch.",
    "group.",
    "heartbeat.",
    "isolation.level",
    "max.partition.fetch.bytes",
    "max.poll.interval.ms",
    "partition.assignment.strategy",
    "queued.",
    "session.timeout.ms",
];

impl Side {
    /// Of the property of this name. A name that librdkafka does not know is told to both.
    pub(crate) fn of(name: &str) -> Side {
        let among = |list: &[&str]| {
            list.iter().any(|one| match one.ends_with('.') {
                true => name.starts_with(one),
                false => name == *one,
            })
        };
        match (among(PRODUCER), among(CONSUMER)) {
            (true, _) => Side::Producer,
            (_, true) => Side::Consumer,
            _ => Side::Both,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_is_told_what_it_knows() {
        for (name, side) in [
            ("linger.ms", Side::Producer),
            ("batch.size", Side::Producer),
            ("retries", Side::Producer),
            ("retry.backoff.ms", Side::Both),
            ("fetch.min.bytes", Side::Consumer),
            ("group.instance.id", Side::Consumer),
            ("bootstrap.servers", Side::Both),
            ("sasl.password", Side::Both),
        ] {
            assert_eq!(Side::of(name), side, "{name}");
        }
    }
}
