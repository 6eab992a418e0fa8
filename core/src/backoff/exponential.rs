//! Delays that grow by a factor.
//!
//! Metcalfe and Boggs, "Ethernet", 1976 (binary exponential backoff); the naming
//! of base and cap follows Brooker, "Exponential Backoff And Jitter", AWS 2015,
//! <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>.

use core::time::Duration;

use super::{BackoffStrategy, Factor, Retry};
use crate::Entropy;
use crate::time::nanos;

/// `base * factor^(number - 1)`: `base` before the first retry.
///
/// The factor is 2 unless set. Saturates at 584 years; see
/// [`capped_at`](BackoffStrategy::capped_at) for a useful maximum.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Exponential, Factor};
/// use forbear_core::{Retry, SplitMix64};
///
/// let backoff = Exponential::new(Duration::from_millis(100)).by(Factor::new(1.5).unwrap());
/// let mut entropy = SplitMix64::new(0);
/// assert_eq!(backoff.delay(&Retry::nth(1), &mut entropy), Duration::from_millis(100));
/// assert_eq!(backoff.delay(&Retry::nth(3), &mut entropy), Duration::from_millis(225));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Exponential {
    base_ns: u64,
    factor: Factor,
}

impl Exponential {
    /// Starts at `base` and doubles.
    #[must_use]
    pub const fn new(base: Duration) -> Self {
        Self { base_ns: nanos(base), factor: Factor::TWO }
    }

    /// Grows by `factor`; a factor below 1 decays.
    #[must_use]
    pub const fn by(mut self, factor: Factor) -> Self {
        self.factor = factor;
        self
    }
}

impl BackoffStrategy for Exponential {
    fn delay(&self, retry: &Retry, _: &mut dyn Entropy) -> Duration {
        Duration::from_nanos(self.factor.scale(self.base_ns, retry.number.get() - 1))
    }
}
