//! What holds for HTTP alone: what requests of others become, and what becomes of records when the other side answers
//! as it likes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use obs_http::{Confirm, HttpOptions, Mode};
use obs_runtime::bus::{BusErrorKind, Sending};
use obs_runtime::metric::{Format, exposition};
use obs_runtime::{Bus, Record};

use crate::broker::LONG;
use crate::process::free_port;

/// The end of a test of [`scripted`].
struct Script {
    url: String,
    /// The first request is there.
    opened: Receiver<()>,
    /// It may be answered.
    go: Sender<()>,
    asked: Arc<Mutex<Vec<String>>>,
}

/// Answers the first request when it is told to, each other one with the next of these, and keeps what was asked.
/// `slow` is no answer at all.
fn scripted(answers: &'static [&'static str]) -> Script {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let keeps = Arc::clone(&asked);
    let ((opens, opened), (go, told)) = (channel(), channel());
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for (at, answer) in ["204"].iter().chain(answers).enumerate() {
            let (mut stream, _) = listener.accept().unwrap();
            let request = request(&mut stream);
            match at {
                0 => {
                    opens.send(()).unwrap();
                    told.recv().unwrap();
                }
                _ => keeps.lock().unwrap().push(request),
            }
            if *answer == "slow" {
                held.push(stream);
                continue;
            }
            let (status, headers) = answer.split_once('|').unwrap_or((answer, ""));
            write!(
                stream,
                "HTTP/1.1 {status} X\r\n{headers}connection: close\r\ncontent-length: 0\r\n\r\n"
            )
            .unwrap();
        }
    });
    Script {
        url,
        opened,
        go,
        asked,
    }
}

/// Head and body of a request.
fn request(stream: &mut TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut text).unwrap() > 0, "{text}");
    }
    let length = text.to_lowercase();
    let length = length.split("content-length: ").nth(1).unwrap();
    let length = length.split("\r\n").next().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    text + &String::from_utf8(body).unwrap()
}

/// Each answer, and what becomes of three records that leave together: what is said to who waits for each, and which of
/// them stood in each request.
#[test]
fn what_the_other_side_answers_decides_what_becomes_of_records() {
    for (answers, outcomes, requests) in [
        (&["204"][..], ["ok"; 3], &["abc"][..]),
        // Not now: all of it again, or what is said to be missing.
        (&["503", "500", "200"], ["ok"; 3], &["abc", "abc", "abc"]),
        (&["429|obs-taken: 2\r\n", "204"], ["ok"; 3], &["abc", "c"]),
        // Not at all: the one that is named, or one by one.
        (
            &["422|obs-taken: 1\r\n", "204"],
            ["ok", "Rejected", "ok"],
            &["abc", "c"],
        ),
        (
            &["400", "204", "413", "204"],
            ["ok", "Rejected", "ok"],
            &["abc", "a", "b", "c"],
        ),
        // Nobody is sent elsewhere.
        (
            &["307|location: http://127.0.0.1:1/\r\n", "401", "401", "401"],
            ["Rejected"; 3],
            &["abc", "a", "b", "c"],
        ),
        (&["slow", "204"], ["ok"; 3], &["abc", "abc"]),
    ] {
        let script = scripted(answers);
        let bus = HttpOptions::new(&script.url)
            .with_confirm(Confirm::Delivered)
            .with_timeout(Duration::from_millis(300))
            .open()
            .unwrap();
        let send = |body: &'static str| bus.send(&Record::new("t", body.as_bytes()));
        // The three leave together, behind one whose request is open until all of them are there.
        let first = send("");
        script.opened.recv_timeout(LONG).unwrap();
        let sent = ["\"a\"", "\"b\"", "\"c\""].map(send);
        script.go.send(()).unwrap();
        first.wait().unwrap();
        let said: Vec<String> = sent.into_iter().map(outcome).collect();
        assert_eq!(said, outcomes, "{answers:?}");
        let asked = script.asked.lock().unwrap();
        let stood: Vec<String> = asked.iter().map(|request| which(request)).collect();
        assert_eq!(stood, requests, "{answers:?}");
    }
}

