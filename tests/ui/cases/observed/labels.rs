//! Labels that are none.

use obs_runtime::{Label, observed};

#[derive(Clone, Copy, Label)]
enum Digit {
    A,
    B,
    C,
    D,
    E,
    F,
}

#[observed(labels(outcome: bool = true, plan, a: = true, a-b: bool, "x": bool, c: bool = true, c: bool = false))]
fn names() {}

#[observed(labels(name: String = name.to_owned()))]
fn open(name: &str) {}

#[observed(labels(digit: Digit = 7))]
fn other() {}

#[observed(name = "many", labels(one: Digit, other: Digit, third: Digit))]
fn many(one: Digit, other: Digit, third: Digit) {}

fn main() {
    names();
}
