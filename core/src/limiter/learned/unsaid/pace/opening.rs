//! What an opening tells of the rate.

use super::phase::{FIRST_SHIFT, Phase, SMALL_SHIFT};
use super::{Epoch, MARGIN_MAX, PARTS, Pace, RECENT_UNITS, Shut};
use crate::Timestamp;
use crate::limiter::learned::unsaid::fit::{Burst, Fit, rate_of};
use crate::limiter::learned::unsaid::log::Log;

/// A closure with more questions than this was one, not the time of one unit.
const ASKED_OFTEN: u32 = 2;
/// The units that a bucket would have had during a closure that no bucket makes.
const SHUT_UNITS: u64 = 3;

impl Pace {
    /// Decides on a rate: the server lets through again.
    pub(super) fn opened(
        &mut self,
        now: Timestamp,
        at: u64,
        closed: &Epoch,
        shut: &Shut,
        log: &mut Log,
    ) {
        let is_first = matches!(self.phase, Phase::Blind);
        if is_first {
            self.window_units = closed.units.max(1);
        }
        let epoch_ns = at.saturating_sub(closed.opened_at);
        let closure_ns = at.saturating_sub(shut.since);
        self.cost = (closed.refusals.max(1), closure_ns);
        if matches!(self.phase, Phase::Hold { .. }) {
            self.streak = 0;
            let closed_parts = u128::from(closure_ns) * u128::from(PARTS);
            let is_closed_often = closed_parts > u128::from(epoch_ns) * u128::from(self.margin);
            if is_closed_often || closed.units < closed.refusals.saturating_mul(PARTS) {
                // What refusals cost is more than what is left unused to avoid them.
                self.margin = (2 * self.margin).min(MARGIN_MAX);
            }
        }
        let by_epoch = rate_of(closed.units, epoch_ns);
        let fit = self.fitted(log).filter(|fit| fit.width() <= fit.low);
        let is_fall = !is_first && self.purse.rate() <= self.low;
        if !is_first {
            self.vote(by_epoch, is_fall, closed, shut, fit.as_ref());
        }
        match fit {
            Some(fit) if self.votes.is_bucket() => {
                self.low = fit.low;
                self.high = fit.high.min(self.purse.rate()).max(fit.low);
                self.falls = 0;
                self.next(now, at);
            }
            _ if is_first => {
                self.low = by_epoch - by_epoch / PARTS;
                // Of a few units and a wait that was named, the rate may be far too low.
                let is_small = shut.asked == 1 && closed.units < RECENT_UNITS;
                self.shift = if is_small { SMALL_SHIFT } else { FIRST_SHIFT };
                self.attempt(now, at, self.low);
            }
            _ if is_fall => self.fall(now, at, by_epoch, closed, shut),
            fit => self.refuse(now, at, fit.as_ref()),
        }
    }

    /// What speaks for a bucket or a window.
    fn vote(
        &mut self,
        by_epoch: u64,
        is_fall: bool,
        closed: &Epoch,
        shut: &Shut,
        fit: Option<&Fit>,
    ) {
        let shut_ns = shut.last.saturating_sub(shut.since);
        // After the first storm, a bucket is refused again after a few units.
        let is_short = closed.units.saturating_mul(2) < self.window_units;
        let says_less = fit.is_some_and(|fit| fit.high < self.low - self.low / PARTS);
        let is_far_above = fit.is_some_and(|fit| self.is_far_above(fit));
        let is_agreed = self.votes.is_agreed;
        if rate_of(SHUT_UNITS, shut_ns) < by_epoch {
            self.votes.for_window(2);
        } else if is_fall && says_less && is_agreed && (self.is_proven || is_short) {
            // What a window would have borne was refused, and a bucket foresaw it.
            self.votes.for_bucket(if is_far_above { 2 } else { 1 });
        } else if !is_agreed || !is_fall && is_far_above {
            self.votes.for_window(1);
        } else if self.votes.is_bucket() && fit.is_some_and(Fit::is_narrow) {
            self.votes.for_bucket(1);
        }
    }

    fn is_far_above(&self, fit: &Fit) -> bool {
        fit.high < self.low - self.low / 16
    }

    /// More than `low` was refused.
    fn refuse(&mut self, now: Timestamp, at: u64, fit: Option<&Fit>) {
        let tried = self.purse.rate();
        self.high = self.refused_rate.clamp(self.low, tried);
        self.falls = 0;
        match fit {
            // One of them is wrong, `low` or the bucket: what is let through tells which.
            Some(fit) if self.is_far_above(fit) => {
                let rate = (self.low - self.low / 16).max(self.low.midpoint(fit.high));
                self.ask(now, at, rate, fit.high);
            }
            // A window that slides refuses at its rate, whatever is tried.
            _ if self.high < tried - tried / 32 => {
                self.attempt(now, at, (self.high - self.high / PARTS).max(self.low));
            }
            _ => self.next(now, at),
        }
    }

    /// `low` was refused.
    fn fall(&mut self, now: Timestamp, at: u64, by_epoch: u64, closed: &Epoch, shut: &Shut) {
        let is_long_shut = shut.asked > ASKED_OFTEN;
        if closed.units >= self.window_units.saturating_mul(2) && !is_long_shut {
            // It was let through for long: too much by a little, or something was late.
            self.low -= self.low / PARTS;
            return self.next(now, at);
        }
        // By a 16th, by an eighth, and so on.
        let fall = self.low >> 4_u32.saturating_sub(self.falls).max(1);
        self.falls = self.falls.saturating_add(1);
        if closed.units > self.window_units {
            // What it was let through for was too short to prove it.
            self.window_units = closed.units.min(self.window_units.saturating_mul(2));
        } else if self.falls > 2 {
            self.window_units = self.window_units.midpoint(closed.units).max(1);
        }
        // How long it was closed is known only where that was asked for.
        let least = if is_long_shut { self.low / 8 } else { self.low - fall };
        self.high = self.low;
        self.low = by_epoch.min(self.low).max(least);
        self.is_proven = false;
        self.shift = FIRST_SHIFT;
        self.attempt(now, at, self.low);
    }

    /// The rates of a bucket that would have decided like that, once what is too old
    /// to agree is forgotten.
    fn fitted(&mut self, log: &mut Log) -> Option<Fit> {
        let guess = if self.burst_units > 0 { self.burst_units } else { self.window_units };
        let mut fit = Fit::of(log, &self.burst, guess);
        self.votes.is_agreed = fit.is_some();
        while fit.is_none() && log.runs().len() > 3 {
            // What was known of the burst goes first.
            if !self.burst.is_known() {
                log.forget(log.runs().len().div_ceil(4));
            }
            self.burst = Burst::ANY;
            fit = Fit::of(log, &self.burst, guess);
        }
        if let Some(fit) = &fit {
            self.burst_units = fit.burst.units();
            if fit.is_narrow() {
                self.burst = fit.burst;
            }
        }
        fit
    }
}
