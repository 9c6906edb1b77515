//! Exact arithmetic on numbers, whatever their kind: `0.3` is a multiple of `0.1`, and `1e308` of `0.5`.
//!
//! A double stands for the shortest literal that reads back as it, which is what somebody wrote. Numbers are
//! compared and divided as decimal digits with an exponent, so nothing is rounded and nothing overflows.

use crate::json::Number;
use std::cmp::Ordering;

/// Which of two numbers is larger.
#[must_use]
pub fn compare(a: &Number, b: &Number) -> Ordering {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => a.cmp(b),
        (Number::UInt(a), Number::UInt(b)) => a.cmp(b),
        // A `UInt` is what no `Int` holds.
        (Number::Int(_), Number::UInt(_)) => Ordering::Less,
        (Number::UInt(_), Number::Int(_)) => Ordering::Greater,
        (Number::Float(a), Number::Float(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
        _ => Decimal::of(a).compare(&Decimal::of(b)),
    }
}

/// Whether a number is a whole multiple of another, which is above zero.
#[must_use]
pub fn is_multiple(value: &Number, of: &Number) -> bool {
    if let (Number::Int(value), Number::Int(of)) = (value, of) {
        return *of != 0 && value.wrapping_rem(*of) == 0;
    }
    if let (Number::Float(value), Number::Float(of)) = (value, of)
        && let (Some(value), Some(of)) = (Short::of(*value), Short::of(*of))
    {
        return value.is_multiple(&of);
    }
    Decimal::of(value).is_multiple(&Decimal::of(of))
}

/// A double as its digits, of which there are seventeen at most, times a power of ten: [`Decimal`] without memory.
struct Short {
    digits: u64,
    exponent: i32,
}

impl Short {
    /// Nothing for what is no number.
    fn of(value: f64) -> Option<Short> {
        if !value.is_finite() {
            return None;
        }
        let mut text = zmij::Buffer::new();
        let (mut digits, mut exponent, mut fraction) = (0u64, 0i32, false);
        let mut bytes = text.format_finite(value).bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'0'..=b'9' => {
                    digits = digits * 10 + u64::from(byte - b'0');
                    exponent -= i32::from(fraction);
                }
                b'.' => fraction = true,
                b'e' => {
                    let (mut power, mut negative) = (0, false);
                    for byte in bytes.by_ref() {
                        match byte {
                            b'0'..=b'9' => power = power * 10 + i32::from(byte - b'0'),
                            b'-' => negative = true,
                            _ => {}
                        }
                    }
                    exponent += if negative { -power } else { power };
                }
                _ => {}
            }
        }
        while digits != 0 && digits.is_multiple_of(10) {
            digits /= 10;
            exponent += 1;
        }
        Some(Short { digits, exponent })
    }

    /// As [`Decimal::is_multiple`].
    fn is_multiple(&self, of: &Short) -> bool {
        if self.digits == 0 || of.digits == 0 {
            return self.digits == 0;
        }
        let Ok(power) = u64::try_from(self.exponent - of.exponent) else {
            return false;
        };
        let rest = self.digits % of.digits;
        if rest == 0 || power == 0 {
            return rest == 0;
        }
        let divisor = u128::from(of.digits);
        multiply(u128::from(rest), power_of_ten(power, divisor), divisor) == 0
    }
}

