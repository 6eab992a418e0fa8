//! One window of the server, as far as it is known here.

use core::time::Duration;

use super::Rule;
use crate::limiter::{Completion, is_stale};
use crate::time::nanos;
use crate::{Decision, Dimension, Quantity, Quota, Refusal, Timestamp};

/// One unit, in millionths.
pub(super) const UNIT: u64 = Quantity::MICROS;

/// Which of the server's windows it is: what it counts, how long it is, and the
/// place among those that are alike.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Key {
    pub(super) dimension: Dimension,
    pub(super) window: Option<Duration>,
    pub(super) rank: usize,
}

/// One window; quantities in millionths of a unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mirror {
    key: Key,
    limit: Option<u64>,
    /// What the server said is left, less what was answered since without a word.
    remaining: Option<u64>,
    span: Option<Span>,
    /// The length of the window, or the longest time to a reset that was heard.
    length_ns: u64,
    /// What was sent in this window and is in flight.
    pending: u64,
    /// When the answer came that is believed.
    heard_at: Timestamp,
    /// Whether the answer at hand spoke of it.
    is_heard: bool,
}

/// A window in time, half-open, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u64,
    end: u64,
}

impl Mirror {
    pub(super) fn new(key: Key) -> Self {
        Self {
            key,
            limit: None,
            remaining: None,
            span: None,
            length_ns: key.window.map_or(0, nanos),
            pending: 0,
            heard_at: Timestamp::ZERO,
            is_heard: false,
        }
    }

    pub(super) fn is(&self, key: Key) -> bool {
        self.key == key
    }

    pub(super) const fn dimension(&self) -> Dimension {
        self.key.dimension
    }

    pub(super) const fn heard_at(&self) -> Timestamp {
        self.heard_at
    }

    /// Whether it knows nothing, or what it knew is no evidence any more.
    pub(super) fn is_idle(&self, now: Timestamp) -> bool {
        let current = self.at(now);
        let ended_at = Timestamp::from_nanos(self.span.map_or(0, |span| span.end));
        current.limit.is_none() && current.remaining.is_none()
            || is_stale(now, ended_at.max(self.heard_at))
    }

    pub(super) fn check(
        &self,
        now: Timestamp,
        units: u32,
        in_flight: u64,
        rule: &Rule,
    ) -> Decision {
        let current = self.at(now);
        let wanted = u64::from(units) * UNIT;
        let capacity = current.limit.map_or(u64::MAX, |limit| rule.capacity(limit));
        if wanted > capacity {
            let capacity = u32::try_from(capacity / UNIT).unwrap_or(u32::MAX);
            return Decision::Refuse(Refusal::ExceedsCapacity { cost: units, capacity });
        }
        let Some(left) = current.ours(rule, capacity) else { return Decision::Admit };
        let in_flight = in_flight.saturating_mul(UNIT);
        if left.saturating_sub(in_flight) >= wanted {
            return current
                .paced(left, capacity, rule)
                .map_or(Decision::Admit, |at| later(now, at));
        }
        match current.span {
            // The next window has room for it beside what is in flight now.
            Some(span) if capacity.saturating_sub(in_flight) >= wanted => {
                if span.end > now.as_nanos() {
                    Decision::WaitUntil(Timestamp::from_nanos(span.end))
                } else {
                    Decision::Refuse(Refusal::BeyondTime)
                }
            }
            _ if in_flight > 0 => Decision::WaitForCompletion,
            // Nothing is left and no reset was named: ask, one at a time.
            _ => Decision::Admit,
        }
    }

    pub(super) fn send(&mut self, now: Timestamp, units: u32) {
        *self = self.at(now);
        self.pending = self.pending.saturating_add(u64::from(units) * UNIT);
    }

    /// Takes out of flight what has ended.
    pub(super) fn settle(&mut self, now: Timestamp, completion: &Completion<'_>) {
        *self = self.at(now);
        if self.is_in_force_at(completion.sent_at) {
            let charged = u64::from(completion.cost.get(self.key.dimension)) * UNIT;
            self.pending = self.pending.saturating_sub(charged);
        }
    }

    /// Takes off what is left where the answer did not say how much that is.
    pub(super) fn debit_unless_heard(&mut self, completion: &Completion<'_>) {
        if !core::mem::take(&mut self.is_heard) {
            self.debit(completion);
        }
    }

