//! Events of CloudEvents as records: those of ours exactly as they were sent, those of others as they stand.
//!
//! What is sent here is somebody else's: it is bounded in depth and count, and what is wrong with it is said without
//! saying what stood there.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use obs_runtime::Record;
use obs_runtime::bus::{Header, OwnedRecord, text};
use obs_runtime::wire::json::Reader;

use crate::event::{OURS, STRUCTURED};

/// Why a request is not taken: it is malformed.
pub(crate) type Wrong = &'static str;

/// What is read of an event.
#[derive(Default)]
struct Parts {
    topic: Option<String>,
    key: Option<Vec<u8>>,
    headers: Vec<(String, Vec<u8>)>,
    /// `recordbody`.
    form: Option<String>,
    data: Option<Vec<u8>>,
    subject: Option<String>,
    /// Which of the required attributes are there.
    required: [bool; 4],
}

const REQUIRED: [(&str, Wrong); 4] = [
    ("specversion", "an event without `specversion` 1.0"),
    ("id", "an event without `id`"),
    ("source", "an event without `source`"),
    ("type", "an event without `type`"),
];

/// The records of a batch.
pub(crate) fn batch(
    body: &[u8],
    usual_topic: Option<&str>,
    most: usize,
) -> Result<Vec<OwnedRecord>, Wrong> {
    let mut reader = Reader::new(body);
    let mut records = Vec::new();
    let mut wrong = None;
    let read = reader.elements(|reader, _| {
        let event = reader.raw()?;
        if wrong.is_none() {
            if records.len() == most {
                wrong = Some("more events than a request may have");
            } else {
                match structured(event.as_bytes(), usual_topic) {
                    Ok(record) => records.push(record),
                    Err(why) => wrong = Some(why),
                }
            }
        }
        Ok(())
    });
    if read.and_then(|()| reader.finish()).is_err() {
        return Err("not an array of JSON, or one too deep");
    }
    wrong.map_or(Ok(records), Err)
}

/// The record of an event in JSON.
pub(crate) fn structured(event: &[u8], usual_topic: Option<&str>) -> Result<OwnedRecord, Wrong> {
    let mut parts = Parts::default();
    let mut reader = Reader::new(event);
    // Where the members begin that are not ours, as long as those that are come first.
    let (mut others, mut first) = (None, true);
    let mut wrong = None;
    let read = reader.object(|reader, name| {
        let name = name.to_owned();
        first &= OURS.contains(&&*name);
        match &*name {
            "data" => parts.data = Some(reader.raw()?.as_bytes().to_vec()),
            "data_base64" => match STANDARD.decode(&*reader.str()?) {
                Ok(data) => parts.data = Some(data),
                Err(_) => wrong = Some("`data_base64` is no base64"),
            },
            _ => match reader.peek_kind()? {
                obs_runtime::wire::json::Kind::String => {
                    let value = reader.string()?;
                    if let Err(why) = parts.attribute(&name, value) {
                        wrong = Some(why);
                    }
                }
                _ => reader.skip()?,
            },
        }
        if first && name == OURS[4] {
            others = Some(reader.position());
        }
        Ok(())
    });
    if read.and_then(|()| reader.finish()).is_err() {
        return Err("not an object of JSON, or one too deep");
    }
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    parts.check()?;
    let body = match (parts.form.as_deref(), others) {
        (Some("none"), _) => None,
        (Some("data"), _) => Some(parts.data.take().unwrap_or_default()),
        (Some("event"), Some(at)) => {
            let rest = event.get(at..).unwrap_or_default();
            let rest = rest.strip_prefix(b",").unwrap_or(rest);
            Some([b"{", rest].concat())
        }
        _ => {
            parts.headers = vec![("content-type".to_owned(), STRUCTURED.into())];
            Some(event.to_vec())
        }
    };
    parts.record(body, usual_topic)
}

/// The record of an event whose attributes are headers.
pub(crate) fn binary<'h>(
    headers: impl Iterator<Item = (&'h str, &'h [u8])>,
    data: &[u8],
    usual_topic: Option<&str>,
) -> Result<OwnedRecord, Wrong> {
    let mut parts = Parts::default();
    let mut own = Vec::new();
    for (name, value) in headers {
        let Some(attribute) = name.strip_prefix("ce-") else {
            if matches!(
                name,
                "content-type" | "traceparent" | "tracestate" | "baggage"
            ) {
                own.push((name.to_owned(), value.to_vec()));
            }
            continue;
        };
        let value = std::str::from_utf8(value).ok().and_then(|value| {
            let value = value.trim_matches('"');
            String::from_utf8(text::unescape(value)?).ok()
        });
        let value = value.ok_or("a header of an attribute that is no text")?;
        own.push((format!("ce_{attribute}"), value.clone().into_bytes()));
        parts.attribute(attribute, value)?;
    }
    parts.check()?;
    let body = match parts.form.as_deref() {
        Some("none") => None,
        Some(_) => Some(data.to_vec()),
        None => {
            parts.headers = own;
            Some(data.to_vec())
        }
    };
    parts.record(body, usual_topic)
}

