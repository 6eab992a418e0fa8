//! Strategies one after the other.
//!
//! `wait_chain` of tenacity and `concat` of Finagle, for a number of parts that
//! is known only when a policy file is read. [`Chain`](super::Chain) is the same
//! for two parts, without allocation.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::num::NonZeroU32;
use core::time::Duration;

use super::{BackoffStrategy, Limits, Retry};
use crate::{Entropy, InvalidConfig};

/// Each strategy for a number of retries, then the next; the last goes on.
///
/// Each counts its own retries from 1.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Constant, Linear, Steps};
/// use forbear_core::{Retry, SplitMix64};
///
/// let seconds = Duration::from_secs;
/// let backoff = Steps::new()
///     .step(3, Constant::new(seconds(1)))
///     .step(2, Linear::new(seconds(2), seconds(1)))
///     .step(1, Constant::new(seconds(7)))
///     .build()
///     .unwrap();
/// let delays = [3, 4, 5, 6, 7].map(|n| backoff.delay(&Retry::nth(n), &mut SplitMix64::new(0)));
/// assert_eq!(delays, [1, 2, 3, 7, 7].map(seconds));
/// ```
#[derive(Clone, Debug)]
pub struct Steps(Arc<[Step]>);

/// [`Steps`] that are being put together; made by [`Steps::new`].
#[derive(Debug, Default)]
#[must_use = "call `build`"]
pub struct StepsBuilder(Vec<Step>);

#[derive(Debug)]
struct Step {
    retries: u32,
    strategy: Box<dyn BackoffStrategy>,
}

impl Steps {
    /// Starts with no step.
    #[expect(clippy::new_ret_no_self, reason = "there are no steps without a first one")]
    pub fn new() -> StepsBuilder {
        StepsBuilder::default()
    }

    /// The step of this retry, and the retry as that step counts.
    fn at(&self, retry: &Retry) -> Option<(&Step, Retry)> {
        let mut number = retry.number.get();
        let (last, others) = self.0.split_last()?;
        for step in others {
            if number <= step.retries {
                return Some((step, within(retry, number)));
            }
            number -= step.retries;
        }
        Some((last, within(retry, number)))
    }
}

impl StepsBuilder {
    /// Then `strategy`, for `retries` retries unless it is the last.
    pub fn step(mut self, retries: u32, strategy: impl BackoffStrategy + 'static) -> Self {
        self.0.push(Step { retries, strategy: Box::new(strategy) });
        self
    }

    /// The strategy.
    ///
    /// # Errors
    ///
    /// If there is no step.
    pub fn build(self) -> Result<Steps, InvalidConfig> {
        if self.0.is_empty() {
            return Err(InvalidConfig::new("steps", "empty", "at least one step"));
        }
        Ok(Steps(self.0.into()))
    }
}

impl BackoffStrategy for Steps {
    fn delay(&self, retry: &Retry, entropy: &mut dyn Entropy) -> Duration {
        self.at(retry).map_or(Duration::ZERO, |(step, retry)| step.strategy.delay(&retry, entropy))
    }

    fn is_jittered(&self) -> bool {
        self.0.iter().any(|step| step.strategy.is_jittered())
    }

    fn limits(&self, retry: &Retry) -> Limits {
        self.at(retry).map_or(Limits::NONE, |(step, retry)| step.strategy.limits(&retry))
    }
}

/// `retry` as a strategy sees it whose `number`th retry this is.
pub(super) fn within(retry: &Retry, number: u32) -> Retry {
    if number == retry.number.get() {
        return *retry;
    }
    let number = NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    // A delay of the strategy before is not a previous delay of this one.
    let previous_delay = retry.previous_delay.filter(|_| number.get() > 1);
    Retry { number, previous_delay, ..*retry }
}
