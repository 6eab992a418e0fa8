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

    /// Powers of ten within the scale, and 2 and 5 times them where there is room.
    pub(crate) fn ticks(&self) -> Vec<(f64, String)> {
        let decades = libm::log10(self.high / self.low);
        let steps: &[f64] = if decades <= 3.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let mut ticks = Vec::new();
        for exponent in -9..=9_i32 {
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
    use super::{Linear, Log};

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
        assert_eq!(texts(Log::new(0.2, 8.0, 0.0, 1.0).ticks()), ["0.2", "0.5", "1", "2", "5"]);
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
    #[expect(clippy::float_cmp, reason = "the middle is exact")]
    fn an_empty_scale_is_a_scale() {
        assert_eq!(Linear::new(0.0, 0.0, 10.0).px(0.5), 5.0);
        assert_eq!(Linear::new(f64::NAN, 0.0, 10.0).px(0.5), 5.0);
    }
}
