//! How a bus on NATS is to be.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use obs_runtime::bus::{Address, BusErrorKind, Confirm, Lost, Scheme};
use obs_runtime::{Bus, BusError};

use crate::bus::NatsBus;

/// Buses on NATS by their addresses: `nats://host-1:4222,host-2:4222?stream=shop`.
pub const SCHEME: Scheme = Scheme {
    name: "nats",
    open: |address| NatsOptions::at(address)?.open(),
};

/// Where a stream keeps what it has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Storage {
    /// In files of the servers.
    #[default]
    File,
    /// In their memory, as long as they run.
    Memory,
}

pub(crate) type WhenLost = Arc<dyn Fn(&Lost<'_>) + Send + Sync>;

/// How a bus on NATS is to be.
///
/// ```no_run
/// use std::time::Duration;
///
/// use obs_nats::{Confirm, NatsOptions};
///
/// let bus = NatsOptions::new("nats-1:4222,nats-2:4222")
///     .with_token("…")
///     .with_stream("shop")
///     .with_max_age(Duration::from_secs(7 * 24 * 3600))
///     .with_confirm(Confirm::Delivered)
///     .open()?;
/// # Ok::<(), obs_runtime::BusError>(())
/// ```
#[derive(Clone)]
pub struct NatsOptions {
    pub(crate) servers: String,
    pub(crate) token: Option<String>,
    pub(crate) credentials: Option<PathBuf>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) tls: bool,
    pub(crate) stream: String,
    pub(crate) prefix: String,
    pub(crate) partitions: u32,
    pub(crate) create: bool,
    pub(crate) storage: Storage,
    pub(crate) replicas: usize,
    pub(crate) max_age: Duration,
    pub(crate) max_bytes: i64,
    pub(crate) confirm: Confirm,
    pub(crate) records: usize,
    pub(crate) record_bytes: usize,
    pub(crate) ack_wait: Duration,
    pub(crate) lag: Duration,
    pub(crate) give_up: Duration,
    pub(crate) patience: Duration,
    pub(crate) when_lost: Option<WhenLost>,
}

impl NatsOptions {
    /// A bus on these servers, `host:port` with commas between; a user may stand before a host, as in
    /// `user:password@host:port`, with `%40` and its like for signs that would end it.
    #[must_use]
    pub fn new(servers: &str) -> NatsOptions {
        NatsOptions {
            servers: servers.to_owned(),
            token: None,
            credentials: None,
            ca: None,
            tls: false,
            stream: "obs".to_owned(),
            prefix: "obs.".to_owned(),
            partitions: 8,
            create: true,
            storage: Storage::default(),
            replicas: 1,
            max_age: Duration::ZERO,
            max_bytes: -1,
            confirm: Confirm::default(),
            records: 10_000,
            record_bytes: 1_000_000,
            ack_wait: Duration::from_secs(30),
            lag: Duration::from_secs(5),
            give_up: Duration::from_secs(120),
            patience: Duration::from_secs(5),
            when_lost: None,
        }
    }

    fn at(address: &mut Address) -> Result<NatsOptions, BusError> {
        let mut options = NatsOptions::new(address.written());
        let confirm = [
            ("queued", Confirm::Queued),
            ("delivered", Confirm::Delivered),
        ];
        options.confirm = address.take_word("confirm", &confirm)?.unwrap_or_default();
        let create = [("missing", true), ("never", false)];
        options.create = address.take_word("create", &create)?.unwrap_or(true);
        let storage = [("file", Storage::File), ("memory", Storage::Memory)];
        options.storage = address.take_word("storage", &storage)?.unwrap_or_default();
        let tls = [("required", true)];
        options.tls = address.take_word("tls", &tls)?.unwrap_or_default();
        options.token = address.take("token");
        options.credentials = address.take("credentials").map(PathBuf::from);
        options.ca = address.take("ca").map(PathBuf::from);
        for (name, of) in [
            ("stream", &mut options.stream),
            ("prefix", &mut options.prefix),
        ] {
            if let Some(text) = address.take(name) {
                *of = text;
            }
        }
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        for (name, of) in [
            ("records", &mut options.records),
            ("record_bytes", &mut options.record_bytes),
            ("replicas", &mut options.replicas),
        ] {
            if let Some(number) = address.take_number(name)? {
                *of = size(number);
            }
        }
        for (name, of) in [
            ("max_age.ms", &mut options.max_age),
            ("ack_wait.ms", &mut options.ack_wait),
            ("lag.ms", &mut options.lag),
            ("give_up.ms", &mut options.give_up),
            ("patience.ms", &mut options.patience),
        ] {
            if let Some(millis) = address.take_number(name)? {
                *of = Duration::from_millis(millis);
            }
        }
        if let Some(bytes) = address.take_number("max_bytes")? {
            options.max_bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        }
        if let Some(partitions) = address.take_number("partitions")? {
            options = options.with_partitions(u32::try_from(partitions).unwrap_or(u32::MAX));
        }
        Ok(options)
    }

