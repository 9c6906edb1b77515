//! What holds for NATS alone.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use obs_nats::NatsOptions;
use obs_runtime::bus::BusErrorKind;
use obs_runtime::metric::{Format, exposition};
use obs_runtime::{Bus, Record};

use crate::broker::LONG;
use crate::process::{Process, free_port, program};

/// A server with JetStream.
pub(crate) struct Server {
    folder: PathBuf,
    port: u16,
    process: Process,
}

/// A server that runs, if there is a program for it.
pub(crate) fn server() -> Option<Server> {
    server_with(&[])
}

/// The same with further arguments.
pub(crate) fn server_with(more: &[&str]) -> Option<Server> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let program = program("OBS_NATS_SERVER")?;
    let number = COUNT.fetch_add(1, Relaxed);
    let folder = format!("obs-nats-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(folder);
    let port = free_port();
    let (data, at) = (folder.display().to_string(), port.to_string());
    let words = ["-js", "-a", "127.0.0.1", "-p", &at, "-sd", &data];
    let words = words.iter().chain(more);
    let words = words.map(|word| (*word).to_owned()).collect();
    let mut server = Server {
        folder,
        port,
        process: Process::new([vec![program], words].concat()),
    };
    server.start();
    Some(server)
}

impl Server {
    pub(crate) fn address(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Starts it, and waits until it listens.
    pub(crate) fn start(&mut self) {
        self.process.start();
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(start.elapsed() < LONG, "it does not listen");
            std::thread::yield_now();
        }
    }

