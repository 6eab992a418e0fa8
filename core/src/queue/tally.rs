//! What became of the jobs.

/// Counts since the queue was made.
///
/// Every job that was pushed is in exactly one of the others, or still queued or in
/// flight: `pushed = completed + cancelled + expired + refused + dropped + shut_down +
/// queued + in_flight`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Tally {
    /// Taken into the queue.
    pub pushed: u64,
    /// Not taken into the queue; these are in no other count.
    pub rejected: u64,
    /// Started, retries included.
    pub started: u64,
    /// Started and completed.
    pub completed: u64,
    /// Cancelled before they were started.
    pub cancelled: u64,
    /// Removed because their deadline had passed.
    pub expired: u64,
    /// Removed because the limiter refused them.
    pub refused: u64,
    /// Removed to make room.
    pub dropped: u64,
    /// Removed by a shutdown.
    pub shut_down: u64,
    /// In the queue now, hidden retries included.
    pub queued: u32,
    /// Started and not yet completed.
    pub in_flight: u32,
}
