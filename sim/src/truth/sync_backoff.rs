//! A crowd that backs off without jitter.

use serde::{Deserialize, Serialize};

use super::arithmetic::power;
use super::drive::{run, seconds_text};
use super::error::{ensure, ensure_positive};
use super::{Check, Kind, Law, TruthError, kind};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SyncBackoff {
    clients: u32,
    base_ms: f64,
    factor: f64,
    cap_ms: f64,
    /// From a send to its refusal.
    latency_ms: f64,
    attempts: u32,
}

impl SyncBackoff {
    pub(super) const KIND: Kind = kind::<Self>(
        "sync_backoff",
        "a crowd that backs off without jitter",
        "t(j) = j * latency + sum over k < j of min(cap, base * factor^k)",
        "geometric sum",
    );
}

impl Default for SyncBackoff {
    fn default() -> Self {
        Self {
            clients: 1000,
            base_ms: 100.0,
            factor: 2.0,
            cap_ms: 10_000.0,
            latency_ms: 50.0,
            attempts: 10,
        }
    }
}

impl Law for SyncBackoff {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let Self { clients, base_ms, factor, cap_ms, latency_ms, attempts } = *self;
        ensure_positive("base_ms", base_ms)?;
        ensure_positive("cap_ms", cap_ms)?;
        ensure_positive("latency_ms", latency_ms)?;
        let sends = u64::from(clients) * u64::from(attempts);
        ensure(
            attempts > 0 && sends <= 1_000_000,
            "attempts",
            attempts,
            "from 1 to 1000000 sends",
        )?;
        let tables = format!(
            "[clients]\ncount = {clients}\n[arrivals]\nkind = \"burst\"\n\
             [network]\nround_trip = \"{}\"\n[server]\n[[fault]]\nfail = 1\nstatus = 500\n",
            seconds_text(latency_ms / 1e3)
        );
        let retry = format!(
            "max_attempts = {attempts}\ndeadline = \"none\"\nbudget = \"none\"\nbackoff = \
             {{ kind = \"exponential\", base = \"{}\", factor = {factor:?}, max = \"{}\" }}\n",
            seconds_text(base_ms / 1e3),
            seconds_text(cap_ms / 1e3)
        );
        let sends = run(&tables, &retry, 1)?.sends;
        let (mut instants, mut loads) = (Vec::new(), Vec::new());
        let mut expected = 0.0;
        for attempt in 1..=attempts {
            let at = |sent: &&crate::trace::Sent| sent.attempt == attempt;
            let first = sends.iter().find(at).map_or(f64::NAN, |sent| sent.at.as_nanos() as f64);
            let load = sends.iter().filter(at).filter(|sent| sent.at.as_nanos() as f64 <= first);
            // A nanosecond for each delay that is rounded.
            let tolerance = f64::from(attempt) * 1e-6;
            let what = format!("send {attempt} at [ms]");
            instants.push(Check::new(what, expected, first / 1e6, tolerance));
            let what = format!("sends at the instant of send {attempt}");
            loads.push(Check::exact(what, f64::from(clients), load.count() as f64));
            let delay = base_ms * power(factor, f64::from(attempt - 1));
            expected += latency_ms + delay.min(cap_ms);
        }
        instants.append(&mut loads);
        Ok(instants)
    }
}
