//! The fixed window counter.
//!
//! What many servers count by, because it needs one number a client: GitHub's
//! hour, an NGINX or Redis counter with an expiry. Two windows meet, so `limit`
//! units just before the edge and `limit` just after are within the rule, and
//! twice the limit for a server that counts otherwise. Take it only where the
//! server is known to count in these very windows; otherwise
//! [`Window::unknown`](super::Window::unknown).

use core::time::Duration;

use super::{Completion, Limiter, spare, wait_until};
use crate::time::nanos;
use crate::{Cost, Decision, Dimension, InvalidConfig, Timestamp};

/// At most `limit` units in each window of `period`; one window follows another.
///
/// Windows are half-open: a send at the edge counts in the later one. They are
/// aligned to the clock's origin, unless [`aligned_to`](Self::aligned_to) names
/// another edge or [`from_first_send`](Self::from_first_send) lets each begin
/// with a send. A client that asks as soon as it may sends `limit` units in each
/// window. A cost above the limit is refused at once. An actual cost other than
/// the estimate changes the count while the window of the send lasts.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::limiter::FixedWindow;
/// use forbear_core::{Cost, Decision, Limiter, Timestamp};
///
/// let mut window = FixedWindow::new(1, Duration::from_secs(60)).unwrap();
/// let at = |seconds| Timestamp::ZERO.after(Duration::from_secs(seconds));
/// assert!(window.acquire(at(59), &Cost::REQUEST).is_admit());
/// assert_eq!(window.acquire(at(59), &Cost::REQUEST), Decision::WaitUntil(at(60)));
/// assert!(window.acquire(at(60), &Cost::REQUEST).is_admit());
/// ```
#[derive(Clone, Debug)]
pub struct FixedWindow {
    limit: u32,
    period_ns: u64,
    start: Start,
    margin_ns: u64,
    dimension: Dimension,
    current: Current,
}

/// Where windows begin.
#[derive(Clone, Copy, Debug)]
enum Start {
    /// At this time, in nanoseconds, modulo the period.
    At(u64),
    /// With the first send after the window before.
    FirstSend,
}

/// The window of the last send.
#[derive(Clone, Copy, Debug, Default)]
struct Current {
    /// Its end in nanoseconds, exclusive; 0 before the first send.
    end: u128,
    /// Units that count in it.
    used: u64,
    /// Units that may count in the next one too.
    late: u64,
}

impl FixedWindow {
    /// At most `limit` requests in each window of `period`.
    ///
    /// # Errors
    ///
    /// If either is 0.
    pub fn new(limit: u32, period: Duration) -> Result<Self, InvalidConfig> {
        InvalidConfig::refuse_zero("limit", limit)?;
        InvalidConfig::refuse_no_time("period", period)?;
        let period_ns = nanos(period);
        Ok(Self {
            limit,
            period_ns,
            start: Start::At(0),
            margin_ns: 0,
            dimension: Dimension::Requests,
            current: Current::default(),
        })
    }

    /// One window begins at `edge`, and so one each period before and after it.
    #[must_use]
    pub const fn aligned_to(mut self, edge: Timestamp) -> Self {
        self.start = Start::At(edge.as_nanos() % self.period_ns);
        self
    }

    /// Each window begins with the first send after the one before.
    ///
    /// What a server counts that starts a key's window at its first request. It
    /// is safe only where no time passes between the send and the server's clock.
    #[must_use]
    pub const fn from_first_send(mut self) -> Self {
        self.start = Start::FirstSend;
        self
    }

    /// Counts what is sent in the last `margin` of a window in the next one too.
    pub(super) fn with_margin(mut self, margin: Duration) -> Result<Self, InvalidConfig> {
        let margin_ns = nanos(margin);
        if margin_ns >= self.period_ns {
            let must = "shorter than the period";
            return Err(InvalidConfig::new("margin", crate::text::format_duration(margin), must));
        }
        self.margin_ns = margin_ns;
        Ok(self)
    }

    /// Counts `dimension` instead of requests.
    #[must_use]
    pub const fn counting(mut self, dimension: Dimension) -> Self {
        self.dimension = dimension;
        self
    }

    /// Changes the limit from now on; what was sent still counts.
    ///
    /// # Errors
    ///
    /// If `limit` is 0.
    pub fn set_limit(&mut self, limit: u32) -> Result<(), InvalidConfig> {
        InvalidConfig::refuse_zero("limit", limit)?;
        self.limit = limit;
        Ok(())
    }

    /// Units that may be sent at `now`.
    #[must_use]
    pub fn available(&self, now: Timestamp) -> u32 {
        let room = u64::from(self.limit).saturating_sub(self.at(now).used);
        u32::try_from(room).unwrap_or(u32::MAX)
    }

    /// The window in force at `now`; where the clock went back, the last one.
    fn at(&self, now: Timestamp) -> Current {
        let now = u128::from(now.as_nanos());
        if now < self.current.end {
            return self.current;
        }
        let period = u128::from(self.period_ns);
        let end = match self.start {
            Start::FirstSend => now + period,
            Start::At(edge) => {
                let edge = u128::from(edge);
                // One period is added first, so that the difference is never negative.
                now + period - (now + period - edge) % period
            }
        };
        let follows = end == self.current.end + period;
        let used = if follows { self.current.late } else { 0 };
        Current { end, used, late: 0 }
    }
}

impl Limiter for FixedWindow {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        let room = match spare(cost, self.dimension, self.limit) {
            Ok(room) => u64::from(room),
            Err(decision) => return decision,
        };
        let window = self.at(now);
        if window.used <= room {
            return Decision::Admit;
        }
        // The next window may be full of late sends, but then not the one after.
        let further = if window.late <= room { 0 } else { u128::from(self.period_ns) };
        wait_until(window.end + further)
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        let units = u64::from(cost.get(self.dimension));
        if units == 0 {
            // What costs nothing begins no window.
            return;
        }
        self.current = self.at(now);
        self.current.used = self.current.used.saturating_add(units);
        if u128::from(now.as_nanos()) + u128::from(self.margin_ns) >= self.current.end {
            self.current.late = self.current.late.saturating_add(units);
        }
    }

    fn observe(&mut self, _: Timestamp, completion: &Completion<'_>) {
        let charged = u64::from(completion.cost.get(self.dimension));
        let actual = u64::from(completion.actual.get(self.dimension));
        let settled = |units: u64| units.saturating_add(actual).saturating_sub(charged);
        let sent_at = u128::from(completion.sent_at.as_nanos());
        let Current { end, used, late } = &mut self.current;
        // Counted in this window: sent in it, or late in the one before.
        let counts_from = end.saturating_sub(u128::from(self.period_ns));
        if sent_at + u128::from(self.margin_ns) >= counts_from && sent_at < *end {
            *used = settled(*used);
            if sent_at + u128::from(self.margin_ns) >= *end {
                *late = settled(*late);
            }
        }
    }

    fn is_idle(&self, now: Timestamp) -> bool {
        u128::from(now.as_nanos()) >= self.current.end && self.at(now).used == 0
    }

    fn name(&self) -> &'static str {
        "fixed_window"
    }
}
