//! The quickstart on each bus, by its address alone.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;

use crate::broker::LONG;
use crate::rig::rigs;

const TOPICS: [&str; 2] = ["user.registered.v1", "user.registered.v2"];

#[test]
fn the_quickstart_runs_on_every_bus() {
    for rig in rigs() {
        let mut run = Command::new(env!("CARGO_BIN_EXE_quickstart-on-buses"))
            .env("OBS_BUS", rig.address(&TOPICS))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that hangs fails the test instead of hanging it.
        let (mut out, (tells, told)) = (run.stdout.take().unwrap(), channel());
        std::thread::spawn(move || {
            let mut said = String::new();
            out.read_to_string(&mut said).unwrap();
            tells.send(said)
        });
        let said = told.recv_timeout(LONG).unwrap_or_default();
        run.kill().ok();
        let run = run.wait_with_output().unwrap();
        let error = String::from_utf8_lossy(&run.stderr);
        let family = "event_consumed_total{event_type=\"user.registered\"";
        let consumed = said.lines().filter(|line| line.starts_with(family));
        assert_eq!(consumed.count(), 2, "{}: {said}\n{error}", rig.system);
    }
}
