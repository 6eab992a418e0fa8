//! Numbers that luck is part of, and how far off they may be.

/// Standard errors that a measurement may be off: by chance alone, once in 1.7
/// million.
pub(super) const ERRORS: f64 = 5.0;

/// Parts of a long run whose means are all but independent of each other.
const BATCHES: usize = 20;

/// A number with its standard error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Estimate {
    pub(super) value: f64,
    pub(super) error: f64,
}

/// The central moments of numbers as they come.
///
/// Taken about a number near the mean, so that no two large sums are subtracted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    about: f64,
    count: f64,
    sums: [f64; 4],
}

impl Moments {
    pub(super) const fn about(about: f64) -> Self {
        Self { about, count: 0.0, sums: [0.0; 4] }
    }

    pub(super) fn add(&mut self, value: f64) {
        let distance = value - self.about;
        let square = distance * distance;
        self.count += 1.0;
        for (sum, power) in
            self.sums.iter_mut().zip([distance, square, square * distance, square * square])
        {
            *sum += power;
        }
    }

    pub(super) fn mean(&self) -> Estimate {
        let [first, ..] = self.sums.map(|sum| sum / self.count);
        Estimate { value: self.about + first, error: (self.central()[0] / self.count).sqrt() }
    }

    pub(super) fn variance(&self) -> Estimate {
        let [second, fourth] = self.central();
        let value = second * self.count / (self.count - 1.0);
        Estimate { value, error: ((fourth - second * second).max(0.0) / self.count).sqrt() }
    }

    /// The second and the fourth moment about the mean.
    fn central(&self) -> [f64; 2] {
        let [a, b, c, d] = self.sums.map(|sum| sum / self.count);
        [(b - a * a).max(0.0), (d - 4.0 * a * c + 6.0 * a * a * b - 3.0 * a * a * a * a).max(0.0)]
    }
}

/// The standard error of a share that is found in `count` independent trials.
pub(super) fn share_error(share: f64, count: f64) -> f64 {
    (share * (1.0 - share) / count).sqrt()
}

/// The mean of `measure` over parts of a run, without the twentieth in which it
/// settles.
///
/// Batch means (Law, "Simulation Modeling and Analysis", chapter 9): what is near in
/// time is alike, so the values have fewer independent ones among them than they are.
pub(super) fn by_batches<T>(run: &[T], measure: impl Fn(&[T]) -> f64) -> Estimate {
    let settled = &run[run.len() / 20..];
    let length = (settled.len() / BATCHES).max(1);
    let values: Vec<f64> = settled.chunks_exact(length).take(BATCHES).map(measure).collect();
    let count = values.len() as f64;
    let mut moments = Moments::about(values.iter().sum::<f64>() / count);
    for value in values {
        moments.add(value);
    }
    let error = (moments.variance().value / count).sqrt();
    Estimate { value: moments.mean().value, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_numbers() {
        let mut moments = Moments::about(3.0);
        (1..=5).for_each(|value| moments.add(f64::from(value)));
        assert!((moments.mean().value - 3.0).abs() < 1e-12);
        assert!((moments.variance().value - 2.5).abs() < 1e-12);
        // Fourth moment 34 / 5, second 2.
        assert!((moments.variance().error - ((6.8 - 4.0) / 5.0_f64).sqrt()).abs() < 1e-12);
        let mut elsewhere = Moments::about(-2.0);
        (1..=5).for_each(|value| elsewhere.add(f64::from(value)));
        assert!((moments.variance().error - elsewhere.variance().error).abs() < 1e-9);
    }

    #[test]
    fn a_run_that_does_not_vary_has_no_error() {
        let estimate = by_batches(&[7.0; 1000], |batch| batch.iter().sum::<f64>() / 47.0);
        assert!((estimate.value - 7.0).abs() < 1e-12 && estimate.error < 1e-9);
    }
}
