//! Matching with back references, which no automaton can do.
//!
//! Time is exponential at worst, so it is counted: after [`STEPS`] steps the text does not match.

use super::automaton::holds;
use super::class::Class;
use super::program::{Compiled, Inst, Program};

/// A few milliseconds.
const STEPS: usize = 1_000_000;

/// A place to come back to.
struct Choice {
    inst: usize,
    at: usize,
    slots: Vec<Option<usize>>,
}

struct Search<'s> {
    compiled: &'s Compiled,
    classes: &'s [Class],
    text: &'s str,
    steps: usize,
}

/// Whether the expression matches somewhere.
pub(super) fn is_match(compiled: &Compiled, classes: &[Class], text: &str) -> bool {
    let mut search = Search {
        compiled,
        classes,
        text,
        steps: STEPS,
    };
    let mut start = 0;
    loop {
        let mut slots = vec![None; compiled.slots];
        if search.run(&compiled.main, start, false, &mut slots) {
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
    /// Runs a program from a position. If it matches, `slots` are those of the match.
    fn run(
        &mut self,
        program: &Program,
        start: usize,
        backwards: bool,
        slots: &mut Vec<Option<usize>>,
    ) -> bool {
        let mut choices = vec![Choice {
            inst: 0,
            at: start,
            slots: slots.clone(),
        }];
        while let Some(Choice {
            mut inst,
            mut at,
            slots: mut own,
        }) = choices.pop()
        {
            loop {
                if self.steps == 0 {
                    return false;
                }
                self.steps -= 1;
                let goes_on = match program.insts[inst] {
                    Inst::Accept => {
                        *slots = own;
                        return true;
                    }
                    Inst::Set(class) => self.character(class, &mut at, backwards),
                    Inst::Jump(to) => {
                        inst = to;
                        continue;
                    }
                    Inst::Split(a, b) => {
                        choices.push(Choice {
                            inst: b,
                            at,
                            slots: own.clone(),
                        });
                        inst = a;
                        continue;
                    }
                    Inst::Assert(assertion) => holds(assertion, self.text, at),
                    Inst::Look(look) => self.look(look, at, &mut own),
                    Inst::Save(slot) | Inst::Round(slot) => {
                        own[slot] = Some(at);
                        true
                    }
                    Inst::Progress(slot) => own[slot] != Some(at),
                    Inst::Forget(from, to) => {
                        own[2 * from as usize..2 * to as usize].fill(None);
                        true
                    }
                    Inst::Back(group) => self.back(group, &mut at, backwards, &own),
                };
                if !goes_on {
                    break;
                }
                inst += 1;
            }
        }
        false
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

    fn look(&mut self, look: usize, at: usize, slots: &mut Vec<Option<usize>>) -> bool {
        let compiled = self.compiled;
        let look = &compiled.looks[look];
        if look.negate {
            return !self.run(&look.program, at, !look.ahead, &mut slots.clone());
        }
        self.run(&look.program, at, !look.ahead, slots)
    }

    /// A group that has not matched is matched by nothing.
    fn back(&self, group: u32, at: &mut usize, backwards: bool, slots: &[Option<usize>]) -> bool {
        let (start, end) = (slots[2 * group as usize], slots[2 * group as usize + 1]);
        let captured = start
            .zip(end)
            .and_then(|(start, end)| self.text.get(start..end))
            .unwrap_or("");
        let found = if backwards {
            self.text[..*at].ends_with(captured)
        } else {
            self.text[*at..].starts_with(captured)
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
