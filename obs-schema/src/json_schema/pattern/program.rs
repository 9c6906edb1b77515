//! From a tree to instructions.

use super::parse::{Assertion, Ast, Parsed};

/// Expressions that unroll to more than this are refused: `(a{1,1000}){1,1000}` would be a million.
const MAX_SIZE: u64 = 100_000;

/// An instruction. Targets are indices of instructions.
#[derive(Clone, Copy, Debug)]
pub(super) enum Inst {
    /// A character of a class.
    Set(usize),
    /// Either way, the first one preferred.
    Split(usize, usize),
    Jump(usize),
    Assert(Assertion),
    /// A look around, by its index.
    Look(usize),
    Accept,
    /// Notes the position in a slot (only where there are back references).
    Save(usize),
    /// What a group captured.
    Back(u32),
    /// Forgets what groups captured, up to the second.
    Forget(u32, u32),
    /// Notes where a round of a loop begins.
    Round(usize),
    /// Gives up a round that took nothing.
    Progress(usize),
}

/// Instructions for one direction.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub(super) insts: Vec<Inst>,
    /// It begins where the text does.
    pub(super) anchored: bool,
}

/// A look around: inner ones come before outer ones.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) program: Program,
    pub(super) ahead: bool,
    pub(super) negate: bool,
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub(super) main: Program,
    pub(super) looks: Vec<Look>,
    /// Positions the backtracker keeps: two for each group, then one for each loop.
    pub(super) slots: usize,
}

/// The number of instructions an expression unrolls to.
pub(super) fn is_too_large(ast: &Ast) -> bool {
    size(ast) > MAX_SIZE
}

fn size(ast: &Ast) -> u64 {
    match ast {
        Ast::Empty | Ast::Set(_) | Ast::Assert(_) | Ast::Back(_) => 1,
        Ast::Cat(all) | Ast::Alt(all) => {
            let mut sum = 1u64;
            for one in all {
                sum = sum.saturating_add(size(one).saturating_add(1));
            }
            sum
        }
        Ast::Group(_, body) | Ast::Look { body, .. } => size(body).saturating_add(2),
        Ast::Repeat { body, min, max, .. } => {
            let times = u64::from(max.unwrap_or(*min).max(1));
            size(body)
                .saturating_add(2)
                .saturating_mul(times)
                .saturating_add(2)
        }
    }
}

/// Compiles an expression. With `captures` it is meant for the backtracker, which looks around in the
/// direction of reading; the automaton runs a look ahead from the end of the text.
pub(super) fn compile(parsed: &Parsed, captures: bool) -> Compiled {
    let slots = if captures {
        2 * (parsed.groups as usize + 1)
    } else {
        0
    };
    let mut compiler = Compiler {
        captures,
        looks: Vec::new(),
        slots,
    };
    let main = compiler.program(&parsed.ast, false);
    Compiled {
        main,
        looks: compiler.looks,
        slots: compiler.slots,
    }
}

struct Compiler {
    captures: bool,
    looks: Vec<Look>,
    slots: usize,
}

impl Compiler {
    fn program(&mut self, ast: &Ast, backwards: bool) -> Program {
        let mut insts = Vec::new();
        self.ast(ast, backwards, &mut insts);
        insts.push(Inst::Accept);
        let anchored = matches!(insts.first(), Some(Inst::Assert(Assertion::Start)));
        Program { insts, anchored }
    }

    fn ast(&mut self, ast: &Ast, backwards: bool, out: &mut Vec<Inst>) {
        match ast {
            Ast::Empty => {}
            Ast::Set(class) => out.push(Inst::Set(*class)),
            Ast::Assert(assertion) => out.push(Inst::Assert(*assertion)),
            Ast::Back(group) => out.push(Inst::Back(*group)),
            Ast::Cat(all) => {
                for at in 0..all.len() {
                    let at = if backwards { all.len() - 1 - at } else { at };
                    self.ast(&all[at], backwards, out);
                }
            }
            Ast::Alt(all) => self.alternatives(all, backwards, out),
            Ast::Group(number, body) => match number.filter(|_| self.captures) {
                Some(number) => {
                    let (start, end) = (2 * number as usize, 2 * number as usize + 1);
                    out.push(Inst::Save(if backwards { end } else { start }));
                    self.ast(body, backwards, out);
                    out.push(Inst::Save(if backwards { start } else { end }));
                }
                None => self.ast(body, backwards, out),
            },
            Ast::Look {
                ahead,
                negate,
                body,
            } => {
                let program = self.program(body, *ahead != self.captures);
                self.looks.push(Look {
                    program,
                    ahead: *ahead,
                    negate: *negate,
                });
                out.push(Inst::Look(self.looks.len() - 1));
            }
            Ast::Repeat {
                body,
                min,
                max,
                greedy,
                groups,
            } => {
                self.repeat(body, (*min, *max, *greedy), *groups, backwards, out);
            }
        }
    }

    fn alternatives(&mut self, all: &[Ast], backwards: bool, out: &mut Vec<Inst>) {
        let mut jumps = Vec::new();
        for (at, one) in all.iter().enumerate() {
            if at + 1 == all.len() {
                self.ast(one, backwards, out);
                break;
            }
            let split = out.len();
            out.push(Inst::Jump(0));
            self.ast(one, backwards, out);
            jumps.push(out.len());
            out.push(Inst::Jump(0));
            out[split] = Inst::Split(split + 1, out.len());
        }
        for jump in jumps {
            out[jump] = Inst::Jump(out.len());
        }
    }

    fn repeat(
        &mut self,
        body: &Ast,
        (min, max, greedy): (u32, Option<u32>, bool),
        groups: (u32, u32),
        backwards: bool,
        out: &mut Vec<Inst>,
    ) {
        for _ in 0..min {
            self.round(body, groups, backwards, out);
        }
        let split = |to: usize, end: usize| {
            if greedy {
                Inst::Split(to, end)
            } else {
                Inst::Split(end, to)
            }
        };
        match max {
            None => {
                let top = out.len();
                out.push(Inst::Jump(0));
                self.guarded_round(body, groups, backwards, out);
                out.push(Inst::Jump(top));
                out[top] = split(top + 1, out.len());
            }
            Some(max) => {
                let mut exits = Vec::new();
                for _ in min..max {
                    exits.push(out.len());
                    out.push(Inst::Jump(0));
                    self.guarded_round(body, groups, backwards, out);
                }
                let end = out.len();
                for exit in exits {
                    out[exit] = split(exit + 1, end);
                }
            }
        }
    }

    fn round(&mut self, body: &Ast, groups: (u32, u32), backwards: bool, out: &mut Vec<Inst>) {
        if self.captures && groups.0 < groups.1 {
            out.push(Inst::Forget(groups.0, groups.1));
        }
        self.ast(body, backwards, out);
    }

    /// A round beyond the least number, which must take something.
    fn guarded_round(
        &mut self,
        body: &Ast,
        groups: (u32, u32),
        backwards: bool,
        out: &mut Vec<Inst>,
    ) {
        if !self.captures {
            self.ast(body, backwards, out);
            return;
        }
        let slot = self.slots;
        self.slots += 1;
        out.push(Inst::Round(slot));
        self.round(body, groups, backwards, out);
        out.push(Inst::Progress(slot));
    }
}
