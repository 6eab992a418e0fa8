//! How fast to send to a server of which only its refusals are known.
//!
//! Time is cut at *openings*: when something is let through for the first time after a
//! refusal. From one opening to the next is an epoch. Its units over its time are the
//! rate of a server that counts windows, whatever its windows are; of a bucket it is
//! the rate too, if what it held at the start is little beside that. [`Fit`] knows
//! better where its hypothesis holds.

mod phase;

use core::time::Duration;

use super::super::model::{ModelKind, ServerModel};
use super::fit::{Burst, Fit, UNIT, rate_of};
use super::log::Log;
use super::purse::Purse;
use crate::{Decision, Quantity, Timestamp};

use self::phase::Phase;

/// The pace in force since the first refusal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    purse: Purse,
    phase: Phase,
    epoch: Epoch,
    /// The rate of the epoch before.
    epoch_rate: u64,
    /// And its units.
    epoch_units: u64,
    /// Units of an epoch of the size of one window.
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

/// What spoke for a bucket, and what for a window.
#[derive(Clone, Copy, Debug, Default)]
struct Votes {
    bucket: u32,
    window: u32,
    /// Openings in a row at which a bucket agreed with everything.
    in_a_row: u32,
    /// Whether it named a narrow range of rates at the last of them.
    is_narrow: bool,
}

