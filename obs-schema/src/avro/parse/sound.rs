//! What can be seen of the whole only: records without values, names with two meanings, and what errors spoil.

use crate::table::{Numbered, Table};

use super::{Reader, id, names};
use crate::avro::{FullName, Kind, NamedId, NamedKind, Set, Type, canonical};
use crate::diag::{Diagnostic, Places};
use crate::node;
use crate::source::{Loc, SourceMap};

impl Reader<'_> {
    /// Finds records that contain themselves whatever happens.
    ///
    /// A record has a value when each of its fields has one; a union when one of its branches has; arrays and maps
    /// may be empty. What is left when nothing more can be shown to have a value has none.
    pub(super) fn check_inhabited(&mut self) {
        let named = &self.set.named;
        let mut missing: Vec<usize> = vec![0; named.len()];
        // For each type the fields that wait for it; a field is struck out when the first of its types is fine.
        let mut waiting: Vec<Vec<(usize, usize)>> = vec![Vec::new(); named.len()];
        let mut todo: Vec<usize> = Vec::new();
        let mut done: Vec<bool> = vec![false; named.len()];
        for (index, item) in named.iter().enumerate() {
            if let NamedKind::Record { fields, .. } = &item.kind {
                for (at, field) in fields.iter().enumerate() {
                    let needs = needs(&field.ty);
                    if !needs.is_empty() {
                        missing[index] += 1;
                        for id in &needs {
                            waiting[id.0 as usize].push((index, at));
                        }
                    }
                }
            }
            if missing[index] == 0 {
                done[index] = true;
                todo.push(index);
            }
        }
        if todo.len() == named.len() {
            return;
        }
        let mut struck: Table<u128, ()> = Table::default();
        while let Some(index) = todo.pop() {
            for &(record, at) in &waiting[index] {
                if !done[record] && struck.insert((record, at).number(), ()).is_none() {
                    missing[record] -= 1;
                    if missing[record] == 0 {
                        done[record] = true;
                        todo.push(record);
                    }
                }
            }
        }
        // Each record left leads to another one left; following them ends in a circle, told once.
        let mut seen: Vec<Option<usize>> = vec![None; named.len()];
        let mut complaints = Vec::new();
        for start in 0..named.len() {
            let mut path: Vec<(usize, usize)> = Vec::new();
            let mut next = start;
            while !done[next] && seen[next].is_none() {
                seen[next] = Some(start);
                let Some((at, target)) = self.stuck(next, &done) else {
                    break;
                };
                path.push((next, at));
                next = target;
            }
            if !done[next]
                && seen[next] == Some(start)
                && let Some(from) = path.iter().position(|(record, _)| *record == next)
            {
                complaints.push(self.circle(&path[from..]));
            }
        }
        for complaint in complaints {
            self.cx.push(complaint);
        }
    }

    /// The first field of a record that has no value, and what it needs.
    fn stuck(&self, record: usize, done: &[bool]) -> Option<(usize, usize)> {
        let NamedKind::Record { fields, .. } = &self.set.named[record].kind else {
            return None;
        };
        for (at, field) in fields.iter().enumerate() {
            let needs = needs(&field.ty);
            if let Some(first) = needs.first()
                && !needs.iter().any(|id| done[id.0 as usize])
            {
                return Some((at, first.0 as usize));
            }
        }
        None
    }

    fn circle(&self, path: &[(usize, usize)]) -> Diagnostic {
        let place = |(record, at): (usize, usize)| {
            let named = &self.set.named[record];
            match &named.kind {
                NamedKind::Record { fields, .. } => (
                    format!("`{}.{}`", named.name.name, fields[at].name),
                    fields[at].ty.loc,
                ),
                _ => (format!("`{}`", named.name.name), named.loc),
            }
        };
        let first = &self.set.named[path[0].0].name;
        let (mut way, loc) = place(path[0]);
        let mut others = Vec::new();
        for step in &path[1..] {
            let (name, loc) = place(*step);
            // A long way round is cut; its beginning says enough.
            if others.len() < 8 {
                way.push_str(" → ");
                way.push_str(&name);
                others.push(loc);
            }
        }
        let mut diagnostic = Diagnostic::error(
            "uninhabitable-type",
            loc,
            format!(
                "record `{first}` always contains another `{first}`, so it has no finite value"
            ),
        )
        .label(format!("by way of {way}"))
        .help("make one of the fields nullable, an array or a map");
        for other in &others {
            diagnostic = diagnostic.other(*other, "and on through here");
        }
        diagnostic
    }

    /// A schema is sent whole, so within what a root reaches one name may have one meaning only.
    pub(super) fn check_one_meaning(&mut self, sources: &SourceMap) {
        if self.names.values().all(|places| places.len() < 2) {
            return;
        }
        let mut forms: Table<u128, String> = Table::default();
        let mut complaints = Vec::new();
        for document in &self.set.documents {
            let starts: Vec<NamedId> = match &document.root {
                Some(root) => named_in(root),
                None => Vec::new(),
            };
            let mut meanings: Table<&FullName, NamedId> = Table::default();
            for reached in self.set.reachable(&starts) {
                let named = self.set.get(reached);
                let first = *meanings.get_or(&named.name, || reached);
                if first == reached {
                    continue;
                }
                let mut form = |id: NamedId| {
                    forms
                        .get_or(id.number(), || canonical::named(&self.set, id))
                        .clone()
                };
                if form(first) == form(reached) {
                    continue;
                }
                let first = self.set.get(first);
                let root = document.root.as_ref();
                let (loc, what) = match root.and_then(|root| named_in(root).first().copied()) {
                    Some(id) if self.set.get(id).file == document.file => {
                        let named = self.set.get(id);
                        (named.name_loc, format!("`{}`", named.name))
                    }
                    _ => (
                        root.map_or(Loc::file(document.file), head),
                        "this".to_owned(),
                    ),
                };
                complaints.push(
                    Diagnostic::error(
                        "conflicting-definitions",
                        loc,
                        format!(
                            "{what} needs two different definitions of `{}`, from `{}` and from `{}`",
                            named.name,
                            sources.path(first.file),
                            sources.path(named.file)
                        ),
                    )
                    .other(first.name_loc, "one definition")
                    .other(named.name_loc, "another definition")
                    .help("refer to one definition everywhere: a schema may hold a name once only"),
                );
            }
        }
        for complaint in complaints {
            self.cx.push(complaint);
        }
    }

    /// A schema is sent as one text, and whoever reads that text bounds how deep it nests.
    pub(super) fn check_depth(&mut self) {
        let mut complaints = Vec::new();
        let mut complain = |what: &str, loc: Loc| {
            complaints.push(
                Diagnostic::error(
                    "deep-nesting",
                    loc,
                    format!("written as one text, {what} nests more than 128 deep"),
                )
                .help("flatten some of the records, or make one a list beside the others"),
            );
        };
        let mut walk = DepthWalk {
            set: &self.set,
            todo: Vec::new(),
            inner: Vec::new(),
            seen: Table::default(),
        };
        for document in &self.set.documents {
            if let Some(root) = &document.root {
                nested(root, 1, &mut walk.inner);
                if walk.is_too_deep() {
                    complain("this schema", head(root));
                }
                continue;
            }
            for start in &document.defines {
                walk.inner.push((*start, 1));
                if walk.is_too_deep() {
                    let named = self.set.get(*start);
                    complain(&format!("the schema of `{}`", named.name), named.name_loc);
                }
            }
        }
        for complaint in complaints {
            self.cx.push(complaint);
        }
    }

    /// Marks what an error has spoilt: the definitions and files it stands in, and all that need those.
    pub(super) fn mark_broken(&mut self) {
        let errors = Places::of_errors(self.cx);
        if errors.is_empty() {
            return;
        }
        let mut users: Vec<Vec<NamedId>> = vec![Vec::new(); self.set.named.len()];
        let mut todo: Vec<NamedId> = Vec::new();
        for (index, named) in self.set.named.iter_mut().enumerate() {
            if let NamedKind::Record { fields, .. } = &named.kind {
                for field in fields {
                    field
                        .ty
                        .each_named(&mut |used| users[used.0 as usize].push(id(index)));
                }
            }
            // A namespace may come from further out than the definition, and is complained of there.
            if errors.within(named.loc) || !names::is_namespace(&named.name.namespace) {
                named.broken = true;
                todo.push(id(index));
            }
        }
        while let Some(broken) = todo.pop() {
            for user in &users[broken.0 as usize] {
                let named = &mut self.set.named[user.0 as usize];
                if !named.broken {
                    named.broken = true;
                    todo.push(*user);
                }
            }
        }
        for at in 0..self.set.documents.len() {
            let document = &self.set.documents[at];
            let broken = errors.in_file(document.file)
                || document
                    .root
                    .as_ref()
                    .is_some_and(|root| named_in(root).iter().any(|id| self.set.get(*id).broken));
            self.set.documents[at].broken = broken;
        }
    }
}

