//! From `x-obs` members to the facts the Draft holds: the same for both dialects.

use crate::draft::{EventKeys, FieldKeys};
use crate::keys;
use crate::model::{FieldObs, Label, Sensitivity, Shape, Type};
use obs_schema::diag::Diagnostics;
use obs_schema::node::Member;

/// The member every annotation lives in.
pub(crate) const KEY: &str = "x-obs";

/// The keys of an event among the properties of its schema.
pub(crate) fn event(cx: &mut Diagnostics, props: &[Member]) -> EventKeys {
    find(props).map_or_else(EventKeys::default, |member| {
        keys::event_keys(cx, &member.value)
    })
}

/// The keys of a field among its properties.
pub(crate) fn field(cx: &mut Diagnostics, props: &[Member]) -> FieldKeys {
    find(props).map_or_else(FieldKeys::default, |member| {
        keys::field_keys(cx, &member.value)
    })
}

fn find(props: &[Member]) -> Option<&Member> {
    props.iter().find(|member| member.name == KEY)
}

/// What field keys mean. The values of a label come later, in resolve, when its type is known.
pub(crate) fn field_obs(keys: &FieldKeys) -> FieldObs {
    FieldObs {
        key: keys.key.is_some(),
        attr: keys.attr.as_ref().map(|attr| attr.value.clone()),
        label: keys.label.as_ref().map(|label| Label {
            name: label.value.name.clone().unwrap_or_default(),
            values: label.value.top.clone(),
            clamped: !label.value.top.is_empty(),
        }),
        log: keys.log.is_some(),
        pii: keys.pii.as_ref().map(|pii| pii.value),
        secret: keys.secret.is_some(),
        tenant: keys.tenant.is_some(),
        correlation: keys.correlation.is_some(),
    }
}

/// Wraps a type as sensitive where the keys say so. Null stays outside: `Option<Pii<String>>`.
pub(crate) fn guard(ty: Type, keys: &FieldKeys) -> Type {
    let sensitive = match (keys.secret.is_some(), keys.pii.is_some()) {
        (true, _) => Sensitivity::Secret,
        (false, true) => Sensitivity::Pii,
        (false, false) => return ty,
    };
    match ty.shape {
        Shape::Option { inner, null_index } => {
            let inner = Box::new(Type {
                sensitive: Some(sensitive),
                ..*inner
            });
            Type {
                shape: Shape::Option { inner, null_index },
                ..ty
            }
        }
        _ => Type {
            sensitive: Some(sensitive),
            ..ty
        },
    }
}
