//! The moments of equal jitter.

use serde::{Deserialize, Serialize};

use super::full_jitter::{ceilings, exponential, sample};
use super::{Check, Kind, Law, TruthError, kind};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EqualJitter {
    base_s: f64,
    cap_s: f64,
    /// Retries of a call.
    n: u32,
    /// Calls.
    #[serde(alias = "suggested_samples")]
    samples: u32,
}

impl EqualJitter {
    pub(super) const KIND: Kind = kind::<Self>(
        "equal_jitter",
        "mean and variance of equal jitter",
        "3 c / 4 and c^2 / 48 with c = min(cap, base * 2^k)",
        "Brooker, \"Exponential Backoff And Jitter\", AWS 2015; moments of the uniform law",
    );
}

impl Default for EqualJitter {
    fn default() -> Self {
        Self { base_s: 0.1, cap_s: 10.0, n: 9, samples: 50_000 }
    }
}

impl Law for EqualJitter {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let ceilings = ceilings(self.base_s, self.cap_s, self.n)?;
        let means: Vec<f64> = ceilings.iter().map(|c| 3.0 * c / 4.0).collect();
        let variances: Vec<f64> = ceilings.iter().map(|c| c * c / 48.0).collect();
        let backoff = exponential(self.base_s, self.cap_s, "equal");
        Ok(sample(&backoff, &means, self.samples)?.checks(&means, &variances))
    }
}
