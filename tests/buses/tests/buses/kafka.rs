//! What holds for Kafka alone.

mod receive;
mod send;
