//! Objects in the making: a key that is written again is found, however many there are.

use super::{Member, Value};
use crate::diag::{Diagnostic, Diagnostics};
use crate::table::Table;

/// The members of an object that is being read.
#[derive(Default)]
pub struct Members {
    all: Vec<Member>,
    index: Index,
}

impl Members {
    /// Adds a member, and complains when its key has been written before.
    pub fn push(&mut self, cx: &mut Diagnostics, member: Member) {
        let name = &member.name;
        if let Some(at) = self.index.find(&self.all, |known| &known.name, name) {
            let message = format!("key `{name}` is written twice");
            cx.push(
                Diagnostic::error("duplicate-key", member.name_loc, message)
                    .other(self.all[at].name_loc, "first written here")
                    .help("remove one of the two"),
            );
        }
        self.all.push(member);
    }

    /// The object.
    #[must_use]
    pub fn value(self) -> Value {
        Value::Object(self.all)
    }
}

/// Where names stand in a growing list. A few are found by walking, which costs less than to hash them; in an object
/// of a hundred thousand members it would cost minutes.
#[derive(Default)]
pub(super) struct Index {
    known: Table<String, usize>,
    seen: usize,
}

impl Index {
    const FEW: usize = 16;

    /// The first place of a name.
    pub(super) fn find<T>(
        &mut self,
        list: &[T],
        name_of: fn(&T) -> &str,
        name: &str,
    ) -> Option<usize> {
        if list.len() <= Index::FEW {
            for (at, one) in list.iter().enumerate() {
                if name_of(one) == name {
                    return Some(at);
                }
            }
            return None;
        }
        for (at, one) in list.iter().enumerate().skip(self.seen) {
            self.known.get_or(name_of(one).to_owned(), || at);
        }
        self.seen = list.len();
        self.known.get(name).copied()
    }
}
