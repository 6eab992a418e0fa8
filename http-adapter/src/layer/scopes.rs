//! One state of the policy for each scope: a host, a key, whatever a caller names.
//!
//! Bounded, because the names of scopes may come from outside: a crawler meets hosts
//! without end. A scope that does nothing and waits for nothing is forgotten, the least
//! recently used first. One that is in use, or that a server told to wait, is not: to
//! forget a wait would be to break it.
//!
//! Which bucket of a server a request counts against is known only when it was answered. So
//! a route has a scope of its own until a success names its bucket; that scope is then the
//! bucket's, or is given up for the one that the bucket has already.

use std::any::Any;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use forbear_core::driver::MonotonicClock;
use forbear_core::{Clock, Observation, Outcome, Policy, Quantity, Quota, Timestamp};

use super::HttpRequest;
use super::hedging::Latencies;

/// How many scopes are kept unless said otherwise.
///
/// Some hundred bytes each; an application that talks to more hosts at once says so.
const DEFAULT_CAPACITY: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// How the scope of a request is named.
#[derive(Clone)]
pub(super) enum Key {
    /// All requests are of one scope.
    None,
    /// By where it goes to.
    Host,
    /// By a function of the user's; `None` for a request of another type.
    By(KeyOf),
    /// By the bucket that the server names for a route.
    Bucket(RouteOf),
}

/// Which requests count against one bucket, as far as can be known before.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// Buckets of one name are apart for each of these.
    pub(super) resource: String,
    pub(super) name: String,
}

type RouteOf = Arc<dyn Fn(&dyn Any) -> Option<Route> + Send + Sync>;
type KeyOf = Arc<dyn Fn(&dyn Any) -> Option<String> + Send + Sync>;

/// The states of one policy, by scope.
#[derive(Clone)]
pub(super) struct Scopes {
    /// For all requests, or for those without a scope of their own.
    common: Policy,
    key: Key,
    kept: Arc<Kept>,
}

impl Scopes {
    /// One state for all requests.
    pub(super) fn common(policy: Policy) -> Self {
        let kept = Arc::new(Kept::new(DEFAULT_CAPACITY));
        Self { common: policy, key: Key::None, kept }
    }

    pub(super) fn keyed_by(&mut self, key: Key) {
        self.key = key;
    }

    pub(super) fn keep(&mut self, capacity: NonZeroUsize) {
        self.kept = Arc::new(Kept::new(capacity));
    }

    /// The scope of `request`.
    pub(super) fn of<Q: HttpRequest + 'static>(&self, request: &Q) -> Scope {
        match &self.key {
            Key::None => self.named(None),
            Key::Host => self.named(request.authority()),
            Key::By(key) => self.named(key(request)),
            Key::Bucket(route_of) => match route_of(request) {
                None => self.named(None),
                Some(route) => self.routed(route),
            },
        }
    }

    fn routed(&self, route: Route) -> Scope {
        let own = format!("{} {}", route.resource, route.name);
        if let Some(bucket) = self.kept.bucket_of(&own) {
            return self.named(Some(bucket));
        }
        let mut scope = self.named(Some(own.clone()));
        let kept = Arc::clone(&self.kept);
        scope.unnamed = Some(Unnamed { own, resource: route.resource, kept });
        scope
    }

    fn named(&self, key: Option<String>) -> Scope {
        match key.and_then(|key| self.kept.state(key, &self.common)) {
            Some(state) => {
                let policy = state.policy.clone();
                Scope { policy, state: Some((state, self.kept.clock)), unnamed: None }
            }
            None => Scope { policy: self.common.clone(), state: None, unnamed: None },
        }
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.kept.table.lock().unwrap_or_else(PoisonError::into_inner).by_key.len();
        f.debug_struct("Scopes")
            .field("policy", &self.common)
            .field("is_keyed", &!matches!(self.key, Key::None))
            .field("kept", &kept)
            .finish_non_exhaustive()
    }
}

/// The scope of one request; while it lives, the scope is in use.
pub(super) struct Scope {
    pub(super) policy: Policy,
    state: Option<(Arc<State>, MonotonicClock)>,
    unnamed: Option<Unnamed>,
}

/// A route of which the server has not named the bucket yet.
struct Unnamed {
    /// The key of the route itself.
    own: String,
    resource: String,
    kept: Arc<Kept>,
}

impl Scope {
    /// The key by which it is known, unless it is the scope of all without one.
    #[cfg(feature = "record")]
    pub(super) fn key(&self) -> Option<&str> {
        self.state.as_ref().map(|(state, _)| state.key.as_str())
    }

    /// How long its answers take; `None` for the scope of all without one.
    pub(super) fn latencies(&self) -> Option<&Latencies> {
        self.state.as_ref().map(|(state, _)| &state.latencies)
    }

