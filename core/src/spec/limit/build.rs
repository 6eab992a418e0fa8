//! From a `[[limit]]` table to its limiter.

use super::{LimitSpec, WindowStart};
use crate::limiter::{
    Adaptive, AdaptiveThrottle, Aimd, Breaker, Concurrency, Cubic, FixedWindow, Gcra, Gradient,
    LeakyBucket, Learned, SlidingCounter, SlidingLog, TokenBucket, Vegas, WarmUp, Window,
};
use crate::{InvalidConfig, PolicyBuilder, Rate};

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
            Self::Aimd { initial, min, max, ratio } => {
                let aimd = Aimd::new(initial)?.between(min, max)?.cutting_to(ratio)?;
                builder.limit(Adaptive::new(aimd))
            }
            Self::Vegas { initial, max } => builder.limit(Adaptive::new(Vegas::new(initial, max)?)),
            Self::Gradient { initial, min, max } => {
                builder.limit(Adaptive::new(Gradient::new(initial, min, max)?))
            }
            Self::Cubic { dimension } => builder.limit(Cubic::new().counting(dimension)),
            Self::AdaptiveThrottle { k, seed } => {
                builder.limit(AdaptiveThrottle::new(k)?.with_seed(seed))
            }
            Self::Breaker { failures, percent, window, at_least, open_for, probes } => {
                let breaker = match (failures, percent) {
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

/// The units of a window, which a count of 32 bits must hold.
fn units(rate: Rate) -> Result<u32, InvalidConfig> {
    let must = "at most 4294967295 per window";
    u32::try_from(rate.limit().get()).map_err(|_| InvalidConfig::new("rate", rate, must))
}
