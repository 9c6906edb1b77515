//! [`Json`] to bytes, and everything that stands in the way of it.
//!
//! One walk does both: encoding stops at the first complaint, validation goes on and collects.

use crate::avro::depth::Depth;
use crate::avro::tree::place_of;
use crate::avro::view::{Schema, View};
use crate::avro::{Field, Kind, Set, Type};
use crate::json::{Json, Number};
use crate::node::Node;
use crate::wire::avro::Writer;
use crate::wire::{EncodeError, EncodeErrorKind, Limits};

use super::{Options, Unions, Violation, sole_branch};

pub(super) fn run(
    schema: Schema<'_>,
    value: &Json,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let mut encoder = Encoder::new(schema.set(), options, Writer::on(std::mem::take(out)));
    let start = encoder.writer.mark();
    encoder.value(schema.view(), value, Depth::new(options.limits));
    let refused = encoder.complaints.into_iter().next();
    if refused.is_some() {
        encoder.writer.rewind(start);
    }
    encoder.writer.finish_into(out)?;
    refused.map_or(Ok(()), |complaint| Err(complaint.into_error()))
}

pub(super) fn violations(schema: Schema<'_>, value: &Json, options: &Options) -> Vec<Violation> {
    let mut encoder = Encoder::new(schema.set(), options, Writer::new());
    encoder.all = true;
    encoder.value(schema.view(), value, Depth::new(options.limits));
    let mut violations = Vec::with_capacity(encoder.complaints.len());
    for complaint in encoder.complaints {
        violations.push(complaint.into_violation());
    }
    violations
}

/// The bytes of a default as a schema writes it. What it takes comes off the budget.
pub(in crate::avro) fn default_bytes(
    set: &Set,
    ty: &Type,
    default: &Node,
    budget: &mut usize,
) -> Result<Vec<u8>, EncodeError> {
    default_within(set, ty, default, Depth::new(Limits::DEFAULT), budget)
}

/// The same inside a larger value: defaults hold records with defaults of their own, and a few lines of schema can
/// stand for more bytes than there are, so the larger value's bounds go on.
fn default_within(
    set: &Set,
    ty: &Type,
    default: &Node,
    depth: Depth,
    budget: &mut usize,
) -> Result<Vec<u8>, EncodeError> {
    let options = Options {
        unions: Unions::Untagged,
        ..Options::default()
    };
    let value = default.to_json();
    let mut encoder = Encoder::new(set, &options, Writer::new());
    encoder.budget = *budget;
    encoder.value(View::of(set, ty), &value, depth);
    *budget = encoder.budget;
    match encoder.complaints.into_iter().next() {
        None => encoder.writer.finish(),
        Some(complaint) => Err(complaint.into_error()),
    }
}

