//! From two schemas to a plan.
//!
//! Like the verdicts, this does not recurse through references: records wait in a queue.

use crate::table::{Numbered, Table};

use super::check::{Known, Pair, Verdicts, settle};
use super::matching::{fields, likeness, logical, scales};
use super::{Action, Piece, Plan, Record, Skip, Step, Symbol};
use crate::avro::dynamic;
use crate::avro::tree::place_of;
use crate::avro::view::{Schema, View};
use crate::avro::{Field, NamedId, Set, Type};

/// Values that all defaults of a plan together may hold.
const MOST_DEFAULTS: usize = 1 << 20;

pub(super) fn run(writer: Schema<'_>, reader: Schema<'_>, verdicts: &Verdicts<'_, '_>) -> Plan {
    let mut compiler = Compiler {
        writer: writer.set(),
        reader: reader.set(),
        verdicts,
        records: Vec::new(),
        record_places: Table::default(),
        skips: Vec::new(),
        skip_places: Table::default(),
        waiting: Vec::new(),
        same: settle(verdicts.pairs(), &mut |pair, same| {
            records_alike(verdicts, pair, same)
        }),
        defaults: MOST_DEFAULTS,
        passes_symbols: false,
    };
    let root = compiler.step(writer.view(), reader.view());
    while let Some(waiting) = compiler.waiting.pop() {
        match waiting {
            Waiting::Record(place, pair) => compiler.records[place] = compiler.record(pair),
            Waiting::Skip(place, id) => compiler.skips[place] = compiler.skip_record(id),
        }
    }
    Plan {
        root,
        records: compiler.records,
        skips: compiler.skips,
        passes_symbols: compiler.passes_symbols,
    }
}

struct Compiler<'w, 'r, 'v> {
    writer: &'w Set,
    reader: &'r Set,
    verdicts: &'v Verdicts<'w, 'r>,
    records: Vec<Record>,
    record_places: Table<u128, usize>,
    skips: Vec<Box<[Skip]>>,
    skip_places: Table<u128, usize>,
    waiting: Vec<Waiting>,
    /// Whether every value of one record has the bytes of the other.
    same: Known,
    defaults: usize,
    passes_symbols: bool,
}

/// What has a place and is not there yet.
enum Waiting {
    Record(usize, Pair),
    Skip(usize, NamedId),
}

