//! Deciding whether a request may go now.
//!
//! Everything that holds a request back is a [`Limiter`]: a rate, a window, a
//! number in flight, a wait that the server asked for. Asking
//! ([`check`](Limiter::check)) and taking ([`commit`](Limiter::commit)) are
//! apart, so that a stack of limiters is asked as a whole and charged as a
//! whole: none loses a token to a request that another one held back, and there
//! is no roll-back to get wrong.

mod adaptive;
mod adaptive_throttle;
mod all;
mod and;
mod breaker;
mod bucket_math;
mod concurrency;
mod cooldown;
mod cubic;
mod fixed_window;
mod gcra;
mod keyed;
mod leaky_bucket;
mod learned;
mod named;
mod purse;
mod reservoir;
mod rolling;
mod sliding_counter;
mod sliding_log;
mod token_bucket;
mod warm_up;
mod window;

use alloc::boxed::Box;
use core::fmt;
use core::task::Waker;
use core::time::Duration;

use crate::{Cost, Decision, Dimension, Observation, Refusal, Timestamp};

pub use self::{
    adaptive::{Adaptive, AdaptiveLimit, Aimd, Gradient, Sample, Vegas},
    adaptive_throttle::AdaptiveThrottle,
    all::All,
    and::And,
    breaker::Breaker,
    concurrency::Concurrency,
    cooldown::Cooldown,
    cubic::{Cubic, CubicCurve},
    fixed_window::FixedWindow,
    gcra::Gcra,
    keyed::Keyed,
    leaky_bucket::LeakyBucket,
    learned::{Learned, ModelKind, ServerModel},
    named::Named,
    reservoir::Reservoir,
    sliding_counter::SlidingCounter,
    sliding_log::SlidingLog,
    token_bucket::{Carry, TokenBucket},
    warm_up::WarmUp,
    window::Window,
};

/// How long what a limiter learned outlives its last use: ten minutes.
///
/// Longer than any window that a bound or a breaker measures over, and short
/// beside the hours after which a server is another one.
pub const STALE_AFTER: Duration = Duration::from_secs(600);

/// A rate or concurrency limiter, as a state machine.
///
/// # Contract
///
/// * `check` is pure: it changes nothing and gives the same answer to the same
///   question.
/// * `now` never decreases between calls. Given an earlier time all the same, a
///   limiter may be stricter, never laxer, and never panics.
/// * A [`Decision::WaitUntil`] names a time later than `now`. Asked again at
///   that time or later, with nothing in between, the limiter admits, or waits
///   for a request in flight; asked 1 ns before, it does not admit.
/// * [`Decision::WaitForCompletion`] is said only while a request is in flight, or by a
///   limiter that wakes who waits: see [`attach`](Self::attach).
/// * `commit(now, cost)` is called only right after `check(now, cost)` said
///   [`Decision::Admit`], and is followed by exactly one `observe`.
/// * A cost that can never be admitted is refused at once, and only such a cost
///   is refused as too large.
/// * `observe` gives back what the request held, whatever its outcome.
/// * Made anew when it says that it is idle and nothing is in flight, it is no laxer.
/// * No time, cost, observation or order of answers makes it panic.
///
/// What a limiter has learned from answers is no evidence any more once it was not
/// used for [`STALE_AFTER`]: it then says that it is idle unless a wait is in
/// force, and made anew it may let more through in the long run, but not now.
///
/// # Examples
///
/// ```
/// use forbear_core::limiter::{Concurrency, Gcra};
/// use forbear_core::{Cost, Limiter, Timestamp};
///
/// let mut limiter = Gcra::per("2/s".parse().unwrap()).and(Concurrency::new(8).unwrap());
/// assert!(limiter.acquire(Timestamp::ZERO, &Cost::REQUEST).is_admit());
/// assert!(!limiter.acquire(Timestamp::ZERO, &Cost::REQUEST).is_admit());
/// ```
pub trait Limiter: fmt::Debug + Send {
    /// Would a request of this cost be admitted at `now`?
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision;

    /// Charges for a request that is about to be sent.
    fn commit(&mut self, now: Timestamp, cost: &Cost);

