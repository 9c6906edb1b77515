//! Codecs, TLS and logins, against something that speaks them.

mod http;
mod kafka;
mod nats;

use obs_runtime::{Bus, Record};

use crate::broker::LONG;

/// A record goes there and comes back, or both its sender and whoever looks hear why not.
fn goes(bus: &Bus, topic: &str, wrong: Option<&str>) {
    let sending = bus.send_confirmed(&Record::new(topic, b"{\"a\":1}"));
    let Some(wrong) = wrong else {
        sending.wait().unwrap();
        let mut member = bus.subscribe(&[topic], "g").unwrap();
        let delivery = member.next_blocking(LONG).expect("it comes");
        assert_eq!(delivery.record().body(), Some(&b"{\"a\":1}"[..]));
        delivery.ack();
        return;
    };
    let looked = bus.topics().unwrap_err();
    assert!(looked.reason().contains(wrong), "{looked}");
    let sent = sending.wait().unwrap_err();
    assert!(sent.reason().contains(wrong), "{sent}");
    for secret in ["hunter2", "hunter3"] {
        assert!(
            !format!("{looked} {sent} {bus:?}").contains(secret),
            "{sent}"
        );
    }
}
