//! The laws of each trait, to run on implementations of one's own.
//!
//! The `# Contract` of a trait is a list of promises; here each is a property
//! that is tried on generated input, shrunk to the smallest input that breaks
//! it. The same laws run on every implementation in this crate. Generation is
//! seeded, so a run today and a run tomorrow try the same cases.
//!
//! [`laws`] panics where a law is broken, which is what a test wants; [`check`]
//! returns it.

pub mod any;
pub mod check;
pub mod laws;

mod broken_law;

pub use self::broken_law::BrokenLaw;
