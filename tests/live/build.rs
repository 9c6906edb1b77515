//! The specs of the quickstart, whose rules and dashboards are looked at.

fn main() {
    obs_codegen::build("../../examples/quickstart/specs");
}
