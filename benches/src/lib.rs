//! Benches of forbear beside its peers; here is what several of them need.
//!
//! `cargo bench -p forbear-benches` runs them. A figure means something only
//! beside another of the same run.

pub mod crowd;
