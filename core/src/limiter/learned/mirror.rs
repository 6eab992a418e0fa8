//! One window of the server, as far as it is known here.

use core::time::Duration;

use super::Rule;
use super::model::{ModelKind, ServerModel};
use super::recognise::{Evidence, Numbers};
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
    evidence: Evidence,
}

/// A window in time, half-open, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u64,
    /// The latest time at which it may end.
    end: u64,
    /// The earliest time at which it may end; `None` if no answer spoke of it yet
    /// and it is only expected to follow the last.
    earliest_end: Option<u64>,
}

/// A reset as an answer tells it, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Told {
    earliest: u64,
    latest: u64,
}

/// Which window an answer is about, seen from the one in force here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    Earlier,
    Same,
    Later,
}

/// What there is of a bucket; in millionths of a unit.
#[derive(Clone, Copy, Debug)]
struct Held {
    left: u64,
    capacity: u64,
    in_flight: u64,
}

/// How far a whole number of seconds may be from the truth.
const SECOND_NS: u64 = 1_000_000_000;

impl Told {
    /// The server wrote it between the sending and the receipt.
    ///
    /// A whole number of seconds is taken for one that was rounded up, as
    /// express-rate-limit and most others round. Zero comes of rounding down: with
    /// nothing left, the reset is within a second.
    fn new(now: Timestamp, sent_at: Timestamp, wait: Duration, is_empty: bool) -> Self {
        let (mut earliest, mut latest) = (sent_at.after(wait), now.after(wait));
        if wait.is_zero() && is_empty {
            latest = latest.after(Duration::from_nanos(SECOND_NS));
        } else if wait.subsec_nanos() == 0 {
            let rounded = wait.saturating_sub(Duration::from_nanos(SECOND_NS));
            earliest = sent_at.after(rounded);
        }
        Self { earliest: earliest.as_nanos(), latest: latest.as_nanos() }
    }
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
            evidence: Evidence::default(),
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
        if let Some(rate) = current.bucket_rate() {
            let held = Held { left, capacity, in_flight };
            return current.check_bucket(now, wanted, &held, rate, rule);
        }
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

    /// How fast it fills, where it is sure that it is a bucket.
    fn bucket_rate(&self) -> Option<u64> {
        self.evidence.bucket_rate().filter(|_| self.limit.is_some() && self.span.is_some())
    }

    /// A bucket fills while one waits. Half of it is left for what comes at once, so that
    /// sends are as far apart as units come back.
    fn check_bucket(
        &self,
        now: Timestamp,
        wanted: u64,
        held: &Held,
        rate: u64,
        rule: &Rule,
    ) -> Decision {
        let &Held { left, capacity, in_flight } = held;
        let Some(spare) = capacity.checked_sub(wanted.saturating_add(in_flight)) else {
            return Decision::WaitForCompletion;
        };
        let floor = if rule.paced { spare.min(capacity / 2) } else { 0 };
        let missing = (wanted + in_flight + floor).saturating_sub(left);
        let rate = rule.ours(0, rate).max(1);
        let wait_ns = (u128::from(missing) * u128::from(SECOND_NS)).div_ceil(u128::from(rate));
        let wait_ns = u64::try_from(wait_ns).unwrap_or(u64::MAX);
        let end = self.span.map_or(u64::MAX, |span| span.end);
        later(now, self.heard_at.as_nanos().saturating_add(wait_ns).min(end))
    }

