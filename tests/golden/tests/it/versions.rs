//! Several versions of one event: told apart by fingerprint, carried to the newest.

use golden::versions::golden::versions::order_shipped_v1::{Carrier, OrderShipped as V1};
use golden::versions::golden::versions::order_shipped_v2::OrderShipped as V2;
use golden::versions::golden::versions::{AnyOrderShipped, Carrier as Newer, OrderShipped};
use obs_runtime::{Bus, Consumer, Delivery, Event};
use std::convert::Infallible;
use std::sync::mpsc::channel;

fn first() -> V1 {
    V1 {
        order: "o-1".into(),
        weight: 3,
        carrier: Carrier::Gls,
    }
}

#[test]
fn the_oldest_becomes_the_newest() {
    let mut body = Vec::new();
    first().encode_avro(&mut body).expect("valid");
    let any = AnyOrderShipped::decode(V1::RABIN, &body).expect("a known fingerprint");
    assert_eq!(any.version(), "1.0.0");
    let newest: OrderShipped = any.into_latest().expect("every step is known");
    // Renamed by an alias, widened, and a symbol that fell to the default.
    assert_eq!(newest.order_id, "o-1");
    assert!((newest.weight - 3.0).abs() < f64::EPSILON);
    assert_eq!(newest.carrier.as_str(), "OTHER");
    assert_eq!(newest.warehouse, "main");
}

#[test]
fn fingerprints_tell_versions_apart() {
    assert_ne!(V1::RABIN, V2::RABIN);
    assert_ne!(V2::SHA256, OrderShipped::SHA256);
    assert!(AnyOrderShipped::decode(7, &[]).is_err());
}

#[test]
fn the_newest_knows_how_older_ones_are_read() {
    let versions: Vec<_> = OrderShipped::OLDER
        .iter()
        .map(|older| older.about().version)
        .collect();
    assert_eq!(versions, ["2.0.0", "1.0.0"]);
    assert!(V1::OLDER.is_empty());
    let mut body = Vec::new();
    first().encode_avro(&mut body).expect("valid");
    let newest = OrderShipped::OLDER[1]
        .read(&body)
        .expect("a payload of 1.0.0");
    assert_eq!(
        (newest.order_id.as_str(), newest.warehouse.as_str()),
        ("o-1", "main")
    );
    assert!(OrderShipped::OLDER[1].read(&body[1..]).is_err());
}

#[test]
fn three_generations_reach_one_handler_as_the_newest() {
    fn publish<E: Event>(bus: &Bus, event: &E) {
        E::publisher(bus)
            .publish_blocking(event)
            .expect("there is room");
    }
    let second = || V2::new("o-2", 2.5, Newer::Dhl);
    let third = || OrderShipped::new("o-3", 1.5, Newer::Ups, "east");
    let bus = Bus::memory(64);
    let topics = ["order.shipped.v1", "order.shipped.v2", "order.shipped.v3"];
    bus.subscribe(&topics, "ledger").expect("it has groups");
    for _ in 0..3 {
        publish(&bus, &first());
        publish(&bus, &second());
        publish(&bus, &third());
    }
    bus.close();
    let (tell, told) = channel();
    let consumer =
        Consumer::new(&bus, "ledger").handle(move |event: OrderShipped, delivery: Delivery| {
            let said = tell.send((event.order_id, delivery.version(), event.warehouse));
            async move {
                said.expect("the test listens");
                Ok::<(), Infallible>(())
            }
        });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime
        .expect("a runtime")
        .block_on(consumer.run())
        .expect("all was processed");
    let mut all: Vec<_> = told.iter().collect();
    all.sort();
    all.dedup();
    let seen: Vec<_> = all
        .iter()
        .map(|(id, version, from)| (&**id, *version, &**from))
        .collect();
    assert_eq!(
        seen,
        [
            ("o-1", "1.0.0", "main"),
            ("o-2", "2.0.0", "main"),
            ("o-3", "3.0.0", "east")
        ]
    );
}
