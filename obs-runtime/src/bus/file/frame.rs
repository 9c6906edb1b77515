//! How records stand in a file, one behind another.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | length of the payload, little-endian |
//! | 4 | CRC-32C of payload, number, length and the salt of the file, little-endian |
//! | 8 | number, little-endian |
//! | as many as it says | the payload, at least one byte |
//!
//! Behind damage the next frame can be found again: its number must fit, and its checksum too. The salt, which nobody
//! outside of the file knows, keeps a frame that somebody sent as a body from being taken for one of ours.

use crate::bus::crc::Crc;

/// Length, checksum and number.
pub(super) const HEAD: usize = 16;

/// A frame whose payload is there, and which has no number yet.
pub(super) struct Draft<'a> {
    bytes: &'a mut Vec<u8>,
    len: u32,
    payload: Crc,
}

impl<'a> Draft<'a> {
    /// Writes a payload into an empty buffer; `None` if its length does not fit.
    pub(super) fn new(
        bytes: &'a mut Vec<u8>,
        payload: impl FnOnce(&mut Vec<u8>),
    ) -> Option<Draft<'a>> {
        bytes.clear();
        bytes.extend_from_slice(&[0; HEAD]);
        payload(bytes);
        let payload = &bytes[HEAD..];
        Some(Draft {
            len: u32::try_from(payload.len()).ok()?,
            payload: Crc::START.and(payload),
            bytes,
        })
    }

    /// How long the frame is.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The frame, with this number.
    pub(super) fn finish(&mut self, number: u64, salt: u64) -> &[u8] {
        let crc = check(self.payload, number, self.len, salt);
        let head = self.bytes.iter_mut();
        let parts = self.len.to_le_bytes().into_iter();
        let parts = { parts }
            .chain(crc.to_le_bytes())
            .chain(number.to_le_bytes());
        head.zip(parts).for_each(|(byte, part)| *byte = part);
        self.bytes
    }
}

fn check(payload: Crc, number: u64, len: u32, salt: u64) -> u32 {
    let numbered = payload.and(&number.to_le_bytes());
    numbered
        .and(&len.to_le_bytes())
        .and(&salt.to_le_bytes())
        .end()
}

/// A frame that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) number: u64,
    pub(super) payload: &'a [u8],
}

impl Frame<'_> {
    pub(super) fn size(&self) -> usize {
        HEAD + self.payload.len()
    }
}

/// How long the frame is that may start here; less than the bytes that are there if it is whole.
pub(super) fn size(bytes: &[u8]) -> Option<usize> {
    let len = u32::from_le_bytes(*bytes.first_chunk()?);
    usize::try_from(len).ok()?.checked_add(HEAD)
}

/// The frame at the start of these bytes; `None` if there is no whole one.
pub(super) fn take(bytes: &[u8], salt: u64) -> Option<Frame<'_>> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    let (number, rest) = rest.split_first_chunk::<8>()?;
    let (len, number) = (u32::from_le_bytes(*len), u64::from_le_bytes(*number));
    let payload = rest.get(..usize::try_from(len).ok()?)?;
    let right = check(Crc::START.and(payload), number, len, salt);
    let whole = !payload.is_empty() && right == u32::from_le_bytes(*crc);
    whole.then_some(Frame { number, payload })
}

/// Where behind some damage the next frame starts, whose number is at least this.
pub(super) fn find(bytes: &[u8], least: u64, salt: u64) -> Option<(usize, Frame<'_>)> {
    // No more frames than fit can be missing, so hardly any place needs its checksum worked out.
    let most = least + (bytes.len() / (HEAD + 1)) as u64;
    let mut places = 0..bytes.len().checked_sub(HEAD)?;
    places.find_map(|place| {
        let rest = &bytes[place..];
        let number = u64::from_le_bytes(*rest[8..].first_chunk()?);
        if !(least..=most).contains(&number) {
            return None;
        }
        Some((place, take(rest, salt)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: u64 = 0x5a17;

    fn framed(payloads: &[&[u8]]) -> Vec<u8> {
        let (mut out, mut one) = (Vec::new(), Vec::new());
        for (number, payload) in (0..).zip(payloads) {
            let draft = Draft::new(&mut one, |bytes| bytes.extend_from_slice(payload));
            out.extend_from_slice(draft.unwrap().finish(number, SALT));
        }
        out
    }

    /// How many whole frames there are, and how many bytes they take.
    fn scan(bytes: &[u8]) -> (u64, usize) {
        let (mut count, mut used) = (0, 0);
        while let Some(frame) = take(&bytes[used..], SALT) {
            assert_eq!(frame.number, count);
            count += 1;
            used += frame.size();
        }
        (count, used)
    }

    #[test]
    fn a_cut_costs_the_frame_it_is_in_and_no_other() {
        let payloads = [&b"one"[..], b"2", b"three"];
        let ends: Vec<usize> = (0..=3)
            .map(|count| framed(&payloads[..count]).len())
            .collect();
        let bytes = framed(&payloads);
        for cut in 0..=bytes.len() {
            let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
            let expected = (whole as u64, ends[whole]);
            assert_eq!(scan(&bytes[..cut]), expected);
            // What was not written may be zeros as well.
            let torn = [&bytes[..cut], &vec![0; bytes.len() - cut + 100][..]].concat();
            let found = scan(&torn);
            assert!(found == expected || cut < found.1 && found.1 <= bytes.len());
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed_and_the_next_frame_found() {
        let bytes = framed(&[b"some bytes", b"more"]);
        let first = HEAD + b"some bytes".len();
        for bit in 0..first * 8 {
            let mut wrong = bytes.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert!(take(&wrong, SALT).is_none(), "bit {bit}");
            let (place, frame) = find(&wrong, 0, SALT).unwrap();
            assert_eq!(
                (place, frame.number, frame.payload),
                (first, 1, &b"more"[..])
            );
        }
        assert!(take(&bytes, SALT + 1).is_none() && find(&bytes, 0, SALT + 1).is_none());
        // A number that cannot be here.
        assert!(find(&bytes, 2, SALT).is_none());
    }
}
