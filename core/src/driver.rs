//! Turning decisions into waits and sends.
//!
//! One state behind one lock serves threads and tasks alike. Calls wait in line,
//! first come first served, and only the head of the line asks the engine: `n`
//! waiting calls cost `O(n)` checks, not `O(n^2)`, and none is overtaken. A call
//! that backs off is not in line, so it holds nobody up.
//!
//! For jobs of several tenants, urgencies and servers, see [`queue`].

pub mod queue;

mod at_once;
mod attempts;
mod blocking;
mod call_options;
mod clock;
mod fallback;
mod gave_up;
mod history;
mod judge;
mod line;
mod observer;
mod permit;
mod retry_call;
mod shared;
mod statistics;
mod sync;

// Threads wait in a real one, or in a model of it.
#[cfg(forbear_loom)]
#[doc(hidden)]
pub mod modelled;
#[cfg(forbear_loom)]
use self::modelled as parking;
#[cfg(not(forbear_loom))]
mod parking;

#[cfg(feature = "quanta")]
mod quanta_clock;
#[cfg(feature = "tokio")]
mod tokio;

#[cfg(feature = "quanta")]
pub use self::quanta_clock::QuantaClock;
#[cfg(feature = "tokio")]
pub use self::tokio::{FallbackFuture, RetryFuture};
pub use self::{
    attempts::{Attempts, HedgedSend, Verdict},
    call_options::CallOptions,
    clock::MonotonicClock,
    fallback::Fallback,
    gave_up::{Erased, GaveUp},
    history::{History, PastAttempt, Wait},
    judge::{BeforeRetry, BySignal, Inspect, Judge, RetryAfter, RetryIf, When, With},
    observer::{BeforeSend, BeforeWait, Observer, OnGiveUp, OnSuccess},
    permit::{Permit, SentPermit},
    retry_call::RetryCall,
    statistics::{GaveUpCounts, Statistics},
};
pub(crate) use self::{
    observer::Observers,
    shared::{Setup, Shared},
};
