//! The one integration binary of this package: a module for each area.

mod json_schema_read;
