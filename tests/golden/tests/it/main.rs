//! Generated code against its specs: is it fresh, and does it do what the schemas say?

#![expect(clippy::disallowed_methods, reason = "tests read and bless files")]

mod fresh;
