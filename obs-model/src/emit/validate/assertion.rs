//! One assertion as one statement.
//!
//! Keywords of JSON Schema speak about one kind of value and let the others pass, so an assertion is looked at
//! together with the shape it stands on: `minLength` on a number says nothing. What has no direct comparison is
//! interpreted over the encoded value, as a schema of just those keywords.

use crate::emit::json;
use crate::emit::paths::Scope;
use crate::emit::printer::{Code, float_lit, lit};
use crate::emit::value::Value;
use crate::model::{Assertion, Record, Shape, Type, TypeKind, Unknown};
use obs_schema::json::{Json, Number};

/// A value as assertions see it, with the expression to compare.
enum Target {
    /// Text, as something that coerces to `&str`, and as something with string comparison.
    Text {
        coerced: String,
        compared: String,
    },
    /// An integer and the range of its type.
    Integer {
        value: String,
        low: i128,
        high: i128,
    },
    /// A float, as `f64`.
    Float(String),
    Bool(String),
    Null,
    /// A list or a map, by its length.
    Sized {
        value: String,
        list: bool,
    },
    /// Known only by its JSON.
    Other,
}

/// What is asserted of a value in a position.
pub(super) fn of_type(code: &mut Code, scope: &Scope<'_>, ty: &Type, bare: &Value) {
    if ty.assertions.is_empty() {
        return;
    }
    let Shape::Option { inner, .. } = &ty.shape else {
        return on(code, scope, ty, &ty.assertions, bare);
    };
    // Null satisfies every keyword but `const` and `enum`.
    let broken_by_null = ty.assertions.iter().find_map(|assertion| match assertion {
        Assertion::Const(value) => (!matches!(value, Json::Null)).then_some("const"),
        Assertion::Enum(values) => {
            let null = values.iter().any(|value| matches!(value, Json::Null));
            (!null).then_some("enum")
        }
        _ => None,
    });
    let mut some = Code::new();
    let x = Value::reference("x").bare(inner);
    on(&mut some, scope, inner, &ty.assertions, &x);
    let some = some.finish();
    let (obs, subject) = (scope.obs, bare.borrowed());
    let Some(rule) = broken_by_null else {
        if !some.is_empty() {
            code.open(format_args!("if let {obs}::Some(x) = {subject}"));
            code.paste(&some);
            code.close();
        }
        return;
    };
    code.open(format_args!("match {subject}"));
    if some.is_empty() {
        code.line(format_args!("{obs}::Some(_) => {{}}"));
    } else {
        code.open(format_args!("{obs}::Some(x) =>"));
        code.paste(&some);
        code.close();
    }
    code.line(format_args!("{obs}::None => cx.fail(\"{rule}\"),"));
    code.close();
}

/// What is asserted of an object as a whole.
pub(super) fn of_record(code: &mut Code, scope: &Scope<'_>, record: &Record) {
    let mut rest = Vec::new();
    for assertion in &record.assertions {
        match assertion {
            Assertion::MinProperties(least) => {
                code.line(format_args!(
                    "cx.must({} >= {least}, \"minProperties\");",
                    count(record)
                ));
            }
            Assertion::MaxProperties(most) => {
                code.line(format_args!(
                    "cx.must({} <= {most}, \"maxProperties\");",
                    count(record)
                ));
            }
            other => rest.push(other.clone()),
        }
    }
    let call = format!("{}::JsonCodec::write_json(self, w)", scope.obs);
    interpreted(code, scope, &rest, &call);
}

/// How many members an object has.
fn count(record: &Record) -> String {
    let always = record.fields.iter().filter(|field| !field.optional).count();
    let mut sum = Vec::new();
    if always > 0 {
        sum.push(always.to_string());
    }
    for field in record.fields.iter().filter(|field| field.optional) {
        sum.push(format!("(self.{}.is_some() as usize)", field.ident));
    }
    if matches!(record.unknown, Unknown::Keep(_)) {
        sum.push(format!("self.{}.len()", record.unknown_ident));
    }
    if sum.is_empty() {
        sum.push("0".to_owned());
    }
    sum.join(" + ")
}

