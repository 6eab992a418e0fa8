//! Obeying the server's wait for everyone, not only for the refused request.
//!
//! A 429 with `Retry-After` is about the quota, which all callers of a scope
//! share, so it closes the scope until the server said so. When it opens, the
//! callers that waited are let through like a TCP sender after a time-out (slow
//! start, RFC 5681 section 3.1): one, then twice as many each round trip, until
//! as many are in flight as were before. The other way, all at once, is the herd
//! that caused the 429.

use core::num::NonZeroU16;

use super::{Completion, Limiter, is_stale};
use crate::{Cost, Decision, Outcome, Timestamp};

/// Closed until the time that the server named; reopened step by step.
///
/// Open at the start. Several waits close it until the latest of them. A refusal
/// without a [wait](crate::Observation::wait) does not close it: how long to wait is then
/// a matter of the backoff.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::limiter::Cooldown;
/// use forbear_core::{Completion, Cost, Decision, Limiter, Observation, Timestamp};
///
/// let mut cooldown = Cooldown::new();
/// let now = Timestamp::ZERO;
/// cooldown.commit(now, &Cost::REQUEST);
/// let refused = Observation::throttled(Some(Duration::from_secs(7)));
/// let cost = Cost::REQUEST;
/// cooldown.observe(now, &Completion { sent_at: now, cost, actual: cost, observation: &refused });
/// let in_7_s = now.after(Duration::from_secs(7));
/// assert_eq!(cooldown.check(now, &cost), Decision::WaitUntil(in_7_s));
/// assert_eq!(cooldown.check(in_7_s, &cost), Decision::Admit);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cooldown {
    opens_at: Timestamp,
    in_flight: u32,
    ramp: Option<Ramp>,
}

/// The reopening after a closure.
///
/// In 16 bits each, so that a million cooldowns take 16 bytes and not 24 each. A ramp
/// that has let through 65,535 at once is over: the queues in front of the server have
/// long been full.
#[derive(Clone, Copy, Debug)]
struct Ramp {
    /// How many may be in flight.
    window: NonZeroU16,
    /// How many were in flight at the closure; the ramp ends there.
    until: u16,
}

impl Cooldown {
    /// An open one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// When it opens; the origin of time if it was never closed.
    #[must_use]
    pub const fn opens_at(&self) -> Timestamp {
        self.opens_at
    }
}

impl Limiter for Cooldown {
    fn check(&self, now: Timestamp, _: &Cost) -> Decision {
        if now < self.opens_at {
            return Decision::WaitUntil(self.opens_at);
        }
        match self.ramp {
            Some(ramp) if self.in_flight >= ramp.window.get().into() => Decision::WaitForCompletion,
            _ => Decision::Admit,
        }
    }

    fn commit(&mut self, _: Timestamp, _: &Cost) {
        self.in_flight = self.in_flight.saturating_add(1);
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        let in_flight = self.in_flight;
        self.in_flight = in_flight.saturating_sub(1);
        let seen = completion.observation;
        match (seen.outcome, seen.wait(), &mut self.ramp) {
            (Outcome::Throttled(_), Some(wait), _) => {
                self.opens_at = self.opens_at.max(now.after(wait));
                let until = self.ramp.map_or(0, |ramp| ramp.until);
                let until = until.max(u16::try_from(in_flight).unwrap_or(u16::MAX));
                self.ramp = Some(Ramp { window: NonZeroU16::MIN, until });
            }
            // The server took the request, even if it then said no to it.
            (Outcome::Success | Outcome::Permanent, _, Some(ramp))
                if completion.sent_at >= self.opens_at =>
            {
                // One more for each answer doubles the window each round trip.
                match ramp.window.checked_add(1) {
                    Some(window) if window.get() <= ramp.until => ramp.window = window,
                    _ => self.ramp = None,
                }
            }
            _ => {}
        }
    }

    /// Open and not reopening; or open for [`STALE_AFTER`](super::STALE_AFTER)
    /// with nothing in flight, since a ramp that nobody climbs ends nowhere.
    fn is_idle(&self, now: Timestamp) -> bool {
        let is_left = self.in_flight == 0 && is_stale(now, self.opens_at);
        now >= self.opens_at && (self.ramp.is_none() || is_left)
    }

    fn name(&self) -> &'static str {
        "cooldown"
    }
}
