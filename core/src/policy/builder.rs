//! Building a policy part by part.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Bounds, BudgetPrototype, Plan, Policy, Prototype, recommended_backoff};
use crate::budget::Budget;
use crate::queue::QueueConfig;
use crate::stop::{Deadline, Elapsed, MaxAttempts, TotalWait};
use crate::{
    BackoffStrategy, Hedging, HintRule, InvalidConfig, Limiter, RetryBudget, RetryRules,
    StopCondition,
};

/// A [`Policy`] that is being put together; made by [`Policy::builder`].
///
/// What is not set is as in [`Policy::recommended`].
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct PolicyBuilder {
    max_attempts: Option<u32>,
    deadline: Option<Duration>,
    elapsed: Option<Duration>,
    total_wait: Option<Duration>,
    stop: Option<Arc<dyn StopCondition>>,
    backoff: Arc<dyn BackoffStrategy>,
    budget: Option<Box<dyn BudgetPrototype>>,
    hint: HintRule,
    hedging: Option<Hedging>,
    attempt_timeout: Option<Duration>,
    limiters: Vec<Box<dyn Prototype>>,
    queue: Option<QueueConfig>,
    #[cfg(feature = "std")]
    observers: crate::driver::Observers,
}

impl Default for PolicyBuilder {
    fn default() -> Self {
        Self {
            max_attempts: Some(Bounds::RECOMMENDED_ATTEMPTS),
            deadline: Some(Bounds::RECOMMENDED_DEADLINE),
            elapsed: None,
            total_wait: None,
            stop: None,
            backoff: Arc::new(recommended_backoff()),
            // Finagle's shape: a share of the traffic, and a floor for quiet clients.
            budget: RetryBudget::new(0.1, 10).ok().map(|budget| Box::new(budget) as Box<_>),
            hint: HintRule::default(),
            hedging: None,
            attempt_timeout: None,
            limiters: Vec::new(),
            queue: None,
            #[cfg(feature = "std")]
            observers: crate::driver::Observers::default(),
        }
    }
}

impl PolicyBuilder {
    /// At most `max` sends a call, the first included; 6 unless set.
    pub const fn max_attempts(mut self, max: u32) -> Self {
        self.max_attempts = Some(max);
        self
    }

    /// Any number of sends a call.
    pub const fn unlimited_attempts(mut self) -> Self {
        self.max_attempts = None;
        self
    }

    /// No attempt begins `deadline` after the start of its call or later, and none is
    /// waited for that would; 2 minutes unless set. An attempt under way is not cut off:
    /// [`attempt_timeout`](Self::attempt_timeout) does that, or the client's own.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// A call may take any time.
    pub const fn no_deadline(mut self) -> Self {
        self.deadline = None;
        self
    }

    /// An attempt that has no answer `timeout` after its permit is dropped, and counts as a
    /// [transient](crate::Outcome::Transient) failure: it is tried again as any other. No
    /// bound unless set.
    ///
    /// The waits before an attempt do not count, and the deadline of the call is what it
    /// was: an attempt that begins just before it has its whole time. An answer that comes
    /// at the same instant wins. The server may have done the work all the same, so what
    /// must not be done twice needs a key for idempotency, or one attempt.
    ///
    /// Tasks are cut off: an `.await` of [`Policy::retry`] and the layer of forbear-http. A
    /// thread cannot be: pass `Attempts::attempt_timeout` on to the client there, as in a
    /// loop over `Attempts` of one's own.
    ///
    /// ```
    /// use std::time::Duration;
    /// use forbear_core::{Observation, Policy};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let timeout = Duration::from_millis(5);
    /// let policy = Policy::builder().attempt_timeout(timeout).max_attempts(1).build().unwrap();
    /// let hangs = policy.retry(std::future::pending::<Result<(), std::io::Error>>);
    /// let gave_up = hangs.await.unwrap_err();
    /// assert_eq!(
    ///     gave_up.to_string(),
    ///     "gave up after 1 attempt: the one attempt was made; it timed out after 5ms",
    /// );
    /// # }
    /// ```
    pub const fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// An attempt may take any time.
    pub const fn no_attempt_timeout(mut self) -> Self {
        self.attempt_timeout = None;
        self
    }

