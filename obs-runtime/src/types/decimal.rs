//! Decimals of any size, exact.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use obs_schema::wire::json::Kind;
use obs_schema::wire::{DecodeError, DecodeErrorKind, EncodeErrorKind, avro, json};

use super::ParseError;
use super::calendar::padded;
use super::digits::{Integer, MOST_DIGITS};
use crate::codec::{AvroCodec, JsonCodec};
use crate::validate::anything;

/// A decimal number: an integer, and how many of its digits stand after the point.
///
/// In Avro the schema gives the scale, and the integer is written in bytes or in a fixed. Numbers are equal when
/// their values are: `1.5` and `1.50` are one. Values of up to 38 digits take no memory beside the struct.
///
/// ```
/// use obs_runtime::types::Decimal;
///
/// let price: Decimal = "12.50".parse()?;
/// assert_eq!(price, Decimal::new(125, 1));
/// assert_eq!((price.unscaled(), price.scale(), price.to_string().as_str()), (Some(1_250), 2, "12.50"));
/// assert!(price > "-7".parse()?);
/// # Ok::<(), obs_runtime::types::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Decimal {
    unscaled: Integer,
    scale: i32,
}

/// Ten to the power of the index, as far as 128 bits reach.
static POWERS: [u128; 39] = {
    let mut powers = [1; 39];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

impl Decimal {
    /// `unscaled` divided by ten to the power of `scale`.
    #[must_use]
    pub const fn new(unscaled: i128, scale: i32) -> Decimal {
        Decimal {
            unscaled: Integer::Small(unscaled),
            scale,
        }
    }

    /// The same from the bytes of the wire: big-endian two's complement, 1,024 at most.
    pub fn from_unscaled_bytes(unscaled: &[u8], scale: i32) -> Result<Decimal, ParseError> {
        match Integer::from_bytes(unscaled) {
            Some(unscaled) => Ok(Decimal { unscaled, scale }),
            None => Err(ParseError::new("a decimal of at most 1,024 bytes")),
        }
    }

    /// The integer, when it fits.
    #[must_use]
    pub fn unscaled(&self) -> Option<i128> {
        match self.unscaled {
            Integer::Small(value) => Some(value),
            Integer::Large(_) => None,
        }
    }

    /// The integer as big-endian two's complement, without a byte too many.
    #[must_use]
    pub fn unscaled_bytes(&self) -> Vec<u8> {
        self.unscaled.with_bytes(<[u8]>::to_vec)
    }

    /// How many digits stand after the point. Below zero, so many zeros follow before it.
    #[must_use]
    pub const fn scale(&self) -> i32 {
        self.scale
    }

    /// How many digits the integer has; zero has one.
    #[must_use]
    pub fn precision(&self) -> usize {
        self.unscaled.digits().1.len()
    }

    /// The same value with so many digits after the point; `None` where digits would be lost.
    #[must_use]
    pub fn rescale(&self, scale: i32) -> Option<Decimal> {
        let power = i64::from(scale) - i64::from(self.scale);
        if power == 0 || self.unscaled.is_zero() {
            return Some(Decimal {
                unscaled: self.unscaled.clone(),
                scale,
            });
        }
        if let Integer::Small(value) = self.unscaled
            && let Ok(power) = u32::try_from(power.unsigned_abs())
            && let Some(factor) = 10_i128.checked_pow(power)
        {
            let scaled = if scale > self.scale {
                value.checked_mul(factor)
            } else if value % factor == 0 {
                Some(value / factor)
            } else {
                return None;
            };
            if let Some(value) = scaled {
                return Some(Decimal::new(value, scale));
            }
        }
        let (negative, mut digits) = self.unscaled.digits();
        let power_of_ten = usize::try_from(power.unsigned_abs()).ok()?;
        if power_of_ten > MOST_DIGITS {
            return None;
        }
        if power > 0 {
            for _ in 0..power_of_ten {
                digits.push('0');
            }
        } else {
            let cut = digits.len().checked_sub(power_of_ten)?;
            if !digits[cut..].trim_start_matches('0').is_empty() {
                return None;
            }
            digits.truncate(cut);
        }
        Some(Decimal {
            unscaled: Integer::from_digits(negative, &digits)?,
            scale,
        })
    }

    /// Whether a schema with this precision and scale can hold the value exactly.
    ///
    /// ```
    /// use obs_runtime::types::Decimal;
    ///
    /// let price: Decimal = "12.50".parse()?;
    /// assert!(price.fits(4, 2) && price.fits(3, 1));
    /// assert!(!price.fits(3, 2) && !price.fits(9, 0));
    /// # Ok::<(), obs_runtime::types::ParseError>(())
    /// ```
    #[must_use]
    pub fn fits(&self, precision: u32, scale: u32) -> bool {
        self.fit(precision, scale).is_ok()
    }

    /// The value as the schema wants it, or why it cannot be.
    fn fit(&self, precision: u32, scale: u32) -> Result<Cow<'_, Decimal>, EncodeErrorKind> {
        const FINER: &str = "the decimal has more digits after the point than its schema";
        const LONGER: &str = "the decimal has more digits than its schema";
        let scale = i32::try_from(scale).ok();
        let scaled = if scale == Some(self.scale) {
            Cow::Borrowed(self)
        } else {
            let scaled = scale.and_then(|scale| self.rescale(scale));
            Cow::Owned(scaled.ok_or(EncodeErrorKind::Refused(FINER.into()))?)
        };
        let fits = match &scaled.unscaled {
            Integer::Small(value) => POWERS
                .get(precision as usize)
                .is_none_or(|bound| value.unsigned_abs() < *bound),
            Integer::Large(_) => scaled.precision() <= precision as usize,
        };
        if fits {
            Ok(scaled)
        } else {
            Err(EncodeErrorKind::Refused(LONGER.into()))
        }
    }

    /// Writes the value as Avro bytes for a schema with this precision and scale.
    pub fn write_bytes(&self, w: &mut avro::Writer, precision: u32, scale: u32) {
        match self.fit(precision, scale) {
            Ok(scaled) => scaled.unscaled.with_bytes(|bytes| w.bytes(bytes)),
            Err(kind) => w.refuse(kind, ""),
        }
    }

    /// Writes the value as an Avro fixed of this size for a schema with this precision and scale.
    pub fn write_fixed(&self, w: &mut avro::Writer, size: usize, precision: u32, scale: u32) {
        let written = self
            .fit(precision, scale)
            .and_then(|scaled| scaled.extended(size, |bytes| w.fixed(bytes)));
        if let Err(kind) = written {
            w.refuse(kind, "");
        }
    }

    /// Reads Avro bytes of a schema with this scale.
    pub fn read_bytes(r: &mut avro::Reader<'_>, scale: u32) -> Result<Decimal, DecodeError> {
        let at = r.position();
        Decimal::of_wire(r.bytes_ref()?, scale, at)
    }

    /// Reads an Avro fixed of this size of a schema with this scale.
    pub fn read_fixed(
        r: &mut avro::Reader<'_>,
        size: usize,
        scale: u32,
    ) -> Result<Decimal, DecodeError> {
        let at = r.position();
        Decimal::of_wire(r.fixed_ref(size)?, scale, at)
    }

    /// Writes the value as JSON, the way Avro writes the bytes of a schema with this precision and scale.
    pub fn write_json_bytes(&self, w: &mut json::Writer, precision: u32, scale: u32) {
        match self.fit(precision, scale) {
            Ok(scaled) => scaled.unscaled.with_bytes(|bytes| w.bytes(bytes)),
            Err(kind) => w.refuse(kind, ""),
        }
    }

    /// Writes the value as JSON, the way Avro writes a fixed of this size.
    pub fn write_json_fixed(&self, w: &mut json::Writer, size: usize, precision: u32, scale: u32) {
        let written = self
            .fit(precision, scale)
            .and_then(|scaled| scaled.extended(size, |bytes| w.bytes(bytes)));
        if let Err(kind) = written {
            w.refuse(kind, "");
        }
    }

    /// Reads JSON that was written with [`Decimal::write_json_bytes`].
    pub fn read_json_bytes(r: &mut json::Reader<'_>, scale: u32) -> Result<Decimal, DecodeError> {
        let at = r.position();
        Decimal::of_wire(&r.bytes()?, scale, at)
    }

    /// Reads JSON that was written with [`Decimal::write_json_fixed`].
    pub fn read_json_fixed(
        r: &mut json::Reader<'_>,
        size: usize,
        scale: u32,
    ) -> Result<Decimal, DecodeError> {
        let at = r.position();
        let bytes = r.bytes()?;
        if bytes.len() != size {
            return Err(DecodeError::new(
                DecodeErrorKind::WrongLength { expected: size },
                at,
            ));
        }
        Decimal::of_wire(&bytes, scale, at)
    }

    /// Hands over the bytes of the integer, with as many more of its sign as the size asks for.
    fn extended(&self, size: usize, write: impl FnOnce(&[u8])) -> Result<(), EncodeErrorKind> {
        self.unscaled.with_bytes(|bytes| {
            let missing = size
                .checked_sub(bytes.len())
                .ok_or(EncodeErrorKind::WrongLength { expected: size })?;
            let fill = if self.unscaled.is_negative() { 0xff } else { 0 };
            // Every integer of 128 bits and most others fit here; no reason to ask for memory.
            let mut room = [fill; 32];
            match room.get_mut(..size) {
                Some(extended) => {
                    extended[missing..].copy_from_slice(bytes);
                    write(extended);
                }
                None => {
                    let mut extended = vec![fill; missing];
                    extended.extend_from_slice(bytes);
                    write(&extended);
                }
            }
            Ok(())
        })
    }

    fn of_wire(bytes: &[u8], scale: u32, at: usize) -> Result<Decimal, DecodeError> {
        let scale = i32::try_from(scale)
            .map_err(|_| DecodeError::new(DecodeErrorKind::OutOfRange("i32"), at))?;
        Decimal::from_unscaled_bytes(bytes, scale).map_err(|error| DecodeError::refused(error, at))
    }

    /// Sign, digits without zeros at either end, and the power of ten of the last digit.
    fn significant(&self) -> (bool, String, i64) {
        let (negative, mut digits) = self.unscaled.digits();
        let length = digits.trim_end_matches('0').len();
        let zeros = i64::try_from(digits.len() - length).unwrap_or(i64::MAX);
        digits.truncate(length);
        (negative, digits, zeros - i64::from(self.scale))
    }
}

