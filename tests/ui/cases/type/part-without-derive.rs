use obs_runtime::EventPart;

#[derive(Clone)]
struct Address {
    city: String,
}

#[derive(EventPart)]
struct Order {
    id: String,
    address: Address,
    others: Vec<Address>,
}

fn main() {}
