//! Integers that are written as decimals or with an exponent.

use crate::wire::error::DecodeErrorKind;

/// The integer a number literal stands for, however it is written: `100`, `100.0` and `1e2` are one.
///
/// Time and memory follow the length of the literal, never its exponent.
pub(super) fn integer(literal: &str, ty: &'static str) -> Result<i128, DecodeErrorKind> {
    let (negative, unsigned) = match literal.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, literal),
    };
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, ""));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let zeros = |text: &str| text.bytes().all(|byte| byte == b'0');
    if zeros(whole) && zeros(fraction) {
        return Ok(0);
    }

    // The literal is `digits * 10^power` with no zero at either end of the digits.
    let digits = fraction.trim_end_matches('0');
    let (whole, fraction, dropped) = if digits.is_empty() {
        let digits = whole.trim_end_matches('0');
        (digits, "", whole.len() - digits.len())
    } else {
        (whole, digits, 0)
    };
    let power = shift(exponent)
        .saturating_sub(i64::try_from(fraction.len()).unwrap_or(i64::MAX))
        .saturating_add(i64::try_from(dropped).unwrap_or(i64::MAX));
    if power < 0 {
        return Err(DecodeErrorKind::WrongKind {
            expected: "an integer",
            found: "a number with a fraction",
        });
    }
    let too_large = DecodeErrorKind::OutOfRange(ty);
    let significant = (whole.len() + fraction.len()) - leading_zeros(whole, fraction);
    // Twenty digits are more than 64 bits hold and fewer than 128 do.
    if significant > 20 || power > 20 {
        return Err(too_large);
    }
    let mut value: i128 = 0;
    for part in [whole, fraction] {
        for byte in part.bytes() {
            value = value * 10 + i128::from(byte - b'0');
        }
    }
    for _ in 0..power {
        value = value
            .checked_mul(10)
            .ok_or(DecodeErrorKind::OutOfRange(ty))?;
    }
    Ok(if negative { -value } else { value })
}

/// The value of an exponent; beyond 64 bits as near as they come.
fn shift(exponent: &str) -> i64 {
    if exponent.is_empty() {
        return 0;
    }
    exponent.parse().unwrap_or(if exponent.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    })
}

fn leading_zeros(whole: &str, fraction: &str) -> usize {
    let rest = whole.trim_start_matches('0');
    if rest.is_empty() {
        whole.len() + fraction.len() - fraction.trim_start_matches('0').len()
    } else {
        whole.len() - rest.len()
    }
}

#[cfg(test)]
mod tests {
    use super::integer;
    use crate::wire::error::DecodeErrorKind;

    #[test]
    fn integers_are_exact_however_they_are_written() {
        let long = format!("7{}e-400", "0".repeat(400));
        for (literal, value) in [
            ("0", 0),
            ("-0", 0),
            ("0.000", 0),
            ("0e999999999999999999999", 0),
            ("1.0", 1),
            ("-1.50e1", -15),
            ("1e2", 100),
            ("1E+2", 100),
            ("12300e-2", 123),
            ("0.00012e5", 12),
            ("9223372036854775807.0", i128::from(i64::MAX)),
            ("18446744073709551615", i128::from(u64::MAX)),
            (long.as_str(), 7),
        ] {
            assert_eq!(integer(literal, "i64"), Ok(value), "{literal}");
        }
        for literal in [
            "1.5",
            "1e-1",
            "123e-2",
            "0.1",
            "1e-99999999999999999999",
            "1.0000000000000000000000000000001",
        ] {
            let kind = integer(literal, "i64").unwrap_err();
            assert!(
                matches!(kind, DecodeErrorKind::WrongKind { .. }),
                "{literal}: {kind}"
            );
        }
        for literal in [
            "1e21",
            "1e99999999999999999999",
            "123456789012345678901",
            "1e9223372036854775807",
        ] {
            assert_eq!(
                integer(literal, "i64"),
                Err(DecodeErrorKind::OutOfRange("i64")),
                "{literal}"
            );
        }
    }
}
