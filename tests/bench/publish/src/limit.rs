//! The limit: the same bytes written straight through by hand, in safe code, for this one event.
//!
//! No types, no traits, no other thread: buffers and counters are plain fields of one thread. Nobody would keep such
//! code for a hundred events; it says what the work itself costs.

mod counts;

use crate::course::{CORRELATION, Course, SOURCE, SYSTEM, VERSION};
use crate::event::{Reading, VALUES, readings};
use crate::events::bench::ReadingStored;
use crate::otlp;
use crate::seen::{self, Memory, Span};
use crate::{Body, Exporter, Runner, Team};
use counts::{Counts, sum};
use obs_runtime::Event as _;
use std::hint::black_box;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime};

/// Spans that are handed over at once.
const BATCH: usize = 512;

/// From how many bytes on lines are handed over.
const BLOCK: usize = 60 * 1024;

/// Above this a span leaves although nobody sampled it.
const SLOW: u64 = 250_000_000;

/// A span that has ended.
pub struct Ended {
    pub trace: [u8; 16],
    pub span: [u8; 8],
    pub start: u64,
    pub end: u64,
    pub id: [u8; 36],
    /// Where the text of the device ends.
    pub device: usize,
}

struct Limit {
    course: Course,
    counts: Mutex<Vec<Counts>>,
}

pub fn ready(course: &Course) -> Box<dyn Team> {
    Box::new(Limit {
        course: *course,
        counts: Mutex::default(),
    })
}

impl Team for Limit {
    fn runner(&self) -> Box<dyn Runner + '_> {
        let mut dice = 0x9e37_79b9_7f4a_7c15;
        dice ^= SystemTime::UNIX_EPOCH
            .elapsed()
            .map_or(1, |time| time.as_nanos() as u64);
        let first = Instant::now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.push(Counts::default());
        Box::new(Thread {
            team: self,
            place: counts.len() - 1,
            readings: readings(),
            next: 0,
            dice,
            last: (0, 0),
            first,
            first_unix: SystemTime::UNIX_EPOCH
                .elapsed()
                .map_or(0, |time| time.as_nanos() as u64),
            second: (u64::MAX, [0; 20]),
            below: (self.course.ratio * (1_u64 << 63) as f64) as u64,
            body: Vec::with_capacity(1024),
            lines: Vec::with_capacity(64 * 1024),
            spans: Vec::with_capacity(BATCH),
            text: String::with_capacity(64 * BATCH),
            encoded: Vec::new(),
            counts: Counts::default(),
        })
    }

    /// A run ends with everything handed over.
    fn flush(&self) {}

    fn metrics(&self) -> String {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let all = |each: &dyn Fn(&Counts) -> u64| counts.iter().map(each).sum::<u64>();
        let exemplar = counts
            .first()
            .map(|one| one.published.exemplar().to_string());
        let event = format!("event_type=\"{}\"", self.course.event_type());
        let labels = format!("{event},event_version=\"{VERSION}\",source=\"{SOURCE}\"");
        format!(
            "event_published_total{{{labels}}} {} {}\nevent_publish_duration_seconds_count{{{labels}}} {}\n\
             event_payload_bytes_count{{{event}}} {}\nevent_payload_bytes_sum{{{event}}} {}\n",
            all(&|one| one.published.count),
            exemplar.unwrap_or_default(),
            all(&|one| sum(&one.took)),
            all(&|one| sum(&one.bytes)),
            all(&|one| one.bytes_sum),
        )
    }
}

struct Thread<'t> {
    team: &'t Limit,
    place: usize,
    readings: [Reading; VALUES],
    next: usize,
    dice: u64,
    /// The millisecond of the last id, and how many it had.
    last: (u64, u64),
    first: Instant,
    first_unix: u64,
    second: Second,
    below: u64,
    body: Vec<u8>,
    lines: Vec<u8>,
    spans: Vec<Ended>,
    text: String,
    encoded: Vec<u8>,
    counts: Counts,
}

