//! Ours: one call.

use crate::course::{CORRELATION, Course, SOURCE, SYSTEM};
use crate::event::{VALUES, readings};
use crate::events::bench::{ReadingStored, ReadingTaken};
use crate::seen::{self, Memory};
use crate::{Body, Runner, Team};
use obs_runtime::bus::{Receipt, Record, Sending, Transport};
use obs_runtime::log::{self, Level, LogOutput};
use obs_runtime::metric::{Format, exposition};
use obs_runtime::{Bus, Context, ContextGuard, Event, Publisher};
use std::time::Duration;

/// The bus of everybody.
#[derive(Debug)]
struct Wire;

impl Transport for Wire {
    fn system(&self) -> &'static str {
        SYSTEM
    }

    fn send(&self, record: &Record<'_>) -> Sending {
        seen::send(
            record.topic,
            record.key.unwrap_or_default(),
            &|each| {
                record
                    .headers
                    .iter()
                    .for_each(|header| each(header.name, header.value))
            },
            record.body.unwrap_or_default(),
        );
        Sending::Done(Ok(Receipt::default()))
    }
}

struct Ours {
    course: Course,
    bus: Bus,
}

pub fn ready(course: &Course) -> Box<dyn Team> {
    if course.logs() {
        log::to(LogOutput::writer(Memory), Level::Info).expect("a thread can be started");
    }
    Box::new(Ours {
        course: *course,
        bus: Bus::new(Wire).for_source(SOURCE),
    })
}

impl Team for Ours {
    fn runner(&self) -> Box<dyn Runner + '_> {
        match self.course.body {
            Body::Json | Body::JsonQuiet => Box::new(Thread::<ReadingTaken>::new(&self.bus)),
            Body::Avro => Box::new(Thread::<ReadingStored>::new(&self.bus)),
        }
    }

    fn flush(&self) {
        log::flush(Duration::from_secs(5));
    }

    fn metrics(&self) -> String {
        String::from_utf8(exposition(Format::Text)).expect("it is text")
    }
}

struct Thread<E> {
    publisher: Publisher<E>,
    values: [E; VALUES],
    next: usize,
    _context: ContextGuard,
}

impl<E: Event + for<'r> From<&'r crate::event::Reading>> Thread<E> {
    fn new(bus: &Bus) -> Thread<E> {
        Thread {
            publisher: E::publisher(bus),
            values: readings().each_ref().map(E::from),
            next: 0,
            _context: Context::NONE.with_correlation(CORRELATION).attach(),
        }
    }
}

impl<E: Event> Runner for Thread<E> {
    fn run(&mut self, times: usize) {
        for _ in 0..times {
            let event = &self.values[self.next % VALUES];
            self.next += 1;
            self.publisher
                .publish_blocking(event)
                .expect("the bus takes it");
        }
    }
}
