//! Conformance of the generic cell rate algorithm.

use std::time::Duration;

use forbear_core::{Cost, Decision, Dimension, Limiter, Rate, Timestamp};
use serde::{Deserialize, Serialize};

use super::drive::whole_ns;
use super::error::ensure;
use super::{Check, Kind, Law, TruthError, kind};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "they are the names of the parameters")]
pub(super) struct Gcra {
    /// The interval between requests that come evenly, in milliseconds.
    emission_interval_ms: f64,
    /// How much too early one may come, in milliseconds.
    tau_ms: f64,
    /// When requests come, in milliseconds.
    arrivals_ms: Vec<f64>,
}

impl Gcra {
    pub(super) const KIND: Kind = kind::<Self>(
        "gcra",
        "conformance and theoretical arrival time of the GCRA",
        "refuse if t < TAT - tau; else TAT = max(t, TAT) + T",
        "ITU-T I.371 Annex A, virtual scheduling",
    );
}

impl Default for Gcra {
    fn default() -> Self {
        let arrivals = [0, 0, 0, 0, 0, 50, 99, 100, 150, 200, 201, 900, 900, 900, 900, 900, 1000];
        let arrivals_ms = arrivals.map(f64::from).to_vec();
        Self { emission_interval_ms: 100.0, tau_ms: 300.0, arrivals_ms }
    }
}

impl Law for Gcra {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let must = "from 0.001 to 1000000 ms";
        let interval = self.emission_interval_ms;
        ensure((0.001..=1e6).contains(&interval), "emission_interval_ms", interval, must)?;
        let must = "from 0 to 1000000 ms";
        ensure((0.0..=1e6).contains(&self.tau_ms), "tau_ms", self.tau_ms, must)?;
        let must = "in order, and none negative";
        let is_sorted =
            self.arrivals_ms.is_sorted() && self.arrivals_ms.iter().all(|&at| at >= 0.0);
        ensure(is_sorted, "arrivals_ms", format!("{:?}", self.arrivals_ms), must)?;
        // In units of a microsecond: one request takes as many as it takes time, and the
        // limiter holds `tau` more than one. So any `tau` can be had, not only multiples
        // of the interval.
        let interval_us = u32::try_from(whole_ns(interval / 1e3) / 1000).unwrap_or(u32::MAX);
        let tau_us = u32::try_from(whole_ns(self.tau_ms / 1e3) / 1000).unwrap_or(u32::MAX);
        let cost = Cost::ZERO.with(Dimension::Custom1, interval_us);
        let micros = Rate::new(1_000_000, Duration::from_secs(1))?;
        let mut limiter = forbear_core::limiter::Gcra::per(micros)
            .with_burst(interval_us.saturating_add(tau_us))?
            .counting(Dimension::Custom1);
        let mut tat_ns = 0;
        let (mut conformances, mut times) = (Vec::new(), Vec::new());
        for (number, &at) in (1..).zip(&self.arrivals_ms) {
            let now = whole_ns(at / 1e3);
            let conforms = now.saturating_add(u64::from(tau_us) * 1000) >= tat_ns;
            if conforms {
                tat_ns = tat_ns.max(now) + u64::from(interval_us) * 1000;
            }
            let admitted = limiter.acquire(Timestamp::from_nanos(now), &cost).is_admit();
            let measured = theoretical_arrival(&limiter, now, cost, interval_us, tau_us);
            let share = |holds: bool| f64::from(u8::from(holds));
            let what = format!("request {number} at {at} ms conforms");
            conformances.push(Check::exact(what, share(conforms), share(admitted)));
            let what = format!("TAT after request {number} [ms]");
            times.push(Check::new(what, tat_ns as f64 / 1e6, measured / 1e6, 1e-9));
        }
        conformances.append(&mut times);
        Ok(conformances)
    }
}

/// What the limiter has as its theoretical arrival time, in ns: found from outside, by
/// asking a copy until it refuses.
fn theoretical_arrival(
    limiter: &forbear_core::limiter::Gcra,
    now: u64,
    cost: Cost,
    interval_us: u32,
    tau_us: u32,
) -> f64 {
    let mut copy = limiter.clone();
    let mut taken = 0.0;
    loop {
        match copy.acquire(Timestamp::from_nanos(now), &cost) {
            Decision::Admit => taken += f64::from(interval_us) * 1e3,
            Decision::WaitUntil(time) => {
                return time.as_nanos() as f64 + f64::from(tau_us) * 1e3 - taken;
            }
            _ => return f64::NAN,
        }
    }
}