    /// Notes until when the server told this scope to wait.
    pub(super) fn note(&self, seen: &Observation) {
        let Some((state, clock)) = &self.state else { return };
        let empty = |quota: &&Quota| quota.remaining() == Some(Quantity::ZERO);
        let resets = seen.quotas.as_slice().iter().filter(empty).filter_map(Quota::resets_in);
        if let Some(wait) = resets.chain(seen.retry_after).max() {
            let until = clock.now().after(wait).as_nanos();
            state.waits_until_ns.fetch_max(until, Ordering::Relaxed);
        }
        // Not after a refusal, whose wait only the scope of the route knows.
        if let (Some(route), Some(bucket), Outcome::Success) =
            (&self.unnamed, seen.scope, seen.outcome)
        {
            let key = format!("{} bucket {bucket}", route.resource);
            route.kept.name(&route.own, key);
        }
    }
}

/// What is kept of a scope.
#[derive(Debug)]
struct State {
    #[cfg(feature = "record")]
    key: String,
    policy: Policy,
    waits_until_ns: AtomicU64,
    latencies: Latencies,
}

struct Kept {
    capacity: NonZeroUsize,
    clock: MonotonicClock,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    by_key: BTreeMap<String, Used>,
    /// The keys of the buckets that the server named, by the keys of their routes.
    buckets: BTreeMap<String, String>,
    /// Counts uses, which orders them.
    uses: u64,
}

struct Used {
    state: Arc<State>,
    last_use: u64,
}

impl Kept {
    fn new(capacity: NonZeroUsize) -> Self {
        Self { capacity, clock: MonotonicClock::start(), table: Mutex::default() }
    }

    /// The state of the scope `key`; `None` if there is no room for another, and then
    /// the request goes with all others that have no scope of their own.
    fn state(&self, key: String, policy: &Policy) -> Option<Arc<State>> {
        // The table is whole between two statements, whoever panicked.
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.uses += 1;
        let now = table.uses;
        if table.by_key.len() >= self.capacity.get() && !table.by_key.contains_key(&key) {
            table.forget_one(self.clock.now())?;
        }
        let entry = match table.by_key.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let state = State {
                    #[cfg(feature = "record")]
                    key: place.key().clone(),
                    policy: policy.fresh(),
                    waits_until_ns: AtomicU64::new(0),
                    latencies: Latencies::default(),
                };
                place.insert(Used { state: Arc::new(state), last_use: now })
            }
        };
        entry.last_use = now;
        Some(Arc::clone(&entry.state))
    }

    /// The key of the bucket that the server named for a route.
    fn bucket_of(&self, route: &str) -> Option<String> {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.buckets.get(route).cloned()
    }

    /// The server named the bucket of a route: the route's state is the bucket's, unless
    /// that has one.
    fn name(&self, route: &str, bucket: String) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if !table.by_key.contains_key(&bucket)
            && let Some(used) = table.by_key.remove(route)
        {
            table.by_key.insert(bucket.clone(), used);
        }
        if table.buckets.len() >= self.capacity.get() {
            // Any of them: it is named again with its next success.
            table.buckets.pop_first();
        }
        table.buckets.insert(route.to_owned(), bucket);
    }
}

impl Table {
    /// Forgets the idle scope that was used least recently; `None` if none is idle.
    fn forget_one(&mut self, now: Timestamp) -> Option<()> {
        let idle = self.by_key.iter().filter(|(_, used)| used.is_idle(now));
        let oldest = idle.min_by_key(|(_, used)| used.last_use)?.0.clone();
        self.by_key.remove(&oldest);
        Some(())
    }
}

impl Used {
    fn is_idle(&self, now: Timestamp) -> bool {
        // New references are made under the lock of the table only.
        Arc::strong_count(&self.state) == 1
            && Timestamp::from_nanos(self.state.waits_until_ns.load(Ordering::Relaxed)) <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn scopes(capacity: usize) -> Scopes {
        let mut scopes = Scopes::common(Policy::recommended());
        scopes.keep(NonZeroUsize::new(capacity).unwrap());
        scopes
    }

    fn of(scopes: &Scopes, key: &str) -> Scope {
        scopes.named(Some(key.to_owned()))
    }

    fn keys(scopes: &Scopes) -> Vec<String> {
        scopes.kept.table.lock().unwrap().by_key.keys().cloned().collect()
    }

    #[test]
    fn the_least_recently_used_scope_is_forgotten() {
        let scopes = scopes(2);
        for key in ["a", "b", "a", "c"] {
            of(&scopes, key);
        }
        assert_eq!(keys(&scopes), ["a", "c"]);
    }

    #[test]
    fn a_scope_in_use_is_kept() {
        let scopes = scopes(2);
        let in_use = of(&scopes, "a");
        of(&scopes, "b");
        of(&scopes, "c");
        assert_eq!(keys(&scopes), ["a", "c"]);
        drop(in_use);
        of(&scopes, "d");
        assert_eq!(keys(&scopes), ["c", "d"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_scope_that_was_told_to_wait_is_kept_until_it_may_go() {
        let scopes = scopes(1);
        of(&scopes, "a").note(&Observation::throttled(Some(Duration::from_secs(60))));
        assert!(of(&scopes, "b").state.is_none(), "there is no room for another");
        tokio::time::advance(Duration::from_secs(59)).await;
        assert!(of(&scopes, "b").state.is_none());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(of(&scopes, "b").state.is_some());
        assert_eq!(keys(&scopes), ["b"]);
    }
}
