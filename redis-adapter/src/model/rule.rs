//! One limit, as Redis counts it.

use std::collections::VecDeque;

use super::record::{Held, int};
use crate::limit::{Kind, Shape};
use crate::message::Part;

/// The deepest debt of a bucket, as in the script.
const FLOOR: i64 = -(1 << 52);

/// One limit.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) shape: Shape,
    /// Units that members hold.
    pub(super) out: i64,
    /// Ticks in a bucket; units that count in a window.
    level: i64,
    /// The number of a fixed window.
    window: i64,
    /// When units of a sliding window were used, in us, the oldest first.
    log: VecDeque<(i64, i64)>,
}

impl Rule {
    /// One of which nothing was used; or, where the memory of it was `lost` by `now`, all.
    pub(super) fn new(shape: Shape, lost: bool, now: i64, raw: i64) -> Self {
        let mut rule = Self { shape, out: 0, level: 0, window: 0, log: VecDeque::new() };
        let capacity = rule.capacity();
        match shape.kind {
            Kind::Bucket { .. } => rule.level = if lost { 0 } else { rule.full() },
            Kind::Sliding { period_us, .. } if lost => {
                // What was sent is not known: the last window counts as used evenly.
                let (parts, period) = (capacity.min(64), int(period_us));
                for part in 1..=parts {
                    let units = capacity * part / parts - capacity * (part - 1) / parts;
                    rule.log.push_back((now - period + period * part / parts, units));
                }
                rule.level = capacity;
            }
            Kind::Sliding { .. } => {}
            Kind::Fixed { period_us } => {
                rule.window = raw / int(period_us);
                rule.level = if lost { capacity } else { 0 };
            }
        }
        rule
    }

    /// Takes over the numbers of `shape`, which is of the same kind.
    pub(super) fn reshape(&mut self, shape: Shape) {
        if let (Kind::Bucket { unit: old, .. }, Kind::Bucket { unit, .. }) =
            (self.shape.kind, shape.kind)
            && old != unit
        {
            let level = i128::from(self.level) * i128::from(unit);
            let level = level.div_euclid(i128::from(old.max(1)));
            self.level = i64::try_from(level).unwrap_or(FLOOR);
        }
        self.shape = shape;
    }

    /// Drops what is out of a window by now.
    pub(super) fn pass(&mut self, now: i64, raw: i64) {
        match self.shape.kind {
            Kind::Bucket { .. } => {}
            Kind::Sliding { period_us, .. } => {
                while let Some(&(time, units)) = self.log.front()
                    && time + int(period_us) <= now
                {
                    self.log.pop_front();
                    self.level -= units;
                }
                if self.log.is_empty() {
                    self.level = 0;
                }
            }
            Kind::Fixed { period_us } => {
                let window = raw / int(period_us);
                if window > self.window {
                    (self.window, self.level) = (window, 0);
                }
            }
        }
    }

    /// A bucket earns what `us` are worth, up to what is not held by members.
    pub(super) fn refill(&mut self, us: i64) {
        let Kind::Bucket { unit, per_us } = self.shape.kind else { return };
        if us <= 0 {
            return;
        }
        let room = (self.capacity() - self.out) * int(unit);
        let earned = i128::from(us) * i128::from(per_us);
        self.level = match i64::try_from(earned) {
            Ok(earned) if earned <= room.saturating_sub(self.level) => self.level + earned,
            _ => self.level.max(room),
        };
    }

    /// Units that were sent, and are no more held.
    pub(super) fn sent(&mut self, now: i64, units: i64) {
        match self.shape.kind {
            Kind::Bucket { .. } => {}
            Kind::Sliding { .. } => self.append(now, units),
            Kind::Fixed { .. } => self.level += units.max(0),
        }
    }

    /// What the member behind `held` did since its last call, as `part` says.
    pub(super) fn settle(&mut self, now: i64, held: &mut Held, part: &Part) {
        let before = held.held();
        let sent = (int(part.spent) - held.spent).max(0);
        held.spent = held.spent.max(int(part.spent));
        let returned = (int(part.back) - held.back).max(0);
        held.back = held.back.max(int(part.back));
        let over = (sent + returned - before).max(0);
        held.granted = held.granted.max(held.spent + held.back);
        self.out = (self.out - (before - held.held())).max(0);
        self.sent(now, sent);
        let adjust = part.adjusted - held.adjusted;
        let fallen = (int(part.fallen) - held.fallen).max(0);
        held.adjusted = part.adjusted;
        held.fallen = held.fallen.max(int(part.fallen));
        let capacity = self.capacity();
        match self.shape.kind {
            Kind::Bucket { unit, .. } => {
                let unit = int(unit);
                // What went back was room that it took up, so there is room for it.
                let level = self.level + (returned.min(before) - over.min(sent)) * unit;
                let level = level.saturating_sub(adjust.saturating_mul(unit)).max(FLOOR);
                let level = level.min(self.level.max((capacity - self.out) * unit));
                // What was sent without Redis was paced by itself: it leaves no debt.
                let fallen = fallen.min(1 << 32).saturating_mul(unit);
                self.level = level.min(0).max(level.saturating_sub(fallen));
            }
            Kind::Sliding { .. } => {
                self.append(now, adjust.max(0) + fallen.min(capacity));
                if adjust < 0 {
                    self.unlog(-adjust);
                }
            }
            Kind::Fixed { .. } => {
                self.level = (self.level + adjust).max(0) + fallen.min(capacity);
            }
        }
    }

