//! The moments of decorrelated jitter, as AWS published it.

use serde::{Deserialize, Serialize};

use super::drive::seconds_text;
use super::error::{ensure, ensure_positive};
use super::estimate::{ERRORS, share_error};
use super::full_jitter::sample_up_to;
use super::{Check, Kind, Law, TruthError, kind};

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DecorrelatedJitter {
    base_s: f64,
    /// The longest delay; any unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    cap_s: Option<f64>,
    /// Retries of a call.
    n: u32,
    /// Calls.
    #[serde(alias = "suggested_samples")]
    samples: u32,
}

impl DecorrelatedJitter {
    pub(super) const KIND: Kind = kind::<Self>(
        "decorrelated_jitter",
        "mean and variance of decorrelated jitter, and how often it is the cap",
        "s(0) = base, s(k) = min(cap, U(base, 3 s(k - 1))): m(k) = (b + 3 m(k - 1)) / 2 without a \
         cap, the density by quadrature with one",
        "Brooker, \"Exponential Backoff And Jitter\", AWS 2015",
    );
}

impl Default for DecorrelatedJitter {
    fn default() -> Self {
        Self { base_s: 0.1, cap_s: None, n: 6, samples: 50_000 }
    }
}

impl Law for DecorrelatedJitter {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let Self { base_s, cap_s, n, samples } = *self;
        ensure_positive("base_s", base_s)?;
        ensure((1..=30).contains(&n), "n", n, "from 1 to 30")?;
        let base = seconds_text(base_s);
        let Some(cap_s) = cap_s else {
            let (means, variances) = without_cap(base_s, n);
            let backoff = format!("{{ kind = \"decorrelated\", base = \"{base}\" }}");
            let sampled = sample_up_to(&backoff, &means, samples, f64::INFINITY)?;
            return Ok(sampled.checks(&means, &variances));
        };
        let must = "from base_s to 1000 times base_s";
        ensure((base_s..=1000.0 * base_s).contains(&cap_s), "cap_s", cap_s, must)?;
        let laws = with_cap(base_s, cap_s, n);
        let means: Vec<f64> = laws.iter().map(|law| law.mean).collect();
        let variances: Vec<f64> = laws.iter().map(|law| law.variance).collect();
        let cap = seconds_text(cap_s);
        let backoff = format!(
            "{{ kind = \"decorrelated\", base = \"{base}\", max = \"{cap}\", cut = \"draw\" }}"
        );
        let sampled = sample_up_to(&backoff, &means, samples, cap_s)?;
        let mut checks = sampled.checks(&means, &variances);
        for check in &mut checks {
            // What the quadrature is off by.
            check.tolerance += 1e-5 * check.expected;
        }
        for ((law, &measured), retry) in laws.iter().zip(&sampled.at_max).zip(1..) {
            let tolerance = ERRORS * share_error(law.at_cap, f64::from(samples)) + 1e-5;
            let what = format!("share of delays {retry} that are the cap");
            checks.push(Check::new(what, law.at_cap, measured, tolerance));
        }
        Ok(checks)
    }
}

/// Means and variances, by the recursion of the first two moments.
fn without_cap(base: f64, n: u32) -> (Vec<f64>, Vec<f64>) {
    let (mut mean, mut square) = (base, base * base);
    let moments = (0..n).map(|_| {
        square = (base * base + 3.0 * base * mean + 9.0 * square) / 3.0;
        mean = f64::midpoint(base, 3.0 * mean);
        (mean, square - mean * mean)
    });
    moments.unzip()
}

/// The law of one delay.
#[derive(Clone, Copy, Debug)]
struct DelayLaw {
    mean: f64,
    variance: f64,
    at_cap: f64,
}

/// By the density on a grid, with an atom at the cap.
///
/// From `x` the next delay is uniform over `base..3 x`, so its density at `y` is the
/// integral of `f(x) / (3 x - base)` over `x >= y / 3`: a sum from above, of which
/// every third value is used.
fn with_cap(base: f64, cap: f64, n: u32) -> Vec<DelayLaw> {
    // Cells of which `base` and 3, 9, 27 times it are borders, since the density leaps
    // there, and about 200 000 of them.
    let per_base = (200_000.0 * base / cap).floor().max(100.0);
    let width = base / per_base;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 2^20")]
    let cells = ((cap - base) / width).ceil() as usize;
    let centre = |cell: usize| base + (cell as f64 + 0.5) * width;
    // The last cell may end beyond the cap.
    let share = |cell: usize| ((cap - base) / width - cell as f64).min(1.0);
    let mut density = vec![0.0; cells];
    let mut at_cap = 0.0;
    let mut laws = Vec::new();
    for step in 0..n {
        let mut next = vec![0.0; cells];
        // What comes from `base` at first, and from the cap, is spread evenly.
        let from = |x: f64, mass: f64, next: &mut [f64]| {
            let level = mass / (3.0 * x - base);
            for (cell, value) in next.iter_mut().enumerate() {
                let begin = base + cell as f64 * width;
                *value += level * ((3.0 * x - begin) / width).clamp(0.0, 1.0);
            }
            mass * ((3.0 * x - cap) / (3.0 * x - base)).max(0.0)
        };
        let mut at_cap_next =
            if step == 0 { from(base, 1.0, &mut next) } else { from(cap, at_cap, &mut next) };
        let mut above = 0.0;
        let mut x = cells;
        for y in (0..cells).rev() {
            // Down to `x = y / 3`: the part of the cell that it falls into is cut off.
            let edge = (centre(y) / 3.0).max(base);
            while x > 0 && base + (x as f64 - 1.0) * width >= edge {
                x -= 1;
                above += density[x] * width * share(x) / (3.0 * centre(x) - base);
            }
            let part = if x > 0 {
                let border = base + x as f64 * width;
                density[x - 1] * (border - edge) / (3.0 * centre(x - 1) - base)
            } else {
                0.0
            };
            next[y] += above + part;
        }
        for (cell, value) in density.iter().enumerate() {
            let x = centre(cell);
            let beyond = ((3.0 * x - cap) / (3.0 * x - base)).max(0.0);
            at_cap_next += value * width * share(cell) * beyond;
        }
        (density, at_cap) = (next, at_cap_next);
        let cells =
            || density.iter().enumerate().map(|(cell, f)| (centre(cell), f * width * share(cell)));
        let mean = cells().map(|(x, mass)| x * mass).sum::<f64>() + cap * at_cap;
        let square = cells().map(|(x, mass)| x * x * mass).sum::<f64>() + cap * cap * at_cap;
        laws.push(DelayLaw { mean, variance: square - mean * mean, at_cap });
    }
    laws
}
