//! An event with everything a derive can say.
#![forbid(unsafe_code)]
#![deny(warnings, clippy::pedantic)]

use obs_runtime::types::{Date, Decimal, TimestampMillis, Uuid};
use obs_runtime::{Event, EventPart, Key, Label, Pii, Secret};

/// Somebody finished the sign-up form.
#[derive(Event, Clone, Debug, PartialEq)]
#[event(event = "user.registered", version = "2.1", owner = "identity", rename_all = "camelCase", namespace = "acme")]
#[event(tags = ["core", "gdpr"], encoding = "avro", slow = "100ms", min_rate = "10/5m", max_series = 100)]
#[event(slo(objective = "publish-success", target = 99.9), slo(objective = "publish-latency", target = 99, under = "100ms"))]
#[event(metrics(name = "users_total", type = "counter", labels = ["plan"], when(isTrial = true)))]
#[event(deprecated(since = "2.0.0", use = "user.joined"), log(level = "debug", sample = 0.5))]
pub struct UserRegistered {
    /// Who.
    #[event(key, attr = "user.id", log)]
    pub user_id: String,
    #[event(pii = "hash", attr = "user.email")]
    pub email: Pii<String>,
    pub password: Secret<String>,
    #[event(label)]
    pub plan: Plan,
    #[event(label(name = "trial"))]
    pub is_trial: bool,
    #[event(label, top = ["DE", "FR"])]
    pub country: String,
    #[event(default = 3, aliases = ["tries"])]
    pub attempts: Option<i32>,
    pub born: Date,
    #[event(precision = 9, scale = 2)]
    pub credit: Decimal,
    pub at: TimestampMillis,
    pub session: Uuid,
    pub address: Option<Address>,
    pub former: Vec<Address>,
}

#[derive(Label, Clone, Copy, Debug, PartialEq)]
pub enum Plan {
    Free,
    Team,
}

#[derive(EventPart, Clone, Debug, PartialEq)]
pub struct Address {
    city: String,
}

/// Nothing but that it happened, under a name of its own making.
#[derive(Event, Clone, Debug, PartialEq)]
pub struct CacheCleared {}

fn main() {
    let event = UserRegistered {
        user_id: "u1".to_owned(),
        email: Pii::new("ada@example.com".to_owned()),
        password: Secret::new("secret".to_owned()),
        plan: Plan::Team,
        is_trial: true,
        country: "DE".to_owned(),
        attempts: None,
        born: Date(1),
        credit: "1.50".parse().unwrap(),
        at: TimestampMillis(5),
        session: Uuid([7; 16]),
        address: Some(Address { city: "Bonn".to_owned() }),
        former: vec![Address { city: "Ulm".to_owned() }],
    };
    let mut body = Vec::new();
    event.encode_body(&mut body).unwrap();
    assert_eq!(UserRegistered::decode_body(&body).unwrap(), event);
    let mut text = Vec::new();
    event.encode_json(&mut text).unwrap();
    assert_eq!(UserRegistered::decode_json(&text).unwrap(), event);
    assert_eq!(event.key(), Key::from("u1"));

    let facts = UserRegistered::DESCRIPTOR;
    assert_eq!((facts.event_type, facts.version, facts.topic), ("user.registered", "2.1.0", "user.registered.v2"));
    assert_eq!(facts.owner, Some("identity"));
    assert_eq!(facts.field("plan").unwrap().label.unwrap().values, ["Free", "Team"]);
    assert_eq!(facts.field("country").unwrap().label.unwrap().values, ["DE", "FR", "other"]);
    assert!(facts.field("password").unwrap().secret);
    assert_eq!(UserRegistered::WIRE_NAME, "acme.UserRegistered");
    let schema = UserRegistered::SCHEMA;
    assert!(schema.contains(r#"{"type":"enum","name":"Plan","#), "{schema}");
    assert_eq!(schema.matches(r#""city""#).count(), 1, "a part met again is a name: {schema}");
    assert_ne!(UserRegistered::RABIN, 0);

    assert_eq!(CacheCleared::DESCRIPTOR.event_type, "cache.cleared");
    let mut body = Vec::new();
    CacheCleared {}.encode_body(&mut body).unwrap();
    assert_eq!(body, b"{}");
}