/// From one opening to the next.
#[derive(Clone, Copy, Debug)]
struct Epoch {
    /// When the server let the first through, in nanoseconds.
    opened_at: u64,
    /// When it refused last before that, in nanoseconds.
    empty_at: u64,
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

/// Votes that are kept: what was learned of a server can be unlearned as fast.
const VOTES_MAX: u32 = 8;
const PARTS: u64 = 64;
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
            purse: Purse::empty(now, rate_of(1, wait_ns)),
            phase: Phase::Blind,
            epoch: Epoch { opened_at: first, empty_at: first, units, refusals: 1 },
            epoch_rate: 0,
            epoch_units: 0,
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
                self.epoch = Epoch { opened_at: at, empty_at: shut.last, units, refusals: 0 };
                self.opened(now, at, &closed, &shut, log);
            }
            shut => {
                self.epoch.units = self.epoch.units.saturating_add(units);
                if shut.is_none() {
                    self.go_on(now, at, units);
                }
            }
        }
    }

    /// Decides on a rate: the server lets through again.
    fn opened(&mut self, now: Timestamp, at: u64, closed: &Epoch, shut: &Shut, log: &mut Log) {
        let is_first = matches!(self.phase, Phase::Blind);
        let is_window = is_first || closed.units.saturating_mul(2) >= self.window_units;
        let is_same = closed.units.abs_diff(self.epoch_units) <= closed.units / 8;
        let is_one = closed.units < self.window_units.saturating_mul(2);
        if is_first || is_window && (is_one || is_same) {
            self.window_units = closed.units.max(1);
        }
        self.epoch_units = closed.units;
        let fit = self.fitted(log, is_first, is_window);
        if !is_window && !self.is_bucket() {
            // Not a window of that size any more.
            self.window_units = closed.units.max(1);
        }
        if matches!(self.phase, Phase::Hold { .. }) {
            self.streak = 0;
            if closed.units < closed.refusals.saturating_mul(PARTS) {
                // It was held too high, for reasons that the model has not.
                self.margin = (2 * self.margin).min(PARTS / 2);
            }
        }
        // How long it was closed is known only where that was asked for.
        let is_measured = shut.asked > 1;
        let by_epoch = rate_of(closed.units, at.saturating_sub(closed.opened_at));
        let sustained = self.phase.sustained(closed.units, self.window_units, self.purse.rate());
        let likely = if is_measured { by_epoch.midpoint(sustained) } else { sustained };
        // Twice the rate that was served is too much, whatever went well for a while.
        let by_epoch = by_epoch.max(likely.min(by_epoch.saturating_mul(2)));
        let is_steady = !is_first && by_epoch.abs_diff(self.epoch_rate) <= by_epoch / 8;
        self.epoch_rate = by_epoch;

        match fit {
            Some(fit) if self.votes.is_narrow => {
                let agrees = is_steady && (fit.low..=fit.high).contains(&by_epoch);
                let rate = if agrees { by_epoch } else { fit.low + fit.width() / 4 };
                if agrees || fit.width() <= fit.low / 16 {
                    self.hold(now, at, rate, closed, shut);
                } else {
                    self.ask_for_more(now, at, rate);
                }
            }
            Some(fit) if !is_window && self.is_bucket() && self.votes.in_a_row > 0 => {
                self.narrow(now, fit.low, fit.high);
            }
            _ if is_steady => self.hold(now, at, by_epoch, closed, shut),
            _ => {
                let step = if is_measured || !is_first { 3 } else { 0 };
                self.search(now, at, by_epoch - by_epoch / PARTS, step);
            }
        }
    }

    /// The rates of a bucket that would have decided like that, once what is too old
    /// to agree is forgotten.
    fn fitted(&mut self, log: &mut Log, is_first: bool, is_window: bool) -> Option<Fit> {
        let guess = if self.burst_units > 0 { self.burst_units } else { self.window_units };
        let mut fit = Fit::of(log, &self.burst, guess);
        let votes = &mut self.votes;
        votes.in_a_row = if fit.is_some() { votes.in_a_row.saturating_add(1) } else { 0 };
        if !is_window || fit.as_ref().is_some_and(Fit::is_narrow) {
            votes.bucket = (votes.bucket + 1).min(VOTES_MAX);
        } else if !is_first {
            votes.window = (votes.window + 1).min(VOTES_MAX);
        }
        while fit.is_none() && log.runs().len() > 3 {
            // What was known of the burst goes first.
            if !self.burst.is_known() {
                log.forget(log.runs().len().div_ceil(4));
            }
            self.burst = Burst::ANY;
            fit = Fit::of(log, &self.burst, guess);
        }
        votes.is_narrow = false;
        if let Some(fit) = &fit {
            self.burst_units = fit.burst.units();
            if fit.is_narrow() {
                self.burst = fit.burst;
                votes.is_narrow = votes.in_a_row > 0;
            }
        }
        fit
    }

    const fn is_bucket(&self) -> bool {
        self.votes.bucket > self.votes.window
    }

    /// Whether one request is to ask before others follow: a bucket has a unit after an
    /// interval, a window after who knows how long.
    const fn is_careful(&self, shut: &Shut) -> bool {
        shut.asked > 1 || !self.is_bucket()
    }

    /// Units that may go at once, at most.
    fn spare(&self) -> u64 {
        if self.is_bucket() { self.burst_units } else { self.burst_units.max(self.window_units) }
    }

    /// Until the units of this epoch are no more than the rate of the one before, in nanoseconds;
    /// zero for a bucket, which does not wait for that.
    fn until_average_ns(&self, at: u64) -> u64 {
        if self.is_bucket() {
            return 0;
        }
        let due_ns = UNIT.unsigned_abs() * u128::from(self.epoch.units);
        let due_ns = due_ns / u128::from(self.epoch_rate.max(1));
        let took_ns = at.saturating_sub(self.epoch.opened_at);
        u64::try_from(due_ns).unwrap_or(u64::MAX).saturating_sub(took_ns)
    }

    /// What the server is taken for, once something was let through after a refusal.
    pub(super) fn model(&self) -> Option<ServerModel> {
        if matches!(self.phase, Phase::Blind) {
            return None;
        }
        let Votes { bucket, window, .. } = self.votes;
        let (kind, votes) = match bucket.cmp(&window) {
            core::cmp::Ordering::Greater => (ModelKind::Bucket, bucket),
            core::cmp::Ordering::Less => (ModelKind::Window, window),
            core::cmp::Ordering::Equal => (ModelKind::Unknown, bucket),
        };
        let rate = Quantity::from_micros(self.phase.rate());
        let burst = if self.is_bucket() { self.spare() } else { self.window_units };
        Some(ServerModel::voted(kind, rate, Quantity::from_units(burst), (votes, bucket + window)))
    }
}
