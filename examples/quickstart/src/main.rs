//! One event all the way through.
fn main() {}
