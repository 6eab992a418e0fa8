//! The command as its users see it: words in, bytes and an exit code out.

/// Files that cannot be used: exit code 2, the place, nothing written.
mod bad_files;
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
/// What `scripts/publish` has written is what the command writes.
mod published;
/// `replay`, and `run --trace`.
mod replay;
/// `signal`.
mod signal;
/// Running the command.
mod support;
/// `sweep` and `merge`.
mod sweep;
/// `verify`.
mod verify;
