//! The checker: what generated checks call.
//!
//! The way that nothing is wrong costs comparisons and nothing else. A violation starts without a place, and
//! each level it passes on its way out puts its own step in front.

use std::borrow::Cow;
use std::cell::Cell;

use obs_schema::json::{Json, Number};
use obs_schema::json_schema::{all_unique, equal, format, number};
use obs_schema::table::sort;
use obs_schema::wire::json::Writer;

use super::schema::{Pattern, SchemaDoc};
use super::{Violation, Violations};

/// Collects violations while a value is checked.
///
/// ```
/// use obs_runtime::Checker;
///
/// let mut cx = Checker::new();
/// cx.at("lines", |cx| {
///     cx.each(&["A-1", ""], |cx, sku| cx.at("sku", |cx| cx.min_length(sku, 1)));
/// });
/// assert_eq!(cx.finish().unwrap_err().as_slice()[0].pointer, "/lines/1/sku");
/// ```
#[derive(Debug, Default)]
pub struct Checker {
    list: Vec<Violation>,
    more: usize,
}

impl Checker {
    /// The rule that a symbol of a newer schema breaks.
    pub const UNRECOGNISED: &'static str = "unrecognised";

    /// So many violations are kept; the rest is only counted.
    const KEPT: usize = 100;

    /// A checker that has seen nothing wrong.
    #[must_use]
    pub const fn new() -> Checker {
        Checker {
            list: Vec::new(),
            more: 0,
        }
    }

    /// Every violation, or none.
    pub fn finish(self) -> Result<(), Violations> {
        if self.list.is_empty() {
            Ok(())
        } else {
            Err(Violations {
                list: self.list,
                more: self.more,
            })
        }
    }

