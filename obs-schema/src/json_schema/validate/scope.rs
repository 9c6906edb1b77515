//! The dynamic scope: the resources on the way to a schema, outermost first.
//!
//! What a dynamic reference means depends on the first resource on the way that claims its anchor. Entering a
//! resource again changes nothing, so few scopes ever occur; each gets a number, and verdicts can be
//! remembered by it.

use crate::json_schema::tree::SchemaId;
use crate::table::{Index, Numbered};

/// The number of a scope. Zero is the empty one.
pub(super) type ScopeId = usize;

/// The scopes that have occurred in a walk.
#[derive(Default)]
pub(super) struct Scopes {
    /// Each with the scope it grew from and the resource it grew by; scope one comes first.
    grown: Vec<(ScopeId, SchemaId)>,
    /// By what they grew from and by, in the order of the list.
    known: Index,
}

impl Scopes {
    /// What a scope grew from and by.
    fn last(&self, scope: ScopeId) -> Option<(ScopeId, SchemaId)> {
        self.grown.get(scope.checked_sub(1)?).copied()
    }

    /// The scope after entering a resource.
    pub(super) fn enter(&mut self, scope: ScopeId, resource: SchemaId) -> ScopeId {
        let mut inner = scope;
        while let Some((outer, known)) = self.last(inner) {
            if known == resource {
                return scope;
            }
            inner = outer;
        }
        let key = (scope, resource).number();
        let grown = &self.grown;
        if let Some(at) = self
            .known
            .find(&key, &mut |at| grown[at] == (scope, resource))
        {
            return at + 1;
        }
        self.grown.push((scope, resource));
        self.known.add(&key) + 1
    }

    /// What `find` has for the outermost resource it has anything for.
    pub(super) fn outermost<T>(
        &self,
        scope: ScopeId,
        find: impl Fn(SchemaId) -> Option<T>,
    ) -> Option<T> {
        let mut found = None;
        let mut inner = scope;
        while let Some((outer, resource)) = self.last(inner) {
            found = find(resource).or(found);
            inner = outer;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_have_one_number_each() {
        let mut scopes = Scopes::default();
        let (a, b) = (SchemaId(1), SchemaId(2));
        let one = scopes.enter(0, a);
        let two = scopes.enter(one, b);
        assert_eq!(scopes.enter(two, a), two);
        assert_eq!(scopes.enter(one, b), two);
        assert_ne!(scopes.enter(0, b), one);
        assert_eq!(scopes.outermost(two, Some), Some(a));
        assert_eq!(scopes.outermost(two, |id| (id == b).then_some(id)), Some(b));
        assert_eq!(scopes.outermost(0, Some), None);
    }
}
