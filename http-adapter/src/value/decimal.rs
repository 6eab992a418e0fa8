//! Non-negative decimal numbers: `1*DIGIT [ "." 1*DIGIT ]`.
//!
//! Scanned by hand and not with `f64::from_str`, which takes signs, exponents, `inf` and
//! `NaN`, and would round where the contract says up (waits) or down (permits).

use std::time::Duration;

use crate::value::duration::{MAX, SECOND_NS};

/// More digits after the point cannot change a result in nanoseconds.
const FRACTION_DIGITS: u32 = 18;

/// A scanned number, before it gets a unit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Decimal {
    /// The part before the point; `None` if it is beyond `u64::MAX`.
    pub(crate) whole: Option<u64>,
    fraction: u64,
    fraction_digits: u32,
    /// Whether a digit other than 0 follows the ones in `fraction`.
    has_more: bool,
}

impl Decimal {
    /// Reads a number that fills `value`.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        // Nearly all numbers are whole and short, which needs no check of each digit's sum.
        if let Some(whole) = short_whole(value) {
            let whole = Some(whole);
            return Some(Self { whole, fraction: 0, fraction_digits: 0, has_more: false });
        }
        match Self::scan(value)? {
            (number, []) => Some(number),
            _ => None,
        }
    }

    /// Reads the number at the start of `value`, and returns what follows it.
    pub(crate) fn scan(value: &[u8]) -> Option<(Self, &[u8])> {
        let (whole, rest) = digits(value)?;
        let mut number = Self { whole, fraction: 0, fraction_digits: 0, has_more: false };
        let Some(after_point) = rest.strip_prefix(b".") else { return Some((number, rest)) };
        let rest = number.scan_fraction(after_point)?;
        Some((number, rest))
    }

    /// Reads a fraction alone (`.5`), as Go durations allow.
    pub(crate) fn scan_bare_fraction(value: &[u8]) -> Option<(Self, &[u8])> {
        let mut number = Self { whole: Some(0), fraction: 0, fraction_digits: 0, has_more: false };
        let rest = number.scan_fraction(value.strip_prefix(b".")?)?;
        Some((number, rest))
    }

    fn scan_fraction<'a>(&mut self, value: &'a [u8]) -> Option<&'a [u8]> {
        let end = value.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(value.len());
        let (digits, rest) = value.split_at(end);
        for byte in digits {
            if self.fraction_digits == FRACTION_DIGITS {
                self.has_more |= *byte != b'0';
            } else {
                self.fraction = self.fraction * 10 + u64::from(byte - b'0');
                self.fraction_digits += 1;
            }
        }
        (!digits.is_empty()).then_some(rest)
    }

    /// The number times `unit_ns`, rounded up to a nanosecond and saturated at [`MAX`].
    pub(crate) fn times(&self, unit_ns: u64) -> Duration {
        let Some(whole) = self.whole else { return MAX };
        if self.fraction_digits == 0 && unit_ns == SECOND_NS {
            return Duration::from_secs(whole).min(MAX);
        }
        if self.fraction_digits == 0
            && let Some(ns) = whole.checked_mul(unit_ns)
        {
            return Duration::from_nanos(ns).min(MAX);
        }
        // At most 2^64 * 86.4e12 + 86.4e12: below 2^111.
        let exact = u128::from(whole) * u128::from(unit_ns) + self.fraction_of(unit_ns);
        u64::try_from(exact).map_or(MAX, |ns| Duration::from_nanos(ns).min(MAX))
    }

    /// The fraction times `unit`, rounded up.
    fn fraction_of(&self, unit: u64) -> u128 {
        if self.fraction_digits == 0 {
            return 0;
        }
        // At most 10^18 * 86.4e12: below 2^107.
        let scaled = u128::from(self.fraction) * u128::from(unit) + u128::from(self.has_more);
        scaled.div_ceil(10_u128.pow(self.fraction_digits))
    }

    /// The fraction in thousand-millionths, rounded up (it may reach a whole).
    pub(crate) fn nanos_up(&self) -> u64 {
        u64::try_from(self.fraction_of(1_000_000_000)).unwrap_or(u64::MAX)
    }

    /// The fraction in thousand-millionths, rounded down.
    pub(crate) fn nanos_down(&self) -> u32 {
        // Spares the division of 128 bits.
        if self.fraction_digits == 0 {
            return 0;
        }
        let scaled = u128::from(self.fraction) * 1_000_000_000;
        u32::try_from(scaled / 10_u128.pow(self.fraction_digits)).unwrap_or(999_999_999)
    }
}

/// Reads `1*19DIGIT`, which always fits: what nearly all numbers are.
pub(crate) fn short_whole(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 19 {
        return None;
    }
    let mut whole = 0_u64;
    for byte in value {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        whole = whole * 10 + u64::from(digit);
    }
    Some(whole)
}

fn digits(value: &[u8]) -> Option<(Option<u64>, &[u8])> {
    let mut whole = Some(0_u64);
    let mut at = 0;
    while let Some(digit) = value.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|d| *d < 10) {
        whole = whole.and_then(|n| n.checked_mul(10)?.checked_add(u64::from(digit)));
        at += 1;
    }
    (at > 0).then(|| (whole, &value[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_decimals_are_numbers() {
        for bad in ["", "-1", "+1", ".5", "5.", "1e3", "NaN", "inf", "0x1", "1 ", "1_0", "1.2.3"] {
            assert_eq!(Decimal::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_product_is_rounded_up_and_saturates() {
        let times = |text: &str, unit| Decimal::parse(text.as_bytes()).expect(text).times(unit);
        assert_eq!(times("0.0000000001", 1_000_000_000), Duration::from_nanos(1));
        assert_eq!(times("1.0000000000000000000000001", 1), Duration::from_nanos(2));
        assert_eq!(times("250.5", 1_000_000), Duration::from_micros(250_500));
        assert_eq!(times("18446744073709551616", 1), MAX);
        assert_eq!(times("18446744073709551615.999999999999999999", 86_400_000_000_000), MAX);
    }
}
