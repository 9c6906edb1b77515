//! Kafka: the broker of these tests speaks neither TLS nor SASL, so a gateway in front of it does.

use std::collections::BTreeSet;

use obs_kafka::{Codec, KafkaOptions};
use obs_runtime::Record;
use obs_runtime::bus::BusErrorKind;

use super::goes;
#[cfg(feature = "tls")]
use crate::authority::Authority;
use crate::broker::{LONG, broker};
use crate::gateway::{Gateway, Inside, Way};
use crate::login::Login;

const COUNT: u32 = 100;

/// What stands in the batches is looked at on their way, to the broker and from it.
#[test]
fn each_codec_goes_there_and_back() {
    let Some(broker) = broker() else { return };
    let gateway = Gateway::new(broker.port(), None, Inside::Kafka(None));
    let options = KafkaOptions::new(&format!("127.0.0.1:{}", gateway.port));
    let mut expected = BTreeSet::new();
    for (number, codec) in [
        (1, Codec::Gzip),
        (2, Codec::Snappy),
        (3, Codec::Lz4),
        (4, Codec::Zstd),
    ] {
        let topic = format!("{codec:?}");
        broker.topic(&topic, 1);
        let bus = options.clone().with_codec(codec).open().unwrap();
        let body = |at: u32| format!("{at} {}", "obs ".repeat(100));
        for at in 0..COUNT {
            bus.send(&Record::new(&topic, body(at).as_bytes()))
                .wait()
                .unwrap();
        }
        assert!(bus.flush().wait_for(LONG));
        let mut member = bus.subscribe(&[&topic], "g").unwrap();
        for at in 0..COUNT {
            let delivery = member.next_blocking(LONG).expect("all of them come");
            assert_eq!(delivery.record().body(), Some(body(at).as_bytes()));
            delivery.ack();
        }
        expected.extend([(Way::There, number), (Way::Back, number)]);
    }
    assert_eq!(gateway.codecs(), expected);
}

const NO_LOGIN: Option<&str> = Some("a broker does not take this login; see `sasl.mechanism`");

/// Sends through a gateway as somebody who says this of himself.
fn check(gateway: &Gateway, properties: &[(&str, &str)], wrong: Option<&str>) {
    let options = KafkaOptions::new(&format!("127.0.0.1:{}", gateway.port))
        .with_property("message.timeout.ms", "1500")
        .with_property("reconnect.backoff.max.ms", "200");
    let options = properties.iter().fold(options, |options, (name, value)| {
        options.with_property(name, value)
    });
    let bus = options.open().unwrap();
    goes(&bus, "secure", wrong);
    if wrong == NO_LOGIN {
        let mut member = bus.subscribe(&["secure"], "g").unwrap();
        assert!(member.next_blocking(LONG).is_none());
        let failure = member.failure().expect("it is not let in").to_string();
        assert!(failure.contains(wrong.unwrap_or_default()), "{failure}");
        assert!(!failure.contains("hunter"), "{failure}");
    }
}

const fn login(mechanism: &'static str) -> Login {
    Login {
        mechanism,
        user: "shop",
        password: "hunter2",
    }
}

/// What a client is told for a login.
const fn says<'a>(
    protocol: &'a str,
    mechanism: &'a str,
    password: &'a str,
) -> [(&'a str, &'a str); 4] {
    [
        ("security.protocol", protocol),
        ("sasl.mechanism", mechanism),
        ("sasl.username", "shop"),
        ("sasl.password", password),
    ]
}

#[test]
fn a_password_is_right_or_told_to_be_wrong() {
    let Some(broker) = broker() else { return };
    broker.topic("secure", 1);
    let gateway = Gateway::new(broker.port(), None, Inside::Kafka(Some(login("PLAIN"))));
    for (password, wrong) in [("hunter2", None), ("hunter3", NO_LOGIN)] {
        check(&gateway, &says("sasl_plaintext", "PLAIN", password), wrong);
    }
}

#[cfg(feature = "tls")]
#[test]
fn a_broker_is_who_it_says_or_gets_nothing() {
    let Some(broker) = broker() else { return };
    broker.topic("secure", 1);
    let (ours, others) = (Authority::new(), Authority::new());
    let gateway = Gateway::new(broker.port(), Some(ours.acceptor()), Inside::Kafka(None));
    let tls = ("security.protocol", "ssl");
    let wrong = Some("no TLS with a broker; see `security.protocol`, `ssl.ca.location`");
    check(&gateway, &[tls, ("ssl.ca.location", &ours.ca())], None);
    check(&gateway, &[tls, ("ssl.ca.location", &others.ca())], wrong);
    // Nor does the system know it.
    check(&gateway, &[tls], wrong);
}

#[cfg(feature = "tls")]
#[test]
fn a_password_is_proved_and_not_said() {
    let Some(broker) = broker() else { return };
    broker.topic("secure", 1);
    let ours = Authority::new();
    let ca = ours.ca();
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let inside = Inside::Kafka(Some(login(mechanism)));
        let gateway = Gateway::new(broker.port(), Some(ours.acceptor()), inside);
        for (mechanism, password, wrong) in [
            (mechanism, "hunter2", None),
            (mechanism, "hunter3", NO_LOGIN),
            ("PLAIN", "hunter2", NO_LOGIN),
        ] {
            let says = says("sasl_ssl", mechanism, password);
            check(
                &gateway,
                &[&says[..], &[("ssl.ca.location", &ca)]].concat(),
                wrong,
            );
        }
    }
}

/// A build without TLS says so, and one with it what a file is not.
#[test]
fn what_cannot_be_is_told_when_the_bus_is_opened() {
    let options = KafkaOptions::new("127.0.0.1:9").with_property("security.protocol", "ssl");
    let options = options.with_property("ssl.ca.location", "/nowhere/ca.pem");
    let error = options.open().unwrap_err();
    assert_eq!(error.kind(), BusErrorKind::Unsupported);
    let expected = if cfg!(feature = "tls") {
        "ssl.ca.location"
    } else {
        "the feature `tls` of obs-kafka"
    };
    assert!(error.reason().contains(expected), "{error}");
}
