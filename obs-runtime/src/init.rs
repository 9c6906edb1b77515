//! Starting and stopping.

mod keeper;
pub(crate) mod panics;

use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
#[cfg(feature = "tokio")]
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use self::keeper::Keeper;
use crate::bus::{Bus, BusError, CAPACITY, Origin, Scheme};
use crate::clock;
#[cfg(feature = "tokio")]
use crate::consume::{Consumer, Control};
use crate::export::{self, OtlpJsonLines, SpanExporter};
#[cfg(feature = "tokio")]
use crate::lane::lock;
use crate::log::{self, LayoutError, Level, LogFormat, LogLayout, LogOutput};
use crate::metric::{self, SnapshotError};
use crate::publish::timer;
use crate::sample::Sampling;
use crate::span::SpanLimits;

/// How long the end of a program waits for what is not out yet.
const PATIENCE: Duration = Duration::from_secs(5);

/// Somebody has set things up, and has not shut them down.
static RUNNING: AtomicBool = AtomicBool::new(false);

/// Sets up what publishers and consumers need, with nothing else installed: a bus in memory under the name of the
/// program, and log lines on the standard output.
///
/// With the feature `tracing`, calls of `tracing` become lines too. If you have a subscriber of your own, set it first:
/// then publishes are told to it, and lines of ours go to the standard output only if it holds
/// [`log::layer`](https://docs.rs/obs-runtime/latest/obs_runtime/log/fn.layer.html).
///
/// [`Setup`] does the same with choices. `OTEL_SERVICE_NAME` names the program otherwise, and `OBS_BUS` the bus.
///
/// With `OTEL_SEMCONV_STABILITY_OPT_IN=messaging`, or `messaging/dup`, publishers and consumers that are made afterwards
/// count in the families of OpenTelemetry's messaging conventions too: `messaging_client_sent_messages_total` and its like.
///
/// # Errors
///
/// Somebody has done it before; or a thread or a file is not to be had.
pub fn init() -> Result<Obs, InitError> {
    Setup::new().init()
}

/// Choices for [`init`](init()).
///
/// ```
/// use obs_runtime::{Setup, log::Level};
///
/// let traces = std::env::temp_dir().join("obs-setup-example.jsonl");
/// let obs = Setup::new()
///     .with_origin("user-service")
///     .with_log_level(Level::Warn)
///     .with_traces(&traces)
///     .init()?;
/// assert_eq!(obs.bus().source(), "user-service");
/// # drop(obs);
/// # std::fs::remove_file(traces).ok();
/// # Ok::<(), obs_runtime::InitError>(())
/// ```
#[derive(Debug, Default)]
pub struct Setup {
    origin: Option<Origin>,
    bus: Option<Bus>,
    address: Option<String>,
    schemes: Vec<Scheme>,
    output: Option<LogOutput>,
    format: LogFormat,
    layout: Option<LogLayout>,
    places: bool,
    level: Option<Level>,
    traces: Option<PathBuf>,
    exporters: Vec<Box<dyn SpanExporter>>,
    sampling: Option<Sampling>,
    limits: SpanLimits,
    #[cfg(feature = "opentelemetry")]
    alone: bool,
    snapshot: Option<PathBuf>,
}

impl Setup {
    /// What [`init`](init()) does.
    #[must_use]
    pub fn new() -> Setup {
        Setup::default()
    }

    /// Another name, or all that is known of who publishes.
    #[must_use]
    pub fn with_origin(mut self, origin: impl Into<Origin>) -> Setup {
        self.origin = Some(origin.into());
        self
    }

    /// Another bus than one in memory.
    #[must_use]
    pub fn with_bus(mut self, bus: Bus) -> Setup {
        self.bus = Some(bus);
        self
    }

    /// The bus at an address, as [`Bus::open`] has it, so that a program moves between buses by its configuration alone.
    /// Without this and [`with_bus`](Setup::with_bus) it is the one that `OBS_BUS` names in the environment, and else
    /// one in memory.
    ///
    /// ```
    /// use obs_runtime::Setup;
    ///
    /// let obs = Setup::new().with_bus_at("memory:?records=1000").init()?;
    /// assert_eq!(obs.bus().system(), "memory");
    /// # Ok::<(), obs_runtime::InitError>(())
    /// ```
    #[must_use]
    pub fn with_bus_at(mut self, address: &str) -> Setup {
        self.address = Some(address.to_owned());
        self
    }

