//! Which branch of a JSON Schema's union a value is, where its kind alone does not tell.
//!
//! `oneOf` and `anyOf` name no branch, so the value has to: by a member that is constant in each branch, else by
//! being read as one branch after the other. A branch that reads the value and finds nothing wrong with it wins;
//! failing that the first that reads it, whose violations then say what is wrong.

use obs_schema::wire::json::Reader;
use obs_schema::wire::{DecodeError, DecodeErrorKind};

use crate::validate::{Checker, Validate};

/// Reads one branch.
pub type Branch<T> = fn(&mut Reader<'_>) -> Result<T, DecodeError>;

/// Reads the first branch that takes the value.
pub fn first_of<T: Validate>(r: &mut Reader<'_>, branches: &[Branch<T>]) -> Result<T, DecodeError> {
    among(r, branches.iter().copied())
}

/// Reads the branch whose constant the member has; where it has none of them, the first that takes the value.
pub fn by_tag<T: Validate>(
    r: &mut Reader<'_>,
    member: &str,
    branches: &[(&str, Branch<T>)],
) -> Result<T, DecodeError> {
    let tag = r.peek_text(member)?;
    match branches
        .iter()
        .find(|(value, _)| tag.as_deref() == Some(value))
    {
        Some((_, branch)) => branch(r),
        None => among(r, branches.iter().map(|(_, branch)| *branch)),
    }
}

fn among<T: Validate>(
    r: &mut Reader<'_>,
    branches: impl Iterator<Item = Branch<T>>,
) -> Result<T, DecodeError> {
    let mark = r.mark();
    let mut readable = None;
    for branch in branches {
        match r.attempt(mark, branch) {
            Ok(value) => {
                let mut cx = Checker::new();
                value.check(&mut cx);
                if cx.is_clean() {
                    return Ok(value);
                }
                readable.get_or_insert((value, r.mark()));
            }
            // The bounds were reached: another attempt would only cost.
            Err(error) if matches!(error.kind(), DecodeErrorKind::TooManyElements) => {
                return Err(error);
            }
            Err(_) => {}
        }
    }
    match readable {
        Some((value, end)) => {
            r.reset(end);
            Ok(value)
        }
        None => {
            r.reset(mark);
            Err(r.fail(DecodeErrorKind::NoBranch))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JsonCodec;
    use obs_schema::wire::json::Writer;

    #[derive(Debug, PartialEq)]
    enum Value {
        Short(String),
        Long(String),
        Number(i64),
    }

    impl Validate for Value {
        fn check(&self, cx: &mut Checker) {
            match self {
                Value::Short(text) => cx.max_length(text, 3),
                Value::Long(text) => cx.min_length(text, 6),
                Value::Number(_) => {}
            }
        }
    }

    impl JsonCodec for Value {
        fn write_json(&self, _: &mut Writer) {}

        fn read_json(r: &mut Reader<'_>) -> Result<Value, DecodeError> {
            first_of(
                r,
                &[
                    |r| r.string().map(Value::Short),
                    |r| r.string().map(Value::Long),
                    |r| r.i64().map(Value::Number),
                ],
            )
        }
    }

    #[test]
    fn the_first_that_is_right_wins_then_the_first_that_reads() {
        let read = |text: &str| Value::decode_json(text.as_bytes());
        assert_eq!(read("\"abc\""), Ok(Value::Short("abc".into())));
        assert_eq!(read("\"abcdef\""), Ok(Value::Long("abcdef".into())));
        assert_eq!(read("\"abcd\""), Ok(Value::Short("abcd".into())));
        assert_eq!(read("7"), Ok(Value::Number(7)));
        assert_eq!(read("true").unwrap_err().kind(), &DecodeErrorKind::NoBranch);
    }

    #[test]
    fn a_tag_decides_even_against_the_rules() {
        let read = |text: &str| {
            by_tag(
                &mut Reader::new(text.as_bytes()),
                "kind",
                &[
                    ("s", |r| r.skip().map(|()| Value::Short("too long".into()))),
                    ("n", |r| r.skip().map(|()| Value::Number(1))),
                ],
            )
        };
        assert_eq!(
            read("{\"kind\":\"s\"}"),
            Ok(Value::Short("too long".into()))
        );
        assert_eq!(read("{\"kind\":\"n\"}"), Ok(Value::Number(1)));
        assert_eq!(read("{\"kind\":\"x\"}"), Ok(Value::Number(1)));
        assert!(read("{\"kind\":\"x\"").is_err());
    }
}
