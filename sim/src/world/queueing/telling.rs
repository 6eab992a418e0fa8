//! What the calls of a queue wait for, for those who look on.
//!
//! All of them wait for their turns but one: whose turn it is waits for the limiter.

use forbear_core::queue::{Hold, JobState};
use forbear_core::{Timestamp, WaitReason};

use super::super::{Ongoing, World};
use crate::fact::Fact;

impl World<'_> {
    /// Tells what a call waits for that has a place in a queue.
    pub(super) fn note_place(&mut self, gate: u32, ongoing: Ongoing) {
        if self.probe.is_none() {
            return;
        }
        let Ongoing { call, place, .. } = ongoing;
        let progress = self.population.task(place).progress;
        let now = Timestamp::from_nanos(self.queue.now());
        if let Some(until) = progress.not_before().filter(|&time| now < time) {
            let reason = progress.waits_for().unwrap_or(WaitReason::Backoff);
            let until = Some(until);
            self.note(Fact::Waits { call, until, gives_up_at: None, reason, ahead: 0 });
        } else if progress.sends() == 0 && !progress.is_in_flight() && !self.has_turn(gate, place) {
            self.note_line(gate, ongoing);
        }
    }

    /// Tells whose turn it is, what that call waits for, and of the one that it was before
    /// that it waits for its turn again.
    pub(super) fn note_turn(&mut self, gate: u32) {
        if self.probe.as_ref().is_none_or(|probe| probe.chronicle.is_none()) {
            return;
        }
        let now = Timestamp::from_nanos(self.queue.now());
        let Some(queue) = self.queue_of(gate) else { return };
        let scope = queue.scope;
        let turn = queue.queue.turn(scope).map(|turn| (turn.id, *turn.payload));
        let before = std::mem::replace(&mut queue.turn, turn);
        let before = before.filter(|&(id, place)| queue.jobs.get(&place) == Some(&id));
        let hold = queue.queue.stalls(now).find(|stall| stall.scope == scope);
        let hold = hold.map(|stall| stall.hold);
        if let Some((_, place)) = before.filter(|_| before != turn) {
            let progress = self.population.task(place).progress;
            let is_hidden = progress.not_before().is_some_and(|time| now < time);
            if !is_hidden && !progress.is_in_flight() {
                self.note_line(gate, self.ongoing(place, self.population.task(place).call()));
            }
        }
        let Some((_, place)) = turn else { return };
        let (name, until) = match hold {
            Some(Hold::Limiter { name, until }) => (name, Some(until)),
            Some(Hold::Completion { name }) => (name, None),
            _ => return,
        };
        let reason =
            if name == "cooldown" { WaitReason::Cooldown } else { WaitReason::Limiter(name) };
        let call = self.population.task(place).call();
        self.note(Fact::Waits { call, until, gives_up_at: None, reason, ahead: 0 });
    }

    fn has_turn(&mut self, gate: u32, place: u32) -> bool {
        let queue = self.queue_of(gate);
        queue.and_then(|queue| queue.turn).is_some_and(|(_, turn)| turn == place)
    }

    /// A call waits for its turn.
    fn note_line(&mut self, gate: u32, ongoing: Ongoing) {
        let now = Timestamp::from_nanos(self.queue.now());
        let Ongoing { call, place, .. } = ongoing;
        // Counting who is before it takes as many steps, and only its own story needs it.
        let chronicle = self.probe.as_ref().and_then(|probe| probe.chronicle.as_ref());
        let is_watched = chronicle.is_some_and(|chronicle| chronicle.watches(call));
        let state = self.queue_of(gate).filter(|_| is_watched).and_then(|queue| {
            let id = queue.jobs.get(&place)?;
            queue.queue.state(now, *id)
        });
        let ahead = match state {
            Some(JobState::Queued { ahead, .. }) => u32::try_from(ahead).unwrap_or(u32::MAX),
            _ => 0,
        };
        let (until, gives_up_at, reason) = (None, None, WaitReason::Line);
        self.note(Fact::Waits { call, until, gives_up_at, reason, ahead });
    }
}
