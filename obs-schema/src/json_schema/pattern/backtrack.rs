//! Matching with back references, which no automaton can do.
//!
//! Time is exponential at worst, so it is counted: after [`STEPS`] steps the text does not match.

use super::automaton::holds;
use super::class::Class;
use super::program::{Compiled, Inst, Program};

/// A few milliseconds.
const STEPS: usize = 1_000_000;

/// So many are compared in the time of a step.
const BYTES: usize = 64;

/// A place to come back to.
struct Choice {
    inst: usize,
    at: usize,
    /// What was noted since then is taken back.
    noted: usize,
}

struct Search<'s> {
    compiled: &'s Compiled,
    classes: &'s [Class],
    text: &'s str,
    steps: usize,
    slots: Vec<Option<usize>>,
    /// Slots that were written, with what they had before. A copy of them all for each choice would be thousands of
    /// words where loops are unrolled.
    noted: Vec<(usize, Option<usize>)>,
}

/// Whether the expression matches somewhere.
pub(super) fn is_match(compiled: &Compiled, classes: &[Class], text: &str) -> bool {
    let mut search = Search {
        compiled,
        classes,
        text,
        steps: STEPS,
        slots: vec![None; compiled.slots],
        noted: Vec::new(),
    };
    let mut start = 0;
    loop {
        if search.run(&compiled.main, start, false) {
            return true;
        }
        if compiled.main.anchored || search.steps == 0 {
            return false;
        }
        match text[start..].chars().next() {
            Some(c) => start += c.len_utf8(),
            None => return false,
        }
    }
}

impl Search<'_> {
    /// Runs a program from a position. If it matches, the slots are those of the match, and as they were otherwise.
    fn run(&mut self, program: &Program, start: usize, backwards: bool) -> bool {
        let before = self.noted.len();
        let mut choices = vec![Choice {
            inst: 0,
            at: start,
            noted: before,
        }];
        while let Some(Choice {
            mut inst,
            mut at,
            noted,
        }) = choices.pop()
        {
            self.take_back(noted);
            loop {
                if self.steps == 0 {
                    self.take_back(before);
                    return false;
                }
                self.steps -= 1;
                let goes_on = match program.insts[inst] {
                    Inst::Accept => return true,
                    Inst::Set(class) => self.character(class, &mut at, backwards),
                    Inst::Jump(to) => {
                        inst = to;
                        continue;
                    }
                    Inst::Split(a, b) => {
                        choices.push(Choice {
                            inst: b,
                            at,
                            noted: self.noted.len(),
                        });
                        inst = a;
                        continue;
                    }
                    Inst::Assert(assertion) => holds(assertion, self.text, at),
                    Inst::Look(look) => self.look(look, at),
                    Inst::Save(slot) | Inst::Round(slot) => {
                        self.note(slot, Some(at));
                        true
                    }
                    Inst::Progress(slot) => self.slots[slot] != Some(at),
                    Inst::Forget(from, to) => {
                        let (from, to) = (2 * from as usize, 2 * to as usize);
                        self.spend(to - from);
                        for slot in from..to {
                            self.note(slot, None);
                        }
                        true
                    }
                    Inst::Back(group) => self.back(group, &mut at, backwards),
                };
                if !goes_on {
                    break;
                }
                inst += 1;
            }
        }
        self.take_back(before);
        false
    }

    /// What takes longer than a step.
    fn spend(&mut self, steps: usize) {
        self.steps = self.steps.saturating_sub(steps);
    }

    fn note(&mut self, slot: usize, at: Option<usize>) {
        let before = std::mem::replace(&mut self.slots[slot], at);
        if before != at {
            self.noted.push((slot, before));
        }
    }

    fn take_back(&mut self, to: usize) {
        while self.noted.len() > to
            && let Some((slot, before)) = self.noted.pop()
        {
            self.slots[slot] = before;
        }
    }

    fn character(&self, class: usize, at: &mut usize, backwards: bool) -> bool {
        let c = if backwards {
            self.text[..*at].chars().next_back()
        } else {
            self.text[*at..].chars().next()
        };
        let Some(c) = c.filter(|c| self.classes[class].has(*c)) else {
            return false;
        };
        *at = if backwards {
            *at - c.len_utf8()
        } else {
            *at + c.len_utf8()
        };
        true
    }

    fn look(&mut self, look: usize, at: usize) -> bool {
        let compiled = self.compiled;
        let look = &compiled.looks[look];
        let before = self.noted.len();
        let found = self.run(&look.program, at, !look.ahead);
        if look.negate {
            self.take_back(before);
        }
        found != look.negate
    }

    /// A group that has not matched is matched by nothing.
    fn back(&mut self, group: u32, at: &mut usize, backwards: bool) -> bool {
        let (start, end) = (2 * group as usize, 2 * group as usize + 1);
        let text = self.text;
        let captured = self.slots[start]
            .zip(self.slots[end])
            .and_then(|(start, end)| text.get(start..end))
            .unwrap_or("");
        self.spend(captured.len() / BYTES);
        let found = if backwards {
            text[..*at].ends_with(captured)
        } else {
            text[*at..].starts_with(captured)
        };
        if found {
            *at = if backwards {
                *at - captured.len()
            } else {
                *at + captured.len()
            };
        }
        found
    }
}
