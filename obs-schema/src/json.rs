//! A JSON value without places: what payloads, defaults and constants are made of.

#[cfg(feature = "schemars")]
mod schemars;
#[cfg(feature = "serde")]
mod serde;

use crate::table::Table;
use std::borrow::Cow;

#[cfg(feature = "wire")]
use crate::wire::DecodeError;
#[cfg(feature = "wire")]
use crate::wire::json::Reader;

/// A JSON value. Object members keep their order.
#[derive(Clone, Debug, Default)]
pub enum Json {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, exactly as far as its kind goes.
    Number(Number),
    /// Text.
    String(String),
    /// A list.
    Array(Vec<Json>),
    /// Members in the order they were written; names are unique, the last one wins.
    Object(Vec<(String, Json)>),
}

/// A JSON number. Integers stay integers; what fits nowhere keeps its text.
#[derive(Clone, Debug)]
pub enum Number {
    /// An integer that fits.
    Int(i64),
    /// A larger positive integer.
    UInt(u64),
    /// Anything else that a double holds.
    Float(f64),
    /// An integer beyond 64 bits, or a literal beyond the range of a double: the literal itself.
    Big(Box<str>),
}

impl Number {
    /// Reads a JSON number literal. `None` when it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Number> {
        if !is_literal(text) {
            return None;
        }
        if !text.contains(['.', 'e', 'E']) {
            if text != "-0" {
                if let Ok(value) = text.parse() {
                    return Some(Number::Int(value));
                }
                if let Ok(value) = text.parse() {
                    return Some(Number::UInt(value));
                }
                return Some(Number::Big(text.into()));
            }
            return Some(Number::Float(-0.0));
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Some(Number::Float(value)),
            _ => Some(Number::Big(text.into())),
        }
    }

    /// The nearest double.
    #[must_use]
    pub fn as_f64(&self) -> f64 {
        match self {
            #[expect(
                clippy::cast_precision_loss,
                reason = "the nearest double is what is asked for"
            )]
            Number::Int(value) => *value as f64,
            #[expect(
                clippy::cast_precision_loss,
                reason = "the nearest double is what is asked for"
            )]
            Number::UInt(value) => *value as f64,
            Number::Float(value) => *value,
            Number::Big(text) => text.parse().unwrap_or(f64::NAN),
        }
    }

    /// The value as an integer, also when it is written `1.0`.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Number::Int(value) => Some(*value),
            Number::UInt(_) | Number::Big(_) => None,
            #[expect(
                clippy::cast_possible_truncation,
                reason = "range and fraction are looked at first"
            )]
            Number::Float(value) => {
                let whole = value.trunc() == *value
                    && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(value);
                whole.then_some(*value as i64)
            }
        }
    }

    /// Whether JSON Schema calls it an integer.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        match self {
            Number::Int(_) | Number::UInt(_) => true,
            Number::Float(value) => value.trunc() == *value,
            Number::Big(text) => {
                !text.contains(['.', 'e', 'E'])
                    || self.as_f64().is_infinite() && !text.contains("e-")
            }
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Number::Int(value) => write!(f, "{value}"),
            Number::UInt(value) => write!(f, "{value}"),
            Number::Float(value) => f.write_str(zmij::Buffer::new().format(*value)),
            Number::Big(text) => f.write_str(text),
        }
    }
}

/// Equal as JSON Schema means it: `1` equals `1.0`.
impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => a == b,
            (Number::UInt(a), Number::UInt(b)) => a == b,
            (Number::Int(_), Number::UInt(_)) | (Number::UInt(_), Number::Int(_)) => false,
            (Number::Big(a), Number::Big(b)) => a == b,
            (a, b) => {
                let equal = a.as_f64() == b.as_f64();
                equal && a.as_i64() == b.as_i64()
            }
        }
    }
}

impl Eq for Number {}

/// Equal as JSON Schema means it: the order of members does not matter.
impl PartialEq for Json {
    fn eq(&self, other: &Json) -> bool {
        match (self, other) {
            (Json::Null, Json::Null) => true,
            (Json::Bool(a), Json::Bool(b)) => a == b,
            (Json::Number(a), Json::Number(b)) => a == b,
            (Json::String(a), Json::String(b)) => a == b,
            (Json::Array(a), Json::Array(b)) => a == b,
            (Json::Object(a), Json::Object(b)) => {
                a.len() == b.len()
                    && a.iter().zip(b).all(|((name, value), same_place)| {
                        if *name == same_place.0 {
                            *value == same_place.1
                        } else {
                            other.get(name) == Some(value)
                        }
                    })
            }
            _ => false,
        }
    }
}

impl Eq for Json {}

impl Json {
    /// Reads JSON text.
    ///
    /// ```
    /// use obs_schema::json::Json;
    ///
    /// let order = Json::parse(br#"{"id": 7, "lines": []}"#)?;
    /// assert_eq!(order.get("id"), Some(&Json::from(7)));
    /// # Ok::<(), obs_schema::wire::DecodeError>(())
    /// ```
    #[cfg(feature = "wire")]
    pub fn parse(text: &[u8]) -> Result<Json, DecodeError> {
        let mut reader = Reader::new(text);
        let value = reader.json()?;
        reader.finish()?;
        Ok(value)
    }

