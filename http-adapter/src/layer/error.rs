//! The error of a request that brought no response.

use std::error::Error as StdError;
use std::fmt;

use forbear_core::GiveUp;

/// A request that brought no response: why it was given up, and the error of its
/// last attempt if it was sent at all.
#[derive(Debug)]
pub struct Error<E> {
    reason: GiveUp,
    attempts: u32,
    source: Option<E>,
}

impl<E> Error<E> {
    pub(super) const fn new(reason: GiveUp, attempts: u32, source: Option<E>) -> Self {
        Self { reason, attempts, source }
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

    /// The inner service's error of the last attempt.
    #[must_use]
    pub fn into_inner(self) -> Option<E> {
        self.source
    }
}

impl<E> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.attempts == 1 { "" } else { "s" };
        write!(f, "gave up after {} attempt{plural}: {}", self.attempts, self.reason)
    }
}

impl<E: StdError + 'static> StdError for Error<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
