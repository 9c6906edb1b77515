//! Whether a reader can read a writer's values, and if not, everything that stands in the way.
//!
//! Records refer to each other, so the question whether one can be read as another may depend on itself. The answer
//! is the greatest fixed point: every pair of records is taken to match until something in it does not, and then
//! whatever leaned on it is asked again. Nothing recurses through references, however long a chain of them is.

use crate::table::{self, Numbered, Table};

use super::matching::{Likeness, fields, likeness, logical, names_match, scales};
use super::{Incompatibility, IncompatibilityKind};
use crate::avro::view::{Schema, View};
use crate::avro::{NamedId, Set, Type};
use crate::table::joined;

/// A record of the writer's and one of the reader's.
pub(super) type Pair = (NamedId, NamedId);

/// What is known of pairs, by their numbers.
pub(super) type Known = Table<u128, (Pair, bool)>;

/// Whether something holds of a pair, if the other function answers for those it leans on.
type Holds<'a> = dyn FnMut(Pair, &mut dyn FnMut(Pair) -> bool) -> bool + 'a;

/// Nobody reads more.
const MOST_REPORTED: usize = 1000;

/// The answers for two schemas and everything in them.
pub(super) struct Verdicts<'w, 'r> {
    writer: Schema<'w>,
    reader: Schema<'r>,
    strict: Known,
    lenient: Known,
}

/// How strictly to ask.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// Can every value be read?
    Every,
    /// Can some value be read?
    Some,
}

impl<'w, 'r> Verdicts<'w, 'r> {
    pub(super) fn of(writer: Schema<'w>, reader: Schema<'r>) -> Verdicts<'w, 'r> {
        Verdicts {
            writer,
            reader,
            strict: solve(writer, reader, Ask::Every),
            lenient: solve(writer, reader, Ask::Some),
        }
    }

    /// Every value of the writer's can be read.
    pub(super) fn strict(&self) -> bool {
        self.every(self.writer.view(), self.reader.view())
    }

    /// Some values of the writer's can be read.
    pub(super) fn lenient(&self) -> bool {
        self.some(self.writer.view(), self.reader.view())
    }

    /// Every value of this type can be read as that one.
    pub(super) fn every(&self, writer: View<'_>, reader: View<'_>) -> bool {
        self.ask(&self.strict, Ask::Every, writer, reader)
    }

    /// Some values of this type can be read as that one.
    pub(super) fn some(&self, writer: View<'_>, reader: View<'_>) -> bool {
        self.ask(&self.lenient, Ask::Some, writer, reader)
    }

    fn ask(&self, known: &Known, ask: Ask, writer: View<'_>, reader: View<'_>) -> bool {
        let sets = (self.writer.set(), self.reader.set());
        reads(sets, ask, writer, reader, &mut |pair| {
            known.get(&pair.number()).is_some_and(|(_, good)| *good)
        })
    }

    /// Answers for two records that do not match by name, and so were not looked at, as if they did.
    fn look_at(&mut self, pair: Pair) {
        let sets = self.sets();
        for (known, ask) in [
            (&mut self.strict, Ask::Every),
            (&mut self.lenient, Ask::Some),
        ] {
            if !known.contains(&pair.number()) {
                let more = settle(vec![pair], &mut |pair, known| {
                    record_reads(sets, ask, pair, known)
                });
                for (pair, good) in more.values() {
                    known.insert(pair.number(), (*pair, *good));
                }
            }
        }
    }

    /// The writer's set and the reader's.
    pub(super) fn sets(&self) -> (&'w Set, &'r Set) {
        (self.writer.set(), self.reader.set())
    }

    /// All records that might be asked about.
    pub(super) fn pairs(&self) -> Vec<Pair> {
        let mut pairs = Vec::with_capacity(self.strict.len());
        for (pair, _) in self.strict.values() {
            pairs.push(*pair);
        }
        pairs
    }

    /// The branch of a reader's union that a value of this type goes to; the type itself is no union.
    pub(super) fn select(&self, writer: View<'_>, branches: &[Type]) -> Option<usize> {
        match self.best(writer, branches, Ask::Every) {
            Some(index) => Some(index),
            None => self.best(writer, branches, Ask::Some),
        }
    }

