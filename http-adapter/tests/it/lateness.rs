//! How late the machine is while a test goes by real time.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A thread that wakes up each [`TICK`] and notes by how much it overslept.
///
/// A thread and not a task: it wants to know of the machine, not of the test's own work.
#[derive(Debug)]
pub(crate) struct Watch {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<Lateness>,
}

/// What a [`Watch`] saw.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lateness {
    /// All of it.
    lost: Duration,
    /// Of one wake-up.
    worst: Duration,
    /// The time that was watched.
    watched: Duration,
}

const TICK: Duration = Duration::from_millis(2);

impl Watch {
    pub(crate) fn start() -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&is_over);
        let thread = std::thread::spawn(move || {
            let mut seen = Lateness::default();
            while !ends.load(Ordering::Relaxed) {
                let begun = Instant::now();
                std::thread::sleep(TICK);
                let took = begun.elapsed();
                seen.lost += took.saturating_sub(TICK);
                seen.worst = seen.worst.max(took.saturating_sub(TICK));
                seen.watched += took;
            }
            seen
        });
        Self { is_over, thread }
    }

    pub(crate) fn stop(self) -> Lateness {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

impl Lateness {
    /// Whether so little was late that what is asked of an idle machine can be asked: a
    /// wake-up takes a tenth of a millisecond there.
    pub(crate) fn is_calm(&self) -> bool {
        self.lost * 20 <= self.watched && self.worst <= Duration::from_millis(15)
    }

    /// The share of a quota that must be used: `calm`, or three quarters of it where the
    /// machine was late.
    pub(crate) fn wanted(&self, calm: f64) -> f64 {
        if self.is_calm() { calm } else { 0.75 * calm }
    }
}

/// Runs what goes by real time up to three times: a busy machine may be late once.
///
/// What no lateness excuses is asserted in `run`.
pub(crate) async fn within_three<F>(mut run: impl FnMut() -> F)
where
    F: Future<Output = Result<(), String>>,
{
    for left in (0..3).rev() {
        let Err(missed) = run().await else { return };
        assert!(left > 0, "{missed}");
        println!("{missed}");
    }
}