fn which(request: &str) -> String {
    let has = |letter: &&str| request.contains(&format!("\"data\":\"{letter}\""));
    ["a", "b", "c"].into_iter().filter(has).collect()
}

fn outcome(sending: Sending) -> String {
    match sending.wait() {
        Ok(_) => "ok".to_owned(),
        Err(error) => format!("{:?}", error.kind()),
    }
}

#[test]
fn an_endpoint_that_never_answers_is_given_up_and_what_was_for_it_is_handed_back() {
    let lost: Arc<Mutex<Vec<BusErrorKind>>> = Arc::default();
    let keep = Arc::clone(&lost);
    let bus = HttpOptions::new(&format!("http://user:hunter2@127.0.0.1:{}/", free_port()))
        .with_give_up(Duration::from_millis(60))
        .when_lost(move |lost| {
            assert!(!lost.error.to_string().contains("hunter2"));
            keep.lock().unwrap().push(lost.error.kind());
        })
        .open()
        .unwrap();
    bus.send(&Record::new("t", b"1")).wait().unwrap();
    assert!(bus.flush().wait_for(LONG));
    assert_eq!(*lost.lock().unwrap(), [BusErrorKind::Unavailable]);
    let text = String::from_utf8(exposition(Format::Text)).unwrap();
    let counted = "http_bus_records_lost_total{cause=\"unavailable\"}";
    let counted = text.lines().find(|line| line.starts_with(counted));
    assert!(counted.is_some_and(|line| !line.ends_with(" 0")), "{text}");
}

#[test]
fn the_end_of_a_bus_whose_endpoint_is_away_comes_in_time() {
    let lost: Arc<Mutex<Vec<BusErrorKind>>> = Arc::default();
    let keep = Arc::clone(&lost);
    let bus = HttpOptions::new(&format!("http://127.0.0.1:{}/", free_port()))
        .with_patience(Duration::from_millis(20))
        .when_lost(move |lost| keep.lock().unwrap().push(lost.error.kind()))
        .open()
        .unwrap();
    let confirmed = bus.send_confirmed(&Record::new("t", b"1"));
    drop(bus);
    assert_eq!(confirmed.wait().unwrap_err().kind(), BusErrorKind::Closed);
    assert!(lost.lock().unwrap().is_empty());
}

/// A server of ours with a receiver, for requests as others make them.
fn receiving(receiver: obs_http::Receiver) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let app = axum::Router::new().nest("/events", receiver.router());
            axum::serve(listener, app).await.unwrap();
        });
    });
    url
}

/// The status, and the headers that matter.
fn post(url: &str, kind: &str, headers: &str, body: &str) -> (u16, Option<String>, Option<String>) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut request = agent.post(url).header("content-type", kind);
    for (name, value) in headers.lines().filter_map(|line| line.split_once(": ")) {
        request = request.header(name, value);
    }
    let response = request.send(body).unwrap();
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    (
        response.status().as_u16(),
        header("retry-after"),
        header("obs-taken"),
    )
}

const EVENT: &str =
    r#"{"specversion":"1.0","id":"1","source":"s","type":"t","topic":"a","data":1}"#;

#[test]
fn requests_are_answered_by_what_became_of_their_events() {
    let bus = Bus::memory(3);
    let url = receiving(
        obs_http::Receiver::new(&bus)
            .with_topics(&["a"])
            .with_token("open sesame")
            .with_max_bytes(1_000)
            .with_max_events(4),
    );
    let json = "application/cloudevents+json; charset=utf-8";
    let batch = "application/cloudevents-batch+json";
    let known = "authorization: Bearer open sesame";
    let binary =
        format!("{known}\nce-specversion: 1.0\nce-id: 1\nce-source: s\nce-type: t\nce-topic: a");
    let elsewhere = EVENT.replace("\"a\"", "\"b\"");
    let [two, five] = [2, 5].map(|count| format!("[{}]", vec![EVENT; count].join(",")));
    let large = "1".repeat(1_001);
    let some = |text: &str| Some(text.to_owned());
    for (kind, headers, body, answer, there) in [
        (json, "", EVENT, (401, None, None), 0),
        (
            json,
            "authorization: Bearer open sesamE",
            EVENT,
            (401, None, None),
            0,
        ),
        (json, known, "{", (400, None, None), 0),
        (json, known, &elsewhere, (422, None, some("0")), 0),
        (json, known, &large, (413, None, None), 0),
        (batch, known, &five, (400, None, None), 0),
        ("text/plain", known, EVENT, (415, None, None), 0),
        (json, known, EVENT, (204, None, None), 1),
        ("application/json", &binary, "1", (204, None, None), 2),
        // One finds room, and the other does not for as long as a request waits.
        (batch, known, &two, (429, some("1"), some("1")), 3),
    ] {
        assert_eq!(
            post(&url, kind, headers, body),
            answer,
            "{kind} {headers} {body:.20}"
        );
        assert_eq!(
            bus.depth().unwrap().records,
            there,
            "{kind} {headers} {body:.20}"
        );
    }
    bus.close();
    assert_eq!(post(&url, json, known, EVENT), (503, some("1"), some("0")));
}

