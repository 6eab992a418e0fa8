//! Claiming no more than the limiter admits.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::time::Duration;

use super::{JobStore, Ticket};
use crate::{
    Action, Call, Cost, Engine, Entropy, GiveUp, HasRetryRules, Limiter, RateSignal, RetryRules,
    Timestamp,
};

/// An engine in front of a store: what a worker of a fleet asks for its next job.
///
/// A state machine like the engine: a driver asks [`next`](Self::next) with the time,
/// sends what it was given, and [answers](Self::answer). The limiter is asked before the
/// store, so a job is claimed only when it may be sent at once; a retry is handed back to
/// the store until its time, for whichever worker is free then.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::Constant;
/// use forbear_core::limiter::Gcra;
/// use forbear_core::store::{Claiming, Claims, JobStore, MemoryStore, Settled};
/// use forbear_core::{Observation, Policy, SplitMix64, Timestamp};
///
/// let policy = Policy::builder()
///     .limit(Gcra::per("1/s".parse()?))
///     .backoff(Constant::new(Duration::from_secs(5)))
///     .build()?;
/// let engine = policy.engine(Box::new(SplitMix64::new(1)));
/// let at = |seconds| Timestamp::ZERO.after(Duration::from_secs(seconds));
/// let mut store = MemoryStore::new();
/// store.push(at(0), "a", at(0)).unwrap();
/// store.push(at(0), "b", at(0)).unwrap();
///
/// let mut claims = Claims::new(store, engine, Duration::from_secs(60));
/// let Ok(Claiming::Start(a)) = claims.next(at(0)) else { panic!("the limiter is unused") };
/// assert!(matches!(claims.next(at(0)), Ok(Claiming::Wait(Some(time))) if time == at(1)));
/// let busy = Observation::throttled(None);
/// assert!(matches!(claims.answer(at(0), a, &busy), Ok(Settled::Again(time)) if time == at(5)));
/// let Ok(Claiming::Start(b)) = claims.next(at(1)) else { panic!("a is handed back") };
/// assert_eq!(b.payload, "b");
/// assert!(matches!(claims.answer(at(1), b, Observation::SUCCESS), Ok(Settled::Done("b"))));
/// # Ok::<(), forbear_core::InvalidConfig>(())
/// ```
#[derive(Debug)]
pub struct Claims<S, L = Box<dyn Limiter>, R = Arc<RetryRules>, E = Box<dyn Entropy + Send>> {
    store: S,
    engine: Engine<L, R, E>,
    cost: Cost,
    lease: Duration,
}

/// What a worker does next.
#[derive(Debug)]
#[must_use = "a job that was claimed is to be sent"]
#[expect(clippy::exhaustive_enums, reason = "a driver must handle every answer")]
pub enum Claiming<T> {
    /// Send this job.
    Start(Taken<T>),
    /// Ask again at this time; without one, when a job was pushed or answered.
    Wait(Option<Timestamp>),
    /// The limiter will never admit a job of this cost.
    Refused(GiveUp),
}

/// A job that was claimed and is being sent.
#[derive(Debug)]
#[must_use = "send it, and answer"]
#[non_exhaustive]
pub struct Taken<T> {
    /// What it is about.
    pub payload: T,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// To renew its lease with.
    pub ticket: Ticket,
    call: Call,
}

/// What followed from an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "a job that ended is to be handled"]
#[expect(clippy::exhaustive_enums, reason = "a worker must handle every end")]
pub enum Settled<T> {
    /// The server did the work.
    Done(T),
    /// It is in the store until this time.
    Again(Timestamp),
    /// It is over without success.
    GaveUp(T, GiveUp),
    /// The lease had ended, and another worker has it or will.
    Lost(T),
}

impl<S, L: Limiter, R: HasRetryRules, E: Entropy> Claims<S, L, R, E> {
    /// Claims from `store` what `engine` admits, each for the time of `lease`; a job
    /// costs one request.
    pub const fn new(store: S, engine: Engine<L, R, E>, lease: Duration) -> Self {
        Self { store, engine, cost: Cost::REQUEST, lease }
    }

