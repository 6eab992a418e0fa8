//! Changes while a queue runs, and its end.

use alloc::vec::Vec;
use core::num::NonZeroU32;

use super::slab::index;
use super::{Queue, Removed, ScopeId, Tally, TenantId, Withdrawal, positive};
use crate::{InvalidConfig, Limiter, Rate};

/// What a queue held when it was shut down.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Left<T> {
    /// The queued jobs, lane by lane, in the order in which they were pushed.
    pub jobs: Vec<Removed<T>>,
    /// Everything that became of the jobs, those included.
    pub tally: Tally,
}

impl<T, L: Limiter> Queue<T, L> {
    /// Starts nothing until [`resume`](Self::resume). Jobs are still taken in.
    pub const fn pause(&mut self) {
        self.is_paused = true;
    }

    /// Goes on after a [`pause`](Self::pause), at the usual rate.
    pub fn resume(&mut self) {
        self.is_paused = false;
        // What was not sent in the meantime is not made up for.
        self.scopes.iter_mut().for_each(super::ScopeState::on_time);
    }

    /// Starts nothing of `scope` until [`resume_scope`](Self::resume_scope); whether
    /// there is that scope.
    pub fn pause_scope(&mut self, scope: ScopeId) -> bool {
        let found = self.scopes.get_mut(index(scope.0));
        found.map(|scope| scope.is_paused = true).is_some()
    }

    /// Goes on with a scope that was paused, at the usual rate; whether there is it.
    pub fn resume_scope(&mut self, scope: ScopeId) -> bool {
        let Some(found) = self.scopes.get_mut(index(scope.0)) else { return false };
        found.is_paused = false;
        found.on_time();
        self.open(scope.0);
        true
    }

    /// Takes no more jobs, and goes on with those that it has, retries included.
    ///
    /// It is [empty](Self::is_empty) when all are done.
    pub const fn drain(&mut self) {
        self.is_draining = true;
    }

    /// Takes out every queued job, and takes no more.
    ///
    /// Jobs in flight are still to be completed.
    pub fn shut_down(&mut self) -> Left<T> {
        self.is_draining = true;
        let slots: Vec<u32> = self.places.iter().flat_map(|lane| lane.values().copied()).collect();
        let remove = |slot| self.withdraw(self.jobs.id(slot), Withdrawal::ShutDown);
        let jobs = slots.into_iter().filter_map(remove).collect();
        Left { jobs, tally: self.tally }
    }

    /// Gives a tenant another weight, from its next turn on; whether there is it.
    ///
    /// # Errors
    ///
    /// If the weight is 0.
    pub fn set_weight(&mut self, tenant: TenantId, weight: u32) -> Result<bool, InvalidConfig> {
        let weight = positive("weight", weight)?;
        let Some(found) = self.tenants.get_mut(index(tenant.0)) else { return Ok(false) };
        found.weight = weight;
        Ok(true)
    }

    /// Lets a tenant have up to this many jobs in flight in each scope, or any number;
    /// whether there is that tenant.
    ///
    /// # Errors
    ///
    /// If the cap is 0.
    pub fn set_cap(&mut self, tenant: TenantId, cap: Option<u32>) -> Result<bool, InvalidConfig> {
        let cap: Option<NonZeroU32> = cap.map(|cap| positive("cap", cap)).transpose()?;
        let Some(found) = self.tenants.get_mut(index(tenant.0)) else { return Ok(false) };
        found.cap = cap;
        for scope in 0..super::number(self.scopes.len()) {
            self.unpark(scope, tenant.0);
            self.reopen(scope);
        }
        Ok(true)
    }

    /// Expects a scope to serve at this rate; only estimates go by it. Whether there is
    /// that scope.
    pub fn expect_rate(&mut self, scope: ScopeId, rate: Option<Rate>) -> bool {
        let found = self.scopes.get_mut(index(scope.0));
        found.map(|scope| scope.rate = rate).is_some()
    }

    /// Changes the limiter of a scope, as to another rate, and asks it anew. `None` if
    /// there is no such scope.
    pub fn change_limiter<R>(
        &mut self,
        scope: ScopeId,
        change: impl FnOnce(&mut L) -> R,
    ) -> Option<R> {
        let found = self.scopes.get_mut(index(scope.0))?;
        found.on_time();
        let result = change(&mut found.limiter);
        self.reopen(scope.0);
        Some(result)
    }

    /// Asks the limiter of a scope again, which may have news from elsewhere; whether
    /// there is that scope.
    ///
    /// A driver that [attaches](Limiter::attach) a limiter does so when that wakes it.
    pub fn look_again(&mut self, scope: ScopeId) -> bool {
        let is_there = index(scope.0) < self.scopes.len();
        if is_there {
            self.reopen(scope.0);
        }
        is_there
    }

    /// Asks a scope again that may have jobs for another reason than before.
    fn reopen(&mut self, scope: u32) {
        if !self.scopes[index(scope)].is_paused {
            self.open(scope);
        }
    }
}
