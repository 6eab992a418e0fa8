//! The double burst at the edge of a fixed window.

use serde::{Deserialize, Serialize};

use super::drive::{ask_server, server_limit, whole_ns};
use super::error::{ensure, ensure_positive};
use super::{Check, Kind, Law, TruthError, kind};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FixedWindow {
    /// Requests in a window.
    limit: u32,
    /// Length of a window, in milliseconds.
    window_ms: f64,
    /// When requests come, in milliseconds, and how many.
    #[serde(alias = "arrivals_ms_rle")]
    arrivals: Vec<(f64, u32)>,
}

impl FixedWindow {
    pub(super) const KIND: Kind = kind::<Self>(
        "fixed_window",
        "the double burst at the edge of a fixed window",
        "min(L, before the edge) + min(L, after it); at most 2 L in one length",
        "the definition of the fixed window",
    );
}

impl Default for FixedWindow {
    fn default() -> Self {
        let arrivals = vec![(59_900.0, 150), (60_100.0, 150)];
        Self { limit: 100, window_ms: 60_000.0, arrivals }
    }
}

impl Law for FixedWindow {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        ensure_positive("window_ms", self.window_ms)?;
        let is_sorted = self.arrivals.is_sorted_by(|a, b| a.0 <= b.0);
        let must = "in order, and at most 1000000 in all";
        let all: u64 = self.arrivals.iter().map(|&(_, count)| u64::from(count)).sum();
        ensure(is_sorted && all <= 1_000_000, "arrivals", format!("{all} requests"), must)?;
        let window_ns = whole_ns(self.window_ms / 1e3);
        let table = format!(
            "kind = \"fixed_window\"\nlimit = {}\nwindow = \"{window_ns}ns\"\n",
            self.limit
        );
        let mut server = server_limit(&table)?;
        let (mut formula, mut measured) = (Vec::new(), Vec::new());
        let (mut window, mut room) = (0, u64::from(self.limit));
        for &(at, count) in &self.arrivals {
            let now = whole_ns(at / 1e3);
            if now / window_ns != window {
                (window, room) = (now / window_ns, u64::from(self.limit));
            }
            let admitted = room.min(u64::from(count));
            room -= admitted;
            formula.extend((0..admitted).map(|_| now));
            measured
                .extend((0..count).filter(|_| ask_server(&mut server, now).is_ok()).map(|_| now));
        }
        Ok(vec![
            Check::exact("admitted", formula.len() as f64, measured.len() as f64),
            Check::exact(
                "admitted in one length, at most",
                most_within(&formula, window_ns),
                most_within(&measured, window_ns),
            ),
        ])
    }
}

/// The most of `times` in any half-open span of this length.
fn most_within(times: &[u64], span: u64) -> f64 {
    let mut first = 0;
    let within = times.iter().enumerate().map(|(last, &time)| {
        while times[first] + span <= time {
            first += 1;
        }
        last + 1 - first
    });
    within.max().unwrap_or(0) as f64
}
