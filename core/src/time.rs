//! Monotonic time as plain data.

use core::fmt;
use core::time::Duration;

/// A reading of a monotonic clock: nanoseconds since an arbitrary origin.
///
/// It is never a date, and two readings compare only if the same [`Clock`] gave
/// both. `u64` nanoseconds last 584 years, so arithmetic saturates instead of
/// wrapping and no caller has to handle an error that cannot happen.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::Timestamp;
///
/// let start = Timestamp::from_nanos(5);
/// assert_eq!(start.after(Duration::from_nanos(3)).as_nanos(), 8);
/// assert_eq!(start.since(Timestamp::from_nanos(9)), Duration::ZERO);
/// assert_eq!(Timestamp::MAX.after(Duration::MAX), Timestamp::MAX);
/// ```
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Timestamp(u64);

impl Timestamp {
    /// The end of time, 584 years after the origin.
    pub const MAX: Self = Self(u64::MAX);

    /// The clock's origin.
    pub const ZERO: Self = Self(0);

    /// `nanos` nanoseconds after the clock's origin.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the clock's origin.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time `delay` after this one, or [`MAX`](Self::MAX) where that overflows.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self(self.0.saturating_add(nanos(delay)))
    }

    /// How long ago `earlier` was; zero if it is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t+{:?}", Duration::from_nanos(self.0))
    }
}

/// A source of monotonic time. Only drivers hold one.
///
/// # Contract
///
/// * No answer is earlier than an earlier answer.
pub trait Clock: fmt::Debug {
    /// The current time.
    fn now(&self) -> Timestamp;
}

/// `delay` in whole nanoseconds, saturating at 584 years.
pub(crate) const fn nanos(delay: Duration) -> u64 {
    let nanos = delay.as_nanos();
    if nanos > u64::MAX as u128 {
        u64::MAX
    } else {
        #[expect(clippy::cast_possible_truncation, reason = "checked in the line above")]
        {
            nanos as u64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_saturate() {
        assert_eq!(nanos(Duration::from_nanos(u64::MAX)), u64::MAX);
        assert_eq!(nanos(Duration::from_nanos(u64::MAX) + Duration::from_nanos(1)), u64::MAX);
        assert_eq!(nanos(Duration::MAX), u64::MAX);
        assert_eq!(nanos(Duration::from_nanos(u64::MAX - 1)), u64::MAX - 1);
    }
}
