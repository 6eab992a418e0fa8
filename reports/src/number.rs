//! Numbers as text: the same on every machine and in every language.
//!
//! A point for decimals, a no-break space between groups of three digits and
//! before a unit (the SI brochure, 9th ed., section 5.4), a true minus sign.

use serde::Serialize;

/// U+00A0, so that a number is never broken over two lines.
const SPACE: char = '\u{a0}';
/// U+2212: a hyphen is shorter than the digits and may be broken after.
const MINUS: char = '\u{2212}';

/// What a number counts, which decides its digits and its symbol.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// Things: `3 416`, and `12.4` on average.
    Count,
    /// Seconds of virtual time: `12.4 s`.
    Seconds,
    /// A frequency: `8.33 /s`.
    PerSecond,
    /// A plain ratio: `1.24`.
    Ratio,
    /// A share of 1, written as a percentage: `0.3 %`.
    Share,
}

impl Unit {
    /// `value` with the digits that matter and its symbol; `not finite` if it is not.
    #[must_use]
    pub fn text(self, value: f64) -> String {
        self.with_symbol(&self.bare(value, self.decimals(value)))
    }

    /// `low to high`, with as many decimals as the mean that they are about; one
    /// number where the two look the same: more digits would say more than matters.
    #[must_use]
    pub fn range_text(self, mean: f64, low: f64, high: f64) -> String {
        let decimals = self.decimals(mean);
        let (low, high) = (self.bare(low, decimals), self.bare(high, decimals));
        self.with_symbol(&if low == high { low } else { format!("{low} to {high}") })
    }

    /// A difference of two values: signed even if it is positive, and of two shares
    /// in percentage points, `+1.6 pp`, since `+1.6 %` would read as relative.
    #[must_use]
    pub fn difference_text(self, value: f64) -> String {
        let sign = if value > 0.0 { "+" } else { "" };
        self.as_difference(format!("{sign}{}", self.text(value)))
    }

    /// How far a value is from another: without a sign, and of two shares in percentage
    /// points.
    #[must_use]
    pub fn distance_text(self, value: f64) -> String {
        self.as_difference(self.text(value))
    }

    /// Like [`range_text`](Self::range_text), for a difference.
    #[must_use]
    pub fn difference_range_text(self, mean: f64, low: f64, high: f64) -> String {
        self.as_difference(self.range_text(mean, low, high))
    }

    fn as_difference(self, text: String) -> String {
        if self == Self::Share { text.replace('%', "pp") } else { text }
    }

    /// What follows a number of this unit, without the space.
    const fn symbol(self) -> &'static str {
        match self {
            Self::Count | Self::Ratio => "",
            Self::Seconds => "s",
            Self::PerSecond => "/s",
            Self::Share => "%",
        }
    }

    fn with_symbol(self, number: &str) -> String {
        match self.symbol() {
            "" => number.to_owned(),
            symbol => format!("{number}{SPACE}{symbol}"),
        }
    }

    fn bare(self, value: f64, decimals: usize) -> String {
        decimal(if self == Self::Share { value * 100.0 } else { value }, decimals)
    }

    /// Three to four significant digits, and more only where fewer would lie.
    fn decimals(self, value: f64) -> usize {
        let size = value.abs();
        match self {
            _ if size == 0.0 || !size.is_finite() => 0,
            Self::Count if size.fract() == 0.0 || size >= 100.0 => 0,
            Self::Count => 1,
            Self::Share => share_decimals(size * 100.0),
            _ if size >= 1_000.0 => 0,
            _ if size >= 10.0 => 1,
            _ if size >= 1.0 => 2,
            // An index that is not quite 1 must not read as one.
            Self::Ratio if size > 0.5 => small_decimals(1.0 - size),
            _ => small_decimals(size),
        }
    }
}

/// Decimals of a number below 1 that is this far from an end: three, unless that would round
/// it there. What is nothing but the error of a float is nothing.
fn small_decimals(to_end: f64) -> usize {
    match to_end {
        distance if distance >= 0.000_5 => 3,
        distance if distance >= 0.000_05 => 4,
        distance if distance >= 0.000_005 => 5,
        _ => 3,
    }
}

/// Decimals of a percentage: one, unless that would round it to none or to all.
fn share_decimals(percent: f64) -> usize {
    if percent.fract() == 0.0 && percent >= 100.0 {
        return 0;
    }
    let to_nearest_end = if percent < 50.0 { percent } else { (100.0 - percent).abs() };
    match to_nearest_end {
        distance if distance >= 0.05 || distance == 0.0 => 1,
        distance if distance >= 0.005 => 2,
        distance if distance >= 0.000_5 => 3,
        _ => 4,
    }
}

