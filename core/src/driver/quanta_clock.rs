//! A clock that counts the processor's cycles.

use crate::{Clock, Timestamp};

/// The processor's time stamp counter, where it is steady, by the library quanta; the
/// operating system's monotonic clock elsewhere.
///
/// Reading it takes a fraction of the time that [`MonotonicClock`](super::MonotonicClock)
/// takes, which is most of what a [`Limiter`](crate::Limiter) or an
/// [`AtomicGcra`](crate::atomic::AtomicGcra) costs. The price: it is measured against the
/// monotonic clock once, for up to 200 ms, when the process makes the first one, and runs
/// as far off as that measurement is. Its times are of no use to Tokio's timers, so a
/// [`Policy`](crate::Policy) goes by the monotonic clock.
///
/// ```
/// use forbear_core::driver::QuantaClock;
/// use forbear_core::limiter::Gcra;
/// use forbear_core::{Clock, Cost, Limiter};
///
/// let clock = QuantaClock::start();
/// let mut gcra = Gcra::per("100/s".parse().unwrap());
/// assert!(gcra.acquire(clock.now(), &Cost::REQUEST).is_admit());
/// assert!(clock.now() <= clock.now());
/// ```
#[derive(Clone, Debug)]
pub struct QuantaClock {
    clock: quanta::Clock,
    origin: u64,
}

impl QuantaClock {
    /// A clock whose origin is now.
    #[must_use]
    pub fn start() -> Self {
        let clock = quanta::Clock::new();
        let origin = clock.raw();
        Self { clock, origin }
    }
}

impl Clock for QuantaClock {
    #[inline]
    fn now(&self) -> Timestamp {
        // A counter that another core reads as earlier is the origin, not a wrap.
        Timestamp::from_nanos(self.clock.delta_as_nanos(self.origin, self.clock.raw()))
    }
}
