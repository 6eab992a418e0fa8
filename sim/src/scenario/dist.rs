//! Quantities that vary: `"50ms"`, or a distribution.
//!
//! Every sampler takes exactly one word and is monotone in it (inversion; but for
//! the fold of `folded_normal`), so that two policies which meet the same word meet
//! comparable luck.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use forbear_core::InvalidConfig;
use forbear_core::spec::DurationText;
use forbear_core::text::format_duration;
use serde::de::{self, IntoDeserializer, MapAccess, Visitor, value};
use serde::{Deserialize, Deserializer, Serialize};

use super::bounded::{Factor, nanos};
use crate::rng::{open_unit, scaled, standard_normal};

/// A value, or a distribution of values.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Dist<T> {
    /// Always the same.
    Constant(T),
    /// One of the known shapes.
    Shaped(Shape<T>),
}

/// A distribution.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Shape<T> {
    /// Anything from `min` to `max`.
    Uniform {
        /// The least.
        min: T,
        /// The most.
        max: T,
    },
    /// Without memory.
    Exponential {
        /// The mean.
        mean: T,
        /// What is above counts as this.
        #[serde(skip_serializing_if = "Option::is_none")]
        max: Option<T>,
    },
    /// The bell curve, cut off at 0.
    Normal {
        /// The mean, before the cut.
        mean: T,
        /// The standard deviation.
        deviation: T,
    },
    /// The bell curve with what is below 0 counted above it, as in AWS's simulator.
    FoldedNormal {
        /// The mean, before the fold.
        mean: T,
        /// The standard deviation, before the fold.
        deviation: T,
    },
    /// The exponential of a normal variable: most are short, some are long.
    Lognormal {
        /// The median.
        median: T,
        /// The standard deviation of the logarithm.
        sigma: Factor<10>,
        /// What is above counts as this.
        #[serde(skip_serializing_if = "Option::is_none")]
        max: Option<T>,
    },
    /// As it was measured: evenly spaced quantiles from the least to the most, and straight
    /// lines in between.
    Empirical {
        /// Two at least, none less than the one before.
        quantiles: Vec<T>,
    },
}

/// A quantity that is a whole number of something.
pub(crate) trait Whole: Copy {
    fn whole(self) -> u64;

    /// As the file has it.
    fn text(self) -> String;
}

impl Whole for DurationText {
    fn whole(self) -> u64 {
        nanos(self.0)
    }

    fn text(self) -> String {
        format_duration(self.0)
    }
}

impl Whole for u32 {
    fn whole(self) -> u64 {
        u64::from(self)
    }

    fn text(self) -> String {
        self.to_string()
    }
}

/// A distribution, ready to be drawn from.
#[derive(Clone, Debug)]
pub(crate) struct Sampler {
    law: Law,
    max: u64,
}

#[derive(Clone, Debug)]
enum Law {
    Constant(u64),
    Uniform { min: u64, span: u64 },
    Exponential { mean: f64 },
    Normal { mean: f64, deviation: f64 },
    FoldedNormal { mean: f64, deviation: f64 },
    Lognormal { median: f64, sigma: f64 },
    Empirical(Arc<[u64]>),
}

impl<T: Whole> Dist<T> {
    pub(crate) fn sampler(&self) -> Sampler {
        let most = |max: &Option<T>| max.map_or(u64::MAX, Whole::whole);
        match self {
            Self::Constant(value) => Sampler::constant(value.whole()),
            Self::Shaped(Shape::Uniform { min, max }) => {
                let (min, max) = (min.whole(), max.whole());
                Sampler { law: Law::Uniform { min, span: max - min }, max }
            }
            Self::Shaped(Shape::Exponential { mean, max }) => {
                Sampler { law: Law::Exponential { mean: real(mean.whole()) }, max: most(max) }
            }
            Self::Shaped(Shape::Normal { mean, deviation }) => {
                let (mean, deviation) = (real(mean.whole()), real(deviation.whole()));
                Sampler { law: Law::Normal { mean, deviation }, max: u64::MAX }
            }
            Self::Shaped(Shape::FoldedNormal { mean, deviation }) => {
                let (mean, deviation) = (real(mean.whole()), real(deviation.whole()));
                Sampler { law: Law::FoldedNormal { mean, deviation }, max: u64::MAX }
            }
            Self::Shaped(Shape::Lognormal { median, sigma, max }) => {
                let (median, sigma) = (real(median.whole()), sigma.get());
                Sampler { law: Law::Lognormal { median, sigma }, max: most(max) }
            }
            Self::Shaped(Shape::Empirical { quantiles }) => {
                let quantiles = quantiles.iter().map(|&value| value.whole()).collect();
                Sampler { law: Law::Empirical(quantiles), max: u64::MAX }
            }
        }
    }
}

