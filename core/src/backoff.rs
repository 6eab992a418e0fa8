//! How long to wait before a retry.
//!
//! A strategy is a value made of values: a schedule ([`Exponential`],
//! [`Constant`]), perhaps capped, perhaps jittered, perhaps with others before or
//! beside it. Order has meaning: jitter goes outside the cap, or every delay at
//! the cap is the same and the herd returns together.

mod capped;
mod chain;
mod constant;
mod decorrelated_jitter;
mod equal_jitter;
mod exponential;
mod factor;
mod full_jitter;
mod hint_floor;
mod operators;
mod retry;
mod sum;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use crate::Entropy;

pub(crate) use self::hint_floor::above_hint;
pub use self::{
    capped::Capped, chain::Chain, constant::Constant, decorrelated_jitter::DecorrelatedJitter,
    equal_jitter::EqualJitter, exponential::Exponential, factor::Factor, full_jitter::FullJitter,
    hint_floor::HintFloor, retry::Retry, sum::Sum,
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
///   [`is_jittered`](Self::is_jittered), and does not return one delay only.
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

    /// Never longer than `max`.
    fn capped_at(self, max: Duration) -> Capped<Self>
    where
        Self: Sized,
    {
        Capped::new(self, max)
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
        }
    )*};
}

forward!(&B, Box<B>, Arc<B>);

// `BackoffStrategy` stays usable as `dyn BackoffStrategy`.
const _: Option<&dyn BackoffStrategy> = None;
