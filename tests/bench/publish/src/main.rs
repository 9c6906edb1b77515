//! Races of whole publishes; see the library beside it.

fn main() {
    obs_bench_publish::main();
}
