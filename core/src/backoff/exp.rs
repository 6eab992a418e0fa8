//! The exponential function in integers.
//!
//! The platform's `exp` differs between machines in the last places, and a delay
//! is a decision that must not.

/// `value * e^(-numerator / denominator)`, to the nearest.
///
/// Within `2^-58` of the true value before it is rounded, so exact to the unit
/// for values below `2^57`.
pub(super) fn decayed(value: u64, numerator: u128, denominator: u64) -> u64 {
    let denominator = u128::from(denominator);
    // e^-45 < 2^-64: nothing is left.
    if numerator / denominator >= 45 {
        return 0;
    }
    let x = (numerator << 64) / denominator;
    let (mantissa, halvings) = exp_neg(x);
    let product = u128::from(value) * u128::from(mantissa);
    if x == 0 {
        return value;
    }
    let twice = (product >> 63).checked_shr(halvings).unwrap_or(0);
    u64::try_from(twice.div_ceil(2)).unwrap_or(u64::MAX)
}

/// `e^-x` for `x` in units of `2^-64`: a mantissa in units of `2^-64`, and how
/// often to halve it. The mantissa of `x = 0` is rounded down to fit.
pub(super) fn exp_neg(x: u128) -> (u64, u32) {
    /// ln 2 in units of `2^-64`, to the nearest.
    const LN_2: u128 = 0xB172_17F7_D1CF_79AC;

    let halvings = u32::try_from(x / LN_2).unwrap_or(u32::MAX);
    let rest = x % LN_2;
    // The alternating series, even and odd terms apart. With rest below ln 2 the
    // 22nd term is below 2^-64.
    let (mut even, mut odd, mut term) = (0_u128, 0_u128, 1_u128 << 64);
    for n in 1..24 {
        if n % 2 == 1 {
            even += term;
        } else {
            odd += term;
        }
        term = ((term * rest) >> 64) / n;
    }
    (u64::try_from(even - odd).unwrap_or(u64::MAX), halvings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_powers_of_e_are_right() {
        // e^-1, e^-2, e^-10 to 18 places, from <https://oeis.org/A068985> and powers.
        assert_eq!(decayed(1_000_000_000_000_000_000, 1, 1), 367_879_441_171_442_322);
        assert_eq!(decayed(1_000_000_000_000_000_000, 2, 1), 135_335_283_236_612_692);
        assert_eq!(decayed(1_000_000_000_000_000_000, 10, 1), 45_399_929_762_485);
        assert_eq!(decayed(7, 0, 1), 7);
        assert_eq!(decayed(u64::MAX, 0, 1), u64::MAX);
    }

    #[test]
    fn it_ends_at_zero() {
        assert_eq!(decayed(u64::MAX, 44, 1), 1);
        assert_eq!(decayed(u64::MAX, 45, 1), 0);
        assert_eq!(decayed(u64::MAX, u128::from(u32::MAX) * u128::from(u64::MAX), 1), 0);
    }
}
