//! Changes while a queue runs, and its end.

use alloc::sync::Arc;

use super::SharedQueue;
use crate::queue::{JobId, Left, Scope, ScopeId, TenantId};
use crate::{InvalidConfig, Limiter, Policy, Rate};

impl<T> SharedQueue<T> {
    /// Adds a scope that is limited and retried as `policy` says, with a state of its
    /// own.
    ///
    /// Without an [expected rate](Self::expect_rate), the start of a job is known
    /// beforehand only where nothing waits.
    pub fn add_policy(&self, name: impl Into<Arc<str>>, policy: &Policy) -> ScopeId {
        self.add_scope(Scope::new(name, policy.limiter()), policy)
    }

    /// Limits and retries a scope as another policy says from now on; whether there is
    /// that scope.
    ///
    /// The new limiters know nothing of what was sent before: a window begins anew, and
    /// requests in flight are in no new count. To change one number and keep what is
    /// known, see [`change_limiter`](Self::change_limiter).
    #[must_use = "it says whether there is that scope"]
    pub fn change_policy(&self, scope: ScopeId, policy: &Policy) -> bool {
        self.inner.act(|state, now| {
            state.replace_limiter(now, scope, policy.limiter()).is_some()
                && state.change_retries(scope, policy)
        })
    }
}

impl<T, L: Limiter> SharedQueue<T, L> {
    /// Adds a scope of this limiter, whose failures are retried as `policy` says; the
    /// policy's own limiters have no part in it.
    ///
    /// A wait that a server asks for holds the whole scope back, unless the policy does
    /// not share hints. The policy's deadline is counted from the first send of a job,
    /// not from when it was pushed: how long it may be queued is a matter of
    /// [`Job::deadline`](crate::queue::Job::deadline).
    pub fn add_scope(&self, scope: Scope<L>, policy: &Policy) -> ScopeId {
        self.inner.act(|state, now| state.add_scope(now, scope, policy))
    }

    /// Adds a tenant of this weight.
    ///
    /// # Errors
    ///
    /// If the weight is 0.
    pub fn add_tenant(&self, weight: u32) -> Result<TenantId, InvalidConfig> {
        self.inner.act(|state, _| state.queue.add_tenant(weight))
    }

    /// Takes a job out of the queue; `None` if it is being sent or left already.
    ///
    /// One who [stands](Self::stand) in the queue for it is told so.
    #[expect(clippy::must_use_candidate, reason = "cancelling is the point, the payload an extra")]
    pub fn cancel(&self, id: JobId) -> Option<T> {
        self.inner.act(|state, now| state.cancel(now, id))
    }

    /// Starts nothing until [`resume`](Self::resume). Jobs are still taken in.
    pub fn pause(&self) {
        self.inner.act(|state, _| state.queue.pause());
    }

    /// Goes on after a [`pause`](Self::pause), at the usual rate.
    pub fn resume(&self) {
        self.inner.act(|state, _| state.queue.resume());
    }

    /// Starts nothing of `scope` until [`resume_scope`](Self::resume_scope); whether
    /// there is that scope.
    #[must_use = "it says whether there is that scope"]
    pub fn pause_scope(&self, scope: ScopeId) -> bool {
        self.inner.act(|state, _| state.queue.pause_scope(scope))
    }

    /// Goes on with a scope that was paused; whether there is it.
    #[must_use = "it says whether there is that scope"]
    pub fn resume_scope(&self, scope: ScopeId) -> bool {
        self.inner.act(|state, _| state.queue.resume_scope(scope))
    }

    /// Takes no more jobs, and goes on with those that it has, retries included.
    ///
    /// Workers are told that it is over when the last of them has ended.
    pub fn drain(&self) {
        self.inner.act(|state, _| state.queue.drain());
    }

    /// Takes out every queued job, and takes no more; says what was left.
    ///
    /// Those in flight are still to be answered, and not sent again: where a retry would
    /// follow, the answer is [`GaveUp`](super::Answered::GaveUp) because the call was
    /// [cancelled](crate::StopReason::Cancelled). Jobs that somebody stands in the queue
    /// for are not in the list, but in the tally; each [`Place`](super::Place) says so
    /// itself.
    #[must_use = "it says what was left"]
    pub fn shut_down(&self) -> Left<T> {
        self.inner.act(super::state::State::shut_down)
    }

    /// Gives a tenant another weight, from its next turn on; whether there is it.
    ///
    /// # Errors
    ///
    /// If the weight is 0.
    pub fn set_weight(&self, tenant: TenantId, weight: u32) -> Result<bool, InvalidConfig> {
        self.inner.act(|state, _| state.queue.set_weight(tenant, weight))
    }

    /// Lets a tenant have up to this many jobs in flight in each scope, or any number;
    /// whether there is that tenant.
    ///
    /// # Errors
    ///
    /// If the cap is 0.
    pub fn set_cap(&self, tenant: TenantId, cap: Option<u32>) -> Result<bool, InvalidConfig> {
        self.inner.act(|state, _| state.queue.set_cap(tenant, cap))
    }

    /// Expects a scope to serve at this rate; only estimates go by it. Whether there is
    /// that scope.
    #[must_use = "it says whether there is that scope"]
    pub fn expect_rate(&self, scope: ScopeId, rate: Option<Rate>) -> bool {
        self.inner.act(|state, _| state.queue.expect_rate(scope, rate))
    }

    /// Changes the limiter of a scope, as to another rate, and asks it anew; `None` if
    /// there is no such scope.
    ///
    /// `change` runs under the lock and must not ask the queue. For another limiter in
    /// its place, see [`replace_limiter`](Self::replace_limiter).
    pub fn change_limiter<R>(&self, scope: ScopeId, change: impl FnOnce(&mut L) -> R) -> Option<R> {
        self.inner.act(|state, _| {
            state.queue.change_limiter(scope, |guarded| change(&mut guarded.limiter))
        })
    }

    /// Puts another limiter in the place of a scope's and returns that; `None` if there
    /// is no such scope.
    ///
    /// It knows nothing of what was sent before: a window begins anew, and requests in
    /// flight are in no new count.
    #[must_use = "it says whether there is that scope"]
    pub fn replace_limiter(&self, scope: ScopeId, limiter: L) -> Option<L> {
        self.inner.act(|state, now| state.replace_limiter(now, scope, limiter))
    }
}
