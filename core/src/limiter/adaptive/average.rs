//! A mean that forgets.

/// An exponential moving average, with a plain mean to begin with; in 65536ths.
///
/// Netflix's `ExpAvgMeasurement`: the weight of a sample is `2 / (window + 1)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Average {
    window: u32,
    warm_up: u32,
    count: u32,
    sum: u128,
    value: u128,
}

impl Average {
    const SCALE: u128 = 1 << 16;

    pub(super) const fn new(window: u32, warm_up: u32) -> Self {
        Self { window, warm_up, count: 0, sum: 0, value: 0 }
    }

    /// Takes in a sample and returns the mean, in 65536ths.
    pub(super) fn add(&mut self, sample: u64) -> u128 {
        let sample = u128::from(sample) * Self::SCALE;
        if self.count < self.warm_up {
            self.count += 1;
            self.sum += sample;
            self.value = self.sum / u128::from(self.count);
        } else {
            let window = u128::from(self.window);
            self.value = (self.value * window.saturating_sub(1) + sample * 2) / (window + 1);
        }
        self.value
    }

    /// Forgets a twentieth.
    pub(super) const fn decay(&mut self) {
        self.value = self.value * 95 / 100;
    }

    pub(super) const fn value(&self) -> u128 {
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ExpAvgMeasurementTest` of Netflix's concurrency-limits.
    #[test]
    fn the_first_samples_are_averaged_plainly() {
        let mut average = Average::new(100, 10);
        let tenths: [u128; 11] = [100, 105, 110, 115, 120, 125, 130, 135, 140, 145, 162];
        for (sample, expected) in (10..20).chain([100]).zip(tenths) {
            let got = average.add(sample) * 10 / Average::SCALE;
            assert!(got.abs_diff(expected) <= 1, "{sample}: {got} is not {expected}");
        }
    }
}
