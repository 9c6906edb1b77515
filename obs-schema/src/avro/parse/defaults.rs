//! Defaults against their types.
//!
//! A default of a union may fit any branch, as Avro 1.12 has it. What passes here can be turned into a value without
//! further questions: numbers are in range and of the right kind, fixed values have their size, symbols exist,
//! members that a record's default leaves out have defaults of their own, and that comes to an end.

use crate::table::{Numbered, Table};

use super::Reader;
use crate::avro::{Kind, NamedId, NamedKind, Set, Type};
use crate::diag::{Diagnostic, Places, nearest};
use crate::json::Number;
use crate::node::{Node, Value};
use crate::source::Loc;
use crate::table::joined;

/// Steps that checking a default may take: unions of records that contain unions of records can be written so that
/// trying every branch never ends.
const STEPS: usize = 1 << 16;

/// The same once one has taken too many: whoever writes one such default writes many.
const STEPS_IN_DISTRUST: usize = 1 << 10;

/// A field by its record and position.
type Place = (NamedId, usize);

/// What belongs to each of some places.
type Needs = Table<u128, (Place, Vec<Place>)>;

/// Why a value does not fit, at the value that does not.
struct Misfit {
    loc: Loc,
    message: String,
    help: String,
    /// Of the right kind, and still no value: Java notices only when the default is used.
    late: bool,
}

impl Misfit {
    fn late(self) -> Misfit {
        Misfit { late: true, ..self }
    }
}

struct Judge<'s> {
    set: &'s Set,
    /// Steps left for this default, and allowed for each.
    steps: usize,
    allowed: usize,
    /// The default being looked at.
    place: Option<Place>,
    /// Which defaults need which others to become values.
    needs: Needs,
    warnings: Vec<Diagnostic>,
}

impl Reader<'_> {
    pub(super) fn check_defaults(&mut self) {
        let doubts = Places::of_errors(self.cx);
        let mut found: Vec<(Place, Node, Result<(), Misfit>)> = Vec::new();
        let mut judge = Judge {
            set: &self.set,
            steps: STEPS,
            allowed: STEPS,
            place: None,
            needs: Needs::default(),
            warnings: Vec::new(),
        };
        for (index, named) in self.set.named.iter().enumerate() {
            let NamedKind::Record { fields, .. } = &named.kind else {
                continue;
            };
            for (at, field) in fields.iter().enumerate() {
                let Some(default) = &field.default else {
                    continue;
                };
                // The commonest defaults need neither a copy nor a look.
                if is_plain(&field.ty, default) || in_doubt(&self.set, &doubts, &field.ty) {
                    continue;
                }
                let place = (super::id(index), at);
                let mut settled = default.clone();
                judge.place = Some(place);
                judge.steps = judge.allowed;
                let result = judge.fits(&field.ty, &mut settled);
                found.push((place, settled, result));
            }
        }
        judge.place = None;
        judge.steps = judge.allowed;
        let mut loose: Vec<Diagnostic> = Vec::new();
        for parameter in &self.parameters {
            if let Some(default) = &parameter.default
                && !in_doubt(&self.set, &doubts, &parameter.ty)
                && let Err(misfit) = judge.fits(&parameter.ty, &mut default.clone())
            {
                loose.push(complaint(&parameter.name, misfit, self.foreign));
            }
        }
        let Judge {
            needs, warnings, ..
        } = judge;
        for complaint in loose {
            self.cx.push(complaint);
        }
        for warning in warnings {
            self.cx.push(warning);
        }
        for ((id, at), settled, result) in found {
            let named = &mut self.set.named[id.0 as usize];
            let NamedKind::Record { fields, .. } = &mut named.kind else {
                continue;
            };
            let field = &mut fields[at];
            match result {
                Ok(()) => field.default = Some(settled),
                Err(misfit) => self.cx.push(complaint(&field.name, misfit, self.foreign)),
            }
        }
        self.check_endless(needs);
    }

    /// Defaults that need each other never become values.
    fn check_endless(&mut self, needs: Needs) {
        // What needs nothing ends; so does what needs only what ends.
        let mut users = Needs::default();
        let mut open: Table<u128, usize> = Table::default();
        for (place, wants) in needs.values() {
            open.insert(place.number(), wants.len());
            for want in wants {
                let users = users.get_or(want.number(), || (*want, Vec::new()));
                users.1.push(*place);
            }
        }
        let mut todo: Vec<Place> = Vec::new();
        for (place, _) in users.values() {
            if !needs.contains(&place.number()) {
                todo.push(*place);
            }
        }
        while let Some(place) = todo.pop() {
            let Some((_, users)) = users.get(&place.number()) else {
                continue;
            };
            for user in users {
                if let Some(left) = open.get_mut(&user.number()) {
                    *left -= 1;
                    if *left == 0 {
                        todo.push(*user);
                    }
                }
            }
        }
        let endless = |place: &Place| open.get(&place.number()).is_some_and(|left| *left > 0);
        for (place, wants) in needs.values() {
            if !endless(place) {
                continue;
            }
            let (id, at) = place;
            let named = self.set.get(*id);
            let first = wants.iter().find(|want| endless(want));
            let (NamedKind::Record { fields, .. }, Some((other, other_at))) = (&named.kind, first)
            else {
                continue;
            };
            let field = &fields[*at];
            let Some(default) = &field.default else {
                continue;
            };
            let mut diagnostic = Diagnostic::error(
                "endless-default",
                default.loc,
                format!(
                    "the default of field `{}` needs itself to be complete",
                    field.name
                ),
            )
            .help("spell out the missing members, or remove a default");
            if let NamedKind::Record { fields, .. } = &self.set.get(*other).kind {
                diagnostic = diagnostic.other(
                    fields[*other_at].name_loc,
                    "it leaves out this field, whose default leads back",
                );
            }
            self.cx.push(diagnostic);
        }
    }
}

