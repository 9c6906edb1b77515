//! The same on buses that are elsewhere, as far as this build knows them.

use super::{Ended, Place, ended};
use std::process::Command;

fn on(place: &Place, bus: &str, arguments: &[&str]) -> Ended {
    let mut command: Command = place.command(arguments);
    ended(command.env("OBS_BUS", bus))
}

const DATA: &str = r#"{"userId":"user-1","email":"ada@example.com","plan":"TEAM"}"#;

#[cfg(feature = "nats")]
mod nats {
    use super::{DATA, on};
    use crate::bus::dlq::letter;
    use crate::bus::{Place, wait_for};
    use obs_runtime::Bus;
    use obs_runtime::bus::{Look, Sight};
    use std::net::{TcpListener, TcpStream};
    use std::path::Path;
    use std::process::{Child, Command, Stdio};
    use std::time::Duration;

    /// It goes when its input ends, so it never outlives the test.
    const KEEP: &str = r#""$@" >/dev/null 2>&1 & read -r _; kill -KILL $!; wait $!"#;

    /// A server on a port that was free, if there is a program for it.
    fn server(folder: &Path) -> Option<(Child, u16)> {
        let program = std::env::var("OBS_NATS_SERVER");
        let Ok(program) = program else {
            assert!(
                std::env::var_os("CI").is_none(),
                "OBS_NATS_SERVER is not set, and here nothing is left out"
            );
            println!("left out: OBS_NATS_SERVER is not set; run `cargo xtask test tracers`");
            return None;
        };
        let free = TcpListener::bind("127.0.0.1:0").expect("there are ports");
        let port = free.local_addr().expect("it has one").port();
        drop(free);
        let at = port.to_string();
        let child = Command::new("sh")
            .args([
                "-c",
                KEEP,
                "sh",
                &program,
                "-js",
                "-a",
                "127.0.0.1",
                "-p",
                &at,
                "-sd",
            ])
            .arg(folder)
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("there is a shell");
        wait_for(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        Some((child, port))
    }

    #[test]
    fn events_are_sent_and_looked_at_and_dead_letters_go_back() {
        let place = Place::new("nats");
        let Some((mut child, port)) = server(&place.root.join("bus")) else {
            return;
        };
        let bus = format!("nats://127.0.0.1:{port}");
        let on = |arguments: &[&str]| on(&place, &bus, arguments);
        let missing = on(&["tail", "user.registered.v2"]);
        assert!(
            missing.err.contains("the bus has no topics yet"),
            "{}",
            missing.err
        );
        on(&["emit", "user.registered", "--data", DATA]).fine();
        let tail = ["tail", "user.registered.v2", "--from", "start"];
        let seen = r#"{"userId":"user-1","email":"***","plan":"TEAM"}"#;
        assert_eq!(on(&tail).fine().matches(seen).count(), 1);
        // A consumer has put it aside.
        let ours = Bus::open(&bus, &[obs_nats::SCHEME]).expect("it is one");
        let mut view = ours
            .look("user.registered.v2", Look::default())
            .expect("it is there");
        let Ok(Sight::Record(record, _)) = view.next(Duration::ZERO) else {
            panic!("there is one");
        };
        let time = "2026-11-20T10:00:00.000000Z";
        let letter = letter(&record, "handler", "mails", time, None);
        ours.send_confirmed(&letter.as_record())
            .wait()
            .expect("it is taken");
        assert!(on(&["dlq", "list"]).fine().contains("handler"));
        on(&["dlq", "replay"]).fine();
        assert_eq!(on(&tail).fine().matches(seen).count(), 2);
        // It is not sent a second time.
        on(&["dlq", "replay"]).fine();
        assert_eq!(on(&tail).fine().matches(seen).count(), 2);
        drop(child.stdin.take());
        child.wait().expect("it ends");
    }
}

#[cfg(feature = "http")]
mod http {
    use super::{DATA, on};
    use crate::bus::Place;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;

    /// An endpoint that answers one request with this, and gives back what was asked.
    fn endpoint(answer: &'static str) -> (u16, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there are ports");
        let port = listener.local_addr().expect("it has one").port();
        let asked = std::thread::spawn(move || {
            let (stream, _) = listener.accept().expect("somebody asks");
            let mut reader = BufReader::new(stream);
            let mut text = String::new();
            while !text.ends_with("\r\n\r\n") {
                assert!(reader.read_line(&mut text).expect("it is text") > 0);
            }
            let length = text.to_lowercase();
            let length = length
                .split("content-length: ")
                .nth(1)
                .expect("it has a body");
            let length = length.split("\r\n").next().expect("a line");
            let mut body = vec![0; length.parse().expect("a number")];
            reader.read_exact(&mut body).expect("all of it");
            let head = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
            let mut stream = reader.into_inner();
            stream.write_all(head.as_bytes()).expect("it listens");
            text + &String::from_utf8_lossy(&body)
        });
        (port, asked)
    }

    #[test]
    fn an_event_is_posted_or_its_refusal_told() {
        let place = Place::new("http");
        let emit = ["emit", "user.registered", "--data", DATA];
        let (port, asked) = endpoint("204 No Content");
        let bus = format!("http://shop:p%40%2F@127.0.0.1:{port}/hook%20s?mode=structured");
        on(&place, &bus, &emit).fine();
        let asked = asked.join().expect("it was asked");
        for part in [
            "POST /hook%20s HTTP/1.1",
            // `shop:p@/`
            "authorization: Basic c2hvcDpwQC8=",
            "content-type: application/cloudevents+json",
            r#""type":"user.registered""#,
        ] {
            assert!(asked.contains(part), "no `{part}` in {asked}");
        }
        let (port, asked) = endpoint("403 Forbidden");
        let bus = format!("http://127.0.0.1:{port}/");
        let refused = on(&place, &bus, &emit);
        asked.join().expect("it was asked");
        assert_eq!(refused.code, Some(2));
        assert!(refused.err.contains("403 Forbidden"), "{}", refused.err);
        assert!(!refused.err.contains("ada@"), "{}", refused.err);
    }

    #[test]
    fn an_endpoint_shows_nobody_what_it_has() {
        let place = Place::new("http-tail");
        let bus = "http://127.0.0.1:9/";
        for arguments in [&["tail", "user.registered.v2"][..], &["dlq", "list"]] {
            let refused = on(&place, bus, arguments);
            assert_eq!(refused.code, Some(2));
            assert!(
                refused
                    .err
                    .contains("of Kafka and of NATS can be looked at"),
                "{}",
                refused.err
            );
        }
    }
}
