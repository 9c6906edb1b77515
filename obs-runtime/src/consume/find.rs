//! Which event a record holds, and where its payload is.
//!
//! What the record says of itself counts first: type and version in its headers, then the framing of its body, then
//! our envelope. A record that says nothing is taken for the newest version of the one event of its topic.

use obs_schema::framing::Framing;

use crate::envelope::{Head, Payload};
use crate::error_type::ErrorType;
use crate::event::{Descriptor, Encoding, Envelope};

/// A version of an event that a record may hold.
pub(crate) trait Candidate {
    fn about(&self) -> &'static Descriptor;

    /// Whether it is written with this framing.
    fn takes(&self, framing: Framing) -> bool;

    /// Whether this framing is none of the payload, whichever version it stands for.
    #[inline]
    fn strips(&self, framing: Framing) -> bool {
        self.takes(framing)
    }
}

/// A record of a version that is known.
pub(crate) struct Found<'k, K> {
    pub(crate) known: &'k K,
    /// None says that what the key stands for is gone.
    pub(crate) payload: Option<Payload>,
}

/// Why there is no handler for a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    /// Nobody here handles this event.
    Type,
    /// Its version is not known: this is another one of the same event.
    Version(usize),
    /// What is around the payload cannot be read.
    Envelope(usize),
}

impl Refused {
    pub(super) fn error(self) -> ErrorType {
        match self {
            Refused::Type => ErrorType::UnknownType,
            Refused::Version(_) => ErrorType::UnknownVersion,
            Refused::Envelope(_) => ErrorType::Decode,
        }
    }
}

/// Finds the event of a record, and completes what is known of it.
pub(crate) fn find<'k, 'r, K: Candidate>(
    known: &'k [K],
    topic: &[u8],
    head: &mut Head<'r>,
    body: Option<&'r [u8]>,
) -> Result<Found<'k, K>, Refused> {
    let Some(body) = body else {
        return Ok(Found {
            known: &known[choose(known, topic, head, None)?],
            payload: None,
        });
    };
    if let Some(found) = wrapped(known, head, body) {
        return Ok(found);
    }
    let (framing, start) = framing(head, body);
    let mut payload = None;
    if head.structured {
        payload = read(head.cloud_json(body));
    } else if head.event_type.is_none()
        && body.get(start) == Some(&b'{')
        && known.iter().any(|one| is_ours(one.about(), Encoding::Json))
        && !known.iter().any(|one| one.takes(framing))
    {
        // The envelope is the only one who says what it is.
        payload = read(head.obs_json(body));
    }
    let at = choose(known, topic, head, framing)?;
    let about = known[at].about();
    let framed = known[at].strips(framing);
    let from = if framed { start } else { 0 };
    let payload = match payload {
        Some(payload) => payload,
        None if head.structured => return Err(Refused::Envelope(at)),
        None if is_ours(about, Encoding::Json) => {
            let likely = (from == 0).then(|| head.likely_json(body)).flatten();
            match likely {
                Some(likely) => likely,
                None => exactly(head, body, from).ok_or(Refused::Envelope(at))?,
            }
        }
        None if is_ours(about, Encoding::Avro) => {
            head.obs_avro(body, from).ok_or(Refused::Envelope(at))?
        }
        None => Payload::Within(from..body.len()),
    };
    Ok(Found {
        known: &known[at],
        payload: Some(payload),
    })
}

/// What most records in Avro are: of an event that is named in a header, and in an envelope of ours with the fingerprint
/// of a version of it.
fn wrapped<'k, 'r, K: Candidate>(
    known: &'k [K],
    head: &mut Head<'r>,
    body: &'r [u8],
) -> Option<Found<'k, K>> {
    let (Some(kind), None, false) = (&head.event_type, head.framing, head.structured) else {
        return None;
    };
    let [0xc3, 0x01, print @ ..] = body.first_chunk::<10>()? else {
        return None;
    };
    let framing = Framing::SingleObject(u64::from_le_bytes(*print));
    let is = |one: &&K| one.takes(framing) && kind.bytes() == one.about().event_type.as_bytes();
    let found = known.iter().find(is)?;
    if !is_ours(found.about(), Encoding::Avro) {
        return None;
    }
    Some(Found {
        known: found,
        payload: Some(head.obs_avro(body, 10)?),
    })
}

/// Where the payload is in an envelope of ours that begins here.
fn exactly<'r>(head: &mut Head<'r>, body: &'r [u8], from: usize) -> Option<Payload> {
    match read(head.obs_json(body.get(from..)?))? {
        Payload::Within(range) => Some(Payload::Within(range.start + from..range.end + from)),
        other => Some(other),
    }
}

/// Where the payload is after all.
pub(crate) fn again(payload: &Payload, body: &[u8]) -> Option<Payload> {
    match payload {
        Payload::Likely(_) => exactly(&mut Head::default(), body, 0),
        _ => None,
    }
}

/// What cannot be read is as good as absent: who needs it refuses the record.
fn read<E>(payload: Result<Option<Payload>, E>) -> Option<Payload> {
    payload.ok().flatten()
}

fn is_ours(about: &Descriptor, encoding: Encoding) -> bool {
    about.envelope == Envelope::Obs && about.encoding == encoding
}

/// The framing of a body, and how long it is there.
pub(crate) fn framing(head: &Head<'_>, body: &[u8]) -> (Framing, usize) {
    if let Some(header) = head.framing {
        return (Framing::from_header(header).unwrap_or(Framing::None), 0);
    }
    let (framing, rest) = Framing::detect(body);
    (framing, body.len() - rest.len())
}

/// The place of the version that a record says it is.
fn choose<K: Candidate>(
    known: &[K],
    topic: &[u8],
    head: &Head<'_>,
    framing: impl Into<Option<Framing>>,
) -> Result<usize, Refused> {
    let framing = framing.into();
    let about = |at: usize| known[at].about();
    let is = |at: &usize| {
        let (said, own) = match &head.event_type {
            Some(kind) => (kind.bytes(), about(*at).event_type),
            None => (topic, about(*at).topic),
        };
        said == own.as_bytes()
    };
    let all = || (0..known.len()).filter(is);
    let mut first = None;
    for at in all() {
        // The newest version of each event comes first.
        first.get_or_insert(at);
        if framing.is_some_and(|framing| known[at].takes(framing)) {
            return Ok(at);
        }
    }
    let first = first.ok_or(Refused::Type)?;
    if let Some(version) = head.version.as_deref() {
        let at = all().find(|at| about(*at).version == version);
        return at.ok_or(Refused::Version(first));
    }
    if let Some(print) = head
        .schema
        .as_deref()
        .and_then(|it| it.strip_prefix("urn:sha256:"))
    {
        let at = all().find(|at| is_print(print, &about(*at).sha256));
        return at.ok_or(Refused::Version(first));
    }
    if let Some(Framing::SingleObject(_)) = framing
        && about(first).encoding == Encoding::Avro
    {
        return Err(Refused::Version(first));
    }
    // It says nothing of its version: the newest of its topic.
    let here = all().find(|at| about(*at).topic.as_bytes() == topic);
    Ok(here.unwrap_or(first))
}

/// Whether these are the digits of a hash.
fn is_print(digits: &str, hash: &[u8; 32]) -> bool {
    let mut bytes = hash.iter();
    digits.len() == 64
        && digits.as_bytes().chunks(2).all(|pair| {
            let pair = str::from_utf8(pair).ok();
            let byte = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok());
            byte.as_ref() == bytes.next()
        })
}
