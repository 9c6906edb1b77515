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
    let mut edges: Vec<Vec<usize>> = Vec::with_capacity(set.schemas.len());
    for schema in &set.schemas {
        edges.push(match &schema.body {
            Body::Keywords(keywords) => in_place(keywords),
            Body::Bool(_) => Vec::new(),
        });
    }
    let component = components(&edges);
    let mut circles: Table<u128, Vec<Loc>> = Table::default();
    for (at, schema) in set.schemas.iter_mut().enumerate() {
        let Body::Keywords(keywords) = &mut schema.body else {
            continue;
        };
        match keywords.ref_ {
            Some(target) if component[at] == component[target.0 as usize] => {}
            _ => continue,
        }
        keywords.ref_ = None;
        let loc = keywords.place("$ref").unwrap_or(schema.loc);
        circles.get_or(component[at].number(), Vec::new).push(loc);
    }
    // One circle is one mistake, wherever one steps into it.
    for places in circles.values() {
        let message = "this reference leads back to itself before it says anything";
        let mut complaint = Diagnostic::error("reference-cycle", places[0], message)
            .help("refer to another schema, or move the reference below `properties` or `items`");
        for place in &places[1..places.len().min(MOST_PLACES + 1)] {
            complaint = complaint.other(*place, "by way of this");
        }
        cx.push(complaint);
    }
}

/// What a schema applies to the very instance it is applied to itself.
fn in_place(keywords: &Keywords) -> Vec<usize> {
    let mut found = Vec::new();
    let mut add = |id: Option<SchemaId>| {
        if let Some(id) = id {
            found.push(id.0 as usize);
        }
    };
    add(keywords.ref_);
    add(keywords.not);
    add(keywords.if_);
    add(keywords.then);
    add(keywords.else_);
    for list in [&keywords.all_of, &keywords.any_of, &keywords.one_of] {
        for id in list {
            found.push(id.0 as usize);
        }
    }
    for entry in &keywords.dependent_schemas {
        found.push(entry.schema.0 as usize);
    }
    found
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