    /// Whether nothing was wrong so far.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.list.is_empty()
    }

    /// Checks a member.
    #[inline]
    pub fn at(&mut self, field: &'static str, check: impl FnOnce(&mut Checker)) {
        let before = self.list.len();
        check(self);
        if self.list.len() > before {
            self.place(before, field);
        }
    }

    /// Checks an element.
    #[inline]
    pub fn index(&mut self, index: usize, check: impl FnOnce(&mut Checker)) {
        let before = self.list.len();
        check(self);
        if self.list.len() > before {
            self.place(before, &index.to_string());
        }
    }

    /// Checks a member whose name is data.
    #[inline]
    pub fn key(&mut self, key: &str, check: impl FnOnce(&mut Checker)) {
        let before = self.list.len();
        check(self);
        if self.list.len() > before {
            self.place(before, key);
        }
    }

    /// Checks every element of a list.
    #[inline]
    pub fn each<'t, T: 't>(
        &mut self,
        items: impl IntoIterator<Item = &'t T>,
        mut check: impl FnMut(&mut Checker, &T),
    ) {
        for (index, item) in items.into_iter().enumerate() {
            self.index(index, |cx| check(cx, item));
        }
    }

    /// Checks every value of a map.
    #[inline]
    pub fn entries<'m, K, V>(
        &mut self,
        entries: impl IntoIterator<Item = (&'m K, &'m V)>,
        mut check: impl FnMut(&mut Checker, &V),
    ) where
        K: AsRef<str> + ?Sized + 'm,
        V: 'm,
    {
        for (key, value) in entries {
            self.key(key.as_ref(), |cx| check(cx, value));
        }
    }

    /// Puts a step in front of the places of the newest violations.
    #[cold]
    #[inline(never)]
    fn place(&mut self, since: usize, segment: &str) {
        let step = format!("/{}", segment.replace("~", "~0").replace("/", "~1"));
        for violation in &mut self.list[since..] {
            violation.pointer.insert_str(0, &step);
        }
    }

    /// Reports that a rule does not hold here.
    #[cold]
    #[inline(never)]
    pub fn fail(&mut self, rule: impl Into<Cow<'static, str>>) {
        self.report(String::new(), rule.into());
    }

    /// Reports that a rule does not hold at a place below this one.
    #[cold]
    fn report(&mut self, pointer: String, rule: Cow<'static, str>) {
        if self.list.len() < Checker::KEPT {
            self.list.push(Violation { pointer, rule });
        } else {
            self.more += 1;
        }
    }

    /// Reports a rule unless it holds.
    #[inline]
    pub fn must(&mut self, holds: bool, rule: &'static str) {
        if !holds {
            self.fail(rule);
        }
    }

    /// A symbol that came from a newer schema stands here.
    #[cold]
    pub fn unrecognised(&mut self) {
        self.fail(Checker::UNRECOGNISED);
    }

    /// `minLength`, in characters.
    #[inline]
    pub fn min_length(&mut self, text: &str, least: u64) {
        self.must(is_at_least(text, least), "minLength");
    }

    /// `maxLength`, in characters.
    #[inline]
    pub fn max_length(&mut self, text: &str, most: u64) {
        // A character takes one byte at least, so short texts need no counting.
        self.must(
            text.len() as u64 <= most || !is_at_least(text, most.saturating_add(1)),
            "maxLength",
        );
    }

    /// `pattern`
    pub fn pattern(&mut self, text: &str, pattern: &'static Pattern) {
        self.must(pattern.is_match(text), "pattern");
    }

    /// `format`, for the formats we know; of others every text is right.
    pub fn format(&mut self, text: &str, format: &'static str) {
        self.must(format::check(format, text).unwrap_or(true), "format");
    }

    /// `minimum`
    #[inline]
    pub fn minimum<N: PartialOrd>(&mut self, value: N, least: N) {
        self.must(value >= least, "minimum");
    }

    /// `maximum`
    #[inline]
    pub fn maximum<N: PartialOrd>(&mut self, value: N, most: N) {
        self.must(value <= most, "maximum");
    }

    /// `exclusiveMinimum`
    #[inline]
    pub fn exclusive_minimum<N: PartialOrd>(&mut self, value: N, bound: N) {
        self.must(value > bound, "exclusiveMinimum");
    }

    /// `exclusiveMaximum`
    #[inline]
    pub fn exclusive_maximum<N: PartialOrd>(&mut self, value: N, bound: N) {
        self.must(value < bound, "exclusiveMaximum");
    }

    /// `multipleOf`, exactly as the decimals are written: 0.3 is a multiple of 0.1.
    pub fn multiple_of(&mut self, value: f64, step: f64) {
        self.must(
            number::is_multiple(&Number::Float(value), &Number::Float(step)),
            "multipleOf",
        );
    }

    /// `minItems`
    #[inline]
    pub fn min_items(&mut self, items: usize, least: u64) {
        self.must(items as u64 >= least, "minItems");
    }

    /// `maxItems`
    #[inline]
    pub fn max_items(&mut self, items: usize, most: u64) {
        self.must(items as u64 <= most, "maxItems");
    }

    /// `minProperties`
    #[inline]
    pub fn min_properties(&mut self, members: usize, least: u64) {
        self.must(members as u64 >= least, "minProperties");
    }

    /// `maxProperties`
    #[inline]
    pub fn max_properties(&mut self, members: usize, most: u64) {
        self.must(members as u64 <= most, "maxProperties");
    }

    /// `uniqueItems`: no two elements are the same JSON. The closure writes one, as its codec would.
    pub fn unique<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Writer, &T)) {
        if items.len() < 2 {
            return;
        }
        let list = |writer: &mut Writer| {
            for (index, item) in items.iter().enumerate() {
                writer.raw(if index == 0 { "[" } else { SEPARATOR });
                write(writer, item);
            }
            writer.raw("]");
        };
        self.must(
            written(list, |list| are_unique(list, items.len())).unwrap_or(true),
            "uniqueItems",
        );
    }

    /// `const`: the closure writes the value, as its codec would; `expected` is JSON text.
    pub fn const_(&mut self, expected: &'static str, write: impl FnOnce(&mut Writer)) {
        let is = |value: Json| equal(&parsed(expected), &value);
        self.must(value(write).is_none_or(is), "const");
    }

    /// `enum`: the closure writes the value, as its codec would; `expected` is a list as JSON text.
    pub fn enum_(&mut self, expected: &'static str, write: impl FnOnce(&mut Writer)) {
        let found = |value| {
            parsed(expected)
                .as_array()
                .is_some_and(|list| list.iter().any(|item| equal(item, &value)))
        };
        self.must(value(write).is_none_or(found), "enum");
    }

    /// Checks a value against a schema that is interpreted: the closure writes the value, as its codec would.
    ///
    /// `false` when the value cannot be written, so that nothing was checked.
    pub fn encoded(&mut self, schema: &'static SchemaDoc, write: impl FnOnce(&mut Writer)) -> bool {
        let Some(value) = value(write) else {
            return false;
        };
        for violation in schema.check(&value) {
            self.report(violation.pointer, violation.rule.into());
        }
        true
    }

    /// Checks a value against a schema that is interpreted.
    ///
    /// `false` when the value cannot be written, so that nothing was checked.
    pub fn schema(&mut self, value: &impl crate::JsonCodec, schema: &'static SchemaDoc) -> bool {
        self.encoded(schema, |writer| value.write_json(writer))
    }
}

