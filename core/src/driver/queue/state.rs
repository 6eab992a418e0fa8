//! What is behind the lock.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::task::Waker;
use core::time::Duration;

use super::bell::Bell;
use super::carried::{Carried, Held};
use super::guarded::Guarded;
use super::room::Room;
use super::waiters::{Gift, Key, Waiters};
use super::watch::Watch;
use crate::engine::Retries;
use crate::queue::{
    JobId, Next, Queue, QueueConfig, Removed, Scope, ScopeId, Stall, Started, Tally, Withdrawal,
};
use crate::{Entropy, Limiter, Observation, Outcome, Policy, RetryRules, SplitMix64, Timestamp};

/// What decides about the retries of a scope.
pub(super) type ScopeRetries = Retries<Arc<RetryRules>, Box<dyn Entropy + Send>>;

/// The queue, those who wait, and who of them has the timer.
#[derive(Debug)]
pub(super) struct State<T, L> {
    pub(super) queue: Queue<Carried<T>, Guarded<L>>,
    retries: Vec<ScopeRetries>,
    pub(super) waiters: Waiters<T>,
    pub(super) room: Room,
    pub(super) watch: Watch,
    entropy: SplitMix64,
    /// Who has the timer, and for when it is, or will be when its owner is polled.
    pub(super) timer: Option<(Key, Option<Timestamp>)>,
    /// When the queue is to be asked next.
    pub(super) due: Option<Timestamp>,
    /// Who is being polled, and need not be woken.
    pub(super) polled: Option<Key>,
    is_shut_down: bool,
    pub(super) bell: Arc<Bell>,
    /// Whether some limiter may ring it.
    pub(super) is_fed: bool,
    pub(super) effects: Effects<T>,
}

/// What is to be done once the lock is released.
#[derive(Debug)]
pub(super) struct Effects<T> {
    pub(super) wakers: Vec<Waker>,
    pub(super) removed: Vec<Removed<T>>,
    /// How long nothing was started, where there are stalls to tell of.
    pub(super) quiet_for: Duration,
    pub(super) stalls: Vec<Stall>,
}

impl<T> Effects<T> {
    const NONE: Self = Self {
        wakers: Vec::new(),
        removed: Vec::new(),
        quiet_for: Duration::ZERO,
        stalls: Vec::new(),
    };
}

impl<T, L: Limiter> State<T, L> {
    pub(super) fn new(config: QueueConfig, watch: Watch, entropy: SplitMix64) -> Self {
        Self {
            queue: Queue::new(config),
            retries: Vec::new(),
            waiters: Waiters::new(),
            room: Room::new(),
            watch,
            entropy,
            timer: None,
            due: None,
            polled: None,
            is_shut_down: false,
            bell: Bell::new(),
            is_fed: false,
            effects: Effects::NONE,
        }
    }

    pub(super) fn add_scope(
        &mut self,
        now: Timestamp,
        scope: Scope<L>,
        policy: &Policy,
    ) -> ScopeId {
        let retries = self.retries_of(policy);
        let cooldown = retries.cooldown();
        self.retries.push(retries);
        let scope = self.queue.add_scope(scope.map(|limiter| Guarded { limiter, cooldown }));
        let rope = self.bell.rope(scope);
        let is_fed = self.queue.change_limiter(scope, |guarded| guarded.limiter.attach(now, &rope));
        self.is_fed |= is_fed == Some(true);
        scope
    }

    /// Puts another limiter in the place of a scope's, and returns that.
    pub(super) fn replace_limiter(
        &mut self,
        now: Timestamp,
        scope: ScopeId,
        mut limiter: L,
    ) -> Option<L> {
        let is_fed = limiter.attach(now, &self.bell.rope(scope));
        let replaced = self
            .queue
            .change_limiter(scope, |guarded| core::mem::replace(&mut guarded.limiter, limiter))?;
        self.is_fed |= is_fed;
        Some(replaced)
    }

    /// Goes by the retries of another policy from now on.
    pub(super) fn change_retries(&mut self, scope: ScopeId, policy: &Policy) -> bool {
        let retries = self.retries_of(policy);
        let found = self.retries.get_mut(scope.index());
        found.map(|found| *found = retries).is_some()
    }

    fn retries_of(&mut self, policy: &Policy) -> ScopeRetries {
        let entropy = SplitMix64::new(self.entropy.next_u64());
        policy.engine(Box::new(entropy)).into_parts().1
    }

