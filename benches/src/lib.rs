//! Benches of forbear beside its peers; nothing to use here.
//!
//! `cargo bench -p forbear-benches` runs them. A figure means something only
//! beside another of the same run.
