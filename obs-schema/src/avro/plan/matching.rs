//! Which of the writer's things belongs to which of the reader's.

use crate::table::Table;

use crate::avro::view::View;
use crate::avro::{Field, Logical, Named, Set};

/// Whether two named types are one: by unqualified name, or because the reader remembers the writer's full name.
pub(super) fn names_match(writer: &Named, reader: &Named) -> bool {
    writer.name.name == reader.name.name || remembers(reader, writer)
}

/// The same, with nothing left to chance.
pub(super) fn full_names_match(writer: &Named, reader: &Named) -> bool {
    writer.name == reader.name || remembers(reader, writer)
}

fn remembers(reader: &Named, writer: &Named) -> bool {
    reader.aliases.contains(&writer.name)
}

/// For each field of the reader's, the place of the writer's field it takes. No field is taken twice.
pub(super) fn fields(writer: &[Field], reader: &[Field]) -> Vec<Option<usize>> {
    let mut free: Table<&str, Option<usize>> = Table::default();
    for (place, field) in writer.iter().enumerate() {
        free.insert(&field.name, Some(place));
    }
    let mut take = |name: &String| free.get_mut(name.as_str())?.take();
    let mut taken: Vec<Option<usize>> = Vec::with_capacity(reader.len());
    for field in reader {
        taken.push(take(&field.name));
    }
    for (at, field) in reader.iter().enumerate() {
        for alias in &field.aliases {
            if taken[at].is_none() {
                taken[at] = take(alias);
            }
        }
    }
    taken
}

/// How well a value of a type suits another type, by the look of the two alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Likeness {
    /// By widening.
    Wider,
    /// The same type by unqualified name.
    Named,
    /// The same type.
    Same,
}

pub(super) fn likeness(
    (writer_set, writer): (&Set, View<'_>),
    (reader_set, reader): (&Set, View<'_>),
) -> Option<Likeness> {
    if let (Some(written), Some(read)) =
        (writer.definition(writer_set), reader.definition(reader_set))
    {
        return match (writer, reader) {
            _ if writer.kind() != reader.kind() || !names_match(written, read) => None,
            _ if full_names_match(written, read) => Some(Likeness::Same),
            _ => Some(Likeness::Named),
        };
    }
    match (writer, reader) {
        (View::Int, View::Long | View::Float | View::Double)
        | (View::Long, View::Float | View::Double)
        | (View::Float, View::Double)
        | (View::Bytes(_), View::String)
        | (View::String, View::Bytes(_)) => Some(Likeness::Wider),
        _ if writer.kind() == reader.kind() => Some(Likeness::Same),
        _ => None,
    }
}

/// The scales of two decimals, when both are decimals and the scales differ.
pub(super) fn scales(writer: Option<Logical>, reader: Option<Logical>) -> Option<(u32, u32)> {
    match (writer, reader) {
        (
            Some(Logical::Decimal { scale: writer, .. }),
            Some(Logical::Decimal { scale: reader, .. }),
        ) => (writer != reader).then_some((writer, reader)),
        _ => None,
    }
}

/// The logical type of bytes or a fixed.
pub(super) fn logical(set: &Set, view: View<'_>) -> Option<Logical> {
    match view {
        View::Bytes(logical) => logical,
        View::Fixed(id, _) => set.get(id).logical,
        _ => None,
    }
}