    /// Starts what may start and has somebody to send it, and makes sure that whoever
    /// is to act next is woken.
    pub(super) fn give_out(&mut self, now: Timestamp) {
        loop {
            self.start_all(now);
            if let Some((quiet_for, stalls)) = self.watch.look(now, &self.queue) {
                self.effects.quiet_for = quiet_for;
                self.effects.stalls.extend(stalls);
            }
            self.wind();
            if !self.hears_news() {
                break;
            }
        }
        let is_over = self.is_over();
        let Effects { wakers, .. } = &mut self.effects;
        self.room.let_in(&self.queue, |waker| wakers.push(waker));
        if is_over {
            wakers.extend(self.waiters.idle_wakers());
        }
        self.polled = None;
    }

    pub(super) fn take_effects(&mut self) -> Effects<T> {
        core::mem::replace(&mut self.effects, Effects::NONE)
    }

    /// Whether no job can come any more.
    pub(super) fn is_over(&self) -> bool {
        self.queue.is_draining() && self.queue.is_empty()
    }

    /// One who is polled waits, and is woken by `waker`.
    pub(super) fn waits(&mut self, key: Key, waker: &Waker) {
        self.waiters.rewake(key, waker);
        self.polled = Some(key);
    }

    /// When the timer of one who waits rings, if that has it.
    pub(super) fn timer_of(&self, key: Key) -> Option<Timestamp> {
        self.timer.filter(|&(owner, _)| owner == key)?.1
    }

    /// Takes what one who waits was given.
    pub(super) fn take(&mut self, key: Key) -> Option<Gift<T>> {
        self.waiters.take(key)
    }

    /// One who waits for any job goes away.
    pub(super) fn worker_leaves(&mut self, now: Timestamp, key: Key) {
        if let Some(Gift::Turn(held)) = self.waiters.leave(key) {
            self.retract(now, held);
        }
    }

    /// One who waits for its own job goes away.
    pub(super) fn owner_leaves(&mut self, now: Timestamp, key: Key, id: JobId) {
        if let Some(Gift::Turn(held)) = self.waiters.leave(key) {
            self.retract(now, held);
        }
        let _ = self.cancel(now, id);
    }

    /// Takes a job out of the queue that nobody is to send.
    pub(super) fn cancel(&mut self, now: Timestamp, id: JobId) -> Option<T> {
        let scope = self.queue.scope_of(id)?;
        let mut carried = self.queue.cancel(id)?;
        self.give_back(now, scope, &mut carried);
        if let Some(owner) = carried.owner {
            self.tell(owner, Gift::Cancelled);
        }
        Some(carried.payload)
    }

    /// Takes in the answer to a job that was sent: it is over, or back in the queue.
    pub(super) fn answer(
        &mut self,
        now: Timestamp,
        mut held: Held<T>,
        seen: &Observation,
    ) -> Result<Held<T>, crate::driver::Wait> {
        let sent_at = held.call.sent_at().unwrap_or(now);
        let retries = &mut self.retries[held.scope.index()];
        retries.answer(now, &mut held.call, seen);
        if seen.outcome != Outcome::Success {
            held.remember(sent_at, now, seen);
        }
        let Some((not_before, wait)) = held.call.not_before().zip(held.wait(now)) else {
            self.queue.complete(now, held.id, seen);
            return Ok(held);
        };
        if self.is_shut_down {
            retries.give_back(now, &mut held.call);
            self.queue.complete(now, held.id, seen);
            return Ok(held);
        }
        self.put_back(now, held, not_before, seen);
        Err(wait)
    }

    /// Ends a job that was sent, whatever came of it.
    pub(super) fn finish(&mut self, now: Timestamp, held: Held<T>, seen: &Observation) -> T {
        self.queue.complete(now, held.id, seen);
        held.payload
    }

    /// Puts a job that was sent back until `not_before`.
    pub(super) fn retry_at(
        &mut self,
        now: Timestamp,
        mut held: Held<T>,
        not_before: Timestamp,
        seen: &Observation,
    ) {
        let sent_at = held.call.sent_at().unwrap_or(now);
        held.call.wait_until(now, not_before);
        held.remember(sent_at, now, seen);
        self.put_back(now, held, not_before, seen);
    }