fn on(code: &mut Code, scope: &Scope<'_>, ty: &Type, assertions: &[Assertion], bare: &Value) {
    let target = Target::of(scope, ty, bare);
    let mut patterns = 0;
    let mut rest = Vec::new();
    for assertion in assertions {
        match direct(&target, assertion) {
            Direct::Holds => {}
            Direct::Fails(rule) => code.line(format_args!("cx.fail(\"{rule}\");")),
            Direct::Call(call) => code.line(format_args!("{call};")),
            Direct::Pattern { text, pattern } => {
                // Each pattern is compiled once in the life of a program.
                patterns += 1;
                let name = if patterns == 1 {
                    "PATTERN".to_owned()
                } else {
                    format!("PATTERN_{patterns}")
                };
                let obs = scope.obs;
                let pattern = lit(&pattern);
                code.line(format_args!(
                    "static {name}: {obs}::Pattern = {obs}::Pattern::new({pattern});"
                ));
                code.line(format_args!("cx.pattern({text}, &{name});"));
            }
            Direct::Unique => {
                let Shape::Array(item) = &ty.shape else {
                    continue;
                };
                let write = json::write_call(scope, item, &Value::reference("x"));
                code.line(format_args!(
                    "cx.unique({}, |w, x| {write});",
                    bare.borrowed()
                ));
            }
            Direct::Interpret => rest.push(assertion.clone()),
        }
    }
    // The wrappers of the position are behind us already.
    let plain = Type {
        sensitive: None,
        boxed: false,
        ..ty.clone()
    };
    interpreted(code, scope, &rest, &json::write_call(scope, &plain, bare));
}

/// Assertions that only the interpreter of the runtime can decide, on the JSON that `write` writes.
fn interpreted(code: &mut Code, scope: &Scope<'_>, assertions: &[Assertion], write: &str) {
    if assertions.is_empty() {
        return;
    }
    // A keyword that is there twice came from two schemas, and both hold.
    let mut schemas: Vec<Vec<(String, Json)>> = vec![Vec::new()];
    for assertion in assertions {
        let (name, value) = keyword(assertion);
        match schemas
            .iter_mut()
            .find(|schema| schema.iter().all(|(other, _)| other != name))
        {
            Some(schema) => schema.push((name.to_owned(), value)),
            None => schemas.push(vec![(name.to_owned(), value)]),
        }
    }
    let schema = match schemas.len() {
        1 => Json::Object(schemas.remove(0)),
        _ => Json::Object(vec![(
            "allOf".to_owned(),
            Json::Array(schemas.into_iter().map(Json::Object).collect()),
        )]),
    };
    let (obs, text) = (scope.obs, lit(&schema.to_string()));
    code.line(format_args!(
        "static SCHEMA: {obs}::SchemaDoc = {obs}::SchemaDoc::new({text});"
    ));
    code.line(format_args!("cx.encoded(&SCHEMA, |w| {write});"));
}

