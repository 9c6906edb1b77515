//! The first seeds: the short form of `cargo xtask soak`.

#[test]
fn first_seeds() {
    for seed in 0..200 {
        let run = std::panic::catch_unwind(|| fuzz_targets::soak(seed));
        assert!(run.is_ok(), "seed {seed}");
    }
}
