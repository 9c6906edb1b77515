//! Ids, the dice they are thrown with, and their digits.
//!
//! The dice are fast and good for telling things apart. They are no source of secrets: whoever has seen a few ids of a
//! thread can work out the next ones.

use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::num::{NonZeroU64, NonZeroU128};

use crate::clock::Moment;
use crate::types::Uuid;

thread_local! {
    /// Zero until the thread draws for the first time.
    static DICE: Cell<u64> = const { Cell::new(0) };

    /// The millisecond of the thread's last event id, and how many it has made within it.
    static LAST: Cell<(u64, u16)> = const { Cell::new((0, 0)) };
}

/// Random bits.
#[inline]
pub(crate) fn random() -> u64 {
    DICE.with(|state| {
        let last = match state.get() {
            0 => seed(),
            last => last,
        };
        // wyrand: one addition and one multiplication.
        let next = last.wrapping_add(0xa076_1d64_78bd_642f);
        state.set(next);
        let product = u128::from(next) * u128::from(next ^ 0xe703_7ed1_a0b4_28db);
        fold(product)
    })
}

/// From the system's randomness, which is where the hasher's keys come from.
#[cold]
fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Both halves in one.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "each half is 64 bits")]
const fn fold(product: u128) -> u64 {
    (product >> 64) as u64 ^ product as u64
}

/// A trace: 128 bits, of which one is set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(NonZeroU128);

/// A span: 64 bits, of which one is set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(NonZeroU64);

impl TraceId {
    /// A new one.
    #[inline]
    pub(crate) fn random() -> TraceId {
        let bits = u128::from(random()) << 64 | u128::from(random());
        TraceId(NonZeroU128::new(bits).unwrap_or(NonZeroU128::MIN))
    }

    /// The id with these bits; zero is none.
    #[must_use]
    pub const fn new(bits: u128) -> Option<TraceId> {
        match NonZeroU128::new(bits) {
            Some(bits) => Some(TraceId(bits)),
            None => None,
        }
    }

    /// Its bits.
    #[must_use]
    pub const fn get(self) -> u128 {
        self.0.get()
    }

    /// The usual 32 digits.
    #[inline]
    #[must_use]
    pub fn hex(self) -> [u8; 32] {
        hex(&self.get().to_be_bytes())
    }
}

impl SpanId {
    /// A new one.
    #[inline]
    pub(crate) fn random() -> SpanId {
        SpanId(NonZeroU64::new(random()).unwrap_or(NonZeroU64::MIN))
    }

    /// The id with these bits; zero is none.
    #[must_use]
    pub const fn new(bits: u64) -> Option<SpanId> {
        match NonZeroU64::new(bits) {
            Some(bits) => Some(SpanId(bits)),
            None => None,
        }
    }

    /// Its bits.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0.get()
    }

    /// The usual 16 digits.
    #[inline]
    #[must_use]
    pub fn hex(self) -> [u8; 16] {
        hex(&self.get().to_be_bytes())
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.get())
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.get())
    }
}

/// The usual digits.
impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceId({self})")
    }
}

/// The usual digits.
impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpanId({self})")
    }
}

/// Lower-case digits. `M` is twice `N`.
///
/// No table: the same few operations for each byte are done for sixteen of them at once. That takes bytes that lie in
/// memory; where they are in registers, each would be moved alone.
#[inline(never)]
pub(crate) fn hex<const N: usize, const M: usize>(bytes: &[u8; N]) -> [u8; M] {
    const { assert!(M == 2 * N, "two digits a byte") }
    let mut text = [0; M];
    for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        let byte = u16::from(*byte);
        // The first digit stands in the lower half.
        let halves = (byte >> 4 | byte << 8) & 0x0f0f;
        let letters = (halves + 0x0606) >> 4 & 0x0101;
        *pair = (halves + 0x3030 + letters * 39).to_le_bytes();
    }
    text
}

/// An id for an event of this moment: a UUID of version 7.
///
/// Ids that one thread makes grow: the milliseconds lead, then 12 bits count the events of the millisecond from a
/// random start below half, and when they are used up the next millisecond is borrowed. Ids of different threads and
/// machines are ordered by the millisecond and told apart by 62 random bits. A clock that steps back does not make
/// the ids of a thread fall back.
#[inline]
pub(crate) fn event_id(at: Moment) -> Uuid {
    let dice = random();
    let millis = at.unix_millis();
    let (last, count) = LAST.get();
    let (millis, count) = if millis > last {
        (millis, u16::try_from(dice >> 53).unwrap_or_default())
    } else if count < 0xfff {
        (last, count + 1)
    } else {
        (last + 1, 0)
    };
    LAST.set((millis, count));
    Uuid::v7(millis, u128::from(count) << 64 | u128::from(random()))
}

