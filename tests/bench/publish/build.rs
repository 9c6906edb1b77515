//! The event that is published, in both encodings.

fn main() {
    obs_codegen::build("specs");
}