/// Somebody else's schema is in use already, so what only shows when a default is used is no more than a warning.
fn complaint(field: &str, misfit: Misfit, foreign: bool) -> Diagnostic {
    let message = format!("the default of field `{field}` {}", misfit.message);
    if foreign && misfit.late {
        Diagnostic::warning("invalid-default", misfit.loc, message)
    } else {
        Diagnostic::error("invalid-default", misfit.loc, message)
    }
    .help(misfit.help)
}

/// Whether an error stands in a type or in what it refers to, so that nothing follows from a default that does not fit.
fn in_doubt(set: &Set, doubts: &Places, ty: &Type) -> bool {
    let mut broken = doubts.within(ty.loc);
    ty.each_named(&mut |id| broken |= set.get(id).broken);
    broken
}

/// Whether there is nothing to look at.
fn is_plain(ty: &Type, default: &Node) -> bool {
    match (&ty.kind, &default.value) {
        (Kind::Null, Value::Null)
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::String, Value::String(_)) => true,
        (Kind::Array(_), Value::Array(items)) => items.is_empty(),
        (Kind::Map(_), Value::Object(members)) => members.is_empty(),
        (Kind::Union(branches), _) => branches
            .iter()
            .any(|branch| !matches!(branch.kind, Kind::Union(_)) && is_plain(branch, default)),
        _ => false,
    }
}

