//! One event of each kind, with its bodies.

use crate::consuming::Consuming;
use crate::events::bench::{Line, OrderPlaced, ReadingTaken, State};
use crate::events::{AccountOpened, AccountOpenedPlan, RoomBooked, RoomBookedRate};
use obs_runtime::types::TimestampMillis;
use obs_runtime::{Bus, Publisher};

/// An event, and what it is encoded to.
pub struct Sample<E> {
    pub event: E,
    pub avro: Vec<u8>,
    pub json: Vec<u8>,
}

/// All of them, and the buffer that is used again and again.
pub struct Samples {
    pub order: Sample<OrderPlaced>,
    pub reading: Sample<ReadingTaken>,
    pub account: Sample<AccountOpened>,
    pub booking: Sample<RoomBooked>,
    pub buffer: Vec<u8>,
    /// On a bus that keeps nothing, with nobody who wants spans or lines: their share is in `bench publish`.
    pub readings: Publisher<ReadingTaken>,
    pub accounts: Publisher<AccountOpened>,
    /// The same with a handler that does nothing.
    pub consumed_readings: Consuming,
    pub consumed_accounts: Consuming,
}

macro_rules! sample {
    ($event:expr, $ty:ty $(, $form:ident: $encode:ident, $decode:ident)+) => {{
        let mut sample = Sample { event: $event, avro: Vec::new(), json: Vec::new() };
        $(
            sample.event.$encode(&mut sample.$form).expect("a good event");
            assert_eq!(<$ty>::$decode(&sample.$form).as_ref(), Ok(&sample.event));
        )+
        sample
    }};
}

impl Samples {
    pub fn new() -> Samples {
        Samples {
            order: sample!(order(), OrderPlaced, avro: encode_avro, decode_avro, json: encode_json, decode_json),
            reading: sample!(reading(), ReadingTaken, avro: encode_avro, decode_avro, json: encode_json, decode_json),
            account: sample!(account(), AccountOpened, json: encode_json, decode_json),
            booking: sample!(booking(), RoomBooked, json: encode_json, decode_json),
            buffer: Vec::with_capacity(4096),
            readings: ReadingTaken::publisher(&Bus::null()),
            accounts: AccountOpened::publisher(&Bus::null()),
            consumed_readings: Consuming::of(&reading()),
            consumed_accounts: Consuming::of(&account()),
        }
    }
}

fn order() -> OrderPlaced {
    OrderPlaced {
        order_id: "ord-2026-000042".into(),
        customer_id: "customer-7781".into(),
        placed_at: TimestampMillis(1_780_000_000_123),
        currency: "EUR".into(),
        total: 149.85,
        express: true,
        state: State::Paid,
        note: Some("leave it at the door".into()),
        lines: vec![
            Line::new("sku-1001", 1, 99.95),
            Line::new("sku-2002", 2, 19.95),
            Line::new("sku-3003", 10, 1.0),
        ],
        tags: [("channel", "web"), ("campaign", "autumn")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
    }
}

fn reading() -> ReadingTaken {
    ReadingTaken {
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
    }
}

fn account() -> AccountOpened {
    AccountOpened {
        account_id: "acc_7h3k0q9z".into(),
        email: "ada@lovelace.example".into(),
        age: 36,
        country: "GB".into(),
        plan: AccountOpenedPlan::Team,
        limit: 250.5,
        opened_at: "2026-03-01T09:30:00Z".into(),
        scopes: ["read", "write", "share"].map(str::to_owned).into(),
    }
}

fn booking() -> RoomBooked {
    RoomBooked {
        room: "west-2".into(),
        nights: 9,
        rate: RoomBookedRate::Weekly,
        guests: Some(vec!["ada".into(), "grace".into()]),
    }
}
