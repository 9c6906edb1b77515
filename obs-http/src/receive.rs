//! The other side: requests with events become records of a bus.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use obs_runtime::bus::{BusErrorKind, OwnedRecord};
use obs_runtime::metric::Counter;
use obs_runtime::{Bus, BusError, Label, MetricSet};

use crate::event::{BATCH, STRUCTURED};
use crate::post::TAKEN;
use crate::read;
use crate::settled::Settled;

/// How long a request waits before whoever sent it is asked to come again, where nothing is said.
const PATIENCE: Duration = Duration::from_secs(1);

/// After how many seconds it should.
const AGAIN: &str = "1";

/// What is counted.
#[derive(MetricSet)]
#[metrics(prefix = "http_bus", max_series = 10)]
struct Counts {
    /// Events that came in requests, by what became of them; those of a request that could not be read are one.
    #[metric(labels = ["result"])]
    received: Counter<Received>,
}

/// What became of an event that came in.
#[derive(Clone, Copy, Debug, Label)]
#[label(rename_all = "lowercase")]
enum Received {
    Taken,
    /// There was no room, or the bus behind could not be reached.
    Postponed,
    Refused,
}

/// An endpoint for events of CloudEvents, in binary, structured and batch mode, which puts them on a bus.
///
/// A request is answered with 204 when that bus has confirmed all of its events, so what the answer is worth is what
/// the bus is worth: a bus in files with `acknowledge=fsync` has them on the disk, one in memory has them as long as the
/// process lives. [`Receiver::until_settled`] answers later, when a handler is done. Otherwise:
///
/// | status | what it means |
/// |---|---|
/// | 400, 415, 413 | the request is malformed, of another kind, or too large |
/// | 401 | it has not the token |
/// | 422 | the bus does not want an event, or its topic is none of those taken here |
/// | 429 | the bus is full, and was for a second; `Retry-After` |
/// | 503 | the bus is closed or cannot be reached, or nobody was done with an event in time; `Retry-After` |
///
/// Of a batch that was not taken as a whole `obs-taken` says how many were; whoever does not look at it sends them
/// again. So an event may come more than once, and its id says which are the same.
///
/// It comes with the feature `receive`.
///
/// ```
/// use axum::Router;
/// use obs_http::Receiver;
/// use obs_runtime::Bus;
///
/// let bus = Bus::memory(10_000);
/// let app: Router = Router::new().nest("/events", Receiver::new(&bus).with_topics(&["payment.made.v1"]).router());
/// // axum::serve(listener, app), and beside it Consumer::new(&bus, "accounting").
/// # drop(app);
/// ```
#[derive(Clone)]
pub struct Receiver {
    bus: Bus,
    topic: Option<String>,
    topics: Option<Vec<String>>,
    token: Option<String>,
    max_bytes: usize,
    max_events: usize,
    patience: Duration,
    /// Who knows when somebody is done with a record, where that is waited for.
    settled: Option<Settled>,
    /// The only path that is taken.
    path: Option<String>,
}

impl Receiver {
    /// One that puts events on this bus.
    #[must_use]
    pub fn new(bus: &Bus) -> Receiver {
        Receiver {
            bus: bus.clone(),
            topic: None,
            topics: None,
            token: None,
            max_bytes: 4 << 20,
            max_events: 1_000,
            patience: PATIENCE,
            settled: None,
            path: None,
        }
    }

