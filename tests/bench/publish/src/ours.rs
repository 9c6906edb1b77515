//! Ours: one call.

use crate::course::{CORRELATION, Course, SOURCE, SYSTEM};
use crate::event::{VALUES, readings};
use crate::events::bench::{ReadingStored, ReadingTaken};
use crate::seen::{self, Memory, Span};
use crate::{Body, Exporter, Runner, Team};
use obs_runtime::bus::{Receipt, Record, Sending, Transport};
use obs_runtime::export::{ExportError, OtlpProtobuf, SpanExporter};
use obs_runtime::log::{self, LogOutput};
use obs_runtime::metric::{Format, exposition};
use obs_runtime::publish::SingleObject;
use obs_runtime::span::{Batch, Kind, Value};
use obs_runtime::{
    Bus, Context, ContextGuard, Event, Obs, Publisher, Sampling, Setup, SpanContext, SpanId,
    TraceId,
};
use std::hint::black_box;
use std::time::Duration;

/// The bus of everybody.
#[derive(Debug)]
pub struct Wire;

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

/// Counts the spans, or encodes them as well.
#[derive(Debug)]
struct Taker(Option<OtlpProtobuf>);

impl SpanExporter for Taker {
    fn export(&mut self, spans: Batch<'_>) -> Result<(), ExportError> {
        seen::spans(spans.len(), || shown(spans));
        self.0.as_mut().map_or(Ok(()), |otlp| otlp.export(spans))
    }
}

fn shown(spans: Batch<'_>) -> Vec<Span> {
    let each = spans.iter().map(|span| Span {
        name: span.name().to_owned(),
        kind: match span.kind() {
            Kind::Internal => "internal",
            Kind::Server => "server",
            Kind::Client => "client",
            Kind::Producer => "producer",
            Kind::Consumer => "consumer",
        },
        failed: span.error().is_some(),
        trace: span.trace().get(),
        span: span.span().get(),
        attributes: span
            .attributes()
            .map(|(name, value)| {
                let value = match value {
                    Value::Bool(value) => value.to_string(),
                    Value::Int(value) => value.to_string(),
                    Value::Float(value) => value.to_string(),
                    Value::Text(text) => text.to_owned(),
                };
                (name.to_owned(), value)
            })
            .collect(),
    });
    each.collect()
}

struct Ours {
    course: Course,
    obs: Obs,
    /// What a publish happens in.
    context: Context,
}

pub fn ready(course: &Course) -> Box<dyn Team> {
    within(course, Context::NONE.with_correlation(CORRELATION))
}

/// Under a span of somebody else, which is not sampled.
pub fn ready_child(course: &Course) -> Box<dyn Team> {
    let (trace, span) = (TraceId::new(0x87f2), SpanId::new(0x343a));
    let (Some(trace), Some(span)) = (trace, span) else {
        unreachable!("neither is zero");
    };
    let parent = SpanContext {
        trace,
        span,
        sampled: false,
        remote: true,
    };
    let context = Context::NONE.with_correlation(CORRELATION);
    within(course, context.with_span(parent))
}

fn within(course: &Course, context: Context) -> Box<dyn Team> {
    let otlp = (course.exporter == Exporter::Otlp).then(|| {
        OtlpProtobuf::new(SOURCE, |body| {
            black_box(body);
            Ok(())
        })
    });
    let obs = Setup::new()
        .with_origin(SOURCE)
        .with_bus(Bus::new(Wire))
        .with_log(LogOutput::writer(Memory))
        .with_exporter(Taker(otlp))
        .with_sampling(Sampling {
            ratio: course.ratio,
            ..Sampling::default()
        })
        .init();
    if !course.logs() {
        log::set_level(None);
    }
    Box::new(Ours {
        course: *course,
        context,
        obs: obs.expect("nobody was faster"),
    })
}

impl Team for Ours {
    fn runner(&self) -> Box<dyn Runner + '_> {
        match self.course.body {
            Body::Json | Body::JsonQuiet => {
                Box::new(Thread::<ReadingTaken>::new(self.obs.bus(), &self.context))
            }
            Body::Avro => Box::new(Thread::<ReadingStored>::new(self.obs.bus(), &self.context)),
        }
    }

    fn flush(&self) {
        self.obs.flush(Duration::from_secs(5));
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
    fn new(bus: &Bus, context: &Context) -> Thread<E> {
        Thread {
            publisher: E::publisher(bus).with_schema_ids(&SingleObject),
            values: readings().each_ref().map(E::from),
            next: 0,
            _context: context.attach(),
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