impl Sampler {
    pub(crate) const fn constant(value: u64) -> Self {
        Self { law: Law::Constant(value), max: value }
    }

    /// The exponential distribution of this mean.
    pub(crate) const fn exponential(mean: f64) -> Self {
        Self { law: Law::Exponential { mean }, max: u64::MAX }
    }

    /// The value that belongs to a uniform word, to the nearest whole number.
    #[expect(clippy::float_arithmetic, reason = "this is where randomness becomes a whole number")]
    pub(crate) fn sample(&self, word: u64) -> u64 {
        let value = match &self.law {
            &Law::Constant(value) => return value,
            &Law::Uniform { min, span } => return min + scaled(word, span),
            Law::Empirical(quantiles) => return between(quantiles, word),
            // Of `1 - u`, so that a larger word is a longer time here too.
            &Law::Exponential { mean } => -libm::log(open_unit(!word)) * mean,
            &Law::Normal { mean, deviation } => mean + standard_normal(open_unit(word)) * deviation,
            &Law::FoldedNormal { mean, deviation } => {
                libm::fabs(mean + standard_normal(open_unit(word)) * deviation)
            }
            &Law::Lognormal { median, sigma } => {
                median * libm::exp(standard_normal(open_unit(word)) * sigma)
            }
        };
        whole(value + 0.5).min(self.max)
    }

    /// The only value, if there is only one.
    pub(crate) fn fixed(&self) -> Option<u64> {
        if let Law::Constant(value) = self.law { Some(value) } else { None }
    }
}

/// The value between two of the evenly spaced `quantiles` that belongs to a uniform word.
fn between(quantiles: &[u64], word: u64) -> u64 {
    let steps = quantiles.len() as u128 - 1;
    // The upper half is the number of the step, and the lower how far it is in it.
    let place = u128::from(word) * steps;
    let step = usize::try_from(place >> 64).unwrap_or(0);
    let part = u64::try_from(place & u128::from(u64::MAX)).unwrap_or(u64::MAX);
    quantiles[step] + scaled(part, quantiles[step + 1] - quantiles[step])
}

/// Saturating: what is below 0 is 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
const fn whole(value: f64) -> u64 {
    value as u64
}

#[expect(clippy::cast_precision_loss, reason = "a mean needs no more than 53 bits")]
const fn real(value: u64) -> f64 {
    value as f64
}

impl<T: Whole> Shape<T> {
    fn check(self) -> Result<Self, InvalidConfig> {
        match &self {
            Self::Uniform { min, max } if min.whole() > max.whole() => {
                Err(InvalidConfig::new("min", min.text(), "no more than max"))
            }
            Self::Exponential { mean, max: Some(max) } if max.whole() < mean.whole() => {
                Err(InvalidConfig::new("max", max.text(), "no less than the mean"))
            }
            Self::Lognormal { median, max: Some(max), .. } if max.whole() < median.whole() => {
                Err(InvalidConfig::new("max", max.text(), "no less than the median"))
            }
            Self::Empirical { quantiles } if quantiles.len() < 2 => {
                let must = "two at least";
                Err(InvalidConfig::new("number of quantiles", quantiles.len(), must))
            }
            Self::Empirical { quantiles } => {
                let fall = quantiles.windows(2).find(|pair| pair[0].whole() > pair[1].whole());
                fall.map_or(Ok(self.clone()), |pair| {
                    let must = "no less than the one before";
                    Err(InvalidConfig::new("quantile", pair[1].text(), must))
                })
            }
            _ => Ok(self),
        }
    }
}

