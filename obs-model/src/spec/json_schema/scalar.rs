//! Booleans, numbers and strings: one Rust type for all alternatives of a kind, and what must hold of it.

use super::Decision;
use super::alternatives::Alternative;
use super::kinds::Kinds;
use super::lowering::{Lowered, Lowering};
use super::names::Place;
use super::schemas::{speaks_of_size, speaks_of_text};
use crate::model::{Assertion, Shape, Type};
use obs_schema::json::{Json, Number};
use obs_schema::json_schema::{Keywords, SchemaId, format};

/// A scalar made of the alternatives of one kind.
pub(super) struct Scalar {
    pub(super) lowered: Lowered,
    /// A value may be allowed by two alternatives.
    pub(super) overlap: bool,
}

/// The values of one kind that alternatives list, each once, if all of them list theirs.
struct Listed {
    values: Vec<Json>,
    overlap: bool,
}

fn listed(alternatives: &[&Alternative<'_>], kinds: Kinds) -> Option<Listed> {
    let mut out = Listed {
        values: Vec::new(),
        overlap: false,
    };
    let mut seen = std::collections::BTreeSet::new();
    for alternative in alternatives {
        let values = alternative.view.values.as_ref()?;
        for value in values.iter().filter(|value| kinds.meets(Kinds::of(value))) {
            if seen.insert(value.to_string()) {
                out.values.push(value.clone());
            } else {
                out.overlap = true;
            }
        }
    }
    Some(out)
}

fn one_of(values: Vec<Json>) -> Assertion {
    match <[Json; 1]>::try_from(values) {
        Ok([value]) => Assertion::Const(value),
        Err(values) => Assertion::Enum(values),
    }
}

/// Several ways to say what a scalar is, made into one.
///
/// Ways that ask for the same are one; a way that asks for nothing covers the others. Anything else is too much to say.
fn merge(
    shape: Shape,
    mut ways: Vec<(Vec<Assertion>, bool)>,
    alternatives: &[&Alternative<'_>],
    kinds: Kinds,
) -> (Type, bool) {
    let each_exact = ways.iter().all(|(_, exact)| *exact);
    let union = alternatives
        .iter()
        .fold(Kinds::NONE, |all, one| all.or(one.view.kinds));
    // A list of values, or fewer kinds of number, do not stand for the rest.
    let wide = |one: &Alternative<'_>| {
        one.view.values.is_none() && one.view.kinds.covers(union.and(kinds))
    };
    let same = ways.windows(2).all(|pair| pair[0].0 == pair[1].0);
    let free = ways
        .iter()
        .zip(alternatives)
        .any(|((assertions, _), one)| assertions.is_empty() && wide(one));
    let exact = each_exact && (free || same && alternatives.iter().any(|one| wide(one)));
    let assertions = match ways.pop() {
        Some((assertions, _)) if same => assertions,
        _ => Vec::new(),
    };
    (
        Type {
            assertions,
            ..Type::plain(shape)
        },
        exact,
    )
}

impl Lowering<'_> {
    pub(super) fn boolean(&mut self, node: SchemaId, alternatives: &[&Alternative<'_>]) -> Scalar {
        self.decide(node, Decision::Scalar);
        let mut ty = Type::plain(Shape::Bool);
        let mut overlap = alternatives.len() > 1;
        if let Some(listed) = listed(alternatives, Kinds::BOOL) {
            overlap = listed.overlap;
            if listed.values.len() == 1 {
                ty.assertions.push(one_of(listed.values));
            }
        }
        Scalar {
            lowered: Lowered { ty, exact: true },
            overlap,
        }
    }

    pub(super) fn number(&mut self, node: SchemaId, alternatives: &[&Alternative<'_>]) -> Scalar {
        let kinds = alternatives
            .iter()
            .fold(Kinds::NONE, |all, one| all.or(one.view.kinds));
        let whole = !kinds.meets(Kinds::BROKEN);
        let parts = || {
            alternatives
                .iter()
                .flat_map(|one| one.view.parts.iter().map(|part| part.1))
        };
        if let Some(listed) = listed(alternatives, Kinds::NUMBER) {
            self.decide(node, Decision::EnumOfValues);
            let exact = !parts().any(speaks_of_size);
            let shape = shape_of_values(&listed.values);
            let ty = Type {
                assertions: vec![one_of(listed.values)],
                ..Type::plain(shape)
            };
            return Scalar {
                lowered: Lowered { ty, exact },
                overlap: listed.overlap,
            };
        }
        self.decide(node, Decision::Scalar);
        if alternatives.len() > 1 {
            self.decide(node, Decision::MergedScalars);
        }
        let ways: Vec<(Vec<Assertion>, bool)> = alternatives
            .iter()
            .map(|one| sizes(&keywords(one), whole))
            .collect();
        let unsigned =
            whole && parts().any(beyond_i64) && alternatives.iter().all(|one| positive(one));
        let shape = match (whole, unsigned) {
            (true, true) => Shape::U64,
            (true, false) => Shape::I64,
            _ => Shape::F64,
        };
        let (ty, exact) = merge(shape, ways, alternatives, Kinds::NUMBER);
        Scalar {
            lowered: Lowered { ty, exact },
            overlap: alternatives.len() > 1,
        }
    }

    pub(super) fn string(
        &mut self,
        node: SchemaId,
        alternatives: &[&Alternative<'_>],
        place: &Place,
    ) -> Scalar {
        if let Some(listed) = listed(alternatives, Kinds::STRING) {
            let mut parts = alternatives.iter().flat_map(|one| &one.view.parts);
            let exact = !parts.any(|(_, part)| speaks_of_text(part));
            let key = match alternatives {
                [only] => Some(&only.key),
                _ => None,
            };
            let ty = match self.symbols(key, &listed.values, place) {
                Some(ty) => {
                    let constant = listed.values.len() == 1;
                    self.decide(
                        node,
                        if constant {
                            Decision::Const
                        } else {
                            Decision::EnumOfStrings
                        },
                    );
                    ty
                }
                None => {
                    self.decide(node, Decision::EnumTooLong);
                    Type {
                        assertions: vec![one_of(listed.values)],
                        ..Type::plain(Shape::String)
                    }
                }
            };
            return Scalar {
                lowered: Lowered { ty, exact },
                overlap: listed.overlap,
            };
        }
        self.decide(node, Decision::Scalar);
        if alternatives.len() > 1 {
            self.decide(node, Decision::MergedScalars);
        }
        let formats = self.settings.assert_formats;
        let ways = alternatives
            .iter()
            .map(|one| texts(&keywords(one), formats))
            .collect();
        let (ty, exact) = merge(Shape::String, ways, alternatives, Kinds::STRING);
        Scalar {
            lowered: Lowered { ty, exact },
            overlap: alternatives.len() > 1,
        }
    }
}

fn keywords<'s>(alternative: &Alternative<'s>) -> Vec<&'s Keywords> {
    alternative.view.parts.iter().map(|part| part.1).collect()
}

fn shape_of_values(values: &[Json]) -> Shape {
    let numbers = || {
        values.iter().filter_map(|value| {
            if let Json::Number(n) = value {
                Some(n)
            } else {
                None
            }
        })
    };
    if numbers().all(|number| number.as_i64().is_some()) {
        Shape::I64
    } else if numbers().all(|number| match number {
        Number::UInt(_) => true,
        other => other.as_i64().is_some_and(|value| value >= 0),
    }) {
        Shape::U64
    } else {
        Shape::F64
    }
}

const BEYOND_I64: f64 = 9_223_372_036_854_775_808.0;

fn beyond_i64(part: &Keywords) -> bool {
    let upper = part.maximum.iter().chain(&part.exclusive_maximum);
    upper.map(Number::as_f64).any(|bound| bound >= BEYOND_I64)
}

fn positive(alternative: &Alternative<'_>) -> bool {
    alternative.view.parts.iter().any(|(_, part)| {
        part.minimum
            .as_ref()
            .is_some_and(|bound| bound.as_f64() >= 0.0)
            || part
                .exclusive_minimum
                .as_ref()
                .is_some_and(|bound| bound.as_f64() >= -1.0)
    })
}

/// What must hold of a number. Of several bounds the tightest counts.
fn sizes(parts: &[&Keywords], whole: bool) -> (Vec<Assertion>, bool) {
    let tightest = |of: fn(&Keywords) -> Option<&Number>, lower: bool| {
        parts.iter().filter_map(|part| of(part)).reduce(|a, b| {
            let b_is_larger = b.as_f64() > a.as_f64();
            if b_is_larger == lower { b } else { a }
        })
    };
    let minimum = tightest(|part| part.minimum.as_ref(), true);
    let maximum = tightest(|part| part.maximum.as_ref(), false);
    let above = tightest(|part| part.exclusive_minimum.as_ref(), true);
    let below = tightest(|part| part.exclusive_maximum.as_ref(), false);
    let mut out = Vec::new();
    out.extend(minimum.cloned().map(Assertion::Minimum));
    out.extend(maximum.cloned().map(Assertion::Maximum));
    out.extend(above.cloned().map(Assertion::ExclusiveMinimum));
    out.extend(below.cloned().map(Assertion::ExclusiveMaximum));
    let mut exact = true;
    for multiple in parts.iter().filter_map(|part| part.multiple_of.as_ref()) {
        if multiple.as_i64() == Some(1) && whole {
            continue;
        }
        // Division of whole numbers by broken ones is for the interpreter.
        if whole && multiple.as_i64().is_none() {
            exact = false;
            continue;
        }
        let assertion = Assertion::MultipleOf(multiple.clone());
        if !out.contains(&assertion) {
            out.push(assertion);
        }
    }
    if whole {
        out = out.into_iter().filter_map(whole_bound).collect();
    }
    (out, exact)
}

/// A bound of whole numbers as a whole number. Nothing when all 64-bit numbers are within.
fn whole_bound(assertion: Assertion) -> Option<Assertion> {
    Some(match assertion {
        Assertion::Minimum(bound) => Assertion::Minimum(rounded(&bound, f64::ceil)?),
        Assertion::Maximum(bound) => Assertion::Maximum(rounded(&bound, f64::floor)?),
        Assertion::ExclusiveMinimum(bound) => match bound.as_i64() {
            Some(value) => Assertion::ExclusiveMinimum(Number::Int(value)),
            None => Assertion::Minimum(rounded(&bound, f64::ceil)?),
        },
        Assertion::ExclusiveMaximum(bound) => match bound.as_i64() {
            Some(value) => Assertion::ExclusiveMaximum(Number::Int(value)),
            None => Assertion::Maximum(rounded(&bound, f64::floor)?),
        },
        other => other,
    })
}

/// Nothing for a bound that 64 bits cannot hold: it is as good as none, on the side where bounds of that size are written.
fn rounded(bound: &Number, round: fn(f64) -> f64) -> Option<Number> {
    if let Number::UInt(_) = bound {
        return Some(bound.clone());
    }
    if let Some(value) = bound.as_i64() {
        return Some(Number::Int(value));
    }
    let value = round(bound.as_f64());
    if let Some(value) = Number::Float(value).as_i64() {
        return Some(Number::Int(value));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is looked at first"
    )]
    (0.0..2.0 * BEYOND_I64)
        .contains(&value)
        .then_some(Number::UInt(value as u64))
}

/// What must hold of a text.
fn texts(parts: &[&Keywords], formats: bool) -> (Vec<Assertion>, bool) {
    let mut out = Vec::new();
    out.extend(
        parts
            .iter()
            .filter_map(|part| part.min_length)
            .max()
            .map(Assertion::MinLength),
    );
    out.extend(
        parts
            .iter()
            .filter_map(|part| part.max_length)
            .min()
            .map(Assertion::MaxLength),
    );
    for part in parts {
        let name = part
            .format
            .as_ref()
            .filter(|_| formats || part.format_asserted);
        let pattern = part.pattern.clone().map(Assertion::Pattern);
        let name = name.filter(|name| format::is_known(name));
        let format = name.cloned().map(Assertion::Format);
        for assertion in pattern.into_iter().chain(format) {
            if !out.contains(&assertion) {
                out.push(assertion);
            }
        }
    }
    (out, true)
}
