//! Batches over loopback, against servers that limit, fail, or are not there.
#![allow(
    missing_docs,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::pedantic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may panic, wait and print what it measured"
)]

/// No server, no certificate, no room on the disk.
mod adversity;
/// Journals that were cut, changed, or belong to others.
mod journal;
/// In order, with secrets, with headers of the answers.
mod output;
/// A quota is used up to the end, and the forecast says how long that takes.
mod quota;
/// Servers that the tests start.
mod server;
/// Files, jobs and runs.
mod support;
