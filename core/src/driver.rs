//! Turning decisions into waits and sends.
//!
//! One state behind one lock serves threads and tasks alike. Calls wait in line,
//! first come first served, and only the head of the line asks the engine: `n`
//! waiting calls cost `O(n)` checks, not `O(n^2)`, and none is overtaken. A call
//! that backs off is not in line, so it holds nobody up.

mod attempts;
mod blocking;
mod clock;
mod gave_up;
mod judge;
mod line;
mod retry_call;
mod shared;

#[cfg(feature = "tokio")]
mod tokio;

pub(crate) use self::shared::Shared;
#[cfg(feature = "tokio")]
pub use self::tokio::RetryFuture;
pub use self::{
    attempts::{Attempts, Verdict},
    clock::MonotonicClock,
    gave_up::GaveUp,
    judge::{BySignal, Inspect, Judge, RetryIf, When, With},
    retry_call::RetryCall,
};