/// `'s` is the schema, `'j` the value.
struct Encoder<'s, 'j> {
    set: &'s Set,
    unions: Unions,
    fill_defaults: bool,
    writer: Writer,
    /// Steps that are left: values and defaults, tried branches included.
    budget: usize,
    /// Go on after a complaint.
    all: bool,
    complaints: Vec<Complaint<'s, 'j>>,
    path: Vec<Step<'s, 'j>>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'s, 'j> {
    Field(&'s str),
    /// The branch name that stands around a value.
    Tag(&'j str),
    /// A key of a map, and its place.
    Key(&'j str, usize),
    Item(usize),
}

struct Complaint<'s, 'j> {
    kind: EncodeErrorKind,
    path: Vec<Step<'s, 'j>>,
}

impl<'s, 'j> Encoder<'s, 'j> {
    fn new(set: &'s Set, options: &Options, writer: Writer) -> Encoder<'s, 'j> {
        Encoder {
            set,
            unions: options.unions,
            fill_defaults: options.fill_defaults,
            writer,
            budget: options.limits.max_elements,
            all: false,
            complaints: Vec::new(),
            path: Vec::new(),
        }
    }

    fn complain(&mut self, kind: EncodeErrorKind) {
        self.complaints.push(Complaint {
            kind,
            path: self.path.clone(),
        });
    }

    fn done(&self) -> bool {
        self.budget == 0 || !self.all && !self.complaints.is_empty()
    }

    /// Takes one step off the budget. The complaint about its end is the last one.
    fn step(&mut self) -> bool {
        if self.done() {
            return false;
        }
        self.budget -= 1;
        if self.budget == 0 {
            self.complain(EncodeErrorKind::Refused(
                "there are more values than the limit".into(),
            ));
        }
        self.budget > 0
    }

    fn below(&mut self, depth: Depth, record: bool) -> Option<Depth> {
        let below = depth.below(record);
        if below.is_none() {
            self.complain(EncodeErrorKind::TooDeep);
        }
        below
    }

    fn value_at(&mut self, step: Step<'s, 'j>, view: View<'s>, json: &'j Json, depth: Depth) {
        self.path.push(step);
        self.value(view, json, depth);
        self.path.pop();
    }

    fn value(&mut self, view: View<'s>, json: &'j Json, depth: Depth) {
        if !self.step() {
            return;
        }
        match (view, json) {
            (View::Union(branches), _) => self.union(branches, json, depth),
            (View::Null, Json::Null) => self.writer.null(),
            (View::Boolean, Json::Bool(value)) => self.writer.bool(*value),
            (View::Int, Json::Number(number)) => {
                if let Some(value) = self.integer(number, "int") {
                    match i32::try_from(value) {
                        Ok(value) => self.writer.int(value),
                        Err(_) => self.complain(EncodeErrorKind::OutOfRange("int")),
                    }
                }
            }
            (View::Long, Json::Number(number)) => {
                if let Some(value) = self.integer(number, "long") {
                    self.writer.long(value);
                }
            }
            (View::Float, Json::Number(number)) => {
                #[expect(clippy::cast_possible_truncation, reason = "the nearest float")]
                let value = number.as_f64() as f32;
                if value.is_finite() {
                    self.writer.float(value);
                } else {
                    self.complain(EncodeErrorKind::OutOfRange("float"));
                }
            }
            (View::Double, Json::Number(number)) => {
                let value = number.as_f64();
                if value.is_finite() {
                    self.writer.double(value);
                } else {
                    self.complain(EncodeErrorKind::OutOfRange("double"));
                }
            }
            (View::Float | View::Double, Json::String(text))
                if self.named_number(text).is_some() =>
            {
                let value = self.named_number(text).unwrap_or_default();
                if matches!(view, View::Float) {
                    self.writer.float(value);
                } else {
                    self.writer.double(value.into());
                }
            }
            (View::String, Json::String(text)) => self.writer.string(text),
            (View::Bytes(_), Json::String(text)) => {
                if let Some(bytes) = self.latin1(text) {
                    self.writer.bytes(&bytes);
                }
            }
            (View::Fixed(_, size), Json::String(text)) => {
                if let Some(bytes) = self.latin1(text) {
                    if bytes.len() == size {
                        self.writer.fixed(&bytes);
                    } else {
                        self.complain(EncodeErrorKind::WrongLength { expected: size });
                    }
                }
            }
            (View::Enum(_, symbols, _), Json::String(text)) => match place_of(text, symbols) {
                Some(index) => self.writer.index(index),
                None => self.complain(EncodeErrorKind::UnknownSymbol),
            },
            (View::Array(items), Json::Array(values)) => {
                let Some(depth) = self.below(depth, false) else {
                    return;
                };
                let items = View::of(self.set, items);
                self.writer.begin_block(values.len());
                for (index, value) in values.iter().enumerate() {
                    self.value_at(Step::Item(index), items, value, depth);
                }
                self.writer.end_blocks();
            }
            (View::Map(values), Json::Object(members)) => {
                let Some(depth) = self.below(depth, false) else {
                    return;
                };
                let values = View::of(self.set, values);
                self.writer.begin_block(members.len());
                for (index, (key, value)) in members.iter().enumerate() {
                    self.writer.string(key);
                    self.value_at(Step::Key(key, index), values, value, depth);
                }
                self.writer.end_blocks();
            }
            (View::Record(_, fields), Json::Object(members)) => {
                let Some(depth) = self.below(depth, true) else {
                    return;
                };
                self.record(fields, members, depth);
            }
            _ => {
                let (expected, found) = (wanted(view), described(json));
                self.complain(EncodeErrorKind::WrongKind { expected, found });
            }
        }
    }

    fn record(&mut self, fields: &'s [Field], members: &'j [(String, Json)], depth: Depth) {
        let mut found = 0;
        for (index, field) in fields.iter().enumerate() {
            if self.done() {
                return;
            }
            // Most often the members stand in the order of the fields.
            let member = match members.get(index) {
                Some(member) if member.0 == field.name => Some(member),
                _ => members.iter().find(|(name, _)| *name == field.name),
            };
            match (member, &field.default) {
                (Some((_, value)), _) => {
                    found += 1;
                    let view = View::of(self.set, &field.ty);
                    self.value_at(Step::Field(&field.name), view, value, depth);
                }
                (None, Some(default)) if self.fill_defaults => {
                    self.default(field, default, depth);
                }
                (None, _) => {
                    self.complain(EncodeErrorKind::Missing(field.name.clone().into()));
                }
            }
        }
        if found < members.len() {
            for (name, _) in members {
                if !fields.iter().any(|field| field.name == *name) {
                    self.complain(EncodeErrorKind::UnknownMember(name.as_str().into()));
                }
            }
        }
    }

    fn default(&mut self, field: &'s Field, default: &Node, depth: Depth) {
        if !self.step() {
            return;
        }
        match default_within(self.set, &field.ty, default, depth, &mut self.budget) {
            Ok(bytes) => self.writer.fixed(&bytes),
            Err(error) => {
                self.path.push(Step::Field(&field.name));
                self.complain(error.kind().clone());
                self.path.pop();
            }
        }
    }

    fn union(&mut self, branches: &'s [Type], json: &'j Json, depth: Depth) {
        let Some(depth) = self.below(depth, false) else {
            return;
        };
        if matches!(json, Json::Null) {
            match branch_like(branches, &|branch| matches!(branch.kind, Kind::Null)) {
                Some(index) => self.writer.index(index),
                None => self.complain(EncodeErrorKind::NoBranch),
            }
            return;
        }
        if self.unions == Unions::Untagged {
            return self.untagged(branches, json, depth);
        }
        let plain = sole_branch(branches).map(|index| (index, None, json));
        let tagged = match json {
            Json::Object(members) if members.len() == 1 => {
                members.first().and_then(|(name, value)| {
                    let index = branch_like(branches, &|branch| {
                        View::of(self.set, branch).branch_name(self.set).is(name)
                    })?;
                    Some((index, Some(name.as_str()), value))
                })
            }
            _ => None,
        };
        let (first, second) = match self.unions {
            Unions::Tagged if tagged.is_some() => (tagged, plain),
            _ if plain.is_some() => (plain, tagged),
            _ => (tagged, None),
        };
        let Some(first) = first else {
            return self.complain(EncodeErrorKind::NoBranch);
        };
        let (start, complaints) = (self.writer.mark(), self.complaints.len());
        self.branch(branches, first, depth);
        if let Some(second) = second
            && self.complaints.len() > complaints
            && self.budget > 0
        {
            // What the first reading found wrong is told when the second does not do either.
            let first = self.complaints.split_off(complaints);
            self.writer.rewind(start);
            self.branch(branches, second, depth);
            if self.complaints.len() > complaints {
                self.complaints.truncate(complaints);
                self.complaints.extend(first);
            }
        }
    }

    fn branch(
        &mut self,
        branches: &'s [Type],
        (index, tag, json): (usize, Option<&'j str>, &'j Json),
        depth: Depth,
    ) {
        self.writer.index(index);
        let view = View::of(self.set, &branches[index]);
        match tag {
            Some(tag) => self.value_at(Step::Tag(tag), view, json, depth),
            None => self.value(view, json, depth),
        }
    }

    fn untagged(&mut self, branches: &'s [Type], json: &'j Json, depth: Depth) {
        let (start, complaints) = (self.writer.mark(), self.complaints.len());
        for index in 0..branches.len() {
            self.branch(branches, (index, None, json), depth);
            if self.complaints.len() == complaints || self.budget == 0 {
                return;
            }
            self.writer.rewind(start);
            self.complaints.truncate(complaints);
        }
        self.complain(EncodeErrorKind::NoBranch);
    }

    fn integer(&mut self, number: &Number, ty: &'static str) -> Option<i64> {
        let value = number.as_i64();
        if value.is_none() {
            self.complain(if number.is_integer() {
                EncodeErrorKind::OutOfRange(ty)
            } else {
                EncodeErrorKind::WrongKind {
                    expected: "an integer",
                    found: "a fraction",
                }
            });
        }
        value
    }

    fn named_number(&self, text: &str) -> Option<f32> {
        match text {
            _ if self.unions != Unions::Untagged => None,
            "NaN" => Some(f32::NAN),
            "Infinity" => Some(f32::INFINITY),
            "-Infinity" => Some(f32::NEG_INFINITY),
            _ => None,
        }
    }

    fn latin1(&mut self, text: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(text.len());
        for c in text.chars() {
            let Ok(byte) = u8::try_from(c) else {
                let clause = "a character beyond U+00FF stands for no byte";
                self.complain(EncodeErrorKind::Refused(clause.into()));
                return None;
            };
            bytes.push(byte);
        }
        Some(bytes)
    }
}

impl Complaint<'_, '_> {
    fn into_error(self) -> EncodeError {
        let mut error = EncodeError::new(self.kind);
        for step in self.path.iter().rev() {
            error = match *step {
                Step::Field(name) | Step::Tag(name) => error.within(name.to_owned()),
                Step::Key(_, index) | Step::Item(index) => error.within_item(index),
            };
        }
        error
    }

    fn into_violation(self) -> Violation {
        let mut pointer = String::new();
        for step in &self.path {
            pointer.push('/');
            match step {
                Step::Field(name) | Step::Tag(name) | Step::Key(name, _) => {
                    pointer.push_str(&name.replace("~", "~0").replace("/", "~1"));
                }
                Step::Item(index) => pointer.push_str(&index.to_string()),
            }
        }
        Violation {
            pointer,
            rule: self.kind.to_string().into(),
        }
    }
}

/// The first branch that something holds of.
fn branch_like(branches: &[Type], holds: &dyn Fn(&Type) -> bool) -> Option<usize> {
    for (index, branch) in branches.iter().enumerate() {
        if holds(branch) {
            return Some(index);
        }
    }
    None
}

fn wanted(view: View<'_>) -> &'static str {
    match view {
        View::Null => "null",
        View::Boolean => "a boolean",
        View::Int | View::Long => "an integer",
        View::Float | View::Double => "a number",
        View::Bytes(_) | View::Fixed(..) => "a string of bytes",
        View::String => "a string",
        View::Enum(..) => "a symbol",
        View::Array(_) => "an array",
        View::Map(_) | View::Record(..) => "an object",
        View::Union(_) => "a branch of the union",
    }
}

fn described(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}
