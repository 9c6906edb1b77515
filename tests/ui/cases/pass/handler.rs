//! Functions as handlers, in the forms they may have.

use obs_runtime::{Bus, Consumer, Delivery, Event, Handler, handler, observed};

#[derive(Clone, Event)]
#[event(event = "user.registered")]
struct UserRegistered {
    user_id: String,
}

mod mail {
    use super::UserRegistered;
    use obs_runtime::handler;

    /// Says hello.
    #[handler]
    pub(super) async fn welcome(event: UserRegistered) -> Result<(), std::fmt::Error> {
        let _ = event.user_id;
        Ok(())
    }
}

#[handler]
#[observed]
async fn told(
    UserRegistered { user_id }: crate::UserRegistered,
    delivery: &Delivery,
) -> std::io::Result<()> {
    assert!(delivery.attempt() > 0 && !user_id.is_empty());
    Ok(())
}

/// One with state.
struct Counting<T>(T);

/// Of a type with parameters, with an error that has some, too.
#[handler]
impl<T: Send + Sync + 'static> Handler<UserRegistered> for Counting<T>
where
    T: Clone,
{
    async fn handle(
        &self,
        event: UserRegistered,
        _: &Delivery,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let _ = (self.0.clone(), event);
        Ok(())
    }
}

fn main() {
    let bus = Bus::memory(1);
    let _ = Consumer::new(&bus, "mails").handle(mail::welcome).handle(told).handle(Counting(7));
}
