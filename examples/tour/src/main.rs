//! The program of `docs/tour.md`: an order is paid, and somebody prints a receipt for it.

#![expect(
    clippy::print_stdout,
    reason = "what is printed is what a reader looks for"
)]

mod events {
    obs_runtime::include_events!();
}

use std::convert::Infallible;
use std::error::Error;

use events::shop::{Method, OrderPaid, order_paid_v1_0_0};
use obs_runtime::metric::{Format, exposition};
use obs_runtime::{Delivery, Handler, PublishError, Publisher, handler, observed};

#[observed(fields(order.id = id), slow = "250ms", err)]
async fn pay(publisher: &Publisher<OrderPaid>, id: &str, card: &str) -> Result<(), PublishError> {
    let event = OrderPaid {
        order_id: id.into(),
        card: card.into(),
        method: Method::Card,
    };
    publisher.publish(&event).await
}

struct Receipts {
    header: &'static str,
}

#[handler]
impl Handler<OrderPaid> for Receipts {
    async fn handle(&self, event: OrderPaid, delivery: &Delivery) -> Result<(), Infallible> {
        let (id, version) = (&event.order_id, delivery.version());
        println!("{}: {id}, sent as version {version}", self.header);
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let obs = obs_runtime::init()?;
    let publisher = OrderPaid::publisher(obs.bus());
    pay(&publisher, "order-7", "4000 0000 0000 0002").await?;
    // A service that nobody has built since version 1.
    let before = order_paid_v1_0_0::OrderPaid::publisher(obs.bus());
    before
        .publish(&order_paid_v1_0_0::OrderPaid::new("order-6", "4000"))
        .await?;

    // Nothing more comes, so the consumer ends when it has everything.
    obs.bus().close();
    let receipts = Receipts { header: "paid" };
    obs.consumer("receipts").handle(receipts).run().await?;

    let metrics = String::from_utf8(exposition(Format::Text))?;
    for line in metrics.lines() {
        if line.starts_with("event_published_total") && !line.ends_with(" 0") {
            println!("{line}");
        }
    }
    obs.shutdown().await;
    Ok(())
}
