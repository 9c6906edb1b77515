//! The event that is published.

fn main() {
    obs_codegen::build("specs");
}
