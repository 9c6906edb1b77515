//! What authors of metrics documents are told.

use crate::{compiled, folder};
use obs_model::diag;

#[test]
fn a_document_is_told_everything_that_is_wrong_with_it() {
    let wrong = folder("tests/specs/wrong");
    let (outcome, sources, _) = compiled(&wrong, "everything.metrics.yaml", None);
    let found = diag::render(&outcome.diagnostics, &sources, diag::Format::Human, false);
    insta::assert_snapshot!(found);
}
