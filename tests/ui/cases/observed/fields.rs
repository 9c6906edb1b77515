//! Fields that cannot be read, and values that cannot be told.

use obs_runtime::observed;

struct Order {
    id: u32,
}

#[observed(fields(order.id, order.id = 2, event.id = 3, otel.name = "x"))]
fn names(order: &Order) {}

#[observed(fields(%order.id + 1, =, "of whom", order.id = , order id), parent = , link)]
fn syntax(order: &Order) {}

#[observed(fields(order))]
fn untold(order: &Order) {}

#[observed(fields(%order))]
fn not_displayed(order: &Order) {}

#[observed(fields(whole = ?order))]
fn not_debugged(order: &Order) {}

#[observed(fields(ordr.id))]
fn unknown(order: &Order) {}

#[observed(parent = order.id, link = order.id)]
fn no_context(order: &Order) {}

#[observed(emits(Order))]
fn no_event() {}

fn main() {
    let order = Order { id: 1 };
    names(&order);
    syntax(&order);
}
