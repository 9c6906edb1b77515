//! CloudEvents 1.0: what is in headers in binary mode, and the body of structured mode.

use obs_schema::wire::EncodeError;
use obs_schema::wire::json::Writer;

use super::Facts;
use crate::bus::Origin;
use crate::event::{Descriptor, Encoding};

/// The content type of structured mode.
pub(super) const STRUCTURED: &str = "application/cloudevents+json; charset=UTF-8";

/// What content types of structured mode begin with.
#[cfg(feature = "tokio")]
pub(super) const MEDIA_TYPE: &str = "application/cloudevents";

/// The pieces that never change.
#[derive(Debug)]
pub(super) struct Pieces {
    /// Where the schema is known by its contents: `urn:sha256:…`.
    pub(super) schema: String,
    /// What the origin says of itself, as headers: `ce_sourceversion`.
    pub(super) extensions: Vec<(String, String)>,
    /// From behind the id to the time.
    type_and_source: String,
    /// From behind the time: what kind of data it is, and by which schema.
    about_data: String,
}

impl Pieces {
    pub(super) fn new(about: &'static Descriptor, origin: &Origin) -> Pieces {
        let mut schema = String::from("urn:sha256:");
        for byte in about.sha256 {
            // Writing to a string does not fail.
            let _ = std::fmt::Write::write_fmt(&mut schema, format_args!("{byte:02x}"));
        }
        let metadata = origin.metadata().iter();
        let extensions =
            metadata.map(|(name, value)| (format!("ce_{}", attribute(name)), value.clone()));
        let extensions: Vec<_> = extensions.collect();
        let type_and_source = super::text(&|w| {
            w.raw("\",\"type\":");
            w.string(about.event_type);
            w.raw(",\"source\":");
            w.string(origin.name());
            w.raw(",\"time\":\"");
        });
        let about_data = super::text(&|w| {
            w.raw("\",\"datacontenttype\":");
            w.string(super::content_type(about.encoding));
            w.raw(",\"dataschema\":");
            w.string(&schema);
            for (name, value) in &extensions {
                w.raw(",");
                w.string(&name["ce_".len()..]);
                w.raw(":");
                w.string(value);
            }
        });
        Pieces {
            schema,
            extensions,
            type_and_source,
            about_data,
        }
    }

    /// Appends the event in structured mode.
    pub(super) fn structured(
        &self,
        out: &mut Vec<u8>,
        facts: &Facts,
        subject: Option<&str>,
        encoding: Encoding,
        payload: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let mut w = Writer::on(std::mem::take(out));
        w.reserve(512);
        w.raw("{\"specversion\":\"1.0\",\"id\":\"");
        w.raw_bytes(facts.id.as_bytes());
        w.raw(&self.type_and_source);
        w.raw_bytes(&facts.occurred());
        w.raw(&self.about_data);
        let mut member = |name: &str, value: Option<&[u8]>| {
            if let Some(value) = value {
                w.raw(name);
                w.string_bytes(value);
            }
        };
        member(",\"subject\":", subject.map(str::as_bytes));
        member(",\"correlationid\":", Some(facts.correlation()));
        member(",\"causationid\":", facts.causation());
        member(",\"conversationid\":", facts.conversation());
        member(",\"tenant\":", facts.tenant());
        if let Some(place) = &facts.span {
            w.raw(",\"traceparent\":\"");
            w.raw_bytes(&place.traceparent);
            w.raw("\"");
            if let Some(state) = facts.context.trace_state() {
                w.raw(",\"tracestate\":");
                w.string(state);
            }
        }
        match encoding {
            Encoding::Json => {
                w.raw(",\"data\":");
                w.embed(payload);
                w.raw("}");
            }
            Encoding::Avro => {
                w.raw(",\"data_base64\":\"");
                w.embed(|out| {
                    let mut bytes = Vec::new();
                    payload(&mut bytes)?;
                    base64(&bytes, out);
                    Ok(())
                });
                w.raw("\"}");
            }
        }
        w.finish_into(out)
    }
}

/// A name as attributes have them: lower-case letters and digits.
fn attribute(name: &str) -> String {
    let kept = name.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

/// Six bits each.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Appends base64 with padding.
fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    for chunk in bytes.chunks(3) {
        let mut three = [0; 4];
        three[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(three);
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at)) as usize & 63];
            out.push(if at as usize <= chunk.len() {
                letter
            } else {
                b'='
            });
        }
    }
}

/// The bytes of base64 with padding; `None` if it is not that.
pub(super) fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let (fours, rest) = text.as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(fours.len() * 3);
    for (at, four) in fours.iter().enumerate() {
        let padding = four.iter().rev().take_while(|byte| **byte == b'=').count();
        if padding > 2 || padding > 0 && at + 1 < fours.len() {
            return None;
        }
        let mut bits = 0;
        for byte in &four[..4 - padding] {
            bits = bits << 6 | LETTERS.iter().position(|letter| letter == byte)?;
        }
        bits <<= 6 * padding;
        let three = u32::try_from(bits).ok()?.to_be_bytes();
        bytes.extend_from_slice(&three[1..4 - padding]);
    }
    Some(bytes)
}

/// The payload of an event in structured mode.
pub(super) fn payload(encoding: Encoding, body: &[u8]) -> Option<std::borrow::Cow<'_, [u8]>> {
    // The last member, as in our own envelope.
    let rest = match encoding {
        Encoding::Json => super::behind(body, b",\"data\":")?
            .strip_suffix(b"}")?
            .into(),
        Encoding::Avro => {
            let text = super::behind(body, b",\"data_base64\":\"")?.strip_suffix(b"\"}")?;
            from_base64(text)?.into()
        }
    };
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_what_others_write() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"\xff\xfe\xfd\xfc", "//79/A=="),
        ] {
            let mut out = Vec::new();
            base64(bytes, &mut out);
            assert_eq!(out, text.as_bytes());
            assert_eq!(from_base64(text.as_bytes()).as_deref(), Some(bytes));
        }
        for wrong in ["Zg", "Zg=a", "Z===", "Zg==Zg==", "Zg-_"] {
            assert_eq!(from_base64(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn names_of_attributes_are_lower_case() {
        assert_eq!(attribute("sourceVersion"), "sourceversion");
        assert_eq!(attribute("git-commit_2"), "gitcommit2");
    }
}