/// A number as digits without zeros at either end, times a power of ten. No digits are zero.
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    fn of(number: &Number) -> Decimal {
        match number {
            Number::Int(value) => Decimal::parse(itoa::Buffer::new().format(*value)),
            Number::UInt(value) => Decimal::parse(itoa::Buffer::new().format(*value)),
            Number::Float(value) => Decimal::parse(zmij::Buffer::new().format(*value)),
            Number::Big(text) => Decimal::parse(text),
        }
    }

    /// Reads a number literal. What is none of its characters is passed over: the literal was checked before.
    fn parse(text: &str) -> Decimal {
        // Beyond this the exponent alone decides everything.
        const LIMIT: i64 = 1 << 50;
        let (number, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let wild = if power.starts_with('-') {
            -LIMIT
        } else {
            LIMIT
        };
        let mut exponent = power.parse::<i64>().unwrap_or(wild).clamp(-LIMIT, LIMIT);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let mut digits: Vec<u8> = Vec::with_capacity(number.len());
        for part in [whole, fraction] {
            for byte in part.bytes() {
                if byte.is_ascii_digit() && (byte != b'0' || !digits.is_empty()) {
                    digits.push(byte - b'0');
                }
            }
        }
        exponent -= i64::try_from(fraction.len()).unwrap_or(LIMIT);
        while digits.last() == Some(&0) {
            digits.pop();
            exponent += 1;
        }
        Decimal {
            negative: number.starts_with('-') && !digits.is_empty(),
            digits,
            exponent,
        }
    }

    fn compare(&self, other: &Decimal) -> Ordering {
        let sign = |decimal: &Decimal| match (decimal.digits.is_empty(), decimal.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let size = |decimal: &Decimal| {
            decimal.exponent + i64::try_from(decimal.digits.len()).unwrap_or(i64::MAX / 2)
        };
        let signs = sign(self).cmp(&sign(other));
        if signs.is_ne() || self.digits.is_empty() {
            return signs;
        }
        let sizes = size(self).cmp(&size(other));
        let magnitude = sizes.then(self.digits.cmp(&other.digits));
        if self.negative {
            magnitude.reverse()
        } else {
            magnitude
        }
    }

    fn is_multiple(&self, of: &Decimal) -> bool {
        if self.digits.is_empty() {
            return true;
        }
        // Neither side ends in a zero, so a divisor with the larger exponent leaves a rest.
        let Ok(power) = u64::try_from(self.exponent - of.exponent) else {
            return false;
        };
        // Ten to the 37th is the last power that leaves room for one more digit.
        if of.digits.is_empty() || of.digits.len() > 37 {
            return self.digits == of.digits;
        }
        let mut divisor = 0u128;
        for digit in &of.digits {
            divisor = divisor * 10 + u128::from(*digit);
        }
        let mut rest = 0u128;
        for digit in &self.digits {
            rest = (rest * 10 + u128::from(*digit)) % divisor;
        }
        multiply(rest, power_of_ten(power, divisor), divisor) == 0
    }
}

fn power_of_ten(mut power: u64, modulus: u128) -> u128 {
    let mut out = 1 % modulus;
    let mut base = 10 % modulus;
    while power > 0 {
        if power & 1 == 1 {
            out = multiply(out, base, modulus);
        }
        base = multiply(base, base, modulus);
        power >>= 1;
    }
    out
}

/// `a * b % modulus`, by doubling where the product has no room.
fn multiply(mut a: u128, mut b: u128, modulus: u128) -> u128 {
    if let Some(product) = a.checked_mul(b) {
        return product % modulus;
    }
    let mut out = 0;
    while b > 0 {
        if b & 1 == 1 {
            out = (out + a) % modulus;
        }
        a = a * 2 % modulus;
        b >>= 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).expect("a literal")
    }

    #[test]
    fn multiples_are_exact() {
        for (value, of, expected) in [
            ("10", "2", true),
            ("7", "2", false),
            ("-9", "3", true),
            ("0", "0.1", true),
            ("0.3", "0.1", true),
            ("0.0075", "0.0001", true),
            ("0.00751", "0.0001", false),
            ("4.5", "1.5", true),
            ("35", "1.5", false),
            ("19.99", "0.01", true),
            ("1e308", "0.5", true),
            ("1e308", "0.123456789", false),
            ("1e400", "5", true),
            ("1e400", "3", false),
            ("12391239123", "1e-8", true),
            ("9007199254740993", "3", true),
            ("9007199254740993", "2", false),
            ("18446744073709551615", "5", true),
            ("123456789012345678901234567890", "10", true),
            (
                "123456789012345678901234567890",
                "123456789012345678901234567890",
                true,
            ),
            ("1", "3e2", false),
            ("900", "3e2", true),
            ("1e99999999999999999999", "7", false),
        ] {
            assert_eq!(
                is_multiple(&number(value), &number(of)),
                expected,
                "{value} of {of}"
            );
        }
    }

    #[test]
    fn doubles_are_divided_as_their_digits_are() {
        let steps = [
            0.01,
            0.5,
            0.1,
            3.0,
            0.003,
            1e-7,
            2.5e10,
            1e300,
            0.30000000000000004,
        ];
        let mut seed = 1u64;
        for step in steps {
            for round in 0..2_000 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let whole = f64::from(u32::try_from(seed >> 40).unwrap() >> (round % 24));
                for value in [
                    whole * step,
                    -whole * step,
                    whole + step,
                    f64::from_bits(seed),
                ] {
                    let (value, of) = (Number::Float(value), Number::Float(step));
                    let expected = Decimal::of(&value).is_multiple(&Decimal::of(&of));
                    assert_eq!(is_multiple(&value, &of), expected, "{value:?} of {step}");
                }
            }
        }
    }

    #[test]
    fn comparison_is_exact() {
        use Ordering::{Equal, Greater, Less};
        for (a, b, expected) in [
            ("1", "1.0", Equal),
            ("9007199254740993", "9007199254740992.0", Greater),
            ("-9007199254740993", "-9007199254740992.0", Less),
            ("18446744073709551615", "1e19", Greater),
            ("-0.0", "0", Equal),
            ("1e400", "1e308", Greater),
            ("-1e400", "1", Less),
            (
                "98249283749234923498293171823948729348710298301928331",
                "98249283749234923498293171823948729348710298301928330",
                Greater,
            ),
            ("100000000000000000000", "1e20", Equal),
            ("0.1", "0.10000000000000002", Less),
            ("12", "123", Less),
        ] {
            assert_eq!(compare(&number(a), &number(b)), expected, "{a} and {b}");
            assert_eq!(
                compare(&number(b), &number(a)),
                expected.reverse(),
                "{b} and {a}"
            );
        }
    }
}
