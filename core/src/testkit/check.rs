//! The laws, with a broken one as an error.
//!
//! [`laws`](super::laws) panics instead, which is what a test wants.

mod backoff;

pub use self::backoff::backoff;