    /// It ends in order.
    pub(crate) fn end(&mut self) {
        self.process.end();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.stop();
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

fn send(bus: &Bus, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let (key, body) = ((number % 10).to_le_bytes(), number.to_le_bytes());
        let record = Record {
            key: Some(&key),
            ..Record::new("orders", &body)
        };
        bus.send(&record).wait().unwrap();
    }
}

fn open(address: &str) -> Bus {
    Bus::open(address, &[obs_nats::SCHEME]).unwrap()
}

/// What a reader of its own gets until nothing more is there, each number once and those of a key in order.
fn all(bus: &Bus, count: u32) {
    let mut member = bus.subscribe(&["orders"], "checks").unwrap();
    let mut next: [u32; 10] = std::array::from_fn(|key| key as u32);
    for _ in 0..count {
        let delivery = member.next_blocking(LONG).expect("another one comes");
        let body = delivery.record().body().unwrap();
        let number = u32::from_le_bytes(body.try_into().unwrap());
        let next = &mut next[number as usize % 10];
        assert_eq!(number, *next);
        *next += 10;
        delivery.ack();
    }
    bus.close();
    assert!(member.next_blocking(LONG).is_none());
}

/// The server is killed while records are on their way: each of them is there once, and those of a key are in order.
#[test]
fn a_server_that_is_killed_and_comes_back_costs_no_record() {
    let Some(mut server) = server() else { return };
    let bus = open(&format!("{}?ack_wait.ms=500", server.address()));
    let mut member = bus.subscribe(&["orders"], "g").unwrap();
    send(&bus, 0..200);
    for _ in 0..20 {
        member.next_blocking(LONG).unwrap().ack();
    }
    let held = member.next_blocking(LONG).unwrap();
    server.process.stop();
    send(&bus, 200..400);
    server.start();
    held.ack();
    assert!(bus.flush().wait_for(LONG));
    // The member goes on too.
    for _ in 0..20 {
        member.next_blocking(LONG).unwrap().ack();
    }
    drop(member);
    all(&open(&server.address()), 400);
}

#[test]
fn a_server_that_stands_still_is_a_timeout_and_no_loss() {
    let Some(mut server) = server() else { return };
    let bus = open(&server.address());
    bus.send_confirmed(&Record::new("orders", &0_u32.to_le_bytes()))
        .wait()
        .unwrap();
    server.process.pause();
    // A signal takes its time: the first records may still be answered.
    let (sent, number) = (2..)
        .map(|number| (bus.send_confirmed(&Record::new("orders", b"")), number))
        .find(|_| !bus.flush().wait_for(Duration::from_millis(50)))
        .unwrap();
    server.process.resume();
    assert_eq!(sent.wait().unwrap().offset, Some(number));
}

/// Every reader but the last is killed in the midst of its work. What it had comes again when the server gives it up.
/// In the long form of the tests (`cargo xtask soak nats`) the server is killed too, while a reader is at work.
#[test]
fn a_killed_reader_loses_nothing() {
    let Some(mut server) = server() else { return };
    let soaks = std::env::var_os("OBS_SOAK").is_some();
    let count = if soaks { 100_000 } else { 3_000 };
    let bus = open(&server.address());
    for numbers in (0..count).step_by(5_000) {
        send(&bus, numbers..count.min(numbers + 5_000));
        assert!(bus.flush().wait_for(LONG));
    }
    let address = format!("{}?ack_wait.ms=300", server.address());
    let mut seen: BTreeMap<u32, u32> = BTreeMap::new();
    let (mut killed, mut stands) = (0, soaks);
    while seen.len() < count as usize {
        let mut child = Command::new(env!("CARGO_BIN_EXE_reader"))
            .args([&address, "orders", "g"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let target = seen.len() + count as usize / 3;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for line in lines.by_ref() {
            *seen.entry(line.unwrap().parse().unwrap()).or_default() += 1;
            if seen.len() >= target.min(count as usize) {
                break;
            }
            if stands && seen.len() > count as usize / 2 {
                stands = false;
                server.process.stop();
                server.start();
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it had said by then it may have acknowledged too.
        for line in lines {
            *seen.entry(line.unwrap().parse().unwrap()).or_default() += 1;
        }
        killed += 1;
    }
    assert!(seen.keys().copied().eq(0..count));
    let again: u32 = seen.values().map(|times| times - 1).sum();
    println!("{killed} readers were killed, {again} of {count} records came again");
    // One a partition is out at a time, and one more is said before it is acknowledged. A server that is killed may
    // forget what was acknowledged last.
    assert!(again <= if soaks { 1_000 } else { 3 * 8 }, "{again}");
}

#[test]
fn what_is_given_up_is_handed_back_and_never_with_what_was_in_it() {
    let lost: Arc<Mutex<Vec<BusErrorKind>>> = Arc::default();
    let keep = Arc::clone(&lost);
    let nowhere = format!("user:hunter2@127.0.0.1:{}", free_port());
    let bus = NatsOptions::new(&nowhere)
        .with_give_up(Duration::from_millis(30))
        .when_lost(move |lost| {
            assert!(!lost.error.to_string().contains("ssss"));
            keep.lock().unwrap().push(lost.error.kind());
        })
        .open()
        .unwrap();
    for _ in 0..3 {
        let record = Record {
            key: Some(b"k"),
            ..Record::new("t", b"ssss")
        };
        bus.send(&record).wait().unwrap();
    }
    assert!(bus.flush().wait_for(LONG));
    assert_eq!(*lost.lock().unwrap(), [BusErrorKind::Unavailable; 3]);
    let text = String::from_utf8(exposition(Format::Text)).unwrap();
    let counted = "nats_records_lost_total{cause=\"unavailable\"} 3";
    assert!(text.lines().any(|line| line == counted), "{text}");
}

#[test]
fn a_stream_of_others_is_used_as_it_is() {
    let Some(server) = server() else { return };
    // Nobody has made it, and nobody shall.
    let address = format!(
        "{}?create=never&give_up.ms=200&confirm=delivered",
        server.address()
    );
    let bus = open(&address);
    let error = bus.send(&Record::new("orders", b"")).wait().unwrap_err();
    assert_eq!(error.kind(), BusErrorKind::Unavailable);
    assert_eq!(error.reason(), "no stream takes its subject");
    // A stream that is small and full says so.
    let settings = "max_bytes=20000&give_up.ms=200&confirm=delivered";
    let small = open(&format!("{}?{settings}", server.address()));
    let mut full = (0..20).map(|_| small.send(&Record::new("orders", &[0; 900])).wait());
    let error = full.find_map(Result::err).unwrap();
    assert_eq!(error.kind(), BusErrorKind::Full, "{error}");
    assert!(bus.send(&Record::new("orders", b"")).wait().is_ok());
}

#[test]
fn an_address_says_what_is_wrong_with_it() {
    for (address, wrong) in [
        (
            "nats://a:4222?storage=tape",
            "`nats:`: `storage` is one of file, memory",
        ),
        (
            "nats://a:4222?partitions=many",
            "`nats:`: `partitions` is a number",
        ),
        (
            "nats://user:hunter2@:port",
            "the address of a server is `host:port`",
        ),
        ("nats://a?secret=1", "`nats:`: it has no setting `secret`"),
        (
            "nats://us%4:hunter2@a",
            "`nats:`: the place of the address cannot be read",
        ),
    ] {
        let error = Bus::open(address, &[obs_nats::SCHEME]).unwrap_err();
        assert!(error.reason().starts_with(wrong), "{address}: {error}");
    }
}