    /// Learns how a charged request ended.
    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        let _ = (now, completion);
    }

    /// Whether it could be forgotten at `now` and made anew without admitting more,
    /// provided that nothing is in flight; `false` where it cannot tell.
    ///
    /// [`Keyed`] asks before it drops the limiter of a key.
    fn is_idle(&self, now: Timestamp) -> bool {
        let _ = now;
        false
    }

    /// Takes the waker of the driver that asks it, where it has news from elsewhere;
    /// returns whether it has.
    ///
    /// Most limiters change only by what they are told and by time. One that is fed
    /// from outside, as by a lease from Redis, may say
    /// [`WaitForCompletion`](Decision::WaitForCompletion) with nothing in flight, and
    /// wakes when it may answer otherwise. It must not wake from within its own
    /// methods, nor hold a lock while it does: the driver asks it again under its own.
    ///
    /// A driver calls this once, before anything else; `now` tells the limiter how
    /// the driver counts time.
    fn attach(&mut self, now: Timestamp, waker: &Waker) -> bool {
        let _ = (now, waker);
        false
    }

    /// What it is called where a wait is explained.
    fn name(&self) -> &'static str {
        "limiter"
    }

    /// The name of the part that is strictest about this request now; its own
    /// name where it has no parts.
    fn culprit(&self, now: Timestamp, cost: &Cost) -> &'static str {
        let _ = (now, cost);
        self.name()
    }

    /// Tells what each of its parts says of a request of this cost at `now`, by name;
    /// what it says itself where it has no parts.
    ///
    /// For those who explain a wait. Nothing is decided by it.
    ///
    /// ```
    /// use forbear_core::limiter::{Concurrency, Gcra};
    /// use forbear_core::{Cost, Limiter, Timestamp};
    ///
    /// let limiter = Gcra::per("2/s".parse().unwrap()).and(Concurrency::new(8).unwrap());
    /// let mut said = Vec::new();
    /// limiter.verdicts(Timestamp::ZERO, &Cost::REQUEST, &mut |name, _| said.push(name));
    /// assert_eq!(said, ["gcra", "concurrency"]);
    /// ```
    fn verdicts(&self, now: Timestamp, cost: &Cost, tell: &mut dyn FnMut(&'static str, Decision)) {
        tell(self.name(), self.check(now, cost));
    }

    /// Checks and, if admitted, charges.
    fn acquire(&mut self, now: Timestamp, cost: &Cost) -> Decision {
        let decision = self.check(now, cost);
        if decision.is_admit() {
            self.commit(now, cost);
        }
        decision
    }

    /// Limits by both.
    fn and<L: Limiter>(self, other: L) -> And<Self, L>
    where
        Self: Sized,
    {
        And::new(self, other)
    }

    /// Called `name` where a wait is explained: for one of several of a kind, such as a
    /// rate of requests beside a rate of tokens.
    ///
    /// What it is made of, if it is made of parts, is no longer told apart.
    fn named(self, name: &'static str) -> Named<Self>
    where
        Self: Sized,
    {
        Named::new(self, name)
    }

    /// Erases the type.
    fn boxed(self) -> Box<dyn Limiter>
    where
        Self: Sized + 'static,
    {
        Box::new(self)
    }
}

/// What `cost` leaves free of `capacity`; where there is no more to ask, since it costs
/// nothing or never fits, what is decided.
#[inline]
fn spare(cost: &Cost, dimension: Dimension, capacity: u32) -> Result<u32, Decision> {
    match cost.get(dimension) {
        0 => Err(Decision::Admit),
        cost => capacity
            .checked_sub(cost)
            .ok_or(Decision::Refuse(Refusal::ExceedsCapacity { cost, capacity })),
    }
}

/// Waits until so many nanoseconds since the origin, if time lasts that long.
#[inline]
fn wait_until(ns: u128) -> Decision {
    match u64::try_from(ns) {
        Ok(ns) => Decision::WaitUntil(Timestamp::from_nanos(ns)),
        Err(_) => Decision::Refuse(Refusal::BeyondTime),
    }
}

/// Whether what was learned until `latest` is no evidence any more.
fn is_stale(now: Timestamp, latest: Timestamp) -> bool {
    now.since(latest) >= STALE_AFTER
}

/// One finished request, as a limiter learns of it.
#[derive(Clone, Copy, Debug)]
pub struct Completion<'a> {
    /// When it was sent. A limiter that has slowed down since then ignores the
    /// failure: one storm, one cut.
    pub sent_at: Timestamp,
    /// What it was charged.
    pub cost: Cost,
    /// What it really cost; a limiter settles the difference.
    pub actual: Cost,
    /// What came back.
    pub observation: &'a Observation,
}

impl<L: Limiter + ?Sized> Limiter for Box<L> {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        (**self).check(now, cost)
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        (**self).commit(now, cost);
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        (**self).observe(now, completion);
    }

    fn is_idle(&self, now: Timestamp) -> bool {
        (**self).is_idle(now)
    }

    fn attach(&mut self, now: Timestamp, waker: &Waker) -> bool {
        (**self).attach(now, waker)
    }

    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn culprit(&self, now: Timestamp, cost: &Cost) -> &'static str {
        (**self).culprit(now, cost)
    }

    fn verdicts(&self, now: Timestamp, cost: &Cost, tell: &mut dyn FnMut(&'static str, Decision)) {
        (**self).verdicts(now, cost, tell);
    }
}

// `Limiter` stays usable as `dyn Limiter`.
const _: Option<&dyn Limiter> = None;
