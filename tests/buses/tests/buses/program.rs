//! One program on each bus: nothing but the address differs.

use std::sync::{Arc, Mutex};

use obs_runtime::{Bus, Consumer, Delivery, Event};

use crate::rig::{open, rigs};

#[derive(Clone, PartialEq, Debug, Event)]
#[event(event = "order.shipped", version = "1.0.0", topic = "order.shipped.v1")]
struct OrderShipped {
    #[event(key)]
    order: String,
}

/// Orders come to a handler; the bus is all that is known of where they were.
async fn program(bus: &Bus) -> Vec<String> {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let sees = Arc::clone(&seen);
    let consumer = Consumer::new(bus, "mails");
    let control = consumer.control();
    let consumer = consumer.handle(move |event: OrderShipped, delivery: Delivery| {
        let (sees, control) = (Arc::clone(&sees), control.clone());
        async move {
            // The first attempt at each fails.
            if delivery.attempt() == 1 {
                return Err(std::fmt::Error);
            }
            let mut seen = sees.lock().unwrap();
            seen.push(event.order);
            if seen.len() == 100 {
                control.stop();
            }
            Ok(())
        }
    });
    let publisher = OrderShipped::publisher(bus);
    for number in 0..100 {
        let order = format!("order-{number:03}");
        publisher.publish(&OrderShipped { order }).await.unwrap();
    }
    consumer.run().await.unwrap();
    let mut seen = std::mem::take(&mut *seen.lock().unwrap());
    seen.sort_unstable();
    seen
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
        let seen = runtime.block_on(program(&bus));
        let expected: Vec<String> = (0..100)
            .map(|number| format!("order-{number:03}"))
            .collect();
        assert_eq!(seen, expected);
    }
}
