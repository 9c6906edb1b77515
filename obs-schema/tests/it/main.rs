//! The one integration binary of this package: a module for each area.

mod avro_corpus;
mod avro_pairs;
mod corpora;
mod json_schema_bundle;
mod json_schema_corpus;
mod json_schema_hostile;
mod json_schema_read;
mod json_schema_suite;
mod json_schema_validate;
