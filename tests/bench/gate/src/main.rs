//! The operations whose cost is watched, for `cargo xtask bench gate`.
//!
//! `allocations` prints how often each asks for memory, `loop NAME TIMES` repeats one, for callgrind to count.
//! What they should cost is in `counts.txt`; a new operation is a line of `OPERATIONS`, and a run with `--bless`.

mod consuming;
mod counting;
mod samples;

mod events {
    obs_runtime::include_events!();
}

use events::AccountOpened;
use events::bench::{OrderPlaced, OrderPlacedRef, ReadingTaken, ReadingTakenRef};
use samples::Samples;
use std::hint::black_box;

/// Its name, and what is done to one event.
type Operation = (&'static str, fn(&mut Samples));

macro_rules! encode {
    ($event:ident, $encode:ident) => {
        |samples| {
            samples.buffer.clear();
            let done = black_box(&samples.$event.event).$encode(&mut samples.buffer);
            done.expect("a good event");
        }
    };
}

macro_rules! decode {
    ($event:ident, $ty:ty, $decode:ident, $form:ident) => {
        |samples| {
            let body = black_box(&samples.$event.$form);
            let event = <$ty>::$decode(body).expect("a good body");
            black_box(&event);
        }
    };
}

macro_rules! validate {
    ($event:ident) => {
        |samples| {
            let found = black_box(&samples.$event.event).validate();
            black_box(found).expect("a good event");
        }
    };
}

macro_rules! publish {
    ($event:ident, $publisher:ident) => {
        |samples| {
            let event = black_box(&samples.$event.event);
            let done = samples.$publisher.publish_blocking(event);
            done.expect("the bus takes everything");
        }
    };
}

macro_rules! consume {
    ($consumer:ident) => {
        |samples| samples.$consumer.one()
    };
}

const OPERATIONS: &[Operation] = &[
    ("reading, encode Avro", encode!(reading, encode_avro)),
    (
        "reading, decode Avro",
        decode!(reading, ReadingTaken, decode_avro, avro),
    ),
    (
        "reading, decode Avro borrowed",
        decode!(reading, ReadingTakenRef<'_>, decode_avro, avro),
    ),
    ("reading, encode JSON", encode!(reading, encode_json)),
    (
        "reading, decode JSON",
        decode!(reading, ReadingTaken, decode_json, json),
    ),
    ("order, encode Avro", encode!(order, encode_avro)),
    (
        "order, decode Avro",
        decode!(order, OrderPlaced, decode_avro, avro),
    ),
    (
        "order, decode Avro borrowed",
        decode!(order, OrderPlacedRef<'_>, decode_avro, avro),
    ),
    ("order, encode JSON", encode!(order, encode_json)),
    (
        "order, decode JSON",
        decode!(order, OrderPlaced, decode_json, json),
    ),
    ("order, validate", validate!(order)),
    ("account, encode JSON", encode!(account, encode_json)),
    (
        "account, decode JSON",
        decode!(account, AccountOpened, decode_json, json),
    ),
    ("account, validate", validate!(account)),
    ("booking, validate by the schema", validate!(booking)),
    ("reading, publish Avro", publish!(reading, readings)),
    ("account, publish JSON", publish!(account, accounts)),
    ("reading, consume Avro", consume!(consumed_readings)),
    ("account, consume JSON", consume!(consumed_accounts)),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["allocations"] => {
            let mut samples = Samples::new();
            for (name, go) in OPERATIONS {
                // What is made once is not what an event costs.
                go(&mut samples);
                let found = counting::allocations(|| go(&mut samples));
                println!("{name:36} {found:5}");
            }
        }
        ["loop", name, times] => {
            let operation = OPERATIONS.iter().find(|(known, _)| known == name);
            let (_, go) = operation.expect("one of the list");
            let mut samples = Samples::new();
            let times: usize = times.parse().expect("a number");
            (0..times).for_each(|_| go(&mut samples));
        }
        _ => panic!("`allocations`, or `loop NAME TIMES`"),
    }
}