    /// The first of those branches that are most like a type and can read it.
    fn best(&self, writer: View<'_>, branches: &[Type], ask: Ask) -> Option<usize> {
        let (writer_set, reader_set) = (self.writer.set(), self.reader.set());
        let mut best: Option<(Likeness, usize)> = None;
        for (index, branch) in branches.iter().enumerate() {
            let branch = View::of(reader_set, branch);
            let Some(likeness) = likeness((writer_set, writer), (reader_set, branch)) else {
                continue;
            };
            if best.is_some_and(|(known, _)| likeness <= known) {
                continue;
            }
            let readable = match ask {
                Ask::Every => self.every(writer, branch),
                Ask::Some => self.some(writer, branch),
            };
            if readable {
                best = Some((likeness, index));
            }
        }
        Some(best?.1)
    }

    /// Everything that stands in the way, in the order of the reader's schema.
    pub(super) fn report(self) -> Vec<Incompatibility> {
        let (writer, reader) = (self.writer.view(), self.reader.view());
        let mut report = Report {
            verdicts: self,
            found: Vec::new(),
            places: Vec::new(),
            around: Vec::new(),
            queue: Vec::new(),
            seen: Table::default(),
        };
        report.differ(writer, reader, Place::default());
        let mut done = 0;
        while let Some(&(pair, place)) = report.queue.get(done) {
            done += 1;
            report.records(pair, place);
        }
        let mut found = report.found;
        table::sort(&mut found, |(a, _), (b, _)| a.cmp(b));
        let mut told: Vec<Incompatibility> = Vec::with_capacity(found.len());
        let mut before = Vec::new();
        for (path, found) in found {
            let known = told.last().is_some_and(|last| last.kind == found.kind);
            if !known || path != before {
                told.push(found);
                before = path;
            }
        }
        told
    }
}

/// Whether a value of one type can be read as another, if `pair` answers for records.
///
/// Nothing is cut short: every pair that could ever matter is asked for once.
fn reads(
    sets: (&Set, &Set),
    ask: Ask,
    writer: View<'_>,
    reader: View<'_>,
    pair: &mut dyn FnMut(Pair) -> bool,
) -> bool {
    match (writer, reader) {
        (View::Union(branches), _) => {
            let mut readable = 0;
            for branch in branches {
                let branch = View::of(sets.0, branch);
                readable += usize::from(reads(sets, ask, branch, reader, pair));
            }
            match ask {
                Ask::Every => readable == branches.len(),
                Ask::Some => readable > 0 || branches.is_empty(),
            }
        }
        (_, View::Union(branches)) => {
            let mut readable = false;
            for branch in branches {
                readable |= reads(sets, ask, writer, View::of(sets.1, branch), pair);
            }
            readable
        }
        _ if likeness((sets.0, writer), (sets.1, reader)).is_none() => false,
        (View::Array(written), View::Array(read)) | (View::Map(written), View::Map(read)) => reads(
            sets,
            ask,
            View::of(sets.0, written),
            View::of(sets.1, read),
            pair,
        ),
        (View::Record(written, _), View::Record(read, _)) => pair((written, read)),
        (View::Enum(_, written, _), View::Enum(_, read, default)) => {
            ask == Ask::Some
                || default.is_some()
                || written.iter().all(|symbol| read.contains(symbol))
        }
        (View::Fixed(_, written), View::Fixed(_, read)) if written != read => false,
        _ => scales(logical(sets.0, writer), logical(sets.1, reader)).is_none(),
    }
}

fn solve(writer: Schema<'_>, reader: Schema<'_>, ask: Ask) -> Known {
    let sets = (writer.set(), reader.set());
    let mut found = Vec::new();
    reads(sets, ask, writer.view(), reader.view(), &mut |pair| {
        found.push(pair);
        true
    });
    settle(found, &mut |pair, known| {
        record_reads(sets, ask, pair, known)
    })
}

/// The greatest fixed point: what holds of pairs and of all they lean on, if nothing contradicts it.
///
/// `holds` asks for every pair it leans on, each time it is called.
pub(super) fn settle(pairs: Vec<Pair>, holds: &mut Holds<'_>) -> Known {
    // Those that wait to be asked; the ones before `next` have been.
    let mut waiting = pairs;
    let mut next = 0;
    let mut known = Known::default();
    for pair in &waiting {
        known.insert(pair.number(), (*pair, true));
    }
    let mut leaning: Table<u128, Vec<Pair>> = Table::default();
    let mut asked: Table<u128, ()> = Table::default();
    while let Some(&pair) = waiting.get(next) {
        next += 1;
        if known.get(&pair.number()).is_some_and(|(_, good)| !good) {
            continue;
        }
        let first = asked.insert(pair.number(), ()).is_none();
        let good = holds(pair, &mut |other| {
            if first {
                leaning.get_or(other.number(), Vec::new).push(pair);
            }
            let known = known.get_or(other.number(), || {
                waiting.push(other);
                (other, true)
            });
            known.1
        });
        if !good {
            known.insert(pair.number(), (pair, false));
            if let Some(again) = leaning.get_mut(&pair.number()) {
                waiting.append(again);
            }
        }
    }
    known
}

