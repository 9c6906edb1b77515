//! References that go round in a circle without ever looking deeper into the instance.
//!
//! `{"$ref": "#"}` says nothing, and an evaluator that follows it never comes back. What leads from a schema to
//! another at the same place of the instance makes a graph; a reference inside a strongly connected part of
//! it is reported and cut. Subschemas nest like a tree, so every circle has such a reference in it.

use super::tree::{Body, Keywords, SchemaId, Set};
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::Loc;
use crate::table::{Numbered, Table};

/// A long way round is cut; its beginning says enough.
const MOST_PLACES: usize = 8;

/// Cuts the circles of a set.
pub(super) fn cut(cx: &mut Diagnostics, set: &mut Set) {
    let edges: Vec<Vec<usize>> = set
        .schemas
        .iter()
        .map(|schema| match &schema.body {
            Body::Keywords(keywords) if has_in_place(keywords) => {
                in_place(keywords).map(|id| id.0 as usize).collect()
            }
            _ => Vec::new(),
        })
        .collect();
    let component = components(&edges);
    let circular: Vec<usize> = (0..set.schemas.len())
        .filter(|&at| {
            let Body::Keywords(keywords) = &set.schemas[at].body else {
                return false;
            };
            keywords
                .ref_
                .is_some_and(|target| component[at] == component[target.0 as usize])
        })
        .collect();
    let mut circles: Table<u128, Vec<Loc>> = Table::default();
    for at in circular {
        let schema = &mut set.schemas[at];
        let Body::Keywords(keywords) = &mut schema.body else {
            continue;
        };
        keywords.ref_ = None;
        let loc = keywords.place("$ref").unwrap_or(schema.loc);
        circles.get_or(component[at].number(), Vec::new).push(loc);
    }
    // One circle is one mistake, wherever one steps into it.
    for places in circles.values() {
        let message = "this reference leads back to itself before it says anything";
        let complaint = Diagnostic::error("reference-cycle", places[0], message)
            .help("refer to another schema, or move the reference below `properties` or `items`");
        let others = places[1..].iter().take(MOST_PLACES);
        cx.push(others.fold(complaint, |complaint, place| {
            complaint.other(*place, "by way of this")
        }));
    }
}

/// Whether a schema applies anything in place. Most do not, and the list need not be made to know.
fn has_in_place(keywords: &Keywords) -> bool {
    keywords.ref_.is_some()
        || !keywords.all_of.is_empty()
        || !keywords.any_of.is_empty()
        || !keywords.one_of.is_empty()
        || keywords.not.is_some()
        || keywords.if_.is_some()
        || keywords.then.is_some()
        || keywords.else_.is_some()
        || !keywords.dependent_schemas.is_empty()
}

/// What a schema applies to the very instance it is applied to itself.
fn in_place(keywords: &Keywords) -> impl Iterator<Item = SchemaId> + '_ {
    let single = [
        keywords.ref_,
        keywords.not,
        keywords.if_,
        keywords.then,
        keywords.else_,
    ];
    let lists = [&keywords.all_of, &keywords.any_of, &keywords.one_of];
    single
        .into_iter()
        .flatten()
        .chain(lists.into_iter().flatten().copied())
        .chain(keywords.dependent_schemas.iter().map(|entry| entry.schema))
}

/// The number of each node's strongly connected component (Tarjan's algorithm, without recursion).
pub(super) fn components(edges: &[Vec<usize>]) -> Vec<usize> {
    const UNSEEN: usize = usize::MAX;
    let count = edges.len();
    let mut number = vec![UNSEEN; count];
    let mut low = vec![0; count];
    let mut component = vec![UNSEEN; count];
    let mut open: Vec<usize> = Vec::new();
    let mut path: Vec<(usize, usize)> = Vec::new();
    let mut next = 0;
    for start in 0..count {
        if number[start] != UNSEEN {
            continue;
        }
        path.push((start, 0));
        while let Some((at, edge)) = path.pop() {
            if edge == 0 {
                number[at] = next;
                low[at] = next;
                next += 1;
                open.push(at);
            }
            if let Some(&to) = edges[at].get(edge) {
                path.push((at, edge + 1));
                if number[to] == UNSEEN {
                    path.push((to, 0));
                } else if component[to] == UNSEEN {
                    low[at] = low[at].min(number[to]);
                }
                continue;
            }
            if low[at] == number[at] {
                // A component takes the number of its first member; a single schema is its own, without a circle
                // unless it refers to itself.
                while let Some(member) = open.pop() {
                    component[member] = at;
                    if member == at {
                        break;
                    }
                }
            }
            if let Some(&(parent, _)) = path.last() {
                low[parent] = low[parent].min(low[at]);
            }
        }
    }
    component
}