    /// One more kind of bus that an address may name; crates with buses have one to give.
    #[must_use]
    pub fn with_scheme(mut self, scheme: Scheme) -> Setup {
        self.schemes.push(scheme);
        self
    }

    /// Another output for log lines than the standard one, and one in any case: also where a subscriber of `tracing`
    /// hears of publishes.
    #[must_use]
    pub fn with_log(mut self, output: LogOutput) -> Setup {
        self.output = Some(output);
        self
    }

    /// Another form of log lines than JSON.
    #[must_use]
    pub fn with_log_format(mut self, format: LogFormat) -> Setup {
        self.format = format;
        self
    }

    /// Other names for the keys of log lines.
    #[must_use]
    pub fn with_log_layout(mut self, layout: LogLayout) -> Setup {
        self.layout = Some(layout);
        self
    }

    /// Log lines say with `file` and `line` where in the code they come from: those of `tracing` where the call is, those
    /// of `#[observed]` where the attribute is. A publish has no place of its own.
    #[must_use]
    pub fn with_log_places(mut self) -> Setup {
        self.places = true;
        self
    }

    /// The lowest level of log lines that are written; `INFO` otherwise.
    #[must_use]
    pub fn with_log_level(mut self, least: Level) -> Setup {
        self.level = Some(least);
        self
    }

    /// Spans go to the end of this file, as OTLP in JSON, a batch a line: collectors read it, and people can.
    #[must_use]
    pub fn with_traces(mut self, file: impl AsRef<Path>) -> Setup {
        self.traces = Some(file.as_ref().to_owned());
        self
    }

    /// Spans go to an exporter. There may be several.
    #[must_use]
    pub fn with_exporter(mut self, exporter: impl SpanExporter) -> Setup {
        self.exporters.push(Box::new(exporter));
        self
    }

    /// Which traces are kept from their start on; all of them otherwise, or what `OTEL_TRACES_SAMPLER` says.
    #[must_use]
    pub fn with_sampling(mut self, sampling: Sampling) -> Setup {
        self.sampling = Some(sampling);
        self
    }

    /// What families remember by keys (entities in a state, ages, and times that durations are counted from) outlives
    /// the program in this file: it is read now, and written every ten seconds and at the end. A program that is
    /// killed loses what came after the last time; a file that is no snapshot is an error, and left as it is.
    ///
    /// Keys are in it as hashes. Those of personal data need [`set_hash_key`](crate::redact::set_hash_key), without
    /// which no two runs hash alike.
    #[must_use]
    pub fn with_snapshot(mut self, file: impl AsRef<Path>) -> Setup {
        self.snapshot = Some(file.as_ref().to_owned());
        self
    }

    /// How much a span may hold.
    #[must_use]
    pub fn with_span_limits(mut self, limits: SpanLimits) -> Setup {
        self.limits = limits;
        self
    }

    /// Nobody else makes spans in this program: no tracer of OpenTelemetry, and no `tracing-opentelemetry`. Then spans of
    /// ours are not put into OpenTelemetry's current context, and the feature costs nothing beyond its exporters.
    ///
    /// If somebody does after all, spans of theirs that begin within ours have no parent, until one of ours begins or
    /// looks within one of theirs. From then on it is as if this had not been said.
    ///
    /// ```
    /// use obs_runtime::Setup;
    /// use obs_runtime::export::OpenTelemetry;
    /// use obs_runtime::export::opentelemetry_sdk::trace::SpanExporter;
    ///
    /// fn setup(exporter: impl SpanExporter + 'static) -> Setup {
    ///     Setup::new().with_exporter(OpenTelemetry::new(exporter)).without_tracers()
    /// }
    /// ```
    #[cfg(feature = "opentelemetry")]
    #[must_use]
    pub fn without_tracers(mut self) -> Setup {
        self.alone = true;
        self
    }

    /// Sets everything up.
    ///
    /// # Errors
    ///
    /// As [`init`](init()).
    pub fn init(self) -> Result<Obs, InitError> {
        if RUNNING.swap(true, SeqCst) {
            return Err(InitError::Running);
        }
        self.start().inspect_err(|_| RUNNING.store(false, SeqCst))
    }