impl Default for Decimal {
    fn default() -> Decimal {
        Decimal::new(0, 0)
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Decimal {
        Decimal::new(i128::from(value), 0)
    }
}

impl From<i32> for Decimal {
    fn from(value: i32) -> Decimal {
        Decimal::new(i128::from(value), 0)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Decimal) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        if let (Integer::Small(a), Integer::Small(b)) = (&self.unscaled, &other.unscaled)
            && self.scale == other.scale
        {
            return a.cmp(b);
        }
        if self.unscaled.is_zero()
            || other.unscaled.is_zero()
            || self.unscaled.is_negative() != other.unscaled.is_negative()
        {
            let sign = |value: &Decimal| {
                i8::from(!value.unscaled.is_zero())
                    * if value.unscaled.is_negative() { -1 } else { 1 }
            };
            return sign(self).cmp(&sign(other));
        }
        let (negative, a, a_power) = self.significant();
        let (_, b, b_power) = other.significant();
        // Where the first digit stands decides; where they stand alike, the digits do.
        let first =
            |digits: &str, power: i64| i64::try_from(digits.len()).unwrap_or(i64::MAX) + power;
        let larger = first(&a, a_power)
            .cmp(&first(&b, b_power))
            .then_with(|| a.cmp(&b));
        if negative { larger.reverse() } else { larger }
    }
}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        if self.unscaled.is_zero() {
            0_u8.hash(state);
        } else {
            self.significant().hash(state);
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        padded(f, &|f| {
            let (negative, digits) = self.unscaled.digits();
            if negative {
                f.write_str("-")?;
            }
            match usize::try_from(self.scale) {
                Ok(0) => f.write_str(&digits),
                // A hostile scale would make an endless row of zeros.
                Ok(scale) if scale <= MOST_DIGITS => {
                    let whole = digits.len().saturating_sub(scale);
                    let zeros = scale.saturating_sub(digits.len());
                    let (whole, fraction) = digits.split_at(whole);
                    let whole = if whole.is_empty() { "0" } else { whole };
                    write!(f, "{whole}.{}{fraction}", "0".repeat(zeros))
                }
                _ => write!(f, "{digits}e{}", -i64::from(self.scale)),
            }
        })
    }
}

