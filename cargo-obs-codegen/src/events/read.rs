//! What a record holds, as far as it may be seen.

use super::hide::hidden;
use super::{Events, Known};
use obs_model::model::Dialect;
use obs_runtime::Record;
use obs_runtime::event::Encoding;
use obs_runtime::untyped::{Seen, Unknown};
use obs_schema::avro::Plan;
use obs_schema::avro::dynamic::{self, Options};
use obs_schema::framing::{Compression, Framing};
use obs_schema::json::Json;

/// What a record holds.
#[derive(Debug)]
pub(crate) enum Content {
    /// An event.
    Payload {
        json: Json,
        /// The version it is shown as.
        version: String,
        /// What is wrong with it.
        trouble: Vec<String>,
    },
    /// That what the key stands for is gone.
    Gone,
    /// That a letter of its topic was sent again.
    Replayed(String),
    /// What a consumer has kept of the body of a dead letter, in a word, and what there is of it.
    Kept(String, Option<Json>),
    /// It cannot be told, and why.
    Unread { reason: String, raw: Raw },
}

/// What can be shown of a body nobody understands.
#[derive(Debug)]
pub(crate) enum Raw {
    Json(Json),
    /// The first bytes in base 16, and how many there are.
    Hex(String, usize),
    /// It may hold what is not to be seen.
    Hidden(usize),
}

/// So many bytes are enough to recognise something.
const HEX: usize = 64;

impl<'p> Events<'p> {
    /// What a record holds, and of which version it is: as that version, or as the newest one.
    pub(crate) fn read<'r>(
        &self,
        record: &Record<'r>,
        as_sent: bool,
    ) -> (Seen<'r>, Option<&Known<'p>>, Content) {
        let topic = record.headers.text("dlq-topic").unwrap_or(record.topic);
        let origin = Record { topic, ..*record };
        let seen = self.catalogue.read(&origin);
        let known = match seen.about {
            Ok(about) | Err(Unknown::Version(about) | Unknown::Envelope(about)) => {
                self.known(about)
            }
            Err(_) => None,
        };
        let content = self.content(record, topic, &seen, known, as_sent);
        (seen, known, content)
    }

    fn content(
        &self,
        record: &Record<'_>,
        topic: &str,
        seen: &Seen<'_>,
        known: Option<&Known<'p>>,
        as_sent: bool,
    ) -> Content {
        if let Some(which) = record.headers.text("dlq-replayed") {
            return Content::Replayed(which.to_owned());
        }
        let Some(body) = record.body else {
            return Content::Gone;
        };
        if let Some(kept) = record.headers.text("dlq-body") {
            let json = Json::parse(body).ok().zip(known);
            let json = json
                .map(|(json, known)| hidden(known.model, known.model.get(known.event.ty), &json));
            return Content::Kept(kept.to_owned(), json);
        }
        let unread = |reason: String| Content::Unread {
            reason,
            raw: self.raw(body, topic, seen),
        };
        let known = match (seen.about, known) {
            (Ok(_), Some(known)) => known,
            (Err(Unknown::Version(_)), _) => {
                let version = seen.version.as_deref().unwrap_or("this");
                return unread(format!("no spec describes version {version} of the event"));
            }
            (Err(Unknown::Envelope(_)), _) => {
                return unread("what is around the payload cannot be read".to_owned());
            }
            _ => {
                return unread(match seen.event_type.as_deref() {
                    Some(event_type) => format!("no spec describes `{event_type}`"),
                    None => "no spec describes this topic, and the record says no type".to_owned(),
                });
            }
        };
        if let Framing::Glue {
            compression: Compression::Zlib,
            ..
        } = seen.framing
        {
            return unread("its payload is compressed".to_owned());
        }
        let mut reason = String::new();
        for payload in &seen.payloads {
            match known.decode(payload) {
                Ok((json, trouble)) => return self.payload(known, json, trouble, as_sent),
                Err(error) if reason.is_empty() => reason = error,
                Err(_) => {}
            }
        }
        unread(reason)
    }

    fn payload(
        &self,
        known: &Known<'p>,
        json: Json,
        trouble: Vec<String>,
        as_sent: bool,
    ) -> Content {
        let newest = self
            .newest(known)
            .filter(|_| !as_sent && trouble.is_empty());
        let newer = newest.filter(|newest| !std::ptr::eq(newest.event, known.event));
        let (json, of) = match newer.and_then(|newer| Some((known.resolve(newer, &json)?, newer))) {
            Some(resolved) => resolved,
            None => (json, known),
        };
        let def = of.model.get(of.event.ty);
        Content::Payload {
            json: hidden(of.model, def, &json),
            version: of.event.version.to_string(),
            trouble,
        }
    }

    fn raw(&self, body: &[u8], topic: &str, seen: &Seen<'_>) -> Raw {
        if self.guarded(topic, seen.event_type.as_deref()) {
            return Raw::Hidden(body.len());
        }
        if let Ok(json @ (Json::Object(_) | Json::Array(_))) = Json::parse(body) {
            return Raw::Json(json);
        }
        let start = &body[..body.len().min(HEX)];
        let hex = start.iter().map(|byte| format!("{byte:02x}")).collect();
        Raw::Hex(hex, body.len())
    }
}

impl Known<'_> {
    /// The value of a payload, and what is wrong with it.
    fn decode(&self, payload: &[u8]) -> Result<(Json, Vec<String>), String> {
        if self.about.encoding == Encoding::Avro {
            let schema = self.avro().ok_or("the schema cannot be read by itself")?;
            let json = dynamic::decode(schema, payload, &Options::default());
            return Ok((json.map_err(|error| error.to_string())?, Vec::new()));
        }
        let json = Json::parse(payload).map_err(|error| error.to_string())?;
        let violations = self.violations(&json)?;
        Ok((json, violations))
    }

    /// Everything that is wrong with a value: where, and which rule, and never the value.
    pub(crate) fn violations(&self, json: &Json) -> Result<Vec<String>, String> {
        let unreadable = "the schema cannot be read by itself";
        Ok(match self.event.dialect {
            Dialect::Avro => {
                let schema = self.avro().ok_or(unreadable)?;
                let violations = dynamic::validate(schema, json, &Options::default());
                violations.iter().map(ToString::to_string).collect()
            }
            Dialect::JsonSchema | Dialect::Rust => {
                let violations = self.validator().ok_or(unreadable)?.validate(json);
                violations.iter().map(ToString::to_string).collect()
            }
        })
    }

    /// A value as the newest version has it, by the rules of Avro; none if they do not lead there.
    fn resolve(&self, newest: &Known<'_>, json: &Json) -> Option<Json> {
        let (writer, reader) = (self.avro()?, newest.avro()?);
        let plan = self.plan.get_or_init(|| Plan::lenient(writer, reader).ok());
        let (mut written, mut resolved) = (Vec::new(), Vec::new());
        dynamic::encode(writer, json, &Options::default(), &mut written).ok()?;
        plan.as_ref()?.run(&written, &mut resolved).ok()?;
        let options = Options {
            resolved: true,
            ..Options::default()
        };
        dynamic::decode(reader, &resolved, &options).ok()
    }
}
