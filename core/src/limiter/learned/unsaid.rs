//! The limit of a server that gives no numbers, from what it refuses.
//!
//! nginx's `limit_req`, a stick table of `HAProxy` and most gateways say 429, with a
//! wait or without, and never how many requests are left. What they refuse tells it
//! all the same: between two refusals a bucket hands out its rate times the time, to
//! within a unit.
//!
//! 1. *Slow start.* Until a refusal, one more request may be in flight for each
//!    [`SLOW_START`] units let through, so that a limit met for the first time costs a
//!    few refusals and a server without any is soon used in full.
//! 2. *Closed.* After a refusal one request asks at a time, after waits that grow, so
//!    that what a closed window refuses is the logarithm of its length.
//! 3. *Searched.* A rate that is let through and one that is refused are the bounds; one
//!    between is tried for a window's units and moves one of them ([`pace`]). Where a
//!    rate that a window would have borne is refused, and a bucket foresaw that, the rates
//!    that agree with all decisions ([`fit`]) are the bounds.
//! 4. *Held, then asked for more.* The rate is kept a little below the lower bound, and
//!    more is asked for the more seldom the more a refusal costs: a refusal for each
//!    [`pace::UNITS_PER_REFUSAL`] units at most, a closure for as many times its length.
//!
//! Refusals of what was sent before the last reaction are of the same storm and change
//! nothing else. What the server explains, by a quota of which nothing is left, is the
//! mirror's.

mod fit;
mod log;
mod pace;

use core::time::Duration;

use super::model::ServerModel;
use crate::limiter::{Completion, is_stale};
use crate::time::nanos;
use crate::{Decision, Dimension, Outcome, Throttle, Timestamp};

use self::log::Log;
use self::pace::Pace;

/// What is learned from refusals; it counts requests.
#[derive(Clone, Debug)]
pub(super) struct Unsaid {
    log: Log,
    /// A smoothed round trip, zero before the first, in nanoseconds.
    trip_ns: u64,
    in_flight: u32,
    /// Units that were let through before any refusal.
    admitted: u64,
    pace: Option<Pace>,
}

/// Units let through for each request that may be in flight beside the first.
///
/// TCP's slow start adds one for each segment (RFC 5681, section 3.1), and the first
/// loss costs as much as was sent in a round trip. A refusal is dearer than a lost
/// segment. With 16 it costs a sixteenth of what was let through, and the number in
/// flight still doubles every eleven round trips.
const SLOW_START: u64 = 16;
/// The first wait is the time of so many units.
const FIRST_WAIT_UNITS: u64 = 16;
/// And no shorter than this.
const FIRST_WAIT_NS: u64 = 1_000_000;

impl Unsaid {
    pub(super) const fn new() -> Self {
        Self { log: Log::new(), trip_ns: 0, in_flight: 0, admitted: 0, pace: None }
    }

    /// Whether a refusal told of a limit.
    pub(super) const fn has_pace(&self) -> bool {
        self.pace.is_some()
    }

    pub(super) fn model(&self) -> Option<ServerModel> {
        self.pace.as_ref().and_then(Pace::model)
    }

    pub(super) fn check(&self, now: Timestamp, units: u32) -> Decision {
        match &self.pace {
            Some(pace) => pace.check(now, units, self.in_flight),
            None if u64::from(self.in_flight) <= self.admitted / SLOW_START => Decision::Admit,
            None => Decision::WaitForCompletion,
        }
    }

    pub(super) fn commit(&mut self, now: Timestamp, units: u32) {
        self.in_flight = self.in_flight.saturating_add(1);
        if let Some(pace) = &mut self.pace {
            pace.send(now, units);
        }
    }

    /// Learns of an answer, of which the server's own numbers explain a refusal or not.
    pub(super) fn observe(&mut self, now: Timestamp, completion: &Completion<'_>, explained: bool) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let sent_at = completion.sent_at.min(now);
        let charged = completion.cost.get(Dimension::Requests);
        let actual = completion.actual.get(Dimension::Requests);
        if let Some(pace) = &mut self.pace {
            let is_failed = completion.observation.outcome == Outcome::Transient;
            pace.settle(now, sent_at, (charged, actual), is_failed);
        }
        // The server decided between the sending and the receipt.
        let trip_ns = nanos(now.since(sent_at));
        let at = sent_at.as_nanos() + trip_ns / 2;
        match completion.observation.outcome {
            Outcome::Throttled(Throttle::RateLimit | Throttle::Overload) if !explained => {
                self.log.refuse(at);
                let hint = completion.observation.retry_after.unwrap_or_default();
                self.refused(now, at, sent_at, hint);
            }
            // Cancelled here, refused for another reason than a rate, or failed: nobody
            // knows whether that was counted.
            Outcome::Ignored | Outcome::Throttled(_) | Outcome::Transient => {}
            Outcome::Success | Outcome::Permanent => {
                let rest_ns = self.trip_ns - self.trip_ns / 8;
                self.trip_ns = if self.trip_ns == 0 { trip_ns } else { rest_ns + trip_ns / 8 };
                self.log.admit(at, actual.max(1));
                self.admitted(now, at, sent_at, actual.max(1));
            }
        }
    }

    fn refused(&mut self, now: Timestamp, at: u64, sent_at: Timestamp, hint: Duration) {
        if let Some(pace) = &mut self.pace {
            pace.refused(now, at, sent_at, hint);
        } else {
            let first_ns = self.log.runs().first().map_or(at, |first| first.from);
            let last_ns = self.log.time_of_last(FIRST_WAIT_UNITS);
            let wait_ns = last_ns.max(self.trip_ns).max(FIRST_WAIT_NS);
            self.pace = Some(Pace::shut(now, (first_ns, at), self.admitted, wait_ns, hint));
        }
    }

    fn admitted(&mut self, now: Timestamp, at: u64, sent_at: Timestamp, units: u32) {
        let units = u64::from(units);
        match &mut self.pace {
            Some(pace) => pace.admitted(now, at, sent_at, units, &mut self.log),
            None => self.admitted = self.admitted.saturating_add(units),
        }
    }

    /// With nothing in flight and no refusal seen, or long unused with no wait in force.
    pub(super) fn is_idle(&self, now: Timestamp, latest: Timestamp) -> bool {
        let is_open = |pace: &Pace| is_stale(now, latest) && pace.is_open(now);
        self.in_flight == 0 && self.pace.as_ref().is_none_or(is_open)
    }
}