/// How ids of events are spelled.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum IdForm {
    /// A UUID of version 7: 36 characters.
    #[default]
    Uuid,
    /// A ULID: 26 characters, which sort as the times they were made at.
    Ulid,
}

/// The id of an event as text, behind the prefix of its source. It lives on the stack.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventId {
    text: [u8; EventId::LONGEST],
    length: u8,
}

impl EventId {
    const LONGEST: usize = 63;

    /// What is left for a prefix.
    pub(crate) const PREFIX: usize = EventId::LONGEST - 36;

    /// None yet.
    pub(crate) const EMPTY: EventId = EventId {
        text: [0; EventId::LONGEST],
        length: 0,
    };

    /// Makes an empty one a new one. A prefix that is too long was cut where it was set.
    #[inline]
    pub(crate) fn make(&mut self, at: Moment, form: IdForm, prefix: &str) {
        if !prefix.is_empty() {
            self.push(prefix.as_bytes());
        }
        let uuid = event_id(at);
        match form {
            IdForm::Uuid => self.push(&uuid.encode()),
            IdForm::Ulid => self.push(&ulid(uuid)),
        }
    }

    #[inline]
    fn push(&mut self, text: &[u8]) {
        let from = usize::from(self.length);
        if let Some(room) = self.text.get_mut(from..from + text.len()) {
            room.copy_from_slice(text);
            self.length += u8::try_from(text.len()).unwrap_or_default();
        }
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.text
            .get(..usize::from(self.length))
            .unwrap_or_default()
    }

    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The same moment and the same dice as a ULID: 26 digits of five bits, of Crockford's alphabet.
fn ulid(uuid: Uuid) -> [u8; 26] {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let bits = u128::from_be_bytes(uuid.0);
    // Version and variant say nothing here: the twelve bits of the count close up, and dice take the room.
    let count = bits >> 64 & 0xfff;
    let low = bits & ((1 << 62) - 1);
    let dice = u128::from(random() & 0x3f);
    let mut rest = bits >> 80 << 80 | count << 68 | low << 6 | dice;
    let mut text = [0; 26];
    for digit in text.iter_mut().rev() {
        *digit = DIGITS[(rest & 31) as usize];
        rest >>= 5;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn made(at: Moment, form: IdForm, prefix: &str) -> EventId {
        let mut id = EventId::EMPTY;
        id.make(at, form, prefix);
        id
    }

    #[test]
    fn ids_of_both_forms_grow_and_begin_with_their_prefix() {
        let at = clock::now();
        for (form, length) in [(IdForm::Uuid, 40), (IdForm::Ulid, 30)] {
            let ids: Vec<EventId> = (0..1_000).map(|_| made(at, form, "evt_")).collect();
            assert!(ids.iter().all(|id| id.as_str().len() == length));
            assert!(ids.iter().all(|id| id.as_str().starts_with("evt_")));
            assert!(ids.is_sorted_by(|before, after| before.as_str() < after.as_str()));
        }
        // The time leads: the first ten digits are the milliseconds.
        let id = made(at, IdForm::Ulid, "");
        let digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let value = |digit| digits.find(digit).unwrap() as u64;
        let millis = id
            .as_str()
            .chars()
            .take(10)
            .fold(0, |all, digit| all << 5 | value(digit));
        assert!(millis.abs_diff(at.unix_millis()) <= 1);
        let longest = "p".repeat(EventId::PREFIX);
        assert_eq!(
            made(at, IdForm::Uuid, &longest).as_str().len(),
            EventId::LONGEST
        );
    }

    #[test]
    fn event_ids_are_of_version_7_and_grow_within_a_thread() {
        let time = clock::now();
        let ids: Vec<Uuid> = (0..10_000).map(|_| event_id(time)).collect();
        assert!(ids.is_sorted_by(|before, after| before < after));
        for id in &ids {
            assert_eq!((id.0[6] >> 4, id.0[8] >> 6), (7, 2));
        }
        let millis = |id: &Uuid| {
            u64::from_be_bytes([0, 0, id.0[0], id.0[1], id.0[2], id.0[3], id.0[4], id.0[5]])
        };
        assert_eq!(millis(&ids[0]), time.unix_millis());
        let earlier = event_id(Moment(time.0.saturating_sub(1)));
        assert!(earlier > ids[9_999]);
    }

    #[test]
    fn digits_are_those_of_the_formatter() {
        let (trace, span) = (TraceId::random(), SpanId::random());
        assert_eq!(trace.hex().as_slice(), trace.to_string().as_bytes());
        assert_eq!(span.hex().as_slice(), span.to_string().as_bytes());
        assert_eq!((TraceId::new(0), SpanId::new(0)), (None, None));
    }
}
