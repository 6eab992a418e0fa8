//! The clock that drivers read.

#[cfg(not(feature = "tokio"))]
use std::time::Instant;

// Tokio's instant is the standard one until a test pauses it; one clock for both
// drivers lets threads and tasks share a policy.
#[cfg(feature = "tokio")]
use tokio::time::Instant;

use crate::{Clock, Timestamp};

/// The operating system's monotonic clock, or Tokio's paused one in a test.
///
/// ```
/// use forbear_core::driver::MonotonicClock;
/// use forbear_core::Clock;
///
/// let clock = MonotonicClock::start();
/// assert!(clock.now() <= clock.now());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MonotonicClock {
    #[cfg_attr(forbear_loom, expect(dead_code, reason = "a model has a time of its own"))]
    origin: Instant,
}

impl MonotonicClock {
    /// A clock whose origin is now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// `time` as Tokio counts it, at most 30 years ahead of the origin.
    #[cfg(feature = "tokio")]
    pub(super) fn instant(self, time: Timestamp) -> Instant {
        // Tokio's own bound for a time that is too far away to name.
        const FAR: core::time::Duration = core::time::Duration::from_secs(86_400 * 365 * 30);
        self.origin + time.since(Timestamp::ZERO).min(FAR)
    }
}

impl Clock for MonotonicClock {
    #[cfg(not(forbear_loom))]
    #[inline]
    fn now(&self) -> Timestamp {
        Timestamp::ZERO.after(self.origin.elapsed())
    }

    #[cfg(forbear_loom)]
    fn now(&self) -> Timestamp {
        super::modelled::now()
    }
}
