//! Numbers as digits, eight at a time.
//!
//! Digits are made in a word and appended as a word, which is cut to length afterwards: no loop, and no copy of a
//! length that is only known at run time.

const EIGHT: u64 = 100_000_000;

const ZERO: u8 = b'0';

/// The digits of eight zeros.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Eight digits of a number below [`EIGHT`], the first one in the lowest byte.
///
/// The number is halved three times, each time in all lanes at once: into pairs of four digits, of two, of one.
#[inline]
const fn eight(value: u64) -> u64 {
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    // Below 10,000 this is an exact division by 100.
    let high = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let twos = high | ((fours - high * 100) << 16);
    // Below 100 this is an exact division by 10.
    let high = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    (high | ((twos - high * 10) << 8)) + ZEROS
}

/// Appends an integer.
#[inline]
pub(super) fn integer(out: &mut Vec<u8>, value: u64) {
    if value < EIGHT {
        head(out, value);
    } else if value < EIGHT * EIGHT {
        head(out, value / EIGHT);
        out.extend_from_slice(&eight(value % EIGHT).to_le_bytes());
    } else {
        head(out, value / EIGHT / EIGHT);
        out.extend_from_slice(&eight(value / EIGHT % EIGHT).to_le_bytes());
        out.extend_from_slice(&eight(value % EIGHT).to_le_bytes());
    }
}

/// Appends the first digits of a number, without zeros before them.
#[inline]
fn head(out: &mut Vec<u8>, value: u64) {
    if value < 10 {
        out.push(ZERO + low(value));
        return;
    }
    let digits = eight(value);
    // How many there are is counted beside making them, so that nobody waits to know where to go on.
    let count = count(value);
    let end = out.len() + count;
    out.extend_from_slice(&(digits >> (8 * (8 - count))).to_le_bytes());
    out.truncate(end);
}

/// How many digits a number below [`EIGHT`] has.
#[inline]
fn count(value: u64) -> usize {
    const POWERS: [u64; 16] = {
        let mut powers = [1; 16];
        let mut at = 1;
        while at < 16 {
            powers[at] = powers[at - 1] * 10;
            at += 1;
        }
        powers
    };
    // 1,233 / 4,096 is the logarithm of two in base ten.
    let bits = 64 - (value | 1).leading_zeros() as usize;
    let guess = ((bits * 1_233) >> 12) & 15;
    guess + usize::from(value >= POWERS[guess])
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "a digit is what is given")]
const fn low(digit: u64) -> u8 {
    digit as u8
}

/// Appends a double of no more than six digits after the point and fifteen in all, if it is one.
///
/// Most numbers that people put into events are: prices, shares, seconds. Two different numbers of fifteen digits
/// are different doubles, so if the one found here reads back as the value, it is the shortest that does.
#[inline]
pub(super) fn decimal(out: &mut Vec<u8>, value: f64) -> bool {
    const SCALE: f64 = 1e6;
    const PARTS: u64 = 1_000_000;
    let magnitude = value.abs();
    // Below, an exponent is shorter; above, the scaled number has too many digits. Zero has a sign to keep.
    if !(1e-3..1e9).contains(&magnitude) {
        return false;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 1,000 and 10^15"
    )]
    let scaled = (magnitude * SCALE + 0.5) as u64;
    #[expect(clippy::cast_precision_loss, reason = "below 2^53 nothing is lost")]
    let back = scaled as f64 / SCALE;
    if back != magnitude {
        return false;
    }
    if value < 0.0 {
        out.push(b'-');
    }
    integer(out, scaled / PARTS);
    let fraction = scaled % PARTS;
    let hundredths = fraction / 10_000;
    if fraction.is_multiple_of(10_000) {
        // The usual case is taken by a branch that can be foreseen, so that nobody waits for the length.
        let (tenth, hundredth) = (ZERO + low(hundredths / 10), ZERO + low(hundredths % 10));
        out.extend_from_slice(&[b'.', tenth]);
        if hundredth != ZERO {
            out.push(hundredth);
        }
        return true;
    }
    let digits = eight(fraction * 100);
    let zeros = (digits - ZEROS).leading_zeros() / 8;
    out.push(b'.');
    let end = out.len() + 8 - zeros as usize;
    out.extend_from_slice(&digits.to_le_bytes());
    out.truncate(end);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: u64) -> String {
        let mut out = Vec::new();
        integer(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn integers_have_their_digits() {
        for value in 0..200_000 {
            assert_eq!(written(value), value.to_string());
        }
        let mut power = 1_u64;
        while let Some(next) = power.checked_mul(10) {
            for value in [power - 1, power, power + 1, power * 9, next - 1] {
                assert_eq!(written(value), value.to_string());
            }
            power = next;
        }
        assert_eq!(written(u64::MAX), u64::MAX.to_string());
        let mut value = 1_u64;
        for _ in 0..100_000 {
            value = value
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let value = value >> (value % 64);
            assert_eq!(written(value), value.to_string());
        }
    }

    #[test]
    fn decimals_are_the_shortest() {
        let found = std::cell::Cell::new(0);
        let check = |value: f64| {
            let mut out = Vec::new();
            if decimal(&mut out, value) {
                found.set(found.get() + 1);
                assert_eq!(
                    String::from_utf8(out).unwrap(),
                    zmij::Buffer::new().format_finite(value)
                );
            } else {
                assert!(out.is_empty());
            }
        };
        let mut seed = 1_u64;
        for round in 0..200_000 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let parts = (seed >> 20) >> (seed % 44);
            #[expect(clippy::cast_precision_loss, reason = "any value will do")]
            let value = parts as f64 / 10_f64.powi(round % 9);
            check(value);
            check(-value);
            check(f64::from_bits(value.to_bits() + 1));
            check(f64::from_bits(seed));
        }
        assert!(found.get() > 100_000, "{found:?}");
        for value in [
            0.0,
            -0.0,
            0.001,
            1.0,
            1e9,
            999_999_999.999_999,
            999_999_999.999_999_9,
            f64::NAN,
            f64::INFINITY,
        ] {
            check(value);
        }
    }
}