    /// The limiter is asked about this cost, since that of a job is known only when it
    /// is claimed; what it really cost is settled by its answer.
    #[must_use]
    pub const fn costing(mut self, cost: Cost) -> Self {
        self.cost = cost;
        self
    }

    /// The store, as to push to it.
    pub const fn store_mut(&mut self) -> &mut S {
        &mut self.store
    }

    /// The next job to be sent.
    ///
    /// # Errors
    ///
    /// If the store fails; nothing is charged then.
    pub fn next<T>(&mut self, now: Timestamp) -> Result<Claiming<T>, S::Error>
    where
        S: JobStore<T>,
    {
        // The store first where there is nothing: a charge that is taken back may cost a
        // limiter its smoothness.
        match self.store.next_at(now)? {
            Some(time) if time <= now => {}
            later => return Ok(Claiming::Wait(later)),
        }
        let mut call = Call::new(now, self.cost);
        match self.engine.poll(now, &mut call) {
            Action::Send => {}
            Action::SleepUntil(time, _) => return Ok(Claiming::Wait(Some(time))),
            Action::Finish(Err(why)) => return Ok(Claiming::Refused(why)),
            Action::Park { .. } | Action::Finish(Ok(())) => return Ok(Claiming::Wait(None)),
        }
        match self.store.claim(now, self.lease) {
            Ok(Some(claim)) => {
                let super::Claim { ticket, payload, attempt } = claim;
                call.sent_before(attempt.saturating_sub(1));
                Ok(Claiming::Start(Taken { payload, attempt, ticket, call }))
            }
            // Another worker was faster.
            Ok(None) => {
                self.engine.retract(now, &mut call);
                Ok(Claiming::Wait(self.store.next_at(now)?))
            }
            Err(error) => {
                self.engine.retract(now, &mut call);
                Err(error)
            }
        }
    }

    /// Takes in the answer to a job: it is over, or handed back until its retry.
    ///
    /// # Errors
    ///
    /// If the store fails; the limiter has what it held, and the job comes back when its
    /// lease ends.
    pub fn answer<T>(
        &mut self,
        now: Timestamp,
        taken: Taken<T>,
        signal: &dyn RateSignal,
    ) -> Result<Settled<T>, S::Error>
    where
        S: JobStore<T>,
    {
        let Taken { payload, ticket, mut call, .. } = taken;
        self.engine.complete(now, &mut call, signal);
        let (is_ours, settled) = match (call.end(), call.not_before()) {
            (Some(Ok(())), _) => (self.store.acknowledge(now, ticket)?, Settled::Done(payload)),
            (Some(Err(why)), _) => {
                (self.store.acknowledge(now, ticket)?, Settled::GaveUp(payload, why))
            }
            (None, not_before) => {
                let time = not_before.unwrap_or(now);
                if self.store.release(now, ticket, time)? {
                    return Ok(Settled::Again(time));
                }
                return Ok(Settled::Lost(payload));
            }
        };
        Ok(match settled {
            settled if is_ours => settled,
            Settled::Done(payload) | Settled::GaveUp(payload, _) | Settled::Lost(payload) => {
                Settled::Lost(payload)
            }
            Settled::Again(time) => Settled::Again(time),
        })
    }

    /// Gives back a job that was not sent, charge and all; whether its ticket was good.
    ///
    /// # Errors
    ///
    /// If the store fails; the job comes back when its lease ends.
    pub fn give_back<T>(&mut self, now: Timestamp, taken: Taken<T>) -> Result<bool, S::Error>
    where
        S: JobStore<T>,
    {
        let Taken { ticket, mut call, .. } = taken;
        self.engine.retract(now, &mut call);
        self.store.release(now, ticket, now)
    }
}
