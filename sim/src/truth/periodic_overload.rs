//! A steady stream above the rate of a token bucket.

use serde::{Deserialize, Serialize};

use super::drive::{ADMISSIONS, ask_limiter, ask_server, rate, server_limit};
use super::error::{ensure, ensure_positive};
use super::{Check, Kind, Law, TruthError, kind};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PeriodicOverload {
    /// Requests a second, at instants `i / demand`.
    demand_per_s: u32,
    /// Tokens a second; fewer than the demand.
    rate_per_s: u32,
    /// Tokens that the bucket holds.
    burst: u32,
    /// How long, in seconds.
    #[serde(alias = "T_s")]
    t_s: u32,
}

impl PeriodicOverload {
    pub(super) const KIND: Kind = kind::<Self>(
        "periodic_overload",
        "a steady stream above the rate of a token bucket",
        "floor(burst + rate * last) of demand * T are admitted",
        "the definition of the token bucket; it is never full again where demand > rate",
    );
}

impl Default for PeriodicOverload {
    fn default() -> Self {
        Self { demand_per_s: 1500, rate_per_s: 1000, burst: 100, t_s: 60 }
    }
}

impl Law for PeriodicOverload {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let Self { demand_per_s, rate_per_s, burst, t_s } = *self;
        let must = "above 0 and below demand_per_s";
        ensure(rate_per_s > 0 && rate_per_s < demand_per_s, "rate_per_s", rate_per_s, must)?;
        // Then no two of the instants of requests and tokens are within a nanosecond of
        // each other unless they are the same.
        let must = "so small that demand * rate is below 1000000000";
        let product = u64::from(demand_per_s) * u64::from(rate_per_s);
        ensure(product < 1_000_000_000, "demand_per_s", demand_per_s, must)?;
        let requests = u64::from(demand_per_s) * u64::from(t_s);
        let must = "from 1 s to 2000000 requests";
        ensure(t_s > 0 && requests as f64 <= ADMISSIONS, "t_s", t_s, must)?;
        ensure_positive("burst", f64::from(burst))?;
        let instants =
            || (0..requests).map(|i| (i * 1_000_000_000).div_ceil(u64::from(demand_per_s)));
        let refilled = (requests - 1) * u64::from(rate_per_s) / u64::from(demand_per_s);
        let expected = (u64::from(burst) + refilled).min(requests);
        let rate = rate(f64::from(rate_per_s))?;
        let table = format!("kind = \"token_bucket\"\nrate = \"{rate}\"\nburst = {burst}\n");
        let mut server = server_limit(&table)?;
        let mut bucket = forbear_core::limiter::TokenBucket::new(rate, burst)?;
        let by_server = instants().filter(|&now| ask_server(&mut server, now).is_ok()).count();
        let by_limiter = instants().filter(|&now| ask_limiter(&mut bucket, now).is_ok()).count();
        let refused = |admitted: u64| (requests - admitted) as f64;
        let [by_server, by_limiter] = [by_server, by_limiter].map(|count| count as u64);
        Ok(vec![
            Check::exact("admitted (server)", expected as f64, by_server as f64),
            Check::exact("admitted (limiter token_bucket)", expected as f64, by_limiter as f64),
            Check::exact("refused (server)", refused(expected), refused(by_server)),
            Check::exact("refused (limiter token_bucket)", refused(expected), refused(by_limiter)),
        ])
    }
}
