//! One value that says how requests are sent and sent again.

mod bounds;
mod builder;
mod prototype;
mod unlimited;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use crate::backoff::{BackoffStrategy, Exponential};
use crate::limiter::All;
use crate::queue::QueueConfig;
use crate::{
    Engine, Entropy, HasRetryRules, Hedging, HintRule, Limiter, RetryRules, StopCondition,
};

pub(crate) use self::bounds::Bounds;
pub use self::builder::PolicyBuilder;
use self::prototype::{BudgetPrototype, Prototype};
use self::unlimited::Unlimited;

/// How requests to one destination are sent, and sent again.
///
/// The same value runs in production and in the simulator. Clones share their
/// state: the limiters, the retry budget, and the wait that a server asked for.
/// [`fresh`](Self::fresh) gives the same policy with a state of its own, for
/// another host or key.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::Policy;
/// use forbear_core::backoff::{BackoffStrategy, Exponential};
/// use forbear_core::limiter::Gcra;
///
/// let policy = Policy::builder()
///     .max_attempts(6)
///     .deadline(Duration::from_secs(120))
///     .backoff(Exponential::new(Duration::from_millis(500))
///         .capped_at(Duration::from_secs(60))
///         .full_jitter())
///     .limit(Gcra::per("500/min".parse()?).with_burst(20)?)
///     .build()?;
/// # let _ = policy;
/// # Ok::<(), forbear_core::InvalidConfig>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a policy does nothing until a call goes through it"]
pub struct Policy {
    plan: Arc<Plan>,
    #[cfg(feature = "std")]
    shared: Arc<std::sync::OnceLock<Arc<crate::driver::Shared>>>,
}

/// The parts of a policy, without state.
#[derive(Debug)]
struct Plan {
    limiters: Vec<Box<dyn Prototype>>,
    rules: Arc<RetryRules>,
    /// Those of an engine behind the queue, if there is one.
    behind_queue: Option<RetryRules>,
    /// The stop condition of `rules`, part by part.
    #[cfg_attr(not(feature = "std"), expect(dead_code, reason = "a driver changes them"))]
    bounds: Arc<Bounds>,
    budget: Option<Box<dyn BudgetPrototype>>,
    hedging: Option<Hedging>,
    attempt_timeout: Option<Duration>,
    queue: Option<QueueConfig>,
    #[cfg(feature = "std")]
    observers: crate::driver::Observers,
}

/// An [`Engine`] that borrows from its [`Policy`] what it has in common with others.
pub type BorrowedEngine<'a, E> = Engine<Box<dyn Limiter>, &'a RetryRules, E>;

impl Policy {
    /// The policy that suits most APIs: up to 6 sends within 2 minutes,
    /// exponential backoff from 500 ms to 60 s with full jitter, a retry budget of
    /// 10 % with 10 in reserve, the server's waits obeyed and shared.
    ///
    /// It limits no rate; add what the API allows with
    /// [`limit`](PolicyBuilder::limit).
    pub fn recommended() -> Self {
        Self::builder().assemble(Bounds::recommended())
    }

    /// Starts from [`recommended`](Self::recommended) and changes it.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }

    /// An engine that follows this policy, with a state of its own.
    #[must_use]
    pub fn engine(&self, entropy: Box<dyn Entropy + Send>) -> Engine {
        self.engine_of(self.limiter(), Arc::clone(&self.plan.rules), entropy)
    }

