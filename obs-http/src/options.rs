//! How a bus over HTTP is to be.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use obs_runtime::bus::{Address, Confirm, Lost, Scheme};
use obs_runtime::{Bus, BusError};

use crate::sender::HttpBus;

/// Buses over HTTP by their addresses: `http://host:port/path?mode=binary`.
pub const SCHEME: Scheme = Scheme {
    name: "http",
    open: |address| HttpOptions::at("http", address)?.open(),
};

/// The same over TLS: `https://host/path`.
#[cfg(feature = "tls")]
pub const SCHEME_TLS: Scheme = Scheme {
    name: "https",
    open: |address| HttpOptions::at("https", address)?.open(),
};

/// How events go into requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// Many in each request: `application/cloudevents-batch+json`.
    #[default]
    Batch,
    /// One in each request, as JSON: `application/cloudevents+json`.
    Structured,
    /// One in each request: its attributes in headers `ce-…`, and the body as it is.
    Binary,
}

pub(crate) type WhenLost = Arc<dyn Fn(&Lost<'_>) + Send + Sync>;

/// How a bus over HTTP is to be.
///
/// ```
/// use std::time::Duration;
///
/// use obs_http::{HttpOptions, Mode};
///
/// let bus = HttpOptions::new("http://localhost:8080/events")
///     .with_mode(Mode::Binary)
///     .with_source("https://shop.example/orders")
///     .with_header("x-api-key", "…")
///     .with_timeout(Duration::from_secs(3))
///     .open()?;
/// assert_eq!(bus.system(), "http");
/// # Ok::<(), obs_runtime::BusError>(())
/// ```
#[derive(Clone)]
pub struct HttpOptions {
    pub(crate) url: String,
    pub(crate) mode: Mode,
    pub(crate) confirm: Confirm,
    pub(crate) source: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) records: usize,
    pub(crate) record_bytes: usize,
    pub(crate) timeout: Duration,
    pub(crate) give_up: Duration,
    pub(crate) patience: Duration,
    pub(crate) when_lost: Option<WhenLost>,
    #[cfg(feature = "receive")]
    pub(crate) listen: Option<crate::listen::Listen>,
}

impl HttpOptions {
    /// A bus that sends to this URL. A user in it (`https://user:password@host/`) becomes a header, with `%40` and its
    /// like as what they stand for.
    #[must_use]
    pub fn new(url: &str) -> HttpOptions {
        HttpOptions {
            url: url.to_owned(),
            mode: Mode::default(),
            confirm: Confirm::default(),
            source: "obs".to_owned(),
            headers: Vec::new(),
            ca: None,
            records: 10_000,
            record_bytes: 1_000_000,
            timeout: Duration::from_secs(10),
            give_up: Duration::from_secs(120),
            patience: Duration::from_secs(5),
            when_lost: None,
            #[cfg(feature = "receive")]
            listen: None,
        }
    }

    fn at(scheme: &str, address: &mut Address) -> Result<HttpOptions, BusError> {
        let mut options = HttpOptions::new(&format!("{scheme}://{}", address.written()));
        let modes = [
            ("batch", Mode::Batch),
            ("structured", Mode::Structured),
            ("binary", Mode::Binary),
        ];
        let confirm = [
            ("queued", Confirm::Queued),
            ("delivered", Confirm::Delivered),
        ];
        options.mode = address.take_word("mode", &modes)?.unwrap_or_default();
        options.confirm = address.take_word("confirm", &confirm)?.unwrap_or_default();
        if let Some(source) = address.take("source") {
            options = options.with_source(&source);
        }
        if let Some(records) = address.take_number("records")? {
            options = options.with_capacity(usize::try_from(records).unwrap_or(usize::MAX));
        }
        if let Some(bytes) = address.take_number("record_bytes")? {
            options.record_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        }
        for (name, of) in [
            ("timeout.ms", &mut options.timeout),
            ("give_up.ms", &mut options.give_up),
            ("patience.ms", &mut options.patience),
        ] {
            if let Some(millis) = address.take_number(name)? {
                *of = Duration::from_millis(millis);
            }
        }
        options.ca = address.take("ca").map(PathBuf::from);
        let token = address.take("token");
        if let Some(token) = &token {
            options = options.with_header("authorization", &format!("Bearer {token}"));
        }
        #[cfg(feature = "receive")]
        {
            options.listen = crate::listen::Listen::at(address, token)?;
        }
        #[cfg(not(feature = "receive"))]
        if address.take("listen").is_some() {
            let error = BusError::new(obs_runtime::bus::BusErrorKind::Unsupported);
            return Err(error.with_reason("`listen` comes with the feature `receive` of obs-http"));
        }
        Ok(options)
    }

    /// The same with events in requests like this.
    #[must_use]
    pub fn with_mode(mut self, mode: Mode) -> HttpOptions {
        self.mode = mode;
        self
    }

    /// The same, and a record counts as sent then.
    #[must_use]
    pub fn with_confirm(mut self, confirm: Confirm) -> HttpOptions {
        self.confirm = confirm;
        self
    }

    /// The same with this `source` in events that have none of their own; `obs` unless said.
    #[must_use]
    pub fn with_source(mut self, source: &str) -> HttpOptions {
        self.source = source.to_owned();
        self
    }

    /// The same with a header in each request, as for a key that the other side wants to see.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> HttpOptions {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, and what the authorities in a file have signed is trusted, and nothing else. It comes with the feature
    /// `tls`, and the file holds certificates as PEM.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn with_ca_file(mut self, file: impl Into<PathBuf>) -> HttpOptions {
        self.ca = Some(file.into());
        self
    }

    /// The same with room for so many records that are on their way; 10,000 unless said.
    #[must_use]
    pub fn with_capacity(mut self, records: usize) -> HttpOptions {
        self.records = records;
        self
    }

    /// The same, and a request may take so long; 10 seconds unless said.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> HttpOptions {
        self.timeout = timeout;
        self
    }

    /// The same, and what the other side does not take for so long is lost; 2 minutes unless said. Until then it is
    /// sent again and again, and what is behind it waits.
    #[must_use]
    pub fn with_give_up(mut self, give_up: Duration) -> HttpOptions {
        self.give_up = give_up;
        self
    }

    /// The same, and the end of the bus waits so long for what is on its way; 5 seconds unless said.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> HttpOptions {
        self.patience = patience;
        self
    }

    /// The same, and this is called for each record that did not get there and that nobody waited for, to keep it
    /// elsewhere. All of them are counted as `http_bus_records_lost_total`.
    ///
    /// It is called in the thread that sends: while it runs nothing else is sent.
    #[must_use]
    pub fn when_lost(mut self, lost: impl Fn(&Lost<'_>) + Send + Sync + 'static) -> HttpOptions {
        self.when_lost = Some(Arc::new(lost));
        self
    }

    /// The bus. Nothing is connected yet: an endpoint that cannot be reached is waited for.
    ///
    /// # Errors
    ///
    /// The URL is none, or there is nobody who could listen where it should.
    pub fn open(&self) -> Result<Bus, BusError> {
        Ok(Bus::new(HttpBus::open(self)?))
    }
}

/// URL and headers may hold passwords, so they are left out.
impl fmt::Debug for HttpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpOptions")
            .field("mode", &self.mode)
            .field("confirm", &self.confirm)
            .field("records", &self.records)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
