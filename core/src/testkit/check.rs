//! The laws, with a broken one as an error.
//!
//! [`laws`](super::laws) panics instead, which is what a test wants.
//!
//! What is tried is boxed at the door, so that a law is compiled once, with this crate,
//! and not again for each type that it is tried on.

mod backoff;
mod budget;
mod job_store;
mod limiter;
mod signal;
mod stop;

pub use self::{
    backoff::{backoff, growing_backoff, hint_floor},
    budget::{budget, budget_within},
    job_store::job_store,
    limiter::{limiter, limiter_by_chance, limiter_charging, limiter_reaches, limiter_within},
    signal::{no_wait_of_its_own, signal},
    stop::stop,
};
