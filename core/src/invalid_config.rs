//! The error of every constructor that checks its numbers.

use alloc::string::{String, ToString};
use core::fmt;
use core::time::Duration;

/// A number or text that a policy cannot be built from.
///
/// The message names the parameter, the value and what it must be:
///
/// ```
/// use std::time::Duration;
/// use forbear_core::Rate;
///
/// let error = Rate::new(0, Duration::from_secs(1)).unwrap_err();
/// assert_eq!(error.to_string(), "rate is 0, must be at least 1 per period");
/// assert_eq!(error.parameter(), "rate");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvalidConfig {
    parameter: &'static str,
    value: String,
    must: &'static str,
}

impl InvalidConfig {
    /// `parameter` is `value`, but `must` hold; `must` continues the words
    /// "must be".
    #[must_use]
    pub fn new(parameter: &'static str, value: impl fmt::Display, must: &'static str) -> Self {
        Self { parameter, value: value.to_string(), must }
    }

    /// Refuses 0 where at least 1 is needed.
    pub(crate) fn refuse_zero<T>(parameter: &'static str, value: T) -> Result<(), Self>
    where
        T: Default + fmt::Display + PartialEq,
    {
        if value == T::default() {
            return Err(Self::new(parameter, value, "at least 1"));
        }
        Ok(())
    }

    /// Refuses no time at all.
    pub(crate) fn refuse_no_time(parameter: &'static str, time: Duration) -> Result<(), Self> {
        if time.is_zero() {
            return Err(Self::new(parameter, "0", "longer than 0"));
        }
        Ok(())
    }

    /// Which setting is wrong, by its name in the policy file.
    #[must_use]
    pub const fn parameter(&self) -> &'static str {
        self.parameter
    }

    /// The value that was given.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, must be {}", self.parameter, self.value, self.must)
    }
}

impl core::error::Error for InvalidConfig {}
