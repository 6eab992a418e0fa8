//! The laws, with a broken one as an error.
//!
//! [`laws`](super::laws) panics instead, which is what a test wants.

mod backoff;
mod signal;
mod stop;

pub use self::{
    backoff::{backoff, growing_backoff, hint_floor},
    signal::{no_wait_of_its_own, signal},
    stop::stop,
};
