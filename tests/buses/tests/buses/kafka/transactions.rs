//! What is made out of records is there exactly once.

use obs_kafka::KafkaTransactions;
use obs_runtime::bus::{BusErrorKind, Subscription};
use obs_runtime::{Bus, Record};

use crate::broker::{Broker, LONG, broker};

/// A broker with ten orders.
fn orders() -> Option<(Broker, Bus)> {
    let broker = broker()?;
    broker.topic("orders", 1);
    broker.topic("invoices", 1);
    let bus = broker.options().open().unwrap();
    for number in 0..10_u32 {
        let body = number.to_le_bytes();
        bus.send(&Record::new("orders", &body)).wait().unwrap();
    }
    assert!(bus.flush().wait_for(LONG));
    Some((broker, bus))
}

/// Makes invoices of so many orders.
fn invoice(kafka: &KafkaTransactions, orders: &mut Subscription, from: u32, count: u32) {
    for expected in from..from + count {
        let order = orders.next_blocking(LONG).expect("there are more");
        let body = order.record().body().unwrap();
        assert_eq!(body, expected.to_le_bytes());
        let invoice = Record::new("invoices", body);
        kafka.bus().send(&invoice).wait().unwrap();
        order.ack();
    }
}

fn invoices(bus: &Bus, group: &str, count: u32) {
    let mut reader = bus.subscribe(&["invoices"], group).unwrap();
    for expected in 0..count {
        let delivery = reader.next_blocking(LONG).expect("it is committed");
        assert_eq!(delivery.record().body(), Some(&expected.to_le_bytes()[..]));
        delivery.ack();
    }
    assert!(reader.try_next().is_none());
}

#[test]
fn what_was_aborted_comes_again_and_only_what_is_committed_is_read() {
    let Some((broker, bus)) = orders() else {
        return;
    };
    let kafka = broker.options().open_transactional("shop-1").unwrap();
    let mut orders = kafka.bus().subscribe(&["orders"], "shop").unwrap();
    invoice(&kafka, &mut orders, 0, 3);
    kafka.commit().unwrap();
    invoices(&bus, "first", 3);
    invoice(&kafka, &mut orders, 3, 4);
    let held = orders.next_blocking(LONG).unwrap();
    kafka.abort().unwrap();
    // What was settled behind the end of its transaction counts not.
    held.ack();
    invoices(&bus, "second", 3);
    invoice(&kafka, &mut orders, 3, 5);
    kafka.commit().unwrap();
    invoices(&bus, "third", 8);
    drop(orders);
    // Another program goes on where the first has committed.
    let mut orders = kafka.bus().subscribe(&["orders"], "shop").unwrap();
    invoice(&kafka, &mut orders, 8, 2);
    kafka.commit().unwrap();
    invoices(&bus, "fourth", 10);
}

#[test]
fn of_two_programs_of_one_id_the_last_one_has_it() {
    let Some((broker, bus)) = orders() else {
        return;
    };
    let first = broker.options().open_transactional("shop-1").unwrap();
    let invoice = Record::new("invoices", b"\0\0\0\0");
    first.bus().send(&invoice).wait().unwrap();
    let second = broker.options().open_transactional("shop-1").unwrap();
    assert_eq!(first.commit().unwrap_err().kind(), BusErrorKind::Closed);
    second.bus().send(&invoice).wait().unwrap();
    second.commit().unwrap();
    invoices(&bus, "reader", 1);
}

#[test]
fn work_that_goes_with_a_member_is_not_committed_without_it() {
    let Some((broker, bus)) = orders() else {
        return;
    };
    let kafka = broker.options().open_transactional("shop-1").unwrap();
    let mut orders = kafka.bus().subscribe(&["orders"], "shop").unwrap();
    invoice(&kafka, &mut orders, 0, 3);
    drop(orders);
    assert_eq!(
        kafka.commit().unwrap_err().kind(),
        BusErrorKind::Unavailable
    );
    let mut orders = kafka.bus().subscribe(&["orders"], "shop").unwrap();
    invoice(&kafka, &mut orders, 0, 2);
    kafka.commit().unwrap();
    invoices(&bus, "reader", 2);
}
