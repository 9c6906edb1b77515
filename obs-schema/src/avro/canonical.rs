//! The Parsing Canonical Form: what of a schema matters for reading data, in one spelling.
//!
//! A definition stands where its name is first met, wherever it was written. The text is made with a list of what is
//! still to be written rather than by recursion, because a chain of records is as long as its author likes.

use crate::table::Table;

use crate::avro::{Field, FullName, Kind, Named, NamedId, NamedKind, Set, Type};

/// The canonical form of a type.
#[must_use]
pub fn of(set: &Set, ty: &Type) -> String {
    write(set, Step::Type(ty))
}

/// The canonical form of a named type.
#[must_use]
pub fn named(set: &Set, id: NamedId) -> String {
    write(set, Step::Named(set.get(id)))
}

/// The canonical form of a definition that need not be in the set, only what it refers to.
pub(super) fn definition(set: &Set, named: &Named) -> String {
    write(set, Step::Named(named))
}

/// Something to write.
enum Step<'a> {
    Text(&'static str),
    Type(&'a Type),
    Named(&'a Named),
    Branches(&'a [Type]),
    Fields(&'a [Field]),
}

fn write<'a>(set: &'a Set, first: Step<'a>) -> String {
    let mut out = String::new();
    let mut known: Table<&FullName, ()> = Table::default();
    let mut steps = vec![first];
    while let Some(step) = steps.pop() {
        match step {
            Step::Text(text) => out.push_str(text),
            Step::Type(ty) => match &ty.kind {
                Kind::Array(items) => {
                    out.push_str("{\"type\":\"array\",\"items\":");
                    steps.extend([Step::Text("}"), Step::Type(items)]);
                }
                Kind::Map(values) => {
                    out.push_str("{\"type\":\"map\",\"values\":");
                    steps.extend([Step::Text("}"), Step::Type(values)]);
                }
                Kind::Union(branches) => {
                    out.push('[');
                    steps.push(Step::Text("]"));
                    list(&mut steps, branches, Step::Branches, Step::Type);
                }
                Kind::Named(id) => steps.push(Step::Named(set.get(*id))),
                plain => {
                    out.push('"');
                    out.push_str(plain.word().unwrap_or_default());
                    out.push('"');
                }
            },
            Step::Branches(branches) => {
                out.push(',');
                list(&mut steps, branches, Step::Branches, Step::Type);
            }
            Step::Named(named) if known.contains(&&named.name) => full_name(&mut out, &named.name),
            Step::Named(named) => {
                known.insert(&named.name, ());
                out.push_str("{\"name\":");
                full_name(&mut out, &named.name);
                match &named.kind {
                    NamedKind::Enum { symbols, .. } => {
                        out.push_str(",\"type\":\"enum\",\"symbols\":[");
                        for (at, symbol) in symbols.iter().enumerate() {
                            out.push_str(if at == 0 { "\"" } else { ",\"" });
                            out.push_str(symbol);
                            out.push('"');
                        }
                        out.push_str("]}");
                    }
                    NamedKind::Fixed { size } => {
                        out.push_str(",\"type\":\"fixed\",\"size\":");
                        out.push_str(itoa::Buffer::new().format(*size));
                        out.push('}');
                    }
                    // An error is a record to whoever reads its data.
                    NamedKind::Record { fields, .. } => {
                        out.push_str(",\"type\":\"record\",\"fields\":[");
                        steps.push(Step::Text("]}"));
                        if !fields.is_empty() {
                            field(&mut out, &mut steps, fields);
                        }
                    }
                }
            }
            Step::Fields(fields) => {
                out.push(',');
                field(&mut out, &mut steps, fields);
            }
        }
    }
    out
}

/// Writes the first field up to its type, and leaves the rest to be done.
fn field<'a>(out: &mut String, steps: &mut Vec<Step<'a>>, fields: &'a [Field]) {
    if let Some((first, rest)) = fields.split_first() {
        out.push_str("{\"name\":\"");
        out.push_str(&first.name);
        out.push_str("\",\"type\":");
        if !rest.is_empty() {
            steps.push(Step::Fields(rest));
        }
        steps.extend([Step::Text("}"), Step::Type(&first.ty)]);
    }
}

/// Leaves the first of a list, and then the rest, to be done.
fn list<'a, T>(
    steps: &mut Vec<Step<'a>>,
    items: &'a [T],
    rest: fn(&'a [T]) -> Step<'a>,
    one: fn(&'a T) -> Step<'a>,
) {
    if let Some((first, others)) = items.split_first() {
        if !others.is_empty() {
            steps.push(rest(others));
        }
        steps.push(one(first));
    }
}

fn full_name(out: &mut String, name: &FullName) {
    out.push('"');
    if !name.namespace.is_empty() {
        out.push_str(&name.namespace);
        out.push('.');
    }
    out.push_str(&name.name);
    out.push('"');
}
