//! The arithmetic mean.

use crate::number::float;

/// The mean of `values`, summed in their order; `None` without a value.
///
/// Equal values give that value back to the last bit, which a sum does not.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    let (first, rest) = values.split_first()?;
    #[expect(clippy::float_cmp, reason = "equal to the last bit is what is asked")]
    if rest.iter().all(|value| value == first) {
        return Some(*first);
    }
    Some(values.iter().sum::<f64>() / float(values.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::mean;

    #[test]
    fn equal_values_have_no_rounding_error() {
        assert_eq!(mean(&[0.1; 10]), Some(0.1));
    }

    /// Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, table 2.1.
    #[test]
    fn the_mouse_data_have_their_published_means() {
        let treatment = mean(&[94.0, 197.0, 16.0, 38.0, 99.0, 141.0, 23.0]).unwrap();
        let control = mean(&[52.0, 104.0, 146.0, 10.0, 51.0, 30.0, 40.0, 27.0, 46.0]).unwrap();
        assert_eq!(format!("{treatment:.2} {control:.2}"), "86.86 56.22");
    }

    #[test]
    fn no_value_has_no_mean() {
        assert_eq!(mean(&[]), None);
    }
}
