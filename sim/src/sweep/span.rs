//! A range without steps, of which any value may be taken.

#![expect(clippy::float_arithmetic, reason = "a logarithm, of libm: the same everywhere")]

use super::range::{Form, ONE};

/// Digits that a value has: more would be noise in a policy file.
const DIGITS: u32 = 3;

/// From one value to another, both of them included.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Span {
    /// In billionths, or in nanoseconds.
    from: u128,
    to: u128,
    form: Form,
    /// Whether only whole numbers are meant: where both ends are.
    is_whole: bool,
    scale: Scale,
}

/// How a range is divided into parts of equal weight.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scale {
    /// By differences.
    Linear,
    /// By ratios: as many values between 1 and 10 as between 10 and 100.
    Log,
}

impl Span {
    /// # Errors
    ///
    /// What one end must be.
    pub(super) fn new(
        from: u128,
        to: u128,
        form: Form,
        is_whole: bool,
        scale: Scale,
    ) -> Result<Self, &'static str> {
        let is_whole = is_whole && form != Form::Duration;
        match scale {
            Scale::Log if from == 0 => Err("above 0"),
            _ if from >= to => Err("above the start"),
            _ => Ok(Self { from, to, form, is_whole, scale }),
        }
    }

    /// `count` values from one end to the other, in equal steps of the scale; fewer where
    /// whole numbers are so near to each other.
    pub(super) fn spread(&self, count: usize) -> Vec<String> {
        let last = count.max(2) - 1;
        let mut values: Vec<String> = (0..=last)
            .map(|index| match index {
                0 => self.form.text(self.from),
                index if index == last => self.form.text(self.to),
                index => self.form.text(self.rounded(self.between(index as u64, last as u64))),
            })
            .collect();
        values.dedup();
        values
    }

    /// The value at `share / 2^64` of the range, with three digits, within the ends.
    pub(super) fn at(&self, share: u64) -> String {
        // Every whole number has an equal part of a linear range, the last one too.
        if self.is_whole && self.scale == Scale::Linear {
            let (from, to) = (self.from / ONE, self.to / ONE);
            let value = from + (((to - from + 1) * u128::from(share)) >> 64);
            return self.form.text(value * ONE);
        }
        self.form.text(self.rounded(self.between(share >> 11, 1 << 53)))
    }

    /// The value at `part / of` of the range.
    #[expect(clippy::cast_precision_loss, reason = "three digits are kept")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the ends")]
    fn between(&self, part: u64, of: u64) -> u128 {
        match self.scale {
            Scale::Linear => self.from + (self.to - self.from) * u128::from(part) / u128::from(of),
            Scale::Log => {
                let ratio = libm::log(self.to as f64 / self.from as f64);
                let share = part as f64 / of as f64;
                (self.from as f64 * libm::exp(ratio * share)).round() as u128
            }
        }
    }

    /// With three digits or whole, and within the ends.
    fn rounded(&self, value: u128) -> u128 {
        let step = if self.is_whole {
            ONE
        } else {
            let digits = value.checked_ilog10().map_or(1, |log| log + 1);
            10_u128.pow(digits.saturating_sub(DIGITS))
        };
        ((value + step / 2) / step * step).clamp(self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::super::range::{Item, read};
    use super::Span;

    fn span(text: &str) -> Span {
        match read(text) {
            Ok(Item::Span(span)) => span,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn both_ends_and_the_middle_are_reached() {
        for (text, values) in [
            ("2..5", ["2", "4", "5"]),
            ("1..100", ["1", "51", "100"]),
            ("0.5..1.5", ["0.5", "1", "1.5"]),
            ("100ms..10s", ["100ms", "5050ms", "10s"]),
            ("100ms..10s:log", ["100ms", "1s", "10s"]),
            ("1/s..100/s:log", ["1/s", "10/s", "100/s"]),
            ("1..1000:log", ["1", "32", "1000"]),
            ("0..1s", ["0s", "500ms", "1s"]),
        ] {
            let span = span(text);
            let found = [0, 1 << 63, u64::MAX].map(|share| span.at(share));
            assert_eq!(found, values, "{text}");
        }
    }

    #[test]
    fn values_have_three_digits_and_stay_within_the_ends() {
        let span = span("123456us..123457us");
        assert_eq!(span.at(1 << 62), "123.456ms");
        let numbers = self::span("1.5..7.25");
        assert_eq!(numbers.at(1 << 60), "1.86");
    }
}
