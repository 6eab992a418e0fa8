//! What a sliding window counter counts.

use std::time::Duration;

use forbear_core::{Cost, Dimension};
use serde::{Deserialize, Serialize};

use super::drive::whole_ns;
use super::error::{ensure, ensure_positive};
use super::{Check, Kind, Law, TruthError, kind};
use crate::server::SlidingWindow;

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SlidingWindowCounter {
    /// Length of a window, in seconds.
    window_s: f64,
    /// Requests in the last window, requests in this one, and seconds into it.
    cases: Vec<(u32, u32, f64)>,
}

impl SlidingWindowCounter {
    pub(super) const KIND: Kind = kind::<Self>(
        "sliding_window_counter",
        "what a sliding window counter counts",
        "previous * (W - elapsed) / W + current",
        "Cloudflare, \"How we built rate limiting capable of scaling to millions of domains\"",
    );
}

impl Default for SlidingWindowCounter {
    fn default() -> Self {
        let cases = vec![(42, 18, 15.0), (100, 0, 0.0), (100, 20, 48.0), (7, 3, 59.0)];
        Self { window_s: 60.0, cases }
    }
}

impl Law for SlidingWindowCounter {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        ensure_positive("window_s", self.window_s)?;
        let window = self.window_s;
        let check = |&(previous, current, elapsed): &(u32, u32, f64)| {
            let is_within = (0.0..window).contains(&elapsed);
            ensure(is_within, "elapsed", elapsed, "within the window")?;
            let window_ns = whole_ns(window);
            let mut counter =
                SlidingWindow::new(Dimension::Requests, u32::MAX, Duration::from_nanos(window_ns));
            let now = window_ns + whole_ns(elapsed);
            counter.take(window_ns - 1, &Cost::ZERO.with(Dimension::Requests, previous));
            counter.take(now, &Cost::ZERO.with(Dimension::Requests, current));
            let measured = counter.estimate(now) as f64 / counter.window_ns() as f64;
            let share = (window - elapsed) / window;
            let expected = f64::from(previous) * share + f64::from(current);
            let what = format!("{previous} before, {current} now, {elapsed} s in");
            // The clock has whole nanoseconds.
            let tolerance = 1e-12 * expected + f64::from(previous) * 1e-9 / window;
            Ok(Check::new(what, expected, measured, tolerance))
        };
        self.cases.iter().map(check).collect()
    }
}
