//! One binary for every target: the name stands in `OBS_FUZZ_TARGET`, so that the world is built once.

#![no_main]

use std::sync::OnceLock;

static TARGET: OnceLock<String> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let name = TARGET.get_or_init(|| std::env::var("OBS_FUZZ_TARGET").expect("OBS_FUZZ_TARGET names a target"));
    assert!(fuzz_targets::run(name, data), "no target is called {name}");
});
