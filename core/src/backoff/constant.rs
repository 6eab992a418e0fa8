//! The same delay every time.

use core::time::Duration;

use super::{BackoffStrategy, Retry};
use crate::Entropy;

/// The same delay every time.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Constant};
/// use forbear_core::{Retry, SplitMix64};
///
/// let second = Constant::new(Duration::from_secs(1));
/// assert_eq!(second.delay(&Retry::nth(9), &mut SplitMix64::new(0)), Duration::from_secs(1));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Constant(Duration);

impl Constant {
    /// `delay` before each retry.
    #[must_use]
    pub const fn new(delay: Duration) -> Self {
        Self(delay)
    }
}

impl BackoffStrategy for Constant {
    fn delay(&self, _: &Retry, _: &mut dyn Entropy) -> Duration {
        self.0
    }
}
