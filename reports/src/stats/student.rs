//! How much wider an interval is because there are few runs.

use crate::number::float;

/// The 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// The share of resampled means to leave out at each end for a 95 % interval
/// from `runs` runs, in `0.0..=0.025`.
///
/// Hesterberg 2015, section 5.2: the normal tail beyond
/// `√(n / (n - 1)) t(0.975, n - 1)`.
pub(crate) fn expanded_tail(runs: usize) -> f64 {
    // At 3 runs the tail is 7e-8, far below one resample in 2 000.
    if runs <= 3 {
        return 0.0;
    }
    let n = float(runs as u64);
    let reach = (n / (n - 1.0)).sqrt() * t_quantile(n - 1.0);
    0.5 * libm::erfc(reach / std::f64::consts::SQRT_2)
}

/// The 97.5 % quantile of Student's t with `freedom >= 3` degrees of freedom.
///
/// Abramowitz and Stegun, 26.7.5; the error is below 0.3 % at 3 degrees and
/// vanishes with more.
fn t_quantile(freedom: f64) -> f64 {
    let z2 = Z * Z;
    let g1 = (z2 + 1.0) * Z / 4.0;
    let g2 = ((5.0 * z2 + 16.0) * z2 + 3.0) * Z / 96.0;
    let g3 = (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) * Z / 384.0;
    let g4 = ((((79.0 * z2 + 776.0) * z2 + 1482.0) * z2 - 1920.0) * z2 - 945.0) * Z / 92160.0;
    Z + (g1 + (g2 + (g3 + g4 / freedom) / freedom) / freedom) / freedom
}

#[cfg(test)]
mod tests {
    use super::{expanded_tail, t_quantile};

    /// Abramowitz and Stegun, table 26.10.
    #[test]
    fn quantiles_are_those_of_the_table() {
        for (freedom, published) in
            [(3.0, 3.182), (4.0, 2.776), (9.0, 2.262), (29.0, 2.045), (120.0, 1.980)]
        {
            let found = t_quantile(freedom);
            assert!((found / published - 1.0).abs() < 0.003, "{freedom}: {found}");
        }
    }

    #[test]
    fn the_tail_grows_to_the_plain_percentile() {
        let tails: Vec<f64> = [2, 5, 10, 30, 1_000].map(expanded_tail).to_vec();
        assert!(tails.is_sorted(), "{tails:?}");
        assert!((expanded_tail(10) - 0.0086).abs() < 0.0002, "{tails:?}");
        assert!((expanded_tail(1_000_000) - 0.025).abs() < 0.0001);
    }
}
