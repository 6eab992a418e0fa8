//! The laws, as assertions for a test.

use proptest::strategy::Strategy;

use super::{BrokenLaw, check};
use crate::{BackoffStrategy, RateSignal, StopCondition};

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

#[track_caller]
fn assert_kept(kept: Result<(), BrokenLaw>) {
    if let Err(broken) = kept {
        panic!("{broken}");
    }
}
