//! The bus: records go into a queue, and everything that waits for the server is a task in one thread.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_nats::jetstream::{Context, ContextBuilder};
use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use obs_runtime::bus::{
    BusErrorKind, Depth, Look, Lost, Outgoing, Sending, Server, Subscription, View, Waiting,
    Walking, text,
};
use obs_runtime::{BusError, Record, Transport};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use crate::counts::counts;
use crate::look::{self, NatsWalk};
use crate::member::{self, Shared};
use crate::options::NatsOptions;
use crate::publish::Publisher;
use crate::trouble::Trouble;

/// How much memory what is on its way may take.
const MEMORY: usize = 64 << 20;

/// Where servers listen that are named without a port.
const PORT: u16 = 4222;

/// How long a server may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// How long it takes to the next try to connect, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// What members, deliveries and the bus share. The thread ends with the last of them.
pub(crate) struct Link {
    pub(crate) client: Client,
    pub(crate) jetstream: Context,
    pub(crate) tasks: Handle,
    pub(crate) connected: watch::Receiver<bool>,
    pub(crate) options: Arc<NatsOptions>,
    pub(crate) outgoing: Outgoing,
    pub(crate) trouble: Trouble,
    /// By group and topic.
    lags: Mutex<BTreeMap<(String, String), u64>>,
    /// Dropped, it tells the thread to end.
    _ends: oneshot::Sender<()>,
}

type Servers = (Vec<ServerAddr>, Option<(String, String)>);

impl Link {
    pub(crate) fn lags(&self) -> MutexGuard<'_, BTreeMap<(String, String), u64>> {
        self.lags.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct NatsBus {
    link: Arc<Link>,
    /// Those that live.
    members: Mutex<Vec<Weak<Shared>>>,
}

impl NatsBus {
    pub(crate) fn open(options: &NatsOptions) -> Result<NatsBus, BusError> {
        counts();
        if let Some(missing) = options.missing() {
            return Err(missing);
        }
        let when_lost = options.when_lost.clone();
        let lost = move |lost: &Lost<'_>| {
            counts().lost.at(lost.error.error_type()).inc();
            if let Some(when_lost) = &when_lost {
                when_lost(lost);
            }
        };
        let outgoing = Outgoing::new(options.records, MEMORY, options.confirm, lost);
        let servers = servers(&options.servers)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build();
        let failed = |error: std::io::Error| {
            BusError::new(BusErrorKind::Io).with_reason(format!("no thread: {}", error.kind()))
        };
        let runtime = runtime.map_err(failed)?;
        let (tells, told) = sync_channel(1);
        let options = Arc::new(options.clone());
        let (of_thread, queue) = (Arc::clone(&options), outgoing.clone());
        let tasks = runtime.handle().clone();
        let thread = std::thread::Builder::new().name("obs-nats".to_owned());
        let started = thread.spawn(move || {
            runtime.block_on(async move {
                let (up, connected) = watch::channel(false);
                let trouble = Trouble::default();
                let client = match connect(&of_thread, servers, up, &trouble).await {
                    Ok(client) => client,
                    Err(error) => return drop(tells.send(Err(error))),
                };
                let builder = ContextBuilder::new().timeout(ANSWER).ack_timeout(ANSWER);
                let jetstream = builder.build(client.clone());
                let (ends, ended) = oneshot::channel::<()>();
                let link = Link {
                    client: client.clone(),
                    jetstream: jetstream.clone(),
                    tasks,
                    connected: connected.clone(),
                    options: Arc::clone(&of_thread),
                    outgoing: queue.clone(),
                    trouble: trouble.clone(),
                    lags: Mutex::default(),
                    _ends: ends,
                };
                drop(tells.send(Ok(link)));
                let up = (connected, trouble);
                Publisher::new(client.clone(), jetstream, of_thread, queue, up)
                    .run()
                    .await;
                drop(ended.await);
                // The last acknowledgements.
                drop(tokio::time::timeout(ANSWER, client.flush()).await);
            });
        });
        started.map_err(failed)?;
        let link = told
            .recv()
            .unwrap_or_else(|_| Err(BusErrorKind::Io.into()))?;
        Ok(NatsBus {
            link: Arc::new(link),
            members: Mutex::default(),
        })
    }

    fn refused(&self, record: &Record<'_>) -> Option<BusError> {
        let limit = self.link.options.record_bytes;
        let too_large = BusErrorKind::TooLarge { limit };
        (record.size() > limit).then(|| too_large.into())
    }

