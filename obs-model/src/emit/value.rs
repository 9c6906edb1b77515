//! An expression that stands for a value in generated code, and how to get at it.

use crate::model::Type;

/// The text of an expression, and whether it is the value itself (a place such as `self.user_id`) or a reference to it.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    text: String,
    reference: bool,
}

impl Value {
    /// A place: `self.user_id`.
    pub(crate) fn place(text: impl Into<String>) -> Value {
        Value {
            text: text.into(),
            reference: false,
        }
    }

    /// An expression that is already a reference: a closure's parameter, a match binding.
    pub(crate) fn reference(text: impl Into<String>) -> Value {
        Value {
            text: text.into(),
            reference: true,
        }
    }

    /// The value, for types that are `Copy`.
    pub(crate) fn copied(&self) -> String {
        if self.reference {
            format!("*{}", self.text)
        } else {
            self.text.clone()
        }
    }

    /// A reference to the value.
    pub(crate) fn borrowed(&self) -> String {
        if self.reference {
            self.text.clone()
        } else {
            format!("&{}", self.text)
        }
    }

    /// What a method is called on.
    pub(crate) fn receiver(&self) -> &str {
        &self.text
    }

    /// The value behind box and wrapper of its type.
    pub(crate) fn bare(&self, ty: &Type) -> Value {
        if ty.sensitive.is_some() {
            // Method calls look through the box by themselves.
            Value::reference(format!("{}.expose()", self.text))
        } else if ty.boxed {
            Value::reference(if self.reference {
                format!("(&**{})", self.text)
            } else {
                format!("(&*{})", self.text)
            })
        } else {
            self.clone()
        }
    }
}
