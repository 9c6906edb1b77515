//! Avro trees to a Draft.