impl Runner for Thread<'_> {
    fn run(&mut self, times: usize) {
        for _ in 0..times {
            let at = self.next % VALUES;
            self.next += 1;
            match self.team.course.body {
                Body::Json => self.publish::<true, true>(at),
                Body::JsonQuiet => self.publish::<true, false>(at),
                Body::Avro => self.publish::<false, false>(at),
            }
        }
        self.hand_over_spans();
        self.hand_over_lines();
        let mut counts = self
            .team
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        counts[self.place].clone_from(&self.counts);
    }
}

impl Thread<'_> {
    fn publish<const JSON: bool, const LOG: bool>(&mut self, at: usize) {
        let start = self.now();
        let unix = self.first_unix + start;
        let id = self.id(unix / 1_000_000);
        let (high, low) = (self.roll(), self.roll());
        let span = self.roll();
        let mut trace = [0; 16];
        trace[..8].copy_from_slice(&high.to_be_bytes());
        trace[8..].copy_from_slice(&low.to_be_bytes());
        let trace_hex: [u8; 32] = hex(&trace);
        let span_hex: [u8; 16] = hex(&span.to_be_bytes());
        let sampled = low >> 1 < self.below;
        let time = if JSON {
            stamp(&mut self.second, unix)
        } else {
            Default::default()
        };
        let course = &self.team.course;
        let reading = &self.readings[at];

        let body = &mut self.body;
        body.clear();
        if JSON {
            body.reserve(1024);
            body.extend_from_slice(b"{\"eventId\":\"");
            body.extend_from_slice(&id);
            body.extend_from_slice(
                b"\",\"eventType\":\"reading.taken\",\"eventVersion\":\"1.0.0\",\"occurredAt\":\"",
            );
            body.extend_from_slice(&time);
            body.extend_from_slice(b"\",\"tracing\":{\"traceId\":\"");
            body.extend_from_slice(&trace_hex);
            body.extend_from_slice(b"\",\"spanId\":\"");
            body.extend_from_slice(&span_hex);
            body.extend_from_slice(b"\",\"sampled\":");
            body.extend_from_slice(word(sampled));
            body.extend_from_slice(b"},\"correlation\":{\"correlationId\":");
            string(body, CORRELATION);
            body.extend_from_slice(b"},\"metadata\":{\"source\":\"bench\"},\"payload\":");
            json(body, reading);
            body.push(b'}');
        } else {
            body.extend_from_slice(&[0xc3, 1]);
            body.extend_from_slice(&ReadingStored::DESCRIPTOR.rabin.to_le_bytes());
            avro(body, reading);
        }

        let mut parent = *b"00-00000000000000000000000000000000-0000000000000000-00";
        parent[3..35].copy_from_slice(&trace_hex);
        parent[36..52].copy_from_slice(&span_hex);
        parent[54] += u8::from(sampled);
        let headers: [(&str, &[u8]); 6] = [
            ("traceparent", &parent),
            ("event-id", &id),
            ("event-type", course.event_type().as_bytes()),
            ("event-version", VERSION.as_bytes()),
            ("content-type", course.content_type().as_bytes()),
            ("correlation-id", CORRELATION.as_bytes()),
        ];
        seen::send(
            course.topic(),
            reading.device.as_bytes(),
            &|each| headers.iter().for_each(|(name, value)| each(name, value)),
            body,
        );

        let end = self.now();
        let took = end - start;
        let leaves = sampled || took >= SLOW;
        let shown = leaves.then(|| (trace, span.to_be_bytes()));
        self.counts.add(end, took, self.body.len() as u64, shown);
        if LOG {
            // The line has its own time: what it tells of is over.
            let time = stamp(&mut self.second, self.first_unix + end);
            let line = &mut self.lines;
            line.reserve(512);
            line.extend_from_slice(b"{\"timestamp\":\"");
            line.extend_from_slice(&time);
            line.extend_from_slice(b"\",\"level\":\"INFO\",\"message\":\"event published\",\"target\":\"bench\",\"service\":\"bench\",\"event_id\":\"");
            line.extend_from_slice(&id);
            line.extend_from_slice(b"\",\"event_type\":\"reading.taken\",\"event_version\":\"1.0.0\",\"correlation_id\":");
            string(line, CORRELATION);
            line.extend_from_slice(b",\"trace_id\":\"");
            line.extend_from_slice(&trace_hex);
            line.extend_from_slice(b"\",\"span_id\":\"");
            line.extend_from_slice(&span_hex);
            line.extend_from_slice(b"\",\"duration_ms\":");
            millis(line, took);
            line.extend_from_slice(b",\"status\":\"ok\",\"context\":{\"device\":");
            string(line, &reading.device);
            line.extend_from_slice(b"}}\n");
        }
        if leaves {
            self.text.push_str(&reading.device);
            self.spans.push(Ended {
                trace,
                span: span.to_be_bytes(),
                start: unix,
                end: self.first_unix + end,
                id,
                device: self.text.len(),
            });
        }
        if self.lines.len() >= BLOCK {
            self.hand_over_lines();
        }
        if self.spans.len() >= BATCH {
            self.hand_over_spans();
        }
    }

    fn now(&self) -> u64 {
        self.first.elapsed().as_nanos() as u64
    }

    /// A wyrand.
    fn roll(&mut self) -> u64 {
        self.dice = self.dice.wrapping_add(0xa076_1d64_78bd_642f);
        let product = u128::from(self.dice) * u128::from(self.dice ^ 0xe703_7ed1_a0b4_28db);
        (product >> 64) as u64 ^ product as u64
    }

    /// A UUID of version 7, which grows within the thread.
    fn id(&mut self, millis: u64) -> [u8; 36] {
        let dice = self.roll();
        self.last = if millis > self.last.0 {
            (millis, dice >> 53)
        } else if self.last.1 < 0xfff {
            (self.last.0, self.last.1 + 1)
        } else {
            (self.last.0 + 1, 0)
        };
        let high = self.last.0 << 16 | 0x7000 | self.last.1;
        let low = 0x8000_0000_0000_0000 | self.roll() >> 2;
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&high.to_be_bytes());
        bytes[8..].copy_from_slice(&low.to_be_bytes());
        let digits: [u8; 32] = hex(&bytes);
        let mut text = [b'-'; 36];
        for (to, from) in [
            (0..8, 0..8),
            (9..13, 8..12),
            (14..18, 12..16),
            (19..23, 16..20),
            (24..36, 20..32),
        ] {
            text[to].copy_from_slice(&digits[from]);
        }
        text
    }

    #[cold]
    fn hand_over_lines(&mut self) {
        Memory
            .write_all(&self.lines)
            .expect("memory takes everything");
        self.lines.clear();
    }

    #[cold]
    fn hand_over_spans(&mut self) {
        let course = &self.team.course;
        seen::spans(self.spans.len(), || shown(&self.spans, &self.text, course));
        if course.exporter == Exporter::Otlp {
            self.encoded.clear();
            otlp::encode(&mut self.encoded, &self.spans, &self.text, course);
            black_box(&self.encoded);
        }
        self.spans.clear();
        self.text.clear();
    }
}

