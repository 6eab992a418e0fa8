//! The laws, as assertions for a test.

use super::check;
use crate::BackoffStrategy;

/// Asserts every law of [`BackoffStrategy`] on the values that `make` makes.
///
/// # Panics
///
/// If a law is broken.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::backoff::Constant;
/// use forbear_core::testkit::laws;
///
/// laws::backoff(|| Constant::new(Duration::from_secs(1)));
/// ```
#[track_caller]
pub fn backoff<B: BackoffStrategy>(make: impl Fn() -> B) {
    if let Err(broken) = check::backoff(make) {
        panic!("{broken}");
    }
}
