//! The laws of [`BackoffStrategy`].

use alloc::format;

use proptest::prelude::any;

use crate::testkit::any::retry;
use crate::testkit::broken_law::{BrokenLaw, for_all};
use crate::{BackoffStrategy, SplitMix64};

/// Tries every law of [`BackoffStrategy`] on the values that `make` makes.
///
/// # Errors
///
/// The first law that is broken.
pub fn backoff<B: BackoffStrategy>(make: impl Fn() -> B) -> Result<(), BrokenLaw> {
    for_all(
        "the same retry and the same entropy give the same delay",
        &(retry(), any::<u64>()),
        |(retry, seed)| {
            let strategy = make();
            let first = strategy.delay(&retry, &mut SplitMix64::new(seed));
            let second = strategy.delay(&retry, &mut SplitMix64::new(seed));
            if first == second { Ok(()) } else { Err(format!("{first:?} and then {second:?}")) }
        },
    )
}
