//! Building a policy part by part.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use super::{BudgetPrototype, Plan, Policy, Prototype, recommended_backoff};
use crate::budget::Budget;
use crate::stop::{Deadline, MaxAttempts, Never};
use crate::{BackoffStrategy, HintRule, InvalidConfig, Limiter, RetryBudget, StopCondition};

/// A [`Policy`] that is being put together; made by [`Policy::builder`].
///
/// What is not set is as in [`Policy::recommended`].
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct PolicyBuilder {
    max_attempts: Option<u32>,
    deadline: Option<Duration>,
    stop: Option<Arc<dyn StopCondition>>,
    backoff: Arc<dyn BackoffStrategy>,
    budget: Option<Box<dyn BudgetPrototype>>,
    hint: HintRule,
    limiters: Vec<Box<dyn Prototype>>,
}

impl Default for PolicyBuilder {
    fn default() -> Self {
        Self {
            max_attempts: Some(6),
            deadline: Some(Duration::from_secs(120)),
            stop: None,
            backoff: Arc::new(recommended_backoff()),
            // Finagle's shape: a share of the traffic, and a floor for quiet clients.
            budget: RetryBudget::new(0.1, 10).ok().map(|budget| Box::new(budget) as Box<_>),
            hint: HintRule::default(),
            limiters: Vec::new(),
        }
    }
}

impl PolicyBuilder {
    /// At most `max` sends a call, the first included.
    pub const fn max_attempts(mut self, max: u32) -> Self {
        self.max_attempts = Some(max);
        self
    }

    /// Any number of sends a call.
    pub const fn unlimited_attempts(mut self) -> Self {
        self.max_attempts = None;
        self
    }

    /// Each call ends within `deadline`, its attempts included.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// A call may take any time.
    pub const fn no_deadline(mut self) -> Self {
        self.deadline = None;
        self
    }

    /// Calls end when `stop` says so, instead of by attempts and deadline.
    pub fn stop(mut self, stop: impl StopCondition + 'static) -> Self {
        self.stop = Some(Arc::new(stop));
        self
    }

    /// Picks the delays.
    pub fn backoff(mut self, backoff: impl BackoffStrategy + 'static) -> Self {
        self.backoff = Arc::new(backoff);
        self
    }

    /// Bounds the share of retries.
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

    /// Holds requests back by `limiter` too; every limiter must admit them.
    pub fn limit(mut self, limiter: impl Limiter + Clone + Sync + 'static) -> Self {
        self.limiters.push(Box::new(limiter));
        self
    }

    /// The policy.
    ///
    /// # Errors
    ///
    /// If the number of attempts or the deadline is 0.
    pub fn build(mut self) -> Result<Policy, InvalidConfig> {
        let attempts = self.max_attempts.map(MaxAttempts::new).transpose()?;
        let deadline = self.deadline.map(Deadline::new).transpose()?;
        if self.stop.is_none() {
            self.stop = Some(stop_at(attempts, deadline));
        }
        Ok(self.assemble())
    }

    /// The policy, from numbers that are known to be right.
    pub(super) fn assemble(self) -> Policy {
        let defaults = || {
            let attempts = self.max_attempts.and_then(|max| MaxAttempts::new(max).ok());
            let deadline = self.deadline.and_then(|deadline| Deadline::new(deadline).ok());
            stop_at(attempts, deadline)
        };
        Policy::from_plan(Arc::new(Plan {
            stop: self.stop.clone().unwrap_or_else(defaults),
            limiters: self.limiters,
            backoff: self.backoff,
            budget: self.budget,
            hint: self.hint,
        }))
    }
}

fn stop_at(attempts: Option<MaxAttempts>, deadline: Option<Deadline>) -> Arc<dyn StopCondition> {
    match (attempts, deadline) {
        (Some(attempts), Some(deadline)) => Arc::new(attempts | deadline),
        (Some(attempts), None) => Arc::new(attempts),
        (None, Some(deadline)) => Arc::new(deadline),
        (None, None) => Arc::new(Never),
    }
}
