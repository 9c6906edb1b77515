//! The program, unwinding.

use std::process::Command;

#[test]
fn what_was_told_before_a_panic_reaches_the_world() {
    let run = Command::new(env!("CARGO_BIN_EXE_panics")).output();
    let run = run.expect("it is built beside this test");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stdout)
    );
}
