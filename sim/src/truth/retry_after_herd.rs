//! A herd that comes back when it was told to.

use serde::{Deserialize, Serialize};

use super::drive::{NEAR, checked, policy, scenario, seconds_text, whole_ns};
use super::error::{ensure, ensure_positive};
use super::estimate::{ERRORS, Moments};
use super::{Check, Kind, Law, TruthError, kind};
use crate::simulation::{Run, Simulation};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RetryAfterHerd {
    clients: u32,
    /// What the server tells each of them, in seconds.
    retry_after_s: f64,
    /// What each adds at most, at random, in whole seconds.
    spread_s: u32,
    /// Tokens that the server has when they come back.
    burst: u32,
    #[serde(alias = "suggested_replications")]
    replications: u32,
}

impl RetryAfterHerd {
    pub(super) const KIND: Kind = kind::<Self>(
        "retry_after_herd",
        "a herd that comes back when it was told to, with and without spread",
        "N at once, of which burst get in; N / S a second with spread, and E[max] of the \
         multinomial from P(max <= k) = N! / S^N [x^N] (sum over j <= k of x^j / j!)^S",
        "the exact law of the multinomial maximum",
    );
}

impl Default for RetryAfterHerd {
    fn default() -> Self {
        Self { clients: 1000, retry_after_s: 30.0, spread_s: 30, burst: 100, replications: 100 }
    }
}

impl Law for RetryAfterHerd {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let Self { clients, retry_after_s, spread_s, burst, replications } = *self;
        ensure((1..=5000).contains(&clients), "clients", clients, "from 1 to 5000")?;
        ensure_positive("retry_after_s", retry_after_s)?;
        ensure_positive("burst", f64::from(burst))?;
        ensure((1..=1000).contains(&spread_s), "spread_s", spread_s, "from 1 to 1000")?;
        let must = "at least 20, and at most 2000000 with the clients";
        let sends = u64::from(clients) * u64::from(replications);
        ensure(replications >= 20 && sends <= 2_000_000, "replications", replications, must)?;
        let come_back = whole_ns(retry_after_s);
        // Others empty the bucket first; it is full again when the herd comes back.
        let wait = seconds_text(retry_after_s);
        let tables = format!(
            "[clients]\ncalls = {burst}\n[arrivals]\nkind = \"burst\"\n{NEAR}\
             [server]\nretry_after = {{ fixed = \"{wait}\" }}\n\
             [[server.limit]]\nkind = \"token_bucket\"\nrate = \"{burst}/{wait}\"\nburst = {burst}\n\
             [[group]]\nclients = {{ count = {clients} }}\narrivals = {{ kind = \"burst\" }}\n"
        );
        let scenario = scenario(&tables)?;
        let twice = "max_attempts = 2\ndeadline = \"none\"\nbudget = \"none\"\n\
             hint = { cap = \"10000d\" }\n";
        let obedient =
            policy(&format!("{twice}backoff = {{ kind = \"constant\", delay = \"0s\" }}\n"))?;
        let run = checked(Simulation::new(&scenario, obedient.policy()))?;
        let herd = f64::from(clients);
        let returned = returns(&run, come_back).filter(|&late| late <= 2).count() as f64;
        let metrics = &run.result.metrics;
        let admitted = metrics.succeeded as f64 - f64::from(burst);
        let inside = herd.min(f64::from(burst));
        let mut checks = vec![
            Check::exact("come back at one instant", herd, returned),
            Check::exact("of which get in", inside, admitted),
            Check::exact("of which are refused", herd - inside, metrics.failed as f64),
        ];
        let spread = policy(&format!(
            "{twice}backoff = {{ kind = \"sum\", parts = [{{ kind = \"constant\", delay = \"{wait}\" }}, \
             {{ kind = \"uniform\", max = \"{spread_s}s\" }}] }}\n"
        ))?;
        let bins = f64::from(spread_s);
        let expected_most = expected_maximum(clients, spread_s);
        let (mut mean, mut crowd) = (Moments::about(herd / bins), Moments::about(expected_most));
        for seed in 1..=u64::from(replications) {
            let run = checked(Simulation::new(&scenario, spread.policy()).seed(seed))?;
            let mut counts = vec![0_u32; spread_s as usize];
            for late in returns(&run, come_back) {
                let bin = usize::try_from(late / 1_000_000_000).unwrap_or(usize::MAX);
                let bin = bin.min(counts.len() - 1);
                counts[bin] += 1;
            }
            mean.add(f64::from(counts.iter().sum::<u32>()) / bins);
            crowd.add(f64::from(counts.into_iter().max().unwrap_or(0)));
        }
        let crowd = crowd.mean();
        checks.push(Check::new(
            "spread: a second, in the mean",
            herd / bins,
            mean.mean().value,
            1e-9,
        ));
        checks.push(Check::new(
            "spread: a second, at most",
            expected_most,
            crowd.value,
            ERRORS * crowd.error + 1e-6,
        ));
        Ok(checks)
    }
}

/// By how much later than it was told each of the herd comes back, in ns.
fn returns(run: &Run, come_back: u64) -> impl Iterator<Item = u64> {
    let again = run.sends.iter().filter(|sent| sent.attempt == 2);
    again.map(move |sent| sent.at.as_nanos().saturating_sub(come_back))
}

/// The mean of the largest of `bins` counts of `balls` that fall at random.
///
/// `P(max <= k)` is the chance that Poisson counts of mean `balls / bins`, each at most
/// `k`, add up to `balls`, by the chance that they do without that bound.
fn expected_maximum(balls: u32, bins: u32) -> f64 {
    let balls = balls as usize;
    let mean = balls as f64 / f64::from(bins);
    let poisson: Vec<f64> = (0..=balls)
        .map(|k| libm::exp(k as f64 * libm::log(mean) - mean - ln_factorial(k)))
        .collect();
    let all = {
        let (n, total) = (balls, balls as f64);
        libm::exp(n as f64 * libm::log(total) - total - ln_factorial(n))
    };
    // E[max] is the sum of P(max > k).
    let mut expected = 0.0;
    for k in 0..balls {
        let within = to_the(&poisson[..=k], bins, balls) / all;
        expected += (1.0 - within).clamp(0.0, 1.0);
        if within > 1.0 - 1e-12 {
            break;
        }
    }
    expected
}

/// The coefficient of `x^degree` in `polynomial^exponent`.
fn to_the(polynomial: &[f64], exponent: u32, degree: usize) -> f64 {
    // With every factor at most its length less one, the degree may be out of reach.
    if (polynomial.len() - 1) * (exponent as usize) < degree {
        return 0.0;
    }
    let (mut result, mut square, mut rest) = (vec![1.0], polynomial.to_vec(), exponent);
    loop {
        if rest % 2 == 1 {
            result = product(&result, &square, degree);
        }
        rest /= 2;
        if rest == 0 {
            return result.get(degree).copied().unwrap_or(0.0);
        }
        square = product(&square, &square, degree);
    }
}

/// The product of two polynomials up to `degree`.
fn product(a: &[f64], b: &[f64], degree: usize) -> Vec<f64> {
    let mut result = vec![0.0; (a.len() + b.len() - 1).min(degree + 1)];
    for (i, x) in a.iter().enumerate().take(result.len()) {
        for (sum, y) in result[i..].iter_mut().zip(b) {
            *sum += x * y;
        }
    }
    result
}

fn ln_factorial(n: usize) -> f64 {
    libm::lgamma(n as f64 + 1.0)
}
