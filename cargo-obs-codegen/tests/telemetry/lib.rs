//! Who publishes and handles the events of the specs, as pictures show it. Nobody compiles it.

#[observed(err, emits(PaymentCaptured))]
async fn capture(publisher: &Publisher<PaymentCaptured>) -> Result<(), PublishError> {
    publisher.publish(&PaymentCaptured::default()).await
}

impl Handler<acme::shop::OrderPlaced> for Till {}

#[handler]
async fn forget(event: UserLeft) -> Result<(), Infallible> {
    Ok(())
}
