//! The retry that a delay is asked for.

use core::num::NonZeroU32;
use core::time::Duration;

use crate::{Outcome, Throttle, Timestamp};

/// The retry that is being considered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Retry {
    /// 1 for the first retry; also the number of sends so far.
    pub number: NonZeroU32,
    /// The delay that the strategy gave before, without the server's part.
    pub previous_delay: Option<Duration>,
    /// The delays that the strategy gave before, added up, saturating.
    pub total_delay: Duration,
    /// Time waited between the attempts so far, the server's part included.
    pub waited: Duration,
    /// When the last attempt ended.
    pub now: Timestamp,
    /// Time since the call began, attempts included.
    pub elapsed: Duration,
    /// How the last attempt ended.
    pub outcome: Outcome,
    /// How long the server asked us to wait.
    pub hint: Option<Duration>,
}

impl Retry {
    /// The `number`th retry of a call that was throttled without a hint and has
    /// taken no time; 0 counts as 1.
    ///
    /// ```
    /// assert_eq!(forbear_core::Retry::nth(4).number.get(), 4);
    /// ```
    #[must_use]
    pub const fn nth(number: u32) -> Self {
        let number = match NonZeroU32::new(number) {
            Some(number) => number,
            None => NonZeroU32::MIN,
        };
        Self {
            number,
            previous_delay: None,
            total_delay: Duration::ZERO,
            waited: Duration::ZERO,
            now: Timestamp::ZERO,
            elapsed: Duration::ZERO,
            outcome: Outcome::Throttled(Throttle::RateLimit),
            hint: None,
        }
    }

    /// The same retry, with the wait that the server asked for.
    #[must_use]
    pub const fn hinted(mut self, hint: Duration) -> Self {
        self.hint = Some(hint);
        self
    }

    /// The retry after this one, given `delay` before this one and an attempt
    /// that took no time and ended as the last.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.number = self.number.saturating_add(1);
        self.previous_delay = Some(delay);
        self.total_delay = self.total_delay.saturating_add(delay);
        self.waited = self.waited.saturating_add(delay);
        self.elapsed = self.elapsed.saturating_add(delay);
        self.now = self.now.after(delay);
        self
    }
}
