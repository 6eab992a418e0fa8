//! When a second request is sent although the answer to the first is outstanding.
//!
//! "Defer sending a secondary request until the first request has been outstanding for
//! more than the 95th-percentile expected latency for this class of requests. This
//! approach limits the additional load to approximately 5% while substantially shortening
//! the latency tail": Jeffrey Dean and Luiz Andre Barroso, "The Tail at Scale",
//! Communications of the ACM 56(2), 2013, <https://doi.org/10.1145/2408776.2408794>.

mod latencies;

use std::num::NonZeroU8;
use std::sync::Arc;
use std::time::Duration;

use forbear_core::InvalidConfig;

pub(super) use self::latencies::Latencies;

/// When a request is sent a second time because its answer is late, and how often.
///
/// For reads of which the slowest matter most. The first good answer counts, and the
/// other request is dropped. Held to more than a retry is:
///
/// * Only a GET, HEAD, OPTIONS or TRACE is hedged, or a request with an
///   `Idempotency-Key`, which is the same on both; and only with a body that can be sent
///   twice at once.
/// * A hedge is paid from the retry budget and counts as an attempt: of three attempts at
///   most, three may be under way at once, and then there is no retry.
/// * It never waits: if a limiter would hold it back, or others stand in line, there is
///   none. So there is none after a 429, and none while a server tells anyone to wait.
/// * Its deadline is that of the request.
///
/// Hedges are counted in [`Statistics`](forbear_core::driver::Statistics) and told to
/// [`Observer::before_hedge`](forbear_core::driver::Observer::before_hedge). A trace has a
/// hedged attempt as one, from its first send to the answer that counted.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::Policy;
/// use forbear_http::{ForbearLayer, Hedging};
///
/// // A second request after 200 ms; gRPC's `hedgingDelay`.
/// let layer = ForbearLayer::new(Policy::recommended())
///     .hedging(Hedging::after(Duration::from_millis(200)));
/// // Or when it takes longer than 95 of 100 did.
/// let layer = layer.hedging(Hedging::after_percentile(95)?);
/// # let _ = layer;
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
    /// last requests of the same host or key had theirs, and at the soonest after 1 ms.
    ///
    /// Of the last 256 requests; until there are 32 nothing is hedged. A percentile
    /// follows the server: it rises when everything is slow, and with it the share of
    /// requests that are hedged stays near `100 - percent`.
    ///
    /// # Errors
    ///
    /// If `percent` is not in `1..=99`.
    pub fn after_percentile(percent: u8) -> Result<Self, InvalidConfig> {
        if !(1..=99).contains(&percent) {
            return Err(InvalidConfig::new("percent", percent, "in 1..=99"));
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
    pub(super) const fn most(&self) -> u8 {
        self.at_most.get()
    }

    /// How long an answer may take; `None` while that is not known.
    pub(super) fn delay(&self, latencies: &Latencies) -> Option<Duration> {
        match self.late {
            Late::After(delay) => Some(delay),
            Late::Percentile(percent) => Some(latencies.percentile(percent)?.max(LEAST)),
        }
    }

    /// Whether it goes by the latencies of requests before.
    pub(super) const fn is_learning(&self) -> bool {
        matches!(self.late, Late::Percentile(_))
    }
}

/// The hedging of a layer, and the latencies of requests without a scope of their own.
#[derive(Clone, Debug)]
pub(super) struct Armed {
    pub(super) hedging: Hedging,
    pub(super) common: Arc<Latencies>,
}

impl Armed {
    pub(super) fn new(hedging: Hedging) -> Self {
        Self { hedging, common: Arc::default() }
    }
}
