//! Spans as OTLP has them in Protobuf, by hand: what an exporter sends.

use crate::course::{Course, SOURCE};
use crate::limit::{Ended, fixed};

/// A batch of one service.
pub fn encode(out: &mut Vec<u8>, spans: &[Ended], text: &str, course: &Course) {
    // ResourceSpans{resource, ScopeSpans{scope, spans}} in a request.
    message(out, 1, |out| {
        message(out, 1, |out| attribute(out, 1, "service.name", SOURCE));
        message(out, 2, |out| {
            message(out, 1, |out| bytes(out, 1, SOURCE.as_bytes()));
            let mut from = 0;
            for span in spans {
                let device = &text[from..span.device];
                from = span.device;
                message(out, 2, |out| one(out, span, device, course));
            }
        });
    });
}

fn one(out: &mut Vec<u8>, span: &Ended, device: &str, course: &Course) {
    bytes(out, 1, &span.trace);
    bytes(out, 2, &span.span);
    bytes(out, 5, course.span_name().as_bytes());
    // Kind: producer.
    out.extend_from_slice(&[6 << 3, 4]);
    for (field, value) in [(7, span.start), (8, span.end)] {
        out.push(field << 3 | 1);
        out.extend_from_slice(&value.to_le_bytes());
    }
    for (name, value) in fixed(course) {
        attribute(out, 9, name, value);
    }
    let id = str::from_utf8(&span.id).unwrap_or_default();
    attribute(out, 9, "event.id", id);
    attribute(out, 9, "messaging.message.id", id);
    attribute(out, 9, "device.id", device);
    // A status that says nothing, and the flags: sampled, the parent is known not to be remote.
    out.extend_from_slice(&[15 << 3 | 2, 0]);
    out.extend_from_slice(&[0x85, 1]);
    out.extend_from_slice(&0x101_u32.to_le_bytes());
}

/// A name and a text. All are short: one byte says how long each is.
fn attribute(out: &mut Vec<u8>, field: u8, name: &str, value: &str) {
    let inner = value.len() as u8 + 2;
    let all = name.len() as u8 + 2 + inner + 2;
    out.extend_from_slice(&[field << 3 | 2, all]);
    bytes(out, 1, name.as_bytes());
    out.extend_from_slice(&[2 << 3 | 2, inner]);
    bytes(out, 1, value.as_bytes());
}

fn bytes(out: &mut Vec<u8>, field: u8, value: &[u8]) {
    out.extend_from_slice(&[field << 3 | 2, value.len() as u8]);
    out.extend_from_slice(value);
}

/// A message with its length before it, in as many bytes as any of ours needs.
fn message(out: &mut Vec<u8>, field: u8, write: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&[field << 3 | 2, 0, 0, 0]);
    let from = out.len();
    write(out);
    let length = out.len() - from;
    let digits = [
        length as u8 | 0x80,
        (length >> 7) as u8 | 0x80,
        (length >> 14) as u8 & 0x7f,
    ];
    out[from - 3..from].copy_from_slice(&digits);
}
