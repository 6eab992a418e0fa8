//! How far a long command has come, and what it has found so far.

mod running;

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use self::running::Running;

/// A bar on standard error.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    running: Arc<Mutex<Running>>,
}

impl Progress {
    /// A bar of `total` steps, which are `unit`; it is drawn only if somebody looks on.
    pub(crate) fn new(total: u64, unit: &str, is_live: bool) -> Self {
        let template = format!("{{wide_bar}} {{pos}}/{{len}} {unit}{{left}}{{found}}");
        Self::styled(total, &template, is_live)
    }

    /// A bar of `total` steps beside which stands what is [told](Self::tell).
    pub(crate) fn telling(total: u64, is_live: bool) -> Self {
        Self::styled(total, "{wide_bar} {pos}/{len} {msg}", is_live)
    }

    fn styled(total: u64, template: &str, is_live: bool) -> Self {
        // Ten times a second: drawing is slower than a short run.
        let target = if is_live {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let running = Arc::new(Mutex::new(Running::default()));
        let found = Arc::clone(&running);
        let style = ProgressStyle::with_template(template)
            .expect("the template is right, as every run shows")
            .with_key("left", left)
            .with_key("found", move |_: &ProgressState, out: &mut dyn Write| {
                let found = found.lock().unwrap_or_else(PoisonError::into_inner);
                let _ = write!(out, "{found}");
            });
        bar.set_style(style);
        Self { bar, running }
    }

    /// `done` steps are done, and there is this to tell.
    pub(crate) fn tell(&self, done: u64, text: String) {
        self.bar.set_message(text);
        self.bar.set_position(done);
    }

    /// Does something that writes to standard error, out of the way of the bar.
    pub(crate) fn aside(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    /// `done` steps are done.
    pub(crate) fn set(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// A run is over.
    pub(crate) fn ran(&self, progress: &forbear_sim::Progress) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.add(progress.of, progress.completion_p95);
        drop(running);
        // Runs end on several cores: the count of another may be the later one.
        self.bar.inc(1);
    }
}

impl Drop for Progress {
    /// Leaves the line as it was before.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// `, 2 minutes left`; nothing before the first step, from which nothing follows.
fn left(state: &ProgressState, out: &mut dyn Write) {
    if state.pos() > 0 {
        let _ = write!(out, ", {:#} left", HumanDuration(state.eta()));
    }
}
