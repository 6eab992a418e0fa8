//! The Redis of a fleet: one thread that may be stopped, and a replica that lags.

use forbear_core::Entropy;
use forbear_redis::model::{Reply, Request, Store};

use crate::rng::{Stream, StreamRng};
use crate::scenario::{RedisSpec, Sampler, Scenario, nanos};

/// What the members talk to.
#[derive(Debug)]
pub(super) struct Redis {
    store: Store,
    /// What a replica knows that is about to be promoted.
    replica: Store,
    service: Sampler,
    luck: StreamRng,
    /// When it is done with what it was asked so far, in ns.
    free_at: u64,
    /// When it does nothing, in ns, by when that begins.
    stalls: Vec<(u64, u64)>,
}

impl Redis {
    pub(super) fn new(scenario: &Scenario, spec: &RedisSpec, seed: u64) -> Self {
        let stalls = scenario.faults().iter().filter(|fault| fault.stall);
        let mut stalls: Vec<_> =
            stalls.map(|fault| (nanos(fault.from), nanos(fault.until))).collect();
        stalls.sort_unstable();
        Self {
            store: Store::new(),
            replica: Store::new(),
            service: spec.service(),
            luck: StreamRng::of(seed, Stream::RedisWork),
            free_at: 0,
            stalls,
        }
    }

    /// When it has done what it is asked at `now`: one thing after the other, in the order
    /// in which they come.
    pub(super) fn done_at(&mut self, now: u64) -> u64 {
        let mut begun = now.max(self.free_at);
        let mut work = self.service.sample(self.luck.next_u64());
        for &(from, until) in &self.stalls {
            if begun >= until {
                continue;
            }
            let before = from.saturating_sub(begun);
            // What it is at when it is stopped, it goes on with.
            if before == 0 || work > before {
                work = work.saturating_sub(before);
                begun = until;
            }
        }
        self.free_at = begun.saturating_add(work);
        self.free_at
    }

    pub(super) fn call(&mut self, now: u64, member: &str, request: &Request) -> Reply {
        // Virtual time 0 is midnight, for windows by the clock.
        self.store.call(now / 1000, member, request)
    }

    /// It loses its memory.
    pub(super) fn flush(&mut self) {
        self.store.flush();
    }

    /// The replica hears nothing of what comes now.
    pub(super) fn leave_replica_behind(&mut self) {
        self.replica = self.store.clone();
    }

    /// The replica takes its place, with nothing to do yet.
    pub(super) fn promote(&mut self, now: u64) {
        self.store = std::mem::take(&mut self.replica);
        self.free_at = now;
    }
}
