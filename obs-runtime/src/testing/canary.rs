//! Does anything sensitive leave an event but in its payload?

mod marked;
#[cfg(all(test, not(any(feature = "off-logs", feature = "off-spans"))))]
mod tests;

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use obs_schema::json::Json;

use self::marked::Marked;
use super::{Fault, FaultyBus, Recorder};
use crate::bus::{Bus, OwnedRecord, Record, Sending, Transport};
use crate::codec::JsonCodec;
use crate::envelope;
use crate::event::Event;
use crate::publish::{ContentMode, Publisher, Retry, WhenFull};

/// Fills every sensitive field of these events with a canary and looks for it in all that is told of them: spans, log
/// lines, metrics with their exemplars, headers, keys, envelopes, errors, and what is printed when something falls.
///
/// What is sensitive, the descriptor and the schema of the event say. The events are published where all is well and
/// where it is not: a bus that is down, full, rejecting, too small or falling. Then canaries come in where they do not
/// belong, as other types, as symbols and as names, and refusals are looked through.
///
/// ```
/// use obs_runtime::{Event, Pii, testing};
///
/// #[derive(Clone, Debug, Event)]
/// #[event(event = "user.registered", version = "1.0.0", topic = "users")]
/// struct UserRegistered {
///     #[event(key)]
///     id: String,
///     #[event(pii = "hash", log)]
///     email: Pii<String>,
/// }
///
/// let sample = UserRegistered { id: "user-123".into(), email: Pii::new("ada@example.com".into()) };
/// testing::assert_nothing_leaks(&[sample]);
/// ```
///
/// A field that no canary fits into, such as an enum, is watched by its own value where that has six characters.
///
/// # Panics
///
/// Something leaks: the message says what and where. Or a sensitive field is empty in all samples, or none is
/// sensitive: what was not there was not tested.
#[track_caller]
pub fn assert_nothing_leaks<E: Event + JsonCodec + fmt::Debug>(samples: &[E]) {
    let why = test(samples);
    assert!(why.is_none(), "{}", why.unwrap_or_default());
}

/// What is wrong, if anything is.
fn test<E: Event + JsonCodec + fmt::Debug>(samples: &[E]) -> Option<String> {
    let mut marked = Marked::of(E::DESCRIPTOR);
    if marked.is_empty() {
        return Some(format!("no field of `{}` is sensitive", E::EVENT_TYPE));
    }
    for sample in samples {
        let mut probe = match Probe::of(sample) {
            Ok(probe) => probe,
            Err(why) => return Some(why),
        };
        probe.fill(&mut marked);
        probe.outwards();
        probe.inwards(&marked);
        if !probe.found.is_empty() {
            return Some(probe.found.join("\n"));
        }
    }
    let empty: Vec<&str> = marked.empty().collect();
    (!empty.is_empty()).then(|| {
        format!(
            "no sample of `{}` has anything in {}",
            E::EVENT_TYPE,
            empty.join(", ")
        )
    })
}

/// The way to a part of a JSON value.
#[derive(Clone, PartialEq, Debug)]
enum Step {
    Member(String),
    Item(usize),
}

type Path = Vec<Step>;

fn part<'j>(value: &'j mut Json, path: &[Step]) -> Option<&'j mut Json> {
    let mut node = value;
    for step in path {
        node = match (step, node) {
            (Step::Member(name), Json::Object(members)) => {
                let found = members.iter_mut().find(|(known, _)| known == name);
                &mut found?.1
            }
            (Step::Item(at), Json::Array(items)) => items.get_mut(*at)?,
            _ => return None,
        };
    }
    Some(node)
}

/// Everything below a value that is no list and no object.
fn leaves(value: &Json, path: &mut Path, all: &mut Vec<Path>) {
    match value {
        Json::Object(members) => {
            for (name, value) in members {
                path.push(Step::Member(name.clone()));
                leaves(value, path, all);
                path.pop();
            }
        }
        Json::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                path.push(Step::Item(at));
                leaves(value, path, all);
                path.pop();
            }
        }
        Json::Null => {}
        _ => all.push(path.clone()),
    }
}

/// A sample on its way through everything.
struct Probe<E> {
    event: E,
    json: Json,
    /// What must not be seen.
    watched: Vec<String>,
    found: Vec<String>,
}

/// Shorter texts are everywhere.
const SHORTEST: usize = 6;

