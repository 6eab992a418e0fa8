//! Uniform numbers from words.

#![expect(clippy::float_arithmetic, reason = "a division by a power of two is exact")]
#![expect(clippy::cast_precision_loss, reason = "53 bits fit")]

/// `2^-53`.
const ULP: f64 = 1.0 / 9_007_199_254_740_992.0;

/// A number strictly between 0 and 1: the middle of one of `2^52` equal parts.
///
/// Never an end, so that logarithms and quantiles of it are finite.
pub(crate) fn open_unit(word: u64) -> f64 {
    ((word >> 12) as f64 + 0.5) * (2.0 * ULP)
}

/// A whole number from `0..=span`, by multiply-shift (Lemire,
/// <https://arxiv.org/abs/1805.10941>): one word, and a bias below `2^-64 * span`.
pub(crate) const fn scaled(word: u64, span: u64) -> u64 {
    let wide = word as u128 * (span as u128 + 1);
    (wide >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_never_reached() {
        assert!(open_unit(0) > 0.0);
        assert!(open_unit(u64::MAX) < 1.0);
    }

    #[test]
    fn a_span_is_covered_to_its_ends() {
        assert_eq!(scaled(0, 9), 0);
        assert_eq!(scaled(u64::MAX, 9), 9);
        assert_eq!(scaled(u64::MAX, u64::MAX), u64::MAX);
        assert_eq!(scaled(12_345, 0), 0);
    }
}
