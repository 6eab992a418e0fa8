//! Jobs that are kept in memory.

use alloc::collections::{BTreeMap, BTreeSet};
use core::convert::Infallible;
use core::time::Duration;

use super::{Claim, JobStore, Ticket};
use crate::Timestamp;

/// Jobs in memory: for tests, and for work that may be lost with the process.
///
/// Each step takes `O(log n)`, and one that makes waiting jobs ready again as much for
/// each of them.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::Timestamp;
/// use forbear_core::store::{JobStore, MemoryStore};
///
/// let mut store = MemoryStore::new();
/// let at = |seconds| Timestamp::ZERO.after(Duration::from_secs(seconds));
/// store.push(at(0), "job", at(0))?;
/// let lost = store.claim(at(0), Duration::from_secs(60))?.unwrap();
/// assert_eq!(store.claim(at(59), Duration::from_secs(60))?, None);
/// // Its worker died; another one has it now.
/// let again = store.claim(at(60), Duration::from_secs(60))?.unwrap();
/// assert_eq!((again.payload, again.attempt), ("job", 2));
/// assert!(!store.acknowledge(at(61), lost.ticket)?);
/// assert!(store.acknowledge(at(61), again.ticket)?);
/// # Ok::<(), core::convert::Infallible>(())
/// ```
#[derive(Clone, Debug)]
pub struct MemoryStore<T> {
    jobs: BTreeMap<u64, Stored<T>>,
    /// Those that may be claimed.
    ready: BTreeSet<u64>,
    /// The others, by when they may: their time comes or their lease ends.
    waiting: BTreeSet<(Timestamp, u64)>,
    next: u64,
}

#[derive(Clone, Debug)]
struct Stored<T> {
    payload: T,
    claims: u32,
    /// Whether it is lent, or was and its lease ended unnoticed.
    is_lent: bool,
    /// When it may be claimed.
    at: Timestamp,
}

impl<T> Default for MemoryStore<T> {
    fn default() -> Self {
        Self { jobs: BTreeMap::new(), ready: BTreeSet::new(), waiting: BTreeSet::new(), next: 0 }
    }
}

impl<T> MemoryStore<T> {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many jobs are not acknowledged, those that are lent included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Whether every job is acknowledged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Makes those ready whose time has come.
    fn wake(&mut self, now: Timestamp) {
        while let Some(&(time, job)) = self.waiting.first().filter(|(time, _)| *time <= now) {
            self.waiting.remove(&(time, job));
            self.ready.insert(job);
            if let Some(stored) = self.jobs.get_mut(&job) {
                stored.is_lent = false;
            }
        }
    }

    /// The job that a ticket is good for.
    fn lent(&mut self, now: Timestamp, ticket: Ticket) -> Option<&mut Stored<T>> {
        self.wake(now);
        let stored = self.jobs.get_mut(&ticket.job)?;
        (stored.is_lent && u64::from(stored.claims) == ticket.claim).then_some(stored)
    }

    /// Lets a job wait until `at` instead; whether its ticket was good.
    fn move_to(&mut self, now: Timestamp, ticket: Ticket, at: Timestamp, is_lent: bool) -> bool {
        let Some(stored) = self.lent(now, ticket) else { return false };
        let old = core::mem::replace(&mut stored.at, at);
        stored.is_lent = is_lent;
        self.waiting.remove(&(old, ticket.job));
        self.waiting.insert((at, ticket.job));
        true
    }
}

impl<T: Clone + core::fmt::Debug + Send> JobStore<T> for MemoryStore<T> {
    type Error = Infallible;

    fn push(&mut self, _: Timestamp, payload: T, not_before: Timestamp) -> Result<(), Infallible> {
        let job = self.next;
        self.next += 1;
        self.jobs.insert(job, Stored { payload, claims: 0, is_lent: false, at: not_before });
        self.waiting.insert((not_before, job));
        Ok(())
    }

    fn claim(&mut self, now: Timestamp, lease: Duration) -> Result<Option<Claim<T>>, Infallible> {
        self.wake(now);
        let Some(job) = self.ready.pop_first() else { return Ok(None) };
        let until = now.after(lease);
        self.waiting.insert((until, job));
        Ok(self.jobs.get_mut(&job).map(|stored| {
            stored.claims = stored.claims.saturating_add(1);
            (stored.is_lent, stored.at) = (true, until);
            let ticket = Ticket { job, claim: u64::from(stored.claims) };
            Claim { ticket, payload: stored.payload.clone(), attempt: stored.claims }
        }))
    }

    fn acknowledge(&mut self, now: Timestamp, ticket: Ticket) -> Result<bool, Infallible> {
        let Some(at) = self.lent(now, ticket).map(|stored| stored.at) else { return Ok(false) };
        self.waiting.remove(&(at, ticket.job));
        self.jobs.remove(&ticket.job);
        Ok(true)
    }

    fn release(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        not_before: Timestamp,
    ) -> Result<bool, Infallible> {
        Ok(self.move_to(now, ticket, not_before, false))
    }

    fn renew(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        lease: Duration,
    ) -> Result<bool, Infallible> {
        Ok(self.move_to(now, ticket, now.after(lease), true))
    }

    fn next_at(&mut self, now: Timestamp) -> Result<Option<Timestamp>, Infallible> {
        self.wake(now);
        let waiting = self.waiting.first().map(|&(time, _)| time);
        Ok(if self.ready.is_empty() { waiting } else { Some(now) })
    }
}
