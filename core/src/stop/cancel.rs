//! An end from outside.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use super::{StopCondition, StopReason};
use crate::Retry;

/// Stops once it is cancelled; clones share the flag.
///
/// It takes effect when an attempt ends. A wait under way is not cut short, and is
/// followed by one more attempt: dropping the future ends a wait of a task at once, and
/// for a thread [`capped_at`](crate::BackoffStrategy::capped_at) bounds it.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::stop::{Cancel, MaxAttempts, StopCondition};
/// use forbear_core::{Retry, StopReason};
///
/// let cancel = Cancel::new();
/// let stop = MaxAttempts::new(5).unwrap() | cancel.clone();
/// assert_eq!(stop.stop(&Retry::nth(1), Duration::ZERO), None);
/// cancel.cancel();
/// assert_eq!(stop.stop(&Retry::nth(1), Duration::ZERO), Some(StopReason::Cancelled));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Not cancelled yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends all calls that this condition belongs to, for good.
    pub fn cancel(&self) {
        // The flag guards no other memory; it needs to arrive, not to order.
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl StopCondition for Cancel {
    fn stop(&self, _: &Retry, _: Duration) -> Option<StopReason> {
        self.is_cancelled().then_some(StopReason::Cancelled)
    }
}
