//! How long to wait before a retry.
//!
//! A strategy is a value made of values: a schedule, perhaps clamped, perhaps
//! jittered, perhaps with others before or beside it. Order has meaning: a
//! jitter goes outside the clamp and draws inside it.
//!
//! | | |
//! | --- | --- |
//! | schedules | [`Constant`], [`Linear`], [`Exponential`], [`Fibonacci`], [`Polynomial`], [`ExponentialDecay`], [`Schedule`], [`from_fn()`] |
//! | drawn by themselves | [`Uniform`], [`DecorrelatedJitter`], [`DecorrelatedJitterV2`] |
//! | clamps | [`Capped`], [`Floored`] |
//! | jitters | [`FullJitter`], [`EqualJitter`], [`ProportionalJitter`], [`AbsoluteJitter`], [`BoundedJitter`] |
//! | one after the other, or both | [`Chain`], [`Steps`], [`Sum`] |
//! | the server's wait | [`HintFloor`], [`Hinted`] |

mod absolute_jitter;
mod bounded_jitter;
mod capped;
mod chain;
mod constant;
mod decorrelated_jitter;
mod decorrelated_jitter_v2;
mod delays;
mod equal_jitter;
mod exp;
mod exponential;
mod exponential_decay;
mod factor;
mod fibonacci;
mod floored;
mod from_fn;
mod full_jitter;
mod hint_floor;
mod hinted;
mod limits;
mod linear;
mod operators;
mod polynomial;
mod proportional_jitter;
mod ratio;
mod retry;
mod schedule;
mod steps;
mod sum;
mod uniform;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use crate::Entropy;

pub(crate) use self::hint_floor::above_hint;
pub use self::{
    absolute_jitter::AbsoluteJitter,
    bounded_jitter::BoundedJitter,
    capped::Capped,
    chain::Chain,
    constant::Constant,
    decorrelated_jitter::DecorrelatedJitter,
    decorrelated_jitter_v2::DecorrelatedJitterV2,
    delays::Delays,
    equal_jitter::EqualJitter,
    exponential::Exponential,
    exponential_decay::ExponentialDecay,
    factor::Factor,
    fibonacci::Fibonacci,
    floored::Floored,
    from_fn::{FromFn, from_fn},
    full_jitter::FullJitter,
    hint_floor::HintFloor,
    hinted::Hinted,
    limits::Limits,
    linear::Linear,
    polynomial::Polynomial,
    proportional_jitter::ProportionalJitter,
    ratio::Ratio,
    retry::Retry,
    schedule::Schedule,
    steps::{Steps, StepsBuilder},
    sum::Sum,
    uniform::Uniform,
};

/// Picks the delay before a retry.
///
/// A strategy is immutable: all that changes is in the [`Retry`] it is given, so
/// one value serves every request, by reference, without allocation. When to
/// stop is another question; see [`stop`](crate::stop).
///
/// # Contract
///
/// * The same retry and the same entropy give the same delay.
/// * No retry number up to `u32::MAX`, no previous delay and no hint makes it
///   panic, wrap or overflow.
/// * A strategy that draws from `entropy` says so in
///   [`is_jittered`](Self::is_jittered), and where it draws it does not return
///   one delay only, unless that is the shortest of its limits.
/// * Every delay is within [`limits`](Self::limits).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::{BackoffStrategy, Exponential};
/// use forbear_core::{Retry, SplitMix64};
///
/// // "Full jitter" of AWS: uniform between nothing and the capped exponential.
/// let patient = Exponential::new(Duration::from_millis(100))
///     .capped_at(Duration::from_secs(20))
///     .full_jitter();
/// let delay = patient.delay(&Retry::nth(3), &mut SplitMix64::new(7));
/// assert!(delay <= Duration::from_millis(400));
/// ```
pub trait BackoffStrategy: fmt::Debug + Send + Sync {
    /// The delay before this retry.
    fn delay(&self, retry: &Retry, entropy: &mut dyn Entropy) -> Duration;

    /// Whether delays are drawn at random, so that callers spread out.
    fn is_jittered(&self) -> bool {
        false
    }

