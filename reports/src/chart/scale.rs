//! From numbers to pixels.

use crate::number::decimal;

/// A linear scale from zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linear {
    top: f64,
    from_px: f64,
    to_px: f64,
}

impl Linear {
    /// Maps `0..=top` to `from_px..=to_px`. A top that is no positive number counts as 1.
    pub(crate) fn new(top: f64, from_px: f64, to_px: f64) -> Self {
        let top = if top.is_finite() && top > 0.0 { top } else { 1.0 };
        Self { top, from_px, to_px }
    }

    /// The place of `value`, which is held within the scale.
    pub(crate) fn px(&self, value: f64) -> f64 {
        let share = (value / self.top).clamp(0.0, 1.0);
        self.from_px + share * (self.to_px - self.from_px)
    }

    /// About `count` round values from 0 to the top, with their texts.
    pub(crate) fn ticks(&self, count: f64) -> Vec<(f64, String)> {
        let (step, decimals) = round_step(self.top / count);
        let mut ticks = Vec::new();
        let mut index = 0_u32;
        loop {
            let value = f64::from(index) * step;
            if value > self.top * 1.000_001 || index > 50 {
                return ticks;
            }
            ticks.push((value, decimal(value, decimals)));
            index += 1;
        }
    }
}

/// A logarithmic scale.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log {
    low: f64,
    high: f64,
    from_px: f64,
    to_px: f64,
}

impl Log {
    /// Maps `low..=high`, widened to at least a decade, to `from_px..=to_px`.
    /// `low` is positive.
    pub(crate) fn new(low: f64, high: f64, from_px: f64, to_px: f64) -> Self {
        let high = high.max(low * 10.0);
        Self { low, high, from_px, to_px }
    }

    /// The place of `value`, which is held within the scale.
    pub(crate) fn px(&self, value: f64) -> f64 {
        let value = value.clamp(self.low, self.high);
        let share = libm::log10(value / self.low) / libm::log10(self.high / self.low);
        self.from_px + share * (self.to_px - self.from_px)
    }

    /// Powers of ten within the scale, 2 and 5 times them where there is room, and not
    /// all of them where there is none.
    pub(crate) fn ticks(&self) -> Vec<(f64, String)> {
        let decade = (self.to_px - self.from_px).abs() / libm::log10(self.high / self.low);
        let steps: &[f64] = if decade >= 110.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let apart = if decade >= 36.0 { 1 } else { 3 };
        let mut ticks = Vec::new();
        for exponent in (-9..=9_i32).filter(|exponent| exponent % apart == 0) {
            let power = libm::exp10(f64::from(exponent));
            for step in steps {
                // 5 * 10^-1 is not exactly 0.5, and is no reason to lose a tick.
                let value = step * power;
                if value >= self.low * 0.999_999 && value <= self.high * 1.000_001 {
                    let decimals = usize::try_from(-exponent).unwrap_or(0);
                    ticks.push((value, decimal(value, decimals)));
                }
            }
        }
        ticks
    }
}

/// A scale that is linear, unless its values differ too much to be told apart then.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scale {
    /// From zero.
    Linear(Linear),
    /// With a place of its own for zero, which no logarithm has.
    Log {
        /// Where zero is \[px\], if there is one.
        zero: Option<f64>,
        /// The rest.
        log: Log,
    },
}

impl Scale {
    /// From this ratio of the largest to the least positive value on, a scale is
    /// logarithmic: below, a linear one keeps the least 30 px from zero.
    const WIDE: f64 = 12.0;
    /// What zero needs at the start of a logarithmic scale \[px\].
    const ZERO: f64 = 28.0;

    /// Maps `values` to `from_px..=to_px`.
    pub(crate) fn of(values: &[f64], from_px: f64, to_px: f64) -> Self {
        let counts = |value: &&f64| value.is_finite() && **value > 0.0;
        let most = values.iter().filter(counts).copied().fold(0.0, f64::max);
        let least = values.iter().filter(counts).copied().fold(f64::INFINITY, f64::min);
        if least.is_finite() && most > Self::WIDE * least {
            let zero = values.iter().any(|value| *value <= 0.0).then_some(from_px);
            let from_px = if zero.is_some() { from_px + Self::ZERO } else { from_px };
            return Self::Log { zero, log: Log::new(least / 1.15, most * 1.15, from_px, to_px) };
        }
        Self::Linear(Linear::new(most * 1.06, from_px, to_px))
    }

