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
/// `init`.
mod init;
/// Colours, JSON errors, closed pipes.
mod output;
/// Shards of a sweep under GNU parallel.
mod parallel;
/// What `scripts/publish` has written is what the command writes.
mod published;
/// Sampled sweeps, effects, heat maps.
mod sample;
/// `signal`.
mod signal;
/// Running the command.
mod support;
/// `sweep` and `merge`.
mod sweep;
/// `tune`.
mod tune;
/// `verify`.
mod verify;