/// How deep the definition of a record may stand in a text: under the bound of those who read it, with room for what
/// a field of plain types adds.
const MAX_TEXT_DEPTH: usize = node::MAX_DEPTH - 8;

/// Follows definitions in the order of the text, since each stands where it is first met.
struct DepthWalk<'s> {
    set: &'s Set,
    /// What to look at, with its depth, the next one last.
    todo: Vec<(NamedId, usize)>,
    /// What was found just now, the next one first.
    inner: Vec<(NamedId, usize)>,
    seen: Table<u128, ()>,
}

impl DepthWalk<'_> {
    /// Looks from what is in `inner`, and leaves it empty.
    fn is_too_deep(&mut self) -> bool {
        self.seen.clear();
        self.todo.clear();
        self.turn_to_inner();
        while let Some((next, depth)) = self.todo.pop() {
            let NamedKind::Record { fields, .. } = &self.set.get(next).kind else {
                continue;
            };
            // The record's list of fields, the field, and then its type.
            for field in fields {
                nested(&field.ty, depth + 3, &mut self.inner);
            }
            if self.inner.is_empty() {
                continue;
            }
            if self.seen.insert(next.number(), ()).is_some() {
                self.inner.clear();
            } else if depth > MAX_TEXT_DEPTH {
                self.inner.clear();
                return true;
            }
            self.turn_to_inner();
        }
        false
    }

    fn turn_to_inner(&mut self) {
        self.inner.reverse();
        self.todo.append(&mut self.inner);
    }
}