/// `value` with `decimals` digits after the point.
pub(crate) fn decimal(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "not finite".to_owned();
    }
    let digits = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let mut text = String::new();
    if value < 0.0 && digits.contains(|digit| matches!(digit, '1'..='9')) {
        text.push(MINUS);
    }
    text.push_str(&grouped(whole));
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// The decimals that `value` has, at most three: 2 for 0.16, none for 5.
pub(crate) fn decimals(value: f64) -> usize {
    let is_whole = |decimals: &i32| {
        let scaled = value * libm::exp10(f64::from(*decimals));
        (scaled - scaled.round()).abs() < 1e-6
    };
    (0..3).find(is_whole).map_or(3, |decimals| usize::try_from(decimals).unwrap_or(0))
}

/// A whole number.
pub(crate) fn whole(value: u64) -> String {
    grouped(&value.to_string())
}

/// Digits in groups of three. Four digits are grouped too, so that a column of
/// them stays aligned with five.
fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(SPACE);
        }
        text.push(digit);
    }
    text
}

/// A count as a float, exact below 2^53.
#[expect(clippy::cast_precision_loss, reason = "no run counts to 2^53")]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::{Unit, decimal, whole};

    fn plain(text: &str) -> String {
        text.replace('\u{a0}', " ")
    }

    #[test]
    fn numbers_have_the_digits_that_matter() {
        for (unit, value, text) in [
            (Unit::Count, 0.0, "0"),
            (Unit::Count, 3_416.0, "3 416"),
            (Unit::Count, 12.4, "12.4"),
            (Unit::Count, 1_234_567.8, "1 234 568"),
            (Unit::Seconds, 12.44, "12.4 s"),
            (Unit::Seconds, 0.0123, "0.012 s"),
            (Unit::Seconds, 103.25, "103.2 s"),
            (Unit::Seconds, 3_416.2, "3 416 s"),
            (Unit::PerSecond, 8.333, "8.33 /s"),
            (Unit::Ratio, 1.0, "1.00"),
            (Unit::Ratio, 0.9996, "0.9996"),
            (Unit::Ratio, 0.991, "0.991"),
            (Unit::Ratio, 0.000_04, "0.00004"),
            (Unit::Ratio, 1e-12, "0.000"),
            (Unit::Seconds, 0.000_4, "0.0004 s"),
            (Unit::Seconds, 0.9996, "1.000 s"),
            (Unit::Share, 0.003, "0.3 %"),
            (Unit::Share, 0.000_04, "0.004 %"),
            (Unit::Share, 0.0, "0 %"),
            (Unit::Share, 1.0, "100 %"),
            (Unit::Share, 0.9997, "99.97 %"),
            (Unit::Seconds, -2.5, "\u{2212}2.50 s"),
            (Unit::Seconds, f64::NAN, "not finite s"),
        ] {
            assert_eq!(plain(&unit.text(value)), text);
        }
    }

    #[test]
    fn all_calls_but_one_are_never_shown_as_all() {
        for calls in [100.0_f64, 3_000.0, 100_000.0] {
            let text = plain(&Unit::Share.text((calls - 1.0) / calls));
            assert!(text.starts_with("99."), "{text}");
        }
    }

    #[test]
    fn a_range_names_its_unit_once() {
        assert_eq!(plain(&Unit::Seconds.range_text(12.4, 11.92, 12.96)), "11.9 to 13.0 s");
        assert_eq!(plain(&Unit::Count.range_text(-3.0, -5.0, 1.0)), "\u{2212}5 to 1");
        assert_eq!(plain(&Unit::Share.range_text(0.919, 0.9189, 0.9191)), "91.9 %");
    }

    #[test]
    fn nothing_has_no_sign() {
        assert_eq!(decimal(-0.001, 1), "0.0");
        assert_eq!(Unit::Ratio.difference_text(0.0), "0");
    }

    #[test]
    fn shares_differ_by_points() {
        assert_eq!(plain(&Unit::Share.difference_text(0.016)), "+1.6 pp");
        assert_eq!(
            plain(&Unit::Share.difference_range_text(0.016, -0.01, 0.03)),
            "\u{2212}1.0 to 3.0 pp"
        );
        assert_eq!(plain(&Unit::Seconds.difference_text(2.5)), "+2.50 s");
    }

    #[test]
    fn four_digits_are_grouped() {
        assert_eq!(plain(&whole(1_000)), "1 000");
        assert_eq!(whole(999), "999");
    }
}
