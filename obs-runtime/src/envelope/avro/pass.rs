//! Envelopes that are passed over, because headers have said most of what is in them.

use super::METADATA;

/// What an envelope says that headers may not, and where its payload begins. What it does not say is empty.
pub(in crate::envelope) struct Passed<'b> {
    /// Microseconds since 1970.
    pub(in crate::envelope) occurred: i64,
    /// Trace, span, and whether it is sampled.
    pub(in crate::envelope) tracing: Option<(&'b [u8], &'b [u8], bool)>,
    pub(in crate::envelope) causation: &'b [u8],
    pub(in crate::envelope) conversation: &'b [u8],
    pub(in crate::envelope) tenant: &'b [u8],
    pub(in crate::envelope) payload: usize,
}

/// Passes over an envelope as most are, of which the headers have said the rest: short texts, no actor, and nothing in
/// the map. `None` if it is another one, or none at all.
#[inline]
pub(in crate::envelope) fn pass(bytes: &[u8]) -> Option<Passed<'_>> {
    let mut r = Steps {
        bytes,
        at: 0,
        odd: 0,
    };
    for _ in 0..3 {
        r.text();
    }
    let occurred = r.moment();
    let mut tracing = None;
    if r.branch() {
        let (trace, span) = (r.word(), r.word());
        r.optional();
        tracing = Some((trace, span, r.flag()));
    }
    r.text();
    let (causation, conversation) = (r.optional(), r.optional());
    r.text();
    for _ in METADATA {
        r.optional();
    }
    r.nothing();
    let tenant = r.optional();
    r.nothing();
    if r.branch() {
        for _ in 0..2 {
            if r.branch() {
                r.number();
            }
        }
    }
    let usual = r.odd & ODD == 0 && r.at <= bytes.len();
    usual.then_some(Passed {
        occurred,
        tracing,
        causation,
        conversation,
        tenant,
        payload: r.at,
    })
}

/// A length with one of these bits is negative, or of several bytes.
const ODD: u8 = 0x81;

/// Goes over an envelope in steps. Whether anything was unusual on the way is asked once, at the end.
struct Steps<'b> {
    bytes: &'b [u8],
    at: usize,
    odd: u8,
}

