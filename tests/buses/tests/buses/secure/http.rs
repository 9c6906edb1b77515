//! HTTP: an endpoint of ours, behind a gateway with TLS.

use std::time::Duration;

use obs_http::{Confirm, HttpOptions};
use obs_runtime::bus::BusErrorKind;
use obs_runtime::{Bus, Record};

use crate::authority::Authority;
use crate::broker::LONG;
use crate::gateway::{Gateway, Inside};
use crate::process::free_port;

#[test]
fn an_endpoint_is_who_it_says_or_gets_nothing() {
    let port = free_port();
    let listens = format!("http://127.0.0.1:{port}/events?listen=127.0.0.1:{port}");
    let endpoint = Bus::open(&listens, &[obs_http::SCHEME]).unwrap();
    let mut member = endpoint.subscribe(&["orders"], "g").unwrap();
    let (ours, others) = (Authority::new(), Authority::new());
    let gateway = Gateway::new(port, Some(ours.acceptor()), Inside::Bytes);
    let options = HttpOptions::new(&format!("https://127.0.0.1:{}/events", gateway.port))
        .with_confirm(Confirm::Delivered)
        .with_give_up(Duration::from_millis(300));
    let record = Record::new("orders", b"1");
    let bus = options.clone().with_ca_file(ours.ca()).open().unwrap();
    bus.send(&record).wait().unwrap();
    let delivery = member.next_blocking(LONG).expect("it comes");
    assert_eq!(delivery.record().body(), Some(&b"1"[..]));
    delivery.ack();
    // Somebody else's authority, and those that everybody knows.
    for options in [options.clone().with_ca_file(others.ca()), options] {
        let error = options.open().unwrap().send(&record).wait().unwrap_err();
        assert_eq!(error.kind(), BusErrorKind::Unavailable);
        assert!(
            error.reason().contains("UnknownIssuer; `ca` names"),
            "{error}"
        );
    }
    assert!(member.try_next().is_none());
}

#[test]
fn a_file_that_is_none_is_told_when_the_bus_is_opened() {
    let key = Authority::new();
    let [_, key_file] = key.server();
    for (file, wrong) in [
        ("/nowhere/ca.pem", "the file `ca` cannot be read"),
        (&key_file, "the file `ca` holds no certificate"),
    ] {
        let address = format!("https://127.0.0.1/?ca={file}");
        let error = Bus::open(&address, &[obs_http::SCHEME_TLS]).unwrap_err();
        assert_eq!(error.kind(), BusErrorKind::Unsupported);
        assert!(error.reason().starts_with(wrong), "{error}");
    }
}
