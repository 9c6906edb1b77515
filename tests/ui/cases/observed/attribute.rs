//! Every mistake of every attribute, each once, at its own token.

use obs_runtime::observed;

#[observed(nam = "a", kind = "sever", slow = "fast")]
fn several() {}

#[observed(name = "a", name = "b")]
fn twice() {}

#[observed(name = a, metrics = "no", metrics(false, true))]
fn kinds() {}

#[observed(slow = "0ms", crate, name = "")]
fn values() {}

#[observed(= 7, slow: "1s", name = )]
fn syntax() {}

fn main() {
    several();
    twice();
    kinds();
    values();
    syntax();
}
