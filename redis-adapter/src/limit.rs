//! One limit that a fleet shares.

use std::time::Duration;

use forbear_core::text::format_duration;
use forbear_core::{Dimension, InvalidConfig, Rate};

/// Doubles hold whole numbers up to here, with room for a sum of two.
const EXACT: u128 = 1 << 52;
/// The least resolution of a rate that had to be rounded: a thousandth.
const LEAST_RESOLUTION: u128 = 1000;

/// One limit that a fleet shares, as the API declares it.
///
/// What is limited are the sends of all members together.
///
/// | the API counts | declare |
/// | --- | --- |
/// | a rate with a burst (token bucket, GCRA, leaky bucket) | [`rate`](Self::rate) |
/// | the last minute at any moment, or minutes of which no edge is known | [`window`](Self::window) |
/// | calendar minutes, hours, days in UTC | [`fixed_window`](Self::fixed_window) |
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::Dimension;
/// use forbear_redis::SharedLimit;
///
/// let requests = SharedLimit::rate("500/min".parse()?).with_burst(20)?;
/// let tokens = SharedLimit::rate("90000/min".parse()?).counting(Dimension::Tokens);
/// let hour = SharedLimit::window(5000, Duration::from_secs(3600))?;
/// # let _ = (requests, tokens, hour);
/// # Ok::<(), forbear_core::InvalidConfig>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SharedLimit {
    dimension: Dimension,
    rule: Rule,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    Bucket { rate: Rate, burst: u32 },
    Sliding { limit: u32, period: Duration },
    Fixed { limit: u32, period: Duration },
}

impl SharedLimit {
    /// The shortest window: below, the time to Redis and back is most of it.
    pub const MIN_PERIOD: Duration = Duration::from_millis(100);

    /// `rate`, with as much at once as one second earns, and at least one unit.
    ///
    /// In any span of time `t` the fleet sends at most `burst + rate * t` units.
    #[must_use]
    pub fn rate(rate: Rate) -> Self {
        let second = u128::from(rate.limit().get()) * 1_000_000_000 / rate.period().as_nanos();
        let burst = u32::try_from(second.max(1)).unwrap_or(u32::MAX);
        Self { dimension: Dimension::Requests, rule: Rule::Bucket { rate, burst } }
    }

    /// Up to `burst` units at once; nothing for a window, whose limit is its burst.
    ///
    /// A permit takes up room in the burst from when Redis gives it until Redis hears
    /// that it was used. So a burst below what the rate earns in two round trips costs
    /// throughput; see `docs/FLEET.md`.
    ///
    /// # Errors
    ///
    /// If `burst` is 0.
    pub fn with_burst(mut self, burst: u32) -> Result<Self, InvalidConfig> {
        refuse_zero("burst", burst)?;
        if let Rule::Bucket { burst: old, .. } = &mut self.rule {
            *old = burst;
        }
        Ok(self)
    }

    /// At most `limit` requests in every window of `period`, wherever it begins.
    ///
    /// # Errors
    ///
    /// If `limit` is 0 or the period below [`MIN_PERIOD`](Self::MIN_PERIOD).
    pub fn window(limit: u32, period: Duration) -> Result<Self, InvalidConfig> {
        Self::windowed(limit, period, Rule::Sliding { limit, period })
    }

    /// At most `limit` requests in each window of `period` since 1970 in UTC, by the
    /// clock of Redis.
    ///
    /// Only where the API is known to count in these very windows, and Redis' clock is
    /// as right as the API's; otherwise [`window`](Self::window).
    ///
    /// # Errors
    ///
    /// If `limit` is 0 or the period below [`MIN_PERIOD`](Self::MIN_PERIOD).
    pub fn fixed_window(limit: u32, period: Duration) -> Result<Self, InvalidConfig> {
        Self::windowed(limit, period, Rule::Fixed { limit, period })
    }

    fn windowed(limit: u32, period: Duration, rule: Rule) -> Result<Self, InvalidConfig> {
        refuse_zero("limit", limit)?;
        // Ten years: what is longer is no window, and microseconds of it are exact.
        if period < Self::MIN_PERIOD || period > Duration::from_secs(315_360_000) {
            let must = "from 100ms to ten years";
            return Err(InvalidConfig::new("period", format_duration(period), must));
        }
        Ok(Self { dimension: Dimension::Requests, rule })
    }

    /// Counts `dimension` instead of requests.
    #[must_use]
    pub const fn counting(mut self, dimension: Dimension) -> Self {
        self.dimension = dimension;
        self
    }

    /// The numbers that the script and the ledger go by.
    pub(crate) fn shape(&self) -> Result<Shape, InvalidConfig> {
        let dimension = self.dimension;
        match self.rule {
            Rule::Bucket { rate, burst } => {
                let (unit, per_us) = exact_ticks(rate, burst)?;
                let kind = Kind::Bucket { unit, per_us };
                Ok(Shape { dimension, kind, capacity: burst, rate })
            }
            Rule::Sliding { limit, period } => {
                let period_us = micros_up(period);
                let kind = Kind::Sliding { period_us, step_us: (period_us / 1000).max(1) };
                let rate = Rate::new(u64::from(limit), period)?;
                Ok(Shape { dimension, kind, capacity: limit, rate })
            }
            Rule::Fixed { limit, period } => {
                let kind = Kind::Fixed { period_us: micros_up(period) };
                let rate = Rate::new(u64::from(limit), period)?;
                Ok(Shape { dimension, kind, capacity: limit, rate })
            }
        }
    }
}