fn record_reads(
    sets: (&Set, &Set),
    ask: Ask,
    (written, read): Pair,
    pair: &mut dyn FnMut(Pair) -> bool,
) -> bool {
    let (View::Record(_, writer), View::Record(_, reader)) =
        (View::named(sets.0, written), View::named(sets.1, read))
    else {
        return false;
    };
    let mut readable = true;
    let taken = fields(writer, reader);
    for (index, field) in reader.iter().enumerate() {
        readable &= match taken[index].and_then(|place| writer.get(place)) {
            Some(written) => {
                let views = (View::of(sets.0, &written.ty), View::of(sets.1, &field.ty));
                reads(sets, ask, views.0, views.1, pair)
            }
            None => field.default.is_some(),
        };
    }
    readable
}

/// A place in the reader's schema.
#[derive(Clone, Copy, Default)]
struct Place {
    /// One past its index among the places of the report; zero is the root.
    at: usize,
    /// Only some values come here.
    some: bool,
    /// One past the index of the record it stands in, among the records of the report.
    inside: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Index(usize),
    Word(&'static str),
}

struct Report<'w, 'r> {
    verdicts: Verdicts<'w, 'r>,
    found: Vec<(Vec<Segment>, Incompatibility)>,
    /// Each with the place around it.
    places: Vec<(usize, Segment)>,
    /// Each with the record around it.
    around: Vec<(Pair, usize)>,
    /// In the order in which they are looked at.
    queue: Vec<(Pair, Place)>,
    seen: Table<u128, ()>,
}

impl<'w, 'r> Report<'w, 'r> {
    fn below(&mut self, place: Place, segment: Segment) -> Place {
        self.places.push((place.at, segment));
        Place {
            at: self.places.len(),
            ..place
        }
    }

    fn push(&mut self, kind: IncompatibilityKind, place: Place, reason: String) {
        if self.found.len() == MOST_REPORTED {
            return;
        }
        let mut path = Vec::new();
        let mut at = place.at;
        while let Some((around, segment)) = at.checked_sub(1).and_then(|at| self.places.get(at)) {
            path.push(*segment);
            at = *around;
        }
        path.reverse();
        let mut pointer = String::new();
        for segment in &path {
            pointer.push('/');
            match segment {
                Segment::Index(index) => pointer.push_str(&index.to_string()),
                Segment::Word(word) => pointer.push_str(word),
            }
        }
        let some_values = place.some;
        self.found.push((
            path,
            Incompatibility {
                kind,
                pointer,
                reason,
                some_values,
            },
        ));
    }

    fn differ(&mut self, writer: View<'w>, reader: View<'r>, place: Place) {
        let sets = (self.verdicts.writer.set(), self.verdicts.reader.set());
        let place = Place {
            some: place.some || self.verdicts.some(writer, reader),
            ..place
        };
        match (writer, reader) {
            (View::Union(branches), _) => {
                for (index, branch) in branches.iter().enumerate() {
                    let branch = View::of(sets.0, branch);
                    if !self.explained(branch, reader, place) {
                        let below = self.below(place, Segment::Index(index));
                        match reader {
                            View::Union(_) => self.missing_branch(branch, below),
                            _ => self.differ(branch, reader, below),
                        }
                    }
                }
            }
            (_, View::Union(_)) => {
                if !self.explained(writer, reader, place) {
                    self.missing_branch(writer, place);
                }
            }
            (View::Array(written), View::Array(read)) => {
                let below = self.below(place, Segment::Word("items"));
                self.differ(View::of(sets.0, written), View::of(sets.1, read), below);
            }
            (View::Map(written), View::Map(read)) => {
                let below = self.below(place, Segment::Word("values"));
                self.differ(View::of(sets.0, written), View::of(sets.1, read), below);
            }
            (View::Record(written, _), View::Record(read, _)) => {
                self.names(writer, reader, place);
                if self.seen.insert((written, read).number(), ()).is_none() {
                    self.queue.push(((written, read), place));
                }
            }
            (View::Enum(_, written, _), View::Enum(_, read, default)) => {
                self.names(writer, reader, place);
                let mut missing: Vec<&str> = Vec::new();
                for symbol in written {
                    if default.is_none() && !read.contains(symbol) {
                        missing.push(symbol);
                    }
                }
                if !missing.is_empty() {
                    let place = self.below(place, Segment::Word("symbols"));
                    let reason = format!(
                        "the reader lacks `{}` of the writer's symbols and has no default",
                        joined(&missing, "`, `")
                    );
                    self.push(
                        IncompatibilityKind::MissingEnumSymbols,
                        Place {
                            some: true,
                            ..place
                        },
                        reason,
                    );
                }
            }
            (View::Fixed(_, written), View::Fixed(_, read)) => {
                self.names(writer, reader, place);
                if written != read {
                    let place = self.below(place, Segment::Word("size"));
                    let reason = format!("the writer's size is {written}, the reader's {read}");
                    self.push(IncompatibilityKind::FixedSizeMismatch, place, reason);
                }
                self.scales(writer, reader, place);
            }
            (View::Bytes(_), View::Bytes(_)) => self.scales(writer, reader, place),
            _ => {
                if likeness((sets.0, writer), (sets.1, reader)).is_none() {
                    let (written, read) = (writer.kind(), reader.kind());
                    let reason = format!("the writer has {written}, which no {read} can read");
                    self.push(IncompatibilityKind::TypeMismatch, place, reason);
                }
            }
        }
    }

