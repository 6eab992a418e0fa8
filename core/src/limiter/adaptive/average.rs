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
    /// `netflix_exp_avg_warmup`, of concurrency-limits' `ExpAvgMeasurementTest`.
    #[test]
    fn the_first_samples_are_averaged_plainly() {
        let file = include_str!("../../../tests/data/limiter_vectors.json");
        let file: serde_json::Value = serde_json::from_str(file).unwrap();
        let vectors = file["vectors"].as_array().unwrap();
        let vector = vectors.iter().find(|vector| vector["algorithm"] == "exp_avg").unwrap();
        let inputs = &vector["inputs"];
        let number = |name: &str| u32::try_from(inputs[name].as_u64().unwrap()).unwrap();
        let mut average = Average::new(number("window"), number("warmup"));
        let samples = inputs["samples"].as_array().unwrap();
        let expected = vector["expected"]["values"].as_array().unwrap();
        assert_eq!(samples.len(), expected.len());
        for (sample, expected) in samples.iter().zip(expected) {
            let tenths = average.add(sample.as_u64().unwrap()) * 10 / Average::SCALE;
            let tenths = f64::from(u32::try_from(tenths).unwrap());
            let off = (tenths - 10.0 * expected.as_f64().unwrap()).abs();
            assert!(off <= 1.0, "{sample}: {tenths} tenths, not {expected}");
        }
    }
}