    /// The place of `value`, which is held within the scale.
    pub(crate) fn px(&self, value: f64) -> f64 {
        match self {
            Self::Linear(linear) => linear.px(value),
            Self::Log { zero: Some(zero), .. } if value <= 0.0 => *zero,
            Self::Log { log, .. } => log.px(value),
        }
    }

    /// Round values, each with its place and its text.
    pub(crate) fn ticks(&self, count: f64) -> Vec<(f64, String)> {
        let ticks = match self {
            Self::Linear(linear) => linear.ticks(count),
            Self::Log { zero, log } => {
                let zero = zero.map(|_| (0.0, "0".to_owned()));
                zero.into_iter().chain(log.ticks()).collect()
            }
        };
        ticks.into_iter().map(|(value, text)| (self.px(value), text)).collect()
    }

    /// What a reader has to know about it; nothing if it is linear.
    pub(crate) const fn note(&self) -> &'static str {
        match self {
            Self::Linear(_) => "",
            Self::Log { .. } => ", logarithmic",
        }
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is at least `least`, and
/// the decimals that it needs.
fn round_step(least: f64) -> (f64, usize) {
    for exponent in -9..=15_i32 {
        for factor in [1.0, 2.0, 5.0] {
            let step = factor * libm::exp10(f64::from(exponent));
            if step >= least * 0.999_999 {
                return (step, usize::try_from(-exponent).unwrap_or(0));
            }
        }
    }
    (least, 0)
}

#[cfg(test)]
mod tests {
    use super::{Linear, Log, Scale};

    fn texts(ticks: Vec<(f64, String)>) -> Vec<String> {
        ticks.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(texts(Linear::new(103.0, 0.0, 1.0).ticks(5.0)), ["0", "50", "100"]);
        assert_eq!(
            texts(Linear::new(0.8, 0.0, 1.0).ticks(4.0)),
            ["0.0", "0.2", "0.4", "0.6", "0.8"]
        );
        assert_eq!(texts(Log::new(0.2, 8.0, 0.0, 500.0).ticks()), ["0.2", "0.5", "1", "2", "5"]);
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "the ends and the middle are exact")]
    fn values_beyond_a_scale_stay_on_the_paper() {
        let scale = Linear::new(10.0, 100.0, 0.0);
        assert_eq!([-5.0, 5.0, 50.0].map(|value| scale.px(value)), [100.0, 50.0, 0.0]);
        let scale = Log::new(1.0, 100.0, 0.0, 100.0);
        assert_eq!([0.0, 10.0, 1e9].map(|value| scale.px(value)), [0.0, 50.0, 100.0]);
    }

    #[test]
    fn a_wide_range_is_logarithmic_and_zero_keeps_a_place() {
        let near = Scale::of(&[0.0, 50.0, 90.0], 0.0, 100.0);
        assert!(matches!(near, Scale::Linear(_)));
        let wide = Scale::of(&[0.0, 1.0, 1e5], 0.0, 100.0);
        let places = [0.0, 1.0, 1e2, 1e5].map(|value| wide.px(value));
        assert!(places[0].abs() < 1e-9 && places.is_sorted(), "{places:?}");
        assert_eq!(wide.ticks(4.0)[0].1, "0");
        let positive = Scale::of(&[1.0, 1e5], 0.0, 100.0);
        assert_ne!(positive.ticks(4.0)[0].1, "0");
        for empty in [&[][..], &[0.0], &[f64::NAN, f64::INFINITY]] {
            assert!(Scale::of(empty, 0.0, 100.0).px(3.0).is_finite());
        }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "the middle is exact")]
    fn an_empty_scale_is_a_scale() {
        assert_eq!(Linear::new(0.0, 0.0, 10.0).px(0.5), 5.0);
        assert_eq!(Linear::new(f64::NAN, 0.0, 10.0).px(0.5), 5.0);
    }
}