impl Parts {
    /// An attribute. The values of those that are not ours are looked at only as far as they matter here.
    fn attribute(&mut self, name: &str, value: String) -> Result<(), Wrong> {
        if let Some(at) = REQUIRED.iter().position(|(known, _)| *known == name) {
            self.required[at] = if at == 0 {
                value == "1.0"
            } else {
                !value.is_empty()
            };
            return Ok(());
        }
        match name {
            "topic" => self.topic = Some(value),
            "partitionkey" => self.key = Some(value.into_bytes()),
            "recordkey" => {
                let key = value.strip_prefix('=').and_then(text::unescape);
                self.key = Some(key.ok_or("`recordkey` is not as it is written")?);
            }
            "recordheaders" => {
                let wrong = "`recordheaders` are not as they are written";
                let read = text::read_headers(&value).ok_or(wrong)?;
                for (name, value) in read {
                    self.headers.push((name, value.ok_or(wrong)?));
                }
            }
            "recordbody" => {
                self.form = Some(value).filter(|form| matches!(&**form, "data" | "none" | "event"));
            }
            "subject" => self.subject = Some(value),
            _ => {}
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Wrong> {
        let missing = self.required.iter().position(|there| !there);
        missing.map_or(Ok(()), |at| Err(REQUIRED[at].1))
    }

    fn record(
        self,
        body: Option<Vec<u8>>,
        usual_topic: Option<&str>,
    ) -> Result<OwnedRecord, Wrong> {
        let topic = self.topic.as_deref().or(usual_topic);
        let topic = match self.form {
            // Of ours; one without a topic has the empty one.
            Some(_) => topic.unwrap_or_default(),
            None => {
                topic.ok_or("an event without `topic`, and there is none for such events here")?
            }
        };
        // Others say by their subject which events belong together.
        let subject = self.subject.as_deref().filter(|_| self.form.is_none());
        let key = self.key.as_deref().or(subject.map(str::as_bytes));
        let headers: Vec<Header<'_>> = self
            .headers
            .iter()
            .map(|(name, value)| Header { name, value })
            .collect();
        let record = Record {
            topic,
            key,
            headers: headers.as_slice().into(),
            body: body.as_deref(),
        };
        Ok(record.owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Sender;

    const HEADERS: [Header<'static>; 5] = [
        Header::new("event-id", "0193"),
        Header::new("event-type", "user.registered"),
        Header {
            name: "Bytes, all",
            value: &[0, 0xff, b'%'],
        },
        Header::new("empty", ""),
        Header::new("event-id", "0194"),
    ];

    const JSON: [Header<'static>; 1] = [Header::new("content-type", "application/json")];
    const AVRO: [Header<'static>; 1] = [Header::new("content-type", "application/avro")];
    const EVENT: [Header<'static>; 1] = [Header::new(
        "content-type",
        "application/cloudevents+json; charset=UTF-8",
    )];

    fn records() -> Vec<Record<'static>> {
        let with = |headers: &'static [Header<'static>], body: &'static [u8]| Record {
            key: Some(b"user-1"),
            headers: headers.into(),
            ..Record::new("user.registered.v2", body)
        };
        vec![
            with(&HEADERS, b"body"),
            with(&JSON, br#"{"a":[1,2.50,"\u00fc"]}"#),
            with(&JSON, b"{ \"a\" : 1 }\n"),
            with(&JSON, b"{\"a\":"),
            with(&JSON, b"null"),
            with(&AVRO, b"12"),
            with(&AVRO, &[0, 0xff]),
            with(
                &EVENT,
                br#"{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"b":1}}"#,
            ),
            with(
                &EVENT,
                br#"{"specversion":"1.0","id":"1","source":"s","type":"t","topic":"mine"}"#,
            ),
            with(&EVENT, b"[]"),
            with(&[], b""),
            Record::new("", b""),
            Record::tombstone("t", b""),
            Record::tombstone("t", &[0xff, b'=', b'\n']),
            Record {
                headers: (&HEADERS).into(),
                ..Record::tombstone("t", "ü \"".as_bytes())
            },
        ]
    }

    #[test]
    fn a_record_comes_out_as_it_went_in() {
        let sender = Sender::new("shop".to_owned());
        let mut together = b"[".to_vec();
        for record in records() {
            let event = sender.structured(&record);
            let read = structured(&event, None).unwrap();
            assert_eq!(read, record.owned(), "{}", String::from_utf8_lossy(&event));
            let binary = sender.binary(&record);
            let read = match binary.content_type.as_deref() {
                Some(STRUCTURED) => structured(&binary.body, None),
                kind => {
                    let kind = kind.map(|kind| ("content-type", kind.as_bytes()));
                    let headers = binary.headers.iter();
                    let headers = headers.map(|(name, value)| (&**name, value.as_bytes()));
                    super::binary(headers.chain(kind), &binary.body, None)
                }
            };
            assert_eq!(read.unwrap(), record.owned(), "{binary:?}");
            together.extend_from_slice(&event);
            together.push(b',');
        }
        together.pop();
        together.push(b']');
        let read = batch(&together, None, records().len()).unwrap();
        let expected: Vec<OwnedRecord> = records().iter().map(Record::owned).collect();
        assert!(read == expected);
        let fewer = batch(&together, None, records().len() - 1);
        assert_eq!(fewer, Err("more events than a request may have"));
    }

    #[test]
    fn others_read_what_is_sent() {
        let headers = [
            Header::new("event-id", "0193"),
            Header::new("event-type", "user.registered"),
            Header::new("traceparent", "00-1-2-01"),
            Header::new("content-type", "application/json"),
        ];
        let record = Record {
            key: Some(b"user-1"),
            headers: (&headers).into(),
            ..Record::new("user.registered.v2", br#"{"plan":"TEAM"}"#)
        };
        let sender = Sender::new("shop".to_owned());
        let event = String::from_utf8(sender.structured(&record)).unwrap();
        assert_eq!(
            event,
            "{\"specversion\":\"1.0\",\"id\":\"0193\",\"source\":\"shop\",\"type\":\"user.registered\",\
             \"traceparent\":\"00-1-2-01\",\"datacontenttype\":\"application/json\",\
             \"topic\":\"user.registered.v2\",\"partitionkey\":\"user-1\",\
             \"recordheaders\":\"event-id=0193,event-type=user.registered,traceparent=00-1-2-01,\
             content-type=application/json\",\"recordbody\":\"data\",\"data\":{\"plan\":\"TEAM\"}}"
        );
        let binary = sender.binary(&record);
        assert_eq!(binary.content_type.as_deref(), Some("application/json"));
        assert_eq!(binary.body, br#"{"plan":"TEAM"}"#);
        for (name, value) in [
            ("ce-specversion", "1.0"),
            ("ce-type", "user.registered"),
            ("ce-partitionkey", "user-1"),
            ("traceparent", "00-1-2-01"),
        ] {
            assert!(
                binary
                    .headers
                    .contains(&(name.to_owned(), value.to_owned())),
                "{name}"
            );
        }
        // Two records that say nothing of themselves are two events.
        let bare = Record::new("t", b"");
        assert_ne!(sender.structured(&bare), sender.structured(&bare));
    }

    #[test]
    fn what_others_send_stands_in_the_record() {
        let event = br#" {"id":"1","source":"s","type":"t","specversion":"1.0","subject":"u-1","n":1,"data":{"a":1}} "#;
        let read = structured(event, Some("hooks")).unwrap();
        assert_eq!(
            (read.topic(), read.key(), read.body()),
            ("hooks", Some(&b"u-1"[..]), Some(&event[..]))
        );
        assert_eq!(read.headers().text("content-type"), Some(STRUCTURED));
        let headers = [
            ("ce-specversion", "1.0"),
            ("ce-id", "1"),
            ("ce-source", "s"),
            ("ce-type", "t"),
            ("ce-city", "K%C3%B6ln"),
            ("ce-topic", "named"),
            ("ce-partitionkey", "k"),
            ("content-type", "application/json"),
            ("authorization", "secret"),
        ];
        let headers = headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()));
        let read = binary(headers, b"{}", Some("hooks")).unwrap();
        assert_eq!(
            (read.topic(), read.key(), read.body()),
            ("named", Some(&b"k"[..]), Some(&b"{}"[..]))
        );
        assert_eq!(read.headers().text("ce_city"), Some("Köln"));
        assert_eq!(
            read.headers().text("content-type"),
            Some("application/json")
        );
        assert_eq!(read.headers().text("authorization"), None);
    }

    #[test]
    fn what_is_malformed_is_said_without_saying_what_stood_there() {
        let deep = format!("[{}{}]", "[".repeat(10_000), "]".repeat(10_000));
        for (body, wrong) in [
            ("{", "not an array of JSON, or one too deep"),
            (&*deep, "not an array of JSON, or one too deep"),
            ("[] []", "not an array of JSON, or one too deep"),
            ("[1]", "not an object of JSON, or one too deep"),
            ("[{}]", "an event without `specversion` 1.0"),
            (
                r#"[{"specversion":"0.3"}]"#,
                "an event without `specversion` 1.0",
            ),
            (
                r#"[{"specversion":"1.0","id":""}]"#,
                "an event without `id`",
            ),
            (
                r#"[{"specversion":"1.0","id":"1","source":"s","type":"t"}]"#,
                "an event without `topic`, and there is none for such events here",
            ),
            (
                r#"[{"data_base64":"secret!"}]"#,
                "`data_base64` is no base64",
            ),
            (
                r#"[{"recordkey":"secret"}]"#,
                "`recordkey` is not as it is written",
            ),
            (
                r#"[{"recordheaders":"secret"}]"#,
                "`recordheaders` are not as they are written",
            ),
        ] {
            assert_eq!(batch(body.as_bytes(), None, 10), Err(wrong), "{body:.40}");
        }
        let headers = [("ce-id", &b"\xff"[..])];
        let read = binary(headers.into_iter(), b"", None);
        assert_eq!(read, Err("a header of an attribute that is no text"));
    }
}
