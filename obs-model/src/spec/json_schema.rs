//! JSON Schema trees to a Draft: each choice of shape is a named decision.
