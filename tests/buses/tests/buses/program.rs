//! One program on each bus: nothing but the address differs.

use std::sync::{Arc, Mutex};

use obs_runtime::consume::DeadLetters;
use obs_runtime::{Bus, Consumer, Delivery, Event};

use crate::rig::{open, rigs};

#[derive(Clone, PartialEq, Debug, Event)]
#[event(event = "order.shipped", version = "1.0.0", topic = "order.shipped.v1")]
struct OrderShipped {
    #[event(key)]
    order: String,
}

/// No handler can do anything with this one.
const POISON: &str = "order-013";

/// Orders come to a handler; the bus is all that is known of where they were. Gives back what was handled, and why one
/// was not.
async fn program(bus: &Bus) -> (Vec<String>, String) {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let sees = Arc::clone(&seen);
    let consumer = Consumer::new(bus, "mails");
    let control = consumer.control();
    let consumer = consumer.handle(move |event: OrderShipped, delivery: Delivery| {
        let sees = Arc::clone(&sees);
        async move {
            assert_ne!(event.order, POISON);
            // The first attempt at each fails.
            if delivery.attempt() == 1 {
                return Err(std::fmt::Error);
            }
            sees.lock().unwrap().push(event.order);
            Ok(())
        }
    });
    let dead = DeadLetters::default().topic("order.shipped.v1");
    let mut dead = bus.subscribe(&[&dead], "undertaker").unwrap();
    let sees = Arc::clone(&seen);
    let letter = tokio::spawn(async move {
        let letter = dead.next().await.expect("the poison ends there");
        while sees.lock().unwrap().len() < 99 {
            tokio::task::yield_now().await;
        }
        control.stop();
        let reason = letter
            .record()
            .headers()
            .text("dlq-reason")
            .unwrap()
            .to_owned();
        letter.ack();
        reason
    });
    let publisher = OrderShipped::publisher(bus);
    for number in 0..100 {
        let order = format!("order-{number:03}");
        publisher.publish(&OrderShipped { order }).await.unwrap();
    }
    consumer.run().await.unwrap();
    let mut seen = std::mem::take(&mut *seen.lock().unwrap());
    seen.sort_unstable();
    (seen, letter.await.unwrap())
}

#[test]
fn a_program_moves_from_bus_to_bus_by_its_configuration_alone() {
    for rig in rigs() {
        let address = rig.address(&["order.shipped.v1"]);
        println!("{}", rig.system);
        let bus = open(&address).for_source("shop");
        assert_eq!(bus.system(), rig.system);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let (seen, reason) = runtime.block_on(program(&bus));
        let mut expected: Vec<String> = (0..100)
            .map(|number| format!("order-{number:03}"))
            .collect();
        expected.retain(|order| order != POISON);
        assert_eq!((seen, &*reason), (expected, "panic"));
    }
}
