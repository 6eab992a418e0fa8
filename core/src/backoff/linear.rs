//! Delays that grow by a step.
//!
//! `wait_incrementing` of tenacity, `Backoff.linear` of Finagle.

use core::time::Duration;

use super::{BackoffStrategy, Retry};
use crate::Entropy;
use crate::time::nanos;

/// `base + step * (number - 1)`: `base` before the first retry.
///
/// Saturates at 584 years.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Linear};
/// use forbear_core::{Retry, SplitMix64};
///
/// let backoff = Linear::new(Duration::from_secs(7), Duration::from_secs(10));
/// let third = backoff.delay(&Retry::nth(3), &mut SplitMix64::new(0));
/// assert_eq!(third, Duration::from_secs(27));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Linear {
    base_ns: u64,
    step_ns: u64,
}

impl Linear {
    /// Starts at `base` and grows by `step`.
    #[must_use]
    pub const fn new(base: Duration, step: Duration) -> Self {
        Self { base_ns: nanos(base), step_ns: nanos(step) }
    }
}

impl BackoffStrategy for Linear {
    fn delay(&self, retry: &Retry, _: &mut dyn Entropy) -> Duration {
        let steps = u64::from(retry.number.get() - 1);
        Duration::from_nanos(self.base_ns.saturating_add(self.step_ns.saturating_mul(steps)))
    }
}
