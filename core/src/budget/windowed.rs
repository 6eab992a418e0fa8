//! Retries as a share of the last seconds.
//!
//! Finagle's `RetryBudget`
//! (<https://twitter.github.io/finagle/docs/com/twitter/finagle/service/RetryBudget.html>)
//! and tower's `TpsBudget`: what is deposited is gone after a while, and quiet
//! clients have some retries a second for free. Both round the share to whole
//! retries a deposit; here fractions are exact.

use core::time::Duration;

use super::{Attempt, Budget};
use crate::text::{Decimal, format_duration};
use crate::time::nanos;
use crate::{InvalidConfig, Outcome, Timestamp};

/// How finely the window moves, as in tower and Finagle.
const SLOTS: usize = 10;

/// `ratio` retries for each first send of the last `window`, and
/// `min_per_second` besides.
///
/// The window moves in ten steps: what was deposited or withdrawn is forgotten
/// `window` later, or up to a tenth of it earlier.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::Timestamp;
/// use forbear_core::budget::WindowedBudget;
///
/// let mut budget = WindowedBudget::new(0.5, 0, Duration::from_secs(1)).unwrap();
/// let now = Timestamp::ZERO;
/// budget.deposit(now);
/// assert!(!budget.withdraw(now));
/// budget.deposit(now);
/// assert!(budget.withdraw(now));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WindowedBudget {
    /// What was deposited less what was withdrawn, by slot, in the unit of `retry`.
    slots: [i64; SLOTS],
    /// The number of the slot in force, counted from the origin of time.
    current: u64,
    slot_ns: u64,
    deposit: i64,
    retry: i64,
    reserve: i64,
}

impl WindowedBudget {
    /// `ratio` retries for each first send within `window`, and `min_per_second`
    /// retries a second whatever the traffic.
    ///
    /// `ratio` is read as a decimal of up to nine places.
    ///
    /// # Errors
    ///
    /// If `ratio` is not from 0 to 1000, or `window` is not from 1 s to 60 s as in
    /// Finagle.
    pub fn new(ratio: f64, min_per_second: u32, window: Duration) -> Result<Self, InvalidConfig> {
        let invalid = || InvalidConfig::new("ratio", ratio, "a number from 0 to 1000");
        let decimal = Decimal::from_f64(ratio).filter(|_| ratio <= 1000.0).ok_or_else(invalid)?;
        if !(Duration::from_secs(1)..=Duration::from_secs(60)).contains(&window) {
            let window = format_duration(window);
            return Err(InvalidConfig::new("window", window, "from 1s to 60s"));
        }
        let retry = decimal.denominator();
        let free = u128::from(min_per_second) * u128::from(nanos(window)) / 1_000_000_000;
        let signed = |value: u128| i64::try_from(value).unwrap_or(i64::MAX);
        Ok(Self {
            slots: [0; SLOTS],
            current: 0,
            slot_ns: nanos(window) / SLOTS as u64,
            deposit: signed(u128::from(decimal.digits)),
            retry: signed(u128::from(retry)),
            reserve: signed(free * u128::from(retry)),
        })
    }

    /// Counts a first send.
    pub fn deposit(&mut self, now: Timestamp) {
        let deposit = self.deposit;
        let slot = self.slot(now);
        *slot = slot.saturating_add(deposit);
    }

    /// Takes one retry, if there is one.
    #[must_use = "a retry that the budget refused must not be made"]
    pub fn withdraw(&mut self, now: Timestamp) -> bool {
        let retry = self.retry;
        let granted = self.balance(now) >= retry;
        if granted {
            let slot = self.slot(now);
            *slot = slot.saturating_sub(retry);
        }
        granted
    }

    /// Whole retries that it would allow now.
    #[must_use]
    pub fn available(&mut self, now: Timestamp) -> u64 {
        u64::try_from(self.balance(now) / self.retry).unwrap_or(0)
    }

    fn balance(&mut self, now: Timestamp) -> i64 {
        self.slot(now);
        self.slots.iter().fold(self.reserve, |sum, slot| sum.saturating_add(*slot))
    }

    /// The slot of `now`, once those that are over are empty. An earlier time
    /// counts in the slot in force.
    fn slot(&mut self, now: Timestamp) -> &mut i64 {
        let number = (now.as_nanos() / self.slot_ns).max(self.current);
        let over = usize::try_from(number - self.current).unwrap_or(SLOTS).min(SLOTS);
        for next in (self.current + 1..).take(over) {
            self.slots[index(next)] = 0;
        }
        if over == SLOTS {
            self.slots = [0; SLOTS];
        }
        self.current = number;
        &mut self.slots[index(number)]
    }
}

impl Budget for WindowedBudget {
    fn observe(&mut self, now: Timestamp, attempt: &Attempt) {
        if attempt.number == 1 {
            self.deposit(now);
        }
    }

    fn withdraw(&mut self, now: Timestamp, _: Outcome) -> Option<u64> {
        // The slot that it came from is the receipt: a retry that the window has
        // forgotten is free again already.
        Self::withdraw(self, now).then_some(self.current)
    }

    fn refund(&mut self, now: Timestamp, paid: u64) {
        self.slot(now);
        if self.current - paid.min(self.current) < SLOTS as u64 {
            let slot = &mut self.slots[index(paid)];
            *slot = slot.saturating_add(self.retry);
        }
    }
}

/// Where the slot of this number is kept.
fn index(number: u64) -> usize {
    // Below `SLOTS`.
    usize::try_from(number % SLOTS as u64).unwrap_or(0)
}
