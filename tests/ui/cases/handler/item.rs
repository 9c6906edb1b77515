//! What is no handler is left as it is, so that each mistake is one message.

use obs_runtime::{Event, handler};

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

fn main() {}
