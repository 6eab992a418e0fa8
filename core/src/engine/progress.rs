//! How far a call has come, in half the size of a call.

use core::num::NonZeroU64;

use super::call::State;
use super::{Call, WaitReason};
use crate::{Cost, Outcome, Timestamp};

/// How far a [`Call`] has come that is not over yet: all of it but its cost, and but the
/// backoff and the stop condition where it has those of its own.
///
/// 64 bytes, for who keeps a million calls and knows what each of them costs.
///
/// # Examples
///
/// ```
/// use forbear_core::{Call, Cost, Timestamp};
///
/// let call = Call::new(Timestamp::from_nanos(7), Cost::REQUEST);
/// let progress = call.progress().expect("it has just begun");
/// assert_eq!(progress.not_before(), Some(Timestamp::from_nanos(7)));
/// let resumed = Call::resumed(Cost::REQUEST, progress);
/// assert_eq!(resumed.started_at(), call.started_at());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    started_at: Timestamp,
    sends: u32,
    repeatable: bool,
    unpaid: bool,
    outcome: Outcome,
    /// The delay that the strategy gave last, and 1 ns: no delay and none yet differ.
    after_delay_ns: Option<NonZeroU64>,
    total_delay_ns: u64,
    waited_ns: u64,
    paid: u64,
    stage: Stage,
    /// Since when it waits, or when it was sent.
    since: Timestamp,
    not_before: Timestamp,
}

/// [`State`] but for the end, and without its times: a byte that fits beside others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    BackingOff,
    Hinted,
    InFlight,
}

impl Call {
    /// How far it has come; `None` if it is over, or if the answer is outstanding to
    /// another send than the last: one that a [`Hedge`](super::Hedge) took part in.
    #[must_use]
    #[inline]
    pub fn progress(&self) -> Option<Progress> {
        let (stage, since, not_before) = match self.state {
            State::Waiting { since, not_before, reason: WaitReason::ServerHint } => {
                (Stage::Hinted, since, not_before)
            }
            State::Waiting { since, not_before, .. } => (Stage::BackingOff, since, not_before),
            State::InFlight { sent_at, number, is_hedge: false } if number == self.sends => {
                (Stage::InFlight, sent_at, sent_at)
            }
            State::InFlight { .. } | State::Done(_) => return None,
        };
        Some(Progress {
            started_at: self.started_at,
            sends: self.sends,
            repeatable: self.repeatable,
            unpaid: self.unpaid,
            outcome: self.outcome,
            after_delay_ns: self
                .previous_delay_ns
                .and_then(|delay| NonZeroU64::new(delay.saturating_add(1))),
            total_delay_ns: self.total_delay_ns,
            waited_ns: self.waited_ns,
            paid: self.paid,
            stage,
            since,
            not_before,
        })
    }

    /// A call of this cost that has come so far, without a backoff or a stop condition of
    /// its own.
    #[must_use]
    #[inline]
    pub fn resumed(cost: Cost, progress: Progress) -> Self {
        let Progress { since, not_before, .. } = progress;
        let state = match progress.stage {
            Stage::Hinted => State::Waiting { since, not_before, reason: WaitReason::ServerHint },
            Stage::BackingOff => State::Waiting { since, not_before, reason: WaitReason::Backoff },
            Stage::InFlight => {
                State::InFlight { sent_at: since, number: progress.sends, is_hedge: false }
            }
        };
        Self {
            sends: progress.sends,
            repeatable: progress.repeatable,
            unpaid: progress.unpaid,
            outcome: progress.outcome,
            previous_delay_ns: progress.after_delay_ns.map(|delay| delay.get() - 1),
            total_delay_ns: progress.total_delay_ns,
            waited_ns: progress.waited_ns,
            paid: progress.paid,
            state,
            ..Self::new(progress.started_at, cost)
        }
    }
}

impl Progress {
    /// That of a call that begins now.
    #[must_use]
    #[inline]
    pub const fn new(now: Timestamp) -> Self {
        Self {
            started_at: now,
            sends: 0,
            repeatable: true,
            unpaid: false,
            outcome: Outcome::Ignored,
            after_delay_ns: None,
            total_delay_ns: 0,
            waited_ns: 0,
            paid: 0,
            stage: Stage::BackingOff,
            since: now,
            not_before: now,
        }
    }

    /// How many times the call was sent.
    #[must_use]
    pub const fn sends(&self) -> u32 {
        self.sends
    }

    /// Whether an answer is outstanding.
    #[must_use]
    pub const fn is_in_flight(&self) -> bool {
        matches!(self.stage, Stage::InFlight)
    }

    /// As [`Call::sent_at`].
    #[must_use]
    pub const fn sent_at(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::InFlight => Some(self.since),
            Stage::BackingOff | Stage::Hinted => None,
        }
    }

    /// As [`Call::not_before`].
    #[must_use]
    pub const fn not_before(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::BackingOff | Stage::Hinted => Some(self.not_before),
            Stage::InFlight => None,
        }
    }

    /// As [`Call::waits_for`].
    #[must_use]
    pub const fn waits_for(&self) -> Option<WaitReason> {
        match self.stage {
            Stage::Hinted => Some(WaitReason::ServerHint),
            Stage::BackingOff => Some(WaitReason::Backoff),
            Stage::InFlight => None,
        }
    }
}

const _: () = assert!(size_of::<Progress>() == 64, "the documentation says so");