/// The number.
impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decimal({self})")
    }
}

/// Digits with a point and an exponent if need be; what is written after the point counts as scale.
impl FromStr for Decimal {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Decimal, ParseError> {
        parse(text).ok_or(ParseError::new("a decimal such as `12.50`"))
    }
}

fn parse(text: &str) -> Option<Decimal> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    let empty = whole.is_empty() || (mantissa.contains('.') && fraction.is_empty());
    if empty || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let scale = i64::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    Some(Decimal {
        unscaled: Integer::from_digits(text.starts_with('-'), &digits)?,
        scale: i32::try_from(scale).ok()?,
    })
}

/// As text, for a number of JSON would be a binary float to most readers. Numbers are read as well, exactly.
impl JsonCodec for Decimal {
    fn write_json(&self, w: &mut json::Writer) {
        w.string(&self.to_string());
    }

    fn read_json(r: &mut json::Reader<'_>) -> Result<Decimal, DecodeError> {
        let kind = r.peek_kind()?;
        let at = r.position();
        match kind {
            Kind::Number => r.raw()?.parse(),
            _ => r.str()?.parse(),
        }
        .map_err(|error: ParseError| DecodeError::refused(error, at))
    }
}

/// A decimal number that carries its scale on the wire.
///
/// ```
/// use obs_runtime::AvroCodec;
/// use obs_runtime::types::BigDecimal;
///
/// let mut out = Vec::new();
/// let value: BigDecimal = "12.50".parse()?;
/// AvroCodec::encode_avro(&value, &mut out)?;
/// assert_eq!(out, [8, 4, 0x04, 0xe2, 4]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BigDecimal(
    /// The number.
    pub Decimal,
);

