//! HTTP responses as rate signals.
//!
//! The parser half: status, header fields, perhaps a body, and the wall clock at receipt
//! become a [`Reading`]: was the request held back, why, for how long, and which windows
//! does the server report. It does no I/O and reads no clock, and no octets make it panic.

mod body;
mod clock;
mod dialect;
mod failure;
mod gather;
mod grpc;
mod head;
mod list;
mod merge;
mod quantity;
mod reader;
mod reading;
mod record;
mod scope;
mod shape;
mod sheet;
mod structured;
mod value;
mod verdict;
mod wait;

pub use crate::{
    dialect::known::{KnownField, known_fields},
    dialect::{CounterRole, Dialect},
    head::{Fields, Head},
    quantity::Quantity,
    reader::Reader,
    reading::{LimitReading, Reading, ThrottleKind},
    record::{Record, RecordError},
    value::reset::ResetForm,
};