    /// The range that this delay never leaves, and into which a jitter around
    /// this strategy must fit: any delay, unless something clamps it.
    ///
    /// It is what was set, not what comes out: a constant second is within no
    /// limits, and half a second of jitter may go either way.
    fn limits(&self, retry: &Retry) -> Limits {
        let _ = retry;
        Limits::NONE
    }

    /// Never longer than `max`.
    fn capped_at(self, max: Duration) -> Capped<Self>
    where
        Self: Sized,
    {
        Capped::new(self, max)
    }

    /// Never shorter than `min`.
    fn at_least(self, min: Duration) -> Floored<Self>
    where
        Self: Sized,
    {
        Floored::new(self, min)
    }

    /// Uniform over `0..=delay`.
    fn full_jitter(self) -> FullJitter<Self>
    where
        Self: Sized,
    {
        FullJitter::new(self)
    }

    /// Uniform over `delay/2..=delay`.
    fn equal_jitter(self) -> EqualJitter<Self>
    where
        Self: Sized,
    {
        EqualJitter::new(self)
    }

    /// Uniform over the delay and a share of it below and above.
    fn proportional_jitter(self, ratio: Ratio) -> ProportionalJitter<Self>
    where
        Self: Sized,
    {
        ProportionalJitter::new(self, ratio)
    }

    /// Uniform over the delay and a share of it above.
    fn upward_jitter(self, ratio: Ratio) -> ProportionalJitter<Self>
    where
        Self: Sized,
    {
        ProportionalJitter::upward(self, ratio)
    }

    /// Uniform over `delay - spread..=delay + spread`.
    fn absolute_jitter(self, spread: Duration) -> AbsoluteJitter<Self>
    where
        Self: Sized,
    {
        AbsoluteJitter::new(self, spread)
    }

    /// Uniform over `delay..=delay + max`.
    fn additive_jitter(self, max: Duration) -> AbsoluteJitter<Self>
    where
        Self: Sized,
    {
        AbsoluteJitter::additive(self, max)
    }

    /// Uniform over `min..=delay`.
    fn bounded_jitter(self, min: Duration) -> BoundedJitter<Self>
    where
        Self: Sized,
    {
        BoundedJitter::new(self, min)
    }

    /// As long as the server asked for, if it asked; this strategy if not.
    fn unless_hinted(self) -> Hinted<Self>
    where
        Self: Sized,
    {
        Hinted::new(self)
    }

    /// At least as long as the server asked for, if it asked.
    fn floored_by_hint(self) -> HintFloor<Self>
    where
        Self: Sized,
    {
        HintFloor::new(self)
    }

    /// The sum of both delays; also written `a + b`.
    fn plus<B: BackoffStrategy>(self, other: B) -> Sum<Self, B>
    where
        Self: Sized,
    {
        Sum::new(self, other)
    }

    /// This strategy for the first `retries` retries, then `next`, whose own
    /// count begins at 1.
    fn then<B: BackoffStrategy>(self, retries: u32, next: B) -> Chain<Self, B>
    where
        Self: Sized,
    {
        Chain::new(self, retries, next)
    }

    /// The delays before the retries of one call, without end.
    ///
    /// ```
    /// use std::time::Duration;
    /// use forbear_core::SplitMix64;
    /// use forbear_core::backoff::{BackoffStrategy, Fibonacci};
    ///
    /// let backoff = Fibonacci::new(Duration::from_secs(1));
    /// let delays: Vec<_> = backoff.delays(&mut SplitMix64::new(0)).take(5).collect();
    /// assert_eq!(delays, [1, 1, 2, 3, 5].map(Duration::from_secs));
    /// ```
    fn delays<'a>(&'a self, entropy: &'a mut dyn Entropy) -> Delays<'a>
    where
        Self: Sized,
    {
        Delays::new(self, entropy)
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<B: BackoffStrategy + ?Sized> BackoffStrategy for $pointer {
            fn delay(&self, retry: &Retry, entropy: &mut dyn Entropy) -> Duration {
                (**self).delay(retry, entropy)
            }

            fn is_jittered(&self) -> bool {
                (**self).is_jittered()
            }

            fn limits(&self, retry: &Retry) -> Limits {
                (**self).limits(retry)
            }
        }
    )*};
}

forward!(&B, Box<B>, Arc<B>);

// `BackoffStrategy` stays usable as `dyn BackoffStrategy`.
const _: Option<&dyn BackoffStrategy> = None;
