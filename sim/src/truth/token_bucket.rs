//! Admissions of a token bucket under unlimited demand.

use serde::{Deserialize, Serialize};

use super::drive::{ADMISSIONS, ask_limiter, ask_server, greedy, rate, server_limit, whole_ns};
use super::error::{ensure, ensure_positive};
use super::{Check, Kind, Law, TruthError, kind, one_or_more};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TokenBucket {
    /// Tokens a second.
    #[serde(alias = "rate_per_s")]
    rate: f64,
    /// Tokens that it holds.
    burst: u32,
    /// When admissions are counted, in seconds.
    #[serde(alias = "t_s", deserialize_with = "one_or_more")]
    t: Vec<f64>,
    /// Accepted and not used: a client that asks as soon as it may needs no rhythm.
    #[serde(skip_serializing)]
    poll_s: f64,
}

impl TokenBucket {
    pub(super) const KIND: Kind = kind::<Self>(
        "token_bucket",
        "admissions of a token bucket under unlimited demand",
        "floor(burst + rate * t)",
        "the definition of the token bucket; the meters of RFC 2697 and RFC 2698",
    );
}

impl Default for TokenBucket {
    fn default() -> Self {
        Self { rate: 10.0, burst: 5, t: vec![0.0, 0.05, 0.1, 1.0, 2.35, 60.0], poll_s: 0.001 }
    }
}

impl Law for TokenBucket {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        ensure_positive("rate", self.rate)?;
        let rate = rate(self.rate)?;
        let mut checks = Vec::new();
        for &t in &self.t {
            let admissions = f64::from(self.burst) + self.rate * t;
            let must = "a time within which at most 2000000 are admitted";
            ensure(t >= 0.0 && admissions <= ADMISSIONS, "t", t, must)?;
            let t_ns = whole_ns(t);
            let refilled = u128::from(t_ns) * u128::from(rate.limit().get());
            let expected = u128::from(self.burst) + refilled / rate.period().as_nanos();
            // A bucket of one token is full when it is asked, and loses the part of a
            // nanosecond by which that is late.
            let is_even = rate.period().as_nanos() % u128::from(rate.limit().get()) == 0;
            let late = if self.burst > 1 || is_even { 0.0 } else { 1.0 };
            let mut bucket = forbear_core::limiter::TokenBucket::new(rate, self.burst)?;
            let mut gcra = forbear_core::limiter::Gcra::per(rate).with_burst(self.burst)?;
            let table =
                format!("kind = \"token_bucket\"\nrate = \"{rate}\"\nburst = {}\n", self.burst);
            let mut server = server_limit(&table)?;
            for (who, admitted) in [
                ("server", greedy(t_ns, |now| ask_server(&mut server, now))),
                ("limiter token_bucket", greedy(t_ns, |now| ask_limiter(&mut bucket, now))),
                ("limiter gcra", greedy(t_ns, |now| ask_limiter(&mut gcra, now))),
            ] {
                let what = format!("admitted by {t} s ({who})");
                checks.push(Check::new(what, expected as f64, admitted.len() as f64, late));
            }
        }
        Ok(checks)
    }
}
