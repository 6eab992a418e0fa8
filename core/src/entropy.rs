//! Randomness as an argument.

use alloc::boxed::Box;
use core::fmt;
use core::time::Duration;

use crate::time::nanos;

/// A stream of uniformly distributed 64-bit words.
///
/// One method, and no `rand` in the signature: `rand_core` renamed its traits
/// between releases and the distributions of `rand` are not value-stable, so a
/// public bound on them would tie every result to their version.
///
/// # Contract
///
/// * Each word is uniform over `0..=u64::MAX` and independent of the others.
pub trait Entropy: fmt::Debug {
    /// The next word.
    fn next_u64(&mut self) -> u64;
}

impl<E: Entropy + ?Sized> Entropy for &mut E {
    fn next_u64(&mut self) -> u64 {
        (**self).next_u64()
    }
}

impl<E: Entropy + ?Sized> Entropy for Box<E> {
    fn next_u64(&mut self) -> u64 {
        (**self).next_u64()
    }
}

/// Draws a duration uniformly from `low..=high` in whole nanoseconds; `low` if
/// the range is empty.
///
/// Multiply-shift without rejection (Lemire, "Fast Random Integer Generation in
/// an Interval", 2019, <https://arxiv.org/abs/1805.10941>): the bias is below
/// `2^-64 * span`, and each draw takes exactly one word, so the position in the
/// stream is a function of the number of draws alone.
pub(crate) fn uniform(entropy: &mut dyn Entropy, low: Duration, high: Duration) -> Duration {
    let span = nanos(high.saturating_sub(low));
    let wide = u128::from(entropy.next_u64()) * (u128::from(span) + 1);
    let offset = (wide >> 64) as u64;
    low.saturating_add(Duration::from_nanos(offset))
}

/// Vigna's `SplitMix64`: eight bytes of state, one addition and two
/// multiplications a word.
///
/// Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
/// Generators", OOPSLA 2014; the constants are those of
/// <https://prng.di.unimi.it/splitmix64.c>.
///
/// ```
/// use forbear_core::{Entropy, SplitMix64};
///
/// // The first outputs published for seed 1234567.
/// let mut stream = SplitMix64::new(1_234_567);
/// assert_eq!(stream.next_u64(), 6_457_827_717_110_365_317);
/// assert_eq!(stream.next_u64(), 3_203_168_211_198_807_973);
/// ```
#[derive(Clone, Debug)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// Starts a stream at `seed`; every seed gives a full-period stream.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Starts a stream that no other process and no other call repeats.
    ///
    /// The seed comes from the operating system by way of the standard library's
    /// hasher, which saves a dependency.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn from_os() -> Self {
        use core::hash::{BuildHasher, Hasher};
        Self(std::collections::hash_map::RandomState::new().build_hasher().finish())
    }
}

impl Entropy for SplitMix64 {
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