/// The answer comes behind the end of the work, and not when its time is over before.
#[test]
fn a_request_waits_for_who_is_done_with_its_events() {
    let json = "application/cloudevents+json";
    let (receiver, bus) = obs_http::Receiver::until_settled(&Bus::memory(10));
    let url = receiving(receiver.with_patience(LONG));
    let mut member = bus.subscribe(&["a"], "g").unwrap();
    let (tells, told) = channel();
    std::thread::spawn(move || tells.send(post(&url, json, "", EVENT)));
    let first = member.next_blocking(LONG).expect("it comes");
    assert_eq!(first.attempt(), 1);
    first.nack();
    let second = member.next_blocking(LONG).expect("it comes again");
    assert_eq!(second.attempt(), 2);
    assert!(told.try_recv().is_err(), "nobody is done with it");
    second.ack();
    assert_eq!(told.recv_timeout(LONG), Ok((204, None, None)));

    let (receiver, bus) = obs_http::Receiver::until_settled(&Bus::memory(10));
    let url = receiving(receiver.with_patience(Duration::from_millis(20)));
    let mut member = bus.subscribe(&["a"], "g").unwrap();
    let again = Some("1".to_owned());
    let none = Some("0".to_owned());
    assert_eq!(post(&url, json, "", EVENT), (503, again, none));
    // The bus has it still.
    member.next_blocking(LONG).expect("it comes").ack();
}

#[test]
fn a_binary_record_passes_a_server_with_a_token() {
    let inbox = Bus::memory(10);
    let url = receiving(obs_http::Receiver::new(&inbox).with_token("open sesame"));
    let url = url.strip_prefix("http:").unwrap();
    let bus = Bus::open(
        &format!("http:{url}?mode=binary&confirm=delivered&token=open%20sesame"),
        &[obs_http::SCHEME],
    )
    .unwrap();
    let record = Record {
        key: Some(b"\xff"),
        ..Record::new("a", b"\xfe")
    };
    bus.send(&record).wait().unwrap();
    assert_eq!(inbox.take().unwrap().as_record(), record);
    assert_eq!(Mode::default(), Mode::Batch);
}

#[test]
fn an_address_says_what_is_wrong_with_it() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = port.local_addr().unwrap();
    for (address, wrong) in [
        (
            "http://a/?mode=loud".to_owned(),
            "`http:`: `mode` is one of batch, structured, binary",
        ),
        ("http:".to_owned(), "its address is no URL"),
        (
            "http://a/?inbox=memory:".to_owned(),
            "`inbox` is where a bus with `listen` keeps what comes in",
        ),
        (
            "http://a/?secret=1".to_owned(),
            "`http:`: it has no setting `secret`",
        ),
        (
            format!("http://{taken}/?listen={taken}"),
            "it cannot listen at",
        ),
    ] {
        let error = Bus::open(&address, &[obs_http::SCHEME]).unwrap_err();
        assert!(error.reason().starts_with(wrong), "{address}: {error}");
    }
    let sends = Bus::open("http://127.0.0.1:1/", &[obs_http::SCHEME]).unwrap();
    let error = sends.subscribe(&["t"], "g").unwrap_err();
    assert_eq!(error.kind(), BusErrorKind::Unsupported);
}
