//! What happened in a run, one by one.

use std::time::Duration;

use forbear_core::Timestamp;

/// A request that left a client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sent {
    /// When.
    pub at: Timestamp,
    /// By which client, counted from 0.
    pub client: u32,
    /// For which call, counted from 0 over all clients.
    pub call: u32,
    /// The how-manieth send of the call, counted from 1.
    pub attempt: u32,
}

/// A call that is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Finished {
    /// When it ended.
    pub at: Timestamp,
    /// Which call, counted from 0 over all clients.
    pub call: u32,
    /// The time since it was wanted.
    pub took: Duration,
    /// Whether it succeeded.
    pub succeeded: bool,
}
