//! Allocations of encoding and decoding, which must be exactly what they are; and loops for callgrind.
//!
//! Without arguments it checks the counts. `list` names the operations, `loop NAME TIMES` repeats one.

mod counting;

mod events {
    obs_runtime::include_events!();
}

use events::bench::{Line, OrderPlaced, OrderPlacedRef, ReadingTaken, ReadingTakenRef, State};
use obs_runtime::types::TimestampMillis;
use std::hint::black_box;

/// Something that is done to one event.
struct Operation {
    name: &'static str,
    /// Allocations, exactly.
    allocations: usize,
    /// Where they come from.
    reason: &'static str,
    go: fn(&mut Bench),
}

/// The events in all their forms, and the buffer that is used again and again.
struct Bench {
    order: OrderPlaced,
    order_avro: Vec<u8>,
    order_json: Vec<u8>,
    reading: ReadingTaken,
    reading_avro: Vec<u8>,
    reading_json: Vec<u8>,
    buffer: Vec<u8>,
}

macro_rules! encode {
    ($event:ident, $encode:ident) => {
        |bench| {
            bench.buffer.clear();
            black_box(&bench.$event)
                .$encode(&mut bench.buffer)
                .expect("a good event");
        }
    };
}

macro_rules! decode {
    ($ty:ty, $decode:ident, $body:ident) => {
        |bench| {
            drop(black_box(
                <$ty>::$decode(black_box(&bench.$body)).expect("a good body"),
            ))
        }
    };
}

const OPERATIONS: &[Operation] = &[
    Operation {
        name: "reading, encode Avro",
        allocations: 0,
        reason: "the buffer is there",
        go: encode!(reading, encode_avro),
    },
    Operation {
        name: "reading, decode Avro",
        allocations: 5,
        reason: "five texts",
        go: decode!(ReadingTaken, decode_avro, reading_avro),
    },
    Operation {
        name: "reading, decode Avro borrowed",
        allocations: 0,
        reason: "texts stay where they are",
        go: decode!(ReadingTakenRef<'_>, decode_avro, reading_avro),
    },
    Operation {
        name: "reading, encode JSON",
        allocations: 0,
        reason: "the buffer is there",
        go: encode!(reading, encode_json),
    },
    Operation {
        name: "reading, decode JSON",
        allocations: 5,
        reason: "five texts",
        go: decode!(ReadingTaken, decode_json, reading_json),
    },
    Operation {
        name: "order, encode Avro",
        allocations: 0,
        reason: "the buffer is there",
        go: encode!(order, encode_avro),
    },
    Operation {
        name: "order, decode Avro",
        allocations: 13,
        reason: "eleven texts, a list, a map",
        go: decode!(OrderPlaced, decode_avro, order_avro),
    },
    Operation {
        name: "order, decode Avro borrowed",
        allocations: 2,
        reason: "a list, a map",
        go: decode!(OrderPlacedRef<'_>, decode_avro, order_avro),
    },
    Operation {
        name: "order, encode JSON",
        allocations: 0,
        reason: "the buffer is there",
        go: encode!(order, encode_json),
    },
    Operation {
        name: "order, decode JSON",
        allocations: 13,
        reason: "eleven texts, a list, a map",
        go: decode!(OrderPlaced, decode_json, order_json),
    },
];

impl Bench {
    fn new() -> Bench {
        let line = |sku: &str, quantity, price| Line::new(sku, quantity, price);
        let order = OrderPlaced {
            order_id: "ord-2026-000042".into(),
            customer_id: "customer-7781".into(),
            placed_at: TimestampMillis(1_780_000_000_123),
            currency: "EUR".into(),
            total: 149.85,
            express: true,
            state: State::Paid,
            note: Some("leave it at the door".into()),
            lines: vec![
                line("sku-1001", 1, 99.95),
                line("sku-2002", 2, 19.95),
                line("sku-3003", 10, 1.0),
            ],
            tags: [("channel", "web"), ("campaign", "autumn")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
        };
        let reading = ReadingTaken {
            device: "device-000017".into(),
            site: "hamburg-2".into(),
            sensor: "temperature".into(),
            unit: "celsius".into(),
            firmware: "4.11.0-rc2".into(),
            value: 21.375,
            previous: Some(21.25),
            sequence: 70_123,
            taken_at: 1_780_000_000_123,
            valid: true,
        };
        let mut bench = Bench {
            order_avro: Vec::new(),
            order_json: Vec::new(),
            reading_avro: Vec::new(),
            reading_json: Vec::new(),
            buffer: Vec::with_capacity(4096),
            order,
            reading,
        };
        let encoded = bench
            .order
            .encode_avro(&mut bench.order_avro)
            .and_then(|()| bench.order.encode_json(&mut bench.order_json))
            .and_then(|()| bench.reading.encode_avro(&mut bench.reading_avro))
            .and_then(|()| bench.reading.encode_json(&mut bench.reading_json));
        encoded.expect("good events");
        let back = OrderPlaced::decode_avro(&bench.order_avro);
        assert_eq!(back.as_ref(), Ok(&bench.order));
        let back = OrderPlaced::decode_json(&bench.order_json);
        assert_eq!(back.as_ref(), Ok(&bench.order));
        bench
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => check(),
        ["list"] => OPERATIONS
            .iter()
            .for_each(|operation| println!("{}", operation.name)),
        ["loop", name, times] => {
            let operation = OPERATIONS.iter().find(|operation| operation.name == *name);
            let operation = operation.expect("one of the list");
            let mut bench = Bench::new();
            let times: usize = times.parse().expect("a number");
            (0..times).for_each(|_| (operation.go)(&mut bench));
        }
        _ => panic!("nothing, `list`, or `loop NAME TIMES`"),
    }
}

fn check() {
    let mut bench = Bench::new();
    println!(
        "order: {} bytes of Avro, {} of JSON; reading: {} and {}",
        bench.order_avro.len(),
        bench.order_json.len(),
        bench.reading_avro.len(),
        bench.reading_json.len()
    );
    let mut wrong = 0;
    for operation in OPERATIONS {
        (operation.go)(&mut bench);
        let found = counting::allocations(|| (operation.go)(&mut bench));
        let verdict = if found == operation.allocations {
            operation.reason
        } else {
            wrong += 1;
            "WRONG"
        };
        println!(
            "{:32} {found:3} allocations, expected {:3}: {verdict}",
            operation.name, operation.allocations
        );
    }
    if wrong > 0 {
        println!("{wrong} operations allocate otherwise than they should");
        std::process::exit(1);
    }
}