    fn debit(&mut self, completion: &Completion<'_>) {
        if self.is_in_force_at(completion.sent_at) {
            let actual = u64::from(completion.actual.get(self.key.dimension)) * UNIT;
            self.remaining = self.remaining.map(|left| left.saturating_sub(actual));
        }
    }

    /// Takes in what an answer says.
    pub(super) fn hear(&mut self, now: Timestamp, completion: &Completion<'_>, quota: &Quota) {
        self.is_heard = true;
        let resets_at = quota.resets_in().map(|wait| now.after(wait).as_nanos());
        let remaining = quota.remaining().map(Quantity::as_micros);
        if remaining.is_none() {
            self.debit(completion);
        }
        if completion.sent_at < self.heard_at && !self.is_next_window(resets_at) {
            // The server may have written it before the answer that is believed.
            let is_old = self.is_last_window(resets_at);
            if let Some(said) = remaining.filter(|_| !is_old) {
                self.remaining = Some(self.remaining.map_or(said, |left| left.min(said)));
            }
            return;
        }
        self.limit = quota.limit().map(Quantity::as_micros).or(self.limit);
        self.remaining = remaining.or(self.remaining).or(self.limit);
        if self.key.window.is_none() {
            self.length_ns = self.length_ns.max(quota.resets_in().map_or(0, nanos));
        }
        let end = match (resets_at, self.span) {
            (Some(end), _) => Some(end),
            (None, Some(span)) => Some(span.end),
            // The limit of a window that nobody dates: dated from here.
            (None, None) if self.length_ns > 0 && self.limit.is_some() => {
                Some(now.as_nanos().saturating_add(self.length_ns))
            }
            (None, None) => None,
        };
        self.span = end.map(|end| Span { start: end.saturating_sub(self.length_ns), end });
        self.heard_at = now;
    }

    /// The state at `now`: after a reset, the next window, of which nothing is used.
    fn at(&self, now: Timestamp) -> Self {
        let now = now.as_nanos();
        match self.span {
            Some(span) if now >= span.end => {
                let passed = (now - span.end).checked_div(self.length_ns);
                let start = passed.map(|passed| span.end + passed * self.length_ns);
                let span =
                    start.map(|start| Span { start, end: start.saturating_add(self.length_ns) });
                Self { span, remaining: self.limit, pending: 0, ..*self }
            }
            _ => *self,
        }
    }

    /// What is left of our part; `None` where the server has not said.
    fn ours(&self, rule: &Rule, capacity: u64) -> Option<u64> {
        let remaining = self.remaining?;
        Some(match self.limit {
            Some(limit) if remaining >= limit => capacity,
            Some(limit) => rule.ours(limit, remaining).min(capacity),
            None => rule.ours(0, remaining),
        })
    }

    /// When the next unit is due, if the quota is spread evenly over the window.
    fn paced(&self, left: u64, capacity: u64, rule: &Rule) -> Option<u64> {
        let span = self.span.filter(|_| rule.paced && self.limit.is_some())?;
        let used = u128::from(capacity.saturating_sub(left)) + u128::from(self.pending);
        let share = used * u128::from(span.end - span.start);
        let due = u128::from(span.start) + share.div_ceil(u128::from(capacity.max(1)));
        // At the reset at the latest.
        Some(u64::try_from(due).unwrap_or(u64::MAX).min(span.end))
    }

    /// Whether what was sent then counts in this window.
    fn is_in_force_at(&self, sent_at: Timestamp) -> bool {
        self.span.is_none_or(|span| sent_at.as_nanos() >= span.start)
    }

    /// Whether a window that ends then is a later one than this.
    fn is_next_window(&self, resets_at: Option<u64>) -> bool {
        let half_ns = self.length_ns / 2;
        resets_at.zip(self.span).is_some_and(|(end, span)| end > span.end.saturating_add(half_ns))
    }

    /// Whether a window that ends then is an earlier one than this.
    fn is_last_window(&self, resets_at: Option<u64>) -> bool {
        let half_ns = self.length_ns / 2;
        resets_at.zip(self.span).is_some_and(|(end, span)| end.saturating_add(half_ns) < span.end)
    }
}

/// A wait until `at`, unless that has come.
fn later(now: Timestamp, at: u64) -> Decision {
    let at = Timestamp::from_nanos(at);
    if at > now { Decision::WaitUntil(at) } else { Decision::Admit }
}
