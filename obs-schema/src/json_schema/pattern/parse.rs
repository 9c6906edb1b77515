//! Reading an expression.
//!
//! The grammar is ECMA-262's with the `u` flag, which JSON Schema recommends. What that refuses is read again
//! leniently: as browsers read expressions without the flag, and with the few foreign forms whose meaning
//! nobody can mistake (`\A`, `\Z`, `(?i)` at the start, `(?P<name>…)`).

use super::Invalid;
use super::class::{Class, LINE_ENDS};

/// Groups may nest this deep.
const MAX_DEPTH: usize = 100;

/// An expression as a tree.
#[derive(Clone, Debug)]
pub(super) enum Ast {
    Empty,
    /// One character of a class, by its index.
    Set(usize),
    Assert(Assertion),
    Cat(Vec<Ast>),
    Alt(Vec<Ast>),
    Repeat {
        body: Box<Ast>,
        min: u32,
        max: Option<u32>,
        greedy: bool,
        groups: (u32, u32),
    },
    /// A group, with its number if it captures.
    Group(Option<u32>, Box<Ast>),
    Look {
        ahead: bool,
        negate: bool,
        body: Box<Ast>,
    },
    /// What a group captured.
    Back(u32),
}

/// Something that holds at a position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Assertion {
    Start,
    End,
    LineStart,
    LineEnd,
    Boundary,
    NoBoundary,
}

/// What was read.
#[derive(Clone, Debug)]
pub(super) struct Parsed {
    pub(super) ast: Ast,
    pub(super) classes: Vec<Class>,
    /// How many groups capture.
    pub(super) groups: u32,
    pub(super) back_references: bool,
    /// It has a form that only other languages know.
    pub(super) foreign: bool,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) ignore_case: bool,
    multiline: bool,
    dot_all: bool,
}

pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) lenient: bool,
    pub(super) flags: Flags,
    pub(super) depth: usize,
    pub(super) classes: Vec<Class>,
    pub(super) groups: u32,
    /// All groups of the text, counted ahead: a reference may stand before its group.
    pub(super) total: u32,
    pub(super) names: Vec<(String, u32)>,
    pub(super) back_references: bool,
    pub(super) foreign: bool,
}

/// Reads an expression, strictly or not.
pub(super) fn parse(text: &str, lenient: bool) -> Result<Parsed, Invalid> {
    let mut parser = Parser {
        text,
        at: 0,
        lenient,
        flags: Flags::default(),
        depth: 0,
        classes: Vec::new(),
        groups: 0,
        total: 0,
        names: Vec::new(),
        back_references: false,
        foreign: false,
    };
    parser.count_groups()?;
    if lenient {
        parser.leading_flags();
    }
    let ast = parser.alternatives()?;
    if parser.at < text.len() {
        return parser.fail("this parenthesis closes nothing");
    }
    // What counts ahead must come to the same number; were it not so, the larger one keeps every group in bounds.
    let groups = parser.groups.max(parser.total);
    let Parser {
        classes,
        back_references,
        foreign,
        ..
    } = parser;
    Ok(Parsed {
        ast,
        classes,
        groups,
        back_references,
        foreign,
    })
}

