//! From a `backoff` table to its strategy.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use super::{BackoffSpec, Cut};
use crate::InvalidConfig;
use crate::backoff::{
    BackoffStrategy, Constant, DecorrelatedJitter, DecorrelatedJitterV2, Exponential,
    ExponentialDecay, Fibonacci, Linear, Polynomial, Schedule, Steps, Uniform,
};
use crate::spec::{DurationText, JitterSpec};
use crate::text::format_duration;

impl BackoffSpec {
    /// The strategy that this describes.
    ///
    /// # Errors
    ///
    /// If a number is out of range, or two contradict each other.
    pub fn build(&self) -> Result<Arc<dyn BackoffStrategy>, InvalidConfig> {
        match self {
            Self::Constant { delay, jitter } => {
                jitter.around(Arc::new(Constant::new(delay.0)), Clamp::default())
            }
            Self::Linear { base, step, min, max, jitter } => {
                let clamp = Clamp::new(*min, *max)?.around(base.0)?;
                jitter.around(Arc::new(Linear::new(base.0, step.unwrap_or(*base).0)), clamp)
            }
            Self::Exponential { base, max, jitter: JitterSpec::Decorrelated, min, .. } => {
                let clamp = Clamp::new(*min, *max)?.around(above_zero(*base)?)?;
                let strategy = DecorrelatedJitter::new(base.0, clamp.max)?;
                JitterSpec::None.around(Arc::new(strategy), clamp)
            }
            Self::Exponential { base, factor, min, max, jitter } => {
                let clamp = Clamp::new(*min, *max)?.around(above_zero(*base)?)?;
                jitter.around(Arc::new(Exponential::new(base.0).by(*factor)), clamp)
            }
            Self::Fibonacci { base, distinct, min, max, jitter } => {
                let clamp = Clamp::new(*min, *max)?.around(above_zero(*base)?)?;
                let strategy = if *distinct { Fibonacci::distinct } else { Fibonacci::new };
                jitter.around(Arc::new(strategy(base.0)), clamp)
            }
            Self::Polynomial { base, exponent, min, max, jitter } => {
                let clamp = Clamp::new(*min, *max)?.around(above_zero(*base)?)?;
                jitter.around(Arc::new(Polynomial::new(base.0, *exponent)), clamp)
            }
            Self::ExponentialDecay { base, rate, min, max, jitter } => {
                let clamp = Clamp::new(*min, *max)?.around(above_zero(*base)?)?;
                jitter.around(Arc::new(ExponentialDecay::new(base.0, *rate)?), clamp)
            }
            Self::Uniform { min, max } => Ok(Arc::new(Uniform::new(min.0, max.0)?)),
            Self::Decorrelated { base, max, cut } => {
                let clamp = Clamp::new(None, *max)?;
                let within = DecorrelatedJitter::new(base.0, clamp.max)?;
                Ok(match cut {
                    Cut::Range => Arc::new(within),
                    Cut::Draw => {
                        let without = DecorrelatedJitter::new(base.0, Duration::MAX)?;
                        Arc::new(without.capped_at(clamp.max))
                    }
                })
            }
            Self::DecorrelatedV2 { base, max } => {
                let clamp = Clamp::new(None, *max)?;
                Ok(Arc::new(DecorrelatedJitterV2::new(base.0, clamp.max)?))
            }
            Self::List { delays, jitter } => {
                let delays: Vec<_> = delays.iter().map(|delay| delay.0).collect();
                jitter.around(Arc::new(Schedule::new(delays)?), Clamp::default())
            }
            Self::Chain { steps } => {
                let steps = steps.iter().try_fold(Steps::new(), |built, step| {
                    Ok(built.step(step.retries, step.backoff.build()?))
                });
                Ok(Arc::new(steps?.build()?))
            }
            Self::Sum { parts } => {
                let mut built = parts.iter().map(Self::build);
                let empty = || InvalidConfig::new("parts", "empty", "at least one strategy");
                let first = built.next().ok_or_else(empty)??;
                built.try_fold(first, |sum, part| {
                    Ok(Arc::new(sum.plus(part?)) as Arc<dyn BackoffStrategy>)
                })
            }
        }
    }
}

/// The shortest and the longest delay, in this order.
#[derive(Clone, Copy)]
pub(in crate::spec) struct Clamp {
    pub(in crate::spec) min: Duration,
    pub(in crate::spec) max: Duration,
}

impl Clamp {
    fn new(min: Option<DurationText>, max: Option<DurationText>) -> Result<Self, InvalidConfig> {
        let all = Self::default();
        let clamp =
            Self { min: min.map_or(all.min, |min| min.0), max: max.map_or(all.max, |max| max.0) };
        if clamp.min > clamp.max {
            let min = format_duration(clamp.min);
            return Err(InvalidConfig::new("min", min, "no longer than max"));
        }
        Ok(clamp)
    }

    /// This clamp, if the first delay is not above it.
    fn around(self, base: Duration) -> Result<Self, InvalidConfig> {
        if base > self.max {
            let base = format_duration(base);
            return Err(InvalidConfig::new("base", base, "no longer than max"));
        }
        Ok(self)
    }
}

impl Default for Clamp {
    fn default() -> Self {
        Self { min: Duration::ZERO, max: Duration::MAX }
    }
}

/// `base`, since a multiple of nothing is no delay at all.
fn above_zero(base: DurationText) -> Result<Duration, InvalidConfig> {
    InvalidConfig::refuse_no_time("base", base.0).map(|()| base.0)
}