/// The named types of a type with their depths, when the type itself stands at a depth.
fn nested(ty: &Type, depth: usize, found: &mut Vec<(NamedId, usize)>) {
    // An occurrence with properties of its own wraps what it is an occurrence of.
    match &ty.kind {
        Kind::Array(inner) | Kind::Map(inner) => nested(inner, depth + 1, found),
        Kind::Union(branches) => {
            for branch in branches {
                nested(branch, depth + 1, found);
            }
        }
        Kind::Named(id) => found.push((*id, depth + usize::from(!ty.props.is_empty()))),
        _ => {}
    }
}

/// The types of which one has to have a value, or none when the type has values anyhow.
fn needs(ty: &Type) -> Vec<NamedId> {
    match &ty.kind {
        Kind::Named(id) => vec![*id],
        Kind::Union(branches) => {
            let mut named = Vec::new();
            for branch in branches {
                match branch.kind {
                    Kind::Named(id) => named.push(id),
                    _ => return Vec::new(),
                }
            }
            named
        }
        _ => Vec::new(),
    }
}

/// The named types in a type as it is written.
fn named_in(ty: &Type) -> Vec<NamedId> {
    let mut found = Vec::new();
    ty.each_named(&mut |id| found.push(id));
    found
}

/// Where a root says what it is: the name of its record, or the start of the text.
fn head(root: &Type) -> Loc {
    Loc {
        end: root.loc.start.saturating_add(1),
        ..root.loc
    }
}
