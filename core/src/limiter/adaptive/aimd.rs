//! Additive increase, multiplicative decrease.
//!
//! Chiu and Jain, "Analysis of the Increase and Decrease Algorithms", 1989, who
//! show that of the linear laws only this one comes to a fair share. The ratio
//! and the condition for growth are Netflix's `AIMDLimit`.

use core::time::Duration;

use super::{AdaptiveLimit, Sample};
use crate::InvalidConfig;
use crate::text::Decimal;

/// One more after each round trip, a fraction of it after a refusal.
///
/// Grows only while at least half of it is in use: a bound that nothing touches
/// says nothing. Rounds down after a cut.
///
/// # Examples
///
/// ```
/// use forbear_core::limiter::{AdaptiveLimit, Aimd, Sample};
///
/// let mut aimd = Aimd::new(20).unwrap();
/// let latency = std::time::Duration::from_millis(1);
/// aimd.update(&Sample { latency, in_flight: 10, dropped: None });
/// assert_eq!(aimd.limit(), 21);
/// ```
#[derive(Clone, Debug)]
pub struct Aimd {
    limit: u32,
    min: u32,
    max: u32,
    ratio: Decimal,
    timeout: Duration,
}

impl Aimd {
    /// Starts at `initial`, stays within 1 to 1000, and cuts to 0.9.
    ///
    /// # Errors
    ///
    /// If `initial` is 0.
    pub fn new(initial: u32) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_zero("initial", initial)?;
        let (min, max) = (1, initial.max(1000));
        let ratio = Decimal { digits: 9, places: 1 };
        Ok(Self { limit: initial, min, max, ratio, timeout: Duration::MAX })
    }

    /// Stays within `min..=max`.
    ///
    /// # Errors
    ///
    /// If `min` is 0 or above `max`.
    pub fn between(mut self, min: u32, max: u32) -> Result<Self, InvalidConfig> {
        if min == 0 || min > max {
            return Err(InvalidConfig::new("min", min, "at least 1 and no more than max"));
        }
        (self.min, self.max) = (min, max);
        self.limit = self.limit.clamp(min, max);
        Ok(self)
    }

    /// Cuts to `ratio` of the limit; read as a decimal of up to nine places.
    ///
    /// # Errors
    ///
    /// If it is not above 0 and below 1.
    pub fn cutting_to(mut self, ratio: f64) -> Result<Self, InvalidConfig> {
        let decimal = Decimal::from_f64(ratio)
            .filter(|decimal| decimal.digits > 0 && decimal.digits < decimal.denominator());
        let must = "a number above 0 and below 1";
        self.ratio = decimal.ok_or_else(|| InvalidConfig::new("ratio", ratio, must))?;
        Ok(self)
    }

    /// Takes a mean latency above `timeout` for a refusal.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

impl AdaptiveLimit for Aimd {
    fn limit(&self) -> u32 {
        self.limit
    }

    fn update(&mut self, sample: &Sample) {
        if sample.dropped.is_some() || sample.latency > self.timeout {
            let cut = u128::from(self.limit) * u128::from(self.ratio.digits)
                / u128::from(self.ratio.denominator());
            // Below the limit, since the ratio is below 1.
            self.limit = u32::try_from(cut).unwrap_or(self.limit);
        } else if sample.in_flight >= self.limit.div_ceil(2) {
            self.limit = self.limit.saturating_add(1);
        }
        self.limit = self.limit.clamp(self.min, self.max);
    }

    fn name(&self) -> &'static str {
        "aimd"
    }
}
