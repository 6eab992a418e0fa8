//! Retries upon retries.

use std::time::Duration;

use forbear_core::{
    Action, Call, Cost, Engine, Entropy, Observation, Outcome, Policy, Timestamp, backoff::Constant,
};
use serde::{Deserialize, Serialize};

use super::arithmetic::{power, truncated_geometric};
use super::error::{ensure, ensure_samples, ensure_share};
use super::estimate::{ERRORS, share_error};
use super::{Check, Kind, Law, TruthError, kind};
use crate::rng::{StreamRng, open_unit};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Amplification {
    /// Layers that retry, one above the other.
    layers_that_retry: u32,
    /// Retries of each layer.
    retries_per_layer: u32,
    /// How likely a call at the bottom fails.
    p: f64,
    /// Calls at the top.
    #[serde(alias = "suggested_samples")]
    samples: u32,
}

impl Amplification {
    pub(super) const KIND: Kind = kind::<Self>(
        "amplification",
        "calls at the bottom of layers that retry each other",
        "(r + 1)^k at worst; (1 - p^((r + 1)^k)) / (1 - p) in the mean; p^((r + 1)^k) fail",
        "Google SRE book, chapter 22 (3 layers of 4 attempts make 64)",
    );
}

impl Default for Amplification {
    fn default() -> Self {
        Self { layers_that_retry: 3, retries_per_layer: 3, p: 0.5, samples: 100_000 }
    }
}

impl Law for Amplification {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let Self { layers_that_retry: layers, retries_per_layer: retries, p, samples } = *self;
        ensure_share("p", p)?;
        ensure_samples(samples)?;
        let worst = power(f64::from(retries) + 1.0, f64::from(layers));
        let must = "so many that (retries + 1)^layers is at most 1000000";
        ensure(worst <= 1e6 && layers <= 100, "layers_that_retry", layers, must)?;
        let (mean, variance) = truncated_geometric(p, worst);
        let must = "so many that at most 100000000 calls reach the bottom";
        ensure(mean * f64::from(samples) <= 1e8, "samples", samples, must)?;
        let policy = Policy::builder()
            .max_attempts(retries + 1)
            .no_deadline()
            .no_budget()
            .backoff(Constant::new(Duration::ZERO))
            .build()?;
        let engine = |layer| policy.engine(Box::new(StreamRng::jitter(1, layer)));
        let mut engines: Vec<Engine> = (0..layers).map(engine).collect();
        let mut fewest = Bottom { rng: StreamRng::new(1, 0), p: 1.0, calls: 0.0 };
        descend(&mut engines, &mut fewest);
        let mut bottom = Bottom { rng: StreamRng::new(1, 0), p, calls: 0.0 };
        let failed = (0..samples).filter(|_| !descend(&mut engines, &mut bottom)).count();
        let calls = f64::from(samples);
        let failures = power(p, worst);
        Ok(vec![
            Check::exact("calls at the bottom, all failing", worst, fewest.calls),
            Check::new(
                "calls at the bottom a call",
                mean,
                bottom.calls / calls,
                ERRORS * (variance / calls).sqrt() + 1e-9,
            ),
            Check::new(
                "share of calls that fail",
                failures,
                failed as f64 / calls,
                ERRORS * share_error(failures, calls) + 1e-12,
            ),
        ])
    }
}

/// What the last layer calls.
#[derive(Debug)]
struct Bottom {
    rng: StreamRng,
    p: f64,
    calls: f64,
}

/// One call through the layers, the outermost first; whether it succeeds.
fn descend(layers: &mut [Engine], bottom: &mut Bottom) -> bool {
    let Some((engine, below)) = layers.split_first_mut() else {
        bottom.calls += 1.0;
        return open_unit(bottom.rng.next_u64()) >= bottom.p;
    };
    let now = Timestamp::ZERO;
    let mut call = Call::new(now, Cost::REQUEST);
    loop {
        match engine.poll(now, &mut call) {
            Action::Send => {
                let succeeds = descend(below, bottom);
                let outcome = if succeeds { Outcome::Success } else { Outcome::Transient };
                engine.complete_with(now, &mut call, &Observation::new(outcome));
            }
            Action::Finish(end) => return end.is_ok(),
            // Without limits and delays there is nothing to wait for.
            Action::SleepUntil(..) | Action::Park { .. } => return false,
        }
    }
}
