//! The units of one limit.

use crate::limit::Shape;
use crate::message::Part;
use crate::share::Share;

/// The units of one limit, counted up.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) shape: Shape,
    /// Units that Redis ever gave.
    pub(super) granted: u64,
    /// Of these: sent.
    pub(super) spent: u64,
    /// Of these: given back unsent.
    pub(super) back: u64,
    /// What sends cost more than they were charged, all added up.
    adjusted: i64,
    /// Units sent without Redis.
    pub(super) fallen: u64,
    /// Units of the lease that limiters were promised.
    pub(super) reserved: u64,
    /// Units that are missing to who waits.
    pub(super) need: u64,
    /// Units to hold ready.
    pub(super) target: u64,
    /// This member's part while there is no Redis.
    pub(super) share: Option<Share>,
    /// What the last request said.
    said: Said,
    /// What Redis is known to have heard.
    heard: Said,
    /// Sent when the demand was measured last.
    pub(super) measured: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Said {
    spent: u64,
    adjusted: i64,
    fallen: u64,
}

impl Account {
    pub(super) fn new(shape: Shape) -> Self {
        Self {
            shape,
            granted: 0,
            spent: 0,
            back: 0,
            adjusted: 0,
            fallen: 0,
            reserved: 0,
            need: 0,
            target: 0,
            share: None,
            said: Said::default(),
            heard: Said::default(),
            measured: 0,
        }
    }

    /// Units that are neither sent nor given back.
    pub(super) const fn held(&self) -> u64 {
        self.granted.saturating_sub(self.spent).saturating_sub(self.back)
    }

    /// Those that no limiter was promised.
    pub(super) const fn free(&self) -> u64 {
        self.held().saturating_sub(self.reserved)
    }

    /// Gives back what is held.
    pub(super) const fn give_back(&mut self) {
        self.back += self.held();
        self.reserved = 0;
    }

    /// Units sent of which Redis was not told.
    pub(super) const fn unsaid(&self) -> u64 {
        self.spent.saturating_sub(self.said.spent)
    }

    /// Whether there is something to settle.
    pub(super) const fn is_settled(&self) -> bool {
        self.adjusted == self.heard.adjusted && self.fallen == self.heard.fallen
    }

    /// A send cost `more` than it was charged; it `fell` into an outage, or was sent in
    /// the lease in force.
    pub(super) fn settle(&mut self, more: i64, fell: bool, in_lease: bool) {
        if fell {
            if let Some(share) = &mut self.share {
                share.settle(more);
            }
            // What was told cannot be taken back, and is bounded by a burst anyway.
            let fallen = self.fallen.saturating_add_signed(more);
            self.fallen = fallen.max(self.said.fallen);
            return;
        }
        let mut more = more;
        if more < 0 && in_lease {
            // Back into the lease, where Redis was not told that it was sent.
            let back = more.unsigned_abs().min(self.unsaid());
            self.spent -= back;
            more = more.saturating_add_unsigned(back);
        }
        self.adjusted = self.adjusted.saturating_add(more);
    }

    /// What is said of it, with `want` units asked for.
    pub(super) fn say(&mut self, want: u64) -> Part {
        self.said = Said { spent: self.spent, adjusted: self.adjusted, fallen: self.fallen };
        Part {
            shape: self.shape,
            spent: self.spent,
            back: self.back,
            adjusted: self.adjusted,
            adjusted_known: self.heard.adjusted,
            fallen: self.fallen,
            fallen_known: self.heard.fallen,
            need: self.need,
            want,
        }
    }

    /// Redis heard what was said and gave `granted` units in all; returns whether some
    /// are new.
    pub(super) fn heard(&mut self, granted: u64) -> bool {
        self.heard = self.said;
        self.share = None;
        let before = self.held();
        // What Redis has forgotten is nobody's any more.
        self.granted = granted.max(self.spent + self.back);
        self.reserved = self.reserved.min(self.held());
        self.held() > before
    }
}
