//! When a second request is sent although the answer to the first is outstanding.
//!
//! "Defer sending a secondary request until the first request has been outstanding for
//! more than the 95th-percentile expected latency for this class of requests. This
//! approach limits the additional load to approximately 5% while substantially shortening
//! the latency tail": Jeffrey Dean and Luiz Andre Barroso, "The Tail at Scale",
//! Communications of the ACM 56(2), 2013, <https://doi.org/10.1145/2408776.2408794>.

use core::num::NonZeroU8;
use core::time::Duration;

use crate::InvalidConfig;

/// When a request is sent a second time because its answer is late, and how often.
///
/// For reads of which the slowest matter most. The first good answer counts. A driver
/// that hedges asks [`Engine::hedge`](crate::Engine::hedge) for each further send; which
/// requests it hedges at all, and how it measures latencies, is its own.
///
/// # Examples
///
/// ```
/// use std::num::NonZeroU8;
/// use std::time::Duration;
/// use forbear_core::{Hedging, Policy};
///
/// // gRPC's `hedgingDelay`, with its most attempts.
/// let hedging = Hedging::after(Duration::from_millis(200));
/// let policy = Policy::builder().hedging(hedging.at_most(NonZeroU8::new(4).unwrap())).build()?;
/// assert_eq!(policy.hedging().map(|hedging| hedging.most()), Some(4));
///
/// // Or when it takes longer than 95 of 100 did.
/// let hedging = Hedging::after_percentile(95)?;
/// assert_eq!(hedging.delay(|_| None), None, "nothing is known yet");
/// assert_eq!(
///     hedging.delay(|percent| Some(Duration::from_millis(percent.into()))),
///     Some(Duration::from_millis(95)),
/// );
/// # Ok::<(), forbear_core::InvalidConfig>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hedging {
    late: Late,
    at_most: NonZeroU8,
}

/// When an answer is late.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Late {
    After(Duration),
    /// In percent, `1..=99`.
    Percentile(u8),
}

/// The shortest wait that a percentile gives: below, a second request costs more than it
/// can spare.
const LEAST: Duration = Duration::from_millis(1);

impl Hedging {
    /// One more request when there is no answer after `delay`.
    ///
    /// A `delay` of 0 sends both at once.
    #[must_use]
    pub const fn after(delay: Duration) -> Self {
        Self { late: Late::After(delay), at_most: NonZeroU8::MIN }
    }

    /// One more request when there is no answer after the time in which `percent` of the
    /// requests before had theirs, and at the soonest after 1 ms.
    ///
    /// A percentile follows the server: it rises when everything is slow, and with it the
    /// share of requests that are hedged stays near `100 - percent`.
    ///
    /// # Errors
    ///
    /// If `percent` is not in `1..=99`.
    pub fn after_percentile(percent: u8) -> Result<Self, InvalidConfig> {
        if !(1..=99).contains(&percent) {
            return Err(InvalidConfig::new("percentile", percent, "in 1..=99"));
        }
        Ok(Self { late: Late::Percentile(percent), at_most: NonZeroU8::MIN })
    }

    /// So many more requests at most, each as long after the one before it; 1 unless set.
    ///
    /// gRPC allows four (`maxAttempts` of 5).
    #[must_use]
    pub const fn at_most(mut self, hedges: NonZeroU8) -> Self {
        self.at_most = hedges;
        self
    }

    /// How many more requests are sent at most.
    #[must_use]
    pub const fn most(&self) -> u8 {
        self.at_most.get()
    }

    /// How long an answer may take, where `percentile` gives the time in which so many of
    /// 100 requests had theirs; `None` while that is not known.
    pub fn delay(&self, percentile: impl FnOnce(u8) -> Option<Duration>) -> Option<Duration> {
        match self.late {
            Late::After(delay) => Some(delay),
            Late::Percentile(percent) => Some(percentile(percent)?.max(LEAST)),
        }
    }

    /// Whether it goes by the latencies of requests before.
    #[must_use]
    pub const fn is_learning(&self) -> bool {
        matches!(self.late, Late::Percentile(_))
    }
}