    /// One that answers when a consumer is done with the events of a request, and the bus on which that consumer is.
    ///
    /// What a handler fails at is tried again as the consumer has it, while whoever asked waits; with
    /// [`with_patience`](Receiver::with_patience) for as long as that may take. Who has waited in vain gets 503 and may
    /// send his events again, which the bus has still: a handler may see them twice. What was parked counts as done
    /// with, and lies in the dead letters of this bus, so it should be one that keeps them. Of several groups the first
    /// one decides.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use obs_http::Receiver;
    /// use obs_runtime::Bus;
    ///
    /// let (receiver, bus) = Receiver::until_settled(&Bus::memory(1_000));
    /// let routes = receiver.with_patience(Duration::from_secs(20)).router();
    /// // axum::serve(listener, routes), and beside it Consumer::new(&bus, "accounting").
    /// # drop((routes, bus));
    /// ```
    #[must_use]
    pub fn until_settled(bus: &Bus) -> (Receiver, Bus) {
        let settled = Settled::new(bus);
        let receiver = Receiver {
            settled: Some(settled.clone()),
            ..Receiver::new(bus)
        };
        (receiver, Bus::new(settled))
    }

    /// The same, and events that do not say their topic, as those of others, go to this one. Without it they are
    /// refused.
    #[must_use]
    pub fn with_topic(mut self, topic: &str) -> Receiver {
        self.topic = Some(topic.to_owned());
        self
    }

    /// The same, and events of other topics than these are refused: a stranger cannot fill the bus with what nobody
    /// consumes.
    #[must_use]
    pub fn with_topics(mut self, topics: &[&str]) -> Receiver {
        self.topics = Some(topics.iter().map(|topic| (*topic).to_owned()).collect());
        self
    }

    /// The same, for those alone whose requests have `Authorization: Bearer` with this token.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Receiver {
        self.token = Some(format!("Bearer {token}"));
        self
    }

    /// The same with requests of so many bytes at most; 4 MiB unless said.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: usize) -> Receiver {
        self.max_bytes = bytes;
        self
    }

    /// The same with so many events in a request at most; 1,000 unless said.
    #[must_use]
    pub fn with_max_events(mut self, events: usize) -> Receiver {
        self.max_events = events;
        self
    }

    /// The same, and a request waits so long for each of its events, for room or for a handler; 1 second unless said.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Receiver {
        self.patience = patience;
        self
    }

    /// The routes: `POST /`.
    pub fn router(self) -> Router {
        Router::new().route("/", self.route())
    }

    /// The same for one path of a server of its own.
    pub(crate) fn alone(mut self, path: &str) -> Router {
        self.path = Some(path.to_owned());
        Router::new().fallback_service(self.route::<()>())
    }

    fn route<S: Clone + Send + Sync + 'static>(self) -> MethodRouter<S> {
        Counts::get();
        let limit = DefaultBodyLimit::max(self.max_bytes);
        post(take).layer(limit).with_state(Arc::new(self))
    }

    /// What the headers say against a request.
    fn against(&self, path: &str, headers: &HeaderMap) -> Option<Refusal> {
        if self.path.as_ref().is_some_and(|known| *known != path) {
            return Some(Refusal::new(StatusCode::NOT_FOUND, "there is nothing here"));
        }
        let said = headers.get(header::AUTHORIZATION);
        let said = said.map(|said| said.as_bytes()).unwrap_or_default();
        match &self.token {
            Some(token) if !same(token.as_bytes(), said) => Some(Refusal::new(
                StatusCode::UNAUTHORIZED,
                "the token is another one",
            )),
            _ => None,
        }
    }

    /// The records of a request.
    fn read(&self, headers: &HeaderMap, body: &[u8]) -> Result<Vec<OwnedRecord>, Refusal> {
        let kind = headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let topic = self.topic.as_deref();
        let read = if kind.eq_ignore_ascii_case(BATCH) {
            read::batch(body, topic, self.max_events)
        } else if kind.eq_ignore_ascii_case(STRUCTURED) {
            read::structured(body, topic).map(|record| vec![record])
        } else if headers.contains_key("ce-specversion") {
            let headers = headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_bytes()));
            read::binary(headers, body, topic).map(|record| vec![record])
        } else {
            let why = "this is no event of CloudEvents in JSON, and has none in its headers";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
        };
        read.map_err(|wrong| Refusal::new(StatusCode::BAD_REQUEST, wrong))
    }

    /// Puts a record on the bus. One without room gets a while.
    async fn put(&self, record: &OwnedRecord) -> Result<(), Refusal> {
        let topic = record.topic();
        let known = |topics: &Vec<String>| topics.iter().any(|known| known == topic);
        if !self.topics.as_ref().is_none_or(known) {
            let why = "events of this topic are not taken here";
            return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, why));
        }
        let waits = async {
            loop {
                let put = match &self.settled {
                    Some(settled) => settled.put(&record.as_record()).await,
                    None => self.bus.send_confirmed(&record.as_record()).await,
                };
                match put {
                    Err(error) if error.kind() == BusErrorKind::Full => self.bus.room(topic).await,
                    other => return other,
                }
            }
        };
        match tokio::time::timeout(self.patience, waits).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Refusal::of(&error)),
            Err(_) if self.settled.is_some() => Err(Refusal::of(&BusErrorKind::Timeout.into())),
            Err(_) => Err(Refusal::of(&BusErrorKind::Full.into())),
        }
    }
}

