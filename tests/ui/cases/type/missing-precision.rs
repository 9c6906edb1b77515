use obs_runtime::Event;
use obs_runtime::types::Decimal;

#[derive(Event, Clone)]
struct OrderPlaced {
    amount: Decimal,
    #[event(precision = 4, scale = 2)]
    discount: Option<Decimal>,
    #[event(precision = 2, scale = 4)]
    tax: Decimal,
}

fn main() {}
