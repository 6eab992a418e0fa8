//! The windows that a server advertises.

use core::fmt;
use core::time::Duration;

use super::Quantity;
use crate::Dimension;
use crate::time::nanos;

/// What a server says about one of its windows; every part may be missing.
///
/// Parts are kept as integers with one value for "not said", so that eight of
/// them travel inline in an [`Observation`](crate::Observation) without a heap
/// allocation.
///
/// ```
/// use std::time::Duration;
/// use forbear_core::{Dimension, Quantity, Quota};
///
/// let quota = Quota::new(Some(Dimension::Requests))
///     .with_remaining(Quantity::from_units(7))
///     .with_resets_in(Duration::from_secs(30));
/// assert_eq!(quota.remaining().unwrap().whole(), 7);
/// assert_eq!(quota.limit(), None);
/// ```
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Quota {
    dimension: Option<Dimension>,
    limit: u64,
    remaining: u64,
    resets_in_ns: u64,
    window_ns: u64,
}

/// Stands for a part that the server did not mention.
const UNSAID: u64 = u64::MAX;

impl Quota {
    /// A window of which nothing is known yet; `dimension` is `None` where what
    /// it counts is none of ours.
    #[must_use]
    pub const fn new(dimension: Option<Dimension>) -> Self {
        Self {
            dimension,
            limit: UNSAID,
            remaining: UNSAID,
            resets_in_ns: UNSAID,
            window_ns: UNSAID,
        }
    }

    /// What the window counts.
    #[must_use]
    pub const fn dimension(&self) -> Option<Dimension> {
        self.dimension
    }

    /// Units that a whole window allows.
    #[must_use]
    pub const fn limit(&self) -> Option<Quantity> {
        quantity(self.limit)
    }

    /// Units left in the window in force.
    #[must_use]
    pub const fn remaining(&self) -> Option<Quantity> {
        quantity(self.remaining)
    }

    /// Time from the receipt of the response to the next window.
    #[must_use]
    pub const fn resets_in(&self) -> Option<Duration> {
        duration(self.resets_in_ns)
    }

    /// Length of the window.
    #[must_use]
    pub const fn window(&self) -> Option<Duration> {
        duration(self.window_ns)
    }

    /// With this limit.
    #[must_use]
    pub const fn with_limit(mut self, limit: Quantity) -> Self {
        self.limit = said(limit.as_micros());
        self
    }

    /// With this much left.
    #[must_use]
    pub const fn with_remaining(mut self, remaining: Quantity) -> Self {
        self.remaining = said(remaining.as_micros());
        self
    }

    /// With this time to the reset, saturating at 584 years.
    #[must_use]
    pub const fn with_resets_in(mut self, resets_in: Duration) -> Self {
        self.resets_in_ns = said(nanos(resets_in));
        self
    }

    /// With this window length, saturating at 584 years.
    #[must_use]
    pub const fn with_window(mut self, window: Duration) -> Self {
        self.window_ns = said(nanos(window));
        self
    }
}

const fn said(value: u64) -> u64 {
    if value == UNSAID { UNSAID - 1 } else { value }
}

const fn quantity(value: u64) -> Option<Quantity> {
    if value == UNSAID { None } else { Some(Quantity::from_micros(value)) }
}

const fn duration(value: u64) -> Option<Duration> {
    if value == UNSAID { None } else { Some(Duration::from_nanos(value)) }
}

#[expect(clippy::missing_fields_in_debug, reason = "each is shown by its accessor, as an option")]
impl fmt::Debug for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quota")
            .field("dimension", &self.dimension)
            .field("limit", &self.limit())
            .field("remaining", &self.remaining())
            .field("resets_in", &self.resets_in())
            .field("window", &self.window())
            .finish()
    }
}

/// Up to eight windows, inline.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Quotas {
    windows: [Quota; Self::CAPACITY],
    len: usize,
}

impl Quotas {
    /// How many windows are kept; no known API advertises more.
    pub const CAPACITY: usize = 8;
    /// No window.
    pub const NONE: Self = Self { windows: [Quota::new(None); Self::CAPACITY], len: 0 };

    /// Adds a window.
    ///
    /// Returns whether there was room; a ninth window is left out, since the
    /// first eight are what the server put first.
    pub const fn push(&mut self, quota: Quota) -> bool {
        let room = self.len < Self::CAPACITY;
        if room {
            self.windows[self.len] = quota;
            self.len += 1;
        }
        room
    }

