//! What cannot be observed is left as it is, so that each mistake is one message.

use obs_runtime::observed;

#[observed]
const fn constant() -> u8 {
    7
}

const SEVEN: u8 = constant();

trait Greet {
    #[observed]
    fn greet(&self) -> u8;
}

#[observed]
struct Shop {
    name: u8,
}

impl Greet for Shop {
    fn greet(&self) -> u8 {
        self.name
    }
}

#[observed]
enum Plan {
    Free,
}

#[observed]
const NUMBER: u8 = 1;

fn main() {
    let _ = (Shop { name: SEVEN }.greet(), Plan::Free, NUMBER);
}
