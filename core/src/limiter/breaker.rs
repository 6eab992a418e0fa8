//! The circuit breaker.
//!
//! Nygard, "Release It!", 2007: after too many failures nothing is sent for a
//! while, then a few probes; if they succeed, everything is as before.
//!
//! A refusal for rate is no failure: the server is well and says so, and the
//! limiters that obey it are others. What counts is a request that failed in a
//! way that may pass, or an overload.

mod last;

use alloc::boxed::Box;
use core::time::Duration;

use self::last::Last;
use super::rolling::Rolling;
use super::{Completion, Limiter, is_stale};
use crate::time::nanos;
use crate::{Cost, Decision, InvalidConfig, Outcome, Throttle, Timestamp};

/// Closed, until too many requests fail; then open for a time; then half-open,
/// for as many probes as must succeed to close it.
///
/// One failed probe opens it again. An answer to a request that was sent before
/// it opened neither closes nor opens it. It starts closed.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::limiter::Breaker;
/// use forbear_core::{Completion, Cost, Decision, Limiter, Observation, Outcome, Timestamp};
///
/// let mut breaker = Breaker::after(2, Duration::from_secs(5)).unwrap();
/// let (now, cost) = (Timestamp::ZERO, Cost::REQUEST);
/// let failed = Observation::new(Outcome::Transient);
/// for _ in 0..2 {
///     assert!(breaker.acquire(now, &cost).is_admit());
///     breaker.observe(now, &Completion { sent_at: now, cost, actual: cost, observation: &failed });
/// }
/// let in_5_s = now.after(Duration::from_secs(5));
/// assert_eq!(breaker.acquire(now, &cost), Decision::WaitUntil(in_5_s));
/// assert!(breaker.acquire(in_5_s, &cost).is_admit());
/// // One probe at a time.
/// assert_eq!(breaker.acquire(in_5_s, &cost), Decision::WaitForCompletion);
/// ```
#[derive(Clone, Debug)]
pub struct Breaker {
    trip: Trip,
    open_for_ns: u64,
    probes: u32,
    state: State,
    latest: Timestamp,
}

/// What opens it.
#[derive(Clone, Debug)]
enum Trip {
    /// This many failures in a row.
    InARow { failures: u32, seen: u32 },
    /// This share of the requests, once there are enough of them.
    Share { percent: u32, at_least: u32, seen: Box<Rolling> },
    /// This share of the last requests, once there were as many.
    LastShare { percent: u32, seen: Last },
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed { since: Timestamp },
    Open { until: Timestamp },
    HalfOpen { since: Timestamp, in_flight: u32, succeeded: u32 },
}

impl Breaker {
    /// Opens after `failures` in a row, for `open_for`.
    ///
    /// # Errors
    ///
    /// If either is 0.
    pub fn after(failures: u32, open_for: Duration) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_zero("failures", failures)?;
        Self::new(Trip::InARow { failures, seen: 0 }, open_for)
    }

    /// Opens when `percent` of the requests of the last `window` failed and there
    /// were `at_least` as many, for `open_for`.
    ///
    /// # Errors
    ///
    /// If `percent` is not from 1 to 100, or another is 0.
    pub fn at_share(
        percent: u32,
        at_least: u32,
        window: Duration,
        open_for: Duration,
    ) -> Result<Self, InvalidConfig> {
        refuse_no_percent(percent)?;
        InvalidConfig::refuse_zero("at_least", at_least)?;
        InvalidConfig::refuse_no_time("window", window)?;
        let seen = Box::new(Rolling::over(nanos(window)));
        Self::new(Trip::Share { percent, at_least, seen }, open_for)
    }

    /// Opens when `percent` of the last `requests` failed, for `open_for`; not before so
    /// many were answered since it closed.
    ///
    /// A window of a count instead of a time, as resilience4j's default: what it takes to
    /// open it is the same however much is sent. One bit a request.
    ///
    /// ```
    /// use std::time::Duration;
    /// use forbear_core::limiter::Breaker;
    ///
    /// let breaker = Breaker::at_share_of_last(50, 100, Duration::from_secs(60))?;
    /// # let _ = breaker;
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If `percent` is not from 1 to 100, `requests` not from 1 to 1,000,000, or
    /// `open_for` is 0.
    pub fn at_share_of_last(
        percent: u32,
        requests: u32,
        open_for: Duration,
    ) -> Result<Self, InvalidConfig> {
        refuse_no_percent(percent)?;
        if !(1..=1_000_000).contains(&requests) {
            return Err(InvalidConfig::new("requests", requests, "from 1 to 1000000"));
        }
        Self::new(Trip::LastShare { percent, seen: Last::new(requests) }, open_for)
    }

    fn new(trip: Trip, open_for: Duration) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_no_time("open_for", open_for)?;
        let state = State::Closed { since: Timestamp::ZERO };
        let latest = Timestamp::ZERO;
        Ok(Self { trip, open_for_ns: nanos(open_for), probes: 1, state, latest })
    }

    /// Closes after `probes` successes; as many may be in flight at once.
    ///
    /// # Errors
    ///
    /// If it is 0.
    pub fn with_probes(mut self, probes: u32) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_zero("probes", probes)?;
        self.probes = probes;
        Ok(self)
    }

    /// Whether nothing is sent at `now`.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        matches!(self.state, State::Open { until } if now < until)
    }

    fn open(&mut self, now: Timestamp) {
        let until = now.after(Duration::from_nanos(self.open_for_ns));
        self.state = State::Open { until };
        match &mut self.trip {
            Trip::InARow { seen, .. } => *seen = 0,
            Trip::Share { seen, .. } => seen.clear(),
            Trip::LastShare { seen, .. } => seen.clear(),
        }
    }
}