    /// The API says that nothing is left.
    pub(super) fn empty(&mut self) {
        if let Kind::Bucket { .. } = self.shape.kind {
            self.level = self.level.min(0);
        }
    }

    /// Units that may be given.
    pub(super) fn available(&self) -> i64 {
        match self.shape.kind {
            Kind::Bucket { unit, .. } => self.level.div_euclid(int(unit)),
            _ => self.capacity() - self.level - self.out,
        }
    }

    /// Gives units away.
    pub(super) fn give(&mut self, units: i64) {
        self.out += units;
        if let Kind::Bucket { unit, .. } = self.shape.kind {
            self.level -= units * int(unit);
        }
    }

    /// How long until `wanted` units are there, of which `short` are not, in us.
    pub(super) fn wait(&self, when: &When, wanted: i64, short: i64) -> i64 {
        // Others hold what is missing: it comes back soon, or grows too old.
        let soon = ceil(when.validity, 64);
        let room = self.capacity() - self.out;
        let thaw = when.frozen - when.now;
        match self.shape.kind {
            Kind::Bucket { unit, per_us } => {
                let missing = wanted.min(room) * int(unit) - self.level;
                let refill = ceil(missing, int(per_us));
                let refill = if wanted > room { refill.max(soon) } else { refill };
                thaw.max(0) + refill.max(0)
            }
            Kind::Sliding { period_us, .. } => {
                let (mut wait, mut short) = (soon, short);
                for &(time, units) in self.log.iter().take(32) {
                    if short <= 0 {
                        break;
                    }
                    short -= units;
                    wait = time + int(period_us) - when.now;
                }
                wait.max(thaw)
            }
            Kind::Fixed { .. } if wanted > room => soon,
            Kind::Fixed { period_us } => (self.window + 1) * int(period_us) - when.raw,
        }
    }

    /// How long what it knows matters, in us.
    pub(super) fn matters_for(&self, when: &When) -> i64 {
        match self.shape.kind {
            Kind::Bucket { per_us, .. } => {
                let fills_in = ceil(self.full() - self.level, int(per_us));
                when.validity + fills_in + (when.frozen - when.now).max(0)
            }
            Kind::Sliding { period_us, .. } | Kind::Fixed { period_us } => {
                when.validity + int(period_us)
            }
        }
    }

    pub(super) fn capacity(&self) -> i64 {
        i64::from(self.shape.capacity)
    }

    fn full(&self) -> i64 {
        let [unit, _] = self.shape.kind.numbers();
        self.capacity() * int(unit)
    }

    fn append(&mut self, now: i64, units: i64) {
        let Kind::Sliding { step_us, .. } = self.shape.kind else { return };
        if units <= 0 {
            return;
        }
        self.level += units;
        match self.log.back_mut().filter(|(time, _)| *time > now - int(step_us)) {
            // Counted from the later time on: at most one step too long.
            Some(last) => *last = (now, last.1 + units),
            None => self.log.push_back((now, units)),
        }
    }

    /// Takes up to `units` out of the newest entries.
    fn unlog(&mut self, mut units: i64) {
        for _ in 0..8 {
            if units <= 0 {
                return;
            }
            let Some((time, old)) = self.log.pop_back() else { return };
            let taken = units.min(old);
            self.level -= taken;
            units -= taken;
            if old > taken {
                self.log.push_back((time, old - taken));
                return;
            }
        }
    }
}

/// The times that a call goes by, in us.
#[derive(Clone, Copy, Debug)]
pub(super) struct When {
    /// As time goes here, which is never back.
    pub(super) now: i64,
    /// By the clock of the server.
    pub(super) raw: i64,
    /// Nothing is given before.
    pub(super) frozen: i64,
    /// How long a permit is held.
    pub(super) validity: i64,
}

/// `a / b`, rounded up.
pub(super) fn ceil(a: i64, b: i64) -> i64 {
    let (a, b) = (i128::from(a), i128::from(b.max(1)));
    i64::try_from(-((-a).div_euclid(b))).unwrap_or(i64::MAX)
}
