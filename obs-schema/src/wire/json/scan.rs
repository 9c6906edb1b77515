//! Finding the next byte of a string that cannot be copied as it is.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// How many bytes from the start are neither `"`, nor `\`, nor a control character.
///
/// The same bytes need an escape when written and end a plain run when read.
#[inline]
pub(super) fn plain(bytes: &[u8]) -> usize {
    let (words, tail) = bytes.as_chunks::<8>();
    let mut done = 0;
    for word in words {
        let marks = special(u64::from_le_bytes(*word));
        if marks != 0 {
            return done + marks.trailing_zeros() as usize / 8;
        }
        done += 8;
    }
    for byte in tail {
        if matches!(byte, b'"' | b'\\' | 0..0x20) {
            return done;
        }
        done += 1;
    }
    done
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
    use super::plain;

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
