//! What is put around a judge: closures that see results, and waits read from errors.

use core::time::Duration;

use super::Judge;
use crate::Observation;
use crate::driver::{Attempts, Wait};

/// A closure looks at each result first; another judge reads it.
#[derive(Clone, Copy, Debug)]
pub struct Inspect<J, F> {
    pub(in crate::driver) judge: J,
    pub(in crate::driver) look: F,
}

impl<T, E, J: Judge<T, E>, F: Fn(&Result<T, E>)> Judge<T, E> for Inspect<J, F> {
    fn judge(&self, result: &Result<T, E>) -> Option<Observation> {
        (self.look)(result);
        self.judge.judge(result)
    }

    fn before_retry(&self, call: &Attempts, result: &Result<T, E>, wait: &Wait) {
        self.judge.before_retry(call, result, wait);
    }
}

/// A closure hears of each result that is retried; another judge reads it.
#[derive(Clone, Copy, Debug)]
pub struct BeforeRetry<J, F> {
    pub(in crate::driver) judge: J,
    pub(in crate::driver) tell: F,
}

impl<T, E, J: Judge<T, E>, F> Judge<T, E> for BeforeRetry<J, F>
where
    F: Fn(&Attempts, &Result<T, E>, &Wait),
{
    fn judge(&self, result: &Result<T, E>) -> Option<Observation> {
        self.judge.judge(result)
    }

    fn before_retry(&self, call: &Attempts, result: &Result<T, E>, wait: &Wait) {
        self.judge.before_retry(call, result, wait);
        (self.tell)(call, result, wait);
    }
}

/// A closure finds the server's wait in an error; another judge says what the error is.
#[derive(Clone, Copy, Debug)]
pub struct RetryAfter<J, F> {
    pub(in crate::driver) judge: J,
    pub(in crate::driver) wait: F,
}

impl<T, E, J: Judge<T, E>, F> Judge<T, E> for RetryAfter<J, F>
where
    F: Fn(&E) -> Option<Duration>,
{
    fn judge(&self, result: &Result<T, E>) -> Option<Observation> {
        let mut seen = self.judge.judge(result)?;
        if let Err(error) = result {
            seen.retry_after = (self.wait)(error).or(seen.retry_after);
        }
        Some(seen)
    }

    fn before_retry(&self, call: &Attempts, result: &Result<T, E>, wait: &Wait) {
        self.judge.before_retry(call, result, wait);
    }
}