    fn members(&self) -> MutexGuard<'_, Vec<Weak<Shared>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The addresses of the servers, and the user and password that they take. Those of a cluster take the same.
fn servers(list: &str) -> Result<Servers, BusError> {
    let wrong = |reason: &'static str| BusError::new(BusErrorKind::Unsupported).with_reason(reason);
    let (mut addresses, mut user) = (Vec::new(), None);
    for server in list.split(',').map(str::trim) {
        let (before, place) = server.rsplit_once('@').unwrap_or(("", server));
        let place = ServerAddr::from_str(place).map_err(|_| {
            wrong("the address of a server is `host:port`, with commas between several")
        })?;
        addresses.push(place);
        if !before.is_empty() {
            let (name, password) = before.split_once(':').unwrap_or((before, ""));
            let read = |text: &str| String::from_utf8(text::unescape(text)?).ok();
            let (Some(name), Some(password)) = (read(name), read(password)) else {
                return Err(wrong(
                    "a `%` in a user or a password is followed by two digits of base 16",
                ));
            };
            user = Some((name, password));
        }
    }
    Ok((addresses, user))
}

/// A client, which connects when it can.
async fn connect(
    options: &NatsOptions,
    (servers, user): Servers,
    up: watch::Sender<bool>,
    trouble: &Trouble,
) -> Result<Client, BusError> {
    let up = Arc::new(up);
    let (notes, over) = (trouble.clone(), trouble.clone());
    let mut connecting = ConnectOptions::new()
        .name("obs")
        .retry_on_initial_connect()
        .max_reconnects(None)
        .require_tls(options.tls)
        .reconnect_delay_callback(|attempts| {
            let doublings = u32::try_from(attempts.min(6)).unwrap_or(6);
            (PAUSE.0 * 2_u32.pow(doublings)).min(PAUSE.1)
        })
        // It chooses no server; there is no other way to what each of them said.
        .reconnect_to_server_callback(move |servers, _| {
            notes.note(&servers);
            std::future::ready(None)
        })
        .event_callback(move |event| {
            let (up, over) = (Arc::clone(&up), over.clone());
            async move {
                let now = match event {
                    Event::Connected => {
                        over.over();
                        true
                    }
                    Event::Disconnected | Event::Closed => false,
                    _ => return,
                };
                if up.send_replace(now) != now {
                    counts().connections_up.add(if now { 1 } else { -1 });
                    counts().connects.add(u64::from(now));
                }
            }
        });
    if let Some((name, password)) = user {
        connecting = connecting.user_and_password(name, password);
    }
    if let Some(token) = &options.token {
        connecting = connecting.token(token.clone());
    }
    #[cfg(feature = "credentials")]
    if let Some(file) = &options.credentials {
        connecting = connecting.credentials_file(file).await.map_err(|error| {
            let reason = format!("the file with credentials cannot be used: {}", error.kind());
            BusError::new(BusErrorKind::Unsupported).with_reason(reason)
        })?;
    }
    #[cfg(feature = "tls")]
    if let Some(file) = &options.ca {
        // Read when it connects, and then nobody hears that it is not there.
        if let Err(error) = file.metadata() {
            let reason = format!("the file `ca` cannot be read: {}", error.kind());
            return Err(BusError::new(BusErrorKind::Unsupported).with_reason(reason));
        }
        connecting = connecting.add_root_certificates(file.clone());
    }
    // A server may ask for TLS that this build has not. Before the client finds out, and panics, it looks for this file,
    // which is not there, and says so.
    #[cfg(not(feature = "tls"))]
    {
        connecting = connecting.add_root_certificates(std::path::PathBuf::new());
    }
    // What it says may hold the address, and that a password.
    connecting.connect(servers).await.map_err(|error| {
        BusError::new(BusErrorKind::Unavailable).with_reason(format!("{:?}", error.kind()))
    })
}

impl Transport for NatsBus {
    fn system(&self) -> &'static str {
        "nats"
    }

    fn server(&self) -> Option<Server> {
        Server::at(&self.link.options.servers, PORT)
    }

    fn send(&self, record: &Record<'_>) -> Sending {
        match self.refused(record) {
            None => self.link.outgoing.send(record),
            Some(error) => Sending::Done(Err(error)),
        }
    }

    fn send_confirmed(&self, record: &Record<'_>) -> Sending {
        match self.refused(record) {
            None => self.link.outgoing.send_confirmed(record),
            Some(error) => Sending::Done(Err(error)),
        }
    }

    fn room(&self, _: &str) -> Waiting {
        self.link.outgoing.room()
    }

    fn flush(&self) -> Waiting {
        self.link.outgoing.flush()
    }

    fn close(&self) {
        self.link.outgoing.close();
        for member in self.members().iter().filter_map(Weak::upgrade) {
            member.close();
        }
    }

    fn depth(&self) -> Option<Depth> {
        Some(self.link.outgoing.depth())
    }

    fn lag(&self, topic: &str, group: &str) -> Option<u64> {
        let key = (group.to_owned(), topic.to_owned());
        self.link.lags().get(&key).copied()
    }

    fn look(&self, topic: &str, look: Look) -> Result<Box<dyn View>, BusError> {
        let walk = NatsWalk::new(&self.link, topic);
        Ok(Box::new(Walking::new(walk, look)))
    }

    fn topics(&self) -> Result<Vec<String>, BusError> {
        look::topics(&self.link)
    }

    fn subscribe(&self, topics: &[&str], group: &str) -> Result<Subscription, BusError> {
        let (subscription, shared) = member::join(&self.link, topics, group);
        let mut members = self.members();
        members.retain(|member| member.strong_count() > 0);
        members.push(Arc::downgrade(&shared));
        drop(members);
        if self.link.outgoing.is_closed() {
            shared.close();
        }
        Ok(subscription)
    }
}

/// What is on its way has a while to get there. What does not is lost, and told so.
impl Drop for NatsBus {
    fn drop(&mut self) {
        let outgoing = &self.link.outgoing;
        outgoing.close();
        outgoing.flush().wait_for(self.link.options.patience);
        outgoing.end();
    }
}

impl fmt::Debug for NatsBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsBus")
            .field("options", &self.link.options)
            .field("outgoing", &self.link.outgoing)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(feature = "tls")))]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_server_that_asks_for_tls_is_told_of() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap().to_string();
        // Ends with the process.
        std::thread::spawn(move || {
            let mut peers = Vec::new();
            for mut peer in server.incoming().flatten() {
                if peer.write_all(b"INFO {\"tls_required\":true}\r\n").is_ok() {
                    peers.push(peer);
                }
            }
        });
        let bus = NatsBus::open(&NatsOptions::new(&address)).unwrap();
        let error = bus.topics().unwrap_err();
        assert!(error.reason().contains("feature `tls`"), "{error}");
    }
}
