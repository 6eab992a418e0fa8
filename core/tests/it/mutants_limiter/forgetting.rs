use std::time::Duration;

use forbear_core::limiter::{Cooldown, Learned, STALE_AFTER};
use forbear_core::testkit::check;
use forbear_core::{Completion, Cost, Decision, Limiter, Observation, Timestamp};

/// When a limiter says that it may be forgotten.
#[derive(Clone, Copy, Debug)]
enum Forgets {
    WhenItMay,
    WithNothingInFlight,
    WhenUnusedForLong,
    WhenItsWaitIsOver,
    WhenUnusedForLongAndOpen,
}

/// A limiter that [`Keyed`](forbear_core::limiter::Keyed) would forget too early.
#[derive(Debug)]
struct Forgetful<L> {
    inner: L,
    forgets: Forgets,
    in_flight: u32,
    used_at: Timestamp,
}

impl<L: Limiter> Forgetful<L> {
    fn new(inner: L, forgets: Forgets) -> Self {
        Self { inner, forgets, in_flight: 0, used_at: Timestamp::ZERO }
    }
}

impl<L: Limiter> Limiter for Forgetful<L> {
    fn check(&self, now: Timestamp, cost: &Cost) -> Decision {
        self.inner.check(now, cost)
    }

    fn commit(&mut self, now: Timestamp, cost: &Cost) {
        (self.in_flight, self.used_at) = (self.in_flight + 1, now);
        self.inner.commit(now, cost);
    }

    fn observe(&mut self, now: Timestamp, completion: &Completion<'_>) {
        (self.in_flight, self.used_at) = (self.in_flight - 1, now);
        self.inner.observe(now, completion);
    }

    fn is_idle(&self, now: Timestamp) -> bool {
        match self.forgets {
            Forgets::WhenItMay => self.inner.is_idle(now),
            Forgets::WithNothingInFlight => self.in_flight == 0,
            Forgets::WhenUnusedForLong => {
                self.inner.is_idle(now) || now.since(self.used_at) >= STALE_AFTER
            }
            Forgets::WhenItsWaitIsOver => {
                self.in_flight == 0
                    && !matches!(self.check(now, &Cost::REQUEST), Decision::WaitUntil(_))
            }
            Forgets::WhenUnusedForLongAndOpen => {
                now.since(self.used_at) >= STALE_AFTER && self.check(now, &Cost::REQUEST).is_admit()
            }
        }
    }
}

fn law_of_forgetting<L: Limiter>(make: fn() -> L, forgets: Forgets) -> Option<&'static str> {
    check::limiter(|| Forgetful::new(make(), forgets)).err().map(|broken| broken.law())
}

#[test]
fn a_wait_that_is_forgotten_too_early_is_found() {
    for (forgets, law) in [
        (Forgets::WhenItMay, None),
        (Forgets::WithNothingInFlight, Some("an idle one may be forgotten")),
        (Forgets::WhenUnusedForLong, Some("an idle one holds nothing back")),
        (Forgets::WhenItsWaitIsOver, Some("an idle one may be forgotten")),
    ] {
        assert_eq!(law_of_forgetting(Cooldown::new, forgets), law, "cooldown: {forgets:?}");
        assert_eq!(law_of_forgetting(Learned::new, forgets), law, "learned: {forgets:?}");
    }
}

/// After a wait of an hour it is unused for long at the very moment at which it opens, and
/// made anew it would let everyone through at once.
#[test]
fn a_cooldown_that_is_forgotten_as_it_opens_is_found() {
    let forgets = Forgets::WhenUnusedForLongAndOpen;
    let law = Some("an idle one may be forgotten");
    assert_eq!(law_of_forgetting(Cooldown::new, forgets), law);
    // One that is made anew asks with one request too.
    assert_eq!(law_of_forgetting(Learned::new, forgets), None);
}

#[test]
fn a_cooldown_of_an_hour_is_kept_for_ten_minutes_after_it_opens() {
    let (start, hour, cost) = (Timestamp::from_nanos(1), Duration::from_secs(3600), Cost::REQUEST);
    let refused = Observation::throttled(Some(hour));
    let done = |observation| Completion { sent_at: start, cost, actual: cost, observation };
    let mut cooldown = Cooldown::new();
    for _ in 0..4 {
        assert!(cooldown.acquire(start, &cost).is_admit());
    }
    for _ in 0..4 {
        cooldown.observe(start, &done(&refused));
    }
    let opens_at = start.after(hour);
    let moment = Duration::from_nanos(1);
    for idle_for in [Duration::ZERO, STALE_AFTER - moment] {
        let now = opens_at.after(idle_for);
        assert!(!cooldown.is_idle(now), "{idle_for:?} after it opened");
        let mut reopened = cooldown.clone();
        assert!(reopened.acquire(now, &cost).is_admit());
        assert_eq!(reopened.check(now, &cost), Decision::WaitForCompletion, "one asks first");
    }
    assert!(!cooldown.is_idle(start.after(hour - moment)), "still closed");
    assert!(cooldown.is_idle(opens_at.after(STALE_AFTER)), "nobody came");
}