impl Trip {
    /// Counts one answer, and says whether it is one too many.
    fn trips(&mut self, now: Timestamp, failed: bool) -> bool {
        match self {
            Self::InARow { failures, seen } => {
                *seen = if failed { seen.saturating_add(1) } else { 0 };
                seen >= failures
            }
            Self::Share { percent, at_least, seen } => {
                seen.add(now, [1, u64::from(failed)]);
                let [all, bad] = seen.sums(now);
                failed && is_share(bad, all, *percent) && all >= u64::from(*at_least)
            }
            Self::LastShare { percent, seen } => {
                let full = seen.add(failed);
                failed && full.is_some_and(|(bad, all)| is_share(bad, all, *percent))
            }
        }
    }

    /// Whether no failure counts at `now`.
    fn is_clear(&self, now: Timestamp) -> bool {
        match self {
            Self::InARow { seen, .. } => *seen == 0,
            // The successes count too: without them a failure weighs more.
            Self::Share { seen, .. } => seen.sums(now) == [0, 0],
            // Made anew it has to see as many before it opens.
            Self::LastShare { seen, .. } => seen.is_clear(),
        }
    }
}

fn refuse_no_percent(percent: u32) -> Result<(), InvalidConfig> {
    if (1..=100).contains(&percent) {
        return Ok(());
    }
    Err(InvalidConfig::new("percent", percent, "from 1 to 100"))
}

/// Whether `bad` of `all` is at least so many percent.
fn is_share(bad: u64, all: u64, percent: u32) -> bool {
    u128::from(bad) * 100 >= u128::from(all) * u128::from(percent)
}

/// Whether a request failed as far as a breaker is concerned; `None` says nothing.
const fn failed(outcome: Outcome) -> Option<bool> {
    match outcome {
        Outcome::Transient | Outcome::Throttled(Throttle::Overload) => Some(true),
        Outcome::Success | Outcome::Permanent => Some(false),
        Outcome::Throttled(_) | Outcome::Ignored => None,
    }
}

impl Limiter for Breaker {
    fn check(&self, now: Timestamp, _: &Cost) -> Decision {
        match self.state {
            State::Open { until } if now < until => Decision::WaitUntil(until),
            State::HalfOpen { in_flight, .. } if in_flight >= self.probes => {
                Decision::WaitForCompletion
            }
            State::Closed { .. } | State::Open { .. } | State::HalfOpen { .. } => Decision::Admit,
        }
    }

    fn commit(&mut self, now: Timestamp, _: &Cost) {
        self.latest = self.latest.max(now);
        match &mut self.state {
            State::Closed { .. } => {}
            State::Open { .. } => {
                self.state = State::HalfOpen { since: now, in_flight: 1, succeeded: 0 };
            }
            State::HalfOpen { in_flight, .. } => *in_flight = in_flight.saturating_add(1),
        }
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        self.latest = self.latest.max(now);
        let failed = failed(completion.observation.outcome);
        match &mut self.state {
            State::Closed { since } if completion.sent_at >= *since => {
                if failed.is_some_and(|failed| self.trip.trips(now, failed)) {
                    self.open(now);
                }
            }
            State::HalfOpen { since, in_flight, succeeded } if completion.sent_at >= *since => {
                *in_flight = in_flight.saturating_sub(1);
                match failed {
                    Some(true) => self.open(now),
                    Some(false) => {
                        *succeeded = succeeded.saturating_add(1);
                        if *succeeded >= self.probes {
                            self.state = State::Closed { since: *since };
                        }
                    }
                    None => {}
                }
            }
            // Sent before the last change: no news.
            State::Closed { .. } | State::Open { .. } | State::HalfOpen { .. } => {}
        }
    }

    /// Closed without a failure that counts; or in any state that has lasted for
    /// [`STALE_AFTER`](super::STALE_AFTER), but for that long beyond an opening.
    fn is_idle(&self, now: Timestamp) -> bool {
        match self.state {
            State::Closed { .. } => self.trip.is_clear(now) || is_stale(now, self.latest),
            State::Open { until } => is_stale(now, until.max(self.latest)),
            State::HalfOpen { in_flight, .. } => in_flight == 0 && is_stale(now, self.latest),
        }
    }

    fn name(&self) -> &'static str {
        "breaker"
    }
}
