//! The shortest time in which a server takes all.

use serde::{Deserialize, Serialize};

use super::drive::{NEAR, rate, run, seconds_text};
use super::error::{ensure, ensure_positive};
use super::{Check, Kind, Law, TruthError, kind};
use crate::simulation::Run;

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Drain {
    jobs: u32,
    /// Tokens a second of a bucket.
    rate_per_s: f64,
    /// Tokens that it holds.
    burst: u32,
    /// Requests in a window.
    #[serde(alias = "L")]
    limit: u32,
    /// Length of a window, in seconds.
    #[serde(alias = "W_s")]
    window_s: f64,
}

impl Drain {
    pub(super) const KIND: Kind = kind::<Self>(
        "drain",
        "the shortest time in which a server takes all",
        "max(0, N - burst) / rate; floor((N - 1) / L) * W",
        "the definitions of the token bucket and the fixed window",
    );
}

impl Default for Drain {
    fn default() -> Self {
        Self { jobs: 1000, rate_per_s: 20.0, burst: 50, limit: 100, window_s: 60.0 }
    }
}

impl Law for Drain {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let Self { jobs, rate_per_s, burst, limit, window_s } = *self;
        ensure((1..=100_000).contains(&jobs), "jobs", jobs, "from 1 to 100000")?;
        ensure_positive("rate_per_s", rate_per_s)?;
        ensure_positive("window_s", window_s)?;
        let rate = rate(rate_per_s)?;
        let tables = |limit: String| {
            format!(
                "[clients]\ncalls = {jobs}\n[arrivals]\nkind = \"burst\"\n{NEAR}\
                 [server]\n[[server.limit]]\n{limit}"
            )
        };
        // One client that holds to the server's limit: nothing is refused, and nothing
        // could come earlier.
        let bucket =
            tables(format!("kind = \"token_bucket\"\nrate = \"{rate}\"\nburst = {burst}\n"));
        let paced = format!(
            "max_attempts = 1\ndeadline = \"none\"\nbudget = \"none\"\n\
             [[limit]]\nkind = \"token_bucket\"\nrate = \"{rate}\"\nburst = {burst}\n"
        );
        let paced = run(&bucket, &paced, 1)?;
        // And calls that each come back when the server says.
        let window = seconds_text(window_s);
        let windows =
            tables(format!("kind = \"fixed_window\"\nlimit = {limit}\nwindow = \"{window}\"\n"));
        let obedient = "max_attempts = \"none\"\ndeadline = \"none\"\nbudget = \"none\"\n\
             hint = { cap = \"10000d\" }\nbackoff = { kind = \"constant\", delay = \"0s\" }\n";
        let rounds = f64::from(jobs) / f64::from(limit.max(1));
        let must = "so many that at most 2000 windows are needed";
        ensure(limit > 0 && rounds <= 2000.0, "limit", limit, must)?;
        let windows = windows.replace("[server]\n", "[server]\nretry_after = \"milliseconds\"\n");
        let obedient = run(&windows, obedient, 1)?;
        let waits = f64::from(jobs.saturating_sub(burst)) / rate_per_s;
        let full = f64::from((jobs - 1) / limit);
        Ok(vec![
            // A bucket of one token loses the part of a nanosecond by which it is late.
            Check::new(
                "last admission by a bucket [s]",
                waits,
                last_s(&paced),
                1e-9 * (f64::from(jobs) + 2.0),
            ),
            // What the server says is in whole milliseconds.
            Check::new(
                "last admission by windows [s]",
                full * window_s,
                last_s(&obedient),
                1e-3 * (full + 1.0),
            ),
            Check::exact("refused by the bucket", 0.0, paced.result.metrics.throttled as f64),
            Check::exact(
                "done by windows",
                f64::from(jobs),
                obedient.result.metrics.succeeded as f64,
            ),
        ])
    }
}

/// When the last call was let in, in seconds: it ends right then.
fn last_s(run: &Run) -> f64 {
    run.ends.iter().filter(|end| end.succeeded).map(|end| end.at.as_nanos()).max().unwrap_or(0)
        as f64
        / 1e9
}
