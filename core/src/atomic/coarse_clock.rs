//! A time that is read once and used often.

use core::sync::atomic::Ordering;
use core::time::Duration;

use super::sync::AtomicU64;
use crate::time::nanos;
use crate::{Clock, Timestamp};

/// The time of the last [`tick`](Self::tick), up to `resolution` ago.
///
/// Reading the system's clock costs several times what a check costs. Here
/// somebody who reads it anyway, such as a loop of events at each turn, says what
/// it is, and everybody else reads one number. If ticks are at most `resolution`
/// apart, [`AtomicGcra::acquire_by`](super::AtomicGcra::acquire_by) admits
/// nothing too early and keeps its envelope, and a wait is longer by at most
/// `resolution`. If they stop, nothing more is admitted than a bucket holds.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::atomic::{AtomicGcra, CoarseClock};
/// use forbear_core::{Clock, Timestamp};
///
/// let clock = CoarseClock::new(Timestamp::ZERO, Duration::from_millis(1));
/// let gcra = AtomicGcra::new("100/s".parse().unwrap(), 2).unwrap();
/// assert!(gcra.acquire_by(&clock, 1).is_admit());
/// clock.tick(Timestamp::from_nanos(1_000_000));
/// assert_eq!(clock.now(), Timestamp::from_nanos(1_000_000));
/// ```
#[derive(Debug)]
#[repr(align(64))]
pub struct CoarseClock {
    now_ns: AtomicU64,
    resolution: Duration,
}

impl CoarseClock {
    /// A clock that says `now`, and that is ticked at least every `resolution`.
    #[must_use]
    pub fn new(now: Timestamp, resolution: Duration) -> Self {
        Self { now_ns: AtomicU64::new(now.as_nanos()), resolution: cut(resolution) }
    }

    /// It is `now`; an earlier time than it already says is ignored.
    pub fn tick(&self, now: Timestamp) {
        self.now_ns.fetch_max(now.as_nanos(), Ordering::Relaxed);
    }

    /// What it is at least, and at most.
    #[inline]
    pub(super) fn span(&self) -> (Timestamp, Timestamp) {
        let now = self.now();
        (now, now.after(self.resolution))
    }

    /// How late it may be.
    #[must_use]
    pub const fn resolution(&self) -> Duration {
        self.resolution
    }
}

/// The longest time that a [`Timestamp`] can hold.
const fn cut(resolution: Duration) -> Duration {
    Duration::from_nanos(nanos(resolution))
}

impl Clock for CoarseClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.now_ns.load(Ordering::Relaxed))
    }
}