/// How an assertion is decided.
enum Direct {
    /// Always true of the shape.
    Holds,
    /// Never true of the shape.
    Fails(&'static str),
    /// By a call of the checker.
    Call(String),
    /// By a regular expression.
    Pattern { text: String, pattern: String },
    /// By comparing elements.
    Unique,
    /// By the interpreter.
    Interpret,
}

fn direct(target: &Target, assertion: &Assertion) -> Direct {
    let must =
        |condition: String, rule: &str| Direct::Call(format!("cx.must({condition}, \"{rule}\")"));
    match (target, assertion) {
        (Target::Other, _) => Direct::Interpret,
        (_, Assertion::Const(value)) => one_of(target, std::slice::from_ref(value), "const"),
        (_, Assertion::Enum(values)) => one_of(target, values, "enum"),

        (Target::Text { coerced, .. }, Assertion::MinLength(length)) => {
            Direct::Call(format!("cx.min_length({coerced}, {length})"))
        }
        (Target::Text { coerced, .. }, Assertion::MaxLength(length)) => {
            Direct::Call(format!("cx.max_length({coerced}, {length})"))
        }
        (Target::Text { coerced, .. }, Assertion::Pattern(pattern)) => Direct::Pattern {
            text: coerced.clone(),
            pattern: pattern.clone(),
        },
        (Target::Text { coerced, .. }, Assertion::Format(format)) => {
            Direct::Call(format!("cx.format({coerced}, {})", lit(format)))
        }

        (Target::Integer { value, low, high }, _) => {
            let (bound, below, strict, rule) = match assertion {
                Assertion::Minimum(bound) => (bound, false, false, "minimum"),
                Assertion::Maximum(bound) => (bound, true, false, "maximum"),
                Assertion::ExclusiveMinimum(bound) => (bound, false, true, "exclusiveMinimum"),
                Assertion::ExclusiveMaximum(bound) => (bound, true, true, "exclusiveMaximum"),
                Assertion::MultipleOf(divisor) => return multiple_of(value, divisor, *high),
                _ => return Direct::Holds,
            };
            // The outermost integer that is still right.
            let limit = match (whole(bound), below) {
                (Whole::Exact(bound), true) => bound - i128::from(strict),
                (Whole::Exact(bound), false) => bound + i128::from(strict),
                (Whole::Between(floor), true) => floor,
                (Whole::Between(floor), false) => floor + 1,
                (Whole::Beyond { above }, _) => {
                    return if above == below {
                        Direct::Holds
                    } else {
                        Direct::Fails(rule)
                    };
                }
            };
            if below {
                if limit >= *high {
                    Direct::Holds
                } else if limit < *low {
                    Direct::Fails(rule)
                } else {
                    must(format!("{value} <= {limit}"), rule)
                }
            } else if limit <= *low {
                Direct::Holds
            } else if limit > *high {
                Direct::Fails(rule)
            } else {
                must(format!("{value} >= {limit}"), rule)
            }
        }

        (Target::Float(value), Assertion::MultipleOf(divisor)) => Direct::Call(format!(
            "cx.multiple_of({value}, {})",
            float_lit(divisor.as_f64())
        )),
        (Target::Float(value), _) => {
            let (bound, operator, rule) = match assertion {
                Assertion::Minimum(bound) => (bound, ">=", "minimum"),
                Assertion::Maximum(bound) => (bound, "<=", "maximum"),
                Assertion::ExclusiveMinimum(bound) => (bound, ">", "exclusiveMinimum"),
                Assertion::ExclusiveMaximum(bound) => (bound, "<", "exclusiveMaximum"),
                _ => return Direct::Holds,
            };
            let bound = bound.as_f64();
            if bound.is_finite() {
                must(format!("{value} {operator} {}", float_lit(bound)), rule)
            } else if (bound > 0.0) == operator.starts_with('<') {
                Direct::Holds
            } else {
                Direct::Fails(rule)
            }
        }

        (Target::Sized { value, list: true }, Assertion::MinItems(least)) => {
            must(format!("{value}.len() >= {least}"), "minItems")
        }
        (Target::Sized { value, list: true }, Assertion::MaxItems(most)) => {
            must(format!("{value}.len() <= {most}"), "maxItems")
        }
        (Target::Sized { list: true, .. }, Assertion::UniqueItems) => Direct::Unique,
        (Target::Sized { value, list: false }, Assertion::MinProperties(least)) => {
            must(format!("{value}.len() >= {least}"), "minProperties")
        }
        (Target::Sized { value, list: false }, Assertion::MaxProperties(most)) => {
            must(format!("{value}.len() <= {most}"), "maxProperties")
        }
        _ => Direct::Holds,
    }
}

/// `const` and `enum` on a value that compares directly: constants of another kind cannot be meant.
fn one_of(target: &Target, values: &[Json], rule: &'static str) -> Direct {
    let conditions: Vec<String> = match target {
        Target::Text { compared, .. } => {
            let texts: Vec<String> = values.iter().filter_map(Json::as_str).map(lit).collect();
            match texts.as_slice() {
                [] => Vec::new(),
                texts => vec![format!("matches!({compared}, {})", texts.join(" | "))],
            }
        }
        Target::Integer { value, low, high } => values
            .iter()
            .filter_map(|constant| match constant {
                Json::Number(number) => match whole(number) {
                    Whole::Exact(number) if (*low..=*high).contains(&number) => Some(number),
                    _ => None,
                },
                _ => None,
            })
            .map(|number| format!("{value} == {number}"))
            .collect(),
        Target::Float(value) => values
            .iter()
            .filter_map(|constant| match constant {
                Json::Number(number) if number.as_f64().is_finite() => Some(number.as_f64()),
                _ => None,
            })
            .map(|number| format!("{value} == {}", float_lit(number)))
            .collect(),
        Target::Bool(value) => {
            let has = |wanted| {
                values
                    .iter()
                    .any(|constant| matches!(constant, Json::Bool(b) if *b == wanted))
            };
            match (has(true), has(false)) {
                (true, true) => return Direct::Holds,
                (true, false) => vec![value.clone()],
                (false, true) => vec![format!("!{value}")],
                (false, false) => Vec::new(),
            }
        }
        Target::Null => {
            let null = values.iter().any(|constant| matches!(constant, Json::Null));
            return if null {
                Direct::Holds
            } else {
                Direct::Fails(rule)
            };
        }
        Target::Sized { .. } | Target::Other => return Direct::Interpret,
    };
    if conditions.is_empty() {
        return Direct::Fails(rule);
    }
    Direct::Call(format!("cx.must({}, \"{rule}\")", conditions.join(" || ")))
}

/// `multipleOf` on an integer.
fn multiple_of(value: &str, divisor: &Number, high: i128) -> Direct {
    match whole(divisor) {
        Whole::Exact(1 | -1) => Direct::Holds,
        Whole::Exact(divisor) if divisor != 0 && divisor.abs() <= high => Direct::Call(format!(
            "cx.must({value} % {} == 0, \"multipleOf\")",
            divisor.abs()
        )),
        _ => Direct::Call(format!(
            "cx.multiple_of({value} as f64, {})",
            float_lit(divisor.as_f64())
        )),
    }
}

/// A number among the integers.
enum Whole {
    /// It is one.
    Exact(i128),
    /// It lies between this one and the next.
    Between(i128),
    /// It is larger, or smaller, than all that we have.
    Beyond { above: bool },
}

fn whole(number: &Number) -> Whole {
    match number {
        Number::Int(value) => Whole::Exact(i128::from(*value)),
        Number::UInt(value) => Whole::Exact(i128::from(*value)),
        Number::Float(_) | Number::Big(_) => {
            let value = number.as_f64();
            if value.abs() >= 1e30 || value.is_nan() {
                return Whole::Beyond { above: value > 0.0 };
            }
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the range is looked at first"
            )]
            let floor = value.floor() as i128;
            if value.floor() == value {
                Whole::Exact(floor)
            } else {
                Whole::Between(floor)
            }
        }
    }
}

