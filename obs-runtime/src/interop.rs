//! Events as other crates have them, for programs that move from one to the other.
//!
//! Nothing here is for hot paths: a value goes through bytes, so that both sides agree about what it is.

pub mod apache_avro;
