//! The range that delays never leave.

use core::time::Duration;

use crate::Entropy;
use crate::entropy::uniform;

/// The range `min..=max` that no delay leaves, jittered or not.
///
/// A clamp sets it, and a jitter outside the clamp draws inside it: at the cap
/// callers are still spread out, and none waits longer than the cap.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::Retry;
/// use forbear_core::backoff::{BackoffStrategy, Exponential};
///
/// let capped = Exponential::new(Duration::from_secs(1)).capped_at(Duration::from_secs(60));
/// assert_eq!(capped.full_jitter().limits(&Retry::nth(9)).max, Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a range has two ends")]
pub struct Limits {
    /// The shortest delay.
    pub min: Duration,
    /// The longest delay.
    pub max: Duration,
}

impl Limits {
    /// Any delay.
    pub const NONE: Self = Self { min: Duration::ZERO, max: Duration::MAX };

    /// `delay`, moved to the nearer end if it is outside.
    ///
    /// If `min` is above `max`, `max` wins.
    #[must_use]
    pub fn fit(self, delay: Duration) -> Duration {
        delay.max(self.min).min(self.max)
    }

    /// Draws uniformly from `delay - below..=delay + above`, fitted in.
    ///
    /// A range that is cut at the top is moved down by as much, and keeps its
    /// width: cut only, a jitter that adds would end at the cap with one value.
    pub(super) fn draw(
        self,
        entropy: &mut dyn Entropy,
        delay: Duration,
        below: Duration,
        above: Duration,
    ) -> Duration {
        let delay = self.fit(delay);
        let excess = above.saturating_sub(self.max.saturating_sub(delay));
        let low = delay.saturating_sub(below.saturating_add(excess));
        uniform(entropy, self.fit(low), delay.saturating_add(above).min(self.max))
    }
}
