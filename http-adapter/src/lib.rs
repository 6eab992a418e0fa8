//! HTTP responses as rate signals.
//!
//! The parser half: status, header fields, perhaps a body, and the wall clock at receipt
//! become a [`Reading`]: was the request held back, why, for how long, and which windows
//! does the server report. It does no I/O and reads no clock, and no octets make it panic.

mod amount;
mod body;
mod clock;
mod dialect;
mod failure;
mod gather;
mod grpc;
mod head;
mod list;
mod merge;
mod reader;
mod reading;
mod record;
mod scope;
mod shape;
mod sheet;
mod signal;
mod structured;
mod value;
mod verdict;
mod wait;

pub use crate::{
    amount::Amount,
    dialect::known::{KnownField, known_fields},
    dialect::{CounterRole, Dialect},
    head::{Fields, Head},
    reader::Reader,
    reading::{LimitReading, Reading},
    record::{Record, RecordError},
    value::reset::ResetForm,
};
