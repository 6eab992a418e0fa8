//! Benches of forbear beside its peers; here is what several of them need.
//!
//! `cargo bench -p forbear-benches` runs them. A figure means something only
//! beside another of the same run.

pub mod crowd;

use std::time::{Duration, Instant};

/// What `play` gives, and how long it took.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a bench measures the real time")]
pub fn timed<T>(play: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let played = play();
    (played, started.elapsed())
}
