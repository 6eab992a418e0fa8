//! How the result of an attempt is understood.

mod around;

use super::{Attempts, Wait};
use crate::predicate::Predicate;
use crate::{Observation, Outcome, RateSignal};

pub use self::around::{BeforeRetry, Inspect, RetryAfter};

/// Reads the result of an attempt as a signal.
///
/// [`BySignal`] asks the error itself, [`When`] a predicate over the error,
/// [`RetryIf`] a predicate over the whole result, [`With`] a function of it.
#[diagnostic::on_unimplemented(
    message = "what is retried is not said for `Result<{T}, {E}>`",
    note = "`.when(..)`, `.retry_if(..)` and `.classify(..)` say it; so does an error that \
            implements `RateSignal`"
)]
pub trait Judge<T, E> {
    /// What `result` says; `None` for a success that says nothing more.
    fn judge(&self, result: &Result<T, E>) -> Option<Observation>;

    /// Hears of a `result` after which `call` waits and is tried again.
    ///
    /// Provided: nothing follows from it.
    fn before_retry(&self, call: &Attempts, result: &Result<T, E>, wait: &Wait) {
        let _ = (call, result, wait);
    }
}

/// The error says by itself what it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct BySignal;

impl<T, E: RateSignal> Judge<T, E> for BySignal {
    fn judge(&self, result: &Result<T, E>) -> Option<Observation> {
        result.as_ref().err().map(RateSignal::observe)
    }
}

/// Errors that a predicate holds for are transient; others are permanent.
#[derive(Clone, Copy, Debug)]
pub struct When<P>(pub(super) P);

impl<T, E, P: Fn(&E) -> bool> Judge<T, E> for When<P> {
    fn judge(&self, result: &Result<T, E>) -> Option<Observation> {
        let error = result.as_ref().err()?;
        let is_transient = (self.0)(error);
        let outcome = if is_transient { Outcome::Transient } else { Outcome::Permanent };
        Some(Observation::new(outcome))
    }
}

/// Results that a predicate holds for are transient; other errors are permanent.
#[derive(Clone, Copy, Debug)]
pub struct RetryIf<P>(pub(super) P);

impl<T, E, P: Predicate<T, E>> Judge<T, E> for RetryIf<P> {
    fn judge(&self, result: &Result<T, E>) -> Option<Observation> {
        match result {
            _ if self.0.holds(result) => Some(Observation::new(Outcome::Transient)),
            Ok(_) => None,
            Err(_) => Some(Observation::new(Outcome::Permanent)),
        }
    }
}

/// A function reads the result.
#[derive(Clone, Copy, Debug)]
pub struct With<C>(pub(super) C);

impl<T, E, C: Fn(&Result<T, E>) -> Observation> Judge<T, E> for With<C> {
    fn judge(&self, result: &Result<T, E>) -> Option<Observation> {
        Some((self.0)(result))
    }
}