impl Judge<'_> {
    /// Whether a value fits a type; numbers written in another way are put right on the way.
    fn fits(&mut self, ty: &Type, node: &mut Node) -> Result<(), Misfit> {
        let Some(left) = self.steps.checked_sub(1) else {
            self.allowed = STEPS_IN_DISTRUST;
            return Err(misfit(
                node.loc,
                "cannot be checked in reasonable time",
                "simplify it",
            ));
        };
        self.steps = left;
        match (&ty.kind, &mut node.value) {
            (Kind::Null, Value::Null)
            | (Kind::Boolean, Value::Bool(_))
            | (Kind::String, Value::String(_)) => Ok(()),
            (Kind::Int, Value::Number(_)) => {
                self.integer(node, i64::from(i32::MIN), i64::from(i32::MAX), "an int")
            }
            (Kind::Long, Value::Number(_)) => self.integer(node, i64::MIN, i64::MAX, "a long"),
            (Kind::Float, Value::Number(number)) => {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "whether it fits is the question"
                )]
                let narrow = number.as_f64() as f32;
                if narrow.is_finite() {
                    Ok(())
                } else {
                    Err(misfit(node.loc, "does not fit a float", "use a double"))
                }
            }
            (Kind::Double, Value::Number(number)) => {
                if number.as_f64().is_finite() {
                    Ok(())
                } else {
                    Err(misfit(
                        node.loc,
                        "does not fit a double",
                        "write a number that does",
                    ))
                }
            }
            (Kind::Float | Kind::Double, Value::String(_)) => self.number_in_quotes(node),
            (Kind::Bytes, Value::String(text)) => byte_length(text, node.loc).map(|_| ()),
            (Kind::Array(items), Value::Array(values)) => {
                for value in values {
                    self.fits(items, value)?;
                }
                Ok(())
            }
            (Kind::Map(values), Value::Object(members)) => {
                for member in members {
                    self.fits(values, &mut member.value)?;
                }
                Ok(())
            }
            (Kind::Union(branches), _) => self.any(branches, node),
            (Kind::Named(id), _) => self.named(*id, node),
            _ => Err(mismatch(self.set, ty, node)),
        }
    }

    fn integer(
        &mut self,
        node: &mut Node,
        least: i64,
        most: i64,
        what: &str,
    ) -> Result<(), Misfit> {
        let Value::Number(number) = &node.value else {
            return Ok(());
        };
        let Some(value) = number
            .as_i64()
            .filter(|value| (least..=most).contains(value))
        else {
            let help = format!("write a whole number from {least} to {most}");
            return Err(misfit(
                node.loc,
                format!("is `{number}`, which does not fit {what}"),
                help,
            ));
        };
        if !matches!(number, Number::Int(_)) {
            self.warnings.push(
                Diagnostic::warning(
                    "invalid-default",
                    node.loc,
                    format!("the default of {what} is written with a fraction"),
                )
                .help(format!(
                    "write `{value}`: most Avro tools refuse the fraction"
                )),
            );
            node.value = Value::Number(Number::Int(value));
        }
        Ok(())
    }

    /// Java reads a number in quotes, which is also the only way to write what JSON has no numbers for.
    fn number_in_quotes(&mut self, node: &mut Node) -> Result<(), Misfit> {
        let Value::String(text) = &node.value else {
            return Ok(());
        };
        if matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") {
            return Ok(());
        }
        let Some(number) = Number::parse(text).filter(|number| number.as_f64().is_finite()) else {
            return Err(misfit(
                node.loc,
                "is a string where a number should be",
                "write a number",
            ));
        };
        self.warnings.push(
            Diagnostic::warning(
                "invalid-default",
                node.loc,
                "the default is a number in quotes",
            )
            .help("remove the quotes: many Avro tools refuse them"),
        );
        node.value = Value::Number(number);
        Ok(())
    }

    /// What the default being looked at needs so far.
    fn needs(&mut self) -> Option<&mut Vec<Place>> {
        let (_, needs) = self.needs.get_mut(&self.place?.number())?;
        Some(needs)
    }

    fn any(&mut self, branches: &[Type], node: &mut Node) -> Result<(), Misfit> {
        let before = self.warnings.len();
        let needed = match self.needs() {
            Some(needs) => needs.len(),
            None => 0,
        };
        let mut only: Option<Misfit> = None;
        let mut tried = 0;
        for branch in branches {
            if !may_fit(self.set, branch, node) {
                continue;
            }
            let mut trial = node.clone();
            match self.fits(branch, &mut trial) {
                Ok(()) => {
                    *node = trial;
                    return Ok(());
                }
                Err(misfit) if only.as_ref().is_some_and(|first| first.late) => drop(misfit),
                Err(misfit) => only = Some(misfit),
            }
            tried += 1;
            // What a branch that did not fit has left behind.
            self.warnings.truncate(before);
            if let Some(needs) = self.needs() {
                needs.truncate(needed);
            }
        }
        match only {
            Some(misfit) if tried == 1 || misfit.late => Err(misfit),
            _ => Err(misfit(
                node.loc,
                format!(
                    "is {} where {} should be",
                    node.kind(),
                    describe_any(self.set, branches)
                ),
                "write a value that fits a branch of the union",
            )),
        }
    }

    fn named(&mut self, id: NamedId, node: &mut Node) -> Result<(), Misfit> {
        let named = self.set.get(id);
        match (&named.kind, &mut node.value) {
            (NamedKind::Enum { symbols, .. }, Value::String(word)) => {
                if symbols.contains(word) {
                    return Ok(());
                }
                let help = match nearest(word, symbols.iter().map(String::as_str)) {
                    Some(meant) => format!("write `{meant}`"),
                    None => "name one of the symbols".to_owned(),
                };
                Err(misfit(
                    node.loc,
                    format!("is `{word}`, which is no symbol of `{}`", named.name),
                    help,
                )
                .late())
            }
            (NamedKind::Fixed { size }, Value::String(text)) => {
                let length = byte_length(text, node.loc)?;
                if length == *size {
                    return Ok(());
                }
                let message = format!("has {length} bytes where `{}` has {size}", named.name);
                Err(misfit(
                    node.loc,
                    message,
                    "write one character from U+0000 to U+00FF for each byte",
                )
                .late())
            }
            (NamedKind::Record { fields, .. }, Value::Object(members)) => {
                for (at, field) in fields.iter().enumerate() {
                    match members
                        .iter_mut()
                        .rev()
                        .find(|member| member.name == field.name)
                    {
                        Some(member) => self.fits(&field.ty, &mut member.value)?,
                        None if field.default.is_some() => {
                            if let Some(place) = self.place {
                                self.needs
                                    .get_or(place.number(), || (place, Vec::new()))
                                    .1
                                    .push((id, at));
                            }
                        }
                        None => {
                            return Err(misfit(
                                node.loc,
                                format!(
                                    "leaves out `{}`, which has no default in `{}`",
                                    field.name, named.name
                                ),
                                "write the member, or give the field a default",
                            ));
                        }
                    }
                }
                Ok(())
            }
            _ => Err(mismatch(
                self.set,
                &Type {
                    loc: node.loc,
                    kind: Kind::Named(id),
                    logical: None,
                    props: Vec::new(),
                },
                node,
            )),
        }
    }
}