    /// Whether a value of one type can be read as another, or could be but for the records that the place is in:
    /// a list whose elements do not match has one fault, not a second one in its link to the rest.
    fn explained(&self, writer: View<'w>, reader: View<'r>, place: Place) -> bool {
        let mut inside: Table<u128, ()> = Table::default();
        let mut at = place.inside;
        while let Some((pair, around)) = at.checked_sub(1).and_then(|at| self.around.get(at)) {
            inside.insert(pair.number(), ());
            at = *around;
        }
        let mut known = |pair: Pair| {
            let strict = &self.verdicts.strict;
            let good = strict.get(&pair.number()).is_some_and(|(_, good)| *good);
            good || inside.contains(&pair.number())
        };
        reads(self.verdicts.sets(), Ask::Every, writer, reader, &mut known)
    }

    fn records(&mut self, (written, read): Pair, place: Place) {
        let sets = (self.verdicts.writer.set(), self.verdicts.reader.set());
        let (View::Record(_, writer), View::Record(_, reader)) =
            (View::named(sets.0, written), View::named(sets.1, read))
        else {
            return;
        };
        self.verdicts.look_at((written, read));
        self.around.push(((written, read), place.inside));
        let place = Place {
            inside: self.around.len(),
            ..place
        };
        let around = self.below(place, Segment::Word("fields"));
        let taken = fields(writer, reader);
        for (index, field) in reader.iter().enumerate() {
            let place = self.below(around, Segment::Index(index));
            match taken[index].and_then(|place| writer.get(place)) {
                Some(written) => {
                    let place = self.below(place, Segment::Word("type"));
                    let views = (View::of(sets.0, &written.ty), View::of(sets.1, &field.ty));
                    self.differ(views.0, views.1, place);
                }
                None if field.default.is_none() => {
                    let name = &field.name;
                    let reason = format!("the writer has no field `{name}`, and it has no default");
                    let kind = IncompatibilityKind::ReaderFieldMissingDefaultValue;
                    self.push(kind, place, reason);
                }
                None => {}
            }
        }
    }

    fn names(&mut self, writer: View<'w>, reader: View<'r>, place: Place) {
        let written = writer.definition(self.verdicts.writer.set());
        let read = reader.definition(self.verdicts.reader.set());
        if let (Some(written), Some(read)) = (written, read)
            && !names_match(written, read)
        {
            let place = self.below(place, Segment::Word("name"));
            let (written, read) = (&written.name, &read.name);
            let reason = format!("the writer's `{written}` is not `{read}`, and no alias says so");
            self.push(IncompatibilityKind::NameMismatch, place, reason);
        }
    }

    fn scales(&mut self, writer: View<'w>, reader: View<'r>, place: Place) {
        let written = logical(self.verdicts.writer.set(), writer);
        let read = logical(self.verdicts.reader.set(), reader);
        if let Some((written, read)) = scales(written, read) {
            let place = self.below(place, Segment::Word("scale"));
            let reason = format!("the writer's decimals have scale {written}, the reader's {read}");
            self.push(IncompatibilityKind::DecimalScaleMismatch, place, reason);
        }
    }

    fn missing_branch(&mut self, writer: View<'w>, place: Place) {
        let name = writer.branch_name(self.verdicts.writer.set());
        let reason = format!("the reader's union has no branch for the writer's {name}");
        self.push(IncompatibilityKind::MissingUnionBranch, place, reason);
    }
}
