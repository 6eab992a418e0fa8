//! The quotas that the server advertises, mirrored.
//!
//! A server that says `remaining: 7, reset: 30` knows more than any configured
//! rate: what other clients used, and when the window ends. The mirror takes over
//! limit, remaining, reset and window of each quota of each answer, and holds
//! back what would not fit. Four things make that more than a comparison:
//!
//! * *Answers are old.* Each was true when the server wrote it. What is in flight
//!   since is subtracted, and of answers that overtook each other the lower one
//!   counts: only a request that was sent after an answer came is known to be
//!   counted after it.
//! * *Resets are rounded.* A window of two seconds that says `reset: 2` for its first
//!   second and `reset: 1` for its other would seem to last three. Each answer bounds
//!   the reset from both sides, and the window ends where all bounds overlap.
//! * *A reset is not a starting gun.* All clients see the same reset and burst at
//!   it. The quota is spread over the window: `used` units may be gone when
//!   `used / limit` of it has passed.
//! * *The quota is shared.* A headroom stays untouched, and of the rest only this
//!   client's share is used.
//!
//! Which rule the numbers are of is recognised from how they change, and a server
//! that gives none is known by what it refuses: `docs/LEARNED.md` tells how and what
//! that costs.

mod mirror;
mod model;
mod recognise;
mod unsaid;

use alloc::vec::Vec;

use super::{Completion, Limiter};
use crate::text::Decimal;
use crate::{Cost, Decision, Dimension, InvalidConfig, Outcome, Quota, Throttle, Timestamp};

use self::mirror::{Key, Mirror};
use self::unsaid::Unsaid;

pub use self::model::{ModelKind, ServerModel};

/// Admits what the server's own numbers have room for.
///
/// Knows nothing at the start, and sends one request until the server has answered
/// one. A quota without a limit holds back until its reset and is then unknown again. At a reset the whole limit is taken for
/// granted until an answer says otherwise. A cost above this client's part of a
/// whole window is refused at once; that part is at least one unit.
///
/// A server that advertises nothing is met with one more request in flight for each
/// sixteen that it served, without bound. Once it refuses one, its rate is inferred
/// from what it let through and what it refused, and kept to: no number has to be
/// configured. What it is taken for is [`model`](Self::model). `headroom` and `share` are
/// parts of numbers, so they do not apply to what is inferred: there, what others use is
/// not seen as part of the limit at all.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::limiter::Learned;
/// use forbear_core::{
///     Completion, Cost, Decision, Dimension, Limiter, Observation, Outcome, Quantity, Quota,
///     Timestamp,
/// };
///
/// let mut learned = Learned::new();
/// let (now, cost) = (Timestamp::ZERO, Cost::REQUEST);
/// assert!(learned.acquire(now, &cost).is_admit());
///
/// let mut seen = Observation::new(Outcome::Success);
/// seen.quotas = [Quota::new(Some(Dimension::Requests))
///     .with_limit(Quantity::from_units(60))
///     .with_remaining(Quantity::from_units(0))
///     .with_resets_in(Duration::from_secs(30))]
/// .into_iter()
/// .collect();
/// learned.observe(now, &Completion { sent_at: now, cost, actual: cost, observation: &seen });
/// let reset = now.after(Duration::from_secs(30));
/// assert_eq!(learned.check(now, &cost), Decision::WaitUntil(reset));
/// ```
#[derive(Clone, Debug)]
pub struct Learned {
    rule: Rule,
    mirrors: Vec<Mirror>,
    unsaid: Unsaid,
    /// Units in flight, by dimension.
    in_flight: [u64; Dimension::ALL.len()],
    /// Whether the server has answered yet, with quotas or without.
    is_answered: bool,
    latest: Timestamp,
}

/// How much of what the server says is ours, and how it is spent.
#[derive(Clone, Copy, Debug)]
struct Rule {
    headroom: Decimal,
    share: Decimal,
    paced: bool,
}

const NONE: Decimal = Decimal { digits: 0, places: 0 };
const ALL: Decimal = Decimal { digits: 1, places: 0 };

impl Learned {
    /// Windows that are mirrored at once; the one not heard of for longest goes.
    const MIRRORS: usize = 16;

