//! How far a long command has come.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on standard error.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar of `total` steps, which are `unit`; it is drawn only if somebody looks on.
    pub(crate) fn new(total: u64, unit: &str, is_live: bool) -> Self {
        Self::styled(total, &format!("{{wide_bar}} {{pos}}/{{len}} {unit}, {{eta}} left"), is_live)
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
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.expect("the template is right, as every run shows"));
        Self(bar)
    }

    /// `done` steps are done, and there is this to tell.
    pub(crate) fn tell(&self, done: u64, text: String) {
        self.0.set_message(text);
        self.0.set_position(done);
    }

    /// Does something that writes to standard error, out of the way of the bar.
    pub(crate) fn aside(&self, write: impl FnOnce()) {
        self.0.suspend(write);
    }

    /// `done` steps are done.
    pub(crate) fn set(&self, done: u64) {
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    /// Leaves the line as it was before.
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