impl BigDecimal {
    /// What stands inside the bytes: the integer, again as bytes, and the scale.
    fn inside(&self) -> Vec<u8> {
        let mut inside = avro::Writer::new();
        self.0.unscaled.with_bytes(|bytes| inside.bytes(bytes));
        inside.int(self.0.scale);
        // Bytes and an integer are never refused.
        inside.finish().unwrap_or_default()
    }

    fn of_inside(inside: &[u8], at: usize) -> Result<BigDecimal, DecodeError> {
        let read = |r: &mut avro::Reader<'_>| {
            let unscaled = r.bytes_ref()?;
            let scale = r.int()?;
            r.finish()?;
            Decimal::from_unscaled_bytes(unscaled, scale)
                .map_err(|error| DecodeError::refused(error, 0))
        };
        // Places inside the bytes are counted from their beginning: only the kind is of use.
        read(&mut avro::Reader::new(inside))
            .map(BigDecimal)
            .map_err(|error| DecodeError::new(error.kind().clone(), at))
    }

    /// Writes the value as Avro bytes that hold the integer, again as bytes, and the scale.
    pub fn write_avro(&self, w: &mut avro::Writer) {
        w.bytes(&self.inside());
    }

    /// Reads the value from Avro bytes.
    pub fn read_avro(r: &mut avro::Reader<'_>) -> Result<BigDecimal, DecodeError> {
        let at = r.position();
        BigDecimal::of_inside(r.bytes_ref()?, at)
    }

    /// Writes the value as JSON, the way Avro writes its bytes.
    pub fn write_json_bytes(&self, w: &mut json::Writer) {
        w.bytes(&self.inside());
    }

    /// Reads JSON that was written with [`BigDecimal::write_json_bytes`].
    pub fn read_json_bytes(r: &mut json::Reader<'_>) -> Result<BigDecimal, DecodeError> {
        let at = r.position();
        BigDecimal::of_inside(&r.bytes()?, at)
    }
}

impl fmt::Display for BigDecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number.
impl fmt::Debug for BigDecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BigDecimal({})", self.0)
    }
}

impl FromStr for BigDecimal {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<BigDecimal, ParseError> {
        text.parse().map(BigDecimal)
    }
}

impl From<Decimal> for BigDecimal {
    fn from(value: Decimal) -> BigDecimal {
        BigDecimal(value)
    }
}

impl From<BigDecimal> for Decimal {
    fn from(value: BigDecimal) -> Decimal {
        value.0
    }
}

impl AvroCodec for BigDecimal {
    fn write_avro(&self, w: &mut avro::Writer) {
        BigDecimal::write_avro(self, w);
    }

    fn read_avro(r: &mut avro::Reader<'_>) -> Result<BigDecimal, DecodeError> {
        BigDecimal::read_avro(r)
    }
}

impl JsonCodec for BigDecimal {
    fn write_json(&self, w: &mut json::Writer) {
        self.0.write_json(w);
    }

    fn read_json(r: &mut json::Reader<'_>) -> Result<BigDecimal, DecodeError> {
        Decimal::read_json(r).map(BigDecimal)
    }
}

anything!(Decimal, BigDecimal);