    /// Uses all that the server says is left, spread over the window.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            rule: Rule { headroom: NONE, share: ALL, paced: true },
            mirrors: Vec::new(),
            unsaid: Unsaid::new(),
            in_flight: [0; Dimension::ALL.len()],
            is_answered: false,
            latest: Timestamp::ZERO,
        }
    }

    /// Leaves `headroom` of each limit to others; read as a decimal.
    ///
    /// # Errors
    ///
    /// If it is negative or not below 1.
    pub fn with_headroom(mut self, headroom: f64) -> Result<Self, InvalidConfig> {
        self.rule.headroom = Decimal::from_f64(headroom)
            .filter(|part| part.digits < part.denominator())
            .ok_or_else(|| InvalidConfig::new("headroom", headroom, "from 0 to below 1"))?;
        Ok(self)
    }

    /// Uses only `share` of what is left, as one of several clients; read as a decimal.
    ///
    /// # Errors
    ///
    /// If it is not above 0 and at most 1.
    pub fn with_share(mut self, share: f64) -> Result<Self, InvalidConfig> {
        self.rule.share = Decimal::from_f64(share)
            .filter(|part| part.digits > 0 && part.digits <= part.denominator())
            .ok_or_else(|| InvalidConfig::new("share", share, "above 0 and at most 1"))?;
        Ok(self)
    }

    /// Spends what is left as fast as it is asked for.
    #[must_use]
    pub const fn unpaced(mut self) -> Self {
        self.rule.paced = false;
        self
    }

    /// What the server is taken for in `dimension`, from its numbers or, of requests,
    /// from its refusals; `None` before anything is known.
    ///
    /// Of several windows the one with the lowest rate, as of the latest send or answer.
    /// A bucket whose kind is at least 80 % sure is used as one: what comes back is
    /// used as it comes. Under any other model the rule holds that is safe for all: what
    /// is left lasts until the reset.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use forbear_core::limiter::{Learned, ModelKind};
    /// use forbear_core::{
    ///     Completion, Cost, Dimension, Limiter, Observation, Outcome, Quantity, Quota, Timestamp,
    /// };
    ///
    /// // A bucket of 60 that fills at one a second: the reset is when it is full.
    /// let mut learned = Learned::new();
    /// for (second, used) in [(0, 30), (3, 40), (6, 50), (9, 30), (12, 42)] {
    ///     let sent_at = Timestamp::ZERO.after(Duration::from_secs(second));
    ///     let now = sent_at.after(Duration::from_millis(20));
    ///     let mut seen = Observation::new(Outcome::Success);
    ///     seen.quotas.push(
    ///         Quota::new(Some(Dimension::Requests))
    ///             .with_limit(Quantity::from_units(60))
    ///             .with_remaining(Quantity::from_units(60 - used))
    ///             .with_resets_in(Duration::from_millis(1000 * used + 1)),
    ///     );
    ///     let cost = Cost::REQUEST;
    ///     learned.observe(now, &Completion { sent_at, cost, actual: cost, observation: &seen });
    /// }
    /// let model = learned.model(Dimension::Requests).unwrap();
    /// assert_eq!((model.kind, model.confidence), (ModelKind::Bucket, 83));
    /// assert_eq!(model.burst, Quantity::from_units(60));
    /// assert_eq!(model.rate.as_micros() / 1000, 999, "a thousandth below one a second");
    /// ```
    #[must_use]
    pub fn model(&self, dimension: Dimension) -> Option<ServerModel> {
        let mirrors = self.mirrors.iter().filter(|mirror| mirror.dimension() == dimension);
        let said = mirrors.filter_map(|mirror| mirror.model(self.latest));
        said.min_by_key(|model| model.rate).or_else(|| {
            let is_requests = dimension == Dimension::Requests;
            is_requests.then(|| self.unsaid.model()).flatten()
        })
    }

    /// Whether refusals are all that tells of a limit.
    fn is_unsaid(&self) -> bool {
        self.mirrors.is_empty() || self.unsaid.has_pace()
    }

    /// The mirror of a window, made where there is none.
    fn mirror(&mut self, key: Key) -> &mut Mirror {
        let place = self.mirrors.iter().position(|mirror| mirror.is(key));
        let place = place.unwrap_or_else(|| {
            if self.mirrors.len() >= Self::MIRRORS {
                let oldest = self.mirrors.iter().enumerate().min_by_key(|(_, one)| one.heard_at());
                let oldest = oldest.map_or(0, |(place, _)| place);
                self.mirrors.swap_remove(oldest);
            }
            self.mirrors.push(Mirror::new(key));
            self.mirrors.len() - 1
        });
        &mut self.mirrors[place]
    }
}