    /// The windows, in the order in which they were added.
    #[must_use]
    pub fn as_slice(&self) -> &[Quota] {
        &self.windows[..self.len]
    }

    /// Whether there is no window.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The time until a request that was refused may find something left of each.
    ///
    /// The latest reset of those of which less than one unit is left. If none says so, the
    /// earliest reset of those that do not say what is left, which is all that Azure's token
    /// limit and Contentful tell. `None` if nobody tells a reset, or all reset at once.
    ///
    /// The reset of a bucket is when it is full: later than need be, never too early.
    ///
    /// ```
    /// use std::time::Duration;
    /// use forbear_core::{Quantity, Quota, Quotas};
    ///
    /// let window = |left, seconds| {
    ///     Quota::new(None)
    ///         .with_remaining(Quantity::from_units(left))
    ///         .with_resets_in(Duration::from_secs(seconds))
    /// };
    /// let quotas: Quotas = [window(0, 60), window(7, 3600)].into_iter().collect();
    /// assert_eq!(quotas.refill_in(), Some(Duration::from_secs(60)));
    /// ```
    #[must_use]
    pub fn refill_in(&self) -> Option<Duration> {
        let (mut spent, mut unsaid) = (None, None);
        for quota in self.as_slice() {
            let Some(wait) = quota.resets_in() else { continue };
            match quota.remaining() {
                Some(left) if left.whole() == 0 => spent = spent.max(Some(wait)),
                Some(_) => {}
                None => unsaid = Some(unsaid.map_or(wait, |earliest: Duration| earliest.min(wait))),
            }
        }
        spent.or(unsaid).filter(|wait| !wait.is_zero())
    }
}

impl Default for Quotas {
    fn default() -> Self {
        Self::NONE
    }
}

impl fmt::Debug for Quotas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

impl FromIterator<Quota> for Quotas {
    fn from_iter<I: IntoIterator<Item = Quota>>(quotas: I) -> Self {
        let mut all = Self::NONE;
        for quota in quotas {
            all.push(quota);
        }
        all
    }
}

#[cfg(feature = "serde")]
mod data {
    //! The serialized form: a list of windows, each with the parts that were said.

    use alloc::vec::Vec;
    use core::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Quantity, Quota, Quotas};
    use crate::Dimension;

    #[derive(Deserialize, Serialize)]
    struct Parts {
        dimension: Option<Dimension>,
        limit: Option<Quantity>,
        remaining: Option<Quantity>,
        resets_in: Option<Duration>,
        window: Option<Duration>,
    }

    impl Serialize for Quotas {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self.as_slice().iter().map(|quota| Parts {
                dimension: quota.dimension(),
                limit: quota.limit(),
                remaining: quota.remaining(),
                resets_in: quota.resets_in(),
                window: quota.window(),
            }))
        }
    }

    impl<'de> Deserialize<'de> for Quotas {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let windows = Vec::<Parts>::deserialize(deserializer)?;
            Ok(windows
                .into_iter()
                .map(|parts| {
                    let mut quota = Quota::new(parts.dimension);
                    quota.limit = parts.limit.map_or(quota.limit, |n| super::said(n.as_micros()));
                    quota.remaining =
                        parts.remaining.map_or(quota.remaining, |n| super::said(n.as_micros()));
                    let quota = match parts.resets_in {
                        Some(resets_in) => quota.with_resets_in(resets_in),
                        None => quota,
                    };
                    match parts.window {
                        Some(window) => quota.with_window(window),
                        None => quota,
                    }
                })
                .collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ninth_window_is_left_out() {
        let nine = (0..9).map(|n| Quota::new(None).with_limit(Quantity::from_units(n)));
        let quotas: Quotas = nine.collect();
        assert_eq!(quotas.as_slice().len(), 8);
        assert_eq!(quotas.as_slice()[7].limit(), Some(Quantity::from_units(7)));
    }

    #[test]
    fn the_largest_value_is_not_mistaken_for_none() {
        let quota = Quota::new(None).with_limit(Quantity::from_units(u64::MAX));
        assert!(quota.limit().is_some());
        assert!(quota.with_window(Duration::MAX).window().is_some());
    }
}