/// The mark of a canary that is tried where it does not belong.
const STRANGER: &str = "7f3a0bad";

impl<E: Event + JsonCodec + fmt::Debug> Probe<E> {
    fn of(sample: &E) -> Result<Probe<E>, String> {
        let mut text = Vec::new();
        let encoded = sample.encode_json(&mut text);
        encoded.map_err(|error| format!("a sample cannot be written: {error}"))?;
        let json = Json::parse(&text).map_err(|error| format!("a sample is no JSON: {error}"))?;
        Ok(Probe {
            event: sample.clone(),
            json,
            watched: Vec::new(),
            found: Vec::new(),
        })
    }

    /// Puts a canary of its own into each sensitive place.
    fn fill(&mut self, marked: &mut Marked) {
        let mut all = Vec::new();
        leaves(&self.json, &mut Path::new(), &mut all);
        for (number, path) in all.iter().enumerate() {
            let within = path.iter().find_map(|step| match step {
                Step::Member(name) if marked.has(name) => Some(name.clone()),
                Step::Member(_) => None,
                Step::Item(_) => None,
            });
            let Some(name) = within else {
                continue;
            };
            marked.fill(&name);
            self.canary(path, number);
        }
    }

    fn canary(&mut self, path: &Path, number: usize) {
        let Some(own) = part(&mut self.json, path).cloned() else {
            return;
        };
        let mark = format!("7f3a{:04x}", number & 0xffff);
        let digits = 730_100_000 + (number as i64 & 0xffff);
        let texts = [
            format!("canary-{mark}"),
            mark.clone(),
            format!("{mark}@example.com"),
            format!("https://example.com/{mark}"),
            format!("{mark}-0000-4000-8000-000000000000"),
        ];
        let mut tries: Vec<(Json, String)> = Vec::new();
        for text in &texts {
            tries.push((Json::from(text.as_str()), mark.clone()));
        }
        let number = digits.to_string();
        tries.push((Json::from(number.as_str()), number.clone()));
        tries.push((Json::from(digits), number));
        for (value, watched) in tries {
            if let Some(event) = self.with(path, value) {
                self.event = event;
                self.watched.push(watched);
                return;
            }
        }
        // It takes nothing but what it has.
        let mut text = String::new();
        own.write(&mut text);
        let text = text.trim_matches('"').to_owned();
        self.with(path, own);
        if text.len() >= SHORTEST {
            self.watched.push(text);
        }
    }

    /// The event with another value in one place, if it is one, and a valid one.
    fn with(&mut self, path: &Path, value: Json) -> Option<E> {
        *part(&mut self.json, path)? = value;
        let mut text = String::new();
        self.json.write(&mut text);
        let event = E::decode_json(text.as_bytes()).ok()?;
        event.validate().is_ok().then_some(event)
    }

    fn silent(&mut self, what: &str, text: &str) {
        for watched in &self.watched {
            if text.contains(watched.as_str()) {
                self.found
                    .push(format!("{what} of `{}` sings: {text}", E::EVENT_TYPE));
                return;
            }
        }
    }

    fn error(&mut self, what: &str, error: &(dyn Error + 'static)) {
        let mut text = format!("{error} {error:?}");
        let mut source = error.source();
        while let Some(error) = source {
            text = format!("{text} {error} {error:?}");
            source = error.source();
        }
        self.silent(what, &text);
    }

    /// Publishes it where all is well, and where it is not.
    fn outwards(&mut self) {
        let recorder = Recorder::new();
        let context = recorder.context();
        let faulty = FaultyBus::new();
        let publisher = E::publisher(&faulty.bus())
            .with_retry(Retry::NEVER)
            .when_full(WhenFull::Fail);
        let structured = publisher.clone().with_content_mode(ContentMode::Structured);
        let event = self.event.clone();
        let outcomes = [
            publisher.publish_with_blocking(&context, &event),
            structured.publish_with_blocking(&context, &event),
        ];
        for error in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
            self.error("an error", error);
        }
        let attached = context.attach();
        let both = [event.clone(), event.clone()];
        if let Err(error) = publisher.publish_batch_blocking(&both) {
            self.error("an error of a batch", &error);
        }
        match publisher.prepare(&event) {
            Ok(record) => self.record(&record),
            Err(error) => self.error("an error", &error),
        }
        drop(attached);
        for record in faulty.drain() {
            self.record(&record);
        }
        for fault in [
            Fault::Down,
            Fault::Full,
            Fault::Rejecting,
            Fault::TooLarge { limit: 1 },
        ] {
            // An audited event waits for room, and here nobody makes any.
            if fault == Fault::Full && E::DESCRIPTOR.audit {
                continue;
            }
            faulty.set(fault);
            if let Err(error) = publisher.publish_with_blocking(&context, &event) {
                self.error("an error", &error);
            }
        }
        let falling: Publisher<E> = E::publisher(&Bus::new(Falling));
        let fall = || falling.publish_with_blocking(&context, &event);
        if let Err(said) = catch_unwind(AssertUnwindSafe(fall)) {
            let text = said.downcast_ref::<String>().cloned().unwrap_or_default();
            self.silent("a panic", &text);
        }
        self.silent("the telemetry", &recorder.everything());
        self.silent("what a panic prints", &format!("{event:?}"));
    }

