//! Exact decimal numbers, so that `0.1` is one tenth and not a float.

/// `digits / 10^places`, exact.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Decimal {
    pub(crate) digits: u64,
    pub(crate) places: u32,
}

impl Decimal {
    /// The largest number of decimal places that is read.
    pub(crate) const MAX_PLACES: u32 = 9;

    /// Reads `12`, `0.5` or `.5`; `None` for a sign, an exponent, more than
    /// nine decimal places, or a number that does not fit.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty())
            || !only_digits(whole)
            || !only_digits(fraction)
        {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let places = u32::try_from(fraction.len()).ok().filter(|&n| n <= Self::MAX_PLACES)?;
        let mut digits = 0_u64;
        for byte in whole.bytes().chain(fraction.bytes()) {
            digits = digits.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
        }
        Some(Self { digits, places })
    }

    /// The nearest decimal of nine places to `value`; `None` if it is negative,
    /// not finite or too large.
    #[expect(
        clippy::float_arithmetic,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of a policy file is read once and kept as an integer"
    )]
    pub(crate) fn from_f64(value: f64) -> Option<Self> {
        let scaled = value * 1e9 + 0.5;
        // 2^63: beyond it a float no longer tells one unit from the next.
        let fits = value >= 0.0 && scaled < 9_223_372_036_854_775_808.0;
        let nines = Self { digits: if fits { scaled as u64 } else { 0 }, places: 9 };
        fits.then(|| nines.reduced())
    }

    /// `digits / denominator` for a file: read back, it is the same decimal.
    #[cfg(feature = "serde")]
    #[expect(
        clippy::float_arithmetic,
        clippy::cast_precision_loss,
        reason = "written for people and read back as the nearest decimal, which is this one"
    )]
    pub(crate) fn fraction_as_f64(digits: u64, denominator: u64) -> f64 {
        digits as f64 / denominator as f64
    }

    /// `10^places`.
    pub(crate) const fn denominator(self) -> u64 {
        10_u64.pow(self.places)
    }

    const fn reduced(mut self) -> Self {
        while self.places > 0 && self.digits.is_multiple_of(10) {
            self.digits /= 10;
            self.places -= 1;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        let parsed = |text| Decimal::parse(text).map(|d| (d.digits, d.places));
        assert_eq!(parsed("12"), Some((12, 0)));
        assert_eq!(parsed("0.50"), Some((5, 1)));
        assert_eq!(parsed(".5"), Some((5, 1)));
        assert_eq!(parsed("7."), Some((7, 0)));
        for bad in
            ["", ".", "-1", "+1", "1e3", "1.2.3", "0.1234567891", "99999999999999999999", "x"]
        {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }

    #[test]
    fn floats_become_decimals() {
        let read = |value| Decimal::from_f64(value).map(|d| (d.digits, d.places));
        assert_eq!(read(0.1), Some((1, 1)));
        assert_eq!(read(2.0), Some((2, 0)));
        assert_eq!(read(-0.0), Some((0, 0)));
        for bad in [-0.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e10] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
