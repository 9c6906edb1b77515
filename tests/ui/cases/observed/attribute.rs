//! Every mistake of every attribute, each once, at its own token.

use obs_runtime::observed;

#[observed(flds(x = 1), kind = "sever", slow = "fast")]
fn several() {}

#[observed(name = "a", name = "b", parent = around, parent = around)]
fn twice(around: obs_runtime::Context) {}

#[observed(name = a, metrics = "no", metrics(false, true))]
fn kinds() {}

#[observed(slow = "0ms", crate, name = "", level = "inof")]
fn values() {}

#[observed(= 7, slow: "1s", name = )]
fn syntax() {}

#[observed(db(operation = "insert"), client(sytem = "grpc", system = 7))]
fn conventions() {}

#[observed(err(debug), ret = "Chain")]
fn shows() -> Result<(), std::fmt::Error> {
    Ok(())
}

#[observed(name = "shop", sloe = "1s")]
impl Shop {
    #[observed(skp)]
    fn sell(&self) {}
}

struct Shop;

fn main() {
    several();
    twice(obs_runtime::Context::NONE);
    kinds();
    values();
    syntax();
    conventions();
    shows().ok();
    Shop.sell();
}