impl<'b> Steps<'b> {
    #[inline(always)]
    fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(ODD);
        self.at += 1;
        byte
    }

    #[inline(always)]
    fn text(&mut self) {
        let length = self.byte();
        self.odd |= length;
        self.at += usize::from(length >> 1);
    }

    /// Whether it is the branch that is not null.
    #[inline(always)]
    fn branch(&mut self) -> bool {
        let branch = self.byte();
        self.odd |= u8::from(branch & !2 != 0);
        branch != 0
    }

    #[inline(always)]
    fn optional(&mut self) -> &'b [u8] {
        if self.branch() { self.word() } else { &[] }
    }

    #[inline(always)]
    fn word(&mut self) -> &'b [u8] {
        let from = self.at + 1;
        self.text();
        self.bytes.get(from..self.at).unwrap_or_default()
    }

    #[inline(always)]
    fn flag(&mut self) -> bool {
        let flag = self.byte();
        self.odd |= u8::from(flag > 1);
        flag == 1
    }

    #[inline(always)]
    fn nothing(&mut self) {
        self.odd |= u8::from(self.byte() != 0);
    }

    #[inline(always)]
    fn number(&mut self) {
        // Ten bytes at most, which those who want to know it count.
        while self.byte() & 0x80 != 0 && self.at <= self.bytes.len() {}
    }

    /// A number of eight bytes at most, as moments of our time take.
    #[inline(always)]
    fn moment(&mut self) -> i64 {
        let rest = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk);
        let word = u64::from_le_bytes(rest.copied().unwrap_or([0x80; 8]));
        let ends = !word & 0x8080_8080_8080_8080;
        self.odd |= u8::from(ends == 0);
        let bits = ends.trailing_zeros();
        self.at += bits as usize / 8 + 1;
        // All below the bit that ends it, and then neighbours close up.
        let sevens = word & (ends ^ ends.wrapping_sub(1)) & 0x7f7f_7f7f_7f7f_7f7f;
        let pairs = sevens & 0x007f_007f_007f_007f | (sevens & 0x7f00_7f00_7f00_7f00) >> 1;
        let fours = pairs & 0x0000_3fff_0000_3fff | (pairs & 0x3fff_0000_3fff_0000) >> 2;
        let all = fours & 0x0fff_ffff | (fours & 0x0fff_ffff_0000_0000) >> 4;
        (all >> 1).cast_signed() ^ -(all & 1).cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{read, text};
    use super::*;
    use obs_schema::wire::avro::Writer;

    /// What may differ between envelopes: trace and parent, causation, conversation, an entry of the map, tenant, actor,
    /// times; and a source of this length.
    fn envelope(with: u32, source: usize, occurred: i64) -> Vec<u8> {
        let mut w = Writer::new();
        let has = |bit: u32| with >> bit & 1 == 1;
        let optional =
            |w: &mut Writer, bit, said: &str| text(w, has(bit).then_some(said.as_bytes()));
        for said in ["evt-1", "thing.done", "1.0.0"] {
            w.string(said);
        }
        w.long(occurred);
        w.index(usize::from(has(0)));
        if has(0) {
            w.string(&"a".repeat(32));
            w.string(&"b".repeat(16));
            optional(&mut w, 1, &"c".repeat(16));
            w.bool(true);
        }
        w.string("evt-0");
        optional(&mut w, 2, "cause");
        optional(&mut w, 3, "");
        w.string(&"s".repeat(source));
        for _ in METADATA {
            optional(&mut w, 1, "m");
        }
        if has(4) {
            w.begin_block(1);
            w.string("team");
            w.string("blue");
        }
        w.end_blocks();
        optional(&mut w, 5, "acme");
        w.index(usize::from(has(6)));
        if has(6) {
            w.string("user");
            w.string("7");
            text(&mut w, None);
        }
        w.index(usize::from(has(7)));
        if has(7) {
            w.index(1);
            w.long(70_000);
            w.index(0);
        }
        w.string("payload");
        w.finish().expect("texts are not refused")
    }

    #[test]
    fn what_is_passed_over_says_the_same_as_when_it_is_read() {
        let now = 1_780_000_000_123_456;
        for (with, source, occurred, usual) in (0..256)
            .map(|with| (with, 9, now, with & 0x50 == 0))
            .chain([0, 1, -1, i64::MAX, 63, 64, -(1 << 54), 1 << 54].map(|at| {
                let short = (-(1 << 55)..1 << 55).contains(&at);
                (0xaf, 9, at, short)
            }))
            .chain([(0, 63, now, true), (0, 64, now, false)])
        {
            let bytes = envelope(with, source, occurred);
            let (whole, payload) = read(&bytes).unwrap();
            let passed = pass(&bytes);
            assert_eq!(passed.is_some(), usual, "{with} {source} {occurred}");
            for cut in 0..bytes.len() {
                let some = pass(&bytes[..cut]).is_some();
                assert_eq!(some, usual && read(&bytes[..cut]).is_some(), "{cut}");
            }
            let Some(passed) = passed else { continue };
            assert_eq!(
                (
                    passed.occurred,
                    passed.tracing,
                    passed.causation,
                    passed.conversation,
                    passed.tenant,
                    &bytes[passed.payload..],
                ),
                (
                    whole.occurred,
                    whole.tracing,
                    whole.causation.unwrap_or_default(),
                    whole.conversation.unwrap_or_default(),
                    whole.tenant.unwrap_or_default(),
                    payload,
                ),
                "{with} {source} {occurred}"
            );
        }
    }
}
