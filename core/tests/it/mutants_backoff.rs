use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use forbear_core::backoff::{BackoffStrategy, Constant, Exponential, Limits};
use forbear_core::testkit::{BrokenLaw, check};
use forbear_core::{Entropy, Retry};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A strategy made of functions, each of which may be wrong.
#[derive(Clone, Copy, Debug)]
struct Mutant {
    delay: fn(&Retry, &mut dyn Entropy) -> Duration,
    jittered: bool,
    limits: Limits,
}

impl Mutant {
    fn of(delay: fn(&Retry, &mut dyn Entropy) -> Duration) -> Self {
        Self { delay, jittered: false, limits: Limits::NONE }
    }

    fn jittered(mut self) -> Self {
        self.jittered = true;
        self
    }

    fn within(mut self, min: Duration, max: Duration) -> Self {
        self.limits = Limits { min, max };
        self
    }
}

impl BackoffStrategy for Mutant {
    fn delay(&self, retry: &Retry, entropy: &mut dyn Entropy) -> Duration {
        (self.delay)(retry, entropy)
    }

    fn is_jittered(&self) -> bool {
        self.jittered
    }

    fn limits(&self, _: &Retry) -> Limits {
        self.limits
    }
}

#[track_caller]
fn found(kept: Result<(), BrokenLaw>, law: &str) {
    assert_eq!(kept.unwrap_err().law(), law);
}

/// Uniform below `high`, near enough.
fn below(high: Duration, entropy: &mut dyn Entropy) -> Duration {
    Duration::from_nanos(entropy.next_u64() % (high.as_nanos() as u64).max(1))
}

fn doubled(retry: &Retry) -> Duration {
    SECOND.saturating_mul(1_u32.checked_shl(retry.number.get() - 1).unwrap_or(u32::MAX))
}

#[test]
fn a_panic_at_a_high_attempt_is_found() {
    let shifts = Mutant::of(|retry, _| SECOND * 2_u32.pow(retry.number.get() - 1));
    found(check::backoff(|| shifts), "nothing panics");
}

#[test]
fn a_panic_at_a_long_previous_delay_is_found() {
    let triples = Mutant::of(|retry, _| retry.previous_delay.unwrap_or(SECOND) * 3);
    found(check::backoff(|| triples), "nothing panics");
}

#[test]
fn a_panic_at_the_largest_draw_is_found() {
    let rounds_up = Mutant::of(|_, entropy| Duration::from_nanos(entropy.next_u64() + 1));
    found(check::backoff(|| rounds_up.jittered()), "nothing panics");
}

#[test]
fn a_state_of_its_own_is_found() {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let counts = Mutant::of(|_, _| Duration::from_millis(CALLS.fetch_add(1, Ordering::Relaxed)));
    let law = "the same retry and the same entropy give the same delay";
    found(check::backoff(|| counts), law);
}

#[test]
fn jitter_beyond_the_cap_is_found() {
    let adds = Mutant::of(|retry, entropy| doubled(retry).min(MINUTE) + below(SECOND, entropy));
    let law = "every delay is within the limits";
    found(check::backoff(|| adds.jittered().within(Duration::ZERO, MINUTE)), law);
}

#[test]
fn jitter_below_the_floor_is_found() {
    let full = Mutant::of(|retry, entropy| below(doubled(retry).min(MINUTE), entropy));
    let law = "every delay is within the limits";
    found(check::backoff(|| full.jittered().within(SECOND, MINUTE)), law);
}

#[test]
fn no_wait_where_the_shortest_is_longer_is_found() {
    // A multiplication that wraps to nothing, as in a client of 2023.
    let wraps = Mutant::of(|retry, _| {
        Duration::from_nanos(1_000_000_000_u64.wrapping_shl(retry.number.get() - 1))
    });
    let law = "every delay is within the limits";
    found(check::backoff(|| wraps.within(SECOND, Duration::MAX)), law);
}

#[test]
fn a_wrap_at_the_64th_attempt_is_found() {
    let wraps =
        Mutant::of(|retry, _| Duration::from_nanos(1_u64.wrapping_shl(retry.number.get() - 1)));
    found(check::growing_backoff(|| wraps), "delays never shrink");
}

#[test]
fn jitter_that_is_not_admitted_is_found() {
    let full = Mutant::of(|retry, entropy| below(doubled(retry), entropy));
    found(check::backoff(|| full), "a strategy that is not jittered draws no entropy");
}

#[test]
fn jitter_that_is_only_claimed_is_found() {
    let none = Mutant::of(|retry, _| doubled(retry)).jittered();
    found(check::backoff(|| none), "a strategy that is jittered gives more than one delay");
}

#[test]
fn a_draw_that_is_not_used_is_found() {
    let drops = Mutant::of(|retry, entropy| {
        entropy.next_u64();
        doubled(retry)
    });
    found(
        check::backoff(|| drops.jittered()),
        "a strategy that is jittered gives more than one delay",
    );
}

#[test]
fn spread_that_is_lost_at_the_cap_is_found() {
    // Jitter first and the cap then: the order that the documentation warns of.
    let capped_last = || Exponential::new(SECOND).full_jitter().capped_at(MINUTE);
    found(check::backoff(capped_last), "what is drawn has spread, at the cap too");
    let cut_only =
        Mutant::of(|retry, entropy| (doubled(retry) + below(SECOND, entropy)).min(MINUTE));
    found(
        check::backoff(|| cut_only.jittered().within(Duration::ZERO, MINUTE)),
        "what is drawn has spread, at the cap too",
    );
}

#[test]
fn spread_that_is_lost_at_whole_seconds_is_found() {
    // The jitter of a middleware that took the part below a second of the base.
    let truncates = Mutant::of(|retry, entropy| {
        let base =
            doubled(retry).min(MINUTE) + Duration::from_millis(retry.number.get() as u64 % 2);
        base + below(Duration::from_nanos(u64::from(base.subsec_nanos())), entropy)
    });
    found(check::backoff(|| truncates.jittered()), "what is drawn has spread, at the cap too");
}

#[test]
fn jitter_below_the_hint_is_found() {
    let around = Mutant::of(|retry, entropy| {
        let hint = retry.hint.unwrap_or(SECOND);
        (hint - hint / 10).saturating_add(below(hint / 5, entropy))
    });
    found(check::hint_floor(|| around), "no delay is shorter than the hint");
}

#[test]
fn a_hint_that_is_clamped_is_found() {
    let clamped = Mutant::of(|retry, _| retry.hint.unwrap_or(SECOND).min(MINUTE));
    found(check::hint_floor(|| clamped), "no delay is shorter than the hint");
}

#[test]
fn a_schedule_that_shrinks_is_found() {
    let shrinks = || Constant::new(MINUTE).then(3, Constant::new(SECOND));
    found(check::growing_backoff(shrinks), "delays never shrink");
}
