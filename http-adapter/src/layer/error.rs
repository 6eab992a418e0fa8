//! The error of a request that brought no response.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use forbear_core::GiveUp;
#[cfg(any(feature = "reqwest", feature = "ureq"))]
use forbear_core::Outcome;
use forbear_core::driver::{Attempts, History};

/// A request that brought no response: why it was given up, and the error of its
/// last attempt that had one.
#[derive(Debug)]
pub struct Error<E> {
    reason: GiveUp,
    attempts: u32,
    history: Box<History>,
    source: Option<E>,
}

impl<E> Error<E> {
    pub(super) fn new(reason: GiveUp, attempts: &Attempts, source: Option<E>) -> Self {
        let history = Box::new(attempts.history().clone());
        Self { reason, attempts: attempts.sends(), history, source }
    }

    /// What could not become a request.
    #[cfg(any(feature = "reqwest", feature = "ureq"))]
    pub(crate) fn unsendable(source: E) -> Self {
        let reason = GiveUp::NotRetryable(Outcome::Permanent);
        Self { reason, attempts: 0, history: Box::default(), source: Some(source) }
    }

    /// Why it was given up.
    #[must_use]
    pub const fn reason(&self) -> GiveUp {
        self.reason
    }

    /// How many times it was sent; 0 if it was never let through.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The attempts that failed: when, how, with which status, and what wait followed.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// The time that the last attempt had, where it was
    /// [cut off](forbear_core::PolicyBuilder::attempt_timeout) for taking longer.
    ///
    /// The server may have done the work.
    #[must_use]
    pub fn timed_out_after(&self) -> Option<Duration> {
        self.history.last().and_then(|last| last.timed_out_after)
    }

    /// The inner service's error of the last attempt that had one; none that was cut off
    /// does.
    #[must_use]
    pub fn into_inner(self) -> Option<E> {
        self.source
    }
}

impl<E> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.attempts == 1 { "" } else { "s" };
        write!(f, "gave up after {} attempt{plural}: {}", self.attempts, self.reason)?;
        let Some(timeout) = self.timed_out_after() else { return Ok(()) };
        let what = if self.attempts == 1 { "it" } else { "the last one" };
        write!(f, "; {what} timed out after {timeout:?}")
    }
}

impl<E: StdError + 'static> StdError for Error<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
