use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use forbear_core::{
    Completion, Cost, Decision, Limiter, Observation, Outcome, RateSignal, Throttle, Timestamp,
};

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) const fn at(millis: u64) -> Timestamp {
    Timestamp::from_nanos(millis * 1_000_000)
}

/// An error that says what it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure(pub(crate) Observation);

impl Failure {
    pub(crate) fn transient() -> Self {
        Self(Observation::new(Outcome::Transient))
    }

    pub(crate) fn throttled(wait: Option<Duration>) -> Self {
        Self(Observation::throttled(wait))
    }

    pub(crate) fn quota_exhausted() -> Self {
        Self(Observation::new(Outcome::Throttled(Throttle::QuotaExhausted)))
    }
}

impl RateSignal for Failure {
    fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    fn observe(&self) -> Observation {
        self.0
    }
}

/// Every way to choose one of several, again and again, where what there is to choose from
/// depends on what was chosen: one order of choices after the other, each from the start.
#[derive(Debug, Default)]
pub(crate) struct Choices {
    /// What is chosen, and of how many.
    chosen: Vec<(usize, usize)>,
    depth: usize,
}

impl Choices {
    /// One of `many`.
    pub(crate) fn choose(&mut self, many: usize) -> usize {
        if self.depth == self.chosen.len() {
            self.chosen.push((0, many));
        }
        self.depth += 1;
        self.chosen[self.depth - 1].0
    }

    /// Goes on to the next order; whether there is one.
    pub(crate) fn begin_next(&mut self) -> bool {
        self.depth = 0;
        while self.chosen.last().is_some_and(|&(choice, of)| choice + 1 == of) {
            self.chosen.pop();
        }
        self.chosen.last_mut().map(|(choice, _)| *choice += 1).is_some()
    }
}

/// Counts what is asked of a limiter and what is in flight in it.
#[derive(Clone, Debug)]
pub(crate) struct Counted<L> {
    inner: L,
    pub(crate) counts: Arc<Counts>,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) checks: AtomicU32,
    pub(crate) commits: AtomicU32,
    pub(crate) observed: AtomicU32,
}

impl Counts {
    pub(crate) fn checks(&self) -> u32 {
        self.checks.load(Ordering::Relaxed)
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.commits.load(Ordering::Relaxed) - self.observed.load(Ordering::Relaxed)
    }
}

impl<L> Counted<L> {
    pub(crate) fn new(inner: L) -> (Self, Arc<Counts>) {
        let counts = Arc::new(Counts::default());
        (Self { inner, counts: Arc::clone(&counts) }, counts)
    }
}

impl<L: Limiter> Limiter for Counted<L> {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        self.counts.checks.fetch_add(1, Ordering::Relaxed);
        self.inner.check(now, cost)
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        self.counts.commits.fetch_add(1, Ordering::Relaxed);
        self.inner.commit(now, cost);
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        self.counts.observed.fetch_add(1, Ordering::Relaxed);
        self.inner.observe(now, completion);
    }

    fn name(&self) -> &'static str {
        self.inner.name()
    }
}
