//! The commonest kind of expression, without an automaton.
//!
//! `^[A-Z]{2}-\d{4}$` is a sequence of sets with counts between a start and an end. Where what may follow a
//! repeated set is never in that set, taking as many as there are is always right, and one pass decides.

use super::class::Class;
use super::parse::{Assertion, Ast, Parsed};

/// A set that must be matched so many times.
#[derive(Clone, Debug)]
struct Item {
    class: usize,
    min: u32,
    max: u32,
}

/// An expression of that kind.
#[derive(Clone, Debug)]
pub(super) struct Simple {
    items: Vec<Item>,
    to_end: bool,
}

impl Simple {
    /// Recognises one.
    pub(super) fn of(parsed: &Parsed) -> Option<Simple> {
        let single = std::slice::from_ref(&parsed.ast);
        let terms = match &parsed.ast {
            Ast::Cat(terms) => terms.as_slice(),
            _ => single,
        };
        let terms = match terms {
            [Ast::Assert(Assertion::Start), rest @ ..] => rest,
            _ => return None,
        };
        let (terms, to_end) = match terms {
            [rest @ .., Ast::Assert(Assertion::End)] => (rest, true),
            rest => (rest, false),
        };
        let mut items = Vec::with_capacity(terms.len());
        for term in terms {
            items.push(match term {
                Ast::Set(class) => Item {
                    class: *class,
                    min: 1,
                    max: 1,
                },
                Ast::Repeat { body, min, max, .. } => match **body {
                    Ast::Set(class) => Item {
                        class,
                        min: *min,
                        max: max.unwrap_or(u32::MAX),
                    },
                    _ => return None,
                },
                _ => return None,
            });
        }
        let decided = (0..items.len()).all(|at| is_decided(&items[at..], &parsed.classes));
        decided.then_some(Simple { items, to_end })
    }

    pub(super) fn is_match(&self, classes: &[Class], text: &str) -> bool {
        let mut rest = text.chars();
        for item in &self.items {
            let class = &classes[item.class];
            let mut count = 0;
            while count < item.max {
                let mut ahead = rest.clone();
                match ahead.next() {
                    Some(c) if class.has(c) => rest = ahead,
                    _ => break,
                }
                count += 1;
            }
            if count < item.min {
                return false;
            }
        }
        !self.to_end || rest.as_str().is_empty()
    }
}

/// Whether taking all it can get is right for the first of some items.
fn is_decided(items: &[Item], classes: &[Class]) -> bool {
    let Some((first, rest)) = items.split_first() else {
        return true;
    };
    if first.min == first.max {
        return true;
    }
    for next in rest {
        if !classes[first.class].is_apart_from(&classes[next.class]) {
            return false;
        }
        if next.min > 0 {
            return true;
        }
    }
    true
}