    /// No retry is scheduled once `max` has passed; see [`Elapsed`].
    pub const fn elapsed(mut self, max: Duration) -> Self {
        self.elapsed = Some(max);
        self
    }

    /// The waits of a call add up to at most `max`; see [`TotalWait`].
    pub const fn total_wait(mut self, max: Duration) -> Self {
        self.total_wait = Some(max);
        self
    }

    /// Calls end when `stop` says so, instead of by the bounds above.
    pub fn stop(mut self, stop: impl StopCondition + 'static) -> Self {
        self.stop = Some(Arc::new(stop));
        self
    }

    /// Picks the delays; exponential from 500 ms to 60 s with full jitter unless set.
    pub fn backoff(mut self, backoff: impl BackoffStrategy + 'static) -> Self {
        self.backoff = Arc::new(backoff);
        self
    }

    /// Bounds the share of retries; 10 % of the first sends, and 10 besides, unless set.
    pub fn budget(mut self, budget: impl Budget + Clone + Sync + 'static) -> Self {
        self.budget = Some(Box::new(budget));
        self
    }

    /// Lets retries be any share of the traffic.
    ///
    /// For batches that must get through and are paced by a limiter.
    pub fn no_budget(mut self) -> Self {
        self.budget = None;
        self
    }

    /// What to make of the server's waits.
    pub const fn hint(mut self, hint: HintRule) -> Self {
        self.hint = hint;
        self
    }

    /// Sends reads a second time when their answer is late; for drivers that hedge.
    pub const fn hedging(mut self, hedging: Hedging) -> Self {
        self.hedging = Some(hedging);
        self
    }

    /// Holds requests back by `limiter` too; every limiter must admit them, and all are
    /// charged or none. No rate is limited unless one is set.
    pub fn limit(mut self, limiter: impl Limiter + Clone + Sync + 'static) -> Self {
        self.limiters.push(Box::new(limiter));
        self
    }

    /// Says how jobs are ordered that wait, for drivers that have a queue; see
    /// [`Policy::queue`].
    pub fn queue(mut self, queue: QueueConfig) -> Self {
        self.queue = Some(queue);
        self
    }

    /// Tells `observer` what becomes of each call; several are told in this order.
    ///
    /// A policy without one looks at an empty list, no more.
    #[cfg(feature = "std")]
    pub fn observe(
        mut self,
        observer: impl crate::driver::Observer + Send + Sync + 'static,
    ) -> Self {
        self.observers.push(observer);
        self
    }

    /// The policy.
    ///
    /// # Errors
    ///
    /// If the number of attempts, the deadline, the elapsed time or the time of an attempt
    /// is 0.
    pub fn build(self) -> Result<Policy, InvalidConfig> {
        if let Some(timeout) = self.attempt_timeout {
            InvalidConfig::refuse_no_time("attempt_timeout", timeout)?;
        }
        let bounds = Bounds {
            max_attempts: self.max_attempts.map(MaxAttempts::new).transpose()?,
            deadline: self.deadline.map(Deadline::new).transpose()?,
            elapsed: self.elapsed.map(Elapsed::new).transpose()?,
            total_wait: self.total_wait.map(TotalWait::new),
            ..Bounds::default()
        };
        Ok(self.assemble(bounds))
    }

    /// The policy, from bounds that are known to be right.
    pub(super) fn assemble(self, bounds: Bounds) -> Policy {
        let bounds = Arc::new(self.stop.map_or(bounds, Bounds::only));
        let stop: Arc<dyn StopCondition> = Arc::<Bounds>::clone(&bounds);
        let rules = RetryRules::new(self.backoff, stop).with_hint_rule(self.hint);
        Policy::from_plan(Arc::new(Plan {
            behind_queue: self.queue.as_ref().map(|_| rules.behind_queue()),
            rules: Arc::new(rules),
            bounds,
            limiters: self.limiters,
            queue: self.queue,
            budget: self.budget,
            hedging: self.hedging,
            attempt_timeout: self.attempt_timeout,
            #[cfg(feature = "std")]
            observers: self.observers,
        }))
    }
}
