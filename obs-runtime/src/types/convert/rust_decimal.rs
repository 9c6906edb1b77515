//! `rust_decimal`

use crate::types::{BigDecimal, Decimal, ParseError};
use rust_decimal::Decimal as Theirs;

impl From<Theirs> for Decimal {
    fn from(value: Theirs) -> Decimal {
        // Their scale is 28 at most.
        Decimal::new(value.mantissa(), i32::try_from(value.scale()).unwrap_or(0))
    }
}

impl From<Theirs> for BigDecimal {
    fn from(value: Theirs) -> BigDecimal {
        BigDecimal(value.into())
    }
}

/// An error beyond 96 bits or 28 digits after the point.
impl TryFrom<&Decimal> for Theirs {
    type Error = ParseError;

    fn try_from(value: &Decimal) -> Result<Theirs, ParseError> {
        const ERROR: ParseError =
            ParseError::new("a decimal of at most 96 bits and 28 digits after the point");
        let plain = if value.scale() < 0 {
            value.rescale(0)
        } else {
            Some(value.clone())
        };
        let plain = plain.ok_or(ERROR)?;
        let scale = u32::try_from(plain.scale()).map_err(|_| ERROR)?;
        Theirs::try_from_i128_with_scale(plain.unscaled().ok_or(ERROR)?, scale).map_err(|_| ERROR)
    }
}

/// An error beyond 96 bits or 28 digits after the point.
impl TryFrom<Decimal> for Theirs {
    type Error = ParseError;

    fn try_from(value: Decimal) -> Result<Theirs, ParseError> {
        Theirs::try_from(&value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_value_and_scale() {
        for text in ["0", "12.50", "-0.001", "79228162514264337593543950335"] {
            let ours: Decimal = text.parse().unwrap();
            let theirs = Theirs::try_from(&ours).unwrap();
            assert_eq!(theirs.to_string(), text);
            assert_eq!(Decimal::from(theirs).to_string(), text);
        }
        assert_eq!(
            Theirs::try_from(Decimal::new(5, -2)).unwrap().to_string(),
            "500"
        );
        for text in ["79228162514264337593543950336", "1e-29", "1e40"] {
            assert!(
                Theirs::try_from(text.parse::<Decimal>().unwrap()).is_err(),
                "{text}"
            );
        }
    }
}
