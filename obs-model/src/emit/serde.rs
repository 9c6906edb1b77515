//! `serde`, as an option: a value is to serde what it is in our own JSON.
//!
//! Derives were weighed. They cost six times our codec to check, and say less: an absent member beside a null one,
//! Avro's named branches, kept members and symbols of newer schemas each need attributes that no format but JSON
//! understands. So both traits go through the codec that is there already; whoever counts nanoseconds calls that.

use super::paths::Scope;
use super::printer::Code;
use crate::model::TypeDef;

/// `Serialize` and `Deserialize`, when they are wanted and nothing in the type is sensitive.
pub(crate) fn implementations(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef) {
    // The author of a derive's type derives what else it should have.
    if scope.settings.serde && !ty.sensitive && !scope.derived {
        code.blank();
        code.line(format_args!("{}::serde!({});", scope.obs, ty.name.ident));
    }
}
