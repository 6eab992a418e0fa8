//! A list of delays.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use super::{BackoffStrategy, Retry};
use crate::{Entropy, InvalidConfig};

/// The delays of a list, one after the other; the last repeats.
///
/// How many there are says nothing about how often to retry: see
/// [`stop`](crate::stop) for that.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Schedule};
/// use forbear_core::{Retry, SplitMix64};
///
/// let backoff = Schedule::new([1, 5, 30].map(Duration::from_secs)).unwrap();
/// let delays = [1, 2, 3, 4].map(|n| backoff.delay(&Retry::nth(n), &mut SplitMix64::new(0)));
/// assert_eq!(delays, [1, 5, 30, 30].map(Duration::from_secs));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Schedule(Arc<[Duration]>);

impl Schedule {
    /// These delays in this order.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn new(delays: impl Into<Vec<Duration>>) -> Result<Self, InvalidConfig> {
        let delays = delays.into();
        if delays.is_empty() {
            return Err(InvalidConfig::new("delays", "empty", "at least one delay"));
        }
        Ok(Self(delays.into()))
    }
}

impl BackoffStrategy for Schedule {
    fn delay(&self, retry: &Retry, _: &mut dyn Entropy) -> Duration {
        let index = usize::try_from(retry.number.get() - 1).unwrap_or(usize::MAX);
        self.0.get(index).or(self.0.last()).copied().unwrap_or_default()
    }
}
