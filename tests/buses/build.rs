//! The specs of the quickstart, which is a program of this package too.

fn main() {
    obs_codegen::build("../../examples/quickstart/specs");
}
