//! Avro's binary encoding.
