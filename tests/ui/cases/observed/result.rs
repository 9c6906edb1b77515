//! What is asked of a result that it cannot give: one message each, at the type.

use obs_runtime::observed;

struct Silent;

#[observed(err)]
fn not_displayed() -> Result<u8, Silent> {
    Ok(1)
}

#[observed(err(Debug))]
async fn not_debugged() -> Result<u8, Silent> {
    Ok(1)
}

#[observed(err(chain))]
fn no_error() -> Result<u8, Silent> {
    Ok(1)
}

#[observed(err)]
fn no_result() -> u8 {
    1
}

#[observed(err, ret)]
fn nothing() {}

#[observed(ret)]
fn not_told() -> Option<Silent> {
    None
}

#[observed(ret(Display))]
fn not_shown() -> impl Future<Output = Vec<u8>> {
    std::future::ready(Vec::new())
}

fn main() {}
