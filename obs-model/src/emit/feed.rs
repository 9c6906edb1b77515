//! Families that an event feeds: what they are, and the method that feeds them.
//!
//! ```text
//! fn feed(&self, to: &__obs::Feeds<'_>) {
//!     {
//!         // orders_total
//!         if matches!(self.status.as_str(), "PAID") {
//!             to.feed(0, self.channel.index(), 1.0);
//!         }
//!     }
//! }
//! ```
//!
//! What is remembered by a key is told with the key: `to.enter(1, 0, &key)`, `to.mark(0, &key)`.

use super::event;
use super::paths::Scope;
use super::printer::{Code, float_lit, harmless, lit};
use super::telemetry;
use super::value::Value;
use crate::model::feed::{Conditions, Feed, FeedLabel, FeedValue, LabelBy, Operand, Times, Word};
use crate::model::metrics::FamilyKind;
use crate::model::{Event, Field, Shape, Type, TypeKind};

/// The families, as a part of the descriptor.
pub(super) fn families(code: &mut Code, scope: &Scope<'_>, event: &Event) {
    if event.feeds.is_empty() {
        return;
    }
    let obs = scope.obs;
    code.enter(format_args!("feeds: &["));
    for feed in &event.feeds {
        let kind = match (feed.kind, feed.float) {
            (FamilyKind::Counter, true) => "FloatCounter",
            (FamilyKind::Gauge, _) => "FloatGauge",
            (kind, _) => kind.ty(),
        };
        code.enter(format_args!("{obs}::FamilyInfo {{"));
        code.line(format_args!(
            "name: {}, kind: {obs}::Kind::{kind},",
            lit(&feed.name)
        ));
        code.line(format_args!(
            "help: {}, unit: {},",
            lit(&feed.help),
            lit(&feed.unit)
        ));
        if !feed.labels.is_empty() {
            code.enter(format_args!("labels: &["));
            for label in &feed.labels {
                code.line(format_args!("{},", info(scope, event, label)));
            }
            code.leave("],");
        }
        for (key, numbers) in [("buckets", &feed.buckets), ("quantiles", &feed.quantiles)] {
            if let Some(numbers) = numbers {
                let numbers: Vec<String> =
                    numbers.iter().map(|number| float_lit(*number)).collect();
                code.line(format_args!("{key}: &[{}],", numbers.join(", ")));
            }
        }
        match &feed.value {
            FeedValue::Entities { max, .. } => code.line(format_args!(
                "tracked: {obs}::Tracked::Entities {{ max: {max} }},"
            )),
            FeedValue::Age { every_ns, max, .. } => code.line(format_args!(
                "tracked: {obs}::Tracked::Ages {{ max: {max}, every: {every_ns} }},"
            )),
            _ => {}
        }
        code.line(format_args!("..{obs}::FamilyInfo::BLANK"));
        code.leave("},");
    }
    code.leave("],");
}

/// The times that the event marks or asks for, as a part of the descriptor.
pub(super) fn times(code: &mut Code, scope: &Scope<'_>, event: &Event) {
    if event.times.is_empty() {
        return;
    }
    let obs = scope.obs;
    code.enter(format_args!("times: &["));
    for Times { event, key } in &event.times {
        let (event, key) = (lit(event), lit(&key.join(".")));
        code.line(format_args!(
            "{obs}::TimesInfo {{ event: {event}, key: {key} }},"
        ));
    }
    code.leave("],");
}

fn info(scope: &Scope<'_>, event: &Event, label: &FeedLabel) -> String {
    let obs = scope.obs;
    let values: Vec<String> = label.label.values.iter().map(|value| lit(value)).collect();
    let own = field(scope, event, &label.path).and_then(|field| own_type(&field.ty, &label.by));
    let (values, absent) = match own {
        Some((path, absent)) if values.is_empty() => {
            (format!("<{path} as {obs}::Label>::VALUES"), absent)
        }
        _ => (format!("&[{}]", values.join(", ")), false),
    };
    let absent = if absent { ", absent: true" } else { "" };
    let name = lit(&label.label.name);
    format!(
        "{obs}::LabelInfo {{ name: {name}, values: {values}{absent}, ..{obs}::LabelInfo::BLANK }}"
    )
}

