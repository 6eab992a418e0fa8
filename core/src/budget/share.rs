//! Retries as a share of first sends.
//!
//! The idea is Finagle's
//! (<https://twitter.github.io/finagle/guide/Glossary.html>) and the SRE book's
//! ("Handling Overload", per-client retry budget,
//! <https://sre.google/sre-book/handling-overload/>). Theirs are timed or
//! counted in floats; this one is counted in whole fractions of a retry, so the
//! bound holds exactly and needs no clock.

use super::{Attempt, Budget};
use crate::text::Decimal;
use crate::{InvalidConfig, Outcome, Timestamp};

/// A retry budget: each first send deposits a fraction, each retry withdraws one.
///
/// For any `n` first sends, at most `reserve + ratio * n` retries are made, and if
/// all fail, that many to the fraction. The balance never exceeds `reserve`, or one
/// retry if that is more, and one deposit, so a quiet hour does not save up for a
/// storm.
///
/// # Examples
///
/// ```
/// use forbear_core::RetryBudget;
///
/// let mut budget = RetryBudget::new(0.1, 0).unwrap();
/// for _ in 0..10 {
///     assert!(!budget.withdraw());
///     budget.deposit();
/// }
/// assert!(budget.withdraw());
/// assert!(!budget.withdraw());
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RetryBudget {
    balance: u64,
    /// What a first send deposits, in the unit of the balance.
    deposit: u64,
    /// What a retry withdraws.
    retry: u64,
    max: u64,
}

impl RetryBudget {
    /// `ratio` retries for each first send, and `reserve` at the start.
    ///
    /// `ratio` is read as a decimal of up to nine places: 0.1 is one tenth.
    ///
    /// # Errors
    ///
    /// If `ratio` is negative, not a number or above 1000.
    pub fn new(ratio: f64, reserve: u32) -> Result<Self, InvalidConfig> {
        let invalid = || InvalidConfig::new("ratio", ratio, "a number from 0 to 1000");
        let decimal = Decimal::from_f64(ratio).filter(|_| ratio <= 1000.0).ok_or_else(invalid)?;
        let retry = decimal.denominator();
        // Below 2^62: a u32 times 10^9.
        let reserve = u64::from(reserve) * retry;
        Ok(Self {
            balance: reserve,
            deposit: decimal.digits,
            retry,
            // Less would cut off part of a deposit that comes on top of the reserve, or of
            // most of a retry: a ratio of 0.99 would allow every other call one retry.
            max: reserve.max(retry) + decimal.digits,
        })
    }

    /// Counts a first send.
    pub fn deposit(&mut self) {
        self.balance = self.balance.saturating_add(self.deposit).min(self.max);
    }

    /// Takes one retry, if the balance has one.
    #[must_use = "a retry that the budget refused must not be made"]
    pub fn withdraw(&mut self) -> bool {
        let rest = self.balance.checked_sub(self.retry);
        self.balance = rest.unwrap_or(self.balance);
        rest.is_some()
    }

    /// Whole retries that it would allow now.
    #[must_use]
    pub const fn available(&self) -> u64 {
        self.balance / self.retry
    }
}

impl Budget for RetryBudget {
    fn observe(&mut self, _: Timestamp, attempt: &Attempt) {
        if attempt.number == 1 {
            self.deposit();
        }
    }

    fn observe_successes(&mut self, count: u64) -> bool {
        let deposits = self.deposit.saturating_mul(count);
        self.balance = self.balance.saturating_add(deposits).min(self.max);
        true
    }

    fn withdraw(&mut self, _: Timestamp, _: Outcome) -> Option<u64> {
        Self::withdraw(self).then_some(self.retry)
    }

    fn refund(&mut self, _: Timestamp, paid: u64) {
        self.balance = self.balance.saturating_add(paid).min(self.max);
    }
}