/// What the script and the ledger know of a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shape {
    pub(crate) dimension: Dimension,
    pub(crate) kind: Kind,
    /// Units at once: the burst, or the limit of a window.
    pub(crate) capacity: u32,
    /// The long-run rate.
    pub(crate) rate: Rate,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A unit is worth `unit` ticks, and `per_us` ticks are earned each microsecond.
    Bucket {
        unit: u64,
        per_us: u64,
    },
    /// Entries of the log are merged within a step.
    Sliding {
        period_us: u64,
        step_us: u64,
    },
    Fixed {
        period_us: u64,
    },
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bucket { .. } => "bucket",
            Self::Sliding { .. } => "sliding",
            Self::Fixed { .. } => "fixed",
        }
    }

    pub(crate) const fn is_window(self) -> bool {
        !matches!(self, Self::Bucket { .. })
    }

    pub(crate) const fn numbers(self) -> [u64; 2] {
        match self {
            Self::Bucket { unit, per_us } => [unit, per_us],
            Self::Sliding { period_us, step_us } => [period_us, step_us],
            Self::Fixed { period_us } => [period_us, 0],
        }
    }
}

impl Shape {
    /// How long it takes to earn the `part`th part of the capacity.
    pub(crate) fn earns_part_ns(&self, part: u32) -> u64 {
        let units = u128::from(self.capacity) * self.rate.period().as_nanos();
        let ns = units / u128::from(self.rate.limit().get()) / u128::from(part);
        u64::try_from(ns).unwrap_or(u64::MAX)
    }
}

/// The ticks of a unit and of a microsecond, in lowest terms, or rounded against the
/// caller where a full bucket would pass what a double counts exactly.
fn exact_ticks(rate: Rate, burst: u32) -> Result<(u64, u64), InvalidConfig> {
    let (mut unit, mut per_us) = (rate.period().as_nanos(), u128::from(rate.limit().get()) * 1000);
    let divisor = gcd(unit, per_us);
    (unit, per_us) = (unit / divisor, per_us / divisor);
    let largest = (unit * u128::from(burst)).max(per_us);
    if largest > EXACT {
        let scale = largest.div_ceil(EXACT) + 1;
        (unit, per_us) = (unit.div_ceil(scale), per_us / scale);
        if per_us < LEAST_RESOLUTION {
            let must = "smaller beside such a rate";
            return Err(InvalidConfig::new("burst", format!("{burst} at {rate}"), must));
        }
    }
    let fits = |ticks: u128| u64::try_from(ticks).unwrap_or(u64::MAX);
    Ok((fits(unit), fits(per_us)))
}

const fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn micros_up(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX)
}

fn refuse_zero(parameter: &'static str, value: u32) -> Result<(), InvalidConfig> {
    if value == 0 { Err(InvalidConfig::new(parameter, 0, "at least 1")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(rate: &str, burst: u32) -> Result<(u64, u64), InvalidConfig> {
        exact_ticks(rate.parse().unwrap(), burst)
    }

    #[test]
    fn common_rates_are_exact() {
        assert_eq!(ticks("10000/s", 10_000).unwrap(), (100, 1));
        assert_eq!(ticks("500/min", 20).unwrap(), (120_000, 1));
        assert_eq!(ticks("5000/h", 5000).unwrap(), (720_000, 1));
        assert_eq!(ticks("7/us", 7).unwrap(), (1, 7));
    }

    #[test]
    fn what_no_double_counts_is_rounded_against_the_caller() {
        // A prime number a day.
        let (unit, per_us) = ticks("999983/d", 999_983).unwrap();
        assert!(u128::from(unit) * 999_983 <= EXACT);
        // A unit costs no less time than the rate says, and at most a hundred thousandth more.
        let (cost, exact) = (u128::from(unit) * 999_983, u128::from(per_us) * 86_400_000_000);
        assert!(cost >= exact && cost - exact <= exact / 100_000, "{cost} and {exact}");
        let error = ticks("7/d", 1_000_000_000).unwrap_err();
        assert_eq!(
            error.to_string(),
            "burst is 1000000000 at 7/1d, must be smaller beside such a rate"
        );
    }

    #[test]
    fn a_rate_bursts_for_a_second() {
        let burst = |rate: &str| SharedLimit::rate(rate.parse().unwrap()).shape().unwrap().capacity;
        assert_eq!([burst("10000/s"), burst("500/min"), burst("1/h")], [10_000, 8, 1]);
    }

    #[test]
    fn bad_numbers_are_refused() {
        let minute = Duration::from_secs(60);
        let text = |result: Result<SharedLimit, InvalidConfig>| result.unwrap_err().to_string();
        assert_eq!(text(SharedLimit::window(0, minute)), "limit is 0, must be at least 1");
        assert_eq!(
            text(SharedLimit::fixed_window(1, Duration::from_millis(99))),
            "period is 99ms, must be from 100ms to ten years"
        );
        let rate = SharedLimit::rate("1/s".parse().unwrap());
        assert_eq!(text(rate.with_burst(0)), "burst is 0, must be at least 1");
    }
}
