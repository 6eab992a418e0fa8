//! What must hold of the simulator as a whole.

/// Closed forms that a run must reproduce.
mod analytic;
/// Attempts that the policy cuts off.
mod attempt_timeout;
/// The back-off experiment of AWS, row by row.
mod aws;
/// The same storm for every policy, and what a comparison holds.
mod comparison;
/// The virtual driver against Tokio's paused clock.
mod conformance;
/// The same bytes on every run.
mod determinism;
/// What a scenario file is refused for.
mod errors;
/// Who waits for what at a moment, and the story of a call.
mod explain;
/// Each kind of fault.
mod faults;
/// Clients that share a quota through Redis.
mod fleet;
/// The fleet of the simulator beside one on a real Redis.
mod fleet_arm;
/// Figures of the shipped storms that others have measured.
mod gates;
/// The shipped scenarios: their hashes and what they promise.
mod golden;
/// Files that nobody would write on purpose.
mod hostile;
/// The virtual driver, server and wire against real ones.
mod http_arm;
/// The order of events.
mod queue;
/// Traces, replayed.
mod replay;
/// What decides a shipped storm.
mod storms;
/// What several tests need.
mod support;
/// The results of `forbear_sim::truth`, by the table and beyond it.
mod truth;
