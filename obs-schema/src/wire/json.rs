//! JSON text, for generated code: a writer that appends prepared pieces, and a reader that pulls values.
//!
//! Neither builds a tree unless asked for one. Where JSON leaves a choice, this is ours:
//!
//! * a member that is written twice counts once, and the last one wins;
//! * text is UTF-8, and an escape that is half a surrogate pair is an error, for no `String` can hold it;
//! * an integer may be written `1.0` or `1e2`, as JSON Schema sees it, and must fit exactly;
//! * a number beyond a double is an error where a double is asked for, and is kept as text in a tree;
//! * a byte order mark before the text is read over.

mod codec;
mod digits;
mod lex;
mod member;
mod number;
mod reader;
mod record;
mod scan;
mod writer;

#[cfg(test)]
mod tests;

pub use reader::{Kind, Mark, Reader};
pub use record::Members;
pub use writer::Writer;