impl Compiler<'_, '_, '_> {
    fn step(&mut self, writer: View<'_>, reader: View<'_>) -> Step {
        if !self.verdicts.some(writer, reader) {
            return Step::Refuse("the reader's schema has no place for this value of the writer's");
        }
        let same = |pair: Pair| self.same.get(&pair.number()).is_some_and(|(_, same)| *same);
        if alike(self.verdicts, writer, reader, &mut { same }) {
            return Step::Copy(self.skip(writer));
        }
        match (writer, reader) {
            (View::Union(branches), _) => {
                let mut steps = Vec::with_capacity(branches.len());
                for branch in branches {
                    steps.push(self.step(View::of(self.writer, branch), reader));
                }
                Step::Branches(steps.into())
            }
            (_, View::Union(branches)) => match self.verdicts.select(writer, branches) {
                Some(index) => {
                    let branch = View::of(self.reader, &branches[index]);
                    Step::Into(index, Box::new(self.step(writer, branch)))
                }
                None => {
                    Step::Refuse("the reader's union has no branch for this value of the writer's")
                }
            },
            (View::Array(written), View::Array(read)) => {
                Step::Array(Box::new(self.types(written, read)))
            }
            (View::Map(written), View::Map(read)) => Step::Map(Box::new(self.types(written, read))),
            (View::Record(written, _), View::Record(read, _)) => {
                Step::Record(self.place((written, read)))
            }
            (View::Enum(_, written, _), View::Enum(_, read, default)) => {
                let mut symbols = Vec::with_capacity(written.len());
                for symbol in written {
                    symbols.push(match place_of(symbol, read).or(default) {
                        Some(index) => Symbol::Index(index),
                        None => {
                            self.passes_symbols = true;
                            Symbol::Text(symbol.as_str().into())
                        }
                    });
                }
                Step::Symbol(symbols.into())
            }
            (View::Int | View::Long, View::Float) => Step::IntegerToFloat,
            (View::Int | View::Long, View::Double) => Step::IntegerToDouble,
            (View::Float, View::Double) => Step::FloatToDouble,
            _ => Step::Refuse("the reader's schema has another type here"),
        }
    }

    fn types(&mut self, writer: &Type, reader: &Type) -> Step {
        self.step(View::of(self.writer, writer), View::of(self.reader, reader))
    }

    fn place(&mut self, pair: Pair) -> usize {
        *self.record_places.get_or(pair.number(), || {
            let place = self.records.len();
            self.records.push(Record::default());
            self.waiting.push(Waiting::Record(place, pair));
            place
        })
    }

    fn record(&mut self, (written, read): Pair) -> Record {
        let (View::Record(_, writer), View::Record(_, reader)) = (
            View::named(self.writer, written),
            View::named(self.reader, read),
        ) else {
            return Record::default();
        };
        let taken = fields(writer, reader);
        let mut sorted = true;
        let mut last = 0;
        for place in &taken {
            if let Some(place) = *place {
                sorted &= last <= place;
                last = place;
            }
        }
        if sorted {
            self.in_order(writer, reader, &taken)
        } else {
            self.reordered(writer, reader, &taken)
        }
    }

    /// The reader's fields come as the writer's do: defaults go between them.
    fn in_order(&mut self, writer: &[Field], reader: &[Field], taken: &[Option<usize>]) -> Record {
        let mut actions = Vec::new();
        let mut rest = writer.iter().enumerate();
        for (at, field) in reader.iter().enumerate() {
            let Some(place) = taken[at] else {
                match self.default(field) {
                    Some(bytes) => actions.push(Action::Put(bytes)),
                    None => actions.push(no_default(field)),
                }
                continue;
            };
            for (index, written) in rest.by_ref() {
                if index == place {
                    actions.push(self.keep(written, field));
                    break;
                }
                actions.push(self.drop(written));
            }
        }
        for (_, written) in rest {
            actions.push(self.drop(written));
        }
        Record {
            actions,
            order: None,
        }
    }

    /// The reader's fields come in another order: each is written as it comes, and then all are put in theirs.
    fn reordered(&mut self, writer: &[Field], reader: &[Field], taken: &[Option<usize>]) -> Record {
        let mut takers: Vec<Option<&Field>> = vec![None; writer.len()];
        for (at, field) in reader.iter().enumerate() {
            if let Some(place) = taken[at] {
                takers[place] = Some(field);
            }
        }
        let mut actions = Vec::new();
        for (at, written) in writer.iter().enumerate() {
            match takers[at] {
                Some(field) => actions.push(self.keep(written, field)),
                None => actions.push(self.drop(written)),
            }
        }
        let mut order = Vec::new();
        for (at, field) in reader.iter().enumerate() {
            match taken[at] {
                Some(place) => order.push(Piece::Written(place)),
                None => match self.default(field) {
                    Some(bytes) => order.push(Piece::Put(bytes)),
                    None => actions.push(no_default(field)),
                },
            }
        }
        Record {
            actions,
            order: Some(order),
        }
    }

    fn keep(&mut self, written: &Field, read: &Field) -> Action {
        Action::Field(
            written.name.as_str().into(),
            self.types(&written.ty, &read.ty),
        )
    }

    fn drop(&mut self, written: &Field) -> Action {
        Action::Drop(
            written.name.as_str().into(),
            self.skip(View::of(self.writer, &written.ty)),
        )
    }

    fn default(&mut self, field: &Field) -> Option<Box<[u8]>> {
        let default = field.default.as_ref()?;
        let bytes = dynamic::default_bytes(self.reader, &field.ty, default, &mut self.defaults);
        bytes.ok().map(Vec::into_boxed_slice)
    }

    fn skip(&mut self, writer: View<'_>) -> Skip {
        match writer {
            View::Null => Skip::Fixed(0),
            View::Boolean => Skip::Fixed(1),
            View::Int | View::Long => Skip::Varint,
            View::Float => Skip::Fixed(4),
            View::Double => Skip::Fixed(8),
            View::Bytes(_) | View::String => Skip::Bytes,
            View::Fixed(_, size) => Skip::Fixed(size),
            View::Enum(_, symbols, _) => Skip::Index(symbols.len()),
            View::Array(items) => Skip::Array(Box::new(self.skip(View::of(self.writer, items)))),
            View::Map(values) => Skip::Map(Box::new(self.skip(View::of(self.writer, values)))),
            View::Union(branches) => {
                let mut skips = Vec::with_capacity(branches.len());
                for branch in branches {
                    skips.push(self.skip(View::of(self.writer, branch)));
                }
                Skip::Union(skips.into())
            }
            View::Record(id, _) => {
                let place = *self.skip_places.get_or(id.number(), || {
                    let place = self.skips.len();
                    self.skips.push(Box::default());
                    self.waiting.push(Waiting::Skip(place, id));
                    place
                });
                Skip::Record(place)
            }
        }
    }

    fn skip_record(&mut self, id: NamedId) -> Box<[Skip]> {
        let View::Record(_, fields) = View::named(self.writer, id) else {
            return Box::default();
        };
        let mut out: Vec<Skip> = Vec::new();
        for field in fields {
            let skip = self.skip(View::of(self.writer, &field.ty));
            match (out.last_mut(), &skip) {
                (_, Skip::Fixed(0)) => {}
                (Some(Skip::Fixed(before)), Skip::Fixed(size))
                    if before.checked_add(*size).is_some() =>
                {
                    *before += *size;
                }
                _ => out.push(skip),
            }
        }
        out.into()
    }
}

