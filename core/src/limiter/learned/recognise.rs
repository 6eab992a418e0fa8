//! Which rule a server counts by, from the numbers that it gives.
//!
//! A limit, what remains and the time to the reset look alike under every rule, and
//! mean different things. What they say next does not look alike:
//!
//! | rule | the next time to the reset |
//! | --- | --- |
//! | fixed window | shorter by the time that passed |
//! | bucket | in proportion to what is used: the time until it is full |
//! | sliding window | the same, the length of the window |
//!
//! Two answers, of which the second was sent when the first had come, are a vote for
//! the rule that foresaw the second, if the others are wrong by more than clocks and
//! rounding can be. Where they are too close, the first is kept for a later one. What
//! comes back before the reset speaks against fixed windows.

use core::time::Duration;

use super::model::{ModelKind, confidence};
use crate::Quantity;
use crate::time::nanos;

/// One answer's numbers; quantities in millionths of a unit, times in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    pub(super) sent_at: u64,
    pub(super) heard_at: u64,
    pub(super) limit: u64,
    pub(super) remaining: u64,
    pub(super) resets_in: Duration,
}

/// What spoke for each rule so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Evidence {
    last: Option<Numbers>,
    fixed: u32,
    sliding: u32,
    bucket: u32,
    /// What comes back, if it is a bucket, in millionths of a unit a second.
    rate: u64,
    /// What was used where that was last worked out.
    rate_used: u64,
}

/// Votes that are kept, so that a server that changes its rule is believed as soon.
const VOTES_MAX: u32 = 16;
/// From which confidence on a rule is gone by, in percent: three votes and none against.
const CONFIDENT: u8 = 80;
/// A whole number of seconds may be one that was rounded.
const SECOND_NS: u64 = 1_000_000_000;

impl Numbers {
    const fn used(&self) -> u64 {
        self.limit.saturating_sub(self.remaining)
    }

    /// How far the time to the reset may be off: the round trip, and the rounding.
    fn slack_ns(&self) -> u64 {
        let rounding = if self.resets_in.subsec_nanos() == 0 { SECOND_NS } else { 0 };
        (self.heard_at - self.sent_at).saturating_add(rounding)
    }
}

impl Evidence {
    /// Takes in the numbers of one more answer.
    pub(super) fn hear(&mut self, numbers: Numbers) {
        let Some(last) = self.last else {
            self.last = Some(numbers);
            return;
        };
        if numbers.sent_at < last.heard_at {
            // It may be the older one.
            return;
        }
        let wait_ns = nanos(numbers.resets_in);
        let last_ns = nanos(last.resets_in);
        let elapsed_ns = numbers.heard_at - last.heard_at;
        if numbers.limit != last.limit || elapsed_ns >= last_ns || last.used() == 0 {
            // Another window, or nothing to compare with.
            self.last = Some(numbers);
            return;
        }
        let in_proportion = u128::from(last_ns) * u128::from(numbers.used());
        let in_proportion = in_proportion / u128::from(last.used());
        let fixed_ns = last_ns - elapsed_ns;
        let bucket_ns = u64::try_from(in_proportion).unwrap_or(u64::MAX);
        let slack_ns = numbers.slack_ns().max(last.slack_ns()).max(wait_ns / 16);
        // Remainders are whole units, mostly: the fewer are used, the less they foresee.
        let units = (last.used() / Quantity::MICROS).max(1);
        let bucket_slack_ns = slack_ns.saturating_add(bucket_ns / units);
        let is_near = |foreseen: u64, slack_ns: u64| foreseen.abs_diff(wait_ns) <= slack_ns;
        let is_far =
            |foreseen: u64, slack_ns: u64| foreseen.abs_diff(wait_ns) > slack_ns.saturating_mul(2);
        let (is_fixed, not_fixed) = (is_near(fixed_ns, slack_ns), is_far(fixed_ns, slack_ns));
        let (is_sliding, not_sliding) = (is_near(last_ns, slack_ns), is_far(last_ns, slack_ns));
        let is_bucket = is_near(bucket_ns, bucket_slack_ns);
        let not_bucket = is_far(bucket_ns, bucket_slack_ns);
        let came_back = numbers.remaining > last.remaining;
        self.measure(&numbers);
        let votes = if is_fixed && not_bucket && not_sliding && !came_back {
            &mut self.fixed
        } else if is_bucket && not_fixed && not_sliding {
            &mut self.bucket
        } else if is_sliding && not_fixed && not_bucket {
            &mut self.sliding
        } else {
            // Too close to each other to tell: compared with a later one, and with this
            // where it foresees much better.
            if numbers.used() / 4 >= last.used() {
                self.last = Some(numbers);
            }
            return;
        };
        *votes = (*votes + 1).min(VOTES_MAX);
        self.last = Some(numbers);
        if came_back {
            self.fixed = self.fixed.saturating_sub(1);
        }
    }

    /// How fast a bucket would fill: the more is used, the less the rounding counts.
    fn measure(&mut self, numbers: &Numbers) {
        let (used, wait_ns) = (numbers.used(), nanos(numbers.resets_in));
        if used >= self.rate_used / 2 && wait_ns > 0 {
            let rate = u128::from(used) * u128::from(SECOND_NS) / u128::from(wait_ns);
            (self.rate, self.rate_used) = (u64::try_from(rate).unwrap_or(u64::MAX), used);
        }
    }

    /// The server refused what this took for certain.
    pub(super) const fn forget(&mut self) {
        *self = Self { last: None, fixed: 0, sliding: 0, bucket: 0, rate: 0, rate_used: 0 };
    }

    /// The rule that most speaks for, and how sure that is, in percent.
    pub(super) fn kind(&self) -> (ModelKind, u8) {
        let kinds = [
            (self.fixed, ModelKind::FixedWindow),
            (self.sliding, ModelKind::SlidingWindow),
            (self.bucket, ModelKind::Bucket),
        ];
        let all = self.fixed + self.sliding + self.bucket;
        let (votes, kind) = kinds.into_iter().max_by_key(|&(votes, _)| votes).unwrap_or(kinds[0]);
        let percent = confidence((votes, all));
        if percent > 50 { (kind, percent) } else { (ModelKind::Unknown, percent) }
    }

    /// How fast the bucket fills, once it is sure that it is one.
    pub(super) fn bucket_rate(&self) -> Option<u64> {
        let (kind, percent) = self.kind();
        let is_sure = kind == ModelKind::Bucket && percent >= CONFIDENT && self.rate > 0;
        is_sure.then_some(self.rate)
    }
}