impl<'t> Parser<'t> {
    pub(super) fn fail<T>(&self, reason: &'static str) -> Result<T, Invalid> {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        Err(Invalid {
            at: before.chars().count() + 1,
            reason,
        })
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Eats what only other languages have.
    fn eat_foreign(&mut self, text: &str) -> bool {
        let found = self.lenient && self.eat(text);
        self.foreign |= found;
        found
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    pub(super) fn push(&mut self, class: Class) -> Ast {
        self.classes.push(class);
        Ast::Set(self.classes.len() - 1)
    }

    fn literal(&mut self, c: char) -> Ast {
        let class = Class::one(c).finish(false, self.flags.ignore_case);
        self.push(class)
    }

    /// Finds all capturing groups and their names.
    fn count_groups(&mut self) -> Result<(), Invalid> {
        let mut in_class = false;
        while let Some(c) = self.next() {
            match c {
                '\\' => {
                    self.next();
                }
                '[' => in_class = true,
                ']' => in_class = false,
                '(' if !in_class => {
                    if !self.rest().starts_with('?') {
                        self.total += 1;
                    } else if self.eat_foreign("?#") {
                        self.at += self.rest().find(')').unwrap_or(0);
                    } else if (self.eat("?<") || self.eat_foreign("?P<"))
                        && !self.rest().starts_with(['=', '!'])
                    {
                        self.total += 1;
                        let number = self.total;
                        self.name(number)?;
                    }
                }
                _ => {}
            }
        }
        self.at = 0;
        Ok(())
    }

    fn name(&mut self, number: u32) -> Result<(), Invalid> {
        let name = self.group_name()?;
        if self.names.iter().any(|(known, _)| *known == name) {
            return self.fail("two groups have the same name");
        }
        self.names.push((name, number));
        Ok(())
    }

    pub(super) fn group_name(&mut self) -> Result<String, Invalid> {
        let Some(end) = self.rest().find('>') else {
            return self.fail("the name of a group is never closed");
        };
        let name = self.rest()[..end].to_owned();
        let first = name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$');
        if !first
            || !name
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '\u{200c}' | '\u{200d}'))
        {
            return self.fail("this is no name of a group");
        }
        self.at += end + 1;
        Ok(name)
    }

    /// `(?i)` and the like at the very start.
    fn leading_flags(&mut self) {
        let Some((letters, _)) = self
            .rest()
            .strip_prefix("(?")
            .and_then(|rest| rest.split_once(')'))
        else {
            return;
        };
        if letters.is_empty() || !letters.chars().all(|c| matches!(c, 'i' | 'm' | 's' | 'u')) {
            return;
        }
        self.foreign = true;
        self.flags.ignore_case = letters.contains('i');
        self.flags.multiline = letters.contains('m');
        self.flags.dot_all = letters.contains('s');
        self.at += letters.len() + 3;
    }

    fn alternatives(&mut self) -> Result<Ast, Invalid> {
        let mut all = vec![self.sequence()?];
        while self.eat("|") {
            all.push(self.sequence()?);
        }
        Ok(if all.len() == 1 {
            all.pop().unwrap_or(Ast::Empty)
        } else {
            Ast::Alt(all)
        })
    }

    fn sequence(&mut self) -> Result<Ast, Invalid> {
        let mut terms = Vec::new();
        while !matches!(self.peek(), None | Some('|' | ')')) {
            if let Some(term) = self.term()? {
                terms.push(term);
            }
        }
        Ok(match terms.len() {
            0 => Ast::Empty,
            1 => terms.pop().unwrap_or(Ast::Empty),
            _ => Ast::Cat(terms),
        })
    }

    /// An atom with its quantifier. Comments of other languages are nothing.
    fn term(&mut self) -> Result<Option<Ast>, Invalid> {
        let groups_before = self.groups;
        let atom = match self.next() {
            Some('^') => Ast::Assert(if self.flags.multiline {
                Assertion::LineStart
            } else {
                Assertion::Start
            }),
            Some('$') => Ast::Assert(if self.flags.multiline {
                Assertion::LineEnd
            } else {
                Assertion::End
            }),
            Some('(') => match self.group()? {
                Some(group) => group,
                None => return Ok(None),
            },
            Some('.') => {
                let mut class = Class::default();
                if !self.flags.dot_all {
                    class.add_ranges(LINE_ENDS, false);
                }
                let class = class.finish(true, false);
                self.push(class)
            }
            Some('[') => self.class()?,
            Some('\\') => self.escape()?,
            Some('*' | '+' | '?') => {
                self.at -= 1;
                return self.fail("there is nothing to repeat");
            }
            Some('{') if !self.lenient || self.quantifier_follows() => {
                self.at -= 1;
                return self.fail("there is nothing to repeat");
            }
            Some('}' | ']') if !self.lenient => {
                self.at -= 1;
                return self.fail("this bracket closes nothing");
            }
            Some(c) => self.literal(c),
            None => Ast::Empty,
        };
        self.quantified(atom, groups_before).map(Some)
    }

    /// Whether what follows an opening brace makes it a quantifier.
    fn quantifier_follows(&self) -> bool {
        let Some((inside, _)) = self.rest().split_once('}') else {
            return false;
        };
        let (min, max) = inside.split_once(',').unwrap_or((inside, ""));
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        !min.is_empty() && digits(min) && digits(max)
    }

    fn quantified(&mut self, atom: Ast, groups_before: u32) -> Result<Ast, Invalid> {
        let (min, max) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                self.at += 1;
                if !self.quantifier_follows() {
                    self.at -= 1;
                    return if self.lenient {
                        Ok(atom)
                    } else {
                        self.fail("this is no quantifier")
                    };
                }
                self.braces()?
            }
            _ => return Ok(atom),
        };
        let repeatable = match &atom {
            Ast::Assert(_) => false,
            Ast::Look { ahead, .. } => *ahead && self.lenient,
            _ => true,
        };
        if !repeatable {
            return self.fail("this cannot be repeated");
        }
        if !self.eat("}") {
            self.at += 1;
        }
        let greedy = !self.eat("?");
        if matches!(self.peek(), Some('*' | '+' | '?')) {
            return self.fail("there is nothing to repeat");
        }
        let groups = (groups_before + 1, self.groups + 1);
        Ok(Ast::Repeat {
            body: Box::new(atom),
            min,
            max,
            greedy,
            groups,
        })
    }

    /// The numbers of `{n,m}`; stands on the closing brace afterwards.
    fn braces(&mut self) -> Result<(u32, Option<u32>), Invalid> {
        let inside = self.rest().split('}').next().unwrap_or("").to_owned();
        let number = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
        let (min, max) = match inside.split_once(',') {
            None => (number(&inside), Some(number(&inside))),
            Some((min, "")) => (number(min), None),
            Some((min, max)) => (number(min), Some(number(max))),
        };
        if max.is_some_and(|max| max < min) {
            return self.fail("the smaller number comes first");
        }
        self.at += inside.len();
        Ok((min, max))
    }

    fn group(&mut self) -> Result<Option<Ast>, Invalid> {
        let open = self.at - 1;
        if self.eat_foreign("?#") {
            let Some(end) = self.rest().find(')') else {
                return self.fail("this comment is never closed");
            };
            self.at += end + 1;
            return Ok(None);
        }
        if self.eat_foreign("?P=") {
            let Some(end) = self.rest().find(')') else {
                return self.fail("this reference is never closed");
            };
            let name = self.rest()[..end].to_owned();
            self.at += end + 1;
            return self.named_reference(&name).map(Some);
        }
        let outer = self.flags;
        let look = [
            ("?=", true, false),
            ("?!", true, true),
            ("?<=", false, false),
            ("?<!", false, true),
        ];
        let mut found = None;
        for (text, ahead, negate) in look {
            if self.eat(text) {
                found = Some((ahead, negate));
                break;
            }
        }
        let mut number = None;
        if found.is_none() && !self.eat("?:") {
            let named = self.eat("?<") || self.eat_foreign("?P<");
            if !named && self.rest().starts_with('?') {
                self.modifiers()?;
            } else {
                self.groups += 1;
                number = Some(self.groups);
                if named {
                    self.group_name()?;
                }
            }
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail("groups nest too deep");
        }
        let body = Box::new(self.alternatives()?);
        self.depth -= 1;
        self.flags = outer;
        if !self.eat(")") {
            self.at = open;
            return self.fail("this group is never closed");
        }
        Ok(Some(match found {
            Some((ahead, negate)) => Ast::Look {
                ahead,
                negate,
                body,
            },
            None => Ast::Group(number, body),
        }))
    }

    /// `(?i:` and `(?i-s:`.
    fn modifiers(&mut self) -> Result<(), Invalid> {
        let Some((inside, _)) = self.rest()[1..].split_once(':') else {
            return self.fail("this is no kind of group");
        };
        let (on, off) = inside.split_once('-').unwrap_or((inside, ""));
        let known = |text: &str| text.chars().all(|c| matches!(c, 'i' | 'm' | 's'));
        if inside.is_empty() || inside == "-" || !known(on) || !known(off) {
            return self.fail("this is no kind of group");
        }
        for (letters, value) in [(on, true), (off, false)] {
            for letter in letters.chars() {
                match letter {
                    'i' => self.flags.ignore_case = value,
                    'm' => self.flags.multiline = value,
                    _ => self.flags.dot_all = value,
                }
            }
        }
        self.at += inside.len() + 2;
        Ok(())
    }

    pub(super) fn named_reference(&mut self, name: &str) -> Result<Ast, Invalid> {
        match self.names.iter().find(|(known, _)| known == name) {
            Some((_, number)) => {
                self.back_references = true;
                Ok(Ast::Back(*number))
            }
            None => self.fail("no group has this name"),
        }
    }
}