/// A default that cannot be written (it is larger than the bounds allow) fails when it is asked for.
fn no_default(field: &Field) -> Action {
    let step = Step::Refuse("the reader's default is larger than the limit");
    Action::Field(field.name.as_str().into(), step)
}

/// Whether every value of the writer's has the same bytes as the reader's, if `same` answers for records.
fn alike(
    verdicts: &Verdicts<'_, '_>,
    writer: View<'_>,
    reader: View<'_>,
    same: &mut dyn FnMut(Pair) -> bool,
) -> bool {
    let sets = verdicts.sets();
    match (writer, reader) {
        (View::Union(written), View::Union(read)) => {
            let mut good = written.len() <= read.len();
            for index in 0..written.len().min(read.len()) {
                let written = View::of(sets.0, &written[index]);
                good &= verdicts.select(written, read) == Some(index)
                    && alike(verdicts, written, View::of(sets.1, &read[index]), same);
            }
            good
        }
        (View::Union(_), _) | (_, View::Union(_)) => false,
        _ if likeness((sets.0, writer), (sets.1, reader)).is_none() => false,
        (View::Array(written), View::Array(read)) | (View::Map(written), View::Map(read)) => alike(
            verdicts,
            View::of(sets.0, written),
            View::of(sets.1, read),
            same,
        ),
        (View::Record(written, _), View::Record(read, _)) => same((written, read)),
        (View::Enum(_, written, _), View::Enum(_, read, _)) => read.starts_with(written),
        (View::Fixed(_, written), View::Fixed(_, read)) if written != read => false,
        (View::Int, View::Long) => true,
        (View::Bytes(_) | View::String, View::Bytes(_) | View::String) | (View::Fixed(..), _) => {
            scales(logical(sets.0, writer), logical(sets.1, reader)).is_none()
        }
        _ => writer.kind() == reader.kind(),
    }
}

fn records_alike(
    verdicts: &Verdicts<'_, '_>,
    (written, read): Pair,
    same: &mut dyn FnMut(Pair) -> bool,
) -> bool {
    let sets = verdicts.sets();
    let (View::Record(_, writer), View::Record(_, reader)) =
        (View::named(sets.0, written), View::named(sets.1, read))
    else {
        return false;
    };
    let mut good = writer.len() == reader.len();
    for (index, place) in fields(writer, reader).iter().enumerate() {
        good &= *place == Some(index);
    }
    if good {
        for at in 0..writer.len() {
            let (written, read) = (&writer[at], &reader[at]);
            let views = (View::of(sets.0, &written.ty), View::of(sets.1, &read.ty));
            good &= alike(verdicts, views.0, views.1, same);
        }
    }
    good
}