impl Default for Learned {
    fn default() -> Self {
        Self::new()
    }
}

impl Rule {
    /// Millionths of a unit that are ours of a whole `limit`: at least one unit.
    fn capacity(&self, limit: u64) -> u64 {
        self.ours(limit, limit).max(mirror::UNIT)
    }

    /// Millionths of a unit that are ours of what is left.
    fn ours(&self, limit: u64, remaining: u64) -> u64 {
        let headroom = u128::from(limit) * u128::from(self.headroom.digits)
            / u128::from(self.headroom.denominator());
        let rest = u128::from(remaining).saturating_sub(headroom);
        let ours = rest * u128::from(self.share.digits) / u128::from(self.share.denominator());
        u64::try_from(ours).unwrap_or(u64::MAX)
    }
}

impl Limiter for Learned {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        // Where the clock went back, the last window is still the one in force.
        let now = now.max(self.latest);
        if !self.is_answered && self.in_flight.iter().any(|&units| units > 0) && *cost != Cost::ZERO
        {
            return Decision::WaitForCompletion;
        }
        let unsaid = match cost.get(Dimension::Requests) {
            units if units > 0 && self.is_unsaid() => self.unsaid.check(now, units),
            _ => Decision::Admit,
        };
        self.mirrors.iter().fold(unsaid, |strictest, mirror| {
            let dimension = mirror.dimension();
            match cost.get(dimension) {
                0 => strictest,
                units => {
                    let in_flight = self.in_flight[dimension as usize];
                    strictest.and(mirror.check(now, units, in_flight, &self.rule))
                }
            }
        })
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        self.latest = self.latest.max(now);
        for (in_flight, dimension) in self.in_flight.iter_mut().zip(Dimension::ALL) {
            *in_flight = in_flight.saturating_add(u64::from(cost.get(dimension)));
        }
        let units = cost.get(Dimension::Requests);
        self.unsaid.commit(self.latest, units);
        for mirror in &mut self.mirrors {
            mirror.send(self.latest, cost.get(mirror.dimension()));
        }
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        self.latest = self.latest.max(now);
        let now = self.latest;
        for (in_flight, dimension) in self.in_flight.iter_mut().zip(Dimension::ALL) {
            *in_flight = in_flight.saturating_sub(u64::from(completion.cost.get(dimension)));
        }
        for mirror in &mut self.mirrors {
            mirror.settle(now, completion);
        }
        // A failure says nothing of quotas, and whoever failed to answer may do
        // without a burst.
        self.is_answered |=
            !matches!(completion.observation.outcome, Outcome::Ignored | Outcome::Transient);
        let quotas = completion.observation.quotas;
        // What the server's own numbers foresaw is no news of a rate, and neither is that
        // one who tells its quotas has too much to do.
        let is_foreseen = |quota: &Quota| {
            quota.dimension().is_some() && quota.remaining().is_some_and(|left| left.whole() == 0)
        };
        let is_overload = completion.observation.outcome == Outcome::Throttled(Throttle::Overload);
        let explained =
            quotas.as_slice().iter().any(is_foreseen) || is_overload && !self.mirrors.is_empty();
        self.unsaid.observe(now, completion, explained);
        for (place, quota) in quotas.as_slice().iter().enumerate() {
            let Some(dimension) = quota.dimension() else { continue };
            let earlier = &quotas.as_slice()[..place];
            let alike = |other: &&Quota| {
                other.dimension() == quota.dimension() && other.window() == quota.window()
            };
            let rank = earlier.iter().filter(alike).count();
            let key = Key { dimension, window: quota.window(), rank };
            self.mirror(key).hear(now, completion, quota);
        }
        for mirror in &mut self.mirrors {
            mirror.debit_unless_heard(completion);
        }
    }

    /// With nothing in flight and no limit known; or [`STALE_AFTER`](super::STALE_AFTER)
    /// after the last window ended that a request was sent or answered in.
    fn is_idle(&self, now: Timestamp) -> bool {
        let now = now.max(self.latest);
        self.in_flight == [0; Dimension::ALL.len()]
            && self.mirrors.iter().all(|mirror| mirror.is_idle(now))
            && self.unsaid.is_idle(now, self.latest)
    }

    fn name(&self) -> &'static str {
        "learned"
    }
}
