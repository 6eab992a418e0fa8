//! Failures against successes.
//!
//! gRPC's retry throttling
//! (<https://github.com/grpc/proposal/blob/master/A6-client-retries.md#throttling-retry-attempts-and-hedged-rpcs>):
//! no retry while more than half of the tokens are gone.

use super::{Attempt, Budget};
use crate::text::Decimal;
use crate::{InvalidConfig, Outcome, Timestamp};

/// A bucket of tokens that failures take and successes give back.
///
/// Each failure that may be retried takes one, each success gives `ratio`; a retry
/// is made while more than half are left. It starts full.
///
/// ```
/// use forbear_core::budget::RetryThrottle;
///
/// let throttle = RetryThrottle::new(10, 0.1).unwrap();
/// assert_eq!(throttle.tokens(), 10);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RetryThrottle {
    /// In the unit of `token`.
    balance: u64,
    token: u64,
    success: u64,
    max: u64,
}

impl RetryThrottle {
    /// `max_tokens` tokens, and `ratio` of one for each success.
    ///
    /// `ratio` is read as a decimal of up to nine places.
    ///
    /// # Errors
    ///
    /// If `max_tokens` is not 1 to 1000, or `ratio` is not above 0 and at most 1000.
    pub fn new(max_tokens: u32, ratio: f64) -> Result<Self, InvalidConfig> {
        if !(1..=1000).contains(&max_tokens) {
            return Err(InvalidConfig::new("max_tokens", max_tokens, "from 1 to 1000"));
        }
        let invalid = || InvalidConfig::new("ratio", ratio, "a number above 0, at most 1000");
        let decimal = Decimal::from_f64(ratio)
            .filter(|decimal| decimal.digits > 0 && ratio <= 1000.0)
            .ok_or_else(invalid)?;
        let token = decimal.denominator();
        // At most 10^12.
        let max = u64::from(max_tokens) * token;
        Ok(Self { balance: max, token, success: decimal.digits, max })
    }

    /// Whole tokens left.
    #[must_use]
    pub const fn tokens(&self) -> u64 {
        self.balance / self.token
    }

    /// Thousandths of a token left, rounded down; gRPC's ratio has no more places.
    #[must_use]
    pub const fn millitokens(&self) -> u64 {
        // At most 10^15.
        self.balance * 1000 / self.token
    }
}

impl Budget for RetryThrottle {
    fn observe(&mut self, _: Timestamp, attempt: &Attempt) {
        if attempt.outcome == Outcome::Success {
            self.balance = (self.balance + self.success).min(self.max);
        } else if attempt.outcome.is_retryable() {
            self.balance = self.balance.saturating_sub(self.token);
        }
    }

    fn observe_successes(&mut self, count: u64) -> bool {
        let earned = self.success.saturating_mul(count);
        self.balance = self.balance.saturating_add(earned).min(self.max);
        true
    }

    fn withdraw(&mut self, _: Timestamp, _: Outcome) -> Option<u64> {
        (self.balance > self.max / 2).then_some(0)
    }
}
