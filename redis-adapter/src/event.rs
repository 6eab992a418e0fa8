//! What a member tells of itself.

use std::time::Duration;

/// Something that happened to this member of the fleet.
///
/// Told by the task that talks to Redis, never from within a call that waits.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Redis answered for the first time.
    Connected {
        /// Members of the fleet, this one included.
        members: u32,
    },
    /// Redis does not answer as it should; calls go by the rule for that from now on.
    ///
    /// Told at the first failure in a row.
    Lost {
        /// What was wrong, in words.
        error: String,
    },
    /// It answers again.
    Recovered {
        /// How long it did not.
        outage: Duration,
    },
    /// The state of the quota is gone or went back in time: a restart without
    /// persistence, an eviction, a replica that was promoted before it had all.
    ///
    /// The quota starts again from empty, after one lease.
    StateLost,
    /// The API asked some member to wait, so all of them wait for this long.
    Cooldown {
        /// What is left of the wait.
        wait: Duration,
    },
    /// Another member declares the limits otherwise. The last one to ask decides, so
    /// limits differ only while a deployment is under way.
    Differs,
}

/// By what calls are admitted now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Mode {
    /// Redis answers: by the lease.
    Leased,
    /// Redis does not answer: by [`WithoutRedis`](crate::WithoutRedis), once the lease is
    /// used up.
    WithoutRedis,
    /// The quota was closed: nothing comes any more.
    Closed,
}

/// What a member has and knows, at one moment.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Status {
    /// By what calls are admitted.
    pub mode: Mode,
    /// Members of the fleet that Redis last counted, this one included; 0 before.
    pub members: u32,
    /// Units that are held and not used, by limit.
    pub held: Vec<u64>,
    /// Units that were sent from leases, by limit.
    pub sent: Vec<u64>,
    /// Units that were sent without Redis, by limit.
    pub sent_without_redis: Vec<u64>,
    /// Calls of the script that were answered.
    pub round_trips: u64,
    /// Calls of the script that failed or were not answered in time.
    pub failures: u64,
    /// What is left of a wait that the API asked for.
    pub cooldown: Option<Duration>,
    /// The last failure, in words; kept after it is over.
    pub last_error: Option<String>,
}
