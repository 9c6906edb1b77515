//! The specs that have golden output, for a runtime that is called something else; the others have upcasts by hand, and
//! those need `#[diagnostic]`, which a crate without the prelude cannot name.

fn main() {
    obs_codegen::configure().compile(&["../specs/ok/avro", "../specs/ok/json"]);
}
