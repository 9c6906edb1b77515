//! Logical types: which name fits which type, and with what attributes.
//!
//! One that does not fit is ignored, as the specification asks, and somebody is told.

use crate::avro::{Kind, Logical};
use crate::diag::{Diagnostic, Diagnostics, nearest};
use crate::node::{self, Member, Node};

/// What a logical type stands on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Base {
    /// `int`
    Int,
    /// `long`
    Long,
    /// `bytes`
    Bytes,
    /// `string`
    String,
    /// A fixed of this size.
    Fixed(usize),
    /// Anything else carries none.
    Other,
}

impl Base {
    pub(super) fn of(kind: &Kind) -> Base {
        match kind {
            Kind::Int => Base::Int,
            Kind::Long => Base::Long,
            Kind::Bytes => Base::Bytes,
            Kind::String => Base::String,
            _ => Base::Other,
        }
    }
}

/// All the names, for "did you mean".
const NAMES: [&str; 13] = [
    "decimal",
    "big-decimal",
    "uuid",
    "date",
    "time-millis",
    "time-micros",
    "timestamp-millis",
    "timestamp-micros",
    "timestamp-nanos",
    "local-timestamp-millis",
    "local-timestamp-micros",
    "local-timestamp-nanos",
    "duration",
];

/// Reads `logicalType` among the members of a type.
pub(super) fn read(cx: &mut Diagnostics, base: Base, members: &[Member]) -> Option<Logical> {
    let member = node::member(members, "logicalType")?;
    let Some(name) = member.value.as_str() else {
        cx.push(
            Diagnostic::warning(
                "ignored-logical-type",
                member.value.loc,
                format!(
                    "`logicalType` is {} where a string should be, and is ignored",
                    member.value.kind()
                ),
            )
            .help("name a logical type, such as \"timestamp-millis\""),
        );
        return None;
    };
    let get = |key: &str| Some(&node::member(members, key)?.value);
    let (logical, fits, wants) = match name {
        "decimal" => match decimal(cx, base, member, get("precision"), get("scale")) {
            Ok(logical) => return Some(logical),
            Err(true) => return None,
            Err(false) => (None, false, "bytes or a fixed"),
        },
        "big-decimal" => (Some(Logical::BigDecimal), base == Base::Bytes, "bytes"),
        "uuid" => (
            Some(Logical::Uuid),
            matches!(base, Base::String | Base::Fixed(16)),
            "a string or a fixed of 16 bytes",
        ),
        "duration" => (
            Some(Logical::Duration),
            base == Base::Fixed(12),
            "a fixed of 12 bytes",
        ),
        "date" => (Some(Logical::Date), base == Base::Int, "an int"),
        "time-millis" => (Some(Logical::TimeMillis), base == Base::Int, "an int"),
        _ => match long(name) {
            Some(logical) => (Some(logical), base == Base::Long, "a long"),
            None => {
                // A logical type of one's own is a custom property like any other; a slip of the pen is not.
                if let Some(meant) = nearest(name, NAMES) {
                    cx.push(
                        Diagnostic::warning(
                            "ignored-logical-type",
                            member.value.loc,
                            format!("there is no logical type `{name}`, and it is ignored"),
                        )
                        .help(format!("write `{meant}`")),
                    );
                }
                return None;
            }
        },
    };
    if !fits {
        cx.push(
            Diagnostic::warning(
                "ignored-logical-type",
                member.value.loc,
                format!("`{name}` does not fit this type, and is ignored"),
            )
            .help(format!("put it on {wants}")),
        );
        return None;
    }
    logical
}

fn long(name: &str) -> Option<Logical> {
    Some(match name {
        "time-micros" => Logical::TimeMicros,
        "timestamp-millis" => Logical::TimestampMillis,
        "timestamp-micros" => Logical::TimestampMicros,
        "timestamp-nanos" => Logical::TimestampNanos,
        "local-timestamp-millis" => Logical::LocalTimestampMillis,
        "local-timestamp-micros" => Logical::LocalTimestampMicros,
        "local-timestamp-nanos" => Logical::LocalTimestampNanos,
        _ => return None,
    })
}

/// A decimal, or whether its fault has been told already.
fn decimal(
    cx: &mut Diagnostics,
    base: Base,
    member: &Member,
    precision: Option<&Node>,
    scale: Option<&Node>,
) -> Result<Logical, bool> {
    let most = match base {
        Base::Bytes => i64::from(i32::MAX),
        Base::Fixed(size) => digits(size),
        _ => return Err(false),
    };
    let mut ignore = |node: Option<&Node>, message: String, help: &str| {
        let loc = node.map_or(member.value.loc, |node| node.loc);
        cx.push(Diagnostic::warning("ignored-logical-type", loc, message).help(help));
        Err(true)
    };
    let whole = |node: &Node| node.as_i64().filter(|value| *value >= 0);
    let Some(digits) = precision.and_then(whole).filter(|value| *value > 0) else {
        let what = if precision.is_some() {
            "a `precision` that is no positive integer"
        } else {
            "no `precision`"
        };
        return ignore(
            precision,
            format!("the decimal has {what}, and is ignored"),
            "write how many digits a value may have",
        );
    };
    if digits > most {
        return ignore(
            precision,
            format!(
                "`precision` is {digits}, the type holds {most} digits, and the decimal is ignored"
            ),
            "lower the precision, or enlarge the fixed",
        );
    }
    let after = match scale {
        None => 0,
        Some(node) => match whole(node) {
            Some(value) if value <= digits => value,
            Some(value) => {
                return ignore(
                    scale,
                    format!(
                        "`scale` is {value}, larger than the precision {digits}, and the decimal is ignored"
                    ),
                    "lower the scale, or raise the precision",
                );
            }
            None => {
                return ignore(
                    scale,
                    "the decimal has a `scale` that is no whole number, and is ignored".to_owned(),
                    "write how many digits follow the point",
                );
            }
        },
    };
    match (u32::try_from(digits), u32::try_from(after)) {
        (Ok(precision), Ok(scale)) => Ok(Logical::Decimal { precision, scale }),
        _ => Err(true),
    }
}

/// The decimal digits that so many bytes of two's complement can always hold.
fn digits(size: usize) -> i64 {
    if size == 0 {
        return 0;
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a power of two is never a power of ten, so no size that fits a schema sits on the edge"
    )]
    let digits = ((size as f64 * 8.0 - 1.0) * std::f64::consts::LOG10_2).floor() as i64;
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_hold_digits() {
        for (size, expected) in [(0, 0), (1, 2), (2, 4), (4, 9), (8, 18), (16, 38)] {
            assert_eq!(digits(size), expected, "{size}");
        }
    }
}
