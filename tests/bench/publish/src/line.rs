//! The log line alone, as the JSON layer of tracing-subscriber writes it: ten fields, or the same inside a span of three.

use crate::course::{CORRELATION, Course, SOURCE, VERSION};
use crate::event::{Reading, VALUES, readings};
use crate::seen::Memory;
use crate::{Runner, Team};
use tracing::{info, info_span};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

struct Line {
    in_span: bool,
}

pub fn flat(_: &Course) -> Box<dyn Team> {
    ready(false)
}

pub fn in_span(_: &Course) -> Box<dyn Team> {
    ready(true)
}

fn ready(in_span: bool) -> Box<dyn Team> {
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .with_writer(|| Memory);
    tracing_subscriber::registry()
        .with(LevelFilter::INFO)
        .with(lines)
        .init();
    Box::new(Line { in_span })
}

impl Team for Line {
    fn runner(&self) -> Box<dyn Runner + '_> {
        Box::new(Thread {
            in_span: self.in_span,
            readings: readings(),
            next: 0,
        })
    }

    fn flush(&self) {}

    fn metrics(&self) -> String {
        String::new()
    }
}

struct Thread {
    in_span: bool,
    readings: [Reading; VALUES],
    next: usize,
}

impl Runner for Thread {
    fn run(&mut self, times: usize) {
        for _ in 0..times {
            let reading = &self.readings[self.next % VALUES];
            self.next += 1;
            if self.in_span {
                let span = info_span!(
                    "publish",
                    event.version = VERSION,
                    event.id = "01a1fed4-ba47-708e-b00b-c5cdde61d406",
                    device.id = reading.device.as_str(),
                );
                span.in_scope(|| write(reading));
            } else {
                write(reading);
            }
        }
    }
}

fn write(reading: &Reading) {
    info!(
        service = SOURCE,
        event_id = "01a1fed4-ba47-708e-b00b-c5cdde61d406",
        event_type = "reading.taken",
        event_version = VERSION,
        correlation_id = CORRELATION,
        trace_id = "87f2f89705c02b652716731fcfee6223",
        span_id = "343ae6fe5238ee28",
        duration_ms = reading.value,
        status = "ok",
        device = reading.device.as_str(),
        "event published"
    );
}