/// The last second, and a time in it up to the point.
type Second = (u64, [u8; 20]);

/// RFC 3339 with microseconds; everything up to the point is worked out once a second.
fn stamp(last: &mut Second, unix: u64) -> [u8; 27] {
    let micros = unix / 1_000;
    let (second, rest) = (micros / 1_000_000, micros % 1_000_000);
    if last.0 != second {
        let time = chrono::DateTime::from_timestamp_micros(micros as i64).unwrap_or_default();
        let mut text = [0; 20];
        write!(&mut text[..], "{}", time.format("%Y-%m-%dT%H:%M:%S.")).expect("there is room");
        *last = (second, text);
    }
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    text[..20].copy_from_slice(&last.1);
    for (at, two) in [
        (20, rest / 10_000),
        (22, rest / 100 % 100),
        (24, rest % 100),
    ] {
        text[at] = b'0' + (two / 10) as u8;
        text[at + 1] = b'0' + (two % 10) as u8;
    }
    text
}

/// The attributes that all spans have.
pub fn fixed(course: &Course) -> [(&'static str, &'static str); 6] {
    [
        ("messaging.system", SYSTEM),
        ("messaging.operation.name", "publish"),
        ("messaging.operation.type", "send"),
        ("messaging.destination.name", course.topic()),
        ("event.type", course.event_type()),
        ("event.version", VERSION),
    ]
}

