//! The 95th percentile of the completion time, while the runs go on.

#![expect(clippy::float_arithmetic, reason = "a running mean, for whoever looks on")]

use std::fmt;

use forbear_reports::Unit;

/// The mean of each policy, or of each point of a sweep, over the runs so far.
#[derive(Debug, Default)]
pub(crate) struct Running(Vec<Mean>);

#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    sum: f64,
    runs: f64,
}

impl Running {
    /// A run of the policy or point `of` is over; one without a success has no value.
    pub(crate) fn add(&mut self, of: usize, p95: Option<f64>) {
        let Some(p95) = p95 else { return };
        if self.0.len() <= of {
            self.0.resize(of + 1, Mean::default());
        }
        self.0[of].sum += p95;
        self.0[of].runs += 1.0;
    }
}

/// `, p95 0.05 to 15.2 s`; nothing before the first success.
impl fmt::Display for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let means = self.0.iter().filter(|mean| mean.runs > 0.0).map(|mean| mean.sum / mean.runs);
        let (least, most) = means.fold((f64::INFINITY, 0.0), |(least, most): (f64, f64), mean| {
            (least.min(mean), most.max(mean))
        });
        if least.is_infinite() {
            return Ok(());
        }
        write!(f, ", p95 {}", Unit::Seconds.range_text(most, least, most))
    }
}

#[cfg(test)]
mod tests {
    use super::Running;

    #[test]
    fn the_mean_of_each_policy_so_far_is_told_as_a_range() {
        let mut running = Running::default();
        assert_eq!(running.to_string(), "");
        running.add(1, None);
        assert_eq!(running.to_string(), "");
        running.add(1, Some(10.0));
        running.add(1, Some(20.0));
        assert_eq!(running.to_string().replace('\u{a0}', " "), ", p95 15.0 s");
        running.add(0, Some(2.0));
        assert_eq!(running.to_string().replace('\u{a0}', " "), ", p95 2.0 to 15.0 s");
    }
}
