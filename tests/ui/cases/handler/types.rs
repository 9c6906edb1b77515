//! What only the compiler knows is told at the types.

use obs_runtime::{Bus, Consumer, Delivery, Event, handler};

#[derive(Clone, Event)]
#[event(event = "user.registered")]
struct UserRegistered {
    user_id: String,
}

struct NoEvent;

#[handler]
async fn gives(event: UserRegistered) -> Option<String> {
    Some(event.user_id)
}

#[handler]
async fn takes(_: NoEvent) -> Result<(), std::fmt::Error> {
    Ok(())
}

struct NoHandler;

fn main() {
    let bus = Bus::memory(1);
    let _ = Consumer::new(&bus, "a").handle::<UserRegistered>(NoHandler);
    let _ = Consumer::new(&bus, "b").handle(takes);
    let _: Option<Delivery> = None;
}
