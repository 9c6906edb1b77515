//! What holds for Kafka alone.

mod faults;
mod receive;
mod send;
mod transactions;
