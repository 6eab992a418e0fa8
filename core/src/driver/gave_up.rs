//! The error of a call that was given up.

use alloc::boxed::Box;
use core::error::Error;
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

    /// What the last attempt returned, of those that did not
    /// [time out](crate::PolicyBuilder::attempt_timeout); `None` if there was none.
    #[must_use]
    pub const fn last(&self) -> Option<&Result<T, E>> {
        self.last.as_ref()
    }

    /// What the last attempt returned that did not time out.
    #[must_use]
    pub fn into_last(self) -> Option<Result<T, E>> {
        self.last
    }

    /// The error of the last attempt that returned; `None` if none did, or it was given up
    /// after an answer that a predicate wanted retried.
    #[must_use]
    pub fn into_error(self) -> Option<E> {
        self.last.and_then(Result::err)
    }

    /// The same without the value and the error's type: for `?` where the error is a
    /// `Box<dyn Error>` or an `anyhow::Error`, which are no [`Error`]
    /// themselves, or where `T` cannot be sent to other threads.
    ///
    /// ```
    /// use std::error::Error;
    /// use forbear_core::Policy;
    ///
    /// type AnyResult<T> = Result<T, Box<dyn Error + Send + Sync>>;
    ///
    /// fn ask() -> AnyResult<u8> {
    ///     let policy = Policy::recommended();
    ///     let parse = || -> AnyResult<u8> { Ok("x".parse::<u8>()?) };
    ///     Ok(policy.retry(parse).when(|_| false).blocking().map_err(|end| end.erased())?)
    /// }
    ///
    /// let error = ask().unwrap_err();
    /// assert!(error.to_string().starts_with("gave up after 1 attempt"));
    /// assert_eq!(error.source().unwrap().to_string(), "invalid digit found in string");
    /// ```
    #[must_use]
    pub fn erased(self) -> GaveUp<(), Erased>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let Self { reason, attempts, elapsed, history, last } = self;
        let last = last.map(|last| last.map(drop).map_err(|error| Erased(error.into())));
        GaveUp { reason, attempts, elapsed, history, last }
    }
}

/// An error of whatever type; made by [`GaveUp::erased`].
pub struct Erased(Box<dyn Error + Send + Sync>);

impl Erased {
    /// The error itself.
    #[must_use]
    pub fn into_inner(self) -> Box<dyn Error + Send + Sync> {
        self.0
    }
}

impl fmt::Debug for Erased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Erased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Erased {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
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
        write!(f, "gave up after {} attempt{plural}: {}", self.attempts, self.reason)?;
        self.history().tell_time_out(self.attempts, f)
    }
}

impl<T, E: Error + 'static> Error for GaveUp<T, E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.last {
            Some(Err(error)) => Some(error),
            _ => None,
        }
    }
}
