//! How fast to send to a server of which only its refusals are known.
//!
//! The rate is known between two bounds: `low` is let through, `high` is not. A rate
//! between is tried for as long as a window of the server lasts, and moves one of them.
//!
//! Time is cut at *openings*: when something is let through for the first time after a
//! refusal. From one opening to the next is an epoch. Its units over its time are what
//! the server lets through in the long run, and no more than that, whatever its rule
//! is. If the rule is a bucket, [`Fit`](super::fit::Fit) names closer bounds; they are
//! trusted once a rate that a window would have borne was refused.

mod opening;
mod phase;
mod recent;
mod votes;

use core::time::Duration;

use super::super::model::ServerModel;
use super::fit::{Burst, RATE_MAX, rate_of};
use super::log::Log;
use crate::limiter::purse::{Purse, UNIT};
use crate::{Decision, Quantity, Timestamp};

use self::phase::{FIRST_SHIFT, Phase};
use self::recent::Recent;
use self::votes::Votes;

/// The pace in force since the first refusal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    purse: Purse,
    phase: Phase,
    epoch: Epoch,
    /// A rate that is let through, as far as is known, in millionths of a unit a second.
    low: u64,
    /// Whether a window's units of it were.
    is_proven: bool,
    /// A rate that is not; `RATE_MAX` where none is known.
    high: u64,
    /// While `high` is not known, `low / 2^shift` more is tried.
    shift: u32,
    /// How often in a row `low` was refused.
    falls: u32,
    /// The rate of the last window's units when they were refused.
    refused_rate: u64,
    recent: Recent,
    /// What the last storm cost: refusals, and how long it was closed in nanoseconds.
    cost: (u64, u64),
    /// The units that the server lets through at once: a window's, or what a bucket holds.
    window_units: u64,
    /// What a full bucket of the server holds, if it is one, where that is known well.
    burst: Burst,
    /// And as the last opening has it, in units.
    burst_units: u64,
    shut: Option<Shut>,
    /// When it slowed down last: refusals of what was sent before are of that storm.
    reacted_at: Timestamp,
    /// Times in a row that the rate that was held was found again.
    streak: u32,
    /// How far below the rate it is held, in parts of [`PARTS`].
    margin: u64,
    votes: Votes,
}

/// From one opening to the next.
#[derive(Clone, Copy, Debug)]
struct Epoch {
    /// When the server let the first through, in nanoseconds.
    opened_at: u64,
    units: u64,
    refusals: u64,
}

/// Refused, and nothing let through since.
#[derive(Clone, Copy, Debug)]
struct Shut {
    /// The first and the last refusal, in nanoseconds.
    since: u64,
    last: u64,
    until: Timestamp,
    wait_ns: u64,
    /// Refusals, each of what was sent after the one before.
    asked: u32,
    /// Whether a request is asking.
    is_asking: bool,
}

/// Of what a rate is known or kept to.
const PARTS: u64 = 64;
/// The fewest units over which a rate is taken.
const RECENT_UNITS: u64 = 16;
/// What is held is below `low` by an eighth at most.
const MARGIN_MAX: u64 = PARTS / 8;
/// Units that are let through, at least, for each refusal that asking for more costs:
/// refusals are at most 1 / 128 of the sends while the limit stays what it is.
pub(super) const UNITS_PER_REFUSAL: u64 = 128;
/// Time, at least, for each closure that asking for more costs, in its lengths: at most
/// 1 / 64 of the quota is lost to closures.
const TIME_PER_CLOSURE: u64 = 64;
/// Both are doubled each time that the rate is found again, up to this often; so a raised
/// limit is noticed within 512 units per refusal and 256 closures.
const STREAK_MAX: u32 = 2;
/// Waits of the first closure, of which nothing is known, grow fourfold up to this many.
const FOURFOLD: u32 = 4;

impl Pace {
    /// Shut by the first refusal, at `refused_at`, after `units` since `first`.
    pub(super) fn shut(
        now: Timestamp,
        (first, refused_at): (u64, u64),
        units: u64,
        wait_ns: u64,
        hint: Duration,
    ) -> Self {
        let until = now.after(Duration::from_nanos(wait_ns).max(hint));
        let (since, last) = (refused_at, refused_at);
        Self {
            purse: Purse::empty(now, rate_of(1, wait_ns), UNIT),
            phase: Phase::Blind,
            epoch: Epoch { opened_at: first, units, refusals: 1 },
            low: 0,
            is_proven: false,
            high: RATE_MAX,
            shift: FIRST_SHIFT,
            falls: 0,
            refused_rate: RATE_MAX,
            cost: (1, 0),
            recent: Recent::default(),
            window_units: 0,
            burst: Burst::ANY,
            burst_units: 0,
            shut: Some(Shut { since, last, until, wait_ns, asked: 1, is_asking: false }),
            reacted_at: now,
            streak: 0,
            margin: 1,
            votes: Votes::default(),
        }
    }

