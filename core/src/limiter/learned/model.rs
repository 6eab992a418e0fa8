//! What a server's rule is taken for.

use core::time::Duration;

use crate::{Quantity, Timestamp};

/// By which rule a server counts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ModelKind {
    /// Not known yet: the rule that is safe under all of them is kept.
    Unknown,
    /// A count that starts anew at each reset.
    FixedWindow,
    /// A count of the last so many seconds.
    SlidingWindow,
    /// A window of either kind. Refusals alone do not tell them apart for a client
    /// that spreads its sends.
    Window,
    /// A bucket that fills at a rate: a token bucket, GCRA, `limit_req` of nginx.
    Bucket,
}

/// A server's rule in one dimension, as far as its answers tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ServerModel {
    /// Which rule it is.
    pub kind: ModelKind,
    /// Units a second in the long run.
    pub rate: Quantity,
    /// Units that may go at once: what a full bucket holds, or a window's limit.
    pub burst: Quantity,
    /// How long a window is, or a bucket takes to fill; where that is known.
    pub window: Option<Duration>,
    /// When a fixed window ends; others follow each `window` after that.
    pub phase: Option<Timestamp>,
    /// How sure the kind is, in percent: `(for + 1) / (all + 2)` of the answers that
    /// tell kinds apart, the rule of succession. 50 is a guess; never 100.
    pub confidence: u8,
}

impl ServerModel {
    /// With `votes.0` of `votes.1` for this kind.
    pub(super) fn voted(
        kind: ModelKind,
        rate: Quantity,
        burst: Quantity,
        votes: (u32, u32),
    ) -> Self {
        Self { kind, rate, burst, window: None, phase: None, confidence: confidence(votes) }
    }
}

/// Laplace's rule of succession, in percent, rounded down.
pub(super) fn confidence((votes, all): (u32, u32)) -> u8 {
    let percent = 100 * (u64::from(votes) + 1) / (u64::from(all) + 2);
    u8::try_from(percent).unwrap_or(u8::MAX)
}
