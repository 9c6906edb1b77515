//! What librdkafka tells of itself from time to time, as families.

use std::sync::{Mutex, PoisonError};

use obs_runtime::metric::{Counter, Gauge};
use obs_runtime::{Label, MetricSet};
use rdkafka::Statistics;

/// Which kind of client.
#[derive(Clone, Copy, Debug, Label)]
#[label(rename_all = "lowercase")]
pub(crate) enum Client {
    Producer,
    Consumer,
}

/// Over all clients of the program.
#[derive(MetricSet)]
#[metrics(prefix = "kafka", max_series = 20)]
struct Families {
    /// Requests that were sent to brokers.
    requests: Counter<Client>,
    /// Requests and answers that were lost on the way.
    request_errors: Counter<Client>,
    /// Requests that were not answered in time.
    request_timeouts: Counter<Client>,
    /// Requests that were sent again.
    request_retries: Counter<Client>,
    /// Connections that were made or tried.
    connects: Counter<Client>,
    /// Bytes that were sent to brokers.
    #[metric(unit = "bytes")]
    sent: Counter<Client>,
    /// Bytes that came from brokers.
    #[metric(unit = "bytes")]
    received: Counter<Client>,
    /// Connections to brokers that are up.
    brokers_up: Gauge<Client>,
}

/// One client, and what it told last.
#[derive(Debug)]
pub(crate) struct Watched {
    client: Client,
    last: Mutex<Totals>,
}

/// In the order of the families.
type Totals = [u64; 8];

impl Watched {
    pub(crate) fn new(client: Client) -> Watched {
        // All series are there from now on.
        Families::get();
        Watched {
            client,
            last: Mutex::default(),
        }
    }

    /// It tells what it did since it began.
    pub(crate) fn tell(&self, told: &Statistics) {
        let mut now = Totals::default();
        for broker in told.brokers.values() {
            let connects = u64::try_from(broker.connects.unwrap_or_default());
            let of_broker = [
                broker.tx,
                broker.txerrs + broker.rxerrs,
                broker.req_timeouts,
                broker.txretries,
                connects.unwrap_or_default(),
                broker.txbytes,
                broker.rxbytes,
                u64::from(broker.state == "UP"),
            ];
            for (sum, one) in now.iter_mut().zip(of_broker) {
                *sum += one;
            }
        }
        self.count(now);
    }

    fn count(&self, now: Totals) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let families = Families::get();
        let counters = [
            &families.requests,
            &families.request_errors,
            &families.request_timeouts,
            &families.request_retries,
            &families.connects,
            &families.sent,
            &families.received,
        ];
        for (at, counter) in counters.into_iter().enumerate() {
            counter
                .at(self.client)
                .add(now[at].saturating_sub(last[at]));
        }
        let up = |totals: &Totals| i64::try_from(totals[7]).unwrap_or_default();
        families
            .brokers_up
            .at(self.client)
            .add(up(&now) - up(&last));
        *last = now;
    }
}

/// Its connections are up no more.
impl Drop for Watched {
    fn drop(&mut self) {
        let last = self.last.get_mut().unwrap_or_else(PoisonError::into_inner);
        let gone = i64::try_from(last[7]).unwrap_or_default();
        Families::get().brokers_up.at(self.client).add(-gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use obs_runtime::metric::{Format, exposition};

    #[test]
    fn what_clients_tell_is_added_up_while_they_live() {
        let has = |line: &str| {
            let text = String::from_utf8(exposition(Format::Text)).unwrap();
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        };
        let clients = [
            Watched::new(Client::Consumer),
            Watched::new(Client::Consumer),
        ];
        for (at, totals) in [
            (0, [5, 0, 0, 0, 1, 700, 30, 1]),
            (0, [9, 0, 0, 0, 2, 900, 60, 2]),
        ] {
            clients[at].count(totals);
        }
        clients[1].count([1, 0, 0, 0, 1, 100, 10, 1]);
        has("kafka_requests_total{client=\"consumer\"} 10");
        has("kafka_sent_bytes_total{client=\"consumer\"} 1000");
        has("kafka_connects_total{client=\"consumer\"} 3");
        has("kafka_brokers_up{client=\"consumer\"} 3");
        drop(clients);
        has("kafka_brokers_up{client=\"consumer\"} 0");
        has("kafka_requests_total{client=\"consumer\"} 10");
        has("kafka_requests_total{client=\"producer\"} 0");
    }
}
