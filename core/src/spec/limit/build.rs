//! From a `[[limit]]` table to its limiter.

use super::{LimitSpec, WindowStart};
use crate::limiter::{
    Adaptive, AdaptiveLimit, AdaptiveThrottle, Aimd, Breaker, Concurrency, Cubic, FixedWindow,
    Gcra, Gradient, LeakyBucket, Learned, Reservoir, SlidingCounter, SlidingLog, TokenBucket,
    Vegas, WarmUp, Window,
};
use crate::time::nanos;
use crate::{InvalidConfig, PolicyBuilder, Quantity, Rate};

impl LimitSpec {
    /// Adds the limiter that this describes.
    pub(in crate::spec) fn apply(
        &self,
        builder: PolicyBuilder,
    ) -> Result<PolicyBuilder, InvalidConfig> {
        Ok(match *self {
            Self::Gcra { dimension, rate, burst } => {
                builder.limit(Gcra::per(rate).with_burst(burst)?.counting(dimension))
            }
            Self::TokenBucket { dimension, rate, burst, initial } => {
                let bucket = TokenBucket::new(rate, burst)?.counting(dimension);
                builder.limit(bucket.starting_at(initial.unwrap_or(burst)))
            }
            Self::Reservoir { dimension, rate, capacity, initial } => {
                let reservoir = Reservoir::new(capacity, units(rate)?, rate.period())?;
                let initial = initial.unwrap_or(capacity);
                builder.limit(reservoir.counting(dimension).starting_at(initial))
            }
            Self::LeakyBucket { dimension, rate } => {
                builder.limit(LeakyBucket::new(rate).counting(dimension))
            }
            Self::WarmUp { dimension, rate, period, cold_factor } => {
                let warm_up = WarmUp::new(rate, period)?.from_cold(cold_factor)?;
                builder.limit(warm_up.counting(dimension))
            }
            Self::Window { dimension, rate, margin } => {
                let window = Window::unknown(units(rate)?, rate.period())?;
                builder.limit(window.with_margin(margin)?.counting(dimension))
            }
            Self::FixedWindow { dimension, rate, start } => {
                let window = FixedWindow::new(units(rate)?, rate.period())?.counting(dimension);
                builder.limit(match start {
                    WindowStart::Aligned => window,
                    WindowStart::FirstSend => window.from_first_send(),
                })
            }
            Self::SlidingWindow { dimension, rate } => {
                let log = SlidingLog::new(units(rate)?, rate.period())?;
                builder.limit(log.counting(dimension))
            }
            Self::SlidingCounter { dimension, rate, steps } => {
                let counter = SlidingCounter::new(units(rate)?, rate.period(), steps)?;
                builder.limit(counter.counting(dimension))
            }
            Self::Concurrency { max } => builder.limit(Concurrency::new(max)?),
            Self::Aimd { initial, min, max, ratio, percentile } => {
                let aimd = Aimd::new(initial)?.between(min, max)?.cutting_to(ratio)?;
                builder.limit(adaptive(aimd, percentile)?)
            }
            Self::Vegas { initial, max, percentile } => {
                builder.limit(adaptive(Vegas::new(initial, max)?, percentile)?)
            }
            Self::Gradient { initial, min, max, percentile } => {
                builder.limit(adaptive(Gradient::new(initial, min, max)?, percentile)?)
            }
            Self::Cubic { dimension, ratio, min_rate } => {
                let mut cubic = Cubic::new().counting(dimension);
                if let Some(ratio) = ratio {
                    cubic = cubic.cutting_to(ratio)?;
                }
                if let Some(rate) = min_rate {
                    cubic = cubic.never_below(per_second(rate))?;
                }
                builder.limit(cubic)
            }
            Self::AdaptiveThrottle { k, seed } => {
                builder.limit(AdaptiveThrottle::new(k)?.with_seed(seed))
            }
            Self::Breaker { failures, percent, last, window, at_least, open_for, probes } => {
                if let (Some(last), None) = (last, percent) {
                    return Err(InvalidConfig::new("last", last, "left out without percent"));
                }
                let breaker = match (failures, percent) {
                    (None, Some(percent)) if last.is_some() => {
                        Breaker::at_share_of_last(percent, last.unwrap_or_default(), open_for)?
                    }
                    (Some(failures), None) => Breaker::after(failures, open_for)?,
                    (None, Some(percent)) => {
                        Breaker::at_share(percent, at_least, window, open_for)?
                    }
                    (None, None) => Breaker::after(5, open_for)?,
                    (Some(failures), Some(_)) => {
                        let must = "left out where percent is set";
                        return Err(InvalidConfig::new("failures", failures, must));
                    }
                };
                builder.limit(breaker.with_probes(probes)?)
            }
            Self::Learned { headroom, share, paced } => {
                let learned = Learned::new().with_headroom(headroom)?.with_share(share)?;
                builder.limit(if paced { learned } else { learned.unpaced() })
            }
        })
    }
}

/// By the mean latency, or by a percentile.
fn adaptive<A: AdaptiveLimit>(
    law: A,
    percentile: Option<f64>,
) -> Result<Adaptive<A>, InvalidConfig> {
    let limiter = Adaptive::new(law);
    match percentile {
        Some(share) => limiter.at_percentile(share),
        None => Ok(limiter),
    }
}

/// A rate by the second, rounded up to a millionth.
fn per_second(rate: Rate) -> Quantity {
    let micros = u128::from(rate.limit().get()) * 1_000_000_000_000_000;
    let micros = micros.div_ceil(u128::from(nanos(rate.period()).max(1)));
    Quantity::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

/// The units of a window, which a count of 32 bits must hold.
fn units(rate: Rate) -> Result<u32, InvalidConfig> {
    let must = "at most 4294967295 per window";
    u32::try_from(rate.limit().get()).map_err(|_| InvalidConfig::new("rate", rate, must))
}
