//! One event all the way through: described in `specs/`, compiled by `build.rs`, made, encoded, decoded, validated,
//! published on an embedded bus with its span, its metrics and its log line, and handled by a consumer, whatever version
//! was sent.

#![expect(clippy::print_stdout, reason = "an example shows what comes out")]

mod events {
    obs_runtime::include_events!();
}

use events::acme::user::{AnyUserRegistered, Plan, UserRegistered, user_registered_v1_4_0};
use events::{OrderPlaced, OrderPlacedLinesItem, OrderPlacedPayment};
use obs_runtime::bus::Origin;
use obs_runtime::metric::{Format, exposition};
use obs_runtime::{Delivery, Event as _, Handler, PublishError, Publisher, handler, observed};
use std::convert::Infallible;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

/// A function with a span and metrics of its own: what is published within is its child.
#[observed(fields(user.id = event.user_id), err, emits(UserRegistered))]
async fn register(
    publisher: &Publisher<UserRegistered>,
    event: &UserRegistered,
) -> Result<(), PublishError> {
    publisher.publish(event).await
}

/// Says hello to whoever has registered. What it needs is its state.
#[derive(Clone, Default)]
struct Welcome {
    sent: Arc<Mutex<Vec<String>>>,
}

#[handler]
impl Handler<UserRegistered> for Welcome {
    async fn handle(&self, event: UserRegistered, delivery: &Delivery) -> Result<(), Infallible> {
        println!("version {} came as {event:?}", delivery.version());
        for header in delivery.record().headers() {
            println!("  {}: {}", header.name, header.text().unwrap_or_default());
        }
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push(event.email.expose().clone());
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let event = UserRegistered {
        user_id: "user-123".into(),
        email: "ada@example.com".into(),
        plan: Plan::Team,
        referrer: None,
    };

    println!("== both codecs");
    let mut avro = Vec::new();
    event.encode_avro(&mut avro)?;
    let mut json = Vec::new();
    event.encode_json(&mut json)?;
    println!(
        "avro  {} bytes, fingerprint {:016x}",
        avro.len(),
        UserRegistered::RABIN
    );
    println!("json  {}", String::from_utf8_lossy(&json));
    assert_eq!(UserRegistered::decode_avro(&avro)?, event);
    assert_eq!(UserRegistered::decode_json(&json)?, event);
    println!("debug {event:?}");

    println!("\n== an older version");
    let old = user_registered_v1_4_0::UserRegistered::new(
        "user-7",
        "bob@example.com",
        user_registered_v1_4_0::Plan::Free,
    );
    let mut body = Vec::new();
    old.encode_avro(&mut body)?;
    let any = AnyUserRegistered::decode(user_registered_v1_4_0::UserRegistered::RABIN, &body)?;
    println!("{} became {:?}", any.version(), any.into_latest()?);

    println!("\n== validation");
    let line = OrderPlacedLinesItem {
        sku: String::new(),
        quantity: 0,
    };
    let order = OrderPlaced::new("ord_x", vec![line], OrderPlacedPayment::Card);
    if let Err(violations) = order.validate() {
        for violation in violations.iter() {
            println!("{violation}");
        }
    }

    println!("\n== publishing");
    let traces = std::env::temp_dir().join("obs-quickstart.jsonl");
    let setup = obs_runtime::Setup::new()
        .with_origin(Origin::new("user-service").with_environment("dev"))
        .with_traces(&traces);
    // Without them, `OBS_BUS` names what the runtime has itself: `memory:`, `file:/tmp/bus`.
    #[cfg(feature = "buses")]
    let setup = setup
        .with_scheme(obs_http::SCHEME)
        .with_scheme(obs_kafka::SCHEME)
        .with_scheme(obs_nats::SCHEME);
    let obs = setup.init()?;
    let publisher = UserRegistered::publisher(obs.bus());
    register(&publisher, &event).await?;
    // Somebody who was built before version 2.
    let before = user_registered_v1_4_0::UserRegistered::publisher(obs.bus());
    before.publish(&old).await?;
    let refused = OrderPlaced::publisher(obs.bus()).publish(&order).await;
    println!(
        "the order is refused: {}",
        refused
            .err()
            .map_or("not at all".to_owned(), |error| explain(&error))
    );

    println!("\n== consuming");
    let welcome = Welcome::default();
    let consumer = obs.consumer("email-service").handle(welcome.clone());
    // Nothing more comes, so the consumer ends when it has everything.
    obs.bus().close();
    consumer.run().await?;
    let mut sent = welcome
        .sent
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    // What is of different keys comes as the bus likes.
    sent.sort_unstable();
    assert_eq!(sent, ["ada@example.com", "bob@example.com"]);

    println!("\n== what was told of it: metrics");
    let metrics = String::from_utf8(exposition(Format::OpenMetrics))?;
    for line in metrics.lines() {
        let counted = line.starts_with("event_published_total")
            || line.starts_with("event_consumed_total")
            || line.starts_with("operation_duration_seconds_count")
            || line.contains("_errors_total{");
        if counted && !line.ends_with(" 0") {
            println!("{line}");
        }
    }
    println!(
        "\nlog lines stand where they were written; the spans are in {}",
        traces.display()
    );
    obs.shutdown().await;
    Ok(())
}

fn explain(error: &PublishError) -> String {
    format!("{error} ({})", error.error_type())
}
