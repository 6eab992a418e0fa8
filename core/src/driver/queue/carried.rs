//! What the queue carries beside a payload.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::time::Duration;

use super::waiters::Key;
use crate::driver::{History, PastAttempt, Wait};
use crate::queue::{JobId, ScopeId, Started};
use crate::stop::Until;
use crate::{Call, Observation, StopCondition, Timestamp};

/// A payload as it waits: 16 bytes more, until it is retried.
#[derive(Debug)]
pub(super) struct Carried<T> {
    pub(super) payload: T,
    /// Who alone may send it.
    pub(super) owner: Option<Key>,
    past: Option<Box<Past>>,
}

/// What a job that was sent before brings with it.
#[derive(Debug)]
struct Past {
    call: Call,
    history: Option<Box<History>>,
}

/// A job that was given to somebody, who sends it.
#[derive(Debug)]
pub(super) struct Held<T> {
    pub(super) id: JobId,
    pub(super) scope: ScopeId,
    pub(super) payload: T,
    pub(super) owner: Option<Key>,
    pub(super) waited: Duration,
    pub(super) call: Call,
    pub(super) history: Option<Box<History>>,
}

impl<T> Carried<T> {
    pub(super) const fn new(payload: T, owner: Option<Key>) -> Self {
        Self { payload, owner, past: None }
    }

    /// Its call, if it was sent before.
    pub(super) fn call_mut(&mut self) -> Option<&mut Call> {
        self.past.as_mut().map(|past| &mut past.call)
    }
}

impl<T> Held<T> {
    /// A job that starts now, as a call that ends when `stop` says so or at the job's
    /// deadline.
    pub(super) fn start(
        now: Timestamp,
        started: Started<Carried<T>>,
        stop: &Arc<dyn StopCondition>,
    ) -> Self {
        let Started { id, scope, payload: carried, cost, deadline, waited, .. } = started;
        let Carried { payload, owner, past } = carried;
        let (mut call, history) = if let Some(past) = past {
            (past.call, past.history)
        } else {
            let call = Call::new(now, cost);
            let call = match deadline {
                Some(time) => call.with_stop(Arc::new(Until::new(time) | Arc::clone(stop))),
                None => call,
            };
            (call, None)
        };
        call.send(now);
        Self { id, scope, payload, owner, waited, call, history }
    }

    /// As it waits for its next turn.
    pub(super) fn into_carried(self) -> Carried<T> {
        let Self { payload, owner, call, history, .. } = self;
        let was_sent = call.sends() > 0;
        let past = was_sent.then(|| Box::new(Past { call, history }));
        Carried { payload, owner, past }
    }

    /// Writes down an attempt that did not succeed, and what follows from it.
    pub(super) fn remember(&mut self, sent_at: Timestamp, now: Timestamp, seen: &Observation) {
        let wait = self.wait(now);
        let since_start = [sent_at, now].map(|time| time.since(self.call.started_at()));
        let past = PastAttempt::new(self.call.sends(), since_start, seen, wait);
        History::push(&mut self.history, past);
    }

    /// The wait that it is about to make.
    pub(super) fn wait(&self, now: Timestamp) -> Option<Wait> {
        let (time, reason) = self.call.not_before().zip(self.call.waits_for())?;
        Some(Wait::new(Some(time.since(now)), reason))
    }
}
