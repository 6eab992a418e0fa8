//! The laws, as assertions for a test.

use core::fmt;
use core::time::Duration;

use proptest::strategy::Strategy;

use super::{BrokenLaw, check};
use crate::budget::Budget;
use crate::store::JobStore;
use crate::{BackoffStrategy, Dimension, Limiter, RateSignal, StopCondition};

/// Asserts every law of [`BackoffStrategy`] on the values that `make` makes.
///
/// # Panics
///
/// If a law is broken.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::Constant;
/// use forbear_core::testkit::laws;
///
/// laws::backoff(|| Constant::new(Duration::from_secs(1)));
/// ```
#[track_caller]
pub fn backoff<B: BackoffStrategy>(make: impl Fn() -> B) {
    assert_kept(check::backoff(make));
}

/// Asserts that delays never shrink from one retry to the next.
///
/// # Panics
///
/// If one does.
#[track_caller]
pub fn growing_backoff<B: BackoffStrategy>(make: impl Fn() -> B) {
    assert_kept(check::growing_backoff(make));
}

/// Asserts that no delay is shorter than the server's hint.
///
/// # Panics
///
/// If one is.
#[track_caller]
pub fn hint_floor<B: BackoffStrategy>(make: impl Fn() -> B) {
    assert_kept(check::hint_floor(make));
}

/// Asserts every law of [`Budget`] on the ones that `make` makes.
///
/// # Panics
///
/// If a law is broken.
///
/// # Examples
///
/// ```
/// use forbear_core::RetryBudget;
/// use forbear_core::testkit::laws;
///
/// laws::budget(|| RetryBudget::new(0.1, 3).unwrap());
/// ```
#[track_caller]
pub fn budget<B: Budget>(make: impl Fn() -> B) {
    assert_kept(check::budget(make));
}

/// Asserts that of `n` calls that fail whatever is tried, at most `most(n)` retries
/// are made.
///
/// # Panics
///
/// If a greedy client gets more.
///
/// # Examples
///
/// ```
/// use forbear_core::RetryBudget;
/// use forbear_core::testkit::laws;
///
/// laws::budget_within(|| RetryBudget::new(0.1, 3).unwrap(), |calls| 3 + calls / 10);
/// ```
#[track_caller]
pub fn budget_within<B: Budget>(make: impl Fn() -> B, most: impl Fn(u64) -> u64) {
    assert_kept(check::budget_within(make, most));
}

/// Asserts every law of [`JobStore`] on the empty stores that `make` makes.
///
/// # Panics
///
/// If a law is broken, or the store fails.
///
/// # Examples
///
/// ```
/// use forbear_core::store::MemoryStore;
/// use forbear_core::testkit::laws;
///
/// laws::job_store(MemoryStore::new);
/// ```
#[track_caller]
pub fn job_store<S: JobStore<u32, Error: fmt::Debug>>(make: impl Fn() -> S) {
    assert_kept(check::job_store(make));
}

/// Asserts every law of [`StopCondition`] on the values that `make` makes.
///
/// # Panics
///
/// If a law is broken.
///
/// # Examples
///
/// ```
/// use forbear_core::stop::MaxAttempts;
/// use forbear_core::testkit::laws;
///
/// laws::stop(|| MaxAttempts::new(3).unwrap());
/// ```
#[track_caller]
pub fn stop<S: StopCondition>(make: impl Fn() -> S) {
    assert_kept(check::stop(make));
}

/// Asserts every law of [`RateSignal`] on the signals that `signals` generates.
///
/// # Panics
///
/// If a law is broken.
///
/// # Examples
///
/// ```
/// use forbear_core::testkit::{any, laws};
///
/// laws::signal(&any::observation());
/// ```
#[track_caller]
pub fn signal<S: Strategy>(signals: &S)
where
    S::Value: RateSignal,
{
    assert_kept(check::signal(signals));
}

/// Asserts that signals of servers that named no wait have none.
///
/// # Panics
///
/// If one has.
#[track_caller]
pub fn no_wait_of_its_own<S: Strategy>(unhinted: &S)
where
    S::Value: RateSignal,
{
    assert_kept(check::no_wait_of_its_own(unhinted));
}

/// Asserts every law of [`Limiter`] on the ones that `make` makes.
///
/// # Panics
///
/// If a law is broken.
///
/// # Examples
///
/// ```
/// use forbear_core::limiter::Concurrency;
/// use forbear_core::testkit::laws;
///
/// laws::limiter(|| Concurrency::new(3).unwrap());
/// ```
#[track_caller]
pub fn limiter<L: Limiter>(make: impl Fn() -> L) {
    assert_kept(check::limiter(make));
}

/// Asserts the laws of [`Limiter`] that hold for one that draws lots too.
///
/// # Panics
///
/// If a law is broken.
#[track_caller]
pub fn limiter_by_chance<L: Limiter>(make: impl Fn() -> L) {
    assert_kept(check::limiter_by_chance(make));
}

/// Asserts the laws of a limiter that counts units of `dimension` and admits up
/// to `capacity` of them at once: what costs nothing is free, what never fits is
/// refused, a send taken back leaves no trace, no refund overfills.
///
/// # Panics
///
/// If a law is broken.
#[track_caller]
pub fn limiter_charging<L: Limiter>(make: impl Fn() -> L, dimension: Dimension, capacity: u32) {
    assert_kept(check::limiter_charging(make, dimension, capacity));
}

/// Asserts that there are never more than `most(span)` units of `dimension` in
/// the sends from one time to another that is `span` later, both included.
///
/// # Panics
///
/// If a greedy client gets more.
///
/// # Examples
///
/// ```
/// use forbear_core::Dimension;
/// use forbear_core::limiter::Gcra;
/// use forbear_core::testkit::laws;
///
/// let make = || Gcra::per("10/s".parse().unwrap()).with_burst(3).unwrap();
/// laws::limiter_within(make, Dimension::Requests, |span| {
///     3 + u64::try_from(span.as_nanos() / 100_000_000).unwrap()
/// });
/// ```
#[track_caller]
pub fn limiter_within<L: Limiter>(
    make: impl Fn() -> L,
    dimension: Dimension,
    most: impl Fn(Duration) -> u64,
) {
    assert_kept(check::limiter_within(make, dimension, most));
}

/// Asserts that a client that asks as soon as it may has got `least(span)` units
/// of `dimension` when `span` has passed since it began.
///
/// # Panics
///
/// If it gets less.
#[track_caller]
pub fn limiter_reaches<L: Limiter>(
    make: impl Fn() -> L,
    dimension: Dimension,
    least: impl Fn(Duration) -> u64,
) {
    assert_kept(check::limiter_reaches(make, dimension, least));
}

#[track_caller]
fn assert_kept(kept: Result<(), BrokenLaw>) {
    if let Err(broken) = kept {
        panic!("{broken}");
    }
}