/// URL and headers may hold passwords, so the token is left out.
impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("bus", &self.bus)
            .field("topic", &self.topic)
            .field("topics", &self.topics)
            .field("max_bytes", &self.max_bytes)
            .field("max_events", &self.max_events)
            .finish_non_exhaustive()
    }
}

/// Whether two secrets are the same, in a time that does not tell how much of them is.
fn same(one: &[u8], other: &[u8]) -> bool {
    let different = one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b));
    one.len() == other.len() && different == 0
}

/// Why a request, or the rest of it, is not taken.
struct Refusal {
    status: StatusCode,
    why: &'static str,
    taken: usize,
}

impl Refusal {
    fn new(status: StatusCode, why: &'static str) -> Refusal {
        Refusal {
            status,
            why,
            taken: 0,
        }
    }

    /// What a bus said. Its own words are for those who run it.
    fn of(error: &BusError) -> Refusal {
        let (status, why) = match error.kind() {
            BusErrorKind::Full => (StatusCode::TOO_MANY_REQUESTS, "there is no room"),
            BusErrorKind::TooLarge { .. } => {
                (StatusCode::PAYLOAD_TOO_LARGE, "an event is too large")
            }
            BusErrorKind::Rejected | BusErrorKind::Unsupported => {
                (StatusCode::UNPROCESSABLE_ENTITY, "an event is not wanted")
            }
            _ => (
                StatusCode::SERVICE_UNAVAILABLE,
                "events cannot be taken now",
            ),
        };
        Refusal::new(status, why)
    }

    fn is_for_now(&self) -> bool {
        matches!(
            self.status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let again = self.is_for_now();
        let taken = [(TAKEN, self.taken.to_string())];
        let mut response = (self.status, taken, self.why).into_response();
        if again {
            let value = header::HeaderValue::from_static(AGAIN);
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

/// A request.
async fn take(
    State(receiver): State<Arc<Receiver>>,
    uri: axum::extract::OriginalUri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let refused = |refusal: Refusal| {
        Counts::get().received.at(Received::Refused).inc();
        // Nothing was looked at one by one, so nothing is said of how many were taken.
        (refusal.status, refusal.why).into_response()
    };
    if let Some(refusal) = receiver.against(uri.path(), &headers) {
        return refused(refusal);
    }
    let records = match body {
        Ok(body) => receiver.read(&headers, &body),
        Err(error) => Err(Refusal::new(
            error.status(),
            "the body cannot be read, or is too large",
        )),
    };
    let records = match records {
        Ok(records) => records,
        Err(refusal) => return refused(refusal),
    };
    for (taken, record) in records.iter().enumerate() {
        if let Err(mut refusal) = receiver.put(record).await {
            refusal.taken = taken;
            let outcome = match refusal.is_for_now() {
                true => Received::Postponed,
                false => Received::Refused,
            };
            Counts::get().received.at(outcome).inc();
            return refusal.into_response();
        }
        Counts::get().received.at(Received::Taken).inc();
    }
    StatusCode::NO_CONTENT.into_response()
}
