//! What is no handler is left as it is, so that each mistake is one message.

use obs_runtime::{Delivery, Event, Handler, handler};

#[derive(Clone, Event)]
#[event(event = "user.registered")]
struct UserRegistered {
    user_id: String,
}

#[handler]
fn blocking(_: UserRegistered) -> Result<(), std::fmt::Error> {
    Ok(())
}

#[handler]
async fn nothing(_: UserRegistered) {}

#[handler(retries = 3)]
async fn arguments(_: UserRegistered) -> Result<(), std::fmt::Error> {
    Ok(())
}

#[handler]
async fn generic<E: Event>(_: E) -> Result<(), std::fmt::Error> {
    Ok(())
}

#[handler]
async fn empty() -> Result<(), std::fmt::Error> {
    Ok(())
}

#[handler]
struct Welcome;

impl Welcome {
    #[handler]
    async fn method(self) -> Result<(), std::fmt::Error> {
        Ok(())
    }
}

struct Told;

#[handler]
impl Handler<UserRegistered> for Told {
    type Error = std::fmt::Error;

    async fn handle(&self, _: UserRegistered, _: &Delivery) -> Result<(), std::fmt::Error> {
        Ok(())
    }
}

#[handler]
impl Told {
    fn handles(&self) {}
}

fn main() {}
