//! What is known of a call and of a client.

use std::fmt;

use forbear_core::{Cost, Dimension, HintRule, Outcome, WaitReason};

use super::promises;

/// A call, as its facts have it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    pub(super) client: u32,
    pub(super) state: State,
    pub(super) attempts: u32,
    /// Whether its last answer was a success.
    pub(super) succeeds: bool,
    /// When its own delay is over, in ns.
    pub(super) not_before: u64,
    /// When the wait is over that the server asked it for and that it promised to keep.
    pub(super) asked_until: u64,
}

/// Where a call is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    Unborn,
    Wanted,
    Waiting,
    Permitted,
    InFlight,
    Over,
}

/// A client, and what it may not do yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Promise {
    is_heard: bool,
    is_shared: bool,
    /// Whether somebody feeds a limiter of it, so that it may wait for that.
    pub(super) is_fed: bool,
    /// When the wait is over that the server asked any of its calls for, if all keep it.
    pub(super) asked_until: u64,
    /// Its requests under way, of those that its engine knows of.
    pub(super) in_flight: u32,
    /// The last request that its engine held back, with nothing since that could have
    /// changed its mind but time.
    refused: Option<Refused>,
}

/// A request that was held back.
#[derive(Clone, Copy, Debug)]
struct Refused {
    /// Until this time; until another call ends if there is none, in ns.
    until: Option<u64>,
    cost: Cost,
    reason: WaitReason,
}

impl Account {
    pub(super) const fn new(client: u32) -> Self {
        Self {
            client,
            state: State::Unborn,
            attempts: 0,
            succeeds: false,
            not_before: 0,
            asked_until: 0,
        }
    }

    /// Whether it is wanted and not over.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.state, State::Unborn | State::Over)
    }
}

impl Promise {
    pub(super) const fn new(rule: HintRule, is_fed: bool) -> Self {
        let (is_heard, is_shared) = promises(rule);
        Self { is_heard, is_shared, is_fed, asked_until: 0, in_flight: 0, refused: None }
    }

    /// Its lease may be another one.
    pub(super) const fn fed(&mut self) {
        self.refused = None;
    }

    /// The process starts anew and knows of nothing.
    pub(super) const fn forget(&mut self) {
        self.asked_until = 0;
        self.in_flight = 0;
        self.refused = None;
    }

    /// An answer came, by which limiters may have learned anything.
    pub(super) const fn completed(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.refused = None;
    }

    /// The server asked for a wait until this time.
    pub(super) fn asked(&mut self, until: u64, is_throttled: bool) {
        if self.is_shared && is_throttled {
            self.asked_until = self.asked_until.max(until);
        }
    }

    /// Until when the call itself waits that was asked to wait until this time.
    pub(super) const fn own(&self, until: u64, outcome: Outcome) -> u64 {
        if self.is_heard && outcome.is_retryable() { until } else { 0 }
    }

    /// The engine holds back a request of this cost.
    pub(super) const fn refused(&mut self, until: Option<u64>, cost: Cost, reason: WaitReason) {
        self.refused = Some(Refused { until, cost, reason });
    }

    /// What a request of this cost at this time goes against; it is forgotten then.
    pub(super) fn breaks(&mut self, at: u64, cost: &Cost) -> Option<(Option<u64>, WaitReason)> {
        let refused = self.refused?;
        if refused.until.is_some_and(|until| until <= at) {
            self.refused = None;
            return None;
        }
        // A cheaper one may pass where this one could not.
        let is_as_large = Dimension::ALL.into_iter().all(|d| cost.get(d) >= refused.cost.get(d));
        is_as_large.then_some((refused.until, refused.reason))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unborn => "not wanted yet",
            Self::Wanted => "not begun yet",
            Self::Waiting => "waiting",
            Self::Permitted => "about to be sent",
            Self::InFlight => "in flight",
            Self::Over => "over",
        })
    }
}