fn misfit(loc: Loc, message: impl Into<String>, help: impl Into<String>) -> Misfit {
    Misfit {
        loc,
        message: message.into(),
        help: help.into(),
        late: false,
    }
}

fn mismatch(set: &Set, ty: &Type, node: &Node) -> Misfit {
    let wanted = describe(set, ty);
    misfit(
        node.loc,
        format!("is {} where {wanted} should be", node.kind()),
        format!("write {wanted}"),
    )
}

/// Whether the kinds agree, so that a closer look is worth it.
fn may_fit(set: &Set, ty: &Type, node: &Node) -> bool {
    match (&ty.kind, &node.value) {
        (Kind::Null, Value::Null)
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::Int | Kind::Long | Kind::Float | Kind::Double, Value::Number(_))
        | (Kind::Float | Kind::Double | Kind::Bytes | Kind::String, Value::String(_))
        | (Kind::Array(_), Value::Array(_))
        | (Kind::Map(_), Value::Object(_))
        | (Kind::Union(_), _) => true,
        (Kind::Named(id), value) => matches!(
            (&set.get(*id).kind, value),
            (NamedKind::Record { .. }, Value::Object(_))
                | (
                    NamedKind::Enum { .. } | NamedKind::Fixed { .. },
                    Value::String(_)
                )
        ),
        _ => false,
    }
}

/// What JSON a default of this type is written as.
fn describe(set: &Set, ty: &Type) -> &'static str {
    match &ty.kind {
        Kind::Null => "null",
        Kind::Boolean => "`true` or `false`",
        Kind::Int | Kind::Long => "a whole number",
        Kind::Float | Kind::Double => "a number",
        Kind::Bytes => "a string of bytes",
        Kind::String => "a string",
        Kind::Array(_) => "an array",
        Kind::Map(_) => "an object",
        Kind::Union(_) => "a value of a branch",
        Kind::Named(id) => match &set.get(*id).kind {
            NamedKind::Record { .. } => "an object with the record's fields",
            NamedKind::Enum { .. } => "a symbol",
            NamedKind::Fixed { .. } => "a string of bytes",
        },
    }
}

fn describe_any(set: &Set, branches: &[Type]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for branch in branches {
        let word = describe(set, branch);
        if !words.contains(&word) {
            words.push(word);
        }
    }
    if words.is_empty() {
        "no value".to_owned()
    } else {
        joined(&words, " or ")
    }
}

/// The bytes a text stands for: one for each character, of which none may be above U+00FF.
fn byte_length(text: &str, loc: Loc) -> Result<usize, Misfit> {
    match text.chars().find(|c| *c > '\u{ff}') {
        None => Ok(text.chars().count()),
        Some(c) => Err(misfit(
            loc,
            format!("holds `{}`, which stands for no byte", c.escape_debug()),
            "write one character from U+0000 to U+00FF for each byte",
        )
        .late()),
    }
}