    /// The same with a token.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> NatsOptions {
        self.token = Some(token.to_owned());
        self
    }

    /// The same with a file of credentials. It comes with the feature `credentials`.
    #[cfg(feature = "credentials")]
    #[must_use]
    pub fn with_credentials(mut self, file: impl Into<PathBuf>) -> NatsOptions {
        self.credentials = Some(file.into());
        self
    }

    /// The same, and only over TLS. It comes with the feature `tls`; without this, what a server asks for is done.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn with_tls(mut self) -> NatsOptions {
        self.tls = true;
        self
    }

    /// The same, and what the authorities in a file have signed is trusted, instead of those that the system knows. It
    /// comes with the feature `tls`, and the file holds certificates as PEM.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn with_ca_file(mut self, file: impl Into<PathBuf>) -> NatsOptions {
        self.ca = Some(file.into());
        self
    }

    /// The same with records in this stream; `obs` unless said.
    #[must_use]
    pub fn with_stream(mut self, name: &str) -> NatsOptions {
        name.clone_into(&mut self.stream);
        self
    }

    /// The same with subjects that begin so; `obs.` unless said.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> NatsOptions {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// The same with so many partitions of each topic; 8 unless said, and the same for all programs of a stream. With
    /// one, a topic is one subject, without `.p…` behind it, as others may write to it.
    #[must_use]
    pub fn with_partitions(mut self, partitions: u32) -> NatsOptions {
        self.partitions = partitions.clamp(1, 1_000);
        self
    }

    /// The same, and a stream that is not there is not made.
    #[must_use]
    pub fn without_create(mut self) -> NatsOptions {
        self.create = false;
        self
    }

    /// The same, and a stream that is made keeps what it has there.
    #[must_use]
    pub fn with_storage(mut self, storage: Storage) -> NatsOptions {
        self.storage = storage;
        self
    }

    /// The same, and a stream that is made is on so many servers; 1 unless said.
    #[must_use]
    pub fn with_replicas(mut self, replicas: usize) -> NatsOptions {
        self.replicas = replicas;
        self
    }

    /// The same, and a stream that is made forgets what is older, whether or not anybody had it; nothing unless said.
    #[must_use]
    pub fn with_max_age(mut self, age: Duration) -> NatsOptions {
        self.max_age = age;
        self
    }

    /// The same, and a record counts as sent then.
    #[must_use]
    pub fn with_confirm(mut self, confirm: Confirm) -> NatsOptions {
        self.confirm = confirm;
        self
    }

    /// The same with room for so many records that are on their way; 10,000 unless said.
    #[must_use]
    pub fn with_capacity(mut self, records: usize) -> NatsOptions {
        self.records = records;
        self
    }

    /// The same, and what a member had that died comes again after this time; 30 seconds unless said. It is a setting of
    /// consumers of the server, and the first member of a group decides.
    #[must_use]
    pub fn with_ack_wait(mut self, wait: Duration) -> NatsOptions {
        self.ack_wait = wait;
        self
    }

    /// The same, and what is not acknowledged for so long is lost; 2 minutes unless said.
    #[must_use]
    pub fn with_give_up(mut self, give_up: Duration) -> NatsOptions {
        self.give_up = give_up;
        self
    }

    /// The same, and the end of the bus waits so long for what is on its way; 5 seconds unless said.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> NatsOptions {
        self.patience = patience;
        self
    }

    /// The same, and this is called for each record that did not get there and that nobody waited for, to keep it
    /// elsewhere. All of them are counted as `nats_records_lost_total`.
    ///
    /// It is called in the thread of the client: while it runs nothing else is sent or comes.
    #[must_use]
    pub fn when_lost(mut self, lost: impl Fn(&Lost<'_>) + Send + Sync + 'static) -> NatsOptions {
        self.when_lost = Some(Arc::new(lost));
        self
    }

    /// The bus. Nothing is connected yet: servers that cannot be reached are waited for.
    ///
    /// # Errors
    ///
    /// The address is none, or asks for what this build has not.
    pub fn open(&self) -> Result<Bus, BusError> {
        Ok(Bus::new(NatsBus::open(self)?))
    }

    /// What this build has not.
    pub(crate) fn missing(&self) -> Option<BusError> {
        let reason = match self {
            _ if (self.tls || self.ca.is_some()) && !cfg!(feature = "tls") => {
                "TLS comes with the feature `tls` of obs-nats"
            }
            _ if self.credentials.is_some() && !cfg!(feature = "credentials") => {
                "files with credentials come with the feature `credentials` of obs-nats"
            }
            _ => return None,
        };
        Some(BusError::new(BusErrorKind::Unsupported).with_reason(reason))
    }
}

/// Servers and token may hold passwords, so they are left out.
impl fmt::Debug for NatsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsOptions")
            .field("stream", &self.stream)
            .field("prefix", &self.prefix)
            .field("partitions", &self.partitions)
            .field("confirm", &self.confirm)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_build_has_not_is_told() {
        for (address, has, feature) in [
            ("nats://a?tls=required", cfg!(feature = "tls"), "`tls`"),
            ("nats://a?ca=x.pem", cfg!(feature = "tls"), "`tls`"),
            (
                "nats://a?credentials=x.creds",
                cfg!(feature = "credentials"),
                "`credentials`",
            ),
        ] {
            let error = Bus::open(address, &[SCHEME]).map(drop);
            let said = error.err().map(|error| error.reason().to_owned());
            let missing = said.is_some_and(|said| said.contains(feature));
            assert_eq!(missing, !has, "{address}");
        }
    }
}
