//! How often something happens, with its interval.

use serde::Serialize;

use super::Interval;
use crate::number::float;

/// The 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A share of independent runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Proportion {
    /// Runs in which it happened.
    pub count: usize,
    /// Runs in all, at least 1.
    pub runs: usize,
    /// The 95 % interval of its probability.
    pub interval: Interval,
}

impl Proportion {
    /// `count` of `runs`, with the score interval (Wilson, "Probable inference, the law of
    /// succession, and statistical inference", 1927), which holds for few runs and for
    /// none and all of them: none of 20 is 0 to 16 %, and not 0.
    ///
    /// `None` without a run.
    pub(crate) fn of(count: usize, runs: usize) -> Option<Self> {
        if runs == 0 {
            return None;
        }
        let n = float(runs as u64);
        let share = float(count.min(runs) as u64) / n;
        let z2 = Z * Z;
        let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let spread = share * (1.0 - share) / n + z2 / (4.0 * n * n);
        let half = Z / (1.0 + z2 / n) * spread.sqrt();
        // At the ends the interval ends with the share itself, but for rounding.
        let low = if count == 0 { 0.0 } else { (middle - half).max(0.0) };
        let high = if count >= runs { 1.0 } else { (middle + half).min(1.0) };
        Some(Self { count, runs, interval: Interval { low, high } })
    }

    /// The share, 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        float(self.count as u64) / float(self.runs as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::Proportion;

    /// Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
    /// Medicine 17 (1998), table I, method 3.
    #[test]
    fn intervals_are_those_of_the_table() {
        for (count, runs, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let interval = Proportion::of(count, runs).unwrap().interval;
            assert!((interval.low - low).abs() < 6e-5, "{count}/{runs}: {interval:?}");
            assert!((interval.high - high).abs() < 6e-5, "{count}/{runs}: {interval:?}");
        }
        assert_eq!(Proportion::of(0, 0), None);
    }
}
