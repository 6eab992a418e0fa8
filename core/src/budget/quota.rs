//! The price of each retry.
//!
//! The retry quota of the AWS SDKs
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>):
//! while most calls succeed retries cost nothing, and in an outage they end.

use super::{Attempt, Budget};
use crate::text::Decimal;
use crate::{InvalidConfig, Outcome, Timestamp};

/// Tokens that retries are paid with.
///
/// A retry that succeeds gets its own price back, a first send that succeeds earns
/// a reward. It starts full and never holds more.
///
/// ```
/// use forbear_core::budget::{Attempt, Budget, RetryQuota};
/// use forbear_core::{Outcome, Timestamp};
///
/// let mut quota = RetryQuota::new(500);
/// let paid = quota.withdraw(Timestamp::ZERO, Outcome::Transient).unwrap();
/// assert_eq!(quota.tokens(), 486);
/// let success = Attempt { number: 2, outcome: Outcome::Success, paid };
/// quota.observe(Timestamp::ZERO, &success);
/// assert_eq!(quota.tokens(), 500);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RetryQuota {
    /// In the unit of `token`, as are the others.
    balance: u64,
    token: u64,
    max: u64,
    transient: u32,
    throttled: u32,
    reward: u64,
}

impl RetryQuota {
    /// `capacity` tokens, at the prices of the AWS SDKs of 2026: 14 after a failure,
    /// 5 after a refusal for load, and 1 earned by a first send that succeeds.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        let max = u64::from(capacity);
        Self { balance: max, token: 1, max, transient: 14, throttled: 5, reward: 1 }
    }

    /// With these prices of a retry, after a failure and after a refusal for load.
    #[must_use]
    pub const fn with_prices(mut self, transient: u32, throttled: u32) -> Self {
        self.transient = transient;
        self.throttled = throttled;
        self
    }

    /// With this reward for a first send that succeeds, which may be a fraction.
    ///
    /// # Errors
    ///
    /// If `reward` is negative, not a number, or above 1000.
    pub fn with_reward(mut self, reward: f64) -> Result<Self, InvalidConfig> {
        let invalid = || InvalidConfig::new("reward", reward, "a number from 0 to 1000");
        let decimal = Decimal::from_f64(reward).filter(|_| reward <= 1000.0).ok_or_else(invalid)?;
        let (whole, token) = (self.max / self.token, decimal.denominator());
        // A u32 times 10^9 fits.
        self.balance = self.balance / self.token * token;
        (self.token, self.max, self.reward) = (token, whole * token, decimal.digits);
        Ok(self)
    }

    /// With this many tokens at the start, at most its capacity.
    #[must_use]
    pub fn starting_at(mut self, tokens: u32) -> Self {
        self.balance = u64::from(tokens).saturating_mul(self.token).min(self.max);
        self
    }

    /// Whole tokens left.
    #[must_use]
    pub const fn tokens(&self) -> u64 {
        self.balance / self.token
    }
}

impl Budget for RetryQuota {
    fn observe(&mut self, _: Timestamp, attempt: &Attempt) {
        if attempt.outcome == Outcome::Success {
            let earned = if attempt.number == 1 { self.reward } else { attempt.paid };
            self.balance = self.balance.saturating_add(earned).min(self.max);
        }
    }

    fn observe_successes(&mut self, count: u64) -> bool {
        let earned = self.reward.saturating_mul(count);
        self.balance = self.balance.saturating_add(earned).min(self.max);
        true
    }

    fn withdraw(&mut self, _: Timestamp, outcome: Outcome) -> Option<u64> {
        let price = if outcome.is_throttled() { self.throttled } else { self.transient };
        let price = u64::from(price) * self.token;
        self.balance = self.balance.checked_sub(price)?;
        Some(price)
    }

    fn refund(&mut self, _: Timestamp, paid: u64) {
        self.balance = self.balance.saturating_add(paid).min(self.max);
    }
}