    fn start(mut self) -> Result<Obs, InitError> {
        let origin = self.origin.take();
        let origin = origin.unwrap_or_else(|| Origin::new(&program()));
        let bus = self.open_bus().map_err(InitError::Bus)?;
        metric::running(&origin);
        if cfg!(not(feature = "off-logs")) {
            self.start_log(&origin)?;
        }
        if cfg!(not(feature = "off-spans")) {
            self.start_spans(&origin)?;
        }
        if cfg!(not(feature = "off")) {
            panics::watch();
        }
        let semantics = variable("OTEL_SEMCONV_STABILITY_OPT_IN").unwrap_or_default();
        let mut words = semantics.split(',').map(str::trim);
        if words.any(|word| matches!(word, "messaging" | "messaging/dup")) {
            metric::want_messaging();
        }
        let snapshot = self.snapshot.take();
        let keeper = match snapshot.filter(|_| cfg!(not(feature = "off-metrics"))) {
            Some(path) => Some(Keeper::start(path)?),
            None => None,
        };
        Ok(Obs {
            bus: bus.for_source(origin),
            keeper,
            #[cfg(feature = "tokio")]
            consumers: Mutex::default(),
        })
    }

    fn open_bus(&mut self) -> Result<Bus, BusError> {
        if let Some(bus) = self.bus.take() {
            return Ok(bus);
        }
        let address = self.address.take().or_else(|| variable("OBS_BUS"));
        match address.filter(|address| !address.is_empty()) {
            Some(address) => Bus::open(&address, &self.schemes),
            None => Ok(Bus::memory(CAPACITY)),
        }
    }

    fn start_log(&mut self, origin: &Origin) -> Result<(), InitError> {
        if let Some(fault) = self.layout.as_ref().and_then(LogLayout::fault) {
            return Err(InitError::Layout(fault));
        }
        log::speak_for(origin);
        let in_place = listen();
        let output = self.output.take();
        let Some(output) = output.or_else(|| in_place.then_some(LogOutput::Stdout)) else {
            return Ok(());
        };
        log::set_format(self.format);
        log::set_layout(self.layout.take());
        log::show_places(self.places);
        log::to(output, self.level.unwrap_or(Level::Info))
            .map_err(|error| InitError::Thread(error.kind()))
    }

    fn start_spans(&mut self, origin: &Origin) -> Result<(), InitError> {
        let mut exporters = std::mem::take(&mut self.exporters);
        if let Some(path) = self.traces.take() {
            let file = open(&path).map_err(|error| InitError::Traces(path, error.kind()))?;
            exporters.push(Box::new(OtlpJsonLines::new(origin.name(), file)));
        }
        let sampling = self.sampling.or_else(|| Sampling::from_names(variable));
        sampling.unwrap_or_default().install();
        self.limits.install();
        #[cfg(feature = "opentelemetry")]
        crate::context::foreign::show_all(!self.alone);
        for exporter in exporters {
            export::add(exporter).map_err(|error| InitError::Thread(error.kind()))?;
        }
        Ok(())
    }
}

/// Has calls of `tracing` come to us where nobody else listens. Whoever has a subscriber without our layer hears of
/// publishes there, so that lines of ours beside it would tell everything twice, unless they are asked for.
fn listen() -> bool {
    #[cfg(feature = "tracing")]
    return log::install();
    #[cfg(not(feature = "tracing"))]
    true
}

