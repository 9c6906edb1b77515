//! Feeds values to generated types; part of the crate that `corpora` writes.

use obs_runtime::{AvroCodec, JsonCodec, Validate};
use obs_schema::json::Json;

/// A verdict: what was asked, the answer, and why not.
pub type Verdict = (&'static str, bool, String);

/// Takes values of one type.
pub type Taker = fn(&str, &str) -> Vec<Verdict>;

pub fn main(takers: &[(usize, Taker)]) {
    let path = std::env::args().nth(1).expect("an input file");
    let input = std::fs::read_to_string(path).expect("a readable input file");
    for line in input.lines() {
        let mut parts = line.splitn(3, '\t');
        let at: usize = parts.next().and_then(|at| at.parse().ok()).expect("a number");
        let (kind, value) = (parts.next().expect("a kind"), parts.next().expect("a value"));
        let Some((_, taker)) = takers.iter().find(|(number, _)| *number == at) else { continue };
        for (what, yes, why) in taker(kind, value) {
            println!("{at}\t{what}\t{yes}\t{}", why.replace(['\n', '\t'], " "));
        }
    }
}

/// Bytes to a value and back: the same bytes.
pub fn avro<T: AvroCodec>(_: &str, value: &str) -> Vec<Verdict> {
    let bytes: Vec<u8> =
        (0..value.len() / 2).map(|at| u8::from_str_radix(&value[2 * at..2 * at + 2], 16).expect("hex")).collect();
    match T::decode_avro(&bytes) {
        Err(error) => vec![("accepted", false, error.to_string())],
        Ok(decoded) => {
            let mut again = Vec::new();
            let exact = match decoded.encode_avro(&mut again) {
                Ok(()) => (again == bytes, format!("{value} became {again:02x?}")),
                Err(error) => (false, error.to_string()),
            };
            vec![("accepted", true, String::new()), ("exact", exact.0, exact.1)]
        }
    }
}

/// A value, validated, and back: the same value. What must be refused is refused by decoding or validating.
pub fn json<T: JsonCodec + Validate>(kind: &str, value: &str) -> Vec<Verdict> {
    let decoded = T::decode_json(value.as_bytes());
    if kind == "invalid" {
        let rejected = match &decoded {
            Err(_) => true,
            Ok(decoded) => decoded.validate().is_err(),
        };
        return vec![("rejected", rejected, value.chars().take(300).collect())];
    }
    let shown: String = value.chars().take(300).collect();
    match decoded {
        Err(error) => vec![("accepted", false, format!("{error} in {shown}"))],
        Ok(decoded) => {
            let valid = match decoded.validate() {
                Ok(()) => ("accepted", true, String::new()),
                Err(violations) => ("accepted", false, format!("{violations} in {shown}")),
            };
            let mut again = Vec::new();
            let exact = match decoded.encode_json(&mut again) {
                Ok(()) => {
                    let same = Json::parse(&again).is_ok_and(|again| {
                        Json::parse(value.as_bytes()).is_ok_and(|before| before == again)
                    });
                    (same, format!("{shown} became {}", String::from_utf8_lossy(&again)))
                }
                Err(error) => (false, error.to_string()),
            };
            vec![valid, ("exact", exact.0, exact.1)]
        }
    }
}
