//! Integration tests, as one binary.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::pedantic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test may panic, reads clocks, and reports in floats"
)]

/// A whole fleet on a virtual clock: ledgers, a network with faults, and the real script.
mod fleet;
/// The laws of limiters, on a lease and on a share.
mod laws;
/// What a ledger does, answer by answer.
mod ledger;
/// Real servers, processes and failures.
mod live;
/// The script alone, under a clock of the test.
mod script;
/// A Redis under a clock of the test.
mod server;
/// A shared quota as a table of a file.
mod spec;