fn is_at_least(text: &str, least: u64) -> bool {
    // A character takes four bytes at most, so long texts need no counting.
    let bytes = text.len() as u64;
    bytes >= least && (bytes >= least.saturating_mul(4) || text.chars().count() as u64 >= least)
}

thread_local! {
    /// Where values are written that are compared, kept from one check to the next.
    static ROOM: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Larger ones are not kept.
const KEPT_ROOM: usize = 1 << 16;

/// Looks at what is written. Nothing for what cannot be: it is refused elsewhere.
fn written<R>(write: impl FnOnce(&mut Writer), look: impl FnOnce(&[u8]) -> R) -> Option<R> {
    // A thread that ends has nothing left from before.
    let mut room = ROOM.try_with(Cell::take).unwrap_or_default();
    room.clear();
    let mut writer = Writer::on(room);
    write(&mut writer);
    let text = writer.finish().ok()?;
    let seen = look(&text);
    if text.capacity() <= KEPT_ROOM {
        let _ = ROOM.try_with(|room| room.set(text));
    }
    Some(seen)
}

fn value(write: impl FnOnce(&mut Writer)) -> Option<Json> {
    written(write, |text| Json::parse(text).ok())?
}

/// Between elements: no text that our writers make has a line end in it.
const SEPARATOR: &str = ",\n";

/// So many are sorted without asking for memory.
const FEW: usize = 16;

/// Whether no two of so many elements are the same JSON. Most lists are of texts or whole numbers, of which each has
/// one spelling only, so that they need not be read again.
fn are_unique(list: &[u8], count: usize) -> bool {
    let inside = list.get(1..list.len() - 1).unwrap_or_default();
    let elements = || {
        let lines = inside.split(|byte| *byte == b'\n');
        lines.map(|line| line.strip_suffix(b",").unwrap_or(line))
    };
    if elements().count() != count || !elements().all(has_one_spelling) {
        let Ok(Json::Array(values)) = Json::parse(list) else {
            return true;
        };
        return all_unique(&values);
    }
    if count > FEW {
        let mut many: Vec<&[u8]> = elements().collect();
        sort(&mut many, |a, b| a.cmp(b));
        return many.windows(2).all(|pair| pair[0] != pair[1]);
    }
    let mut few: [&[u8]; FEW] = [&[]; FEW];
    for (count, element) in elements().enumerate() {
        // Each goes to its place among those before it.
        let mut at = count;
        while at > 0 && few[at - 1] >= element {
            if few[at - 1] == element {
                return false;
            }
            few[at] = few[at - 1];
            at -= 1;
        }
        few[at] = element;
    }
    true
}

/// Whether all that is equal to this JSON is written with the same bytes.
fn has_one_spelling(text: &[u8]) -> bool {
    match text {
        [b'"', inside @ ..] => !inside.contains(&b'\\'),
        b"-0" => false,
        [b'-', digits @ ..] | digits => digits.iter().all(u8::is_ascii_digit),
    }
}

fn parsed(expected: &'static str) -> Json {
    Json::parse(expected.as_bytes()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(check: impl FnOnce(&mut Checker)) -> Vec<String> {
        let mut checker = Checker::new();
        check(&mut checker);
        match checker.finish() {
            Ok(()) => Vec::new(),
            Err(violations) => violations
                .iter()
                .map(|v| format!("{} {}", v.pointer, v.rule))
                .collect(),
        }
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        for (text, length) in [("", 0), ("a", 1), ("é", 1), ("😀😀", 2), ("aé😀", 3)] {
            assert!(rules(|cx| cx.min_length(text, length)).is_empty(), "{text}");
            assert!(rules(|cx| cx.max_length(text, length)).is_empty(), "{text}");
            assert_eq!(
                rules(|cx| cx.min_length(text, length + 1)),
                [" minLength"],
                "{text}"
            );
            if length > 0 {
                assert_eq!(
                    rules(|cx| cx.max_length(text, length - 1)),
                    [" maxLength"],
                    "{text}"
                );
            }
        }
        assert!(rules(|cx| cx.max_length("abc", u64::MAX)).is_empty());
        assert_eq!(rules(|cx| cx.min_length("abc", u64::MAX)), [" minLength"]);
    }

    #[test]
    fn places_are_pointers_from_the_root() {
        let map = std::collections::BTreeMap::from([("a/b~".to_owned(), 1), ("ok".to_owned(), 9)]);
        let found = rules(|cx| {
            cx.at("x", |cx| {
                cx.index(3, |cx| cx.fail("first"));
                cx.entries(&map, |cx, value| cx.minimum(*value, 2));
            });
            cx.unrecognised();
        });
        assert_eq!(found, ["/x/3 first", "/x/a~1b~0 minimum", " unrecognised"]);
    }

    #[test]
    fn a_flood_is_counted_and_not_kept() {
        let mut checker = Checker::new();
        checker.at("items", |cx| {
            cx.each(&[0; 100_000], |cx, value| cx.minimum(*value, 1))
        });
        let violations = checker.finish().unwrap_err();
        assert_eq!(
            (violations.as_slice().len(), violations.more()),
            (100, 99_900)
        );
        assert_eq!(violations.as_slice()[99].pointer, "/items/99");
        assert!(violations.to_string().ends_with("; and 99900 more"));
    }

    #[test]
    fn values_are_compared_as_json() {
        let json = |text: &str| Json::parse(text.as_bytes()).unwrap();
        let unique = |text: &str| {
            let Json::Array(items) = json(text) else {
                panic!()
            };
            rules(|cx| cx.unique(&items, Writer::json)).is_empty()
        };
        assert!(unique("[]") && unique("[1,2,\"1\",true,null,[1],{}]"));
        assert!(!unique(r#"["a","b","a"]"#) && !unique("[3,-1,2,3]") && !unique("[0,-0]"));
        assert!(unique(r#"["a","b","A","\n","\\n"]"#) && unique("[1,-1,10,2.5,true]"));
        let many: Vec<String> = (0..40).map(|at| format!("{:?}", at % 39)).collect();
        assert!(unique(&format!("[{}]", many[..39].join(","))));
        assert!(!unique(&format!("[{}]", many.join(","))));
        assert!(!unique("[1,1.0]") && !unique(r#"[{"a":1,"b":2},{"b":2.0,"a":1}]"#));
        let value = json(r#"{"a": 1.0, "b": []}"#);
        assert!(rules(|cx| cx.const_(r#"{"b":[],"a":1}"#, |w| w.json(&value))).is_empty());
        assert_eq!(
            rules(|cx| cx.const_("null", |w| w.json(&value))),
            [" const"]
        );
        assert!(rules(|cx| cx.enum_(r#"[1, {"b":[],"a":1}]"#, |w| w.json(&value))).is_empty());
        assert_eq!(
            rules(|cx| cx.enum_("[1, 2]", |w| w.json(&value))),
            [" enum"]
        );
    }
}
