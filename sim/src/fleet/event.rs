//! What can happen between a fleet and its Redis.

use std::cmp::Ordering;

/// Something that happens at a time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// A member looks what to do, unless it was told to look at another time since.
    Look { client: u32, number: u64 },
    /// A member begins once more to make a connection, whose first packet was lost.
    Knock { client: u32, call: u64 },
    /// A request reaches Redis.
    Reach { client: u32, call: u64 },
    /// Redis does what it was asked.
    Serve { client: u32, call: u64 },
    /// An answer reaches a member.
    Hear { client: u32, call: u64 },
    /// A member waits no longer for an answer.
    GiveUp { client: u32, call: u64 },
    /// Redis loses its memory.
    Flush,
    /// A replica of Redis hears no more of what it does.
    LeaveBehind,
    /// That replica takes its place.
    Promote,
}

/// An event with its time; the earliest is the greatest, of equals the one that was
/// scheduled first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scheduled {
    /// In ns.
    pub(super) at: u64,
    pub(super) number: u64,
    pub(super) event: Event,
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Scheduled {}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
