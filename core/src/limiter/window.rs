//! The server's rule, kept whatever its phase.
//!
//! A document says "60 requests per minute" and not which minute. The rule is
//! declared here, and what follows is a client that never breaks it and uses all
//! of it: at most `limit` units in any window that the server may count by, and
//! `limit` units in each period if there is that much to send. A token bucket
//! with the same numbers sends up to `2 * limit - 1` in the worst window.
//!
//! | the server counts | declare | kept by |
//! | --- | --- | --- |
//! | the last minute, at any moment | [`Window::sliding`] | a log of sends |
//! | minutes of which an edge is known | [`Window::fixed`] | a count per window |
//! | minutes, but which is not known | [`Window::unknown`] | a log of sends |

use core::time::Duration;

use super::{Completion, FixedWindow, Limiter, SlidingLog};
use crate::{Cost, Decision, Dimension, InvalidConfig, Timestamp};

/// `limit` units per window of `period`, as the server counts them.
///
/// Windows are half-open. What is promised is about the server's clock, so the
/// time from the send to the server's count matters where it varies: declare the
/// most it varies by with [`with_margin`](Self::with_margin). Without, the
/// promise is about the times of the sends.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use forbear_core::limiter::Window;
/// use forbear_core::{Cost, Decision, Limiter, Timestamp};
///
/// let mut window = Window::unknown(60, Duration::from_secs(60)).unwrap();
/// let at = |seconds| Timestamp::ZERO.after(Duration::from_secs(seconds));
/// assert!(window.acquire(at(0), &Cost::REQUEST).is_admit());
/// let burst = (0..60).filter(|_| window.acquire(at(59), &Cost::REQUEST).is_admit());
/// assert_eq!(burst.count(), 59);
/// assert_eq!(window.check(at(59), &Cost::REQUEST), Decision::WaitUntil(at(60)));
/// ```
#[derive(Clone, Debug)]
pub struct Window {
    rule: Rule,
    period: Duration,
}

#[derive(Clone, Debug)]
enum Rule {
    Sliding(SlidingLog),
    Fixed(FixedWindow),
}

impl Window {
    /// At most `limit` requests in every window of `period`, wherever it begins.
    ///
    /// # Errors
    ///
    /// If either is 0.
    pub fn sliding(limit: u32, period: Duration) -> Result<Self, InvalidConfig> {
        let rule = Rule::Sliding(SlidingLog::new(limit, period)?);
        Ok(Self { rule, period })
    }

    /// At most `limit` requests in each window of `period`, one of which begins
    /// at `edge`.
    ///
    /// # Errors
    ///
    /// If `limit` or `period` is 0.
    pub fn fixed(limit: u32, period: Duration, edge: Timestamp) -> Result<Self, InvalidConfig> {
        let rule = Rule::Fixed(FixedWindow::new(limit, period)?.aligned_to(edge));
        Ok(Self { rule, period })
    }

    /// At most `limit` requests in each window of `period`, whatever its edges.
    ///
    /// The same sends as [`sliding`](Self::sliding): some phase of a fixed window
    /// begins at any given moment, so what is safe for every phase is safe for
    /// every moment.
    ///
    /// # Errors
    ///
    /// If either is 0.
    pub fn unknown(limit: u32, period: Duration) -> Result<Self, InvalidConfig> {
        Self::sliding(limit, period)
    }

    /// The time from a send to the server's count varies by up to `margin`.
    ///
    /// A sliding window then counts a send for that much longer. A fixed one
    /// counts what is sent within `margin` of its end in the next window too;
    /// `edge` is then the edge as seen by the fastest send.
    ///
    /// # Errors
    ///
    /// If `margin` is not shorter than the period.
    pub fn with_margin(mut self, margin: Duration) -> Result<Self, InvalidConfig> {
        if margin >= self.period {
            let must = "shorter than the period";
            return Err(InvalidConfig::new("margin", crate::text::format_duration(margin), must));
        }
        self.rule = match self.rule {
            Rule::Fixed(window) => Rule::Fixed(window.with_margin(margin)?),
            Rule::Sliding(log) => Rule::Sliding(log.lengthened(margin)),
        };
        Ok(self)
    }

    /// Counts `dimension` instead of requests.
    #[must_use]
    pub fn counting(mut self, dimension: Dimension) -> Self {
        self.rule = match self.rule {
            Rule::Sliding(log) => Rule::Sliding(log.counting(dimension)),
            Rule::Fixed(window) => Rule::Fixed(window.counting(dimension)),
        };
        self
    }

    /// Changes the limit from now on; what was sent still counts.
    ///
    /// # Errors
    ///
    /// If `limit` is 0.
    pub fn set_limit(&mut self, limit: u32) -> Result<(), InvalidConfig> {
        match &mut self.rule {
            Rule::Sliding(log) => log.set_limit(limit),
            Rule::Fixed(window) => window.set_limit(limit),
        }
    }

    /// Units that may be sent at `now`.
    #[must_use]
    pub fn available(&self, now: Timestamp) -> u32 {
        match &self.rule {
            Rule::Sliding(log) => log.available(now),
            Rule::Fixed(window) => window.available(now),
        }
    }

    const fn limiter(&self) -> &dyn Limiter {
        match &self.rule {
            Rule::Sliding(log) => log,
            Rule::Fixed(window) => window,
        }
    }

    const fn limiter_mut(&mut self) -> &mut dyn Limiter {
        match &mut self.rule {
            Rule::Sliding(log) => log,
            Rule::Fixed(window) => window,
        }
    }
}

impl Limiter for Window {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        self.limiter().check(now, cost)
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        self.limiter_mut().commit(now, cost);
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        self.limiter_mut().observe(now, completion);
    }

    fn is_idle(&self, now: Timestamp) -> bool {
        self.limiter().is_idle(now)
    }

    fn name(&self) -> &'static str {
        "window"
    }
}
