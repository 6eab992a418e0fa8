//! The sawtooth of AIMD, and why it is fair.

use std::time::Duration;

use forbear_core::Throttle;
use forbear_core::limiter::{AdaptiveLimit, Sample};
use serde::{Deserialize, Serialize};

use super::arithmetic::power;
use super::error::{ensure, ensure_positive};
use super::{Check, Kind, Law, TruthError, kind};
use crate::metrics::fairness;

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Aimd {
    /// Where a bound is cut.
    peak: f64,
    /// To what share.
    decrease_factor: f64,
    increase_per_step: f64,
    /// The bounds of two flows at first.
    x0: f64,
    y0: f64,
    /// Both are cut when they reach this together.
    capacity: f64,
    /// How often.
    decreases: u32,
    /// What clients got, for the index of fairness.
    jain_vectors: Vec<Vec<f64>>,
}

impl Aimd {
    pub(super) const KIND: Kind = kind::<Self>(
        "aimd",
        "the sawtooth of AIMD, and how fast two flows become fair",
        "mean (1 + b) / 2 * peak, period (1 - b) peak / a; gap * b^k; (sum x)^2 / (n sum x^2)",
        "Chiu and Jain 1989; Jain, Chiu and Hawe 1984",
    );

    /// A law that cuts to the share of the parameters.
    fn law(&self, initial: f64) -> Result<forbear_core::limiter::Aimd, TruthError> {
        let aimd = forbear_core::limiter::Aimd::new(whole(initial))?.between(1, u32::MAX)?;
        Ok(aimd.cutting_to(self.decrease_factor)?)
    }

    /// One cycle in steps of the increase: mean, period, and peak to trough.
    fn sawtooth(&self) -> Result<Vec<Check>, TruthError> {
        let Self { peak, decrease_factor: beta, increase_per_step: step, .. } = *self;
        ensure_positive("increase_per_step", step)?;
        let top = peak / step;
        let must = "from 10 to 1000000 steps";
        ensure((10.0..=1e6).contains(&top), "peak", peak, must)?;
        let mut law = self.law(top)?;
        let bound = |law: &forbear_core::limiter::Aimd| f64::from(law.limit()) * step;
        law.update(&round(law.limit(), true));
        let trough = bound(&law);
        let (mut sum, mut bounds, mut increases) = (trough, 1.0, 0.0);
        while bound(&law) + step / 2.0 < peak {
            law.update(&round(law.limit(), false));
            sum += bound(&law);
            bounds += 1.0;
            increases += 1.0;
        }
        // Bounds are whole numbers of steps, cut down.
        Ok(vec![
            Check::new("mean of the sawtooth", f64::midpoint(1.0, beta) * peak, sum / bounds, step),
            Check::new("increases in a cycle", (1.0 - beta) * top, increases, 1.0),
            Check::new("peak to trough", (1.0 - beta) * peak, bound(&law) - trough, 1.5 * step),
        ])
    }

    /// The gap of two flows that are cut together.
    fn gaps(&self) -> Result<Vec<Check>, TruthError> {
        let Self { x0, y0, capacity, decreases, decrease_factor: beta, .. } = *self;
        ensure_positive("x0", x0)?;
        ensure_positive("y0", y0)?;
        let must = "at least x0 + y0, and at most 1000000";
        ensure((x0 + y0..=1e6).contains(&capacity), "capacity", capacity, must)?;
        ensure(decreases <= 50, "decreases", decreases, "at most 50")?;
        // In fine units, since bounds are whole numbers.
        let units = (1e6 / capacity).max(1.0);
        let mut flows = [self.law(x0 * units)?, self.law(y0 * units)?];
        let mut checks = Vec::new();
        for cut in 0..=decreases {
            let [x, y] = flows.each_ref().map(|flow| f64::from(flow.limit()));
            let gap = (y0 - x0).abs() * power(beta, f64::from(cut));
            let what = format!("gap of two flows after {cut} cuts");
            // Each cut rounds each flow down.
            let tolerance = f64::from(cut + 1) / units;
            checks.push(Check::new(what, gap, (y - x).abs() / units, tolerance));
            while flows.iter().map(|flow| f64::from(flow.limit())).sum::<f64>() < capacity * units {
                for flow in &mut flows {
                    flow.update(&round(flow.limit(), false));
                }
            }
            for flow in &mut flows {
                flow.update(&round(flow.limit(), true));
            }
        }
        Ok(checks)
    }

    /// The index of the simulator's own metric.
    fn indices(&self) -> Result<Vec<Check>, TruthError> {
        let check = |got: &Vec<f64>| {
            let must = "numbers from 0 to 1000, not all 0";
            let is_fit = got.iter().all(|got| (0.0..=1000.0).contains(got));
            let sum: f64 = got.iter().sum();
            ensure(is_fit && sum > 0.0, "jain_vectors", format!("{got:?}"), must)?;
            let squares: f64 = got.iter().map(|got| got * got).sum();
            let expected = sum * sum / (got.len() as f64 * squares);
            // Everybody wants more than there is.
            let clients = got.iter().map(|got| (whole(got * 1e6), u32::MAX)).collect();
            let measured = fairness(clients).unwrap_or(f64::NAN);
            Ok(Check::new(format!("index of {got:?}"), expected, measured, 1e-6))
        };
        self.jain_vectors.iter().map(check).collect()
    }
}

impl Default for Aimd {
    fn default() -> Self {
        Self {
            peak: 100.0,
            decrease_factor: 0.5,
            increase_per_step: 1.0,
            x0: 10.0,
            y0: 70.0,
            capacity: 100.0,
            decreases: 6,
            jain_vectors: vec![vec![10.0, 70.0], vec![1.0; 4], vec![1.0, 0.0, 0.0, 0.0]],
        }
    }
}

impl Law for Aimd {
    fn checks(&self) -> Result<Vec<Check>, TruthError> {
        let mut checks = self.sawtooth()?;
        checks.append(&mut self.gaps()?);
        checks.append(&mut self.indices()?);
        Ok(checks)
    }
}

/// A round trip with all of the bound in use.
fn round(in_flight: u32, is_refused: bool) -> Sample {
    let dropped = is_refused.then_some(Throttle::Overload);
    Sample { latency: Duration::ZERO, in_flight, dropped }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn whole(value: f64) -> u32 {
    value.round() as u32
}
