//! The command as its users see it: words in, bytes and an exit code out.

/// Files that cannot be used: exit code 2, the place, nothing written.
mod bad_files;
/// `batch`, killed, interrupted, and out of room.
#[expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "it waits for what another process has done"
)]
mod batch;
/// `check`.
mod check;
/// `compare`, `run` and `scenarios`.
mod compare;
/// `delays`.
mod delays;
/// Help, version, completions, schema: what people look for first.
mod discovery;
/// `explain`, and `run --check`.
mod explain;
/// `init`.
mod init;
/// Colours, JSON errors, closed pipes.
mod output;
/// Shards of a sweep under GNU parallel.
mod parallel;
/// What `scripts/publish` has written is what the command writes.
mod published;
/// `replay`.
mod replay;
/// Sampled sweeps, effects, heat maps.
mod sample;
/// `signal`.
mod signal;
/// Running the command.
mod support;
/// `sweep` and `merge`.
mod sweep;
/// A server with quotas of requests and tokens.
#[path = "../../../batch/tests/servers/token_server.rs"]
#[allow(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::doc_markdown,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::unused_async,
    reason = "as in the tests of `batch`, which use all of it"
)]
mod token_server;
/// `tune`.
mod tune;
/// `verify`.
mod verify;
