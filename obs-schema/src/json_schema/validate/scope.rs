//! The dynamic scope: the resources on the way to a schema, outermost first.
//!
//! What a dynamic reference means depends on the first resource on the way that claims its anchor. Entering a
//! resource again changes nothing, so few scopes ever occur; each gets a number, and verdicts can be
//! remembered by it.

use crate::json_schema::tree::SchemaId;
use crate::table::Numbered;
use std::collections::HashMap;

/// The number of a scope. Zero is the empty one.
pub(super) type ScopeId = usize;

/// The scopes that have occurred in a walk.
#[derive(Default)]
pub(super) struct Scopes {
    /// Each with the scope it grew from and the resource it grew by; scope one comes first.
    grown: Vec<(ScopeId, SchemaId)>,
    /// By what they grew from and by. The values are numbers already, so a table would only ask for more memory.
    known: HashMap<u128, ScopeId>,
}

impl Scopes {
    /// The resources of a scope, innermost first.
    fn resources(&self, mut scope: ScopeId) -> impl Iterator<Item = SchemaId> + '_ {
        std::iter::from_fn(move || {
            let (outer, resource) = self.grown.get(scope.checked_sub(1)?)?;
            scope = *outer;
            Some(*resource)
        })
    }

    /// The scope after entering a resource.
    pub(super) fn enter(&mut self, scope: ScopeId, resource: SchemaId) -> ScopeId {
        if self.resources(scope).any(|known| known == resource) {
            return scope;
        }
        let key = (scope, resource).number();
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        self.grown.push((scope, resource));
        self.known.insert(key, self.grown.len());
        self.grown.len()
    }

    /// What `find` has for the outermost resource it has anything for.
    pub(super) fn outermost<T>(
        &self,
        scope: ScopeId,
        find: impl Fn(SchemaId) -> Option<T>,
    ) -> Option<T> {
        self.resources(scope).filter_map(find).last()
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
