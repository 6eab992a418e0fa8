//! The error of a call that was given up.

use alloc::boxed::Box;
use core::fmt;
use core::time::Duration;

use super::history::NO_HISTORY;
use super::{Attempts, History};
use crate::GiveUp;

/// A call that was given up: why, after how much, and the last result.
///
/// # Examples
///
/// ```
/// use std::io;
/// use forbear_core::{GiveUp, Policy, StopReason};
///
/// let policy = Policy::builder().max_attempts(1).build().unwrap();
/// let gave_up = policy
///     .retry(|| Err::<(), _>(io::Error::from(io::ErrorKind::TimedOut)))
///     .blocking()
///     .unwrap_err();
/// assert_eq!(gave_up.reason(), GiveUp::Stopped(StopReason::MaxAttempts(1)));
/// assert_eq!(gave_up.into_error().unwrap().kind(), io::ErrorKind::TimedOut);
/// ```
pub struct GaveUp<T, E> {
    reason: GiveUp,
    attempts: u32,
    elapsed: Duration,
    history: Option<Box<History>>,
    last: Option<Result<T, E>>,
}

impl<T, E> GaveUp<T, E> {
    pub(super) fn new(reason: GiveUp, attempts: &mut Attempts, last: Option<Result<T, E>>) -> Self {
        let (sends, elapsed) = (attempts.sends(), attempts.elapsed());
        Self { reason, attempts: sends, elapsed, history: attempts.take_history(), last }
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> GiveUp {
        self.reason
    }

    /// How many times the call was sent; 0 if it was never let through.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Time since the call began.
    #[must_use]
    pub const fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The attempts that failed: when, how, and what wait followed.
    #[must_use]
    pub fn history(&self) -> &History {
        self.history.as_deref().unwrap_or(&NO_HISTORY)
    }

    /// What the last attempt returned; `None` if it was never sent.
    #[must_use]
    pub const fn last(&self) -> Option<&Result<T, E>> {
        self.last.as_ref()
    }

    /// What the last attempt returned.
    #[must_use]
    pub fn into_last(self) -> Option<Result<T, E>> {
        self.last
    }

    /// The error of the last attempt.
    #[must_use]
    pub fn into_error(self) -> Option<E> {
        self.last.and_then(Result::err)
    }
}

impl<T, E: fmt::Debug> fmt::Debug for GaveUp<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GaveUp")
            .field("reason", &self.reason)
            .field("attempts", &self.attempts)
            .field("elapsed", &self.elapsed)
            .field("history", &self.history())
            .field("error", &self.last.as_ref().and_then(|last| last.as_ref().err()))
            .finish()
    }
}

impl<T, E> fmt::Display for GaveUp<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.attempts == 1 { "" } else { "s" };
        write!(f, "gave up after {} attempt{plural}: {}", self.attempts, self.reason)
    }
}

impl<T, E: core::error::Error + 'static> core::error::Error for GaveUp<T, E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.last {
            Some(Err(error)) => Some(error),
            _ => None,
        }
    }
}
