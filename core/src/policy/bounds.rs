//! What ends the calls of a policy.

use alloc::sync::Arc;
use core::time::Duration;

use crate::stop::{Cancel, Deadline, Elapsed, MaxAttempts, TotalWait};
use crate::{Retry, StopCondition, StopReason, Timestamp};

/// The conditions of a policy, apart, so that a call may have one of its own and
/// keep the others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bounds {
    pub(super) max_attempts: Option<MaxAttempts>,
    pub(super) deadline: Option<Deadline>,
    pub(super) elapsed: Option<Elapsed>,
    pub(super) total_wait: Option<TotalWait>,
    pub(super) other: Option<Arc<dyn StopCondition>>,
}

impl Bounds {
    /// Of the recommended policy.
    pub(super) const RECOMMENDED_ATTEMPTS: u32 = 6;
    pub(super) const RECOMMENDED_DEADLINE: Duration = Duration::from_secs(120);

    /// Those of the recommended policy.
    pub(super) fn recommended() -> Self {
        Self {
            max_attempts: MaxAttempts::new(Self::RECOMMENDED_ATTEMPTS).ok(),
            deadline: Deadline::new(Self::RECOMMENDED_DEADLINE).ok(),
            ..Self::default()
        }
    }

    /// No condition but this one.
    pub(crate) fn only(stop: Arc<dyn StopCondition>) -> Self {
        Self { other: Some(stop), ..Self::default() }
    }

    /// Whether none of them can hold when a call begins: a driver may then say when it
    /// began once it has begun.
    #[cfg(feature = "std")]
    pub(crate) const fn may_start_late(&self) -> bool {
        self.other.is_none()
    }

    /// With these attempts and this deadline instead, where there are any.
    #[cfg(feature = "std")]
    pub(crate) fn replace(&mut self, max_attempts: Option<u32>, deadline: Option<Duration>) {
        self.max_attempts = max_attempts.map(MaxAttempts::at_least_one).or(self.max_attempts);
        self.deadline = deadline.map(Deadline::at).or(self.deadline);
    }
}

impl StopCondition for Bounds {
    fn stop(&self, retry: &Retry, delay: Duration) -> Option<StopReason> {
        let stop = |condition: &dyn StopCondition| condition.stop(retry, delay);
        let Self { max_attempts, deadline, elapsed, total_wait, other } = self;
        (max_attempts.as_ref().and_then(|max| stop(max)))
            .or_else(|| deadline.as_ref().and_then(|at| stop(at)))
            .or_else(|| elapsed.as_ref().and_then(|max| stop(max)))
            .or_else(|| total_wait.as_ref().and_then(|max| stop(max)))
            .or_else(|| other.as_ref().and_then(|other| stop(other)))
    }

    fn cancels(&self, tell: &mut dyn FnMut(&Cancel)) {
        if let Some(other) = &self.other {
            other.cancels(tell);
        }
    }

    fn deadline(&self, started_at: Timestamp) -> Option<Timestamp> {
        let own = self.deadline.as_ref().and_then(|at| at.deadline(started_at));
        let other = self.other.as_ref().and_then(|other| other.deadline(started_at));
        match (own, other) {
            (Some(own), Some(other)) => Some(own.min(other)),
            (one, other) => one.or(other),
        }
    }
}
