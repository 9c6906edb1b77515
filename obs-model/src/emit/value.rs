//! An expression that stands for a value in generated code, and how to get at it.

use crate::model::Type;

/// The text of an expression, and how many references and boxes lie between it and the value it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    text: String,
    derefs: usize,
    /// The text is a reference, so that it can be handed on as it stands.
    reference: bool,
}

impl Value {
    /// A place: `self.user_id`.
    pub(crate) fn place(text: impl Into<String>) -> Value {
        Value {
            text: text.into(),
            derefs: 0,
            reference: false,
        }
    }

    /// An expression that is a reference: a closure's parameter, a match binding.
    pub(crate) fn reference(text: impl Into<String>) -> Value {
        Value {
            text: text.into(),
            derefs: 1,
            reference: true,
        }
    }

    /// The value, for types that are `Copy`.
    pub(crate) fn copied(&self) -> String {
        format!("{}{}", "*".repeat(self.derefs), self.text)
    }

    /// A reference to the value.
    pub(crate) fn borrowed(&self) -> String {
        match self.derefs {
            1 if self.reference => self.text.clone(),
            derefs => format!("&{}{}", "*".repeat(derefs), self.text),
        }
    }

    /// What a method or a field is taken from; that looks through references and boxes by itself.
    pub(crate) fn receiver(&self) -> &str {
        &self.text
    }

    /// The value behind box and wrapper of its type.
    pub(crate) fn bare(&self, ty: &Type) -> Value {
        if ty.sensitive.is_some() {
            Value::reference(format!("{}.expose()", self.text))
        } else {
            Value {
                text: self.text.clone(),
                derefs: self.derefs + usize::from(ty.boxed),
                reference: self.reference,
            }
        }
    }
}
