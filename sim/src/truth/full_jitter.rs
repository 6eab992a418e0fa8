//! The moments of full jitter.

use serde::{Deserialize, Serialize};

use super::arithmetic::power;
use super::drive::{policy, seconds_text};
use super::error::{ensure, ensure_positive, ensure_samples};
use super::estimate::{ERRORS, Estimate, Moments};
use super::{Check, Kind, Law, TruthError, kind};
use crate::rng::StreamRng;

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FullJitter {
    base_s: f64,
    cap_s: f64,
    /// Retries of a call.
    n: u32,
    /// Calls.
    #[serde(alias = "suggested_samples")]
    samples: u32,
}

impl FullJitter {
    pub(super) const KIND: Kind = kind::<Self>(
        "full_jitter",
        "mean and variance of full jitter",
        "c / 2 and c^2 / 12 with c = min(cap, base * 2^k); sums of them",
        "Brooker, \"Exponential Backoff And Jitter\", AWS 2015; moments of the uniform law",
    );
}

impl Default for FullJitter {
    fn default() -> Self {
        Self { base_s: 0.1, cap_s: 10.0, n: 9, samples: 50_000 }
    }
}

impl Law for FullJitter {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let ceilings = ceilings(self.base_s, self.cap_s, self.n)?;
        let means: Vec<f64> = ceilings.iter().map(|c| c / 2.0).collect();
        let variances: Vec<f64> = ceilings.iter().map(|c| c * c / 12.0).collect();
        let backoff = exponential(self.base_s, self.cap_s, "full");
        let sampled = sample(&backoff, &means, self.samples)?;
        let mut checks = sampled.checks(&means, &variances);
        let (mean, variance) = (means.iter().sum(), variances.iter().sum());
        checks.push(check("mean of the sum [s]".to_owned(), mean, sampled.sum.mean()));
        let what = "variance of the sum [s^2]".to_owned();
        checks.push(check(what, variance, sampled.sum.variance()));
        Ok(checks)
    }
}

/// What an exponential backoff comes to before each of `n` retries, in seconds.
pub(super) fn ceilings(base_s: f64, cap_s: f64, n: u32) -> Result<Vec<f64>, TruthError> {
    ensure_positive("base_s", base_s)?;
    ensure(cap_s >= base_s && cap_s <= 1e9, "cap_s", cap_s, "from base_s to 1000000000")?;
    ensure((1..=100).contains(&n), "n", n, "from 1 to 100")?;
    Ok((0..n).map(|k| (base_s * power(2.0, f64::from(k))).min(cap_s)).collect())
}

/// The backoff of a policy file.
pub(super) fn exponential(base_s: f64, cap_s: f64, jitter: &str) -> String {
    let (base, max) = (seconds_text(base_s), seconds_text(cap_s));
    format!(
        "{{ kind = \"exponential\", base = \"{base}\", max = \"{max}\", jitter = \"{jitter}\" }}"
    )
}

/// The delays of many calls.
#[derive(Debug)]
pub(super) struct Sampled {
    pub(super) delays: Vec<Moments>,
    pub(super) sum: Moments,
    /// Share of the delays that were the longest, by retry.
    pub(super) at_max: Vec<f64>,
}

/// Draws the delays of `samples` calls, as many each as there are `means`.
pub(super) fn sample(backoff: &str, means: &[f64], samples: u32) -> Result<Sampled, TruthError> {
    sample_up_to(backoff, means, samples, f64::INFINITY)
}

/// The same, and counts those of `max_s`.
pub(super) fn sample_up_to(
    backoff: &str,
    means: &[f64],
    samples: u32,
    max_s: f64,
) -> Result<Sampled, TruthError> {
    ensure_samples(samples)?;
    let policy = policy(&format!("backoff = {backoff}\n"))?;
    let strategy = policy.policy().backoff();
    let mut rng = StreamRng::new(1, 0);
    let mut delays: Vec<Moments> = means.iter().map(|&mean| Moments::about(mean)).collect();
    let mut at_max = vec![0.0; means.len()];
    let mut sum = Moments::about(means.iter().sum());
    for _ in 0..samples {
        let mut retry = forbear_core::Retry::nth(1);
        let mut total = 0.0;
        for (moments, at_max) in delays.iter_mut().zip(&mut at_max) {
            let delay = strategy.delay(&retry, &mut rng);
            retry = retry.after(delay);
            moments.add(delay.as_secs_f64());
            total += delay.as_secs_f64();
            *at_max += f64::from(u8::from(delay.as_secs_f64() >= max_s)) / f64::from(samples);
        }
        sum.add(total);
    }
    Ok(Sampled { delays, sum, at_max })
}

impl Sampled {
    /// Of the mean and then of the variance of each delay.
    pub(super) fn checks(&self, means: &[f64], variances: &[f64]) -> Vec<Check> {
        let retries = || self.delays.iter().zip(1..);
        let mean = retries().zip(means).map(|((delay, retry), &mean)| {
            check(format!("mean of delay {retry} [s]"), mean, delay.mean())
        });
        let variance = retries().zip(variances).map(|((delay, retry), &variance)| {
            check(format!("variance of delay {retry} [s^2]"), variance, delay.variance())
        });
        mean.chain(variance).collect()
    }
}

fn check(what: String, expected: f64, measured: Estimate) -> Check {
    // A delay has whole nanoseconds.
    let tolerance = ERRORS * measured.error + 1e-9 * (1.0 + expected);
    Check::new(what, expected, measured.value, tolerance)
}
