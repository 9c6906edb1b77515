//! Matching in time proportional to the text, whatever the expression.
//!
//! All states an expression can be in are followed at once, a character at a time. A look around is asked at
//! every position beforehand, in one pass of its own: looks behind from the start of the text, looks ahead from
//! its end.

use super::class::{Class, WORD};
use super::parse::Assertion;
use super::program::{Compiled, Inst, Program};

/// Whether the expression matches somewhere.
pub(super) fn is_match(compiled: &Compiled, classes: &[Class], text: &str) -> bool {
    let mut looks: Vec<Vec<bool>> = Vec::with_capacity(compiled.looks.len());
    for look in &compiled.looks {
        let mut holds = vec![false; text.len() + 1];
        let run = Run {
            program: &look.program,
            classes,
            text,
            looks: &looks,
            backwards: look.ahead,
        };
        run.go(&mut |at| {
            holds[at] = true;
            false
        });
        if look.negate {
            for holds in &mut holds {
                *holds = !*holds;
            }
        }
        looks.push(holds);
    }
    let run = Run {
        program: &compiled.main,
        classes,
        text,
        looks: &looks,
        backwards: false,
    };
    run.go(&mut |_| true)
}

/// Whether an assertion holds at a position.
pub(super) fn holds(assertion: Assertion, text: &str, at: usize) -> bool {
    let before = || text[..at].chars().next_back();
    let after = || text[at..].chars().next();
    let line_end = |c: char| matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
    let word = |c: Option<char>| {
        c.is_some_and(|c| WORD.iter().any(|(from, to)| (*from..=*to).contains(&c)))
    };
    match assertion {
        Assertion::Start => at == 0,
        Assertion::End => at == text.len(),
        Assertion::LineStart => before().is_none_or(line_end),
        Assertion::LineEnd => after().is_none_or(line_end),
        Assertion::Boundary => word(before()) != word(after()),
        Assertion::NoBoundary => word(before()) == word(after()),
    }
}

/// One pass over the text.
struct Run<'r> {
    program: &'r Program,
    classes: &'r [Class],
    text: &'r str,
    looks: &'r [Vec<bool>],
    backwards: bool,
}

/// A set of states that remembers the order of arrival and can be emptied at once.
struct States {
    order: Vec<usize>,
    mark: Vec<u32>,
    round: u32,
}

impl States {
    fn new(size: usize) -> States {
        States {
            order: Vec::new(),
            mark: vec![0; size],
            round: 1,
        }
    }

    fn clear(&mut self) {
        self.order.clear();
        self.round += 1;
    }

    fn add(&mut self, state: usize) -> bool {
        let new = self.mark[state] != self.round;
        if new {
            self.mark[state] = self.round;
            self.order.push(state);
        }
        new
    }
}

impl Run<'_> {
    /// Tells every position where a match ends, until `found` has heard enough.
    fn go(&self, found: &mut dyn FnMut(usize) -> bool) -> bool {
        let mut states = States::new(self.program.insts.len());
        let mut arrived: Vec<usize> = Vec::new();
        let mut at = if self.backwards { self.text.len() } else { 0 };
        let first = at;
        loop {
            states.clear();
            let mut accepted = false;
            for state in &arrived {
                accepted |= self.close(&mut states, *state, at);
            }
            arrived.clear();
            if !self.program.anchored || self.backwards || at == first {
                accepted |= self.close(&mut states, 0, at);
            } else if states.order.is_empty() {
                return false;
            }
            if accepted && found(at) {
                return true;
            }
            let next = if self.backwards {
                self.text[..at].chars().next_back()
            } else {
                self.text[at..].chars().next()
            };
            let Some(c) = next else { return false };
            for &state in &states.order {
                if let Inst::Set(class) = self.program.insts[state]
                    && self.classes[class].has(c)
                {
                    arrived.push(state + 1);
                }
            }
            at = if self.backwards {
                at - c.len_utf8()
            } else {
                at + c.len_utf8()
            };
        }
    }

    /// Adds a state and all it reaches without a character; answers whether one of them accepts.
    fn close(&self, states: &mut States, state: usize, at: usize) -> bool {
        let mut accepted = false;
        let mut waiting = states.order.len();
        states.add(state);
        while let Some(&state) = states.order.get(waiting) {
            waiting += 1;
            match self.program.insts[state] {
                Inst::Set(_) => {}
                Inst::Accept => accepted = true,
                Inst::Jump(to) => {
                    states.add(to);
                }
                Inst::Split(a, b) => {
                    states.add(a);
                    states.add(b);
                }
                Inst::Assert(assertion) => {
                    if holds(assertion, self.text, at) {
                        states.add(state + 1);
                    }
                }
                Inst::Look(look) => {
                    if self.looks[look][at] {
                        states.add(state + 1);
                    }
                }
                // Only the backtracker's programs have these.
                Inst::Save(_)
                | Inst::Back(_)
                | Inst::Forget(..)
                | Inst::Round(_)
                | Inst::Progress(_) => {
                    states.add(state + 1);
                }
            }
        }
        accepted
    }
}
