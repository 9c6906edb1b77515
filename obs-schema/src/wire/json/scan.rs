//! Finding the next byte of a string that cannot be copied as it is.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// How many bytes from the start are neither `"`, nor `\`, nor a control character.
///
/// The same bytes need an escape when written and end a plain run when read.
#[inline]
pub(super) fn plain(bytes: &[u8]) -> usize {
    let (pairs, rest) = bytes.as_chunks::<16>();
    let mut done = 0;
    for pair in pairs {
        let [low, high] = halves(u128::from_le_bytes(*pair));
        if special(low) | special(high) != 0 {
            return done + first(&bytes[done..]);
        }
        done += 16;
    }
    if let Some(word) = rest.first_chunk::<8>()
        && let Some(end) = rest.last_chunk::<8>()
    {
        // The two words overlap, which saves going byte by byte.
        if special(u64::from_le_bytes(*word)) | special(u64::from_le_bytes(*end)) == 0 {
            return bytes.len();
        }
    }
    done + first(rest)
}

/// The same, byte by byte.
#[inline]
fn first(bytes: &[u8]) -> usize {
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    bytes.iter().position(special).unwrap_or(bytes.len())
}

/// Appends a text between quotes if it is plain and has at most 32 bytes: most texts of events are that short.
///
/// Words are appended as words and cut to length, which saves a copy of a length only known at run time.
#[inline]
pub(super) fn append_short(out: &mut Vec<u8>, text: &[u8]) -> bool {
    let length = text.len();
    if length > 16 {
        return append_longer(out, text);
    }
    if let Some(low) = text.first_chunk::<8>()
        && let Some(high) = text.last_chunk::<8>()
    {
        let (first, last) = (u64::from_le_bytes(*low), u64::from_le_bytes(*high));
        if special(first) | special(last) != 0 {
            return false;
        }
        if length <= 14 {
            // Of the last word, what the first one does not have.
            let rest = last.checked_shr(8 * (16 - length) as u32).unwrap_or(0);
            quoted(out, first, rest, length);
            return true;
        }
        let end = out.len() + 1 + length;
        out.push(b'"');
        out.extend_from_slice(low);
        // Of the last word, what the first one does not have.
        let rest = last.checked_shr(8 * (16 - length) as u32).unwrap_or(0);
        out.extend_from_slice(&rest.to_le_bytes());
        out.truncate(end);
        out.push(b'"');
        return true;
    }
    let word = if let Some(low) = text.first_chunk::<4>()
        && let Some(high) = text.last_chunk::<4>()
    {
        let low = u64::from(u32::from_le_bytes(*low));
        let high = u64::from(u32::from_le_bytes(*high));
        low | high << (8 * (length - 4))
    } else {
        match *text {
            [] => 0,
            [a] => u64::from(a),
            [a, b] => u64::from(a) | u64::from(b) << 8,
            [a, b, c, ..] => u64::from(a) | u64::from(b) << 8 | u64::from(c) << 16,
        }
    };
    // Above the text there are spaces, which are not special.
    if special(word | (ONES * 0x20) << (8 * length)) != 0 {
        return false;
    }
    quoted(out, word, 0, length);
    true
}

/// The same for more than 16 bytes: two halves, of which the second one overlaps the first.
#[inline]
fn append_longer(out: &mut Vec<u8>, text: &[u8]) -> bool {
    let (Some(low), Some(high)) = (text.first_chunk::<16>(), text.last_chunk::<16>()) else {
        return false;
    };
    let [a, b] = halves(u128::from_le_bytes(*low));
    let [c, d] = halves(u128::from_le_bytes(*high));
    if text.len() > 32 || special(a) | special(b) | special(c) | special(d) != 0 {
        return false;
    }
    let end = out.len() + 1 + text.len();
    out.push(b'"');
    out.extend_from_slice(low);
    out.truncate(end - 16);
    out.extend_from_slice(high);
    out.push(b'"');
    true
}

/// Appends at most 14 bytes between quotes, all at once.
#[inline]
fn quoted(out: &mut Vec<u8>, low: u64, high: u64, length: usize) {
    const QUOTE: u64 = b'"' as u64;
    let end_quote = QUOTE << (8 * ((length + 1) % 8));
    let [first, last] = if length < 7 {
        [end_quote, 0]
    } else {
        [0, end_quote]
    };
    let (high, low) = (low >> 56 | high << 8 | last, QUOTE | low << 8 | first);
    let end = out.len() + length + 2;
    out.extend_from_slice(&(u128::from(low) | u128::from(high) << 64).to_le_bytes());
    out.truncate(end);
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the halves are what is asked for"
)]
const fn halves(word: u128) -> [u64; 2] {
    [word as u64, (word >> 64) as u64]
}

/// Marks the high bit of each special byte of a word.
///
/// A borrow may mark bytes above a special one as well, never below it: the lowest mark is always right.
#[inline]
const fn special(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let escape = word ^ (ONES * b'\\' as u64);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = quote.wrapping_sub(ONES) & !quote;
    let escape = escape.wrapping_sub(ONES) & !escape;
    (control | quote | escape) & HIGHS
}

#[cfg(test)]
mod tests {
    use super::{append_short, plain};

    #[test]
    fn short_texts_are_quoted_at_once() {
        let quoted = |text: &[u8]| {
            let mut out = b"so far ".to_vec();
            let short = append_short(&mut out, text);
            let expected = [b"so far \"", text, b"\""].concat();
            assert_eq!(out, if short { expected } else { b"so far ".to_vec() });
            short
        };
        for length in 0..40 {
            let plain: Vec<u8> = (b'a'..).take(length).collect();
            assert_eq!(quoted(&plain), length <= 32, "{length}");
            for at in 0..length {
                for byte in 0..=255_u8 {
                    let mut text = plain.clone();
                    text[at] = byte;
                    let is_special = byte < 0x20 || byte == b'"' || byte == b'\\';
                    assert_eq!(quoted(&text), length <= 32 && !is_special, "{byte} at {at}");
                }
            }
        }
    }

    #[test]
    fn the_first_special_byte_is_found_wherever_it_stands() {
        for length in 0..40 {
            assert_eq!(plain(&vec![b'a'; length]), length);
            for at in 0..length {
                for byte in 0..=255_u8 {
                    let mut text = vec![0xc3; length];
                    text[at] = byte;
                    let is_special = byte < 0x20 || byte == b'"' || byte == b'\\';
                    assert_eq!(
                        plain(&text),
                        if is_special { at } else { length },
                        "{byte} at {at}"
                    );
                }
            }
        }
    }
}