    pub(super) fn check(&self, now: Timestamp, units: u32, in_flight: u32) -> Decision {
        match &self.shut {
            Some(shut) if now < shut.until => Decision::WaitUntil(shut.until),
            Some(shut) if self.is_careful(shut) => {
                if shut.is_asking && in_flight > 0 {
                    Decision::WaitForCompletion
                } else {
                    Decision::Admit
                }
            }
            _ => self.purse.check(now, units),
        }
    }

    /// Whether a request would go now, were nothing in flight.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        self.purse.is_full(now) && self.shut.is_none_or(|shut| now >= shut.until)
    }

    pub(super) fn send(&mut self, now: Timestamp, units: u32) {
        self.purse.spend(now, units);
        if let Some(shut) = &mut self.shut {
            shut.is_asking = true;
        }
    }

    pub(super) fn settle(
        &mut self,
        now: Timestamp,
        sent_at: Timestamp,
        (charged, actual): (u32, u32),
        is_failed: bool,
    ) {
        self.purse.settle(charged, actual);
        if let Some(shut) = &mut self.shut
            && sent_at >= self.reacted_at
        {
            shut.is_asking = false;
            if is_failed {
                // Who asked got no answer; the next one asks no sooner.
                shut.until = shut.until.max(now.after(Duration::from_nanos(shut.wait_ns)));
            }
        }
    }

    pub(super) fn refused(&mut self, now: Timestamp, at: u64, sent_at: Timestamp, hint: Duration) {
        self.epoch.refusals = self.epoch.refusals.saturating_add(1);
        let opens_at = now.after(hint);
        if sent_at < self.reacted_at {
            if let Some(shut) = &mut self.shut {
                shut.until = shut.until.max(opens_at);
            }
            return;
        }
        self.reacted_at = now;
        self.purse.empty_at(now);
        let shut = match self.shut {
            None => {
                self.refused_rate = self.recent.rate(at, self.window_units.max(RECENT_UNITS));
                let interval_ns = self.purse.interval_ns();
                let wait_ns = interval_ns.max(self.until_average_ns(at) / 4);
                Shut { since: at, last: at, until: now, wait_ns, asked: 1, is_asking: false }
            }
            Some(shut) => {
                let is_blind = matches!(self.phase, Phase::Blind) && shut.asked < FOURFOLD;
                let wait_ns = shut.wait_ns.saturating_mul(if is_blind { 4 } else { 2 });
                let asked = shut.asked.saturating_add(1);
                Shut { last: at.max(shut.last), wait_ns, asked, is_asking: false, ..shut }
            }
        };
        let until = now.after(Duration::from_nanos(shut.wait_ns)).max(opens_at);
        self.shut = Some(Shut { until, ..shut });
    }

    pub(super) fn admitted(
        &mut self,
        now: Timestamp,
        at: u64,
        sent_at: Timestamp,
        units: u64,
        log: &mut Log,
    ) {
        match self.shut {
            Some(shut) if sent_at >= self.reacted_at => {
                let closed = self.epoch;
                if self.is_careful(&shut) {
                    self.purse.empty_at(now);
                }
                self.shut = None;
                self.epoch = Epoch { opened_at: at, units, refusals: 0 };
                self.opened(now, at, &closed, &shut, log);
            }
            shut => {
                self.epoch.units = self.epoch.units.saturating_add(units);
                self.recent.add(units);
                if shut.is_none() {
                    self.go_on(now, at, units);
                }
            }
        }
    }

    /// Whether one request is to ask before others follow: a bucket has a unit after an
    /// interval, a window after who knows how long.
    const fn is_careful(&self, shut: &Shut) -> bool {
        shut.asked > 1 || !self.votes.is_bucket()
    }

    /// Until the units of this epoch are no more than `low` allows, in nanoseconds; zero
    /// for a bucket, which does not wait for that.
    fn until_average_ns(&self, at: u64) -> u64 {
        if self.votes.is_bucket() {
            return 0;
        }
        let due_ns = UNIT.unsigned_abs() * u128::from(self.epoch.units);
        let due_ns = due_ns / u128::from(self.low.max(1));
        let took_ns = at.saturating_sub(self.epoch.opened_at);
        u64::try_from(due_ns).unwrap_or(u64::MAX).saturating_sub(took_ns)
    }

    /// What the server is taken for, once something was let through after a refusal.
    pub(super) fn model(&self) -> Option<ServerModel> {
        if matches!(self.phase, Phase::Blind) {
            return None;
        }
        let rate = Quantity::from_micros(self.low);
        let burst = if self.votes.is_bucket() { self.burst_units } else { self.window_units };
        let (kind, votes) = self.votes.kind();
        Some(ServerModel::voted(kind, rate, Quantity::from_units(burst), votes))
    }
}