impl Target {
    fn of(scope: &Scope<'_>, ty: &Type, bare: &Value) -> Target {
        let integer = |low: i128, high: i128| Target::Integer {
            value: bare.copied(),
            low,
            high,
        };
        match &ty.shape {
            Shape::Null => Target::Null,
            Shape::Bool => Target::Bool(bare.copied()),
            Shape::I32 => integer(i32::MIN.into(), i32::MAX.into()),
            Shape::I64 => integer(i64::MIN.into(), i64::MAX.into()),
            Shape::U64 => integer(0, u64::MAX.into()),
            Shape::F32 => Target::Float(format!("({} as f64)", bare.copied())),
            Shape::F64 => Target::Float(bare.copied()),
            Shape::String => Target::Text {
                coerced: bare.borrowed(),
                compared: format!("{}.as_str()", bare.receiver()),
            },
            Shape::Array(_) => Target::Sized {
                value: bare.receiver().to_owned(),
                list: true,
            },
            Shape::Map(_) => Target::Sized {
                value: bare.receiver().to_owned(),
                list: false,
            },
            Shape::Named(id) => {
                let ty = scope.model.get(*id);
                match &ty.kind {
                    TypeKind::Enum(_) if ty.extern_path.is_none() => {
                        let text = format!("{}.as_str()", bare.receiver());
                        Target::Text {
                            coerced: text.clone(),
                            compared: text,
                        }
                    }
                    _ => Target::Other,
                }
            }
            _ => Target::Other,
        }
    }
}

/// An assertion as JSON Schema writes it.
fn keyword(assertion: &Assertion) -> (&'static str, Json) {
    let count =
        |value: &u64| Json::Number(i64::try_from(*value).map_or(Number::UInt(*value), Number::Int));
    match assertion {
        Assertion::MinLength(value) => ("minLength", count(value)),
        Assertion::MaxLength(value) => ("maxLength", count(value)),
        Assertion::Pattern(value) => ("pattern", Json::String(value.clone())),
        Assertion::Format(value) => ("format", Json::String(value.clone())),
        Assertion::Minimum(value) => ("minimum", Json::Number(value.clone())),
        Assertion::Maximum(value) => ("maximum", Json::Number(value.clone())),
        Assertion::ExclusiveMinimum(value) => ("exclusiveMinimum", Json::Number(value.clone())),
        Assertion::ExclusiveMaximum(value) => ("exclusiveMaximum", Json::Number(value.clone())),
        Assertion::MultipleOf(value) => ("multipleOf", Json::Number(value.clone())),
        Assertion::MinItems(value) => ("minItems", count(value)),
        Assertion::MaxItems(value) => ("maxItems", count(value)),
        Assertion::UniqueItems => ("uniqueItems", Json::Bool(true)),
        Assertion::MinProperties(value) => ("minProperties", count(value)),
        Assertion::MaxProperties(value) => ("maxProperties", count(value)),
        Assertion::Const(value) => ("const", value.clone()),
        Assertion::Enum(values) => ("enum", Json::Array(values.clone())),
    }
}
