//! What a server limits, of whatever kind.

use forbear_core::{Cost, Dimension, Quantity, Quota};

use super::Request;
use super::concurrency::Concurrency;
use super::fixed_window::FixedWindow;
use super::sliding_window::SlidingWindow;
use super::token_bucket::TokenBucket;
use crate::scenario::{LimitSpec, Portion, nanos};

/// A limit of a server.
#[derive(Debug)]
pub(crate) enum Limit {
    Bucket(TokenBucket),
    Window(FixedWindow),
    Sliding(SlidingWindow),
    Slots(Concurrency),
}

/// When a request would be let in; ordered by strictness.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Opening {
    /// It is let in.
    Now,
    /// At this time, if nobody else comes before, in ns.
    At(u64),
    /// When another request ends.
    Unknown,
    /// Not at all: it is larger than the whole limit.
    Never,
}

/// What a limit has left, for those who look on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LimitState {
    /// What it counts; nothing where it counts requests under way.
    pub(crate) dimension: Option<Dimension>,
    /// What it allows at once, in units.
    pub(crate) limit: u64,
    /// What is left of that, in units.
    pub(crate) left: u64,
    /// When all of it is there again, in ns from now; `None` where that depends on others.
    pub(crate) resets_in_ns: Option<u64>,
}

/// How much of a limit was used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Given out, in some unit.
    pub(crate) used: u128,
    /// There to give out, in the same unit.
    pub(crate) permitted: u128,
}

impl Limit {
    pub(crate) fn new(spec: &LimitSpec) -> Self {
        match *spec {
            LimitSpec::TokenBucket { dimension, rate, burst, refusals_count, refund } => {
                let bucket = TokenBucket::new(dimension, rate, burst.get());
                Self::Bucket(bucket.with_rules(refusals_count, refund))
            }
            LimitSpec::FixedWindow { dimension, limit, window, start, refusals_count, offset } => {
                let window = FixedWindow::new(dimension, limit.get(), window, start);
                Self::Window(window.shifted_by(offset).with_rule(refusals_count))
            }
            LimitSpec::SlidingWindow { dimension, limit, window, refusals_count, offset } => {
                let window = SlidingWindow::new(dimension, limit.get(), window);
                Self::Sliding(window.shifted_by(offset).with_rule(refusals_count))
            }
            LimitSpec::Concurrency { max } => Self::Slots(Concurrency::new(max.get())),
        }
    }

    /// From `now` on it allows this part of what it says.
    pub(super) fn cut(&mut self, now: u64, portion: Portion) {
        match self {
            Self::Bucket(bucket) => bucket.cut(now, portion),
            Self::Window(window) => window.cut(portion),
            Self::Sliding(window) => window.cut(portion),
            Self::Slots(slots) => slots.cut(portion),
        }
    }

    /// When a request of this cost would be let in.
    pub(crate) fn opening(&self, now: u64, cost: &Cost) -> Opening {
        match self {
            Self::Bucket(bucket) => bucket.opening(now, cost),
            Self::Window(window) => window.opening(now, cost),
            Self::Sliding(window) => window.opening(now, cost),
            Self::Slots(slots) => slots.opening(),
        }
    }

    /// A request is let in.
    pub(crate) fn take(&mut self, now: u64, cost: &Cost) {
        match self {
            Self::Bucket(bucket) => bucket.take(now, cost),
            Self::Window(window) => window.take(now, cost),
            Self::Sliding(window) => window.take(now, cost),
            Self::Slots(slots) => slots.take(now),
        }
    }

    /// A request is refused, by this limit or by another.
    pub(crate) fn refuse(&mut self, now: u64, cost: &Cost) {
        match self {
            Self::Bucket(bucket) => bucket.refuse(now, cost),
            Self::Window(window) => window.refuse(now, cost),
            Self::Sliding(window) => window.refuse(now, cost),
            Self::Slots(_) => {}
        }
    }

    /// Whether a request that is let in has something to give back at its end.
    pub(crate) fn holds(&self, request: &Request<'_>) -> bool {
        match self {
            Self::Bucket(bucket) => bucket.unused(request) > 0,
            Self::Window(_) | Self::Sliding(_) => false,
            Self::Slots(_) => true,
        }
    }

    /// A request that was let in is over.
    pub(crate) fn give_back(&mut self, now: u64, request: &Request<'_>) {
        match self {
            Self::Bucket(bucket) => bucket.give_back(now, request),
            Self::Window(_) | Self::Sliding(_) => {}
            Self::Slots(slots) => slots.give_back(now),
        }
    }

    pub(super) fn usage(&self, now: u64) -> Usage {
        match self {
            Self::Bucket(bucket) => bucket.usage(now),
            Self::Window(window) => window.usage(now),
            Self::Sliding(window) => window.usage(now),
            Self::Slots(slots) => slots.usage(now),
        }
    }

    /// What the server would say of it in `X-RateLimit-*`.
    pub(super) fn quota(&self, now: u64) -> Option<Quota> {
        match self {
            Self::Bucket(bucket) => Some(bucket.quota(now)),
            Self::Window(window) => Some(window.quota(now)),
            Self::Sliding(window) => Some(window.quota(now)),
            Self::Slots(_) => None,
        }
    }

    /// What it has left.
    pub(crate) fn state(&self, now: u64) -> LimitState {
        if let Self::Slots(slots) = self {
            return slots.state();
        }
        let quota = self.quota(now);
        let whole = |part: Option<Quantity>| part.map_or(0, Quantity::whole);
        LimitState {
            dimension: quota.as_ref().and_then(Quota::dimension),
            limit: whole(quota.as_ref().and_then(Quota::limit)),
            left: whole(quota.as_ref().and_then(Quota::remaining)),
            resets_in_ns: quota.as_ref().and_then(Quota::resets_in).map(nanos),
        }
    }

    /// Whether it has not let in more than it says.
    pub(super) fn is_kept(&self, now: u64) -> bool {
        match self {
            Self::Bucket(bucket) => {
                let Usage { used, permitted } = bucket.usage(now);
                used <= permitted
            }
            Self::Window(window) => window.is_kept(),
            Self::Sliding(window) => window.is_kept(now),
            Self::Slots(slots) => slots.is_kept(),
        }
    }
}
