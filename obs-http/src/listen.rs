//! A bus that listens itself: the other side without a server around it.

use std::fmt;
use std::net::TcpListener;

use obs_runtime::bus::{Address, BusErrorKind};
use obs_runtime::{Bus, BusError};
use tokio::sync::oneshot;

use crate::receive::Receiver;

/// Where a bus listens, and where it keeps what comes in.
#[derive(Clone)]
pub(crate) struct Listen {
    to: String,
    path: String,
    inbox: String,
    token: Option<String>,
}

/// What has come in, and the end of listening.
pub(crate) struct Listener {
    pub(crate) bus: Bus,
    /// Dropped, it tells the server to end.
    _ends: oneshot::Sender<()>,
}

impl Listen {
    /// What an address says of it: `listen`, and `inbox`, which is the address of another bus.
    pub(crate) fn at(
        address: &mut Address,
        token: Option<String>,
    ) -> Result<Option<Listen>, BusError> {
        let Some(to) = address.take("listen") else {
            return match address.take("inbox") {
                None => Ok(None),
                Some(_) => Err(BusError::new(BusErrorKind::Unsupported)
                    .with_reason("`inbox` is where a bus with `listen` keeps what comes in")),
            };
        };
        let place = address.written();
        let path = place.find('/').map_or("/", |at| &place[at..]).to_owned();
        let inbox = address
            .take("inbox")
            .unwrap_or_else(|| "memory:".to_owned());
        Ok(Some(Listen {
            to,
            path,
            inbox,
            token,
        }))
    }

    /// Starts to listen.
    pub(crate) fn start(&self) -> Result<Listener, BusError> {
        let failed = |error: &std::io::Error| {
            let kind = match error.kind() {
                std::io::ErrorKind::AddrInUse => BusErrorKind::InUse,
                _ => BusErrorKind::Io,
            };
            let reason = format!("it cannot listen at `{}`: {}", self.to, error.kind());
            BusError::new(kind).with_reason(reason)
        };
        let listener = TcpListener::bind(&self.to).map_err(|error| failed(&error))?;
        let ready = listener.set_nonblocking(true);
        ready.map_err(|error| failed(&error))?;
        let bus = Bus::open(&self.inbox, &[])?;
        let mut receiver = Receiver::new(&bus);
        if let Some(token) = &self.token {
            receiver = receiver.with_token(token);
        }
        let router = receiver.alone(&self.path);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| failed(&error))?;
        let (ends, ended) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("obs-http-receive".to_owned());
        let started = thread.spawn(move || {
            runtime.block_on(async move {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
                    return;
                };
                let over = async { drop(ended.await) };
                // It fails with the socket alone, and then there is nobody left to tell.
                let _ = axum::serve(listener, router)
                    .with_graceful_shutdown(over)
                    .await;
            });
        });
        started.map_err(|error| failed(&error))?;
        Ok(Listener { bus, _ends: ends })
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bus.fmt(f)
    }
}
