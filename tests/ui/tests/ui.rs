//! Every case is a program under `cases/<theme>/`: those under `pass/` compile and run, the others say what is beside them.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("cases/pass/*.rs");
    cases.compile_fail("cases/[!p]*/*.rs");
}
