use obs_runtime::{Event, Label};

#[derive(Clone, Debug, PartialEq, Label)]
enum Plan {
    Free,
    Team,
    Company,
}

/// Only the compiler knows how many plans there are.
#[derive(Event, Clone, Debug, PartialEq)]
#[event(owner = "shop", max_series = 5)]
#[event(metrics(name = "orders_total", type = "counter", labels = ["plan"]))]
struct OrderPlaced {
    #[event(label)]
    plan: Plan,
    #[event(label)]
    gift: bool,
}

fn main() {}
