//! A bound on the requests in flight.

use super::{Completion, Limiter};
use crate::{Cost, Decision, InvalidConfig, Timestamp};

/// At most `max` requests in flight at once.
///
/// A request holds its place from `commit` to `observe`, however it ends.
///
/// # Examples
///
/// ```
/// use forbear_core::limiter::Concurrency;
/// use forbear_core::{Cost, Decision, Limiter, Timestamp};
///
/// let mut limiter = Concurrency::new(1).unwrap();
/// assert!(limiter.acquire(Timestamp::ZERO, &Cost::REQUEST).is_admit());
/// assert_eq!(limiter.check(Timestamp::ZERO, &Cost::REQUEST), Decision::WaitForCompletion);
/// ```
#[derive(Clone, Debug)]
pub struct Concurrency {
    max: u32,
    in_flight: u32,
}

impl Concurrency {
    /// At most `max` in flight.
    ///
    /// # Errors
    ///
    /// If `max` is 0.
    pub fn new(max: u32) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_zero("max", max)?;
        Ok(Self { max, in_flight: 0 })
    }

    /// Requests in flight.
    #[must_use]
    pub const fn in_flight(&self) -> u32 {
        self.in_flight
    }
}

impl Limiter for Concurrency {
    fn check(&self, _: Timestamp, _: &Cost) -> Decision {
        if self.in_flight < self.max { Decision::Admit } else { Decision::WaitForCompletion }
    }

    fn commit(&mut self, _: Timestamp, _: &Cost) {
        self.in_flight += 1;
    }

    fn observe(&mut self, _: Timestamp, _: &Completion<'_>) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    fn is_idle(&self, _: Timestamp) -> bool {
        self.in_flight == 0
    }

    fn name(&self) -> &'static str {
        "concurrency"
    }
}