    /// An object from members in any number and order; of those with one name the last one stays, at the first one's place.
    #[must_use]
    pub fn object(mut members: Vec<(String, Json)>) -> Json {
        // Few members are compared with each other; many are looked up, for a sender may send very many.
        let few = members.len() <= 16;
        let other = |at: usize, name: &str| members[..at].iter().any(|(other, _)| other == name);
        if few && !(1..members.len()).any(|at| other(at, &members[at].0)) {
            return Json::Object(members);
        }
        let mut places: Table<&str, usize> = Table::default();
        let mut unique = 0;
        let mut place = |name| {
            *places.get_or(name, || {
                unique += 1;
                unique - 1
            })
        };
        let mut at: Vec<usize> = Vec::with_capacity(members.len());
        for (name, _) in &members {
            at.push(place(name.as_str()));
        }
        if unique < members.len() {
            let mut kept: Vec<(String, Json)> = Vec::with_capacity(unique);
            for (index, (name, value)) in members.into_iter().enumerate() {
                match kept.get_mut(at[index]) {
                    Some(first) => first.1 = value,
                    None => kept.push((name, value)),
                }
            }
            members = kept;
        }
        Json::Object(members)
    }

    /// The member of an object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a list.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Json]> {
        match self {
            Json::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members of an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&[(String, Json)]> {
        match self {
            Json::Object(members) => Some(members),
            _ => None,
        }
    }

    /// What JSON Schema calls the kind: `null`, `boolean`, `number`, `string`, `array` or `object`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "boolean",
            Json::Number(_) => "number",
            Json::String(_) => "string",
            Json::Array(_) => "array",
            Json::Object(_) => "object",
        }
    }

    /// Compact JSON text.
    pub fn write(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(true) => out.push_str("true"),
            Json::Bool(false) => out.push_str("false"),
            Json::Number(number) => out.push_str(&number.to_string()),
            Json::String(text) => write_string(out, text),
            Json::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Json::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_string(out, name);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Json {
        Json::Bool(value)
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Json {
        Json::Number(Number::Int(value))
    }
}

/// `null` for NaN and the infinities, for which JSON has no number.
impl From<f64> for Json {
    fn from(value: f64) -> Json {
        if value.is_finite() {
            Json::Number(Number::Float(value))
        } else {
            Json::Null
        }
    }
}

impl From<&str> for Json {
    fn from(value: &str) -> Json {
        Json::String(value.to_owned())
    }
}

impl From<String> for Json {
    fn from(value: String) -> Json {
        Json::String(value)
    }
}

impl From<Vec<Json>> for Json {
    fn from(items: Vec<Json>) -> Json {
        Json::Array(items)
    }
}

#[cfg(feature = "wire")]
impl std::str::FromStr for Json {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Json, DecodeError> {
        Json::parse(text.as_bytes())
    }
}

impl std::fmt::Display for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        f.write_str(&out)
    }
}

/// Appends a string literal with the shortest escapes.
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut done = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape: Cow<'_, str> = match byte {
            b'"' => "\\\"".into(),
            b'\\' => "\\\\".into(),
            b'\n' => "\\n".into(),
            b'\r' => "\\r".into(),
            b'\t' => "\\t".into(),
            0x08 => "\\b".into(),
            0x0c => "\\f".into(),
            0..=0x1f => format!("\\u{byte:04x}").into(),
            _ => continue,
        };
        out.push_str(&text[done..at]);
        out.push_str(&escape);
        done = at + 1;
    }
    out.push_str(&text[done..]);
    out.push('"');
}

/// Whether a text is a number literal of JSON.
fn is_literal(text: &str) -> bool {
    fn digits(text: &str) -> Option<&str> {
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
        (rest.len() < text.len()).then_some(rest)
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if unsigned.len() > 1 && unsigned.starts_with('0') && unsigned.as_bytes()[1].is_ascii_digit() {
        return false;
    }
    let Some(mut rest) = digits(unsigned) else {
        return false;
    };
    if let Some(fraction) = rest.strip_prefix('.') {
        let Some(after) = digits(fraction) else {
            return false;
        };
        rest = after;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let Some(after) = digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)) else {
            return false;
        };
        rest = after;
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_kind() {
        assert!(matches!(Number::parse("1"), Some(Number::Int(1))));
        assert!(matches!(
            Number::parse("18446744073709551615"),
            Some(Number::UInt(u64::MAX))
        ));
        assert!(matches!(Number::parse("1e400"), Some(Number::Big(_))));
        assert_eq!(Number::parse("1.0"), Some(Number::Int(1)));
        assert_ne!(
            Number::Int(i64::MAX),
            Number::Float(9_223_372_036_854_775_807.0)
        );
        for bad in ["", "-", "01", "1.", ".5", "1e", "+1", "0x1", "NaN"] {
            assert!(Number::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn strings_are_escaped() {
        assert_eq!(
            Json::String("a\"\\\n\u{1}é".into()).to_string(),
            "\"a\\\"\\\\\\n\\u0001é\""
        );
    }
}