// By hand and not `untagged`, which would lose both the place and the reason of
// an error inside the value.
impl<'de, T: Deserialize<'de> + Whole> Deserialize<'de> for Dist<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueOrShape<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de> + Whole> Visitor<'de> for ValueOrShape<T> {
            type Value = Dist<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or a table with the kind of a distribution")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Dist<T>, E> {
                T::deserialize(text.into_deserializer()).map(Dist::Constant)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Dist<T>, E> {
                T::deserialize(number.into_deserializer()).map(Dist::Constant)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Dist<T>, E> {
                T::deserialize(number.into_deserializer()).map(Dist::Constant)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Dist<T>, A::Error> {
                let shape = Shape::<T>::deserialize(value::MapAccessDeserializer::new(map))?;
                shape.check().map(Dist::Shaped).map_err(de::Error::custom)
            }
        }

        deserializer.deserialize_any(ValueOrShape(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "moments are real")]

    use forbear_core::Entropy;

    use super::*;
    use crate::rng::StreamRng;

    /// Mean and standard deviation of 200 000 draws.
    fn moments(text: &str) -> (f64, f64) {
        #[derive(Deserialize)]
        struct File {
            dist: Dist<u32>,
        }
        const DRAWS: u32 = 200_000;
        let sampler = toml::from_str::<File>(text).unwrap().dist.sampler();
        let mut rng = StreamRng::new(1, 0);
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..DRAWS {
            let value = sampler.sample(rng.next_u64()) as f64;
            sum += value;
            squares += value * value;
        }
        let mean = sum / f64::from(DRAWS);
        (mean, (squares / f64::from(DRAWS) - mean * mean).sqrt())
    }

    #[test]
    fn samplers_have_the_moments_of_their_laws() {
        // Mean, standard deviation, and five standard errors as a share of each.
        for (text, mean, deviation) in [
            ("dist = 70000", 70_000.0, 0.0),
            ("dist = { kind = 'uniform', min = 10000, max = 70000 }", 40_000.0, 17_320.5),
            ("dist = { kind = 'exponential', mean = 50000 }", 50_000.0, 50_000.0),
            ("dist = { kind = 'normal', mean = 90000, deviation = 9000 }", 90_000.0, 9000.0),
            // Mean and deviation of |N(0, s)|: s sqrt(2 / pi) and s sqrt(1 - 2 / pi).
            ("dist = { kind = 'folded_normal', mean = 0, deviation = 50000 }", 39_894.2, 30_140.5),
            // exp(sigma^2 / 2) and its square root of exp(sigma^2) - 1.
            ("dist = { kind = 'lognormal', median = 40000, sigma = 0.5 }", 45_325.9, 24_156.1),
        ] {
            let (found_mean, found_deviation) = moments(text);
            assert!((found_mean - mean).abs() <= mean * 0.012, "{text}: mean {found_mean}");
            let error = (found_deviation - deviation).abs();
            assert!(error <= deviation * 0.02 + 0.5, "{text}: deviation {found_deviation}");
        }
    }

    #[test]
    fn a_larger_word_is_never_a_smaller_value() {
        let words = (0..64).map(|n| n << 58);
        for law in [
            Law::Uniform { min: 3, span: 1000 },
            Law::Exponential { mean: 1e6 },
            Law::Normal { mean: 1e6, deviation: 1e5 },
            Law::Lognormal { median: 1e6, sigma: 1.0 },
            Law::Empirical([3, 3, 90, 1000].into()),
        ] {
            let sampler = Sampler { law, max: u64::MAX };
            let values: Vec<u64> = words.clone().map(|word| sampler.sample(word)).collect();
            assert!(values.is_sorted(), "{sampler:?}");
        }
    }

    #[test]
    fn what_was_measured_is_met_at_its_quantiles() {
        let sampler = Sampler { law: Law::Empirical([10, 20, 100].into()), max: u64::MAX };
        assert_eq!(sampler.sample(0), 10);
        assert_eq!(sampler.sample(1 << 62), 15);
        assert_eq!(sampler.sample(1 << 63), 20);
        assert_eq!(sampler.sample(3 << 62), 60);
        assert_eq!(sampler.sample(u64::MAX), 100);
    }

    #[test]
    fn the_extremes_are_finite() {
        for word in [0, u64::MAX] {
            assert!(Sampler::exponential(1e9).sample(word) < 100_000_000_000);
            let law = Law::Lognormal { median: 1e9, sigma: 10.0 };
            let _ = Sampler { law, max: u64::MAX }.sample(word);
        }
    }
}
