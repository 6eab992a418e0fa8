//! What the replications say about a mean.
//!
//! A comparison is a set of independent runs, so each metric is reported as the
//! mean over the runs with a 95 % interval, and two policies are compared by
//! their differences seed by seed (common random numbers: Law, "Simulation
//! Modeling and Analysis", 5th ed. 2015, section 11.2). Both storms of a pair
//! are the same, so what the storm contributes cancels.

mod bootstrap;
mod mean;
mod modes;
mod paired;
mod proportion;
mod student;

use serde::Serialize;

pub(crate) use self::mean::mean;
pub use self::modes::Modes;
pub(crate) use self::paired::differences;
pub use self::proportion::Proportion;

/// A 95 % interval of a mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end, at most the mean.
    pub low: f64,
    /// Upper end, at least the mean.
    pub high: f64,
}

/// A mean over replications.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Its 95 % interval; `None` from a single run, which says nothing about others.
    pub interval: Option<Interval>,
    /// Runs that had a value, at least 1.
    pub runs: usize,
}

impl Estimate {
    /// Estimates the mean of what `values` were drawn from; `None` without a value.
    ///
    /// Values that are not finite count as missing.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let values: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        let mean = mean(&values)?;
        Some(Self { mean, interval: bootstrap::interval(&values), runs: values.len() })
    }

    /// The lower end of the interval, or the mean where there is none.
    pub(crate) fn low(&self) -> f64 {
        self.interval.map_or(self.mean, |interval| interval.low)
    }

    /// The same estimate in the other direction: of `-x` instead of `x`.
    pub(crate) fn negated(self) -> Self {
        let interval =
            self.interval.map(|Interval { low, high }| Interval { low: -high, high: -low });
        Self { mean: -self.mean, interval, runs: self.runs }
    }

    /// The same estimate in units of `scale`.
    pub(crate) fn over(self, scale: f64) -> Self {
        let interval = self
            .interval
            .map(|Interval { low, high }| Interval { low: low / scale, high: high / scale });
        Self { mean: self.mean / scale, interval, runs: self.runs }
    }
    /// The same estimate of `x + shift` instead of `x`.
    pub(crate) fn plus(self, shift: f64) -> Self {
        let interval = self
            .interval
            .map(|Interval { low, high }| Interval { low: low + shift, high: high + shift });
        Self { mean: self.mean + shift, interval, runs: self.runs }
    }
}