fn shown(spans: &[Ended], text: &str, course: &Course) -> Vec<Span> {
    let mut from = 0;
    let each = spans.iter().map(|span| {
        let device = &text[from..span.device];
        from = span.device;
        let id = str::from_utf8(&span.id).unwrap_or_default();
        let own = [
            ("event.id", id),
            ("messaging.message.id", id),
            ("device.id", device),
        ];
        let all = fixed(course).into_iter().chain(own);
        Span {
            name: course.span_name().to_owned(),
            kind: "producer",
            failed: false,
            trace: u128::from_be_bytes(span.trace),
            span: u64::from_be_bytes(span.span),
            attributes: all
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    });
    each.collect()
}

fn json(out: &mut Vec<u8>, reading: &Reading) {
    out.extend_from_slice(b"{\"device\":");
    string(out, &reading.device);
    out.extend_from_slice(b",\"site\":");
    string(out, &reading.site);
    out.extend_from_slice(b",\"sensor\":");
    string(out, &reading.sensor);
    out.extend_from_slice(b",\"unit\":");
    string(out, &reading.unit);
    out.extend_from_slice(b",\"firmware\":");
    string(out, &reading.firmware);
    out.extend_from_slice(b",\"value\":");
    number(out, reading.value);
    out.extend_from_slice(b",\"previous\":");
    match reading.previous {
        Some(previous) => number(out, previous),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"sequence\":");
    out.extend_from_slice(itoa::Buffer::new().format(reading.sequence).as_bytes());
    out.extend_from_slice(b",\"takenAt\":");
    out.extend_from_slice(itoa::Buffer::new().format(reading.taken_at).as_bytes());
    out.extend_from_slice(b",\"valid\":");
    out.extend_from_slice(word(reading.valid));
    out.push(b'}');
}

fn avro(out: &mut Vec<u8>, reading: &Reading) {
    for text in [
        &reading.device,
        &reading.site,
        &reading.sensor,
        &reading.unit,
        &reading.firmware,
    ] {
        varint(out, text.len() as i64);
        out.extend_from_slice(text.as_bytes());
    }
    out.extend_from_slice(&reading.value.to_le_bytes());
    match reading.previous {
        Some(previous) => {
            out.push(2);
            out.extend_from_slice(&previous.to_le_bytes());
        }
        None => out.push(0),
    }
    varint(out, i64::from(reading.sequence));
    varint(out, reading.taken_at);
    out.push(u8::from(reading.valid));
}

fn varint(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn word(value: bool) -> &'static [u8] {
    if value { b"true" } else { b"false" }
}

fn string(out: &mut Vec<u8>, text: &str) {
    let special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    // No early end, so that the compiler looks at many bytes at once.
    if text
        .as_bytes()
        .iter()
        .fold(false, |any, byte| any | special(byte))
    {
        serde_json::to_writer(out, text).expect("text is text");
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

fn number(out: &mut Vec<u8>, value: f64) {
    assert!(value.is_finite(), "the schema has no other numbers");
    out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
}

/// Milliseconds with three digits behind the point.
fn millis(out: &mut Vec<u8>, nanos: u64) {
    let micros = nanos / 1_000;
    out.extend_from_slice(itoa::Buffer::new().format(micros / 1_000).as_bytes());
    let rest = (micros % 1_000) as u16;
    let digits = [rest / 100, rest / 10 % 10, rest % 10].map(|digit| b'0' + digit as u8);
    out.push(b'.');
    out.extend_from_slice(&digits);
}

const DIGITS: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    table
};

fn hex<const N: usize, const M: usize>(bytes: &[u8; N]) -> [u8; M] {
    let mut text = [0; M];
    for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        *pair = DIGITS[usize::from(*byte)];
    }
    text
}