    /// Tells of a job that made room for one whose caller is not told of it.
    pub(super) fn lose(&mut self, removed: Option<Removed<T>>) {
        self.effects.removed.extend(removed);
    }

    /// Takes back a job whose worker went away without an answer.
    pub(super) fn drop_turn(&mut self, now: Timestamp, mut held: Held<T>) {
        let seen = Observation::new(Outcome::Ignored);
        self.retries[held.scope.index()].resume(now, &mut held.call);
        if held.call.end().is_none() && !self.is_shut_down {
            self.put_back(now, held, now, &seen);
            return;
        }
        self.queue.complete(now, held.id, &seen);
        let why = if self.is_shut_down { Withdrawal::ShutDown } else { Withdrawal::Abandoned };
        let Held { id, scope, payload, .. } = held;
        self.effects.removed.push(Removed { id, scope, payload, why });
    }

    /// Takes out all that is queued; those who wait for their own are told themselves.
    pub(super) fn shut_down(&mut self, now: Timestamp) -> crate::queue::Left<T> {
        self.is_shut_down = true;
        let left = self.queue.shut_down();
        let mut jobs = Vec::new();
        for removed in left.jobs {
            jobs.extend(self.open_up(now, removed));
        }
        crate::queue::Left { jobs, tally: left.tally }
    }

    /// What is to be told of a job that left: nothing if it was told to its owner.
    pub(super) fn open_up(
        &mut self,
        now: Timestamp,
        removed: Removed<Carried<T>>,
    ) -> Option<Removed<T>> {
        let Removed { id, scope, payload: mut carried, why } = removed;
        self.give_back(now, scope, &mut carried);
        let removed = Removed { id, scope, payload: carried.payload, why };
        match carried.owner {
            Some(owner) => {
                self.tell(owner, Gift::Removed(removed));
                None
            }
            None => Some(removed),
        }
    }

    /// A job is about to be pushed.
    pub(super) fn pushes(&mut self, now: Timestamp) {
        if self.queue.tally().queued == 0 {
            self.watch.rest(now);
        }
    }

    pub(super) const fn tally(&self) -> Tally {
        self.queue.tally()
    }

    /// Starts what may start now and has somebody to send it.
    fn start_all(&mut self, now: Timestamp) {
        while !self.waiters.is_empty() {
            let has_worker = self.waiters.first_idle().is_some();
            match self.queue.next_if(now, |job| has_worker || job.owner.is_some()) {
                Next::Start(started) => self.start(now, started),
                Next::Remove(removed) => self.remove(now, removed),
                Next::Wait(time) => {
                    self.due = time;
                    break;
                }
            }
        }
    }

    fn start(&mut self, now: Timestamp, started: Started<Carried<T>>) {
        self.watch.rest(now);
        let stop = self.retries[started.scope.index()].stop();
        let held = Held::start(now, started, stop);
        let taker = held.owner.or_else(|| self.waiters.first_idle());
        match taker.filter(|&key| self.waiters.is_there(key)) {
            Some(key) => self.tell(key, Gift::Turn(held)),
            None => self.retract(now, held),
        }
    }

    fn remove(&mut self, now: Timestamp, removed: Removed<Carried<T>>) {
        let removed = self.open_up(now, removed);
        self.effects.removed.extend(removed);
    }

    /// Takes back a start: nobody is there to send it any more.
    pub(super) fn retract(&mut self, now: Timestamp, mut held: Held<T>) {
        held.call.unsend(now);
        let id = held.id;
        // It was started, or there would be nothing held.
        let _ = self.queue.retract(now, id, held.into_carried());
    }

    fn put_back(
        &mut self,
        now: Timestamp,
        held: Held<T>,
        not_before: Timestamp,
        seen: &Observation,
    ) {
        let id = held.id;
        if let Some(deadline) = self.retries[held.scope.index()].deadline(&held.call) {
            self.queue.tighten_deadline(id, deadline);
        }
        if let Some(owner) = held.owner {
            self.waiters.join(owner);
        }
        let _ = self.queue.retry(now, id, held.into_carried(), not_before, seen);
    }

    /// Gives back the retry of a job that is not sent again.
    fn give_back(&mut self, now: Timestamp, scope: ScopeId, carried: &mut Carried<T>) {
        if let Some(call) = carried.call_mut() {
            self.retries[scope.index()].give_back(now, call);
        }
    }
}
