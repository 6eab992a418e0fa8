//! A fleet on a virtual clock: the ledgers and the script of production, a network and
//! clocks of the test's making.
//!
//! Each send is noted at the true time, so what is checked is what the API sees, not
//! what Redis counts.

mod exact;
mod fair;
mod world;

pub(crate) use self::world::assert_within;
