//! The one line.

fn main() {
    obs_codegen::build("specs");
}