/// The user's own type of a label, and whether it may be absent.
fn own_type<'t>(ty: &'t Type, by: &LabelBy) -> Option<(&'t str, bool)> {
    match &ty.shape {
        Shape::Rust(path) => Some((path, false)),
        Shape::Option { inner, .. } if *by == LabelBy::Value => {
            own_type(inner, by).map(|(path, _)| (path, true))
        }
        Shape::Option { inner, .. } => own_type(inner, by),
        Shape::Array(item) if *by == LabelBy::Each => own_type(item, by),
        _ => None,
    }
}

/// The method `feed`, where there is a family to feed.
pub(super) fn method(code: &mut Code, scope: &Scope<'_>, event: &Event) {
    if event.feeds.is_empty() && event.times.is_empty() {
        return;
    }
    let obs = scope.obs;
    code.blank();
    code.open(format_args!("fn feed(&self, to: &{obs}::Feeds<'_>)"));
    for (at, feed) in event.feeds.iter().enumerate() {
        code.line(format_args!("// {}", harmless(&feed.name)));
        if let FeedValue::Entities {
            key, enter, leave, ..
        } = &feed.value
        {
            if let Some(enter) = enter {
                nested(code, scope, event, |nest| {
                    let series = nest.series(feed, Some(enter))?;
                    Some(format!("to.enter({at}, {series}, {});", nest.key(key)?))
                });
            }
            if let Some(leave) = leave {
                nested(code, scope, event, |nest| {
                    nest.conditions(&feed.when)?;
                    nest.conditions(leave)?;
                    Some(format!("to.leave({at}, {});", nest.key(key)?))
                });
            }
            continue;
        }
        nested(code, scope, event, |nest| nest.call(at, feed));
    }
    // Last, so that whoever asks for the time before finds it.
    for (at, times) in event.times.iter().enumerate() {
        if times.event == event.event_type {
            nested(code, scope, event, |nest| {
                Some(format!("to.mark({at}, {});", nest.key(&times.key)?))
            });
        }
    }
    code.close();
}

/// One call, and what is around it.
fn nested(
    code: &mut Code,
    scope: &Scope<'_>,
    event: &Event,
    call: impl FnOnce(&mut Nest<'_, '_>) -> Option<String>,
) {
    let mut nest = Nest {
        code,
        scope,
        event,
        opened: 0,
    };
    let call = call(&mut nest);
    let opened = nest.opened;
    if let Some(call) = call {
        code.raw(&call);
    }
    (0..opened).for_each(|_| code.close());
}

/// A call inside of the conditions under which it is made.
struct Nest<'a, 'c> {
    code: &'c mut Code,
    scope: &'a Scope<'a>,
    event: &'a Event,
    opened: usize,
}

