//! The events whose cost is watched.

fn main() {
    obs_codegen::configure().borrowed(true).compile(&[
        "../specs/order.avsc",
        "../specs/reading.avsc",
        "../specs/account.schema.json",
        "../specs/booking.schema.json",
    ]);
}
