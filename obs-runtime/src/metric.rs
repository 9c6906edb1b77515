//! Metrics: counted in cells of the thread that counts, summed by whoever looks.
//!
//! What an event may be labelled with is known when the program is compiled, so all its series are there from the
//! start and are found by an index. The hot path takes no lock, hashes nothing and allocates nothing, but for the row
//! of cells a thread makes when it first counts something.
//!
//! For things that are no event there are [`Counter`], [`Gauge`], [`Histogram`], [`Summary`] and [`Info`]; a
//! [`MetricSet`] puts them together.

#[cfg(feature = "tokio")]
mod backlog;
mod bank;
#[cfg(feature = "tokio")]
mod consumed;
mod exemplar;
mod exposition;
mod family;
mod feed;
#[cfg(any(feature = "opentelemetry", feature = "prometheus"))]
mod gathered;
mod keys;
mod labels;
mod messaging;
#[cfg(feature = "opentelemetry")]
mod opentelemetry;
mod operation;
mod own;
#[cfg(feature = "prometheus")]
pub mod prometheus;
mod published;
mod queues;
mod set;
mod sketch;
mod snapshot;
mod text;
mod typed;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[cfg(feature = "tokio")]
pub(crate) use backlog::{Backlog, Waits, watch as watch_backlog};
#[cfg(feature = "tokio")]
pub(crate) use consumed::{Consumed, consumed};
pub(crate) use exposition::All;
pub use exposition::Format;
pub use family::{FamilyInfo, Kind};
pub use feed::Feeds;
#[doc(hidden)]
pub use feed::{Measure, bounded, measure};
pub(crate) use feed::{apart, times_apart};
pub use keys::{TimesInfo, Tracked};
pub use labels::Labels;
pub(crate) use messaging::{
    About as MessagingAbout, Kind as MessagingKind, Messaging, messaging, want as want_messaging,
};
#[cfg(feature = "opentelemetry")]
pub use opentelemetry::observe_in;
pub(crate) use operation::{Operation, Outcome, Own, operation};
pub(crate) use own::{
    Reason, Signal, buffered, dropped, export_failed, lines_written, redaction_failed, running,
};
#[cfg(all(test, not(feature = "off-spans")))]
pub(crate) use own::{drops, export_failures};
pub(crate) use published::Published;
pub(crate) use queues::watch;
pub use set::MetricSet;
#[doc(hidden)]
pub use set::{
    event_within_budget, labels_agree, operation_within_budget, values_at, within_budget,
};
pub use snapshot::{SnapshotError, restore, snapshot};
pub use typed::{
    Amount, Counter, CounterSeries, Gauge, GaugeSeries, Histogram, HistogramSeries, Info,
    Instrument, Level, Summary, SummarySeries,
};

use crate::event::Descriptor;
use crate::lane::lock;

/// The lengths of the last expositions.
static LENGTHS: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];

/// Everything that is published by this program.
static PUBLISHED: Mutex<Vec<&'static Published>> = Mutex::new(Vec::new());

/// The cells of an event of one source. To be asked for once, when a publisher is made.
///
/// They stay for as long as the program runs, as their series do: a counter that goes away looks like a restart.
pub(crate) fn published(about: &'static Descriptor, source: &str) -> &'static Published {
    let mut all = lock(&PUBLISHED);
    let same = |one: &&&Published| {
        one.about.event_type == about.event_type
            && one.about.version == about.version
            && *one.source == *source
    };
    if let Some(known) = all.iter().find(same) {
        return known;
    }
    let new: &'static Published = Box::leak(Box::new(Published::new(
        about,
        source,
        feed::families(about),
        feed::times(about),
    )));
    all.push(new);
    new
}

/// Everything that is counted, in a format that scrapers read.
///
/// ```
/// use obs_runtime::metric::{Format, exposition};
///
/// assert!(exposition(Format::OpenMetrics).ends_with(b"# EOF\n"));
/// ```
#[must_use]
#[inline]
pub fn exposition(format: Format) -> Vec<u8> {
    if cfg!(feature = "off-metrics") {
        return match format {
            Format::OpenMetrics => b"# EOF\n".to_vec(),
            Format::Text => Vec::new(),
        };
    }
    everything(format)
}

fn everything(format: Format) -> Vec<u8> {
    let all = All {
        published: &lock(&PUBLISHED).clone(),
        #[cfg(feature = "tokio")]
        consumed: &consumed::all(),
        #[cfg(feature = "tokio")]
        backlogs: &backlog::all(),
        families: &family::all(),
        operations: &operation::operations(),
        messaging: &messaging::all(),
    };
    exposition_of(&all, format)
}

/// The same of some.
pub(crate) fn exposition_of(all: &All<'_>, format: Format) -> Vec<u8> {
    // What the last one took, and a bit: growing would copy megabytes.
    let last = &LENGTHS[format as usize];
    let mut out = Vec::with_capacity(last.load(Relaxed) + 4_096);
    exposition::write(all, format, &mut out);
    last.store(out.len(), Relaxed);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    static ABOUT: Descriptor = Descriptor {
        event_type: "metric.tested",
        ..Descriptor::BLANK
    };

    #[test]
    fn an_event_has_one_set_of_cells_for_each_source() {
        let shop = published(&ABOUT, "shop");
        assert!(std::ptr::eq(shop, published(&ABOUT, "shop")));
        assert!(!std::ptr::eq(shop, published(&ABOUT, "stock")));
    }
}
