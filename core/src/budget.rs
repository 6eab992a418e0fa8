//! A limit on the share of traffic that is retries.
//!
//! Retries multiply load just when a server has too little room; a budget bounds
//! the amplification whatever the error rate. A maximum of attempts does not: three
//! attempts each at three levels of a system make 27.
//!
//! | budget | counts | as in |
//! | --- | --- | --- |
//! | [`RetryBudget`] | retries for each first send, without a clock | the SRE book |
//! | [`WindowedBudget`] | the same in the last seconds, and some a second for free | Finagle, tower |
//! | [`RetryThrottle`] | failures against successes | gRPC |
//! | [`RetryQuota`] | the price of each retry, paid back by its success | the AWS SDKs |

mod quota;
mod share;
mod throttle;
mod windowed;

use alloc::boxed::Box;
use core::fmt;

use crate::{Outcome, Timestamp};

pub use self::{
    quota::RetryQuota, share::RetryBudget, throttle::RetryThrottle, windowed::WindowedBudget,
};

/// Decides whether one more retry is a share of the traffic that a server can bear.
///
/// # Contract
///
/// * `observe` is called once for each attempt that got an answer, before
///   `withdraw` is asked for the retry after it.
/// * The same calls get the same answers.
/// * `refund` undoes `withdraw`: as many retries are left as before. A `withdraw` that
///   is refused takes nothing.
/// * Nothing panics and nothing wraps, whatever the number of calls. `now` never
///   decreases; given an earlier time all the same, a budget is no laxer.
///
/// The feature `testkit` tries all of it on one of your own: `testkit::laws::budget`.
///
/// # Examples
///
/// ```
/// use forbear_core::budget::{Attempt, Budget, RetryThrottle};
/// use forbear_core::{Outcome, Timestamp};
///
/// let mut budget = RetryThrottle::new(4, 0.5).unwrap();
/// let failed = Attempt { number: 1, outcome: Outcome::Transient, paid: 0 };
/// budget.observe(Timestamp::ZERO, &failed);
/// assert!(budget.withdraw(Timestamp::ZERO, Outcome::Transient).is_some());
/// budget.observe(Timestamp::ZERO, &failed);
/// assert!(budget.withdraw(Timestamp::ZERO, Outcome::Transient).is_none());
/// ```
pub trait Budget: fmt::Debug + Send {
    /// Learns how an attempt ended.
    fn observe(&mut self, now: Timestamp, attempt: &Attempt);

    /// Learns of `count` first sends that succeeded, all at once, where their times do
    /// not matter; `false`, and nothing learned, where it must hear of each as it ends.
    ///
    /// Provided: `false`. Where it returns `true`, for whatever count, it is as if
    /// [`observe`](Self::observe) had been called for each. A driver may then put off
    /// the telling until it needs the budget, which makes calls that succeed at once
    /// cheaper.
    fn observe_successes(&mut self, count: u64) -> bool {
        let _ = count;
        false
    }

    /// Takes one retry after an attempt that ended in `outcome`, and returns a
    /// receipt: what it was charged, in a unit of its own; `None` if there is none
    /// left.
    #[must_use = "a retry that the budget refused must not be made"]
    fn withdraw(&mut self, now: Timestamp, outcome: Outcome) -> Option<u64>;

    /// Takes back a retry that was withdrawn for this receipt and not made.
    fn refund(&mut self, now: Timestamp, paid: u64) {
        let _ = (now, paid);
    }
}

/// How one attempt of a call ended, as a budget sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a driver of one's own makes them")]
pub struct Attempt {
    /// 1 for the first send of a call.
    pub number: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// What [`Budget::withdraw`] charged for it; 0 for a first send.
    pub paid: u64,
}

impl<B: Budget + ?Sized> Budget for Box<B> {
    fn observe(&mut self, now: Timestamp, attempt: &Attempt) {
        (**self).observe(now, attempt);
    }

    fn observe_successes(&mut self, count: u64) -> bool {
        (**self).observe_successes(count)
    }

    fn withdraw(&mut self, now: Timestamp, outcome: Outcome) -> Option<u64> {
        (**self).withdraw(now, outcome)
    }

    fn refund(&mut self, now: Timestamp, paid: u64) {
        (**self).refund(now, paid);
    }
}

// `Budget` stays usable as `dyn Budget`.
const _: Option<&dyn Budget> = None;
