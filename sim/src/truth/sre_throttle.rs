//! The steady state of adaptive throttling.

use forbear_core::limiter::AdaptiveThrottle;
use forbear_core::{Completion, Cost, Entropy, Limiter, Observation, Outcome, Timestamp};
use serde::{Deserialize, Serialize};

use super::drive::{ask_server, server_limit};
use super::error::{ensure, ensure_share};
use super::{Check, Kind, Law, TruthError, kind};
use crate::rng::{StreamRng, open_unit};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SreThrottle {
    /// Requests a second that the application wants, requests a second that the server
    /// accepts, `K`, and the window in seconds.
    cases: Vec<(f64, f64, f64, f64)>,
    /// Accepted and not used: the names of the columns.
    #[serde(skip_serializing)]
    columns: Vec<String>,
    /// Requests in the window of a server that fails whatever the load.
    #[serde(alias = "N")]
    n: f64,
    /// The share that fails there.
    f: f64,
    /// The `K` there.
    #[serde(alias = "K")]
    k: f64,
}

impl SreThrottle {
    pub(super) const KIND: Kind = kind::<Self>(
        "sre_throttle",
        "the steady state of adaptive throttling",
        "p = max(0, (requests - K accepts) / (requests + 1)); where a share f of any load fails, \
         1 - p = 1 / (N (1 - K (1 - f)) + 1)",
        "Google SRE book, chapter 21, client-side throttling",
    );
}

impl Default for SreThrottle {
    fn default() -> Self {
        let cases = vec![
            (1000.0, 100.0, 2.0, 120.0),
            (1000.0, 600.0, 2.0, 120.0),
            (500.0, 200.0, 1.1, 120.0),
            (300.0, 0.0, 2.0, 120.0),
        ];
        Self { cases, columns: Vec::new(), n: 12_000.0, f: 0.9, k: 2.0 }
    }
}

/// A measured share may be off by so much: the formula is that of a fluid, and the
/// limiter counts what it dropped by what it did not.
const TOLERANCE: f64 = 0.01;

impl Law for SreThrottle {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let mut checks = Vec::new();
        for &(wanted, accepted, k, window) in &self.cases {
            let (requests, accepts) = (wanted * window, accepted * window);
            ensure_requests(requests)?;
            ensure((0.0..=1e6).contains(&accepts), "cases", accepts, "at most 1000000 accepts")?;
            let expected = ((requests - k * accepts.min(requests)) / (requests + 1.0)).max(0.0);
            // Only the counts of a window matter, and the limiter's is of 120 s.
            let rate = accepts / AdaptiveThrottle::SPAN.as_secs_f64();
            // A bucket that holds ten seconds' worth takes what the formula's fluid would,
            // however uneven the lots.
            let burst = (10.0 * rate).ceil().max(1.0);
            let table =
                format!("kind = \"token_bucket\"\nrate = \"{rate:.6}/s\"\nburst = {burst}\n");
            let mut server = if rate > 0.0 { Some(server_limit(&table)?) } else { None };
            let measured = drop_share(requests, k, 5.0, |now| {
                server.as_mut().is_some_and(|server| ask_server(server, now).is_ok())
            })?;
            let what = format!("dropped of {wanted}/s where {accepted}/s are accepted, K {k}");
            checks.push(Check::new(what, expected, measured, TOLERANCE));
        }
        let Self { n, f, k, .. } = *self;
        ensure_share("f", f)?;
        ensure_requests(n)?;
        let kept = k * (1.0 - f);
        let must = "such that K (1 - f) is at most 0.95 or at least 1.1";
        ensure(!(0.95..1.1).contains(&kept), "f", f, must)?;
        let expected = if kept < 1.0 { 1.0 / (n * (1.0 - kept) + 1.0) } else { 1.0 };
        // Each window sends `kept` of what the one before sent, down from all.
        let windows = if kept < 1.0 { libm::log(n) / -libm::log(kept.max(0.1)) } else { 0.0 };
        // In the steady state a handful is sent in a window, and a run of luck lets many
        // through until the window has passed: so the middle one of some runs.
        let mut dropped = Vec::new();
        for stream in 0..RUNS {
            let mut rng = StreamRng::new(1, stream);
            let accepts = |_| open_unit(rng.next_u64()) >= f;
            dropped.push(drop_share(n, k, windows.ceil() + 5.0, accepts)?);
        }
        dropped.sort_unstable_by(f64::total_cmp);
        let dropped = dropped[dropped.len() / 2];
        let what = format!("sent where {f} of any load fail, K {k}");
        checks.push(Check::new(what, expected, 1.0 - dropped, TOLERANCE));
        Ok(checks)
    }
}

/// Runs of which the middle one counts.
const RUNS: u64 = 5;

fn ensure_requests(requests: f64) -> Result<(), TruthError> {
    let must = "from 1000 to 200000 in a window";
    Ok(ensure((1000.0..=2e5).contains(&requests), "requests", requests, must)?)
}

/// The share of requests that the limiter drops in the last two of so many windows, with
/// `requests` in each, evenly.
fn drop_share(
    requests: f64,
    k: f64,
    windows: f64,
    mut accepts: impl FnMut(u64) -> bool,
) -> Result<f64, TruthError> {
    let mut throttle = AdaptiveThrottle::new(k)?.with_seed(1);
    let span_ns = AdaptiveThrottle::SPAN.as_secs_f64() * 1e9;
    let (cost, mut dropped, mut counted) = (Cost::REQUEST, 0.0, 0.0);
    let [success, refusal] = [Outcome::Success, Outcome::Transient].map(Observation::new);
    let mut number = 0.0;
    while number < windows * requests {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "hours")]
        let now_ns = (number * span_ns / requests) as u64;
        let now = Timestamp::from_nanos(now_ns);
        let admitted = throttle.acquire(now, &cost).is_admit();
        if admitted {
            let observation = if accepts(now_ns) { &success } else { &refusal };
            throttle.observe(now, &Completion { sent_at: now, cost, actual: cost, observation });
        }
        if number >= (windows - 2.0) * requests {
            counted += 1.0;
            dropped += f64::from(u8::from(!admitted));
        }
        number += 1.0;
    }
    Ok(dropped / counted)
}