    /// The same as [`engine`](Self::engine), for as long as the policy lives: what all its
    /// engines share is borrowed, and `entropy` is in it and not behind a pointer.
    ///
    /// 72 bytes with an entropy of 16, for who keeps a million.
    ///
    /// ```
    /// use forbear_core::{Action, Call, Cost, Policy, SplitMix64, Timestamp};
    ///
    /// let policy = Policy::recommended();
    /// let mut engine = policy.borrowed_engine(SplitMix64::new(1));
    /// let mut call = Call::new(Timestamp::ZERO, Cost::REQUEST);
    /// assert_eq!(engine.poll(Timestamp::ZERO, &mut call), Action::Send);
    /// ```
    pub fn borrowed_engine<E: Entropy>(&self, entropy: E) -> BorrowedEngine<'_, E> {
        self.engine_of(self.limiter(), &self.plan.rules, entropy)
    }

    /// The same, limited by `limiter` as well.
    ///
    /// For one that no policy can make anew, since somebody else feeds it.
    ///
    /// ```
    /// use forbear_core::limiter::Gcra;
    /// use forbear_core::{Action, Call, Cost, Policy, SplitMix64, Timestamp};
    ///
    /// let (policy, limiter) = (Policy::recommended(), Gcra::per("1/s".parse()?));
    /// let mut engine = policy.borrowed_engine_limited_by(Box::new(limiter), SplitMix64::new(1));
    /// let [mut one, mut other] = [(); 2].map(|()| Call::new(Timestamp::ZERO, Cost::REQUEST));
    /// assert!(matches!(engine.poll(Timestamp::ZERO, &mut one), Action::Send));
    /// assert!(matches!(engine.poll(Timestamp::ZERO, &mut other), Action::SleepUntil(..)));
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    pub fn borrowed_engine_limited_by<E: Entropy>(
        &self,
        limiter: Box<dyn Limiter>,
        entropy: E,
    ) -> BorrowedEngine<'_, E> {
        let own = self.plan.limiters.iter().map(|limiter| limiter.fresh());
        let all = Box::new(All::new(own.chain([limiter])));
        self.engine_of(all, &self.plan.rules, entropy)
    }

    /// The same for a driver that has the policy's [queue](Self::queue) in front of it:
    /// what asks the limiters and obeys shared waits is the queue, so this engine admits
    /// everything. The same as [`borrowed_engine`](Self::borrowed_engine) if there is no
    /// queue.
    ///
    /// ```
    /// use forbear_core::limiter::Gcra;
    /// use forbear_core::queue::QueueConfig;
    /// use forbear_core::{Action, Call, Cost, Policy, SplitMix64, Timestamp};
    ///
    /// let policy = Policy::builder().limit(Gcra::per("1/s".parse()?)).queue(QueueConfig::new());
    /// let policy = policy.build()?;
    /// let mut engine = policy.borrowed_engine_behind_queue(SplitMix64::new(1));
    /// for _ in 0..2 {
    ///     let mut call = Call::new(Timestamp::ZERO, Cost::REQUEST);
    ///     assert_eq!(engine.poll(Timestamp::ZERO, &mut call), Action::Send);
    /// }
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    pub fn borrowed_engine_behind_queue<E: Entropy>(&self, entropy: E) -> BorrowedEngine<'_, E> {
        match &self.plan.behind_queue {
            Some(rules) => self.engine_of(Box::new(Unlimited), rules, entropy),
            None => self.borrowed_engine(entropy),
        }
    }

    fn engine_of<R: HasRetryRules, E: Entropy>(
        &self,
        limiter: Box<dyn Limiter>,
        rules: R,
        entropy: E,
    ) -> Engine<Box<dyn Limiter>, R, E> {
        let engine = Engine::with_rules(limiter, rules, entropy);
        match &self.plan.budget {
            Some(budget) => engine.with_boxed_budget(budget.fresh()),
            None => engine,
        }
    }

    /// A limiter in its first state: all that this policy limits by, but for the
    /// server's waits.
    ///
    /// ```
    /// use forbear_core::limiter::Gcra;
    /// use forbear_core::{Cost, Limiter, Policy, Timestamp};
    ///
    /// let policy = Policy::builder().limit(Gcra::per("1/s".parse()?)).build()?;
    /// let mut limiter = policy.limiter();
    /// assert!(limiter.acquire(Timestamp::ZERO, &Cost::REQUEST).is_admit());
    /// assert!(!limiter.check(Timestamp::ZERO, &Cost::REQUEST).is_admit());
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    #[must_use]
    pub fn limiter(&self) -> Box<dyn Limiter> {
        match self.plan.limiters.as_slice() {
            // Takes no memory, which an empty list does.
            [] => Box::new(Unlimited),
            [only] => only.fresh(),
            several => Box::new(All::new(several.iter().map(|limiter| limiter.fresh()))),
        }
    }

    /// The strategy that picks its delays.
    #[must_use]
    pub fn backoff(&self) -> &Arc<dyn BackoffStrategy> {
        &self.plan.rules.backoff
    }

    /// The condition that ends its calls.
    #[must_use]
    pub fn stop(&self) -> &Arc<dyn StopCondition> {
        &self.plan.rules.stop
    }

    /// How jobs that wait are ordered, if it says: for a queue, such as that of the
    /// simulator's clients.
    ///
    /// Calls that are made without a queue stand in line in the order in which they come,
    /// whatever is said here.
    ///
    /// ```
    /// use forbear_core::Policy;
    /// use forbear_core::queue::QueueConfig;
    ///
    /// let policy = Policy::builder().queue(QueueConfig::new().strict_lanes(2)?).build()?;
    /// assert_eq!(policy.queue().map(QueueConfig::lanes), Some(2));
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    #[must_use]
    pub fn queue(&self) -> Option<&QueueConfig> {
        self.plan.queue.as_ref()
    }

    /// What it makes of the waits that the server asks for.
    ///
    /// ```
    /// use forbear_core::{HintRule, Policy};
    ///
    /// assert_eq!(Policy::recommended().hint_rule(), HintRule::default());
    /// ```
    #[must_use]
    pub fn hint_rule(&self) -> HintRule {
        self.plan.rules.hint
    }

    /// When reads are sent a second time, if they are; for drivers that hedge.
    #[must_use]
    pub fn hedging(&self) -> Option<Hedging> {
        self.plan.hedging
    }

    /// How long an attempt may take, if it is bounded; for drivers, which see to it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use forbear_core::Policy;
    ///
    /// let policy = Policy::builder().attempt_timeout(Duration::from_secs(30)).build()?;
    /// assert_eq!(policy.attempt_timeout(), Some(Duration::from_secs(30)));
    /// assert_eq!(Policy::recommended().attempt_timeout(), None);
    /// # Ok::<(), forbear_core::InvalidConfig>(())
    /// ```
    #[must_use]
    pub fn attempt_timeout(&self) -> Option<Duration> {
        self.plan.attempt_timeout
    }

    /// The same policy with a state of its own.
    pub fn fresh(&self) -> Self {
        Self::from_plan(Arc::clone(&self.plan))
    }

    /// The same policy with a state of its own, whose delays are drawn from
    /// `entropy` instead of the operating system.
    ///
    /// For tests and simulations, which must give the same delays on every run.
    ///
    /// ```
    /// use forbear_core::{Policy, SplitMix64};
    ///
    /// let policy = Policy::recommended().drawing_from(Box::new(SplitMix64::new(7)));
    /// # let _ = policy;
    /// ```
    #[cfg(feature = "std")]
    pub fn drawing_from(&self, entropy: Box<dyn Entropy + Send>) -> Self {
        let policy = self.fresh();
        policy.shared.get_or_init(|| policy.start(entropy));
        policy
    }

    fn from_plan(plan: Arc<Plan>) -> Self {
        Self {
            plan,
            #[cfg(feature = "std")]
            shared: Arc::default(),
        }
    }

    /// The state that its calls share, made at the first call.
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn shared(&self) -> &Arc<crate::driver::Shared> {
        self.shared.get_or_init(|| self.start(Box::new(crate::SplitMix64::from_os())))
    }

    /// That state, if there was a call.
    #[cfg(feature = "std")]
    pub(crate) fn started(&self) -> Option<&Arc<crate::driver::Shared>> {
        self.shared.get()
    }

    #[cfg(feature = "std")]
    pub(crate) fn bounds(&self) -> &Bounds {
        &self.plan.bounds
    }

    #[cfg(feature = "std")]
    fn start(&self, entropy: Box<dyn Entropy + Send>) -> Arc<crate::driver::Shared> {
        let setup = crate::driver::Setup {
            observers: self.plan.observers.clone(),
            is_limited: !self.plan.limiters.is_empty(),
            may_start_late: self.plan.bounds.may_start_late(),
            attempt_timeout: self.plan.attempt_timeout,
        };
        crate::driver::Shared::new(self.engine(entropy), setup)
    }
}

/// The backoff of [`Policy::recommended`].
///
/// 500 ms is below the second at which most APIs refill; 60 s is the window that
/// most of them count in.
fn recommended_backoff() -> impl BackoffStrategy {
    Exponential::new(Duration::from_millis(500)).capped_at(Duration::from_secs(60)).full_jitter()
}