    /// What the server is taken for, once it named a limit.
    pub(super) fn model(&self, now: Timestamp) -> Option<ServerModel> {
        let current = self.at(now);
        let limit = current.limit?;
        let (kind, confidence) = current.evidence.kind();
        let by_window = u128::from(limit) * u128::from(SECOND_NS);
        let by_window = by_window.checked_div(u128::from(current.length_ns)).unwrap_or(0);
        let by_window = u64::try_from(by_window).unwrap_or(u64::MAX);
        let rate = current.bucket_rate().unwrap_or(by_window);
        let window = Some(Duration::from_nanos(current.length_ns)).filter(|time| !time.is_zero());
        let is_fixed = kind == ModelKind::FixedWindow;
        let phase = current.span.filter(|_| is_fixed).map(|span| Timestamp::from_nanos(span.end));
        let (rate, burst) = (Quantity::from_micros(rate), Quantity::from_micros(limit));
        Some(ServerModel { kind, rate, burst, window, phase, confidence })
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
        let sent_at = completion.sent_at;
        let remaining = quota.remaining().map(Quantity::as_micros);
        let told = quota
            .resets_in()
            .map(|wait| Told::new(now, sent_at, wait, remaining.is_some_and(|left| left == 0)));
        if remaining.is_none() {
            self.debit(completion);
        }
        self.recognise(now, completion, quota);
        let place = told.map_or(Place::Same, |told| self.place(told, sent_at));
        let may_be_older = sent_at < self.heard_at;
        let is_bucket = self.bucket_rate().is_some();
        match place {
            _ if is_bucket && may_be_older => {
                self.remaining = self.remaining.min(remaining.or(self.remaining));
                return;
            }
            Place::Earlier if !is_bucket && (may_be_older || self.is_expected()) => return,
            Place::Same if may_be_older => {
                if let Some(said) = remaining {
                    self.remaining = Some(self.remaining.map_or(said, |left| left.min(said)));
                }
                self.narrow(told);
                return;
            }
            _ => {}
        }
        self.limit = quota.limit().map(Quantity::as_micros).or(self.limit);
        self.remaining = remaining.or(self.remaining).or(self.limit);
        if self.key.window.is_none() {
            self.length_ns = self.length_ns.max(quota.resets_in().map_or(0, nanos));
        }
        match told {
            Some(_) if place == Place::Same && !is_bucket => self.narrow(told),
            Some(told) => self.span = Some(self.span_until(told.latest, Some(told.earliest))),
            None if self.span.is_some() => {}
            // The limit of a window that nobody dates: dated from here.
            None if self.length_ns > 0 && self.limit.is_some() => {
                let end = now.as_nanos().saturating_add(self.length_ns);
                self.span = Some(self.span_until(end, None));
            }
            None => {}
        }
        self.heard_at = now;
    }

    /// Learns which rule the server counts by.
    fn recognise(&mut self, now: Timestamp, completion: &Completion<'_>, quota: &Quota) {
        let (Some(limit), Some(remaining)) = (quota.limit(), quota.remaining()) else { return };
        let Some(resets_in) = quota.resets_in() else { return };
        let is_refused = completion.observation.outcome.is_throttled();
        if is_refused && remaining.whole() == 0 && self.bucket_rate().is_some() {
            // It would not have been sent to a bucket like that.
            self.evidence.forget();
        }
        self.evidence.hear(Numbers {
            sent_at: completion.sent_at.min(now).as_nanos(),
            heard_at: now.as_nanos(),
            limit: limit.as_micros(),
            remaining: remaining.as_micros(),
            resets_in,
        });
    }

    fn span_until(&self, end: u64, earliest_end: Option<u64>) -> Span {
        Span { start: end.saturating_sub(self.length_ns), end, earliest_end }
    }

    /// Whether nobody has spoken of the window in force yet.
    fn is_expected(&self) -> bool {
        self.span.is_some_and(|span| span.earliest_end.is_none())
    }

    /// Takes in one more answer about the window in force: its reset is where all that
    /// was told of it overlaps. Of whole seconds, that soon leaves little.
    fn narrow(&mut self, told: Option<Told>) {
        if let (Some(told), Some(span)) = (told, self.span)
            && let Some(earliest) = span.earliest_end
        {
            let latest = told.latest.min(span.end);
            self.span =
                Some(self.span_until(latest, Some(earliest.max(told.earliest).min(latest))));
        }
    }

    fn place(&self, told: Told, sent_at: Timestamp) -> Place {
        let Some(span) = self.span else { return Place::Later };
        // Clocks and their rounding: two tellings of one reset differ by less.
        let slack_ns = self.length_ns / 8;
        match span.earliest_end {
            Some(earliest) if told.latest.saturating_add(slack_ns) < earliest => Place::Earlier,
            Some(_) if told.earliest > span.end.saturating_add(slack_ns) => Place::Later,
            Some(_) => Place::Same,
            // Counted before the reset that was expected, perhaps.
            None if sent_at.as_nanos() < span.start
                && told.earliest <= span.start.saturating_add(slack_ns) =>
            {
                Place::Earlier
            }
            None => Place::Later,
        }
    }

    /// The state at `now`: after a reset, the next window, of which nothing is used.
    fn at(&self, now: Timestamp) -> Self {
        let now = now.as_nanos();
        match self.span {
            Some(span) if now >= span.end => {
                let passed = (now - span.end).checked_div(self.length_ns);
                let start = passed.map(|passed| span.end + passed * self.length_ns);
                let span = start.map(|start| {
                    let end = start.saturating_add(self.length_ns);
                    Span { start, end, earliest_end: None }
                });
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
}

/// A wait until `at`, unless that has come.
fn later(now: Timestamp, at: u64) -> Decision {
    let at = Timestamp::from_nanos(at);
    if at > now { Decision::WaitUntil(at) } else { Decision::Admit }
}