impl<'a> Nest<'a, '_> {
    fn open(&mut self, head: &str) {
        self.code.open(format_args!("{head}"));
        self.opened += 1;
    }

    /// The record that holds a field, and the field. What is not there feeds nothing.
    fn holder(&mut self, path: &[String]) -> Option<(String, &'a Field)> {
        let (last, records) = path.split_last()?;
        let (mut base, mut ty) = ("self".to_owned(), self.event.ty);
        for wire in records {
            let field = member(self.scope, ty, wire)?;
            let (at, inner) = self.there(&base, field);
            let Shape::Named(id) = &inner.shape else {
                return None;
            };
            base = at.bare(inner).receiver().to_owned();
            ty = *id;
        }
        Some((base, member(self.scope, ty, last)?))
    }

    /// A field when it is there.
    fn there(&mut self, base: &str, field: &'a Field) -> (Value, &'a Type) {
        let obs = self.scope.obs;
        let place = format!("{base}.{}", field.ident);
        let inner = match &field.ty.shape {
            _ if field.optional => &field.ty,
            Shape::Option { inner, .. } if field.ty.sensitive.is_none() && !field.ty.boxed => inner,
            _ => return (Value::place(place), &field.ty),
        };
        let name = format!("v{}", self.opened);
        self.open(&format!("if let {obs}::Some({name}) = &{place}"));
        (Value::reference(name), inner)
    }

    fn value(&mut self, path: &[String]) -> Option<(Value, &'a Type)> {
        let (base, field) = self.holder(path)?;
        let (at, ty) = self.there(&base, field);
        Some((at.bare(ty), ty))
    }

    fn number(&mut self, path: &[String]) -> Option<String> {
        let (at, _) = self.value(path)?;
        Some(format!("{}::measure({})", self.scope.obs, at.borrowed()))
    }

    /// The key of an entity or of a time, as a reference.
    fn key(&mut self, path: &[String]) -> Option<String> {
        let (base, field) = self.holder(path)?;
        let place = Value::place(format!("{base}.{}", field.ident));
        let key = if field.optional {
            event::optional_key(self.scope, &field.ty, &place)
        } else {
            event::key(self.scope, &field.ty, &place)
        };
        Some(format!("&{key}"))
    }

    fn conditions(&mut self, conditions: &Conditions) -> Option<()> {
        for (path, words) in conditions {
            let condition = self.condition(path, words)?;
            self.open(&format!("if {condition}"));
        }
        Some(())
    }

    /// Which series is fed, inside of the conditions under which it is.
    fn series(&mut self, feed: &Feed, more: Option<&Conditions>) -> Option<String> {
        self.conditions(&feed.when)?;
        if let Some(more) = more {
            self.conditions(more)?;
        }
        let mut series = String::new();
        for label in &feed.labels {
            let (index, count) = self.label(label)?;
            series = if series.is_empty() {
                index
            } else {
                format!("({series}) * {count} + {index}")
            };
        }
        if series.is_empty() {
            series.push('0');
        }
        Some(series)
    }

    fn operand(&mut self, operand: &Operand) -> Option<String> {
        match operand {
            Operand::Field(path) => self.number(path),
            Operand::Now => Some("to.now()".to_owned()),
            Operand::Last(times) => {
                let at = self.event.times.iter().position(|known| known == times)?;
                let (obs, key) = (self.scope.obs, self.key(&times.key)?);
                let name = format!("v{}", self.opened);
                self.open(&format!(
                    "if let {obs}::Some({name}) = to.last({at}, {key})"
                ));
                Some(name)
            }
        }
    }

    fn call(&mut self, at: usize, feed: &Feed) -> Option<String> {
        let series = self.series(feed, None)?;
        let value = match &feed.value {
            FeedValue::Number(number) => float_lit(*number),
            FeedValue::Field(path) => self.number(path)?,
            FeedValue::Difference([first, second]) => {
                format!("{} - {}", self.operand(first)?, self.operand(second)?)
            }
            FeedValue::Quotient([first, second]) => {
                format!("{} / {}", self.operand(first)?, self.operand(second)?)
            }
            FeedValue::Age { key, .. } => {
                return Some(format!("to.hear({at}, {series}, {});", self.key(key)?));
            }
            // Two calls, one each way.
            FeedValue::Entities { .. } => return None,
        };
        Some(format!("to.feed({at}, {series}, {value});"))
    }

    fn condition(&mut self, path: &[String], words: &[Word]) -> Option<String> {
        let obs = self.scope.obs;
        let (at, ty) = self.value(path)?;
        let mut patterns = Vec::new();
        let of = match &ty.shape {
            Shape::Bool | Shape::Named(_) => {
                for word in words {
                    patterns.push(match word {
                        Word::Text(text) => lit(text),
                        Word::Bool(value) => value.to_string(),
                    });
                }
                match &ty.shape {
                    Shape::Bool => at.copied(),
                    _ => format!("{}.as_str()", at.receiver()),
                }
            }
            Shape::Rust(path) => {
                for word in words {
                    patterns.push(match word {
                        Word::Text(text) => lit(text),
                        Word::Bool(value) => lit(&value.to_string()),
                    });
                }
                format!("<{path} as {obs}::Label>::as_str({})", at.borrowed())
            }
            Shape::String => {
                let field = field(self.scope, self.event, path)?;
                let label = field.obs.label.as_ref()?;
                let mut top = Vec::new();
                for value in &label.values {
                    if value != "other" && value != "none" {
                        top.push(lit(value));
                    }
                }
                for word in words {
                    let Word::Text(text) = word else {
                        continue;
                    };
                    if text == "other" {
                        patterns.push(format!("{obs}::None"));
                    } else if let Some(at) = label.values.iter().position(|value| value == text) {
                        patterns.push(format!("{obs}::Some({at})"));
                    }
                }
                format!("{obs}::top(&[{}], {})", top.join(", "), at.borrowed())
            }
            _ => return None,
        };
        Some(format!("::core::matches!({of}, {})", patterns.join(" | ")))
    }

    /// Which value of its label a field has, and how many there are.
    fn label(&mut self, label: &FeedLabel) -> Option<(String, String)> {
        let obs = self.scope.obs;
        match &label.by {
            LabelBy::Value => {
                let (base, field) = self.holder(&label.path)?;
                Some(telemetry::index(self.scope, &base, field, &label.label))
            }
            LabelBy::Bounds(bounds) => {
                let number = self.number(&label.path)?;
                let count = label.label.values.len();
                let bounds: Vec<String> = bounds.iter().map(|bound| float_lit(*bound)).collect();
                let index = format!("{obs}::bounded(&[{}], {number})", bounds.join(", "));
                Some((index, count.to_string()))
            }
            LabelBy::Each => {
                let (at, ty) = self.value(&label.path)?;
                let Shape::Array(item) = &ty.shape else {
                    return None;
                };
                let name = format!("v{}", self.opened);
                self.open(&format!("for {name} in {}.iter()", at.receiver()));
                self.item(item, &Value::reference(name), label)
            }
        }
    }

    /// The same of an element of a list.
    fn item(&self, ty: &Type, at: &Value, label: &FeedLabel) -> Option<(String, String)> {
        let (obs, at) = (self.scope.obs, at.bare(ty));
        let count = label.label.values.len();
        Some(match &ty.shape {
            Shape::Bool => (
                format!("::core::primitive::usize::from({})", at.copied()),
                count.to_string(),
            ),
            Shape::Named(id) => match &self.scope.model.get(*id).kind {
                TypeKind::Enum(symbols) if symbols.default.is_some() => {
                    (format!("{}.index()", at.receiver()), count.to_string())
                }
                _ => (
                    format!(
                        "{}.index().unwrap_or({})",
                        at.receiver(),
                        count.saturating_sub(1)
                    ),
                    count.to_string(),
                ),
            },
            Shape::Rust(path) => (
                format!("<{path} as {obs}::Label>::index({})", at.borrowed()),
                format!("<{path} as {obs}::Label>::VALUES.len()"),
            ),
            _ => return None,
        })
    }
}

fn field<'m>(scope: &Scope<'m>, event: &Event, path: &[String]) -> Option<&'m Field> {
    let (last, records) = path.split_last()?;
    let mut ty = event.ty;
    for wire in records {
        let mut inner = &member(scope, ty, wire)?.ty;
        while let Shape::Option { inner: within, .. } = &inner.shape {
            inner = within;
        }
        let Shape::Named(id) = &inner.shape else {
            return None;
        };
        ty = *id;
    }
    member(scope, ty, last)
}

fn member<'m>(scope: &Scope<'m>, ty: crate::model::TypeId, wire: &str) -> Option<&'m Field> {
    match &scope.model.get(ty).kind {
        TypeKind::Record(record) => record.fields.iter().find(|field| field.wire == wire),
        _ => None,
    }
}
