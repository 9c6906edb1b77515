//! Does generated code do what the schemas say?