    /// All of a record but its payload.
    fn record(&mut self, record: &OwnedRecord) {
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.silent("the key", &lossy(record.key().unwrap_or_default()));
        let mut headers = record.topic().to_owned();
        for header in record.headers().iter() {
            let value = header.text().unwrap_or_default();
            headers = format!("{headers}\n{}: {value}", header.name);
        }
        self.silent("a header", &headers);
        let body = record.body().unwrap_or_default();
        let payload = envelope::payload(E::DESCRIPTOR, None, &record.as_record());
        let mut around = body.to_vec();
        if let Some(payload) = payload.filter(|payload| !payload.is_empty()) {
            let at = body
                .windows(payload.len())
                .position(|part| part == &*payload);
            if let Some(at) = at {
                around.drain(at..at + payload.len());
                self.silent("the envelope", &lossy(&around));
            }
        }
    }

    /// Brings canaries in where they do not belong: whoever refuses them does not repeat them.
    fn inwards(&mut self, marked: &Marked) {
        self.watched.push(STRANGER.to_owned());
        let text = || Json::from(format!("canary-{STRANGER}").as_str());
        let named = |value: Json| Json::Object(vec![(format!("canary-{STRANGER}"), value)]);
        // Names of members are told where no member has that name, unless all of it is sensitive.
        let strangers = [
            text(),
            Json::Array(vec![Json::Array(vec![text()])]),
            named(text()),
            named(Json::Array(vec![text()])),
        ];
        let nameless = &strangers[..2];
        let mut all = Vec::new();
        leaves(&self.json, &mut Path::new(), &mut all);
        // The fields as a whole too.
        for (name, _) in self.json.as_object().unwrap_or_default() {
            all.push(vec![Step::Member(name.clone())]);
        }
        let whole = self.json.clone();
        for path in &all {
            let secret = path.iter().any(|step| match step {
                Step::Member(name) => marked.has(name),
                Step::Item(_) => false,
            });
            let strangers = if secret { &strangers } else { nameless };
            for stranger in strangers {
                self.json = whole.clone();
                let Some(place) = part(&mut self.json, path) else {
                    continue;
                };
                *place = stranger.clone();
                let mut text = String::new();
                self.json.write(&mut text);
                self.stranger(text.as_bytes(), secret);
            }
        }
        self.json = whole;
        let mut body = Vec::new();
        if self.event.encode_body(&mut body).is_ok() {
            for length in 0..body.len() {
                if let Err(error) = E::decode_body(&body[..length]) {
                    self.error("a decode error", &error);
                }
            }
        }
    }

    /// Reads what somebody sent. What stands in a field that is not sensitive may be told.
    fn stranger(&mut self, text: &[u8], secret: bool) {
        let event = match E::decode_json(text) {
            Ok(event) => event,
            Err(error) => return self.error("a decode error", &error),
        };
        if let Err(violations) = event.validate() {
            self.error("a violation", &violations);
        }
        let recorder = Recorder::new();
        let publisher = E::publisher(&Bus::null());
        if let Err(error) = publisher.publish_with_blocking(&recorder.context(), &event) {
            self.error("an error", &error);
        }
        if secret {
            self.silent("the telemetry", &recorder.everything());
        }
    }
}

/// A bus that falls, without a word.
#[derive(Debug)]
struct Falling;

impl Transport for Falling {
    fn system(&self) -> &'static str {
        "falling"
    }

    fn send(&self, _: &Record<'_>) -> Sending {
        resume_unwind(Box::new(String::from("it fell")))
    }
}
