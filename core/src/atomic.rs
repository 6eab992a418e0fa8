//! A rate kept by one atomic number, for the hottest paths.
//!
//! A [`Limiter`](crate::Limiter) is asked and charged behind one lock, together
//! with others, and that costs tens of nanoseconds. Where a rate stands alone and
//! everything passes it, as at the door of a proxy, [`AtomicGcra`] decides in one
//! compare-and-swap on `&self`, and [`KeyedAtomicGcra`] does so for each key.
//! They answer as [`Gcra`](crate::limiter::Gcra) does; what they cannot do is
//! take part in a stack, since a charge in one part could not be taken back
//! unseen when another part refuses.
//!
//! | the cost is | use | and accept |
//! | --- | --- | --- |
//! | the clock | [`CoarseClock`] | a wait that is longer by its resolution |
//! | the cache line, with many threads | [`Lease`] | a burst that is larger by what is leased |
//!
//! Nothing here is unsafe, and every rounding and every overflow is against the
//! caller's greed.

mod coarse_clock;
mod gcra;
mod lease;
mod scale;

#[cfg(feature = "std")]
mod keyed;

mod sync;

pub use self::{coarse_clock::CoarseClock, gcra::AtomicGcra, lease::Lease};

#[cfg(feature = "std")]
pub use self::keyed::KeyedAtomicGcra;