/// What the environment calls the program, or what it is called.
fn program() -> String {
    variable("OTEL_SERVICE_NAME")
        .filter(|name| !name.is_empty())
        .or_else(|| {
            let program = std::env::current_exe().ok()?;
            Some(program.file_stem()?.to_str()?.to_owned())
        })
        .unwrap_or_else(|| "unknown_service".to_owned())
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where the program meets its environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn open(path: &Path) -> io::Result<std::fs::File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// What [`init`](init()) has set up, for as long as this lives.
///
/// Dropped, it does what [`Obs::shutdown`] does: what has ended by then is written and exported.
///
/// | what happens | what becomes of telemetry |
/// |---|---|
/// | a second `init` | an error; after a shutdown it is fine |
/// | a panic that unwinds past the guard | the guard is dropped, everything is flushed |
/// | a panic that ends the program otherwise: with `panic = "abort"`, in the main thread, within another panic, where it must not unwind | what was told before it leaves, within a second for spans and one for lines: `init` adds that to what is done in a panic, and [`std::panic::set_hook`] after `init` takes it away again |
/// | `std::process::exit`, a signal | lines of `WARN` and above are on their way at once, others up to a tenth of a second later; what is in the blocks of the threads then is lost: call [`Obs::flush`] first |
/// | `fork` | the child has no threads of ours: it publishes, and nothing of its telemetry leaves; `exec` in the child, or `init` after the fork |
#[derive(Debug)]
#[must_use = "telemetry stops when this is dropped: keep it until the end of `main`"]
pub struct Obs {
    bus: Bus,
    keeper: Option<Keeper>,
    #[cfg(feature = "tokio")]
    consumers: Mutex<Vec<Control>>,
}

impl Obs {
    /// The bus.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// A consumer of this name on the bus, which [`shutdown`](Obs::shutdown) stops. It comes with the feature `tokio`.
    #[cfg(feature = "tokio")]
    pub fn consumer(&self, name: &str) -> Consumer {
        let consumer = Consumer::new(&self.bus, name);
        lock(&self.consumers).push(consumer.control());
        consumer
    }

    /// Writes and exports everything that has ended, and waits for it up to this long. Says whether all is out.
    pub fn flush(&self, patience: Duration) -> bool {
        let spans = export::flush(patience);
        log::flush(patience) && spans
    }

    /// Ends everything in order: consumers finish what they work on, the bus takes no more records and hands over those
    /// it has, then what was told about them leaves. Consumers are waited for as long as each of them says, and five
    /// seconds more; the rest takes five seconds at most.
    pub async fn shutdown(self) {
        #[cfg(feature = "tokio")]
        {
            let consumers = std::mem::take(&mut *lock(&self.consumers));
            consumers.iter().for_each(Control::stop);
            for consumer in consumers {
                // One that nobody polls any more does not end.
                let patience = clock::now().after(consumer.grace() + PATIENCE);
                timer::before(Some(patience), consumer.ended()).await;
            }
        }
        self.bus.close();
        // A bus whose brokers are away would wait for them.
        let over = clock::now().after(PATIENCE);
        timer::before(Some(over), self.bus.flush()).await;
        drop(self);
    }
}

impl Drop for Obs {
    fn drop(&mut self) {
        // The last snapshot is written as it goes.
        self.keeper = None;
        self.flush(PATIENCE);
        export::shutdown(PATIENCE);
        RUNNING.store(false, SeqCst);
    }
}

/// Something that could not be set up.
#[derive(Debug)]
#[non_exhaustive]
pub enum InitError {
    /// It is set up already: there is one output for log lines and one set of exporters in a program.
    Running,
    /// The file for traces cannot be opened.
    Traces(PathBuf, io::ErrorKind),
    /// The snapshot cannot be read or written.
    Snapshot(PathBuf, io::ErrorKind),
    /// The file that should have the snapshot has something else.
    NoSnapshot(PathBuf, SnapshotError),
    /// The layout of log lines cannot be.
    Layout(LayoutError),
    /// A thread cannot be started.
    Thread(io::ErrorKind),
    /// The bus cannot be opened.
    Bus(BusError),
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InitError::Running => f.write_str(
                "obs is set up already: call `init` once in `main`, and hand its bus to whoever needs it",
            ),
            InitError::Traces(path, why) => write!(
                f,
                "the file for traces, {}, cannot be opened: {why}; is its folder there, and may this program write to it?",
                path.display()
            ),
            InitError::Snapshot(path, why) => write!(
                f,
                "the snapshot of metrics, {}, cannot be kept: {why}; is its folder there, and may this program write to it?",
                path.display()
            ),
            InitError::NoSnapshot(path, why) => write!(
                f,
                "{} is no snapshot of metrics: {why} Remove it to begin with nothing",
                path.display()
            ),
            InitError::Bus(why) => write!(f, "the bus cannot be opened: {why}"),
            InitError::Layout(why) => write!(f, "{why}"),
            InitError::Thread(why) => write!(f, "a thread that writes or exports cannot be started: {why}"),
        }
    }
}

impl std::error::Error for InitError {}
