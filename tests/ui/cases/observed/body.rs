//! What is wrong in a body, or with what it gives, is told as it would be without the attribute.

use obs_runtime::observed;

#[observed]
fn sync(text: &str) -> Result<u32, std::num::ParseIntError> {
    let number: u32 = text.parse()?;
    number
}

#[observed]
async fn later(text: &str) -> Result<u32, std::num::ParseIntError> {
    let number: u32 = text.parse()?;
    number
}

#[observed]
fn borrowed() -> &str {
    "a"
}

#[observed]
async fn early(stop: bool) -> u8 {
    if stop {
        return "no";
    }
    1
}

#[observed]
fn moved(text: String) -> String {
    drop(text);
    text
}

fn main() {}
